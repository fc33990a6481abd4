"""Where a mobility stands: its stages, its six tracks, and what its checklist asks for."""

from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Where a mobility stands."""

    NOMINATED = "nominated"
    RETURNED = "returned"
    APPLYING = "applying"
    INCOMPLETE = "incomplete"
    SCREENING = "screening"
    WAITLISTED = "waitlisted"
    ACCEPTED = "accepted"
    PRE_ARRIVAL = "pre-arrival"
    READY = "ready"
    ARRIVED = "arrived"
    IN_TERM = "in-term"
    DEPARTING = "departing"
    DEPARTED = "departed"
    COMPLETED = "completed"
    REJECTED = "rejected"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    DEFERRED = "deferred"
    COE_DENIED = "coe-denied"
    VISA_REFUSED = "visa-refused"
    NO_SHOW = "no-show"
    EARLY_RETURN = "early-return"
    MISSING = "missing"


class Track(StrEnum):
    """What goes on in parallel."""

    COE = "coe"
    VISA = "visa"
    DORMITORY = "dormitory"
    SCHOLARSHIP = "scholarship"
    AGREEMENT = "agreement"
    TUTOR = "tutor"


class Coe(StrEnum):
    """The certificate of eligibility (在留資格認定証明書)."""

    NOT_NEEDED = "not-needed"
    DATA_DUE = "data-due"
    DATA_RECEIVED = "data-received"
    FILED = "filed"
    MORE_DOCUMENTS = "more-documents"
    ISSUED = "issued"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Visa(StrEnum):
    """The visa (査証)."""

    NOT_NEEDED = "not-needed"
    WAITING_COE = "waiting-coe"
    APPLIED = "applied"
    GRANTED = "granted"
    REFUSED = "refused"


class Housing(StrEnum):
    """A bed in a house (宿舎), or what takes its place."""

    NOT_APPLIED = "not-applied"
    REQUESTED = "requested"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    LAPSED = "lapsed"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked-in"
    CHECKED_OUT = "checked-out"
    ALTERNATIVE = "alternative-housing"
    RELEASED = "released"


class Scholarship(StrEnum):
    """The scholarship (奨学金)."""

    NOT_REQUESTED = "not-requested"
    INTEREST = "interest"
    NOMINATED = "nominated"
    SUBSTITUTE = "substitute-list"
    GRANTED = "granted"
    NOT_GRANTED = "not-granted"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETURN_DUE = "return-due"
    ENDED = "ended"


class Agreement(StrEnum):
    """The learning agreement (履修計画), signed by the student, then home, then host, each time."""

    NONE = "none"
    PROPOSED = "proposed"
    COMMENTED = "commented"
    APPROVED = "approved"
    CHANGE_PROPOSED = "change-proposed"


class Tutor(StrEnum):
    """The tutor (チューター)."""

    UNASSIGNED = "unassigned"
    ASSIGNED = "assigned"
    GUIDED = "guided"
    ENDED = "ended"


class Item(StrEnum):
    """What is to be done after the arrival, each with its proof."""

    RESIDENCE_CARD = "residence-card"
    ADDRESS = "address"
    HEALTH_INSURANCE = "health-insurance"
    MY_NUMBER = "my-number"
    BANK = "bank"
    PRIVATE_INSURANCE = "private-insurance"
    ORIENTATION = "orientation"
    PLACEMENT_TEST = "placement-test"
    COURSES = "courses"
    HEALTH_CHECK = "health-check"


class Signature(StrEnum):
    """Who signs a learning agreement, in this order."""

    STUDENT = "student"
    HOME = "home"
    HOST = "host"


SIGNED_IN_ORDER: Final = tuple(Signature)
CARD_AT_ARRIVAL: Final = frozenset({"nrt", "hnd", "kix", "ngo", "hij", "cts", "fuk"})
"""Airports at which a residence card is issued; elsewhere it comes by post after registering (X14)."""
