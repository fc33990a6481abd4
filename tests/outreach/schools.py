"""Schools and their requests before real servers; time is moved, never slept."""

import asyncio
import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper

from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from schemas.kernel.case import Actor, Command, Receipt
from schemas.kernel.identifiers import event_type
from schemas.outreach import commands
from tests.words import keep
from tests.workflows.outreach.builder import ROLES, TOKYO
from tests.workflows.outreach.test_requests import FORM
from workflows.outreach.process import OUTREACH

PORTAL = "urn:example:school-portal"
_numbers = itertools.count(1)


@dataclass
class Schools:
    """What schools, lecturers and the office do with the system, from outside."""

    skipper: TimeSkipper
    office: asyncpg.Pool
    owner: asyncpg.Connection

    async def tell(self, number: str, fact: str, **data: Any) -> str:
        """An event as the portal sends it, through the door; its cause in the case's log."""
        event = {
            "specversion": "1.0",
            "id": f"e{next(_numbers)}",
            "source": PORTAL,
            "type": event_type(OUTREACH.name, fact),
            "subject": number,
            "data": data,
        }
        await Inbox(self.office).store(PORTAL, [arrival_of(event)])
        return f"{PORTAL}#{event['id']}"

    async def ask(self, **changes: Any) -> "Request":
        """A request for three dates from sixty days on."""
        today = datetime.now(TOKYO).replace(hour=13, minute=0, second=0, microsecond=0)
        dates = tuple(today + timedelta(days=days) for days in (60, 67, 74))
        form = FORM | {"dates": [at.isoformat() for at in dates]} | changes
        number = f"S{uuid4().hex[:8].upper()}"
        await self.tell(number, "request-received", **form)
        handle = self.skipper.client.get_workflow_handle(OUTREACH.case_id(number))
        request = Request(self, number, dates, handle)
        await request.until_stage("requested")
        return request


@dataclass
class Request:
    """One request, driven as its people and systems would drive it."""

    schools: Schools
    number: str
    dates: tuple[datetime, ...]
    handle: WorkflowHandle[Any, Any]

    async def event(self, fact: str, **data: Any) -> None:
        """Send a fact and wait until the case has taken or refused it."""
        cause = await self.schools.tell(self.number, fact, **data)
        said = "SELECT step FROM iehe.case_log WHERE case_id = $1 AND cause = $2"
        async with asyncio.timeout(15):
            while not await self.schools.owner.fetchval(said, self.handle.id, cause):
                await asyncio.sleep(0.01)

    async def decide(self, command: type[Command], by: str, **values: Any) -> Receipt:
        """A person's decision."""
        actor = Actor(id=by, roles=(ROLES[by].value,))
        made = command(command_id=f"c-{uuid4().hex}", actor=actor, **values)
        return await self.handle.execute_update(command.step, made, id=made.cause, result_type=Receipt)

    async def text(self, body: str = "理由") -> str:
        """A reason in words, as the office keeps it first."""
        return await keep(self.schools.owner, self.schools.skipper.client, self.handle.id, body)

    async def forward(self, **span: float) -> None:
        """Move this case's time; what falls due on the way happens."""
        await self.schools.skipper.fast_forward(self.handle, timedelta(**span))

    async def until(self, held: str, limit: float = 15) -> asyncpg.Record:
        """The case's row as soon as a condition on it holds."""
        async with asyncio.timeout(limit):
            while True:
                row = await self.schools.owner.fetchrow(
                    f"SELECT * FROM iehe.cases WHERE case_id = $1 AND ({held})",  # noqa: S608 - a test's own words
                    self.handle.id,
                )
                if row is not None:
                    return row
                await asyncio.sleep(0.01)

    async def until_stage(self, stage: str) -> asyncpg.Record:
        """The same for a stage."""
        return await self.until(f"stage = '{stage}'")

    async def to_offering(self) -> None:
        """Checked; lecturer 1 is asked, then 2."""
        await self.decide(commands.CheckRequest, "office-1")
        named = ("lecturer-1", "lecturer-2")
        await self.decide(commands.NameLecturers, "office-1", lecturers=named)
        await self.sent()

    async def to_confirmed(self) -> None:
        """Lecturer 1 comes on the first date."""
        await self.to_offering()
        await self.decide(commands.AnswerLecture, "lecturer-1", answer="yes")
        await self.sent()
        await self.event("school-confirmed", date=self.dates[0].isoformat())
        await self.until_stage("confirmed")

    async def sent(self) -> None:
        """Whatever has been queued is with the mail server, before what it asks for is answered."""
        waiting = "SELECT FROM iehe.notices WHERE case_id = $1 AND state IN ('queued', 'sending', 'failed')"
        async with asyncio.timeout(15):
            while await self.schools.owner.fetch(waiting, self.handle.id):
                await asyncio.sleep(0.01)

    async def letters(self) -> list[str]:
        """What was handed to the mail server, each with its reader."""
        rows = await self.schools.owner.fetch(
            "SELECT message || '>' || CASE recipient_kind WHEN 'staff' THEN recipient_id"
            " ELSE recipient_kind END FROM iehe.notices WHERE case_id = $1 AND state = 'accepted'"
            " ORDER BY version, message",
            self.handle.id,
        )
        return [row[0] for row in rows]
