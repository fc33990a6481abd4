"""The waitlist (補欠): its entries, the calls, by which times people are called, and what is told of it."""

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.japan import TOKYO
from schemas.kernel.payload import Payload

ELSEWHERE: Final = "enrolled-elsewhere"
"""The kind of batch that names who has enrolled at another university."""
Number = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{3,23}$")]
"""An examinee's number (受験番号)."""
DayAndHour = Annotated[
    str,
    StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) ([01][0-9]|2[0-3]):[0-5][0-9]$"),
]
"""A moment of any year, in Tokyo: `03-28 09:00`."""


class EntryState(StrEnum):
    """Where an entry of the waitlist stands."""

    WAITING = "waiting"
    CALLING = "calling"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    ELSEWHERE = "elsewhere"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"


QUEUED: Final = frozenset({EntryState.WAITING, EntryState.CALLING})
"""Those who may still be called, or are."""
PLACED: Final = frozenset({EntryState.OFFERED, EntryState.ACCEPTED})
"""Those who have got a place by their entry."""


class ContactOutcome(StrEnum):
    """How a call ended."""

    NO_ANSWER = "no-answer"
    BUSY = "busy"
    OTHER_PERSON = "other-person"
    MESSAGE_LEFT = "message-left"
    DECLINES = "declines"
    ACCEPTS = "accepts"


TRIES: Final = frozenset({ContactOutcome.NO_ANSWER, ContactOutcome.BUSY, ContactOutcome.OTHER_PERSON})
"""Calls by which the applicant was not reached."""


class CallingPolicy(Payload):
    """When applicants are called for places that fall free, and until when they answer."""

    promote_from: DayAndHour = "03-28 09:00"
    promote_until: DayAndHour = "03-31 23:59"
    enrol_until: DayAndHour = "03-31 17:00"
    """Until when who is promoted enrols; who is promoted later does until promotion ends."""
    last_days_from: DayAndHour = "03-30 00:00"
    """From then on there is an answer within hours, before it by the end of the next day."""
    hours_from: time = time(9)
    hours_until: time = time(19)
    tries: int = Field(default=3, ge=1)
    tries_apart_minutes: int = Field(default=60, ge=0)
    reply_hours_at_last: int = Field(default=3, ge=1)
    elsewhere_hours: int = Field(default=24, ge=1)
    """So old at most is the list of who enrolled elsewhere when somebody is called."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.promote_from < self.enrol_until <= self.promote_until:
            raise ValueError("promote_from, enrol_until and promote_until have to follow each other")
        if self.hours_from >= self.hours_until:
            raise ValueError("hours_from is before hours_until")
        return self


def moment_in(year: int, moment: DayAndHour) -> datetime:
    """The moment in a year.

    Raises:
        ValueError: that year has no such day.
    """
    return datetime.strptime(f"{year}-{moment}", "%Y-%m-%d %H:%M").replace(tzinfo=TOKYO)


# what a step is told --------------------------------------------------------------------------------------


class PlaceFound(Payload):
    """What the ledger has of a person: the one place that the round gives."""

    place: str
    state: str
    frame: Code | None = None
    """None: it has ended."""
    choice: int | None = None
    """Which choice of the person it is, from 1."""
    ends_at: datetime | None = None
    extra: bool = False
    """Whether it was given beyond the limit: nothing is free when it comes back."""

    @property
    def live(self) -> bool:
        """Whether the person has it."""
        return self.state in ("held", "offered", "taken")


class Entry(Payload):
    """An entry as a step finds it."""

    entry: Code
    frame: Code
    programme: Code
    number: Number
    application: CaseId
    choice: int
    waits_at: int
    """The waitlist's place; fully tied examinees have the same."""
    state: EntryState
    called_at: datetime | None = None
    reply_by: datetime | None = None
    tries: int = 0
    last_try_at: datetime | None = None
    message_left: bool = False
    gone: Code | None = None
    """Why the application counts no more."""
    elsewhere: str | None = None
    """The batch, or the correction, that says so."""
    place: PlaceFound | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """Total and repeatable: the waitlist's place, then the examinee's number, as numbers."""
        return self.waits_at, int.from_bytes(self.number.encode().ljust(24, b"\0"), "big")


class HolderElsewhere(Payload):
    """Somebody who has a place of the round and has enrolled at another university."""

    application: CaseId
    batch: str


class WaitlistFound(Payload):
    """The waitlist of a round as a step finds it; its frames are locked until the step is written."""

    promote_from: datetime | None = None
    """As the round was announced; None: by the policy."""
    listed_at: datetime | None = None
    """When the newest list of who enrolled elsewhere was accepted."""
    free: dict[Code, int]
    """By frame, without regard to those above it: limit less what is given out."""
    entries: tuple[Entry, ...] = ()
    """All that are not over."""
    holders_elsewhere: tuple[HolderElsewhere, ...] = ()
    """Whose cases have not been told yet."""


# what a step writes ---------------------------------------------------------------------------------------


class QueuedEntry(Payload):
    """A waitlisted line of a list that is out."""

    entry: Code
    list: str
    line: int
    frame: Code
    programme: Code
    number: Number
    application: CaseId
    choice: int
    waits_at: int


class EntriesQueued(Payload):
    """Waitlisted lines become entries."""

    kind: Literal["entries-queued"] = "entries-queued"
    entries: tuple[QueuedEntry, ...]


class EntryChange(Payload):
    """Where an entry stands from now on, and by which evidence."""

    entry: Code
    state: EntryState
    reply_by: datetime | None = None
    evidence: dict[str, Any] = Field(default_factory=dict)
    """Codes and ids: `code`, and `batch`, `place` or `clock`."""


class EntriesChanged(Payload):
    """What a look at the waitlist has changed."""

    kind: Literal["entries-changed"] = "entries-changed"
    changes: tuple[EntryChange, ...]


class ContactRecorded(Payload):
    """A call, or an applicant's calling back; it can never be changed (R25)."""

    kind: Literal["contact-recorded"] = "contact-recorded"
    entry: Code
    at: datetime
    outcome: ContactOutcome
    called_back: bool
    listener_note_id: str | None = None


class ElsewhereAccepted(Payload):
    """A list of who enrolled elsewhere counts; no list of results was made from it."""

    kind: Literal["elsewhere-accepted"] = "elsewhere-accepted"
    batch: UUID
    hash: str


class ElsewhereTold(Payload):
    """Cases that have been told that their applicants enrolled elsewhere."""

    kind: Literal["elsewhere-told"] = "elsewhere-told"
    holders: tuple[HolderElsewhere, ...]


class WaitlistToldOver(Payload):
    """Entries whose cases have been told that nobody waits any more."""

    kind: Literal["waitlist-told-over"] = "waitlist-told-over"
    entries: tuple[Code, ...]


# what other processes are told ----------------------------------------------------------------------------


class PlaceOffered(Payload):
    """A place of the round is held for an application: the case finds it in the ledger as its holder."""

    case: CaseId
    round: CaseId


class WaitlistReleased(Payload):
    """Nobody waits for a place of the round any more."""

    case: CaseId
    round: CaseId


class EnrolledElsewhere(Payload):
    """An applicant who has a place has enrolled at another university: the case gives it back."""

    case: CaseId
    round: CaseId
