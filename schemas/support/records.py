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
    kind_code: str | None = None


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


class Linked(Payload):
    """A person found that the case is one with another, which goes on (S11)."""

    kind: Literal["linked"] = "linked"
    survivor: str
    evidence_id: str


class Unlinked(Payload):
    """They are two after all: who may have read what was not of their case is listed."""

    kind: Literal["unlinked"] = "unlinked"
    reason_id: str


class ConcernedNoMore(Payload):
    """A member of staff who was out of the case only on account of another one."""

    kind: Literal["concerned-no-more"] = "concerned-no-more"
    staff_id: str


class Booked(Payload):
    """An appointment at a time at which its counsellor has no other one (E7)."""

    kind: Literal["booked"] = "booked"
    booking: int
    counsellor: str
    at: AwareDatetime
    minutes: int
    channel: str
    place_id: str | None


class Appointed(Payload):
    """What became of an appointment."""

    kind: Literal["appointed"] = "appointed"
    booking: int
    became: Literal["held", "missed", "cancelled"]


class GuardianTold(Payload):
    """A guardian was told, or was not and why (S17)."""

    kind: Literal["guardian-told"] = "guardian-told"
    told: bool
    relation: str | None
    reason_id: str | None


class CallDecided(Payload):
    """What two senior people decided about calling a contact of the student (S17)."""

    kind: Literal["call-decided"] = "call-decided"
    contact: str
    proposed_by: str
    reason_id: str | None
    confirmed: bool


class InterpreterNamed(Payload):
    """Who interprets which language from now on (S18)."""

    kind: Literal["interpreter-named"] = "interpreter-named"
    language: str
    interpreter: str | None


class HandedToDesk(Payload):
    """The harassment desk has it: whoever works in these roles sees and hears no more of it (E17)."""

    kind: Literal["handed-to-desk"] = "handed-to-desk"
    roles: tuple[str, ...]


class DeskNoted(Payload):
    """What the harassment desk has noted: parties, investigators, and contact with the accused (E17)."""

    kind: Literal["desk-noted"] = "desk-noted"
    what: Literal[
        "accused", "head", "investigator", "contact-allowed", "contact-forbidden", "accused-contacted"
    ]
    staff_id: str | None = None
    person: str | None = None
    """Keyed hash of a number or mail address, and the id of the text that has it."""
    code: str | None = None
    """Version of the form, or how the accused was contacted and what came of it."""
    until: AwareDatetime | None = None
    note_id: str | None = None
