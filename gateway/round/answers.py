"""What the doors of `doors.py` answer: what is missing, frames, the hour, lists made again, what is out."""

from datetime import datetime

from gateway.responses import Answer


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
