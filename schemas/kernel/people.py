"""People as an office hands them over in a spreadsheet: what every row is made of, and the members of staff.

All of it is personal data: it is stored in PostgreSQL and goes nowhere near a workflow's history.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.kernel.identifiers import RoleName, StaffId

STAFF_ID_PATTERN = r"^[a-z][a-z0-9-]{1,31}$"
PHONE_PATTERN = r"^(0[0-9]{9,10}|\+[1-9][0-9]{7,14})$"
POSTAL_CODE_PATTERN = r"^[0-9]{3}-[0-9]{4}$"

NAME_LIMIT = 100
LINE_LIMIT = 400
EMAIL_LIMIT = 254
LOAD_CAP_LIMIT = 200

Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]
Line = Annotated[str, Field(min_length=1, max_length=LINE_LIMIT)]
Email = Annotated[str, Field(min_length=3, max_length=EMAIL_LIMIT, pattern=r"^[!-~]+@[!-~]+$")]
Phone = Annotated[str, Field(pattern=PHONE_PATTERN)]
PostalCode = Annotated[str, Field(pattern=POSTAL_CODE_PATTERN)]


class Record(BaseModel):
    """A row of a file; in a log or a traceback it shows the codes in `told` and never spills a person."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    told: ClassVar[tuple[str, ...]] = ()

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Only the codes."""
        for name in self.told:
            yield name, getattr(self, name)


Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class NumberedRow(Generic[Row]):
    """A row without errors, and where it stood: its number in Excel, or its place in a list."""

    row: int
    data: Row


class Employment(Record):
    """A school or employer of a member of staff; `until` is the last day, None while it lasts."""

    name: Name
    until: date | None = None


class StaffRow(Record):
    """A member of staff, with what conflicts of interest are computed from."""

    told = ("staff_id",)
    staff_id: StaffId
    name: Name
    email: Email
    language: Literal["ja", "en"] = "ja"
    roles: Annotated[frozenset[RoleName], Field(min_length=1)]
    load_cap: Annotated[int, Field(ge=1, le=LOAD_CAP_LIMIT)] | None = None
    """Most cases to review at a time; None leaves it to the policy."""
    available_from: date | None = None
    available_to: date | None = None
    employers: tuple[Employment, ...] = ()
    relations: tuple[Name, ...] = ()
    """Names or e-mail addresses of persons whom the member declared as related."""
    phone: Phone | None = None
    address: Line | None = None
