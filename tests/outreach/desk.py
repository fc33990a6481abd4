"""Requests on a real database: stored by the room's function, taken step by step in real transactions."""

import itertools
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from activities.kernel.steps import StepActivities
from activities.outreach.room import ROOM
from schemas.kernel.case import Actor, Command, EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.step import Decided, FactTold, Message, Opened, StepOutcome, StepRequest, TimePassed
from schemas.outreach import commands
from schemas.outreach.requests import SchoolRequest
from tests.workflows.outreach.builder import DATES, FIRST, NOW, ROLES
from tests.workflows.outreach.test_requests import FORM
from workflows.outreach.process import OUTREACH

_numbers = itertools.count(1)
STAFF = {name: (f"{name}@univ.example.jp", [role.value]) for name, role in ROLES.items()}


async def furnish(connection: asyncpg.Connection) -> None:
    """People and topics of the year."""
    for name, (email, roles) in STAFF.items():
        await connection.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $2, $3, $4)",
            *(name, f"見本 {name}", email, roles),
        )
    for topic, field in (("sea-level", "geography"), ("contracts", "law")):
        await connection.execute(
            "INSERT INTO iehe.outreach_topics (year, topic, field, title_ja, title_en, lecturers)"
            " VALUES (2026, $1, $2, $1, $1, $3)",
            *(topic, field, ["lecturer-2", "lecturer-1"]),
        )


@dataclass
class Desk:
    """The worker's side of the database, and the owner's to look behind it."""

    pool: asyncpg.Pool
    owner: asyncpg.Connection
    now: datetime = NOW

    async def store(self, number: str, **changes: Any) -> str:
        """A request arrives and is opened; returns its case."""
        form = SchoolRequest.model_validate(FORM | changes).model_dump_json()
        await self.pool.execute("SELECT iehe.outreach_store($1, $2)", number, form)
        case_id = OUTREACH.case_id(number)
        await self.owner.execute(
            "UPDATE iehe.outreach_requests SET received_at = $2 WHERE case_id = $1", case_id, self.now
        )
        await self.take(case_id, Opened())
        return case_id

    async def take(self, case_id: str, message: Message) -> StepOutcome:
        """One message, in the transaction in which the worker takes it."""
        version = await self.pool.fetchval("SELECT version FROM iehe.cases WHERE case_id = $1", case_id)
        steps = StepActivities(self.pool, {OUTREACH.name: ROOM})
        request = StepRequest(
            case_id=case_id, process=OUTREACH.name, follows=version or 0, at=self.now, message=message
        )
        return await steps.take_step(request)

    async def decide(self, case_id: str, command: type[Command], by: str, **values: Any) -> StepOutcome:
        """A person's decision."""
        actor = Actor(id=by, roles=(ROLES[by].value,))
        made = command(command_id=f"c{next(_numbers)}", actor=actor, **values)
        return await self.take(case_id, Decided(step=made.step, command=made.model_dump(mode="json")))

    async def event(self, case_id: str, fact: str, **data: Any) -> StepOutcome:
        """A fact of another system."""
        told = EventEnvelope(
            id=str(next(_numbers)),
            source="portal",
            type=event_type(OUTREACH.name, fact),
            data=json.loads(json.dumps(data, default=datetime.isoformat)),
        )
        return await self.take(case_id, FactTold(event=told))

    async def time(self, until: datetime) -> None:
        """The clock acts on what is due by then, at the moments at which it is due."""
        case_ids = [row["case_id"] for row in await self.owner.fetch("SELECT case_id FROM iehe.cases")]
        self.now = until
        for case_id in case_ids:
            await self.take(case_id, TimePassed())

    async def offering(self, number: str = "S26-0001", **changes: Any) -> str:
        """Lecturer 1 is asked, then 2."""
        case_id = await self.store(number, **changes)
        await self.decide(case_id, commands.CheckRequest, "office-1")
        named = ("lecturer-1", "lecturer-2")
        await self.decide(case_id, commands.NameLecturers, "office-1", lecturers=named)
        return case_id

    async def confirmed(self, number: str = "S26-0001", **changes: Any) -> str:
        """Lecturer 1 comes on the first date."""
        case_id = await self.offering(number, **changes)
        await self.decide(case_id, commands.AnswerLecture, "lecturer-1", answer="yes", date=FIRST)
        await self.event(case_id, "school-confirmed", date=FIRST)
        return case_id

    async def stage(self, case_id: str) -> str:
        """Where it stands."""
        stage: str = await self.owner.fetchval("SELECT stage FROM iehe.cases WHERE case_id = $1", case_id)
        return stage

    async def notices(self, case_id: str, state: str = "queued") -> list[asyncpg.Record]:
        """Letters in a state, in the order of their steps."""
        return await self.owner.fetch(
            "SELECT message, recipient_kind, recipient_id, facts::text, reason FROM iehe.notices"
            " WHERE case_id = $1 AND state = $2 ORDER BY version, message",
            *(case_id, state),
        )


__all__ = ["DATES", "FIRST", "NOW", "Desk", "furnish"]
