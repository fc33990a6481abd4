"""Facts that a mobility tells other processes: codes, ids and dates alone."""

from datetime import date
from typing import Annotated, Literal

from pydantic import StringConstraints

from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import Payload

Key = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4,64}$")]
"""Stands for a person and says nothing of who it is."""
TermCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}[SA]$")]
Language = Annotated[str, StringConstraints(pattern=r"^(ja|en)$")]


class Arrived(Payload):
    """A student has arrived: a health check begins."""

    person: Key
    arrived_on: date
    term: TermCode
    language: Language
    due_on: date


class StudentMissing(Payload):
    """Nobody knows where a student is: a support case begins, with nothing clinical in it."""

    person: Key
    term: TermCode
    language: Language


class BedRequested(Payload):
    """A student asks a house for a bed; what it must know of the person stands in its own rows."""

    case: CaseId
    house: Code
    term: TermCode
    types: tuple[Code, ...]
    first: date
    until: date
    quota: Code
    faculty: Code
    accepted: bool


class BedArrival(Payload):
    """When a student with a bed comes, or comes later than was said, or has moved in."""

    case: CaseId
    house: Code
    term: TermCode
    on: date
    what: Literal["planned", "delayed", "moved-in"]


class BedReleased(Payload):
    """A student does not want, or does not need, the bed any more; its days are free already."""

    case: CaseId
    house: Code
    term: TermCode
    reason: Code
