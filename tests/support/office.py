"""A counselling office and its cases before real servers; time is moved, never slept."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from cases.apart import keyed
from embedded.mail import MailCatcher
from encryption.case_keys import CaseKeys
from schemas.kernel.case import Receipt
from schemas.support import commands
from tests.served import Served, ServedCase
from tests.support.builder import ROLES
from workflows.support.process import SUPPORT

HELPDESK = "urn:example:helpdesk"
REFERRAL = {
    "way": "helpdesk",
    "person": "S2026-0042",
    "contact": "hanako@student.example.ac.jp",
    "referrer": {"name": "見本 太郎", "email": "taro@example.ac.jp"},
    "words": "花子さんが一週間欠席しています。",
}
CANARIES = ("S2026-0042", "hanako", "見本 太郎", "taro@", "花子", "欠席")
"""What of a referral must be found nowhere but where it belongs."""


@dataclass
class Office(Served):
    """What those who refer, the office and the student do with the system, from outside."""

    process, source, roles = SUPPORT, HELPDESK, ROLES

    keys: CaseKeys
    mail: MailCatcher
    processes: Callable[[], AbstractAsyncContextManager[None]]
    """Worker and relay."""
    ahead: timedelta = timedelta(0)
    """How far the clock of the messages is ahead of ours."""
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self) -> None:
        """Start worker and relay."""
        await self._running.enter_async_context(self.processes())

    async def close(self) -> None:
        """Stop both, until they are started again."""
        await self._running.aclose()

    def case_id(self, reference: str) -> str:
        """The case that a ticket of the helpdesk is about."""
        return SUPPORT.case_id(keyed(self.keys, SUPPORT.room, HELPDESK, reference))

    async def refer(self, **changes: Any) -> "Case":
        """A referral of the helpdesk, once the case has also noted the event that started it."""
        reference = f"T{uuid4().hex[:8].upper()}"
        cause = await self.tell(reference, "referral-received", **{**REFERRAL, **changes})
        handle = self.skipper.client.get_workflow_handle(self.case_id(reference))
        case = Case(self, reference, handle)
        await case.until_stage("referred")
        await case.until_told(cause)
        return case


class Case(ServedCase):
    """One case, driven as its people and systems would drive it."""

    @property
    def office(self) -> Office:
        """Whose it is."""
        assert isinstance(self.house, Office)
        return self.house

    async def triage(self, distress: int = 2, hostility: int = 0) -> Receipt:
        """Judged by the rubric."""
        return await self.decide(
            commands.Triage,
            "triage-1",
            distress=distress,
            hostility=hostility,
            distress_reason_id=await self.text(),
            hostility_reason_id=await self.text(),
        )

    async def assign(self, **scores: int) -> None:
        """With an owner in counselling."""
        await self.triage(**scores)
        await self.decide(commands.Assign, "triage-1", unit="counselling", owner="counsellor-1")

    async def until_sent(self, message: str, count: int = 1) -> list[str]:
        """Who has got a message by mail, as soon as so many have."""
        async with asyncio.timeout(15):
            while len(told := await self.sent(message)) < count:
                await asyncio.sleep(0.01)
        return told

    async def sent(self, message: str) -> list[str]:
        """Who has got a message by mail, in order."""
        rows = await self.office.owner.fetch(
            "SELECT CASE recipient_kind WHEN 'staff' THEN recipient_id ELSE recipient_kind END"
            " FROM iehe.notices WHERE case_id = $1 AND message = $2 AND state = 'accepted'"
            " AND channel = 'mail' ORDER BY version",
            *(self.handle.id, message),
        )
        return [row[0] for row in rows]
