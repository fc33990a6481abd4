"""A home university as the office registers it."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from schemas.exchange.nomination import Address, Name
from schemas.kernel.payload import Payload

PartnerCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}$")]
Base = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*[^/?#\s])?$", max_length=200)]
Registered = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class Partner(Payload):
    """A home university; without `base` its coordinator sends files and gets mails."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    partner: PartnerCode
    """Its code, by which agreements and nominations name it."""
    name: Name
    mail: Address
    """Where its coordinators are written to."""
    language: Literal["ja", "en"] = "en"
    base: Base | None = None
    """Where its system is asked: https."""
    source: Registered | None = None
    """By whose keys it signs: the name of a source."""
    webhook: Registered | None = Field(default=None)
    """Where it takes our notices, and by whose keys we sign: the name of a webhook."""
