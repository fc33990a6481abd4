"""What a support case remembers: codes, levels and times."""

from datetime import date, datetime

from pydantic import Field

from schemas.kernel.case import CaseState
from schemas.kernel.payload import Record
from schemas.support.access import AccessRequest
from schemas.support.people import ContactPerson
from schemas.support.policy import SupportPolicy
from schemas.support.stages import USUAL_LEVEL, Channel, Content, Unit, Way


class Offer(Record):
    """A case that a colleague is to take over; the owner keeps it until they accept."""

    to: str
    unit: Unit
    by: str


class Consent(Record):
    """What the student allows a unit to see (P7)."""

    content: Content
    purpose: str
    form: str
    until: datetime


class Giver(Record):
    """Whose a case was that went to another unit by consent; there it returns when that ends."""

    unit: Unit | None = None
    owner: str | None = None


class Cover(Record):
    """Who has a case while its owner is not there because of a closure (S19)."""

    last: date
    """Last day of the closure."""
    owner: str | None = None
    """Whose it is, when it was asked for."""
    by: str | None = None
    """Staff id of the cover, once named."""


class Booking(Record):
    """An appointment that has been neither held nor missed."""

    at: datetime
    channel: Channel


class CallProposed(Record):
    """A contact that somebody senior proposes to call."""

    contact: ContactPerson
    by: str


class ContactAllowed(Record):
    """Whoever complains agrees that the accused is contacted."""

    form: str
    since: datetime
    until: datetime


class SupportState(CaseState):
    """Everything a case remembers."""

    policy: SupportPolicy | None = Field(default=None, exclude=True)
    received_at: datetime | None = None
    way: Way = Way.FORM
    language: str = "ja"
    anonymous: bool = False
    referrer: bool = False
    """Somebody is told when contact was made."""
    urgent: bool = False
    level: int = USUAL_LEVEL
    scored: bool = False
    """The level is the rubric's; before, it is what the referral asks for."""
    unit: Unit | None = None
    owner: str | None = None
    """Staff id; None while it is in the queue of the unit, or of triage."""
    offer: Offer | None = None
    consents: dict[Unit, Consent] = Field(default_factory=dict)
    giver: Giver | None = None
    responded_at: datetime | None = None
    """When the student was first spoken to."""
    attempts: int = 0
    """Failed ones since the student was last reached."""
    waits_on: str | None = None
    """`student` or a unit, in the stage `waiting`."""
    linked_to: str | None = None
    """The case that goes on in place of this one (S11)."""
    links: dict[str, list[str]] = Field(default_factory=dict)
    """Cases that this one goes on for, each with the members of staff who are out of it on that account."""
    booked: dict[str, Booking] = Field(default_factory=dict)
    """Appointments by their numbers."""
    bookings: int = 0
    """Number of the last one."""
    call: CallProposed | None = None
    """A contact of the student is to be called, when a second senior person decides so (S17)."""
    spoken: str | None = None
    """The language that is spoken with the student, where an interpreter is needed (S18)."""
    interpreter: str | None = None
    """Staff id, or the code of somebody outside."""
    access: AccessRequest | None = None
    """The student has asked to see what is held about them (P8)."""
    desk: bool = False
    """The harassment desk has taken it over: triage has no part in it any more, wherever it goes (E17)."""
    accused: bool = False
    """Somebody is named as the accused."""
    accused_contact: ContactAllowed | None = None
    investigators: list[str] = Field(default_factory=list)
    """Staff ids of who investigates, and so does not counsel."""
    page: int = 0
    """Number of the last danger that was paged."""
    crisis_lead: str | None = None
    """Who attends to the crisis."""
    covers: dict[str, Cover] = Field(default_factory=dict)
    """By the first day of each long closure for which a cover was asked."""
