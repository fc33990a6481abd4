"""The bodies of the answers about what is given out."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from gateway.responses import Answer, Lines


class FrameTold(Answer):
    """What is given out and how much of it, in decimals as texts; `free` with regard to all frames above."""

    frame: str
    process: str
    parent: str | None
    measure: str
    allocator: str | None
    """The case that is told when something falls free."""
    places: str
    limit: str
    """How many may be given out."""
    held: str
    offered: str
    taken: str
    extra: str
    """How much of what is given out was given beyond the limit; when it comes back nothing is free."""
    free: str


class FramePage(Answer):
    """Some frames."""

    frames: tuple[FrameTold, ...]


class PlaceLineTold(Answer):
    """So much of one frame; of a unit for some days, `until` being the day on which the next may have it."""

    frame: str
    amount: str
    unit: str | None = None
    first: date | None = None
    until: date | None = None


class PlaceTold(Answer):
    """What somebody has, was offered or has had."""

    place: str
    holder: str | None
    """A case; null: nobody's, such as what is closed."""
    purpose: str
    state: Literal["held", "offered", "taken", "released", "lapsed", "declined"]
    ends_at: datetime | None
    since: datetime
    by_case: str
    by_version: int
    lines: tuple[PlaceLineTold, ...]


class PassedOver(Answer):
    """Why somebody behind was served before, the last time."""

    reason: str
    at: datetime


class WaitingTold(Answer):
    """Who waits for something of a frame, by rank and then by when they came."""

    frame: str
    holder: str
    rank: tuple[str, ...]
    amount: str
    wanted: dict[str, Any]
    since: datetime
    state: Literal["waiting", "offered"]
    place: str | None
    passed_over: PassedOver | None
    ahead: int | None = None
    """How many are before them."""
    free: str | None = None


class FrameShown(FrameTold):
    """A frame, who has something of it and who waits."""

    holders: tuple[PlaceTold, ...]
    queue: tuple[WaitingTold, ...]


class PlaceLogged(Answer):
    """One change of a place, or of an entry of the queue of a frame, and the step that made it."""

    at: datetime
    place: str | None
    frame: str | None
    from_state: str | None = Field(alias="from")
    to: str
    reason: str | None
    ends_at: datetime | None
    lines: tuple[PlaceLineTold, ...]
    by_case: str | None
    by_version: int | None
    step: str | None


class PlacesExplained(Answer):
    """What a case has and waits for, the evidence in order, and all of it in words."""

    case_id: str
    places: tuple[PlaceTold, ...]
    waiting: tuple[WaitingTold, ...]
    log: tuple[PlaceLogged, ...]
    told: Lines
