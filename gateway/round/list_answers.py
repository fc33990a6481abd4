"""What the doors of a round's lists answer. Numbers of points are text, exact."""

from datetime import datetime

from gateway.responses import Answer


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
