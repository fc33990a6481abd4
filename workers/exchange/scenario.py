"""The demonstration of exchange students: a term of 見本 (sample) students with partners, houses and quotas.

Each student has a fate, by the seed and their number: the students of a play meet all the failure branches,
and at the end each must be in an ending that their fate allows.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import structlog

from activities.kernel.staff import store_staff
from cases.forms import store_form
from cases.registry import PROCESSES
from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from schemas.exchange import commands
from schemas.exchange.nomination import Nomination
from schemas.kernel.case import Actor, CompleteTask
from schemas.kernel.identifiers import event_type
from schemas.kernel.japan import TOKYO
from workers.demo.scenario import Turn
from workers.exchange.fates import endings_of
from workers.exchange.ledger import INVARIANTS, differing_counts
from workers.exchange.students import PORTAL, Students
from workers.exchange.world import (
    HOUSES,
    OFFICE,
    furnish,
    house_form,
    nomination_form,
    people_of,
    season_of,
)
from workflows.exchange.process import EXCHANGE
from workflows.kernel.process import Process

BY_HAND: Final = (
    "strike-off",
    "tell-foundation",
    "undo-by-hand",
    "look-at-event",
    "notice-failed",
    "contact",
)

log = structlog.get_logger()


class Scenario(Students):
    """Students, partners, offices and houses."""

    beside: ClassVar = ("dormitory",)

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self._in_line: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def prepare(self) -> None:
        """Register people, partners, agreements and houses; two nominations of three come as events."""
        term, begun, begins = self.term, self.begun, self.begins
        async with self.servers.pool.acquire() as connection:
            await store_staff(connection, people_of(self.cases))
            await furnish(connection, term, season_of(begun.date()), self.cases)
        for house in HOUSES.values():
            form = house_form(begun, begins, self.seed)
            await self._store(
                PROCESSES["dormitory-allocation"], form, house.office, f"{house.name.upper()}-{term}"
            )
        for place in range(self.cases):
            number = f"{term}-MIHON{place + 1:04}"
            fate = self.fate_of(EXCHANGE.case_id(number))
            form = nomination_form(self.seed, place, fate, term, begins, self.last)
            if place % 3 == 0:
                await self._store(EXCHANGE, form, OFFICE, number)
            else:
                await self._hear(form, number)

    async def _store(self, process: Process[Any], form: Mapping[str, Any], by: Actor, number: str) -> None:
        start = process.start
        if start is None:
            raise RuntimeError(f"{process.name} has no form")
        filled = start[1].data.model_validate(form)
        await store_form(self.servers.pool, process, filled, actor=by, key=number, number=number)

    async def _hear(self, form: Mapping[str, Any], number: str) -> None:
        kind = event_type(EXCHANGE.name, "nomination-received")
        data = Nomination.model_validate(form).model_dump(mode="json")
        event = {"specversion": "1.0", "id": number, "source": PORTAL, "type": kind, "subject": number}
        await Inbox(self.servers.pool).store(PORTAL, [arrival_of(event | {"data": data})])

    async def act(self, case: Any) -> None:
        """A house has its own turns."""
        if case["process"] != EXCHANGE.name:
            await self._house(case)
            return
        # who asks first for the places of an agreement is the same in every play
        async with self._in_line[json.loads(case["state"]).get("partner", "")]:
            last = "SELECT max(at) FROM iehe.case_log WHERE case_id = $1"
            at = await self.servers.pool.fetchval(last, case["case_id"])
            self._days[case["case_id"]] = at.astimezone(TOKYO).date()
            await super().act(case)

    async def _house(self, case: Any) -> None:
        process = PROCESSES[case["process"]]
        state = process.state.model_validate_json(case["state"])
        house = HOUSES[case["case_id"].partition("/")[2].partition("-")[0].lower()]
        turn: Turn[Any] = Turn(case["case_id"], state, self.chance_of(case["case_id"]))
        seen = {"hash": getattr(state, "list_hash", None)}
        step: dict[str, tuple[str, Actor, dict[str, Any]]] = {
            "collecting": ("draw", house.office, {"seed": f"sample-{self.seed}"}),
            "frozen": ("confirm-run", house.second, seen),
            "confirmed": ("offer", house.office, seen),
        }
        if state.stage in step:
            name, who, values = step[state.stage]
            await self.decide(turn, process.commands[name], who, **values)

    async def _tidy_up(self) -> None:
        """What is left for people of students who have ended is done."""
        left = (
            "SELECT * FROM iehe.cases c WHERE process = $1 AND closed_at IS NOT NULL AND EXISTS "
            "(SELECT FROM iehe.tasks t WHERE t.case_id = c.case_id AND t.closed_at IS NULL)"
        )
        for case in await self.servers.pool.fetch(left, EXCHANGE.name):
            await self._tidy(case)

    async def _tidy(self, case: Any) -> None:
        state = EXCHANGE.state.model_validate_json(case["state"])
        turn = Turn(case["case_id"], state, self.chance_of(case["case_id"]))
        kinds = {task.kind for task in state.tasks.values()}
        if "report-immigration" in kinds:
            await self.decide(turn, commands.ReportImmigration, OFFICE)
        if "return-scholarship" in kinds:
            await self.decide(turn, commands.ReturnScholarship, OFFICE)
        for key, task in state.tasks.items():
            if task.kind in BY_HAND:
                await self.decide(turn, CompleteTask, OFFICE, task=key)

    # what must hold

    async def invariants(self) -> dict[str, int]:
        """Places, quotas, scholarships and tutors balance; endings are right; lists agree with Temporal."""
        pool = self.servers.pool
        await self._tidy_up()
        held = {name: await pool.fetchval(question) for name, question in INVARIANTS.items()}
        rows = await pool.fetch(
            "SELECT case_id, outcome, state FROM iehe.cases WHERE process = $1", EXCHANGE.name
        )
        strayed = 0
        for row in rows:
            fate, state = self.fate_of(row["case_id"]), EXCHANGE.state.model_validate_json(row["state"])
            if row["outcome"] not in endings_of(fate, state):
                strayed += 1
                ending = row["outcome"]
                log.error("ending-not-theirs", case_id=row["case_id"], reason=fate.name, stage=ending)
        held["students in an ending that is not theirs"] = strayed
        held["stages that Temporal counts otherwise"] = await differing_counts(
            self.servers.client, pool, EXCHANGE.name
        )
        return held
