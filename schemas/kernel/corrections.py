"""Putting right what a record of a case says: the decision, what the rule learns of it, and what is written.

The values themselves are personal: they are stored first, beside the case, and travel by an id.
"""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from schemas.kernel.case import KernelCommand
from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload


class Values(BaseModel):
    """Fields of a record that can be corrected; only those that are given are meant, None empties one."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )


class CorrectData(KernelCommand):
    """Put right what a record of the case says, for a reason; who it is about is told."""

    step: ClassVar[str] = "correct-data"
    record: Code
    """Which record: the case's page names those that can be corrected."""
    values_id: str | None = None
    """FIELD=VALUE of what is wrong, as it ought to be; nothing after = empties it."""


class CorrectionAsked(Payload):
    """What the database says of new values before they are written; nothing personal."""

    fields: tuple[str, ...]
    """Those whose value is another one now."""
    emptied: tuple[str, ...] = ()
    """Those of them that have no value any more."""
    told: dict[str, JsonValue] = Field(default_factory=dict)
    """The new values of those of them that are codes."""
    letters: int = 0
    """Letters of the case that have left, or may have, to readers who are no staff."""


class DataCorrected(Payload):
    """The values that were stored beside the case become those of its record."""

    kind: Literal["host-correction"] = "host-correction"
    correction_id: str
    record: str
    fields: tuple[str, ...]
    reason_id: str
