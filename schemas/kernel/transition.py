"""A transition: everything one step of a case changes, written in one database transaction."""

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import Field, JsonValue

from schemas.kernel.case import Actor, ActorKind, EventEnvelope
from schemas.kernel.identifiers import MAIL, Code, RoleName
from schemas.kernel.payload import Payload
from schemas.kernel.places import PlaceChange


class TaskOpened(Payload):
    """A row of the task list."""

    key: str
    kind: str
    role: RoleName
    assignee: str | None = None
    due_at: datetime


class TaskClosed(Payload):
    """Closed because it was `done`, or because the case `moved_on` without it."""

    key: str
    how: str


class DeadlineChanged(Payload):
    """The deadline as it stands now; `state` is running, paused, met, cancelled or expired."""

    name: str
    state: str
    due_at: datetime
    clock: dict[str, JsonValue] = Field(default_factory=dict)
    """How its due time came about: a `Deadline` without its ladder."""


class NoticeRequested(Payload):
    """A message to be queued. `to` is an audience; addresses are looked up when it is queued.

    `facts` are dates and codes for the template, never personal data.
    """

    message: Code
    to: str
    channel: Code = MAIL
    """`mail`; `webhook`, the first tested gateway of its reader; `webhook:<name>`, that one of them."""
    urgent: bool = False
    """Quiet hours do not hold it, and it is given up after minutes instead of days."""
    why: Code | None = None
    """Why a member of staff who is addressed alone gets it, if not because a rule names them."""
    once_a_day: bool = False
    """Whether a reader gets this message of a case by this channel at most once on a local day."""
    held_until: datetime | None = None
    """Until when quiet hours hold it; the step that queues it says so."""
    once_on: date | None = None
    """The day on which it is told, of one that is told once a day."""
    facts: dict[str, JsonValue] = Field(default_factory=dict)


class EventQueued(Payload):
    """A fact for another case, delivered after the transaction that made it true."""

    case_id: str
    envelope: EventEnvelope


class FactForAll(Payload):
    """A fact for other processes: each that takes its type gets a delivery of its own (docs/links.md)."""

    fact_id: str
    type: str
    key: str = ""
    """What identifies it beside the case that tells it."""
    revision: int | None = None
    """None: the next, unless the last one says the same."""
    withdrawn: bool = False
    data: dict[str, JsonValue] = Field(default_factory=dict)
    chain: tuple[str, ...] = ()
    occurred_at: datetime
    keep_days: int
    """For how long a process that comes to it later still gets it."""
    expected: tuple[str, ...] = ()
    """Processes that are to take it and may not be there yet."""


class Transition(Payload):
    """One step. Idempotent by (`case_id`, `version`): written twice it changes nothing the second time."""

    case_id: str
    process: str
    version: int
    step: str
    cause: str | None = None
    """Id of the message that caused it; None when the clock or the case itself did."""
    actor: Actor
    at: datetime
    from_stage: str
    stage: str
    waiting_for: str | None = None
    due_at: datetime | None = None
    closed: bool = False
    outcome: str | None = None
    outcome_by: ActorKind | None = None
    details: dict[str, JsonValue] = Field(default_factory=dict)
    tasks_opened: tuple[TaskOpened, ...] = ()
    tasks_closed: tuple[TaskClosed, ...] = ()
    tasks_reassigned: tuple[TaskOpened, ...] = ()
    deadlines: tuple[DeadlineChanged, ...] = ()
    notices: tuple[NoticeRequested, ...] = ()
    events: tuple[EventQueued, ...] = ()
    places: tuple[PlaceChange, ...] = ()
    facts: tuple[FactForAll, ...] = ()
    state: dict[str, Any] = Field(default_factory=dict)
    """The whole state after the step, so that a step Temporal lost can be taken over from the database."""
    records: tuple[dict[str, Any], ...] = ()
    """The process's own records, each with a `kind` that names its writer in `activities/`."""


class Delivery(Payload):
    """Which version's notices to bring to an end; or one alone, that a person has sent again."""

    case_id: str
    """Empty for those of no case, which are of a day's digest."""
    version: int
    digest_on: date | None = None
    by_hand: str | None = None
    """The id of that one."""
    told: tuple[str, ...] = ()
    """Notices of which the case knows already that they reached nobody."""


class Answered(Payload):
    """What a mail server or gateway has said of a notice, while the database cannot take it."""

    notice_id: str
    attempt: int
    state: Code
    reason: Code | None = None
    at: datetime
    retry_at: datetime | None = None


class Undelivered(Payload):
    """A notice that reached nobody, or may not have: why, by which channel, which message and to whom."""

    reason: Code
    channel: Code = MAIL
    message: Code | None = None
    to: str | None = None
    """The reader's kind and id, such as `staff:<id>`."""


class DeliveryReport(Payload):
    """What became of them: the notices, by their ids, that a person must look at."""

    failed: dict[str, Undelivered] = Field(default_factory=dict)
    again_after: timedelta | None = None
    """Others are still to be sent, and not before so much time has passed: the case waits and asks again."""
