"""Policies: every count, span and recipient that a year may change, with its date."""

from datetime import date, time
from typing import Generic, TypeVar

from pydantic import Field

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload

P = TypeVar("P", bound=Payload)


class NoticePolicy(Payload):
    """When messages may be sent, and when trying is given up. Times in the calendar's time zone."""

    quiet_from: time = time(21)
    quiet_until: time = time(8)
    give_up_days: int = Field(default=5, ge=1)
    timezone: str = "Asia/Tokyo"


class TaskPolicy(Payload):
    """Working days for tasks without a deadline of their own; afterwards they are overdue."""

    days: int = Field(default=3, ge=0)
    """For every kind that is not named, and for a task whose deadline was cancelled."""
    resolve_duplicate: int = Field(default=5, ge=0)
    look_at_event: int = Field(default=3, ge=0)
    notice_failed: int = Field(default=3, ge=0)
    assign_reviewers: int = Field(default=3, ge=0)
    appoint_committee: int = Field(default=5, ge=0)
    reconvene: int = Field(default=3, ge=0)
    casting_vote: int = Field(default=5, ge=0)
    missing_part: int = Field(default=5, ge=0)
    parts_overdue: int = Field(default=5, ge=0)

    def days_for(self, kind: str) -> int:
        """How many working days a task of a kind (`resolve-duplicate`) has."""
        days: int = getattr(self, kind.replace("-", "_"), self.days)
        return days


class EventPolicy(Payload):
    """How long an event that cannot be delivered yet is kept for its case."""

    wait_days: int = Field(default=30, ge=0)
    """Days, not working days: for a case that does not exist yet. Then the office has to look."""
    look_days: int = Field(default=3, ge=0)
    """Days, not working days, until what could not be delivered is an overdue task of the office."""


class PolicyDocument(Payload, Generic[P]):
    """A policy file as `iehe policy load` takes it: one process, in force from a date, a body per route."""

    process: str
    version: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")
    valid_from: date
    events: EventPolicy = EventPolicy()
    routes: dict[Code, P]
