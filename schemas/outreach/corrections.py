"""What the office may put right of a request: whom the school has named to be written to."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from schemas.kernel.corrections import Values
from schemas.outreach.requests import Address, Line


class ContactValues(Values):
    """The one teacher who hears of the request, and the school's name as letters call it."""

    name: Line = ""
    email: Address = ""
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{6,24}$")] | None = None
    language: Literal["ja", "en"] = "ja"
    school_name: Line = ""
