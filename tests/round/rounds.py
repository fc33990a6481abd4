"""Rounds before real servers; time is moved, never slept, that of releases with it."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg

from cases.batches import load_batch
from cases.finding import find_case
from cases.round import outputs
from schemas.kernel.case import CompleteTask
from schemas.round import commands
from tests.pure import TOKYO
from tests.round.bureau import Marks, application, furnish, read
from tests.served import Served, ServedCase
from workflows.kernel.links import fact_id
from workflows.round.process import ADMISSION, ROUND

ROLES: Final = {
    "office-1": ("admissions_office",),
    "checker-1": ("checker",),
    "head-1": ("head_of_admissions",),
}
CLOSES: Final = timedelta(days=60)
RELEASE: Final = timedelta(days=90)
ENROL_BY: Final = timedelta(days=97)
PROGRAMMES: Final = ("elec", "law", "mech")


async def staffed(owner: asyncpg.Connection, **changes: Any) -> None:
    """The staff, and the policy without quiet hours, with what else is changed of it."""
    await furnish(owner, notices={"quiet_until": "00:00", "quiet_from": "00:00"}, **changes)
    for name, roles in ROLES.items():
        await owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $2, $3)"
            " ON CONFLICT DO NOTHING",
            *(name, f"{name}@univ.example.jp", list(roles)),
        )


class Rounds(Served):
    """What the admissions office does with the system, from outside."""

    process, source, roles = ROUND, "urn:example:admissions", ROLES

    async def announce(self, number: str | None = None) -> "Round":
        """A round that begins now."""
        number = number or f"2027-R{uuid4().hex[:8].upper()}"
        now = datetime.now(TOKYO)
        form = {
            "rules": "general",
            "closes_at": (now + CLOSES).isoformat(),
            "release_at": (now + RELEASE).isoformat(),
            "enrol_by": (now + ENROL_BY).isoformat(),
        }
        await self.tell(number, "round-announced", **form)
        made = Round(self, number, self.skipper.client.get_workflow_handle(ROUND.case_id(number)), now)
        await made.until_stage("planned")
        return made


@dataclass
class Round(ServedCase):
    """One round, driven as its people would drive it."""

    began: datetime

    @property
    def case_id(self) -> str:
        """Of the round."""
        return self.handle.id

    async def fixed(self) -> None:
        """Its rules are fixed, and applications come in."""
        await self.decide(commands.FixRules, "head-1", version="default-1")

    async def applies(self, number: str, *choices: str) -> None:
        """An application's case tells that it waits, as the step of that case does."""
        case, kind = application(number), f"{ADMISSION}.case-ranked"
        data = {"case": case, "round": self.case_id, "number": number, "person": f"{int(number[1:]):032x}"}
        fact = {
            "fact_id": fact_id(case, kind, ""),
            "type": kind,
            "key": "",
            "data": data | {"choices": list(choices or ("law",))},
            "withdrawn": False,
            "chain": [],
            "occurred_at": datetime.now(TOKYO).isoformat(),
            "keep_days": 200,
            "expected": [],
        }
        await self.house.owner.execute(
            "SELECT iehe.tell_fact($1, 'admission-review', 1, $2::jsonb)", case, json.dumps(fact)
        )

    async def applied(self, count: int) -> None:
        """So many applications have reported."""
        asked = "SELECT count(*) FROM iehe.round_applications WHERE case_id = $1"
        async with asyncio.timeout(15):
            while await self.house.owner.fetchval(asked, self.case_id) != count:
                await asyncio.sleep(0.01)

    async def scores(self, marks: Marks) -> None:
        """A file of scores is loaded, accepted, and somebody has looked at it."""
        batch = await load_batch(self.house.door, "office-1", self.case_id, ROUND.name, read(marks))
        await self.decide(commands.AcceptBatch, "office-1", batch=batch["batch"], hash=batch["hash"])
        for task in await self.open_tasks():
            if task.startswith("check-distribution"):
                await self.decide(CompleteTask, "checker-1", task=task)

    async def judging(self, marks: Marks, choices: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """From the announcement to ranked lists."""
        await self.fixed()
        for number in marks:
            await self.applies(number, *(choices or {}).get(number, ()))
        await self.applied(len(marks))
        await self.forward(days=CLOSES.days, hours=1)
        await self.until_stage("scoring")
        await self.scores(marks)
        await self.until_stage("judging")

    async def hash(self, programme: str) -> str:
        """Of the list that counts."""
        return await self.house.owner.fetchval(
            "SELECT hash FROM iehe.result_lists WHERE case_id = $1 AND name = $2 AND state <> 'withdrawn'"
            " ORDER BY number DESC LIMIT 1",
            *(self.case_id, programme),
        )

    async def confirmed(self) -> None:
        """All lists are prepared, judged and confirmed."""
        for programme in PROGRAMMES:
            seen: dict[str, Any] = {"programme": programme, "hash": await self.hash(programme)}
            await self.decide(commands.PrepareList, "office-1", **seen)
            await self.decide(commands.RecordJudgement, "office-1", **seen, minute_no="2027-12")
            await self.decide(commands.ConfirmList, "checker-1", **seen)

    async def scheduled(self) -> datetime:
        """The hour is said."""
        hour = self.began + RELEASE
        await self.decide(commands.ScheduleRelease, "head-1", hour=hour)
        return hour

    async def clock(self, moment: datetime) -> None:
        """The clock of releases is moved to a moment."""
        await self.house.owner.execute(
            "INSERT INTO iehe.clock_shift (shift) VALUES ($1 - clock_timestamp())"
            " ON CONFLICT (one) DO UPDATE SET shift = excluded.shift",
            moment,
        )

    async def released(self) -> None:
        """Confirmed, scheduled, out; and everybody is told."""
        await self.confirmed()
        hour = await self.scheduled()
        await self.clock(hour)
        await self.forward(days=RELEASE.days - CLOSES.days)
        await self.until("stage NOT IN ('confirmed')")
        await self.forward(minutes=1)
        await self.until_stage("enrolling")

    async def recomputed(self) -> str:
        """The hash of the open re-judgment, once it was computed from all that has changed until now."""
        await self.until("state -> 'tasks' ? ('confirm-rejudgment:' || (state ->> 'rejudgment'))")
        seen = (
            "SELECT j.hash FROM iehe.round_rejudgments j JOIN iehe.round_inputs i USING (case_id)"
            " WHERE j.case_id = $1 AND j.state = 'recomputed' AND j.revision = i.revision"
        )
        async with asyncio.timeout(15):
            while (found := await self.house.owner.fetchval(seen, self.case_id)) is None:
                await asyncio.sleep(0.01)
        return str(found)

    async def enrolled(self) -> None:
        """Whoever has a place has taken it and enrolled: their cases, which are not there, tell it."""
        taken = (
            "UPDATE iehe.places SET state = 'taken' WHERE state = 'offered' AND starts_with(place, $1 || '#')"
            " RETURNING case_id, split_part(place, '#', 2) AS number"
        )
        for row in await self.house.owner.fetch(taken, self.case_id):
            said = {"case": row["case_id"], "round": self.case_id, "number": row["number"]}
            said |= {"standing": "enrolled", "fee": "paid"}
            kept = "SELECT iehe.round_take_row($1, $2, '', false)"
            await self.house.owner.fetchval(kept, f"{ADMISSION}.case-standing", json.dumps(said))

    async def wound_up(self) -> None:
        """Handed over, and all that was put out is compared by a second person."""
        await self.decide(commands.HandOverEnrolled, "office-1")
        pool = self.house.door
        row = await find_case(pool, self.case_id)
        for task in await self.open_tasks():
            if task.startswith("compare-output:"):
                made = await outputs.make(pool, "checker-1", row, task.partition(":")[2])
                said = {"output": made.output, "content": made.content}
                await self.decide(commands.CompareOutput, "checker-1", **said)
