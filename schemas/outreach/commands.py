"""The decisions of people about a school's request."""

from typing import ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.kernel.case import Command
from schemas.kernel.identifiers import Code, StaffId


class CheckRequest(Command):
    """The office has checked the request: it can be arranged."""

    step: ClassVar[str] = "check-request"


class DeclineRequest(Command):
    """The request cannot be granted, with a reason from the policy's list that the school is told."""

    step: ClassVar[str] = "decline-request"
    reason: Code
    reason_id: str | None = None


class PermitLate(Command):
    """Take a request whose dates are too soon, with a reason."""

    step: ClassVar[str] = "permit-late"
    reason_id: str | None = None


class ChangeTopic(Command):
    """Another topic of the year, or another field, as agreed with the school."""

    step: ClassVar[str] = "change-topic"
    topic: Code | None = None
    field: Code | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.topic is None) == (self.field is None):
            raise ValueError("name a topic or a field, one of them")
        return self


class NameLecturers(Command):
    """Lecturers to be asked one after the other; none named: those who registered the topic or the field."""

    step: ClassVar[str] = "name-lecturers"
    lecturers: tuple[StaffId, ...] = Field(default=(), max_length=10)


class AnswerLecture(Command):
    """A lecturer accepts or declines."""

    step: ClassVar[str] = "answer-lecture"
    answer: Literal["yes", "no"]
    date: AwareDatetime | None = None
    """Which of the dates in the letter; left out: the first at which the lecturer is free."""
    needs_id: str | None = None
    """What the lecturer needs there, in words."""


class ReleaseLecturer(Command):
    """The lecturer who has accepted cannot come: the next one is asked, with a reason."""

    step: ClassVar[str] = "release-lecturer"
    reason_id: str | None = None


class Reschedule(Command):
    """Other dates: proposals while nobody has accepted, else the one to which both sides have agreed."""

    step: ClassVar[str] = "reschedule"
    dates: tuple[AwareDatetime, ...] = Field(min_length=1, max_length=3)
    reason: Code
    school_agreed: bool = False
    lecturer_agreed: bool = False


class GoOnline(Command):
    """Hold it online, at the same date if there is one."""

    step: ClassVar[str] = "go-online"


class ConfirmByPhone(Command):
    """What the school said on the telephone: it confirms, or it does not want it any more."""

    step: ClassVar[str] = "confirm-by-phone"
    result: Literal["confirmed", "cancelled"]


class RecordPrepared(Command):
    """Place, equipment and journey are arranged."""

    step: ClassVar[str] = "record-prepared"


class CancelRequest(Command):
    """Cancel before it is held, with a reason from the policy's list that both sides are told."""

    step: ClassVar[str] = "cancel-request"
    reason: Code
    reason_id: str | None = None


class RecordHeld(Command):
    """The lecture has taken place, or nobody came."""

    step: ClassVar[str] = "record-held"
    held: bool = True
    persons: int | None = Field(default=None, ge=0, le=2000)
    """How many were there; left out: as many as were announced."""


class SubmitReport(Command):
    """The lecturer's report, in words."""

    step: ClassVar[str] = "submit-report"
    report_id: str
