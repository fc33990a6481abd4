"""What a mobility remembers: codes, counts and times; nothing of the student."""

from datetime import date, datetime
from decimal import Decimal

from pydantic import Field

from schemas.exchange.policy import ExchangePolicy
from schemas.exchange.stages import Signature
from schemas.kernel.case import CaseState
from schemas.kernel.payload import Record


class Advisor(Record):
    """An advisor who was asked, and what they said: asked, yes, no, silent."""

    staff_id: str
    answer: str = "asked"


class Plan(Record):
    """A version of the learning agreement, and who has signed it."""

    version: int
    content: str
    """SHA-256 of what was signed."""
    signed: list[Signature] = Field(default_factory=list)


class Arrival(Record):
    """The slot for which the student is expected."""

    slot: datetime
    port: str
    delayed: bool = False
    version: int = 1


class Proof(Record):
    """A point of the checklist that is done: since when, and by whom it was seen."""

    on: date
    by: str


class BedWish(Record):
    """What a student has asked a house for."""

    types: tuple[str, ...]
    first: date
    until: date


class ExchangeState(CaseState):
    """Everything a mobility remembers."""

    policy: ExchangePolicy | None = Field(default=None, exclude=True)
    received_at: datetime | None = None
    term: str = ""
    """Year and season: `27S` begins in April 2027, `27A` in October."""
    partner: str = ""
    quota: str = ""
    """The agreement (協定) of whose frames it takes a place."""
    faculty: str = ""
    months: Decimal = Decimal(0)
    first: date | None = None
    """The stay as the home university plans it (X1)."""
    last: date | None = None
    needs_coe: bool = True
    language: str = "en"
    revision: int = 1
    """Of the nomination, as the home university counts it."""
    seen: str = "pending"
    """What the partner is told: pending, verified, rejected (X9)."""
    place_held: bool = False
    waits_for: list[str] = Field(default_factory=list)
    """Frames in whose queues it stands."""
    reason: str | None = None
    """Why it was returned, waitlisted or rejected: a code of the policy."""
    submitted_at: datetime | None = None
    advisors: list[Advisor] = Field(default_factory=list)
    validated_by: str | None = None
    validated: int | None = None
    """The revision that the faculty's coordinator has validated."""
    rejected_by: str | None = None
    released: bool = False
    coe_batch: str | None = None
    coe_until: date | None = None
    arrival: Arrival | None = None
    arrived_on: date | None = None
    settled_on: date | None = None
    """Since when the student lives at an address (X15)."""
    checklist: dict[str, Proof] = Field(default_factory=dict)
    asked_for: list[str] = Field(default_factory=list)
    """The points of the checklist that this student has to do, in the order in which they can be done."""
    confirmed: list[str] = Field(default_factory=list)
    """Months, `2027-05`, for which the student has signed."""
    excused: list[str] = Field(default_factory=list)
    on_leave: bool = False
    absent_since: date | None = None
    offer: str | None = None
    """The place of the bed that is offered or promised."""
    house: str | None = None
    bed_wish: BedWish | None = None
    offer_until: datetime | None = None
    bed_gap: int = 0
    """Days for which the house cleans it afterwards."""
    bed_latest: date | None = None
    """The last day on which a room of its kind is left, where it has one."""
    scholarship_months: int = 0
    paid: list[str] = Field(default_factory=list)
    plan: Plan | None = None
    approved: Plan | None = None
    """The last plan that all three have signed."""
    first_approved: Plan | None = None
    tutor: str | None = None
    debts: bool = False
    left_on: date | None = None
    ward_office: bool = False
    grades: bool = False
    transcript: str | None = None
    """released, or partial."""
    surveyed: bool = False
    deferred_to: str | None = None
    deferred_from: str | None = None
    excused_return: bool | None = None

    @property
    def stay(self) -> tuple[date, date]:
        """First and last day of the stay."""
        if self.first is None or self.last is None:
            raise RuntimeError("no stay is known")
        return self.first, self.last
