"""What may be put right of a referral: who is written to. Values are words of the case, and kept sealed."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from schemas.kernel.corrections import Values

Address = Annotated[str, StringConstraints(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+$", max_length=254)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class PartiesValues(Values):
    """The student's address, and who has referred; each is another text of the case, the old one stays."""

    contact: Address | None = None
    language: Literal["ja", "en"] = "ja"
    referrer_name: Name | None = None
    referrer_email: Address | None = None
    referrer_language: Literal["ja", "en"] = "ja"
