"""Schools and their requests before real servers; time is moved, never slept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from schemas.outreach import commands
from tests.served import Served, ServedCase
from tests.workflows.outreach.builder import ROLES, TOKYO
from tests.workflows.outreach.test_requests import FORM
from workflows.outreach.process import OUTREACH

PORTAL = "urn:example:school-portal"


class Schools(Served):
    """What schools, lecturers and the office do with the system, from outside."""

    process, source = OUTREACH, PORTAL
    roles = {name: (role,) for name, role in ROLES.items()}  # noqa: RUF012 - as the base declares it

    async def ask(self, **changes: Any) -> "Request":
        """A request for three dates from sixty days on."""
        today = datetime.now(TOKYO).replace(hour=13, minute=0, second=0, microsecond=0)
        dates = tuple(today + timedelta(days=days) for days in (60, 67, 74))
        form = FORM | {"dates": [at.isoformat() for at in dates]} | changes
        number = f"S{uuid4().hex[:8].upper()}"
        cause = await self.tell(number, "request-received", **form)
        handle = self.skipper.client.get_workflow_handle(OUTREACH.case_id(number))
        request = Request(self, number, handle, dates)
        await request.until_stage("requested")
        await request.until_told(cause)
        return request


@dataclass
class Request(ServedCase):
    """One request, driven as its people and systems would drive it."""

    dates: tuple[datetime, ...]

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

    async def letters(self) -> list[str]:
        """What was handed to the mail server, each with its reader."""
        rows = await self.house.owner.fetch(
            "SELECT message || '>' || CASE recipient_kind WHEN 'staff' THEN recipient_id"
            " ELSE recipient_kind END FROM iehe.notices WHERE case_id = $1 AND state = 'accepted'"
            " ORDER BY version, message",
            self.handle.id,
        )
        return [row[0] for row in rows]
