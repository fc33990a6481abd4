"""Taking a decision back: what is proposed, confirmed or refused, and what the rule learns of the step."""

from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from schemas.kernel.case import KernelCommand
from schemas.kernel.payload import Payload


class TakeBack(KernelCommand):
    """Take back a decision that was a slip, for a reason; what has had an effect outside another confirms."""

    step: ClassVar[str] = "take-back"
    taken: int = Field(ge=1)
    """The version of the decision, as the history of the case numbers it."""


class ConfirmTakeBack(KernelCommand):
    """Take back, as another person, the decision that somebody has proposed to take back."""

    step: ClassVar[str] = "confirm-take-back"


class RefuseTakeBack(KernelCommand):
    """Let a decision stand, as another person, that somebody has proposed to take back."""

    step: ClassVar[str] = "refuse-take-back"


class StepTaken(Payload):
    """A step of the case as its log has it, and what has come of it since."""

    version: int
    step: str
    from_stage: str
    stage: str
    """In which the case stood after it and what it led to by itself."""
    by: str
    details: dict[str, JsonValue] = Field(default_factory=dict)
    later: tuple[str, ...] = ()
    """Steps since, but for those to which it led by itself."""
    letters: int = 0
    """Letters of it that have left, or may have, to readers who are no staff."""
    webhooks: int = 0
    """Messages of it to gateways outside the house that have left, or may have."""
    facts: int = 0
    """What it has told other processes."""
    places: int = 0
    """Changes that it has made in the ledger of places."""

    @property
    def outside(self) -> bool:
        """Whether anybody but the case and the staff can have seen it."""
        return bool(self.letters or self.webhooks or self.facts or self.places)


class NoticesWithdrawn(Payload):
    """Letters of a step that have not left are not sent any more."""

    kind: Literal["host-withdraw-notices"] = "host-withdraw-notices"
    version: int
