"""Disclosure of scores (成績開示): when it is, what is asked for, and what a step writes of it."""

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import model_validator

from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import Payload
from schemas.round.waitlist import DayAndHour, Number


class DisclosurePolicy(Payload):
    """When applicants may ask for their scores and read them, and whether they are told their rank."""

    disclose_from: DayAndHour = "06-01 00:00"
    disclose_until: DayAndHour = "06-30 23:59"
    disclose_rank: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.disclose_from >= self.disclose_until:
            raise ValueError("disclose_from is before disclose_until")
        return self


class ColumnResult(StrEnum):
    """What the check of a whole column has found."""

    RIGHT = "right"
    WRONG = "wrong"


class DisclosureRequested(Payload):
    """An applicant asks at the portal for the scores of an application."""

    application: Number


# what a step writes ---------------------------------------------------------------------------------------


class DisclosureNoted(Payload):
    """An applicant has asked; `refused`: why there is nothing to be shown."""

    kind: Literal["disclosure-requested"] = "disclosure-requested"
    application: CaseId
    at: datetime
    refused: Code | None = None


class ColumnDoubted(Payload):
    """From now on a whole column is checked, and nobody is shown it."""

    kind: Literal["column-doubted"] = "column-doubted"
    part: Code
    number: Number
    reason_id: str


class ColumnConfirmed(Payload):
    """A whole column was checked."""

    kind: Literal["column-confirmed"] = "column-confirmed"
    part: Code
    result: ColumnResult
