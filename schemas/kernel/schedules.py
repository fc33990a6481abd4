"""What is done by the clock and not for one case: which work, for which time, and what came of it."""

from datetime import date, datetime

from pydantic import AwareDatetime, Field

from schemas.kernel.japan import TOKYO
from schemas.kernel.payload import Payload


class ScheduledStart(Payload):
    """What a schedule starts its workflow with.

    `declared` is a checksum of the declaration that the schedule was made from: another one there means that
    the schedule is to be brought up to date.
    """

    work: str
    declared: str = ""


class Occasion(Payload):
    """The time for which a work is done, which after an outage lies before the time at which it is done."""

    work: str
    scheduled_at: AwareDatetime
    run: str
    """Id of the run's workflow."""

    @property
    def day(self) -> date:
        """The day that it is for, on the institute's clock."""
        return local_day(self.scheduled_at)


class WorkReport(Payload):
    """What a run has done: how often of each, by codes."""

    counts: dict[str, int] = Field(default_factory=dict)
    batches: int = 0


def local_day(moment: datetime) -> date:
    """The day of a moment on the institute's clock."""
    return moment.astimezone(TOKYO).date()
