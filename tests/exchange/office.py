"""Exchange students before real servers; time is moved, never slept."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from schemas.exchange import commands
from schemas.exchange.policy import ExchangePolicy
from schemas.kernel.case import CompleteTask
from schemas.kernel.document_commands import AcceptDocument
from tests.exchange.builder import DOCUMENTS, ROLES, SHA, TOKYO, default_policy
from tests.served import Served, ServedCase
from workflows.exchange.process import EXCHANGE

PORTAL = "urn:example:exchange-portal"
TODAY = datetime.now(TOKYO).date()
BEGINS = TODAY + timedelta(days=130)
"""The term of these tests: nominated now, whatever the day."""
TERM = f"{BEGINS:%y}S"
LAST = BEGINS + timedelta(days=140)
STUDENT = {
    "family": "見本",
    "given": "Sample",
    "born": "2004-02-13",
    "nationality": "DE",
    "number": "S-1",
    "mail": "student@example.com",
    "language": "en",
}


def policy_of_today() -> ExchangePolicy:
    """The default policy with a season whose window is open today, and without quiet hours."""

    def day(days: int) -> str:
        at = TODAY + timedelta(days=days)
        return f"{at:%m-%d}" if (at.month, at.day) != (2, 29) else "02-28"

    season = {
        "opens": day(-20),
        "closes": day(20),
        "results": day(50),
        "begins": day(130),
        "orientation": day(134),
        "ends": day(280),
        "kept_until": day(159),
    }
    policy = default_policy()
    changed = policy.seasons["S"].model_copy(update=season)
    return policy.model_copy(update={"seasons": {"S": changed, "A": policy.seasons["A"]}})


class Institute(Served):
    """What partners, students and the office do with the system, from outside."""

    process, source = EXCHANGE, PORTAL
    roles = ROLES

    async def nominate(self, agreement: str = "a1", **changes: Any) -> "Mobility":
        """A nomination for the term."""
        number = f"{TERM}-{uuid4().hex[:8].upper()}"
        form = {
            "term": TERM,
            "partner": "uni-a",
            "mobility": number.lower(),
            "agreement": agreement,
            "faculty": "law",
            "student": STUDENT,
            "first": BEGINS.isoformat(),
            "last": LAST.isoformat(),
            "months": "5",
        }
        cause = await self.tell(number, "nomination-received", **(form | changes))
        handle = self.skipper.client.get_workflow_handle(EXCHANGE.case_id(number))
        mobility = Mobility(self, number, handle)
        await mobility.until("version > 0")
        await mobility.until_told(cause)
        return mobility


@dataclass
class Mobility(ServedCase):
    """One student, driven as its people and systems would drive it."""

    async def day(self) -> date:
        """What day it is for this case."""
        row = await self.house.owner.fetchrow(
            "SELECT max(at) AS at FROM iehe.case_log WHERE case_id = $1", self.handle.id
        )
        return row["at"].astimezone(TOKYO).date()  # type: ignore[no-any-return, index]

    async def verify(self) -> None:
        """Formally right."""
        await self.decide(commands.Verify, "office-1", version=1)

    async def apply(self) -> None:
        """To screening."""
        await self.verify()
        for name in DOCUMENTS:
            await self.receive(name)
        await self.event("application-submitted")
        await self.until_stage("screening")

    async def receive(self, name: str) -> None:
        """A document comes in, and is accepted."""
        told = {"document": name, "version": 1, "sha256": SHA, "size": 9, "media_type": "image/png"}
        await self.event("document-received", **told)
        await self.decide(AcceptDocument, "office-1", document=name)

    async def accepted(self) -> None:
        """Accepted, and told so at its hour."""
        await self.apply()
        await self.decide(commands.AskAdvisor, "office-1", advisor="advisor-1")
        await self.decide(commands.Consent, "advisor-1", answer="yes")
        await self.decide(commands.Validate, "faculty-1", version=1)
        await self.decide(commands.Accept, "office-1", version=1)
        await self.forward(days=51)
        await self.until("(state ->> 'released')::boolean")

    async def coming(self) -> None:
        """With the student's yes, and a place to live."""
        await self.accepted()
        await self.event("offer-answered", offer="place", answer="yes")
        await self.until_stage("pre-arrival")

    async def ready(self) -> None:
        """Certificate and visa a month before the term."""
        await self.coming()
        await self.decide(commands.RecordCoeData, "office-1")
        await self.decide(commands.FileCoe, "office-1", batch="b1")
        await self.forward(days=50)
        today = (await self.day()).isoformat()
        await self.event("coe-result", batch="b1", result="issued", on=today)
        await self.event("visa-result", result="granted", on=today)
        await self.decide(commands.FindHousing, "office-1")
        slot = datetime.combine(BEGINS, datetime.min.time().replace(hour=10), TOKYO)
        await self.event("arrival-planned", slot=slot.isoformat(), port="nrt")
        await self.until_stage("ready")

    async def in_term(self) -> None:
        """Arrived, with every proof."""
        await self.ready()
        await self.forward(days=30)
        await self.decide(commands.RecordArrival, "office-1", on=BEGINS)
        await self.until_stage("arrived")
        for item in await self.house.owner.fetchval(
            "SELECT array_agg(item) FROM iehe.cases, jsonb_array_elements_text(state -> 'asked_for') AS item"
            " WHERE case_id = $1",
            self.handle.id,
        ):
            await self.event("proof-received", item=item, on=BEGINS.isoformat())
        await self.until_stage("in-term")

    async def months(self) -> list[str]:
        """The months in which it has been here so far."""
        today = await self.day()
        found, day = list[str](), BEGINS.replace(day=1)
        while day <= today:
            found.append(f"{day:%Y-%m}")
            day = (day + timedelta(days=32)).replace(day=1)
        return found

    async def complete(self, task: str) -> None:
        """A task that no decision closes is done."""
        await self.decide(CompleteTask, "office-1", task=task)
