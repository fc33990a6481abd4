"""What support tells other processes, and what it is told by them: codes of a list (docs/links.md)."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload
from schemas.support.referral import PersonKey

Term = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[12]$")]
"""An academic year and its half: the first begins in April, the second in October."""
Band = Literal["5-9", "10-19", "20+"]
MISSING = "jp.ac.iehe.exchange-onboarding.missing"


class KindRepeated(Payload):
    """So many concerns of a kind came in a term: no cases, no days, nobody, no count under five."""

    kind: Code
    term: Term
    of: Code = "whole"
    """A faculty; `whole`: all together."""
    band: Band


class StudentMissing(Payload):
    """An exchange student has not come, or is not found: nothing of why."""

    person: PersonKey
    language: Literal["ja", "en"] = "ja"
    term: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,16}$")] | None = None
    """As who tells it writes terms."""
