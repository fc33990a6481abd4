"""What a run asks the database for, and what it is told."""

from datetime import date, datetime

from pydantic import Field

from schemas.dormitory.run import Bed, Held, Request
from schemas.kernel.payload import Payload, Record
from schemas.kernel.policies import PolicyRef


class RunFacts(Payload):
    """What opening a run needs of what is stored."""

    policy_ref: PolicyRef
    received_at: datetime
    house: str
    term: str
    first: date
    until: date
    collect_until: datetime
    kept_until: date
    seed: str


class Closing(Record):
    """A bed of a room that is to be closed, and that somebody has to leave first."""

    bed: str
    first: date
    until: date


class Resident(Record):
    """Somebody of the house's own list, whom no case is about."""

    bed: str
    first: date
    until: date


class HouseFound(Record):
    """All of a house as it stands, under the locks of its frames."""

    beds: tuple[Bed, ...]
    held: tuple[Held, ...]
    requests: tuple[Request, ...]
    """Of this run."""
    queue: tuple[str, ...]
    """Who waits, in order, by their cases."""
    passed: dict[str, str] = Field(default_factory=dict)
    """Why who waits was passed over the last time."""
    free: dict[str, int]
    """By frame of the run, how many it can still give, without regard to those above."""
    parents: dict[str, str]
    closings: tuple[Closing, ...]
    residents: tuple[Resident, ...]
