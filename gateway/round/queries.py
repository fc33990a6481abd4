"""What the doors of a round are asked beside their path."""

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from gateway.listing import Flag, digits
from schemas.kernel.identifiers import Code

_WHOLE: Final = re.compile(r"[0-9]{1,7}")
RoundId = Annotated[str, Field(min_length=1, max_length=64)]


def _whole(value: Any) -> Any:
    """A whole number of a query as one; anything else as it is, which no model takes for a number."""
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value


Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=0)]
ListNumber = Annotated[int, BeforeValidator(digits), Field(strict=True, ge=1)]


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class RoundQuery(_Query):
    """Which round."""

    round: RoundId


class ScoresQuery(RoundQuery):
    """By which mapping the file is read, and what is named of it beside what it says itself."""

    mapping: Code
    year: Whole | None = None
    exam: Code | None = None
    part: Code | None = None
    rows: Whole | None = None
    sum: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)] | None = None
    check: Flag = False


class ListQuery(_Query):
    """Which list of the programme, which may count no more; left out: the one that counts."""

    number: ListNumber | None = None


class DifferenceQuery(_Query):
    """From which list to which one; left out: to the one that counts."""

    since: ListNumber
    until: ListNumber | None = None


class RejudgmentQuery(_Query):
    """Which re-judgment; left out: the latest."""

    key: Code | None = None
