"""The places ledger as a step changes it: places with their lines, the queue of a frame, and frames."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload

How = Literal[
    "claim",
    "take",
    "extend",
    "release",
    "lapse",
    "move",
    "swap",
    "queue",
    "pass-over",
    "leave-queue",
    "frame",
]
"""What is done: with a place, with an entry of a queue, or with a frame."""
Given = Literal["held", "offered", "taken"]
"""How a place is given: kept for somebody, offered to them, or theirs."""


Amount = Annotated[Decimal, Field(ge=0, lt=10**9, max_digits=12, decimal_places=3)]
"""How many, in the measure of a frame."""
FrameName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,31}/[A-Za-z0-9./:_-]{1,80}$")]
"""Begins with the room of the process whose it is."""


class PlaceLine(Payload):
    """So much of one frame; of a unit, such as a bed, for some days."""

    frame: str
    amount: Decimal = Decimal(1)
    """In the measure of the frame: persons, months."""
    unit: str | None = None
    """The one thing that is given, by a key that no other frame uses for another: given once on a day."""
    first: date | None = None
    until: date | None = None
    """The day on which the next may have it; None: until further notice."""


class FrameWanted(Payload):
    """What is to be true of a frame; what is None stays as it is."""

    places: Amount | None = None
    """How many there are."""
    limit: Amount | None = None
    """How many may be given out; follows the places until it is set to another number."""
    below: bool = False
    """Whether the limit may be lower than what is given out: nothing more is given until enough is back."""
    parent: FrameName | None = None
    """The frame in which each of its amounts counts too."""
    measure: Code | None = None
    allocator: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,31}/[A-Za-z0-9./_-]{1,64}$")] | None = None
    """The case that is told when something falls free."""


class PlaceChange(Payload):
    """One change of the ledger, as `iehe.change_places` takes it; `how` says which fields it has."""

    how: How
    place: str | None = None
    other: str | None = None
    """The place that is swapped with."""
    holder: str | None = None
    """A case id; None of a claim: nobody's, such as a bed that is closed."""
    purpose: Code | None = None
    state: Given | None = None
    lines: tuple[PlaceLine, ...] = ()
    ends_at: AwareDatetime | None = None
    at: datetime | None = None
    """When an offer was answered."""
    beyond: bool = False
    """Of a claim: given whatever the limits say, and whatever is free; when it comes back it is nobody's."""
    reason: Code | None = None
    frame: str | None = None
    rank: tuple[Decimal, ...] = ()
    amount: Decimal | None = None
    wanted: dict[str, JsonValue] = Field(default_factory=dict)
    """Codes of what would fit, of an entry of a queue; of a frame its `FrameWanted`."""
