"""A counselling office and its cases before real servers; time is moved, never slept."""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper

from cases.apart import keyed
from embedded.mail import MailCatcher
from encryption.case_keys import CaseKeys
from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from schemas.kernel.case import Actor, Command, Receipt
from schemas.kernel.identifiers import event_type
from schemas.support import commands
from tests.support.builder import ROLES
from tests.words import keep
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
_numbers = itertools.count(1)


@dataclass
class Office:
    """What those who refer, the office and the student do with the system, from outside."""

    skipper: TimeSkipper
    door: asyncpg.Pool
    owner: asyncpg.Connection
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

    async def tell(self, reference: str, fact: str, **data: Any) -> str:
        """An event as the helpdesk sends it, through the door; its cause in the case's log."""
        event = {
            "specversion": "1.0",
            "id": f"e{next(_numbers)}",
            "source": HELPDESK,
            "type": event_type(SUPPORT.name, fact),
            "subject": reference,
            "data": data,
        }
        await Inbox(self.door, self.keys).store(HELPDESK, [arrival_of(event)])
        return f"{HELPDESK}#{event['id']}"

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


@dataclass
class Case:
    """One case, driven as its people and systems would drive it."""

    office: Office
    reference: str
    handle: WorkflowHandle[Any, Any]

    async def event(self, fact: str, **data: Any) -> None:
        """Send a fact and wait until the case has taken or refused it."""
        await self.until_told(await self.office.tell(self.reference, fact, **data))

    async def until_told(self, cause: str) -> None:
        """Wait until the case has taken or refused an event."""
        said = "SELECT step FROM iehe.case_log WHERE case_id = $1 AND cause = $2"
        async with asyncio.timeout(15):
            while not await self.office.owner.fetchval(said, self.handle.id, cause):
                await asyncio.sleep(0.01)

    async def decide(self, command: type[Command], by: str, **values: Any) -> Receipt:
        """A person's decision."""
        actor = Actor(id=by, roles=tuple(role.value for role in ROLES[by]))
        made = command(command_id=f"c-{uuid4().hex}", actor=actor, **values)
        return await self.handle.execute_update(command.step, made, id=made.cause, result_type=Receipt)

    async def text(self, body: str = "理由") -> str:
        """A reason in words, as the office keeps it first."""
        return await keep(self.office.owner, self.office.skipper.client, self.handle.id, body)

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

    async def forward(self, **span: float) -> None:
        """Move this case's time; what falls due on the way happens."""
        await self.office.skipper.fast_forward(self.handle, timedelta(**span))

    async def until(self, held: str, limit: float = 15) -> asyncpg.Record:
        """The case's row as soon as a condition on it holds."""
        async with asyncio.timeout(limit):
            while True:
                row = await self.office.owner.fetchrow(
                    f"SELECT * FROM iehe.cases WHERE case_id = $1 AND ({held})",  # noqa: S608 - a test's own words
                    self.handle.id,
                )
                if row is not None:
                    return row
                await asyncio.sleep(0.01)

    async def until_stage(self, stage: str) -> asyncpg.Record:
        """The same for a stage."""
        return await self.until(f"stage = '{stage}'")

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
