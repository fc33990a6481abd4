"""Re-judgment (再判定): an error is found after the release; what is decided, written and told of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from schemas.kernel.case import Command
from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import Payload
from schemas.kernel.results import ListHash
from schemas.round.stages import Stage

REJUDGING: Final = (Stage.ENROLLING, Stage.SUPPLEMENTING, Stage.SETTLED, Stage.DISCLOSING)
"""In which an error is put right after the release."""


class ErrorKind(StrEnum):
    """What was wrong."""

    SCORE_WRONG = "score-wrong"
    FORMULA_WRONG = "formula-wrong"
    RULE_WRONG = "rule-wrong"
    OTHER = "other"


class Given(StrEnum):
    """What it came to for somebody who was wronged."""

    EXTRA = "extra"
    """A place beyond the limit."""
    MOVED = "moved"
    """The place that they had is one of a choice that they wanted more."""
    HAS_IT = "has-it"
    """They have that place, or a better one, from the waitlist."""
    DECLINED = "declined"
    LAPSED = "lapsed"
    RELEASED = "released"
    """Their own answer stands: they gave the place back, or let it lapse."""
    WITHDRAWN = "withdrawn"
    ELSEWHERE = "enrolled-elsewhere"


class RejudgmentPolicy(Payload):
    """Until when an error is put right, and how long who was wronged has for an answer."""

    open_days: int = Field(default=365, ge=1)
    """Days after the release within which a re-judgment is opened."""
    reply_days: int = Field(default=10, ge=1)
    """Working days within which an offer of it is answered."""


# decisions ------------------------------------------------------------------------------------------------


class OpenRejudgment(Command):
    """Judge again, after the release, for an error of the university: nobody loses a place by it."""

    step: ClassVar[str] = "open-rejudgment"
    error: ErrorKind = Field(description="What was wrong.")
    version: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="A version of the policy with the right rules; without, the one followed."
    )
    reason_id: str | None = None


class ConfirmRejudgment(Command):
    """Confirm what was computed, as a second person: the wronged get their places, and hear of it first."""

    step: ClassVar[str] = "confirm-rejudgment"
    hash: ListHash = Field(description="Of the re-judgment that you have looked at.")


class DropRejudgment(Command):
    """End a re-judgment that was opened by mistake; nothing comes of it, and scores stay as they are."""

    step: ClassVar[str] = "drop-rejudgment"
    reason_id: str | None = None


# facts ----------------------------------------------------------------------------------------------------


class ErrorReported(Payload):
    """Somebody has found an error after the release; whether it is one a person finds out."""

    about: Code = Field(description="What it is about, as a code.")


class Rejudged(Payload):
    """An application was wronged, and has a place: the case finds it in the ledger as its holder."""

    case: CaseId
    round: CaseId


# what a step is told --------------------------------------------------------------------------------------


class RejudgmentFound(Payload):
    """A re-judgment as a step finds it; its inputs stay as they are until the step is written."""

    state: Literal["reported", "recomputed", "confirmed", "told", "closed"]
    opened_by: str
    current: bool
    """Whether nothing has changed since it was computed."""
    hash: str | None = None
    wronged: int | None = None
    lists: dict[str, str] = Field(default_factory=dict)
    """Hashes of its correction lists, by programme."""


class UntoldLine(Payload):
    """A line of a correction list whose case has not been told, with what the ledger has of the person."""

    list: str
    line: int
    subject: CaseId
    verdict: Code
    number: str
    frame: Code
    choice: int
    gone: Code | None = None
    """Why the application claims nothing any more."""
    place_state: str | None = None
    ends_at: datetime | None = None
    place_choice: int | None = None
    """Which choice of the person their place is of."""

    @property
    def has_place(self) -> bool:
        """Whether the person has one."""
        return self.place_state in ("held", "offered", "taken")


# what a step writes ---------------------------------------------------------------------------------------


class RejudgmentOpened(Payload):
    """All is computed again, by the rules of a version."""

    kind: Literal["rejudgment-opened"] = "rejudgment-opened"
    rejudgment: Code
    error: ErrorKind
    reason_id: str
    policy: str


class RejudgmentDropped(Payload):
    """Nothing comes of it."""

    kind: Literal["rejudgment-dropped"] = "rejudgment-dropped"
    rejudgment: Code


class RejudgmentConfirmed(Payload):
    """A second person has confirmed what was computed; over, if nobody was wronged."""

    kind: Literal["rejudgment-confirmed"] = "rejudgment-confirmed"
    rejudgment: Code
    hash: ListHash
    over: bool


class RejudgedGiven(Payload):
    """What somebody got by a correction list."""

    list: str
    application: CaseId
    given: Given


class RejudgedTold(Payload):
    """Who was wronged has a place and was told, or has none by their own answer."""

    kind: Literal["rejudged-told"] = "rejudged-told"
    rejudgment: Code
    given: tuple[RejudgedGiven, ...] = ()
    state: Literal["told", "closed"] | None = None
    """None: more are to be told."""
