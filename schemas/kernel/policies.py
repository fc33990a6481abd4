"""Policies: every count, span and recipient that a year may change, with its date."""

from datetime import date, time
from functools import lru_cache
from typing import Annotated, Final, Generic, Self, TypeVar

from pydantic import Field

from schemas.kernel.calendars import AROUND_THE_CLOCK, CalendarPolicy, Closure
from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload

ALWAYS: Final = "always"
"""The calendar on which every minute counts."""


class NoticePolicy(Payload):
    """When messages may be sent, and when trying is given up. Times in the calendar's time zone."""

    quiet_from: time = time(21)
    quiet_until: time = time(8)
    give_up_days: int = Field(default=5, ge=1)
    give_up_urgent_minutes: int = Field(default=10, ge=1)
    """Of what is urgent: who waits for an answer has to turn to somebody else soon."""
    timezone: str = "Asia/Tokyo"


class TaskPolicy(Payload):
    """Working days for tasks without a deadline of their own; afterwards they are overdue."""

    days: int = Field(default=3, ge=0)
    """For every kind that is not named, and for a task whose deadline was cancelled."""
    of: dict[Code, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """By kind of task."""

    def days_for(self, kind: str) -> int:
        """How many working days a task of a kind has."""
        return self.of.get(kind, self.days)


class PolicyRef(Payload):
    """Which policy a case follows: a version and, in it, a route. The text of it stays in the database."""

    version: str
    route: str


class ProcessPolicy(Payload):
    """What the host needs to know of any policy; a process adds its own counts and deadlines."""

    version: str
    route: Code
    calendar: CalendarPolicy = CalendarPolicy()
    """What is counted on unless a deadline names another one."""
    calendars: dict[Code, CalendarPolicy] = Field(default_factory=dict)
    """Others, by name; `always` is there without being given."""
    notices: NoticePolicy = NoticePolicy()
    tasks: TaskPolicy = TaskPolicy()

    def calendar_called(self, name: str | None) -> CalendarPolicy:
        """One of the calendars, the policy's own without a name.

        Raises:
            KeyError: there is none of that name.
        """
        if name == ALWAYS:
            return AROUND_THE_CLOCK
        return self.calendar if name is None else self.calendars[name]

    def closed_on(self, closures: tuple[Closure, ...]) -> Self:
        """The policy with more days on which its calendars are not as they say."""
        named = {name: _closed(calendar, name, closures) for name, calendar in self.calendars.items()}
        changed = {"calendar": _closed(self.calendar, None, closures), "calendars": named}
        return self.model_copy(update=changed)

    @property
    def ref(self) -> PolicyRef:
        """How a case names it."""
        return PolicyRef(version=self.version, route=self.route)


@lru_cache(maxsize=256)
def _closed(calendar: CalendarPolicy, name: str | None, closures: tuple[Closure, ...]) -> CalendarPolicy:
    own = tuple(each for each in closures if each.calendar in (None, name))
    return calendar.model_copy(update={"exceptions": (*calendar.exceptions, *own)}) if own else calendar


class EventPolicy(Payload):
    """How long an event that cannot be delivered yet is kept for its case."""

    wait_days: int = Field(default=30, ge=0)
    """Days, not working days: for a case that does not exist yet. Then the office has to look."""
    look_days: int = Field(default=3, ge=0)
    """Days, not working days, until what could not be delivered is an overdue task of the office."""


class RetentionPolicy(Payload):
    """How long what a process leaves behind is kept; docs/retention.md says why. Counted in whole days.

    What is not finished is never counted: an open case, a letter that is owed, an event that waits.
    """

    event_days: int = Field(default=400, ge=1)
    """Events that their case has taken or that were dropped, from then on and from the end of their case."""
    notice_days: int = Field(default=400, ge=1)
    """Messages that were accepted or are not wanted any more, likewise."""
    start_days: int = Field(default=400, ge=1)
    """What was noted to have a case started, likewise."""
    text_days: int = Field(default=30, ge=1)
    """Words whose decision was never made, from their writing."""
    case_years: int | None = Field(default=None, ge=1)
    """Whole cases with their histories, from their end or from the day that the process tells; none: kept."""


P = TypeVar("P", bound=ProcessPolicy)


class PolicyDocument(Payload, Generic[P]):
    """A policy file as `iehe policy load` takes it: one process, in force from a date, a body per route."""

    process: str
    version: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")
    valid_from: date
    events: EventPolicy = EventPolicy()
    retention: RetentionPolicy = RetentionPolicy()
    digest: bool = False
    """Whether staff are told on working mornings how much of it waits for them."""
    routes: dict[Code, P]
