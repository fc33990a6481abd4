"""Rows that a step of a mobility writes; `kind` names the function of the database that does."""

from datetime import date
from typing import Literal

from schemas.exchange.facts import Month
from schemas.kernel.payload import Payload


class SeenByPartner(Payload):
    """What the home university is told of its nomination (X9)."""

    kind: Literal["seen-by-partner"] = "seen-by-partner"
    status: str


class LetterFiled(Payload):
    """A recommender's letter, by its hash."""

    kind: Literal["letter-filed"] = "letter-filed"
    sha256: str


class AdvisorAsked(Payload):
    """An advisor was asked, or the answer is known."""

    kind: Literal["advisor-asked"] = "advisor-asked"
    staff_id: str
    answer: str


class CoeFiled(Payload):
    """The certificate was applied for in a batch."""

    kind: Literal["coe-filed"] = "coe-filed"
    batch: str


class CoeTold(Payload):
    """What immigration has said."""

    kind: Literal["coe-told"] = "coe-told"
    result: str
    on: date


class Deferred(Payload):
    """The next term's case is stored, with the same nomination, and started."""

    kind: Literal["deferred"] = "deferred"
    to: str
    term: str


class NumberGiven(Payload):
    """The student has a number here, unless they had one before."""

    kind: Literal["number-given"] = "number-given"


class DormitoryStay(Payload):
    """Moved in, or out."""

    kind: Literal["dormitory-stay"] = "dormitory-stay"
    what: Literal["in", "out"]
    on: date


class ArrivalSeen(Payload):
    """The day on which the student came, or left: what the host is the master of (X1)."""

    kind: Literal["arrival-seen"] = "arrival-seen"
    on: date
    left: bool = False


class ProofSeen(Payload):
    """A point of the checklist is done."""

    kind: Literal["proof-seen"] = "proof-seen"
    item: str
    on: date


class Confirmed(Payload):
    """The student has signed for a month."""

    kind: Literal["confirmed"] = "confirmed"
    month: Month


class Paid(Payload):
    """A month was paid; the table takes none without its signature (X19)."""

    kind: Literal["paid"] = "paid"
    month: Month


class AbsenceNoted(Payload):
    """The student is away, or was."""

    kind: Literal["absence-noted"] = "absence-noted"
    first: date
    last: date | None
    excused: bool


class StayChanged(Payload):
    """The actual days of the stay."""

    kind: Literal["stay-changed"] = "stay-changed"
    first: date
    last: date


class ScholarshipTold(Payload):
    """What the foundation has said, or that its place was given back."""

    kind: Literal["scholarship-told"] = "scholarship-told"
    result: str
    months: int | None


class AgreementTold(Payload):
    """A version of the learning agreement: proposed, approved."""

    kind: Literal["agreement-told"] = "agreement-told"
    version: int
    what: str
    sha256: str


class TutorNamed(Payload):
    """A tutor was given to the student, or is free again."""

    kind: Literal["tutor-named"] = "tutor-named"
    tutor: str
    what: Literal["assigned", "ended"]


class TranscriptReleased(Payload):
    """The transcript of records went to the home university."""

    kind: Literal["transcript-released"] = "transcript-released"
    partial: bool
