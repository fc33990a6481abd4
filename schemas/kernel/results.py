"""Lists of results as a step changes them: made, prepared, confirmed by another one, released at an hour."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, StringConstraints

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload, Record

ListHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of the bytes of a list, in hexadecimal: what a person has seen is what is meant."""


class ResultList(Record):
    """A list as it stands, without anything that it says.

    It is `made` from what was known, `prepared` by a person, `confirmed` by another, `scheduled`, `out`.
    """

    list: str
    name: str
    number: int
    state: Literal["made", "prepared", "confirmed", "scheduled", "out"]
    inputs: str
    rules: str
    hash: str
    counts: dict[str, Any]
    prepared_by: str | None = None
    confirmed_by: str | None = None
    release: str | None = None


class ResultMade(Payload):
    """A list was made; one of that name that is not out counts no more."""

    kind: Literal["host-result-made"] = "host-result-made"
    name: Code
    inputs: ListHash
    rules: str
    body: str
    counts: dict[str, int]
    lines: tuple[dict[str, Any], ...] = ()
    """Of each case that it is about: `subject`, and the `result` that it is told when the list is out."""
    prepared: bool = False
    """Whether whoever makes it lays it before others at once."""


class ResultPrepared(Payload):
    """A person lays a list before others as it is."""

    kind: Literal["host-result-prepared"] = "host-result-prepared"
    name: Code
    hash: ListHash


class ResultConfirmed(Payload):
    """Another person has looked at it."""

    kind: Literal["host-result-confirmed"] = "host-result-confirmed"
    name: Code
    hash: ListHash


class ResultReopened(Payload):
    """A confirmed list that is not released is to be confirmed again."""

    kind: Literal["host-result-reopened"] = "host-result-reopened"
    name: Code


class ResultsWithdrawn(Payload):
    """What lists were made from has changed: those that are not out count no more."""

    kind: Literal["host-results-withdrawn"] = "host-results-withdrawn"
    names: tuple[Code, ...]
    reason: Code


class ResultsReleased(Payload):
    """Confirmed lists are out from an hour on; none: at once."""

    kind: Literal["host-results-released"] = "host-results-released"
    release: str
    names: tuple[Code, ...]
    hour: AwareDatetime | None = None


class ReleaseHeld(Payload):
    """A release that has not come does not come; its lists stay confirmed."""

    kind: Literal["host-release-held"] = "host-release-held"
    release: str
    reason: Code


class ResultsTold(Payload):
    """Cases were told what a list that is out says of them, by the numbers of its lines."""

    kind: Literal["host-results-told"] = "host-results-told"
    list: str
    lines: tuple[int, ...]
