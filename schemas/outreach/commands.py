"""The decisions of people about a school's request."""

from typing import ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.kernel.case import Command
from schemas.kernel.identifiers import Code, StaffId


class CheckRequest(Command):
    """The office has checked the request: it can be arranged."""

    step: ClassVar[str] = "check-request"


class Explained(Command):
    """A decision with a reason from the policy's list, which the school is told; and more of it in words."""

    reason: Code = Field(description="A code of the policy's list.")
    reason_id: str | None = None


class DeclineRequest(Explained):
    """The request cannot be granted."""

    step: ClassVar[str] = "decline-request"


class PermitLate(Command):
    """Take a request whose dates are too soon, with a reason."""

    step: ClassVar[str] = "permit-late"
    reason_id: str | None = None


class ChangeTopic(Command):
    """Another topic of the year, or another field, as agreed with the school."""

    step: ClassVar[str] = "change-topic"
    topic: Code | None = Field(default=None, description="A topic registered for the year.")
    field: Code | None = Field(default=None, description="A field in which there is one.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.topic is None) == (self.field is None):
            raise ValueError("name a topic or a field, one of them")
        return self


class NameLecturers(Command):
    """Lecturers to be asked one after the other; none named: those who registered the topic or the field."""

    step: ClassVar[str] = "name-lecturers"
    lecturers: tuple[StaffId, ...] = Field(default=(), max_length=10, description="Staff ids, in order.")


class AnswerLecture(Command):
    """A lecturer accepts or declines."""

    step: ClassVar[str] = "answer-lecture"
    answer: Literal["yes", "no"] = Field(description="The answer.")
    date: AwareDatetime | None = Field(
        default=None, description="Which of the dates in the letter; the first that is free when left out."
    )
    remark_id: str | None = None
    """What the lecturer needs there."""


class ReleaseLecturer(Command):
    """The lecturer who has accepted cannot come: the next one is asked, with a reason."""

    step: ClassVar[str] = "release-lecturer"
    reason_id: str | None = None


class Reschedule(Explained):
    """Other dates: proposals while nobody has accepted, else the one to which both sides have agreed."""

    step: ClassVar[str] = "reschedule"
    dates: tuple[AwareDatetime, ...] = Field(min_length=1, max_length=3, description="When it begins.")
    school_agreed: bool = Field(default=False, description="The school has agreed.")
    lecturer_agreed: bool = Field(default=False, description="The lecturer has agreed.")


class GoOnline(Command):
    """Hold it online, at the same date if there is one."""

    step: ClassVar[str] = "go-online"


class ConfirmByPhone(Command):
    """What the school said on the telephone: it confirms, or it does not want it any more."""

    step: ClassVar[str] = "confirm-by-phone"
    result: Literal["confirmed", "cancelled"] = Field(description="What the school said.")


class RecordPrepared(Command):
    """Place, equipment and journey are arranged."""

    step: ClassVar[str] = "record-prepared"


class CancelRequest(Explained):
    """Cancel before it is held; both sides are told why."""

    step: ClassVar[str] = "cancel-request"


class RecordHeld(Command):
    """The lecture has taken place, or nobody came."""

    step: ClassVar[str] = "record-held"
    held: bool = Field(description="It was held.")
    persons: int | None = Field(
        default=None, ge=0, le=2000, description="How many were there; as announced when left out."
    )


class SubmitReport(Command):
    """The lecturer's report, in words."""

    step: ClassVar[str] = "submit-report"
    remark_id: str | None = None
