"""The decisions of people about a support case."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.kernel.case import Command
from schemas.kernel.deadlines import DueTime
from schemas.kernel.identifiers import CaseId, Code, StaffId
from schemas.support.people import Acquaintance, ContactPerson, LanguageTag, Relation
from schemas.support.referral import Party
from schemas.support.stages import Channel, Content, Outcome, Unit

Score = Annotated[int, Field(ge=0, le=4)]


class Scoring(Command):
    """Scores of the rubric, each with its reason; the higher one gives the level."""

    distress: Score | None = Field(
        default=None, description="0 to 4; left out when it is not known, which is not 0."
    )
    hostility: Score | None = Field(
        default=None, description="0 to 4; left out when it is not known, which is not 0."
    )
    kind: Code | None = Field(
        default=None, description="What the concern is about: a code of the policy's list."
    )
    distress_reason_id: str | None = None
    """Why this distress."""
    hostility_reason_id: str | None = None
    """Why this hostility."""


class Triage(Scoring):
    """Judge a new referral by the rubric: it gets its level and its clocks."""

    step: ClassVar[str] = "triage"


class Rescore(Scoring):
    """Judge it again: a raised level counts anew, a lowered one keeps what was promised."""

    step: ClassVar[str] = "rescore"


class Advise(Command):
    """Advice is enough: nothing more is to be done."""

    step: ClassVar[str] = "advise"
    reason_id: str | None = None


class Misdirect(Command):
    """It is not for this office; who refers is told where to turn."""

    step: ClassVar[str] = "misdirect"
    code: Code = Field(description="A code of the policy's list.")
    reason_id: str | None = None


class Assign(Command):
    """Give it to a unit, or to one of its members."""

    step: ClassVar[str] = "assign"
    unit: Unit = Field(description="The unit that works on it.")
    owner: StaffId | None = Field(default=None, description="One of its members; left out: its queue.")
    ground: Code | None = Field(
        default=None,
        description="Without the student's consent: on which ground of the list.",
    )
    reason_id: str | None = None


class Take(Command):
    """Take a case out of the queue of your unit."""

    step: ClassVar[str] = "take"


class Offer(Command):
    """Offer the case to a colleague; you keep it, and its clocks run on, until they accept."""

    step: ClassVar[str] = "offer"
    to: StaffId = Field(description="Who shall take it over.")
    unit: Unit = Field(description="For which unit.")
    ground: Code | None = Field(
        default=None,
        description="Without the student's consent: on which ground of the list.",
    )
    reason_id: str | None = None


class Accept(Command):
    """Take over a case that was offered to you."""

    step: ClassVar[str] = "accept"


class Return(Command):
    """Give back a case that was offered to you."""

    step: ClassVar[str] = "return"
    reason_id: str | None = None


class StepBack(Command):
    """You know the person or the matter: leave the case, and hear and see no more of it."""

    step: ClassVar[str] = "step-back"
    reason_id: str | None = None


class NameConcerned(Command):
    """Name a member of staff whom it is about or against: they are out of it at once."""

    step: ClassVar[str] = "name-concerned"
    staff_id: StaffId = Field(description="Whom it is about or against.")


class NameCover(Command):
    """Name who has the case while its owner is not there because of a closure."""

    step: ClassVar[str] = "name-cover"
    staff_id: StaffId = Field(description="A member of the unit who works on these days.")
    closure: date | None = Field(
        default=None, description="First day of the closure; left out: the next one that has no cover."
    )


class ReferOn(Command):
    """Another unit works with it."""

    step: ClassVar[str] = "refer-on"
    unit: Unit = Field(description="The other unit.")
    moves: bool = Field(default=False, description="The case becomes that unit's.")
    ground: Code | None = Field(
        default=None,
        description="Without the student's consent: on which ground of the list.",
    )
    reason_id: str | None = None


class GiveConsent(Command):
    """The student allows a unit to see so much of the case, for a purpose, until a day."""

    step: ClassVar[str] = "consent"
    unit: Unit = Field(description="Which unit.")
    content: Content = Field(description="How much of the case it sees.")
    purpose: Code = Field(description="A code of the policy's list.")
    form: Code = Field(description="Which version of the form was signed.")
    until: DueTime = Field(description="Until when.")


class WithdrawConsent(Command):
    """The student withdraws what a unit was allowed; it holds no more from now on."""

    step: ClassVar[str] = "withdraw"
    unit: Unit = Field(description="Which unit.")


class Disclose(Command):
    """Tell somebody what the student has not allowed, for a ground of the policy's list."""

    step: ClassVar[str] = "disclose"
    code: Code = Field(description="A ground of the policy's list.")
    to: Code = Field(description="A receiver of the policy's list.")
    reason_id: str | None = None
    """Why it had to be told, and what."""


class RecordContact(Command):
    """You have spoken to the student, or tried to."""

    step: ClassVar[str] = "record-contact"
    channel: Channel = Field(description="How.")
    outcome: Outcome = Field(description="What came of it.")
    at: AwareDatetime | None = Field(default=None, description="When; left out: now.")
    note_id: str | None = None
    """What was said, for the record."""

    @property
    def happened_at(self) -> datetime | None:
        """When it was, where the person says so."""
        return self.at


class Wait(Command):
    """Wait for the student, or for a unit."""

    step: ClassVar[str] = "wait"
    on: Literal["student", "unit"] = Field(description="Whose turn it is.")
    until: DueTime = Field(description="Until when.")


class Resolve(Command):
    """Nothing more is to be done."""

    step: ClassVar[str] = "resolve"
    code: Code = Field(description="A code of the policy's list.")
    note_id: str | None = None
    """What was done, for the record."""


