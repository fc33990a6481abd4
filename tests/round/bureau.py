"""A round with its applications, step by step in the transactions in which a worker takes them.

Applications are cases of another process: what these tell is kept here as the relay keeps it.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import asyncpg

from activities.kernel.scheduled import Tools, no_fault
from activities.kernel.steps import StepActivities
from activities.round.ranking import rank_some
from cases.batches import load_batch
from cases.registry import ROOMS
from schemas.kernel.batches import BatchHead, BatchMapping, BatchRow, PartDistribution, ReadBatch, rows_hash
from schemas.kernel.case import Actor, Command, CompleteTask, EventEnvelope
from schemas.kernel.refusals import Refusal
from schemas.kernel.step import Decided, FactTold, Message, Opened, StepOutcome, StepRequest, TimePassed
from schemas.round import commands
from schemas.round.state import RoundState
from tests.pure import default_policy_of, jst
from workflows.round import outputs
from workflows.round.process import ADMISSION, ROUND
from workflows.round.ranking.canonical import list_from

CASE: Final = "round/2027-GENERAL"
ANN: Final = Actor(id="office-1", roles=("admissions_office",))
BEN: Final = Actor(id="office-2", roles=("admissions_office",))
CHECKER: Final = Actor(id="checker-1", roles=("checker",))
HEAD: Final = Actor(id="head-1", roles=("head_of_admissions",))
BEGIN: Final = jst(2026, 11, 1, 9)
CLOSES: Final = jst(2027, 2, 3, 23, 59)
RELEASE: Final = jst(2027, 3, 8, 12)
ENROL_BY: Final = jst(2027, 3, 15, 17)
RULES: Final[dict[str, Any]] = {
    "version": "1",
    "parts": [
        {"key": "math", "ja": "数学", "en": "mathematics", "full_marks": 100, "exam": "written"},
        {"key": "english", "ja": "英語", "en": "English", "full_marks": 100, "exam": "common-test"},
    ],
    "units": [
        {"key": "law", "max_choices": 1, "method": "score-first"},
        {"key": "engineering", "max_choices": 2, "method": "score-first"},
    ],
    "programmes": [
        {
            "key": name,
            "unit": unit,
            "weights": {"math": 1, "english": 1},
            "frames": [{"key": name, "places": places}],
        }
        for name, unit, places in (("law", "law", 2), ("mech", "engineering", 1), ("elec", "engineering", 1))
    ],
}
MAPPING: Final = BatchMapping.model_validate(
    {
        "key": "exam-2027",
        "year": 2027,
        "kind": "exam-scores",
        "exam": "general",
        "columns": {"number": {"headers": ["受験番号"]}},
        "parts": [
            {"code": "math", "headers": ["数学"], "full": "100"},
            {"code": "english", "headers": ["英語"], "full": "100"},
        ],
    }
)
_numbers = itertools.count(1)
Marks = Mapping[str, tuple[str | int | None, ...]]
"""By number: mathematics and English, `absent` among them; None: nobody has said, as of what is not there."""


def application(number: str) -> str:
    """The case of an application."""
    return f"admission/{number}"


async def furnish(owner: asyncpg.Connection, **changes: Any) -> None:
    """The policy that comes with the system, with the small rules above."""
    small = {"rules": RULES, "mappings": {MAPPING.key: MAPPING.model_dump(mode="json")}}
    policy = default_policy_of("round", "general").model_dump(mode="json") | small | changes
    await owner.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " VALUES ($1, 'default-1', '2026-04-01', $2, '', 'test')",
        *(ROUND.name, json.dumps({"routes": {"general": policy}})),
    )


@dataclass
class Bureau:
    """One round.

    Args:
        pool: connections of the worker role.
        office: connections of the office role.
        owner: whoever looks at everything.
    """

    pool: asyncpg.Pool
    office: asyncpg.Pool
    owner: asyncpg.Connection
    now: datetime = BEGIN
    fault: Any = no_fault

    # steps

    async def take(self, message: Message) -> StepOutcome:
        """One message."""
        version = await self.pool.fetchval("SELECT version FROM iehe.cases WHERE case_id = $1", CASE)
        request = StepRequest(
            case_id=CASE, process=ROUND.name, follows=version or 0, at=self.now, message=message
        )
        return await StepActivities(self.pool, {ROUND.name: ROOMS[ROUND.name]}, self.fault).take_step(request)

    async def decide(self, command: type[Command], by: Actor = ANN, **values: Any) -> StepOutcome:
        """A decision.

        Raises:
            Refusal: it was refused.
        """
        made = command(command_id=f"c{next(_numbers)}", actor=by, **values)
        outcome = await self.take(Decided(step=made.step, command=made.model_dump(mode="json")))
        if outcome.refused is not None:
            raise Refusal(outcome.refused.code, **outcome.refused.params)
        return outcome

    async def goes_on(self, moment: datetime | None = None, **span: float) -> None:
        """Time goes on, by the workflow's clock and by that of releases; the clock does what is due."""
        target = moment or self.now + timedelta(**span)
        await self.owner.execute(
            "INSERT INTO iehe.clock_shift (shift) VALUES ($1 - clock_timestamp())"
            " ON CONFLICT (one) DO UPDATE SET shift = excluded.shift",
            target,
        )
        self.now = target
        await self.take(TimePassed())

    # from the beginning

    async def open(self, **form: Any) -> None:
        """The round is announced."""
        usual = {"closes_at": CLOSES, "release_at": RELEASE, "enrol_by": ENROL_BY, "exam_on": "2027-02-25"}
        stored = json.dumps(usual | form, default=str)
        await self.owner.execute("SELECT iehe.round_store('2027-GENERAL', $1::jsonb)", stored)
        await self.owner.execute("UPDATE iehe.round_rounds SET received_at = $1", self.now)
        await self.take(Opened())

    async def fixed(self) -> None:
        """Announced, with its rules fixed."""
        await self.open()
        await self.decide(commands.FixRules, HEAD, version="default-1")

    async def applies(self, number: str, *choices: str, person: str | None = None) -> None:
        """An application reports that it waits, as the relay keeps it."""
        said = {
            "case": application(number),
            "round": CASE,
            "number": number,
            "person": person or f"{int(number[1:]):032x}",
            "choices": list(choices or ("law",)),
        }
        await self.tell("case-ranked", said)

    async def leaves(self, number: str, reason: str = "withdrawn") -> None:
        """An application waits no more."""
        await self.tell("case-withdrawn", {"case": application(number), "round": CASE, "reason": reason})

    async def tell(self, fact: str, said: Mapping[str, Any]) -> None:
        """What an application tells of itself."""
        kept = await self.pool.fetchval(
            "SELECT iehe.round_take_row($1, $2, '', false)", f"{ADMISSION}.{fact}", json.dumps(said)
        )
        assert kept, "the round is not there"

    # scores

    async def load(self, marks: Marks, by: Actor = ANN) -> dict[str, Any]:
        """A file of scores is loaded, and counts for nothing yet."""
        return await load_batch(self.office, by.id, CASE, ROUND.name, read(marks))

    async def scores(self, marks: Marks) -> None:
        """A file of scores is loaded, accepted, and its distribution looked at."""
        batch = await self.load(marks)
        await self.decide(commands.AcceptBatch, batch=batch["batch"], hash=batch["hash"])
        await self.look_at_distribution()

    async def look_at_distribution(self) -> None:
        """Whoever checks says that they have looked."""
        for key in [key for key in (await self.state()).tasks if key.startswith("check-distribution")]:
            await self.decide(CompleteTask, CHECKER, task=key)

    async def rank(self) -> bool:
        """The worker's errand looks once, and the round hears of it; whether there was anything to do."""
        tools = Tools(self.pool, None, ROOMS, self.fault)  # type: ignore[arg-type]
        looked = await rank_some(tools)
        await self.hear()
        return looked

    async def hear(self) -> int:
        """What waits in the inbox is told; how many facts there were."""
        rows = await self.owner.fetch("SELECT * FROM iehe.events WHERE state = 'stored' ORDER BY seq")
        for row in rows:
            await self.owner.execute("UPDATE iehe.events SET state = 'delivered' WHERE id = $1", row["id"])
            await self.take(FactTold(event=EventEnvelope.model_validate_json(row["envelope"])))
        return len(rows)

    async def judging(self, marks: Marks, *choices: Sequence[str]) -> None:
        """From the announcement to ranked lists: everybody with marks applies for law, or as is said."""
        await self.fixed()
        wanted = dict(zip(marks, choices, strict=False)) if choices else {}
        for number in marks:
            await self.applies(number, *wanted.get(number, ()))
        await self.goes_on(CLOSES + timedelta(minutes=1))
        await self.scores(marks)
        await self.rank()

    # the end

    async def stands(self, number: str, standing: str, fee: str = "none") -> None:
        """The case of an application tells where it stands, as the relay keeps it."""
        said = {"case": application(number), "round": CASE, "number": number}
        await self.tell("case-standing", {**said, "standing": standing, "fee": fee})

    async def content(self, output: str) -> str:
        """Of what an output has to say."""
        if output == outputs.HAND_OVER:
            newest = "SELECT content FROM iehe.round_files ORDER BY file DESC LIMIT 1"
            return await self.owner.fetchval(newest)
        rows = await self.owner.fetch(
            "SELECT DISTINCT ON (name) body FROM iehe.result_lists WHERE iehe.is_out(release)"
            " ORDER BY name, number DESC"
        )
        lists, until = [list_from(row["body"]) for row in rows], (await self.state()).enrol_by
        return outputs.content_hash(outputs.rows_of(output, lists, until))

    async def compared(self) -> None:
        """A second person has compared all that was put out."""
        for key in [key for key in await self.tasks() if key.startswith("compare-output:")]:
            output = key.partition(":")[2]
            shown = await self.content(output)
            await self.decide(commands.CompareOutput, CHECKER, output=output, content=shown)

    async def wound_up(self) -> None:
        """Who has a place has enrolled, is handed over, and all that was put out was compared."""
        taken = "SELECT case_id FROM iehe.places WHERE state = 'taken' AND starts_with(place, $1 || '#')"
        for row in await self.owner.fetch(taken, CASE):
            await self.stands(row["case_id"].partition("/")[2], "enrolled", "paid")
        await self.decide(commands.HandOverEnrolled)
        await self.compared()

    # lists

    async def hash(self, programme: str = "law") -> str:
        """Of the list that counts."""
        return await self.owner.fetchval(
            "SELECT hash FROM iehe.result_lists WHERE name = $1 AND state <> 'withdrawn'"
            " ORDER BY number DESC LIMIT 1",
            programme,
        )

    async def prepare(self, programme: str = "law", by: Actor = ANN) -> None:
        """Somebody lays it before the meeting."""
        await self.decide(commands.PrepareList, by, programme=programme, hash=await self.hash(programme))

    async def judge(self, programme: str = "law") -> None:
        """The meeting has decided on it."""
        seen = await self.hash(programme)
        await self.decide(commands.RecordJudgement, programme=programme, hash=seen, minute_no="2027-12")

    async def confirm(self, programme: str = "law", by: Actor = CHECKER) -> None:
        """Somebody else confirms it."""
        await self.decide(commands.ConfirmList, by, programme=programme, hash=await self.hash(programme))

    async def confirmed(self, *programmes: str) -> None:
        """All lists are prepared, judged and confirmed."""
        for programme in programmes or ("elec", "law", "mech"):
            await self.prepare(programme)
            await self.judge(programme)
            await self.confirm(programme)

    async def released(self) -> None:
        """Confirmed, scheduled, out; and everybody is told."""
        await self.confirmed()
        await self.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
        await self.goes_on(RELEASE)
        await self.told()

    async def told(self) -> None:
        """The clock tells until nobody is left."""
        for _ in range(20):
            if (await self.state()).stage not in ("confirmed", "released"):
                return
            await self.goes_on(seconds=2)

    # what is seen

    async def state(self) -> RoundState:
        """As it is stored."""
        stored = await self.owner.fetchval("SELECT state FROM iehe.cases WHERE case_id = $1", CASE)
        return RoundState.model_validate_json(stored)

    async def listed(self, programme: str = "law") -> list[tuple[str, str, str | None]]:
        """The list that counts, line by line: who, what became of it, why not."""
        body = await self.owner.fetchval(
            "SELECT body FROM iehe.result_lists WHERE name = $1 AND state <> 'withdrawn'"
            " ORDER BY number DESC LIMIT 1",
            programme,
        )
        lines = json.loads(body)["lines"]
        return [(line["application"], line["verdict"], line["reason"]) for line in lines]

    async def lists(self) -> dict[str, str]:
        """The state of each list that counts."""
        rows = await self.owner.fetch("SELECT name, state FROM iehe.result_lists WHERE state <> 'withdrawn'")
        return {row["name"]: row["state"] for row in rows}

    async def result(self, number: str) -> list[str]:
        """What anybody is told of an application, as every door reads it."""
        rows = await self.office.fetch(
            "SELECT result FROM iehe.released_lines($1) ORDER BY name", application(number)
        )
        return [json.loads(row["result"])["verdict"] for row in rows]

    async def facts(self, name: str = "outcome-released") -> list[str]:
        """Whom the round has told something, in order."""
        rows = await self.owner.fetch(
            "SELECT data ->> 'case' AS who FROM iehe.facts WHERE type LIKE '%.' || $1"
            " ORDER BY version, fact_id",
            name,
        )
        return [row["who"] for row in rows]

    async def frame(self, name: str) -> tuple[int, int, int, int]:
        """Of a frame in the ledger: limit, held, offered, taken."""
        row = await self.owner.fetchrow(
            "SELECT limit_, held, offered, taken FROM iehe.frames WHERE frame = $1", f"{CASE}/{name}"
        )
        return tuple(map(int, row))  # type: ignore[return-value]

    async def tasks(self) -> set[str]:
        """Open tasks."""
        return set((await self.state()).tasks)


def read(marks: Marks) -> ReadBatch:
    """A file of scores as its check has read it."""
    rows = []
    for place, (number, values) in enumerate(marks.items(), start=2):
        for part, value in zip(("math", "english"), values, strict=False):
            if value is None:
                continue
            state = str(value) if value in ("absent", "exempt") else "scored"
            number_of = None if state != "scored" else Decimal(value)
            rows.append(BatchRow(number, part, state, number_of, None, place))  # type: ignore[arg-type]
    total = sum((row.value for row in rows if row.value is not None), Decimal(0))
    head = BatchHead(year=2027, exam="general", rows=len(marks), sum=total)
    held = {part: PartDistribution(count=len(marks)) for part in ("math", "english")}
    return ReadBatch(
        mapping=MAPPING,
        head=head,
        rows=rows,
        distribution=held,
        file_sha256=rows_hash(rows),
        hash=rows_hash(rows),
    )
