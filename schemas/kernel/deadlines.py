"""Deadlines: how long, told to whom when, counted how. The counting itself is in `workflows/kernel/`."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.kernel.identifiers import MAIL, Code
from schemas.kernel.payload import Payload, Record

DAY_ENDS: Final = "a day alone is its end"
DueTime = Annotated[AwareDatetime, DAY_ENDS]
"""Until when something counts; where a person gives a day without an hour, that day is still in time."""
LONGEST: Final = 3 * 366 * 24 * 60
"""Minutes; nobody plans further ahead."""

Minutes = Annotated[int, Field(ge=1, le=LONGEST)]


class Unit(StrEnum):
    """How a span is counted."""

    WORKING_DAYS = "working_days"
    DAYS = "days"
    MINUTES = "minutes"
    """Of open time, by the calendar."""


class Anchor(StrEnum):
    """What a rung's time is counted from."""

    START = "start"
    DUE = "due"
    PREVIOUS = "previous"
    """The last time that the rung before it has told somebody: it follows on silence."""


class RungPolicy(Payload):
    """One rung of a ladder: whom to tell, when and by which way.

    When is one of three: `days` after the start, or before (negative) and after the due day; `minutes` of
    open time; `percent` of the time from start to due.
    """

    key: Code
    days: int | None = None
    minutes: Annotated[int, Field(ge=-LONGEST, le=LONGEST)] | None = None
    percent: Annotated[int, Field(ge=1, le=99)] | None = None
    unit: Unit = Unit.DAYS
    """Of `days`."""
    anchor: Anchor = Anchor.START
    to: tuple[str, ...]
    """Audiences: a kind of reader of the process, `assignee` or `role:<role>`."""
    message: Code
    channels: Annotated[tuple[Code, ...], Field(min_length=1)] = (MAIL,)
    """By which ways at once, as a notice names them."""
    urgent: bool = False
    """Also in quiet hours."""
    asks: bool = False
    """For an acknowledgement, which holds up this and the later rungs that ask."""
    every: Minutes | None = None
    """Minutes of open time after which it is told again while nobody acknowledges."""
    times: Annotated[int, Field(ge=1, le=100)] = 1
    """How often it is told in all."""
    once_a_day: bool = False
    """Whether each reader gets its message of the case at most once on a local day, by each channel."""

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if sum(each is not None for each in (self.days, self.minutes, self.percent)) != 1:
            raise ValueError("one of days, minutes and percent is needed")
        if self.times > 1 and self.every is None:
            raise ValueError("what is told more than once needs every")
        if self.anchor is Anchor.PREVIOUS and (not self.asks or (self.minutes or self.days or 0) < 1):
            raise ValueError("what follows on silence asks, and days or minutes after the rung before it")
        return self


class DeadlinePolicy(Payload):
    """A span of time, in `days` or in `minutes` of open time, with its ladder.

    `grace_days` (calendar days) is how long the clock waits after the due time before it acts: facts
    that happened in time but are typed in later still count.
    """

    days: Annotated[int, Field(ge=0)] | None = None
    minutes: Annotated[int, Field(ge=0, le=LONGEST)] | None = None
    unit: Unit = Unit.WORKING_DAYS
    """Of `days`."""
    calendar: Code | None = None
    """One of the policy's `calendars`; without it the policy's own `calendar`."""
    hard: bool = True
    """Hard: what comes late does not count unless a person permits it. Soft: counts, marked late."""
    grace_days: int = Field(default=0, ge=0)
    ladder: tuple[RungPolicy, ...] = ()
    acknowledged_minutes: Minutes | None = None
    """So many minutes of open time an acknowledgement holds; then the climb goes on. None: to the end."""
    again: bool = False
    """Whether silence of the last rung that asks leads back to the first one."""

    @model_validator(mode="after")
    def _one_span(self) -> Self:
        if (self.days is None) == (self.minutes is None):
            raise ValueError("days or minutes are needed, not both")
        if self.days is not None and self.unit is Unit.MINUTES:
            raise ValueError("days are counted in days or in working_days")
        asking = [rung for rung in self.ladder if rung.asks]
        if asking and asking[0].anchor is Anchor.PREVIOUS:
            raise ValueError("the first rung that asks follows on nobody's silence")
        if self.again and not (asking and all(rung.anchor is Anchor.PREVIOUS for rung in asking[1:])):
            raise ValueError("a ladder that begins again has rungs that ask, each on the silence of another")
        if self.again and len(asking) == 1 and asking[0].every is None:
            raise ValueError("a ladder of one rung that begins again needs every")
        return self

    @property
    def span(self) -> tuple[int, Unit]:
        """How much of what."""
        return (self.days, self.unit) if self.days is not None else (self.minutes or 0, Unit.MINUTES)


