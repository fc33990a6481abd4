"""Calendars: when time counts. The counting itself is in `workflows/kernel/calendars.py`."""

from datetime import date, time
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload

DAY_END: Final = time()
"""Midnight as the end of opening hours is that of the next day; in a file also `24:00`."""


class Weekday(StrEnum):
    """Days of the week, in the order of `date.weekday`."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


def _midnight(value: Any) -> Any:
    return DAY_END if value in ("24:00", "24:00:00") else value


class Span(Payload):
    """From one time of a day to a later one of the same day."""

    opens: time
    closes: Annotated[time, BeforeValidator(_midnight)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.closes != DAY_END and self.closes <= self.opens:
            raise ValueError("closes has to be later than opens; hours over midnight are two entries")
        return self


class OpenHours(Span):
    """Hours that are open on some days of each week."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)]


class CalendarException(Payload):
    """Days that are not as their weekday says: closed, or open at other hours, as for an entrance exam."""

    first: date
    last: date | None = None
    """The last such day; without it `first` alone."""
    hours: tuple[Span, ...] = ()
    """Hours that are open on each of the days; none: closed."""
    why: Code

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise ValueError("last has to be no earlier than first")
        return self

    def covers(self, day: date) -> bool:
        """Whether it says how that day is."""
        return self.first <= day <= (self.last or self.first)


class Closure(CalendarException):
    """Days that were noted after a policy was loaded; its cases are told of them."""

    calendar: Code | None = None
    """The policy's calendar that it is about; without it all of them."""


class CalendarPolicy(Payload):
    """When the institute, or one of its units, works.

    `holidays` come from the `holidays` package when a policy is loaded and are then part of the policy,
    so that a case opened in spring still counts as it did when a law changes in summer.
    """

    timezone: str = "Asia/Tokyo"
    public_holidays: bool = True
    """Whether public holidays are closed; when the policy is loaded they are filled into `holidays`."""
    closed_weekdays: tuple[int, ...] = (5, 6)
    """Weekdays without work, Monday = 0."""
    holidays: tuple[date, ...] = ()
    hours: tuple[OpenHours, ...] = ()
    """Opening hours; none: a day that is not closed is open from midnight to midnight."""
    exceptions: tuple[CalendarException, ...] = ()
    """Where two cover a day, the later one counts."""
    notice_hour: int = Field(default=9, ge=0, le=23)
    """The local hour at which reminders of a day go out."""


AROUND_THE_CLOCK: Final = CalendarPolicy(public_holidays=False, closed_weekdays=())
"""Every minute counts."""
