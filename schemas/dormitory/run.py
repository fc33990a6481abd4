"""How the allocation of a house and term begins, and the rules' own words of beds, persons and requests."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.dormitory.stages import Gender, Need, Reason, RoomKind, Status
from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import Payload, Record

House = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{1,11}$")]
BedName = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{0,15}$")]
"""Of a bed or a room within its house, such as `101-A`."""
Seed = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{4,64}$")]


class RunForm(Payload):
    """A house gives its beds for a term: for which days, and until when requests are collected.

    The seed of the draw is published with it, before anybody has asked (X23).
    """

    first: date = Field(description="From when on stays of the term begin.")
    until: date = Field(description="The day after its last stay, as a rule.")
    collect_until: AwareDatetime = Field(
        description="Until when requests are of equal rank; a later one waits behind them."
    )
    kept_until: date = Field(description="Until when a bed is kept for who has reported a delay (X32).")
    seed: Seed = Field(description="Of the draw; nobody can change it any more.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.first < self.until or not self.first <= self.kept_until < self.until:
            raise ValueError("first, kept_until and until have to follow each other")
        return self


class PersonStated(Payload):
    """What allocation must know of a person, as the person has stated it; in no history and no inbox."""

    mobility: CaseId
    """Whose it is, by the case that asks for the bed."""
    gender: Gender = Gender.UNDISCLOSED
    shares_with: Gender | None = None
    """With whom somebody who discloses no gender has said to share, when asked."""
    needs: tuple[Need, ...] = ()
    partner: CaseId | None = None
    """With whom a couple's room is asked for."""
    partner_proven: bool = False
    stays_on: bool = False
    """Lives in a house already: those who are new come first (X23)."""
    promises_to_move: bool = False
    """Leaves an accessible bed to somebody who needs it (X27)."""
    broke_rules: bool = False
    arrears_months: int = Field(default=0, ge=0, le=120)
    status: Status = Status.EXPECTED


class Bed(Record):
    """A bed of a house."""

    bed: str
    room: str
    kind: RoomKind
    group: str | None = None
    """For whom its room is meant, where the house says so."""


class Held(Record):
    """Who has a bed on which days; nobody (`holder`): it is closed, cleaned, or somebody else's."""

    bed: str
    first: date
    until: date | None
    place: str
    holder: str | None
    state: str
    purpose: str
    frame: str
    ends_at: datetime | None = None
    group: str | None = None
    """Of the holder, for rooms that are shared."""


class Request(Record):
    """Somebody asks for a bed of the house and term, with what was stated."""

    case: str
    types: tuple[str, ...]
    first: date
    until: date
    quota: str
    faculty: str
    accepted: bool
    late: int | None = None
    """Asked after the end of collecting: when, in seconds of the epoch."""
    waiting: bool = False
    """In the queue."""
    place: str | None = None
    """What they hold, or were offered."""
    place_state: str | None = None
    arrives_on: date | None = None
    delayed: bool = False
    moved_in: bool = False
    lapses: int = 0
    """Offers of this run that were not answered."""
    person: PersonStated

    @property
    def group(self) -> str | None:
        """Among whom they can live in a shared room; none: nobody has said."""
        person = self.person
        stated = person.gender if person.gender in (Gender.WOMAN, Gender.MAN) else person.shares_with
        return None if stated is None else str(stated)


class Quota(Payload):
    """How many beds of a house an agreement has, and whether it was promised them."""

    beds: int = Field(ge=0)
    guaranteed: bool = False
    faculties: dict[Code, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)


class Line(Record):
    """What the run gives somebody: a bed in a frame, or why none."""

    case: str
    rank: tuple[int, ...]
    bed: str | None = None
    frame: str | None = None
    reason: Reason | None = None