class Rung(Record):
    """A rung of a running deadline; `fired` and `superseded` list the audiences that are done with."""

    key: str
    at: datetime | None = None
    """When it is told next; None for one that follows on a silence which has not begun."""
    planned: datetime | None = None
    """When it was to be told by the policy, whatever became of it since; None for one that follows."""
    to: tuple[str, ...]
    message: str
    channels: tuple[str, ...] = (MAIL,)
    urgent: bool = False
    asks: bool = False
    wait: int | None = None
    """Minutes of silence after which it follows on the rung before it, where it does so."""
    wait_unit: Unit = Unit.MINUTES
    exact: bool = False
    """Its moment is a point of open time and not the notice hour of a day."""
    every: int | None = None
    times: int = 1
    once_a_day: bool = False
    told: int = 0
    """How often it has been told."""
    fired: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    """Members of staff who were told, of a rung that asks."""

    @property
    def pending(self) -> tuple[str, ...]:
        """Audiences still to be told."""
        return tuple(who for who in self.to if who not in self.fired and who not in self.superseded)


class Acknowledgement(Record):
    """Somebody has said to look after it: until then, or to the end, the ladder is silent."""

    by: str
    at: datetime
    until: datetime | None = None


class Change(StrEnum):
    """What has made a due time what it is."""

    COUNTED = "counted"
    GIVEN = "given"
    MOVED = "moved"
    PAUSED = "paused"
    RESUMED = "resumed"
    RESTARTED = "restarted"
    KEPT = "kept"
    """Another span would have ended later than was promised."""
    RECOUNTED = "recounted"


class ClockChange(Record):
    """One of them, with the due time that it led to."""

    how: Change
    at: datetime
    due_at: datetime
    amount: int | None = None
    """What was counted from `at`, or left at a pause: days, or minutes."""
    unit: Unit | None = None


class Deadline(Record):
    """One running deadline of a case. In time is what happened at or before `due_at`."""

    name: str
    """Kind, or kind and whom it concerns: `answer`, `answer:sato`."""
    started_at: datetime
    due_at: datetime
    grace_days: int = 0
    hard: bool = True
    unit: Unit = Unit.WORKING_DAYS
    amount: int | None = None
    """How much of `unit` it was counted with; None: its due time was given."""
    calendar: str | None = None
    """Which of the policy's calendars it is counted on; None: the policy's own."""
    expires: bool = False
    """Whether the clock does something when it has passed; otherwise it only reminds."""
    rungs: list[Rung] = Field(default_factory=list)
    again: bool = False
    holds: int | None = None
    """Minutes of open time for which an acknowledgement holds."""
    acknowledged: Acknowledgement | None = None
    stage: str | None = None
    """The stage it belongs to and ends with; None keeps it until it is stopped or the case closes."""
    track: str | None = None
    """The track whose stage it belongs to, and with which it ends."""
    paused_at: datetime | None = None
    changes: list[ClockChange] = Field(default_factory=list)
    """How the due time came about, for the person who doubts it: `iehe case clock`."""

    @property
    def kind(self) -> str:
        """The name without whom it concerns."""
        return self.name.partition(":")[0]
