"""The decisions of people about a round."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from schemas.kernel.case import Command
from schemas.kernel.identifiers import Code
from schemas.kernel.results import ListHash
from schemas.round.disclosure import ColumnResult
from schemas.round.waitlist import ContactOutcome, Number

MinuteNo = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._/-]{0,31}$")]
"""The number of a minute of the faculty meeting (教授会議事録)."""
OutputName = Literal["board", "portal", "letters", "hand-over"]


class FixRules(Command):
    """Fix weights, ties, frames and dates: from now on applications come in, and nothing of it changes."""

    step: ClassVar[str] = "fix-rules"
    version: str = Field(min_length=1, description="A version of the policy that was loaded.")


class AcceptBatch(Command):
    """Let a file of scores count that was loaded and compared with what stands."""

    step: ClassVar[str] = "accept-batch"
    batch: UUID = Field(description="The file, as the round's page names it.")
    hash: ListHash = Field(description="Of its rows, as the page shows it.")


class CorrectScore(Command):
    """Say that a score ought to be another one, for a reason; it counts when a second person confirms it."""

    step: ClassVar[str] = "correct-score"
    proposal: UUID = Field(description="The correction, as it was stored with its reason.")


class ConfirmScore(Command):
    """Confirm, as a second person, that a score is to be the one that somebody else has proposed."""

    step: ClassVar[str] = "confirm-score"
    proposal: UUID = Field(description="The correction, as the task names it.")


class SetOfferLimit(Command):
    """Set how many of a frame are offered a place, and how many wait, as the meeting has decided."""

    step: ClassVar[str] = "set-offer-limit"
    frame: Code = Field(description="The frame.")
    number: int = Field(
        ge=0, le=100_000, description="How many places are offered; more than there are, too."
    )
    waitlist: int | None = Field(
        default=None, ge=0, le=100_000, description="How many wait for a place of the frame's programme."
    )
    minute_no: MinuteNo = Field(description="The number of the meeting's minute.")


class PrepareList(Command):
    """Lay the list of a programme before the meeting as it was ranked."""

    step: ClassVar[str] = "prepare-list"
    programme: Code = Field(description="Whose list.")
    hash: ListHash = Field(description="Of the list, as its page shows it.")


class RecordJudgement(Command):
    """Enter what the faculty meeting has decided on a list, by its minute."""

    step: ClassVar[str] = "record-judgement"
    programme: Code = Field(description="Whose list.")
    hash: ListHash = Field(description="Of the list that the meeting has seen.")
    minute_no: MinuteNo = Field(description="The number of the meeting's minute.")


class ConfirmList(Command):
    """Confirm, as a second person, the list that somebody else has prepared; any change undoes it."""

    step: ClassVar[str] = "confirm-list"
    programme: Code = Field(description="Whose list.")
    hash: ListHash = Field(description="Of the list that you have looked at.")


class ScheduleRelease(Command):
    """Let all lists be out at one hour, by the server's clock, for everybody."""

    step: ClassVar[str] = "schedule-release"
    hour: AwareDatetime = Field(description="When.")


class HoldRelease(Command):
    """Let a release that has not come not come; the lists stay confirmed."""

    step: ClassVar[str] = "hold-release"
    reason: Code = Field(description="Why, as a code.")


class RecordContact(Command):
    """Record a call to somebody on the waitlist, or that they have called back; it is never changed."""

    step: ClassVar[str] = "record-contact"
    number: Number = Field(description="The examinee's number.")
    programme: Code = Field(description="For which programme they wait.")
    frame: Code | None = Field(
        default=None, description="For which of its frames, if they wait for several of them."
    )
    outcome: ContactOutcome = Field(description="How the call ended.")
    called_back: bool = Field(default=False, description="The applicant has called, and not the office.")
    listener_note_id: str | None = None
    """The words that say who listened."""
    at: AwareDatetime | None = Field(default=None, description="When the call was made; without, now.")

    @property
    def happened_at(self) -> datetime | None:
        """The time of the call."""
        return self.at


class HandOverEnrolled(Command):
    """Hand those who have enrolled over to the registrar: each gets a number as a student, in one file."""

    step: ClassVar[str] = "hand-over"


class CompareOutput(Command):
    """Say, as a second person, that what was put out says what is out, by the comparison of its file."""

    step: ClassVar[str] = "compare-output"
    output: OutputName = Field(description="What was put out.")
    content: ListHash = Field(description="Of its rows, as the comparison shows it.")


class DoubtScore(Command):
    """Doubt a score that is out: the whole column is checked, and meanwhile nobody is shown it."""

    step: ClassVar[str] = "doubt-score"
    number: Number = Field(description="The examinee's number.")
    part: Code = Field(description="The part or subject whose column is checked.")
    reason_id: str | None = None
    """The words that say what is doubted."""


class ConfirmColumn(Command):
    """Say, as a second person, whether a column is right in which somebody has doubted a score."""

    step: ClassVar[str] = "confirm-column"
    part: Code = Field(description="The part or subject whose column was checked.")
    result: ColumnResult = Field(description="Whether every value of it is right.")


class CloseRound(Command):
    """End the round; nothing of it is open any more."""

    step: ClassVar[str] = "close-round"


class CancelRound(Command):
    """Call the round off before its results are out."""

    step: ClassVar[str] = "cancel-round"
    reason_id: str | None = None
