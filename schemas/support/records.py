"""Rows that a step of a support case writes; `kind` names the function of the database that does."""

from typing import Literal

from pydantic import AwareDatetime

from schemas.kernel.payload import Payload


class Scored(Payload):
    """Scores of the rubric, each with its reason (S9)."""

    kind: Literal["scored"] = "scored"
    distress: int | None
    hostility: int | None
    distress_reason_id: str | None
    hostility_reason_id: str | None
    level: int


class Owned(Payload):
    """One owner or one queue, from now on (invariant 4)."""

    kind: Literal["owned"] = "owned"
    unit: str | None
    owner: str | None
    why: str


class Contacted(Payload):
    """The student was spoken to, or was not reached."""

    kind: Literal["contacted"] = "contacted"
    channel: str
    outcome: str
    at: AwareDatetime
    note_id: str | None = None


class Concerned(Payload):
    """A member of staff whom the case is about or against: out of it from now on (E18)."""

    kind: Literal["concerned"] = "concerned"
    staff_id: str


class Consented(Payload):
    """The student allows a unit to see so much of the case (P7)."""

    kind: Literal["consented"] = "consented"
    unit: str
    content: str
    purpose: str
    form: str
    until: AwareDatetime


class ConsentEnded(Payload):
    """That holds no more: withdrawn, or its time is over."""

    kind: Literal["consent-ended"] = "consent-ended"
    unit: str
    how: str


class Disclosed(Payload):
    """Something was told outside what the student allows (P4)."""

    kind: Literal["disclosed"] = "disclosed"
    ground: str
    to: str
    reason_id: str


class Asked(Payload):
    """A ladder asks a member of staff, who sees the case from now on."""

    kind: Literal["asked"] = "asked"
    staff_id: str


class Covered(Payload):
    """Somebody has the case for the days of a closure, in place of its owner (S19); or no longer."""

    kind: Literal["covered"] = "covered"
    owner: str
    by: str
    begins_at: AwareDatetime
    ends_at: AwareDatetime
    over: bool = False


class Paged(Payload):
    """A page went out to somebody, who sees the whole case from now on."""

    kind: Literal["paged"] = "paged"
    page: int
    rung: str
    staff_id: str
