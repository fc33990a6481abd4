"""Scheduled works: what is done by the clock for all cases together, batch by batch."""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import asyncpg
from pydantic import BaseModel, JsonValue
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.kernel.database import FAULTS
from activities.kernel.document_store import DocumentStore
from schemas.kernel.homes import COMMON
from schemas.kernel.identifiers import NOTICES_QUEUE
from schemas.kernel.japan import TOKYO
from schemas.kernel.schedules import Occasion, WorkReport

if TYPE_CHECKING:
    from activities.kernel.room import Room
    from activities.kernel.webhooks import Webhooks

EVERY_DAY: Final = frozenset(range(7))
"""Days of the week, Monday is 0."""
RUN_WORK: Final = "run-scheduled-work"
UNKNOWN_WORK: Final = "UnknownWork"


Fault = Callable[[str], Awaitable[None]]


async def no_fault(_point: str) -> None:
    """Nobody dies."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a work may use: connections of the worker's role, Temporal, the processes by their names."""

    pool: asyncpg.Pool
    client: Client
    rooms: Mapping[str, "Room"]
    fault: Fault = no_fault
    """Called at named points so that tests can die there."""
    notices_queue: str = NOTICES_QUEUE
    """Task queue of the notification activity of the same home."""
    home: str = COMMON
    """Whose cases these are."""
    documents: DocumentStore | None = None
    """The store of documents, where there is one."""
    webhooks: "Webhooks | None" = None
    """Signed requests to other systems, where they leave from here."""
    mark: Callable[[str, str], bytes] | None = None
    """32 bytes that stand in a room for a text and say nothing of it, where the keys are."""


class Batch(BaseModel):
    """What one call of a work has done; `position` is where the next one goes on, None: there is no more."""

    counts: dict[str, int] = {}
    position: JsonValue = None


Work = Callable[[Tools, Occasion, JsonValue], Awaitable[Batch]]
"""Does one batch, in some minutes at most, from a position on: None at the beginning.

The same batch may be asked for again after a crash, and the same day by hand: done twice it is done once.
"""


@dataclass(frozen=True)
class ScheduledWork:
    """A work and when it is due, on the institute's clock."""

    name: str
    """Of the schedule: what people type."""
    title: tuple[str, str]
    """What it does, in Japanese and in English."""
    at: time
    run: Work = field(compare=False)
    weekdays: frozenset[int] = EVERY_DAY
    every_hour: bool = False
    """Whether it is due at this minute of every hour: it looks by itself whether there is something to do."""

    @property
    def declared(self) -> str:
        """A checksum of all that the schedule is made from."""
        said = (self.name, self.title, self.at.isoformat(), sorted(self.weekdays), self.every_hour)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    def latest(self, now: datetime) -> datetime:
        """The last time before now at which it was due."""
        here = now.astimezone(TOKYO)
        due = datetime.combine(here.date(), self.at, TOKYO)
        if self.every_hour:
            due = due.replace(hour=here.hour)
        while due > here or due.weekday() not in self.weekdays:
            due -= timedelta(hours=1) if self.every_hour else timedelta(days=1)
        return due


def works_of(*declared: Iterable[ScheduledWork]) -> dict[str, ScheduledWork]:
    """Works by their names. Raises ValueError: two have one name."""
    found: dict[str, ScheduledWork] = {}
    for work in (each for some in declared for each in some):
        if found.setdefault(work.name, work) is not work:
            raise ValueError(f"two scheduled works are called {work.name}")
    return found


class ScheduledActivities:
    """Runs a work by its name until it says that there is no more; an attempt after a crash goes on."""

    def __init__(self, tools: Tools, works: Mapping[str, ScheduledWork]) -> None:
        self._tools = tools
        self._works = works

    @activity.defn(name=RUN_WORK)
    async def run(self, occasion: Occasion) -> WorkReport:
        """Do a work for an occasion.

        Raises:
            ApplicationError: `UnknownWork`: this release has no such work; `DatabaseFault`.
        """
        work = self._works.get(occasion.work)
        if work is None:
            raise ApplicationError(f"no scheduled work is called {occasion.work}", type=UNKNOWN_WORK)
        position, counts, batches = _before()
        while batches == 0 or position is not None:
            try:
                batch = await work.run(self._tools, occasion, position)
            except FAULTS as error:
                # its text may quote a row
                state = getattr(error, "sqlstate", None) or type(error).__name__
                raise ApplicationError(f"the database refused: {state}", type="DatabaseFault") from None
            counts.update(batch.counts)
            position, batches = batch.position, batches + 1
            activity.heartbeat(position, dict(counts), batches)
            await self._tools.fault(f"batch-done:{batches}")
        return WorkReport(counts=dict(counts), batches=batches)


def _before() -> tuple[JsonValue, Counter[str], int]:
    """Where the attempt before had come to."""
    told: Any = activity.info().heartbeat_details
    if not told:
        return None, Counter(), 0
    position, counts, batches = told
    return position, Counter(counts), batches
