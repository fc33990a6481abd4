"""The one model that everything crossing a process border is made of."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Payload(BaseModel):
    """Frozen, and tolerant of fields a newer sender knows: a running case must survive a rollout.

    Fields are only ever added, always with a default; `tests/schemas/contracts.lock.json` holds it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Itself: frozen, so a copied state shares its policy instead of copying a hundred holidays."""
        return self


class FactByTheHour(Payload):
    """A fact from outside for which the hour counts, so that a person who enters it gives the hour too."""


class Record(BaseModel):
    """Part of a case's state: changed by the pure rules on a copy, never shared between steps."""

    model_config = ConfigDict(extra="ignore", validate_assignment=False)
