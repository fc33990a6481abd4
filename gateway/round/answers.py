"""What the doors of a round are asked, and answer. Numbers of points are text, exact."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from gateway.listing import Flag, digits
from gateway.responses import Answer, FaultTold
from schemas.kernel.identifiers import Code

_WHOLE: Final = re.compile(r"[0-9]{1,7}")
RoundId = Annotated[str, Field(min_length=1, max_length=64)]


def _whole(value: Any) -> Any:
    """A whole number of a query as one; anything else as it is, which no model takes for a number."""
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value


Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=0)]
ListNumber = Annotated[int, BeforeValidator(digits), Field(strict=True, ge=1)]


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class RoundQuery(_Query):
    """Which round."""

    round: RoundId


class ScoresQuery(RoundQuery):
    """By which mapping the file is read, and what is named of it beside what it says itself."""

    mapping: Code
    year: Whole | None = None
    exam: Code | None = None
    part: Code | None = None
    rows: Whole | None = None
    sum: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)] | None = None
    check: Flag = False


class ListQuery(_Query):
    """Which list of the programme, which may count no more; left out: the one that counts."""

    number: ListNumber | None = None


class DifferenceQuery(_Query):
    """From which list to which one; left out: to the one that counts."""

    since: ListNumber
    until: ListNumber | None = None


class RejudgmentQuery(_Query):
    """Which re-judgment; left out: the latest."""

    key: Code | None = None


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


class ListRow(Answer):
    """How a list stands, and how many are in it; before its hour only those who answer for it are asked."""

    case_id: str
    programme: str
    number: int
    state: str
    hash: str
    made_at: datetime
    prepared_by: str | None
    minute_no: str | None
    confirmed_by: str | None
    hour: datetime | None
    applicants: int
    ranked: int
    admitted: int
    waitlisted: int


class ListsTold(Answer):
    """The lists of a round that count."""

    lists: tuple[ListRow, ...]


class LineTold(Answer):
    """A choice of an application: where it is ranked and what becomes of it."""

    rank: int | None
    application: str
    choice: int
    frame: str
    total: str | None
    ties: tuple[str, ...]
    verdict: str
    reason: str | None
    full_frame: str | None
    waitlist_place: int | None


class ListLine(LineTold):
    """With how many others are fully tied, and the cut line of the frame that decided."""

    tied: int
    cut: str | None


class FrameCut(Answer):
    """How a frame came out; `cut`: the lowest total that was admitted."""

    frame: str
    limit: int
    capacity: int
    admitted: int
    cut: str | None


class ListNamed(Answer):
    """A list, by what it was made from and what two persons answer for."""

    case_id: str
    programme: str
    number: int
    state: str
    hash: str
    inputs: str
    rules: str


class ListShown(ListNamed):
    """A list, line by line; there is no name in it."""

    counts: dict[str, int]
    frames: tuple[FrameCut, ...]
    lines: tuple[ListLine, ...]


class LineChanged(Answer):
    """A choice that is in both lists, with what it was."""

    application: str
    frame: str
    rank: int | None
    total: str | None
    verdict: str
    reason: str | None
    rank_before: int | None
    total_before: str | None
    verdict_before: str
    reason_before: str | None


class DifferenceTold(ListNamed):
    """From an earlier list to this one; `verdicts`: of how many choices something else becomes."""

    since: int
    hash_before: str
    verdicts: int
    new: tuple[LineTold, ...]
    gone: tuple[LineTold, ...]
    changed: tuple[LineChanged, ...]


class ChoiceExplained(LineTold):
    """A choice with the cut line of the frame that decided."""

    programme: str
    cut: str | None


class Explained(Answer):
    """Why each choice of an application went as it did; `gone`: why it waits no more."""

    case_id: str
    number: str
    gone: str | None
    choices: tuple[ChoiceExplained, ...]


class MissingPart(Answer):
    """How many applications lack a part, or have it wrong."""

    part: str
    code: str
    applications: int


class MissingValue(Answer):
    """What an application lacks."""

    number: str
    part: str
    code: str


class MissingTold(Answer):
    """What keeps lists from being made; `outdated`: something has changed since it was looked at."""

    case_id: str
    missing: int
    outdated: bool
    parts: tuple[MissingPart, ...]
    values: tuple[MissingValue, ...]


class FrameRow(Answer):
    """A frame, in persons; `limit`: as the meeting has decided; `extra`: of those given, beyond the limit."""

    programme: str
    frame: str
    parent: str | None
    places: int
    limit: int
    minute_no: str | None
    held: int
    offered: int
    taken: int
    extra: int
    free: int


class FramesTold(Answer):
    """The frames of a round."""

    frames: tuple[FrameRow, ...]


class ListState(Answer):
    """How the newest list of a programme stands."""

    programme: str
    state: str


class Countdown(Answer):
    """The hour by the server's clock; `seconds` are left until it."""

    case_id: str
    state: str
    hour: datetime | None
    now: datetime
    seconds: int | None
    reason: str | None
    unconfirmed: tuple[str, ...]
    lists: tuple[ListState, ...]


class ListVerified(Answer):
    """Whether a list was made again as it is stored."""

    programme: str
    number: int
    state: str
    hash: str
    found: str


class Verified(Answer):
    """Every list that counts, made again; `missing`: what is lacking by now."""

    case_id: str
    revision: int
    missing: int
    same: bool
    lists: tuple[ListVerified, ...]


class ResultTold(Answer):
    """What is out of a choice; `hash`: of the released list. Of a first stage there is no frame."""

    programme: str
    number: int
    hash: str
    hour: datetime
    choice: int
    frame: str | None
    verdict: str
    waitlist: int | None


class ResultsTold(Answer):
    """What is out of an application; before the hour nothing."""

    results: tuple[ResultTold, ...]


class AdmittedRow(Answer):
    """The numbers that a programme admits."""

    programme: str
    list: int
    hash: str
    hour: datetime
    admitted: int
    numbers: tuple[str, ...]


class AdmittedBoard(Answer):
    """What is out of a round; before the hour nothing."""

    board: tuple[AdmittedRow, ...]


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


class ScoreWanted(BaseModel):
    """What a score ought to be, and why; it counts once another person has confirmed it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Code = Field(default="exam-scores", description="The kind of the file that has brought it.")
    number: str = Field(pattern=r"^[A-Z0-9][A-Z0-9-]{3,23}$", description="The examinee's number.")
    part: Code = Field(description="The part.")
    value: str = Field(max_length=16, description="The points, or absent, or exempt.")
    reason: str = Field(min_length=1, max_length=2000, description="Why.")


class ScoreProposed(Answer):
    """A correction that is stored; the decision correct-score names it."""

    proposal: UUID
    kind: str
    number: str
    part: str


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
    since: datetime
    contacts: tuple[ContactTold, ...]
    changes: tuple[dict[str, JsonValue], ...]


class Proof(Answer):
    """Every entry in its order; `skipped`: those before whom somebody was called without evidence of why."""

    case_id: str
    skipped: tuple[str, ...]
    entries: tuple[ProofLine, ...]


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
