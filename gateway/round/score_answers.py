"""What the doors of score files answer."""

from uuid import UUID

from pydantic import Field

from gateway.responses import Answer, FaultTold


class PartRow(Answer):
    """What a file holds of a part: counts and marks, beside last year's; `flags`: what looks wrong."""

    part: str
    flags: tuple[str, ...]
    count: int
    zero: int
    absent: int
    exempt: int
    present: int
    blank: int
    min: str | None
    max: str | None
    mean: str | None
    full: str | None
    last_count: int | None
    last_min: str | None
    last_max: str | None
    last_mean: str | None


class ScoresTaken(Answer):
    """A file that was loaded and waits to be accepted, or with `check` what it holds."""

    checked_only: bool
    batch: UUID | None = None
    hash: str
    mapping: str
    kind: str
    rows: int
    counts: dict[str, int] = Field(default_factory=dict)
    """new, same, changed, vanished: of what stands."""
    last_batch: UUID | None = None
    parts: tuple[PartRow, ...]
    warnings: tuple[FaultTold, ...]


class BatchTold(Answer):
    """A file of scores; `overtaken`: what stands has changed since it was compared."""

    batch: UUID
    hash: str
    mapping: str
    kind: str
    year: int
    exam: str
    part: str | None
    rows: int
    state: str
    overtaken: bool
    counts: dict[str, int]


class BatchListed(BatchTold):
    """With who has loaded and accepted it."""

    loaded_by: str
    accepted_by: str | None


class BatchesTold(Answer):
    """The files of a round, the latest first."""

    batches: tuple[BatchListed, ...]


class ChangeTold(Answer):
    """What a file does to a value: whether there was and is a number, and never which."""

    fate: str
    number: str
    part: str
    before: str | None
    after: str | None


class BatchShown(BatchTold):
    """A file with what it changes, beside last year's."""

    last_batch: UUID | None
    parts: tuple[PartRow, ...]
    changes: tuple[ChangeTold, ...]
