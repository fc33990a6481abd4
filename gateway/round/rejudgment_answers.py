"""What the doors of re-judgments answer. Numbers of points are text, exact."""

from datetime import datetime

from gateway.responses import Answer


class RejudgmentTold(Answer):
    """How far a re-judgment has come; `outdated`: something has changed since it was computed."""

    rejudgment: str
    error: str
    state: str
    policy: str
    rules: str | None
    hash: str | None
    wronged: int | None
    lists: int
    outdated: bool
    opened_by: str
    opened_at: datetime
    recomputed_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    told_at: datetime | None
    dropped_by: str | None
    closed_at: datetime | None


class RejudgmentsTold(Answer):
    """The re-judgments of a round, the latest first."""

    rejudgments: tuple[RejudgmentTold, ...]


class CorrectionRow(Answer):
    """A list, and the one that is out and that it puts right: number and hash of both."""

    programme: str
    number: int
    state: str
    hash: str
    since: int
    hash_before: str
    verdicts: int


class WrongedRow(Answer):
    """Somebody who was wronged: what the lists said, what is right, and what it came to."""

    number: str
    programme: str
    from_verdict: str
    from_choice: int
    from_frame: str
    to_choice: int
    to_frame: str
    given: str | None
    given_at: datetime | None


class CorrectedLine(Answer):
    """A line of which something else is said."""

    programme: str
    application: str
    choice: int
    frame: str
    rank_before: int | None
    rank: int | None
    total_before: str | None
    total: str | None
    verdict_before: str
    verdict: str
    reason_before: str | None
    reason: str | None


class SiblingRow(Answer):
    """A list of another round that was made by the same version of a formula."""

    case_id: str
    programme: str
    number: int
    state: str
    formula: str
    version: str


class RejudgmentShown(RejudgmentTold):
    """A re-judgment with all that it changes."""

    case_id: str
    corrections: tuple[CorrectionRow, ...]
    wronged_ones: tuple[WrongedRow, ...]
    changed: tuple[CorrectedLine, ...]
    siblings: tuple[SiblingRow, ...]
