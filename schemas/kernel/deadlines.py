"""Deadlines: how long, reminded when, counted how. The counting itself is in `workflows/kernel/`."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload, Record

DAY_ENDS: Final = "a day alone is its end"
DueTime = Annotated[AwareDatetime, DAY_ENDS]
"""Until when something counts; where a person gives a day without an hour, that day is still in time."""


class Unit(StrEnum):
    """How days are counted."""

    WORKING_DAYS = "working_days"
    DAYS = "days"


class Anchor(StrEnum):
    """What a reminder's day count starts from."""

    START = "start"
    DUE = "due"


class CalendarPolicy(Payload):
    """Which days the institute works.

    `holidays` come from the `holidays` package when a policy is loaded and are then part of the policy,
    so that a case opened in spring still counts as it did when a law changes in summer.
    """

    timezone: str = "Asia/Tokyo"
    closed_weekdays: tuple[int, ...] = (5, 6)
    """Weekdays without work, Monday = 0."""
    holidays: tuple[date, ...] = ()
    notice_hour: int = Field(default=9, ge=0, le=23)
    """The local hour at which reminders of a day go out."""


class RungPolicy(Payload):
    """One reminder on the way: `days` after the start, or before (negative) and after the due day."""

    key: Code
    days: int
    unit: Unit = Unit.DAYS
    anchor: Anchor = Anchor.START
    to: tuple[str, ...]
    """Audiences: a kind of reader of the process, `assignee` or `role:<role>`."""
    message: Code


class DeadlinePolicy(Payload):
    """A span of time with its reminders.

    `grace_days` (calendar days) is how long the clock waits after the due time before it acts: facts
    that happened in time but are typed in later still count.
    """

    days: int = Field(ge=0)
    unit: Unit = Unit.WORKING_DAYS
    hard: bool = True
    """Hard: what comes late does not count unless a person permits it. Soft: counts, marked late."""
    grace_days: int = Field(default=0, ge=0)
    ladder: tuple[RungPolicy, ...] = ()


class Rung(Record):
    """A reminder with its moment; `fired` and `superseded` list the audiences that are done with."""

    key: str
    at: datetime
    to: tuple[str, ...]
    message: str
    fired: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[str, ...]:
        """Audiences still to be told."""
        return tuple(who for who in self.to if who not in self.fired and who not in self.superseded)


class Deadline(Record):
    """One running deadline of a case. In time is what happened at or before `due_at`."""

    name: str
    """Kind, or kind and whom it concerns: `answer`, `answer:sato`."""
    started_at: datetime
    due_at: datetime
    grace_days: int = 0
    hard: bool = True
    unit: Unit = Unit.WORKING_DAYS
    expires: bool = False
    """Whether the clock does something when it has passed; otherwise it only reminds."""
    rungs: list[Rung] = Field(default_factory=list)
    stage: str | None = None
    """The stage it belongs to and ends with; None keeps it until it is stopped or the case closes."""
    paused_at: datetime | None = None
    calculation: tuple[str, ...] = ()
    """The counting in words, one line a step, as shown by `iehe case deadline`."""

    @property
    def kind(self) -> str:
        """The name without whom it concerns."""
        return self.name.partition(":")[0]
