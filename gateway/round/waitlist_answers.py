"""What the doors of a waitlist answer: whom to call, and the proof that nobody was skipped."""

from datetime import datetime

from pydantic import JsonValue

from gateway.responses import Answer


class CallRow(Answer):
    """Who is to be called now, and how the calls so far went; moments in time of the answer's zone."""

    programme: str
    frame: str
    waits: int
    number: str
    called_at: datetime
    reply_by: datetime | None
    calls: int
    last_call: datetime | None
    last_outcome: str | None


class CallSheet(Answer):
    """Those who are called now, in order."""

    calls: tuple[CallRow, ...]


class ContactTold(Answer):
    """A call: who made it, when, how it ended."""

    at: datetime
    outcome: str
    called_back: bool
    caller: str


class ProofLine(Answer):
    """An entry of a waitlist with all that was done about it."""

    programme: str
    frame: str
    waits_at: int
    number: str
    entry: str
    state: str
    called_at: datetime | None
    reply_by: datetime | None
    ended_at: datetime | None
    offered_until: datetime | None
    evidence: dict[str, JsonValue]
    list: str | None = None
    """The correction list that has given a place to whoever was skipped for it."""
    since: datetime
    contacts: tuple[ContactTold, ...]
    changes: tuple[dict[str, JsonValue], ...]


class Proof(Answer):
    """Every entry in its order; `skipped`: those before whom somebody was called without evidence of why."""

    case_id: str
    skipped: tuple[str, ...]
    entries: tuple[ProofLine, ...]
