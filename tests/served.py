"""Cases before real servers, driven as people and systems would drive them; time is moved, never slept."""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

import asyncpg
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper

from encryption.case_keys import CaseKeys
from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from schemas.kernel.case import Actor, Command, Receipt
from schemas.kernel.identifiers import event_type
from tests.words import keep
from workflows.kernel.process import Process

_numbers = itertools.count(1)


@dataclass
class Served:
    """An office with its servers, and the system that tells it of things."""

    process: ClassVar[Process[Any]]
    source: ClassVar[str]
    roles: ClassVar[Mapping[str, tuple[str, ...]]]
    """Of the people who decide, by name."""

    skipper: TimeSkipper
    door: asyncpg.Pool
    owner: asyncpg.Connection
    keys: CaseKeys | None

    async def tell(self, reference: str, fact: str, **data: Any) -> str:
        """An event as the other system sends it, through the door; its cause in the case's log."""
        event = {
            "specversion": "1.0",
            "id": f"e{next(_numbers)}",
            "source": self.source,
            "type": event_type(self.process.name, fact),
            "subject": reference,
            "data": data,
        }
        await Inbox(self.door, self.keys).store(self.source, [arrival_of(event)])
        return f"{self.source}#{event['id']}"


@dataclass
class ServedCase:
    """One case of an office, by what the other system calls it."""

    house: Served
    reference: str
    handle: WorkflowHandle[Any, Any]

    async def event(self, fact: str, **data: Any) -> None:
        """Send a fact and wait until the case has taken or refused it."""
        await self.until_told(await self.house.tell(self.reference, fact, **data))

    async def until_told(self, cause: str) -> None:
        """Wait until the case has taken or refused an event."""
        said = "SELECT step FROM iehe.case_log WHERE case_id = $1 AND cause = $2"
        async with asyncio.timeout(15):
            while not await self.house.owner.fetchval(said, self.handle.id, cause):
                await asyncio.sleep(0.01)

    async def decide(self, command: type[Command], by: str, **values: Any) -> Receipt:
        """A person's decision."""
        actor = Actor(id=by, roles=self.house.roles[by])
        made = command(command_id=f"c-{uuid4().hex}", actor=actor, **values)
        return await self.handle.execute_update(command.step, made, id=made.cause, result_type=Receipt)

    async def text(self, body: str = "理由") -> str:
        """A reason in words, as the office keeps it first."""
        return await keep(self.house.owner, self.house.skipper.client, self.handle.id, body)

    async def forward(self, **span: float) -> None:
        """Move this case's time; what falls due on the way happens."""
        await self.house.skipper.fast_forward(self.handle, timedelta(**span))

    async def until(self, held: str, limit: float = 15) -> asyncpg.Record:
        """The case's row as soon as a condition on it holds."""
        async with asyncio.timeout(limit):
            while True:
                row = await self.house.owner.fetchrow(
                    f"SELECT * FROM iehe.cases WHERE case_id = $1 AND ({held})",  # noqa: S608 - a test's own words
                    self.handle.id,
                )
                if row is not None:
                    return row
                await asyncio.sleep(0.01)

    async def sent(self) -> None:
        """Whatever has been queued is with the mail server, before what it asks for is answered."""
        waiting = "SELECT FROM iehe.notices WHERE case_id = $1 AND state IN ('queued', 'sending', 'failed')"
        async with asyncio.timeout(15):
            while await self.house.owner.fetch(waiting, self.handle.id):
                await asyncio.sleep(0.01)

    async def until_stage(self, stage: str) -> asyncpg.Record:
        """The same for a stage."""
        return await self.until(f"stage = '{stage}'")

    async def open_tasks(self) -> list[str]:
        """What is left for people to do."""
        open_ones = "SELECT key FROM iehe.tasks WHERE case_id = $1 AND closed_at IS NULL ORDER BY key"
        return [row["key"] for row in await self.house.owner.fetch(open_ones, self.handle.id)]
