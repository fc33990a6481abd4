"""Rows that a step of a run writes; `kind` names the function of the database that does."""

from datetime import date
from typing import Any, Literal

from schemas.dormitory.facts import Requested
from schemas.kernel.payload import Payload


class RequestNoted(Payload):
    """Somebody asks for a bed, or asks otherwise than before."""

    kind: Literal["request-noted"] = "request-noted"
    request: Requested
    late: int | None


class RequestEnded(Payload):
    """Somebody needs no bed of this run any more, or cannot have one."""

    kind: Literal["request-ended"] = "request-ended"
    case: str
    reason: str


class ArrivalNoted(Payload):
    """When somebody comes."""

    kind: Literal["arrival-noted"] = "arrival-noted"
    case: str
    on: date
    what: str


class ListDrawn(Payload):
    """The list of a run, whole: each with a bed or a reason."""

    kind: Literal["list-drawn"] = "list-drawn"
    hash: str
    lines: tuple[dict[str, Any], ...]


class ClosingNoted(Payload):
    """A room is closed for some days; `waits`: its beds that somebody has to leave first."""

    kind: Literal["closing-noted"] = "closing-noted"
    room: str
    first: date
    until: date
    reason: str
    waits: tuple[str, ...]


class ClosingFreed(Payload):
    """A bed of a closing stands empty now: it is closed from here on."""

    kind: Literal["closing-freed"] = "closing-freed"
    bed: str
