"""The decisions of people about the allocation of a house."""

from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.dormitory.run import BedName, Seed
from schemas.kernel.case import Command
from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.results import ListHash


class Draw(Command):
    """Freeze rules, seed and requests, and draw the list; it is confirmed by somebody else."""

    step: ClassVar[str] = "draw"
    seed: Seed = Field(description="The seed as it was published with the run.")


class ConfirmRun(Command):
    """Confirm the list that somebody else has drawn; refused if anything has changed since."""

    step: ClassVar[str] = "confirm-run"
    hash: ListHash = Field(description="Of the list, as its page shows it.")


class Offer(Command):
    """Offer the beds of the confirmed list, each to one person until a moment."""

    step: ClassVar[str] = "offer"
    hash: ListHash = Field(description="Of the list, as its page shows it.")


class OfferReserve(Command):
    """Offer somebody a bed of the reserve at once, in an emergency."""

    step: ClassVar[str] = "offer-reserve"
    mobility: CaseId = Field(description="The case of the student.")
    bed: BedName = Field(description="Which bed.")
    reason_id: str | None = None


class SwapBeds(Command):
    """Ask two students whether they swap their beds: two yeses in seventy-two hours."""

    step: ClassVar[str] = "swap"
    mobility: CaseId = Field(description="The case of one of them.")
    other: CaseId = Field(description="The case of the other one.")

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.mobility == self.other:
            raise ValueError("a swap takes two")
        return self


class AnswerSwap(Command):
    """Enter the answer of one of them."""

    step: ClassVar[str] = "answer-swap"
    swap: Code = Field(description="The swap, as the case's page names it.")
    mobility: CaseId = Field(description="Whose answer it is.")
    answer: Literal["yes", "no"] = Field(description="The answer.")


class Relocate(Command):
    """Give somebody another bed, from a day on; the old one stays theirs until then."""

    step: ClassVar[str] = "relocate"
    mobility: CaseId = Field(description="The case of the student.")
    bed: BedName = Field(description="The new bed.")
    moves_on: date | None = Field(default=None, description="From when on; from the first day when left out.")
    reason: Code = Field(description="A code of the policy's list.")
    reason_id: str | None = None


class CloseRoom(Command):
    """Close a room for some days; who lives or is promised there first gets another bed, or a task."""

    step: ClassVar[str] = "close-room"
    room: BedName = Field(description="The room.")
    first: date = Field(description="The first day.")
    until: date = Field(description="The day on which it is open again, by itself.")
    reason: Code = Field(description="A code of the policy's list.")
    reason_id: str | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.until <= self.first:
            raise ValueError("it ends before it begins")
        return self


class Revoke(Command):
    """Take back the permission to live in the house from somebody who has not moved in."""

    step: ClassVar[str] = "revoke"
    mobility: CaseId = Field(description="The case of the student.")
    reason: Code = Field(description="A code of the policy's list.")
    reason_id: str | None = None
