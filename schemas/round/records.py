"""Rows that a step of a round writes; `kind` names the function of the database that does."""

from typing import Literal
from uuid import UUID

from schemas.kernel.payload import Payload


class RulesFixed(Payload):
    """From here on applications may be looked at."""

    kind: Literal["rules-fixed"] = "rules-fixed"
    programmes: tuple[str, ...]
    first_stage: tuple[str, ...] = ()
    """The names of the lists of the first stage."""


class BatchAccepted(Payload):
    """A loaded file counts; lists that were made without it do not."""

    kind: Literal["batch-accepted"] = "batch-accepted"
    batch: UUID
    hash: str


class ScoreConfirmed(Payload):
    """A score is what a proposal says; lists that were made with the former one count no more."""

    kind: Literal["score-confirmed"] = "score-confirmed"
    proposal: UUID


class LimitSet(Payload):
    """How many of a frame are offered a place, and how many wait for one of its programme."""

    kind: Literal["limit-set"] = "limit-set"
    frame: str
    programme: str
    number: int
    waitlist: int | None
    minute_no: str


class ListJudged(Payload):
    """The meeting has decided on a list, by its bytes."""

    kind: Literal["list-judged"] = "list-judged"
    name: str
    hash: str
    minute_no: str


class FirstStageOver(Payload):
    """Everybody knows who goes on: from here on the lists of the results are made."""

    kind: Literal["first-stage-over"] = "first-stage-over"
