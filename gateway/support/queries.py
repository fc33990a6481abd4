"""What the doors of support are asked for in the query."""

from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cases.support.boards import MOST_DAYS
from gateway.listing import Flag, digits, one_of
from gateway.request_parsing import KEY_PATTERN
from schemas.support.stages import Unit

MOST_ROWS: Final = 999
Rows = Annotated[int, BeforeValidator(digits), Field(strict=True, ge=1, le=MOST_ROWS)]
Days = Annotated[int, BeforeValidator(digits), Field(strict=True, ge=1, le=MOST_DAYS)]


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class RowsQuery(_Query):
    """How many rows of a board."""

    limit: Rows = 50


class BreachesQuery(RowsQuery):
    """Of so many days back."""

    days: Days = 30


class DaysAheadQuery(_Query):
    """Of so many days ahead."""

    days: Days = 28


class MembersQuery(_Query):
    """Of one unit, or of all."""

    unit: Annotated[str, Field(pattern=one_of(Unit))] | None = None


class RecordQuery(_Query):
    """Whether with the words of the case, for who sees what is personal of it."""

    personal: Flag = False


class LetterQuery(_Query):
    """Which letter: the Idempotency-Key of its decision."""

    key: Annotated[str, Field(pattern=KEY_PATTERN)]