class Reopen(Command):
    """Go on with a resolved case."""

    step: ClassVar[str] = "reopen"
    reason_id: str | None = None


class SignalDanger(Command):
    """Somebody is in danger now: page the duty officer."""

    step: ClassVar[str] = "signal-danger"
    reason_id: str | None = None


class CanWait(Command):
    """An urgent referral out of hours can wait until triage."""

    step: ClassVar[str] = "can-wait"
    reason_id: str | None = None


class StandDown(Command):
    """The danger is over; the case has an owner who goes on with it."""

    step: ClassVar[str] = "stand-down"
    owner: StaffId | None = Field(default=None, description="Who goes on with it, where nobody has it yet.")
    unit: Unit | None = Field(default=None, description="For which unit.")
    reason_id: str | None = None


class Link(Command):
    """The case is one with another that is open: the other one goes on, also for what still comes of this."""

    step: ClassVar[str] = "link"
    into: CaseId = Field(description="The case that goes on.")
    same_person: bool = Field(
        default=False, description="You made sure that it is one person, though the numbers do not say so."
    )
    reason_id: str | None = None
    """The evidence."""


class Unlink(Command):
    """They are two cases after all: this one goes on by itself, and who has read it meanwhile is listed."""

    step: ClassVar[str] = "unlink"
    reason_id: str | None = None


class Book(Command):
    """An appointment of the student with you."""

    step: ClassVar[str] = "book"
    at: AwareDatetime = Field(description="When it begins.")
    minutes: int = Field(default=50, ge=5, le=480, description="How long.")
    channel: Channel = Field(default=Channel.MEETING, description="How.")
    remark_id: str | None = None
    """Where, in words."""


class Rebook(Command):
    """Another time for an appointment."""

    step: ClassVar[str] = "rebook"
    booking: int = Field(description="Its number on the case's page.")
    at: AwareDatetime = Field(description="When it begins.")
    minutes: int = Field(default=50, ge=5, le=480, description="How long.")
    remark_id: str | None = None
    """Where, in words; left out: as before."""


class CancelAppointment(Command):
    """There will be no such appointment."""

    step: ClassVar[str] = "cancel-appointment"
    booking: int = Field(description="Its number on the case's page.")
    reason_id: str | None = None


class TellGuardian(Command):
    """A guardian of a student under 18 was told, or was not because that would endanger them."""

    step: ClassVar[str] = "tell-guardian"
    told: bool = Field(description="Somebody was told; else the reason says why that would endanger.")
    relation: Relation | None = Field(default=None, description="Who was told: what they are to the student.")
    reason_id: str | None = None
    """Why nobody is told."""


class ProposeCall(Command):
    """Propose to call a contact of the student; another senior person decides with you."""

    step: ClassVar[str] = "propose-call"
    contact: ContactPerson = Field(
        description="The emergency contact, or the one the student has consented to."
    )
    reason_id: str | None = None
    """What the contact is called for, and told."""


class ConfirmCall(Command):
    """Decide with whoever has proposed it that the contact is called."""

    step: ClassVar[str] = "confirm-call"
    reason_id: str | None = None


class DeclineCall(Command):
    """Decide that the contact is not called."""

    step: ClassVar[str] = "decline-call"
    reason_id: str | None = None


class NameInterpreter(Command):
    """The language that is spoken with the student, and who interprets, bound to secrecy."""

    step: ClassVar[str] = "name-interpreter"
    language: LanguageTag = Field(description="The language, such as zh, vi or pt-br.")
    interpreter: StaffId | None = Field(
        default=None, description="Staff id, or the code of a person outside (ext-…); left out: nobody yet."
    )
    relation: Acquaintance | None = Field(
        default=None, description="What they have declared to be to the student."
    )
    bound: bool = Field(default=False, description="They are bound to secrecy in writing.")


class NameAccused(Command):
    """Name the accused: a member of staff is out of the case at once, anybody else is named in words."""

    step: ClassVar[str] = "name-accused"
    staff_id: StaffId | None = Field(default=None, description="The accused, where they are of the staff.")
    person: Party | None = Field(
        default=None,
        description="Their number or mail address: who of the staff has it, now or later, is out.",
    )
    note_id: str | None = None
    """Who it is, where they are not of the staff."""


class NamePartyHead(Command):
    """Name the head of the unit of one of the parties: they sit out, and are out of the case at once."""

    step: ClassVar[str] = "name-party-head"
    staff_id: StaffId = Field(description="The head.")


class AllowContact(Command):
    """Whoever complains agrees that the accused is contacted, until a day."""

    step: ClassVar[str] = "allow-contact"
    form: Code = Field(description="Which version of the form was signed.")
    until: DueTime = Field(description="Until when.")


class ForbidContact(Command):
    """Whoever complains agrees no longer that the accused is contacted."""

    step: ClassVar[str] = "forbid-contact"


class ContactAccused(Command):
    """You have spoken to the accused, or tried to, as whoever complains has agreed."""

    step: ClassVar[str] = "contact-accused"
    channel: Channel = Field(description="How.")
    outcome: Outcome = Field(description="What came of it.")
    at: AwareDatetime | None = Field(default=None, description="When; left out: now.")
    note_id: str | None = None
    """What was said, for the record."""

    @property
    def happened_at(self) -> datetime | None:
        """When it was, where the person says so."""
        return self.at


class Investigate(Command):
    """Name who investigates: an officer of the harassment desk who has not counselled in the case."""

    step: ClassVar[str] = "investigate"
    staff_id: StaffId = Field(description="Who investigates.")
