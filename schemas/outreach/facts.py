"""Facts about a request that other systems send."""

from datetime import date
from typing import Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from schemas.kernel.identifiers import Code, StaffId
from schemas.kernel.payload import Payload


class LecturerAnswered(Payload):
    """A lecturer's answer from the portal; `date` is one of those in the letter."""

    lecturer: StaffId
    answer: Literal["yes", "no"]
    date: AwareDatetime | None = None


class SchoolConfirmed(Payload):
    """The school confirms; `date` is the one that it was asked about."""

    date: AwareDatetime | None = None


class SchoolCancelled(Payload):
    """The school does not want it any more."""


class ClosureAnnounced(Payload):
    """A school, or the campus, is closed on these days, both included."""

    model_config = ConfigDict(serialize_by_alias=True)

    where: Literal["school", "campus"]
    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("it ends before it begins")
        return self


class WarningIssued(Payload):
    """A warning of the weather service, or lines that stand still, where the request takes place."""

    area: Code
    level: Code


class WarningLifted(Payload):
    """The warning is over."""

    area: Code
