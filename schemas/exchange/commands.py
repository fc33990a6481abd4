"""The decisions of people about a mobility."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.exchange.facts import Month, Sha256
from schemas.exchange.stages import Item
from schemas.kernel.case import Command
from schemas.kernel.identifiers import Code, StaffId

Version = Annotated[int, Field(ge=1, description="The revision of the nomination that you have seen.")]


class Verify(Command):
    """The nomination is formally right, and a place is held for it in every frame; not an acceptance."""

    step: ClassVar[str] = "verify"
    version: Version


class ReturnNomination(Command):
    """Give the nomination back to the home university, which corrects it in the same case."""

    step: ClassVar[str] = "return"
    version: Version
    reason: Code = Field(description="A code of the policy's list.")
    reason_id: str | None = None
    comment_id: str | None = None
    """What the home university reads of it; never the student."""


class Reject(Command):
    """Do not take the student; the home university and the student are told."""

    step: ClassVar[str] = "reject"
    version: Version
    reason: Code = Field(description="A code of the policy's list.")
    reason_id: str | None = None


class Waitlist(Command):
    """There is no place now: let it wait for one."""

    step: ClassVar[str] = "waitlist"
    version: Version
    reason: Code = Field(description="A code of the policy's list.")
    reason_id: str | None = None


class AskAdvisor(Command):
    """Ask a member of the faculty to advise the student: one at a time."""

    step: ClassVar[str] = "ask-advisor"
    advisor: StaffId = Field(description="Staff id of whom to ask.")


class Consent(Command):
    """Say whether you take the student as advisor."""

    step: ClassVar[str] = "consent"
    answer: Literal["yes", "no"] = Field(description="The answer.")


class Validate(Command):
    """The faculty's coordinator agrees to the application as it is."""

    step: ClassVar[str] = "validate"
    version: Version


class Accept(Command):
    """The office accepts the student, after the advisor and the faculty, on the same revision."""

    step: ClassVar[str] = "accept"
    version: Version


class DecideAppeal(Command):
    """The committee decides on what the student has objected to a rejection."""

    step: ClassVar[str] = "decide-appeal"
    filed: date = Field(description="The day on which the objection came.")
    result: Literal["upheld", "dismissed"] = Field(description="What is decided.")
    reason_id: str | None = None


class FileCoe(Command):
    """The certificate was applied for, in a batch."""

    step: ClassVar[str] = "file-coe"
    batch: Code = Field(description="Code of the batch.")


class RecordCoeData(Command):
    """Everything that the certificate needs is there."""

    step: ClassVar[str] = "record-coe-data"


class RecordCoeResult(Command):
    """Enter what immigration has said."""

    step: ClassVar[str] = "record-coe-result"
    result: Literal["issued", "denied", "more-documents"] = Field(description="What was said.")
    on: date = Field(description="The day of the notice.")


class RecordVisaResult(Command):
    """Enter what the embassy has said."""

    step: ClassVar[str] = "record-visa-result"
    result: Literal["applied", "granted", "refused"] = Field(description="What was said.")
    on: date = Field(description="The day.")


class ChooseAfterDenial(Command):
    """After a denial: file again, defer to the next term, or cancel."""

    step: ClassVar[str] = "choose-after-denial"
    choice: Literal["refile", "defer", "cancel"] = Field(description="What is to be done.")
    reason_id: str | None = None


class Defer(Command):
    """Let the student come a term later, in a case of its own that is linked with this one."""

    step: ClassVar[str] = "defer"
    reason_id: str | None = None


class AnswerOffer(Command):
    """Enter the student's answer, to the acceptance or to a bed."""

    step: ClassVar[str] = "answer-offer"
    offer: Literal["place", "bed"] = Field(description="To what the answer is.")
    answer: Literal["yes", "no"] = Field(description="The answer.")


class FindHousing(Command):
    """Another place to live was found, outside the houses."""

    step: ClassVar[str] = "find-housing"


class PlanArrival(Command):
    """Enter when and where the student arrives."""

    step: ClassVar[str] = "plan-arrival"
    slot: AwareDatetime = Field(description="When somebody is to receive the student.")
    port: Code = Field(description="Airport or port of arrival, by its code.")


class RecordArrival(Command):
    """The student was seen; the home university is told the day."""

    step: ClassVar[str] = "record-arrival"
    on: date = Field(description="The day of the arrival.")
    settled: date | None = Field(
        default=None, description="The day on which they moved to an address; the arrival when left out."
    )


class RecordProof(Command):
    """A point of the checklist is done; you have seen the proof."""

    step: ClassVar[str] = "record-proof"
    item: Item = Field(description="The point of the checklist.")
    on: date = Field(description="The day on which it was done.")


