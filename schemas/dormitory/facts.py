"""Facts about the allocation of a house that other systems and other cases tell."""

from datetime import date
from typing import Annotated, Literal

from schemas.dormitory.run import PersonStated
from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import Payload
from schemas.kernel.personal import Apart, KeptMark


class PersonToldOf(Payload):
    """What a person has stated, at the portal or to the office; kept apart."""

    person: Annotated[PersonStated | KeptMark, Apart.KEPT]


class SwapAnswered(Payload):
    """One of two says yes or no to a swap, at the portal."""

    swap: Code
    mobility: CaseId
    answer: Literal["yes", "no"]


class PlaceFreed(Payload):
    """Something of the house's frame has fallen free."""

    frame: str


class ListLoaded(Payload):
    """The house's list of beds was loaded, and says something else than before."""


class Requested(Payload):
    """A student asks for a bed."""

    case: CaseId
    house: Code
    term: str
    types: tuple[Code, ...]
    first: date
    until: date
    quota: Code
    faculty: Code
    accepted: bool


class Released(Payload):
    """A student does not need a bed any more."""

    case: CaseId
    house: Code
    term: str
    reason: Code


class Arrival(Payload):
    """When a student comes, whether later than was said, or has moved in."""

    case: CaseId
    house: Code
    term: str
    on: date
    what: Literal["planned", "delayed", "moved-in"]
