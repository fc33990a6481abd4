"""What a request asks the database for, and what it is told; nothing of it is personal."""

from datetime import datetime

from schemas.kernel.payload import Payload
from schemas.kernel.policies import PolicyRef
from schemas.outreach.stages import Kind


class Title(Payload):
    """What it is about, in both languages: a topic's title, or a field."""

    ja: str
    en: str


class TopicFacts(Payload):
    """A topic of the year, or a field in which there is one."""

    topic: str | None = None
    field: str
    title: Title


class RequestFacts(TopicFacts):
    """What opening a case needs of the stored request."""

    policy_ref: PolicyRef
    received_at: datetime
    kind: Kind
    grade: str
    persons: int
    minutes: int
    dates: tuple[datetime, ...]


class LecturerFound(Payload):
    """A lecturer under lock. `free` holds the places, from 0, of the dates at which they can come."""

    lecturer: str
    active: bool = True
    """Of the staff, in the role, and there at one of the dates at least."""
    full: bool = False
    """Every date that is free falls in a term in which they give as many lectures as they may (O4)."""
    free: tuple[int, ...] = ()