class RecordSignature(Command):
    """The student has signed for a month before your eyes."""

    step: ClassVar[str] = "record-signature"
    month: Month = Field(description="The month, like 2027-05.")


class GrantLeave(Command):
    """Grant leave of absence (休学), or note that it is over."""

    step: ClassVar[str] = "grant-leave"
    leave: bool = Field(description="Whether the student is on leave from now on.")
    reason_id: str | None = None


class ApplyScholarship(Command):
    """The student wants a scholarship, or is nominated for one."""

    step: ClassVar[str] = "apply-scholarship"
    what: Literal["interest", "nominate"] = Field(description="Interest of the student, or the nomination.")


class RecordScholarship(Command):
    """Enter what the foundation has said, or what becomes of the payments."""

    step: ClassVar[str] = "record-scholarship"
    result: Literal["granted", "refused", "substitute", "suspend", "resume"] = Field(description="What.")
    months: Annotated[int, Field(ge=1, le=12)] | None = Field(default=None, description="Months granted.")


class ReturnScholarship(Command):
    """What was paid for months that do not count was paid back."""

    step: ClassVar[str] = "return-scholarship"


class SignAgreement(Command):
    """Sign a version of the learning agreement for the host, after student and home; or send it back."""

    step: ClassVar[str] = "sign-agreement"
    version: Annotated[int, Field(ge=1, description="The version that you have seen.")]
    sha256: Sha256 = Field(description="Hash of what you have seen.")
    approve: bool = Field(default=True, description="Sign it; no: send it back with a comment.")
    comment_id: str | None = None
    """What the student and the home university are to change."""


class AssignTutor(Command):
    """Give the student a tutor, or another one."""

    step: ClassVar[str] = "assign-tutor"
    tutor: StaffId = Field(description="Staff id of the tutor.")


class RecordGuidance(Command):
    """The tutor has met and guided the student."""

    step: ClassVar[str] = "record-guidance"


class ContactProof(Command):
    """What only the head declares, after everybody was asked."""

    contacts: tuple[Code, ...] = Field(
        min_length=1, description="Whom you have asked in vain: student, partner, family, house, embassy."
    )
    reason_id: str | None = None


class DeclareNoShow(ContactProof):
    """The student has not come, and nobody knows more."""

    step: ClassVar[str] = "declare-no-show"


class DeclareMissing(ContactProof):
    """Nobody knows where the student is."""

    step: ClassVar[str] = "declare-missing"


class RecordFound(Command):
    """Somebody who was missing is found: the stay goes on."""

    step: ClassVar[str] = "record-found"
    reason_id: str | None = None


class ChangeStay(Command):
    """Another last day of the stay, with the home university's yes."""

    home_agrees: bool = Field(default=False, description="The home university agrees.")
    last: date = Field(description="The new last day of the stay.")
    reason_id: str | None = None


class Extend(ChangeStay):
    """The stay ends later: only with a bed for it, and the home university's yes."""

    step: ClassVar[str] = "extend"


class Shorten(ChangeStay):
    """The stay ends earlier; the rest of the bed is free at once."""

    step: ClassVar[str] = "shorten"


class RecordEarlyReturn(Command):
    """The student has gone home before the end."""

    step: ClassVar[str] = "record-early-return"
    on: date = Field(description="The day of leaving.")


class Excuse(Command):
    """The committee excuses an early return: force majeure; nothing is paid back for it."""

    step: ClassVar[str] = "excuse"
    ground: Code = Field(description="A code of the policy's list.")
    reason_id: str | None = None


class RecordDebts(Command):
    """Whether the student owes something."""

    step: ClassVar[str] = "record-debts"
    open: bool = Field(description="Something is owed.")


class RecordWardOffice(Command):
    """The move out was notified at the ward office, or the student flies at once and returns the card."""

    step: ClassVar[str] = "record-ward-office"


class RecordDeparture(Command):
    """The student has left Japan."""

    step: ClassVar[str] = "record-departure"
    on: date = Field(description="The day of leaving.")


class RecordGrades(Command):
    """All grades are there."""

    step: ClassVar[str] = "record-grades"


class ReleaseTranscript(Command):
    """Send the transcript of records to the home university."""

    step: ClassVar[str] = "release-transcript"
    version: Version
    partial: bool = Field(default=False, description="Without the grades that are still open.")
    reason_id: str | None = None


class Withdraw(Command):
    """The student, or the home university, does not want it any more."""

    step: ClassVar[str] = "withdraw"
    reason: Code = Field(description="A code of the policy's list.")
    reason_id: str | None = None


class ReportImmigration(Command):
    """What the law asks for was reported to immigration or to the ministry."""

    step: ClassVar[str] = "report-immigration"


class AcknowledgeChange(Command):
    """You have looked at what the home university has changed."""

    step: ClassVar[str] = "acknowledge-change"
    version: Version
