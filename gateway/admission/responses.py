"""The bodies of the answers about applications that are stored many at once."""

from datetime import datetime
from uuid import UUID

from gateway.responses import Answer


class BatchAccepted(Answer):
    """A batch is stored; its cases start by themselves."""

    batch_id: UUID | None
    given: int
    stored: int
    known: int


class BatchProgress(Answer):
    """How far the cases of a batch have been started."""

    batch_id: UUID
    round_id: str
    stored: int
    started: int
    accepted_at: datetime
