"""Facts about a support case that other systems send."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.kernel.identifiers import CaseId, Code, StaffId
from schemas.kernel.payload import Payload
from schemas.support.referral import Words
from schemas.support.stages import Content, Unit


class EarlyAlert(Payload):
    """The learning system has noticed something more: the course, and a code of what."""

    course: Code
    code: Code


class MessageArrived(Payload):
    """A message of the student, or of us, in a thread; machine mail is kept and counts for nothing (E16)."""

    thread: Code
    direction: Literal["in", "out"]
    sender: Literal["student", "referrer", "other"] = "student"
    automatic: bool = False
    danger: bool = False
    words: Words | None = None


class MessageBounced(Payload):
    """A message of ours did not arrive: the student was not reached."""

    thread: Code


class AppointmentMissed(Payload):
    """The student did not come."""

    booking: int | None = None
    """Number of the appointment on the case's page; without it the last one that has begun."""


class OutsideEmergency(Payload):
    """The outside line calls for help: an emergency, never its content."""

    call: Code


class PageAnswered(Payload):
    """The telephone or pager gateway has the answer of who was paged, proven there by a PIN (E12)."""

    page: Annotated[int, Field(ge=1)]
    person: StaffId
    channel: Code


class PageFailed(Payload):
    """The gateway has not reached who was paged: undeliverable is unanswered (E14)."""

    page: Annotated[int, Field(ge=1)]
    person: StaffId
    channel: Code


class ConsentGiven(Payload):
    """The student has allowed a unit, at the portal, to see so much of the case (P7)."""

    unit: Unit
    content: Content
    purpose: Code
    form: Code
    until: AwareDatetime


class ConsentWithdrawn(Payload):
    """The student has withdrawn that at the portal."""

    unit: Unit


class PersonLeft(Payload):
    """A member of staff has left or moved: what is theirs is not theirs any more."""

    staff_id: StaffId


class PersonAway(Payload):
    """A member of staff is away for a while: whoever stands in hears what they would."""

    staff_id: StaffId
    begins_at: AwareDatetime
    ends_at: AwareDatetime
    substitute: StaffId | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at <= self.begins_at:
            raise ValueError("ends_at has to be later than begins_at")
        return self


class CalendarChanged(Payload):
    """Closures were noted or taken back: clocks are counted again, never later than was promised."""


class StudentLeft(Payload):
    """The student has left the university; the years of their records count from that day (P6)."""

    left_on: date | None = None
    """Left out: the day on which it is told."""


class StudentDied(Payload):
    """The student has died: notices stop."""


class CaseLinked(Payload):
    """Another case is one with this one, which goes on for both: what was promised there (S11)."""

    case: CaseId
    level: int
    due: dict[Code, AwareDatetime]
    """Running clocks."""
    unit: Unit | None
    owner: StaffId | None
    shut_out: tuple[StaffId, ...]
    tasks: tuple[Code, ...]
    """Kinds of open tasks that somebody's safety hangs on."""


class CaseUnlinked(Payload):
    """It was not one with this one."""

    case: CaseId


class LinkTaken(Payload):
    """The case that goes on has taken over what was promised."""

    case: CaseId
