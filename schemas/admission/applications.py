"""An application and a member of staff, as the admissions office hands them over in a spreadsheet.

Both hold personal data: they are stored in PostgreSQL and go nowhere near a workflow's history.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.admission.identifiers import ApplicationNo
from schemas.kernel.identifiers import RoleName, StaffId

APPLICATION_NO_PATTERN = r"^[A-Z0-9][A-Z0-9-]{3,23}$"
ROUND_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{2,31}$"
PROGRAMME_PATTERN = r"^[a-z][a-z0-9-]{1,31}$"
STAFF_ID_PATTERN = r"^[a-z][a-z0-9-]{1,31}$"
ACCOUNT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$"
SCHOOL_CODE_PATTERN = r"^[A-Z0-9][A-Z0-9-]{1,15}$"
PHONE_PATTERN = r"^(0[0-9]{9,10}|\+[1-9][0-9]{7,14})$"
POSTAL_CODE_PATTERN = r"^[0-9]{3}-[0-9]{4}$"

NAME_LIMIT = 100
LINE_LIMIT = 400
EMAIL_LIMIT = 254
STATEMENT_LIMIT = 4_000
LOAD_CAP_LIMIT = 200

RoundId = Annotated[str, Field(pattern=ROUND_ID_PATTERN)]
Programme = Annotated[str, Field(pattern=PROGRAMME_PATTERN)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]
Line = Annotated[str, Field(min_length=1, max_length=LINE_LIMIT)]
Email = Annotated[str, Field(min_length=3, max_length=EMAIL_LIMIT, pattern=r"^[!-~]+@[!-~]+$")]
Phone = Annotated[str, Field(pattern=PHONE_PATTERN)]


class Sex(StrEnum):
    """What the form asks; `unspecified` is an answer, an empty cell is none."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNSPECIFIED = "unspecified"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # A record that lands in a log or a traceback must not spill a person.
        for name in ("application_no", "staff_id", "round_id", "programme"):
            if name in type(self).model_fields:
                yield name, getattr(self, name)


Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class NumberedRow(Generic[Row]):
    """A row without errors, and where it stood: its number in Excel, or its place in a list."""

    row: int
    data: Row


class ApplicationRow(_Record):
    """One application, normalised: katakana readings, Gregorian dates, half-width codes.

    `application_no` is an opaque key that appears in workflow ids, so it carries no name.
    """

    application_no: ApplicationNo
    round_id: RoundId
    programme: Programme
    applicant_account: Annotated[str, Field(pattern=ACCOUNT_PATTERN)] | None = None
    family_name: Name
    given_name: Name
    family_kana: Name
    given_kana: Name
    birth_date: date
    sex: Sex | None = None
    email: Email
    phone: Phone | None = None
    postal_code: Annotated[str, Field(pattern=POSTAL_CODE_PATTERN)]
    address: Line
    school_name: Name
    school_code: Annotated[str, Field(pattern=SCHOOL_CODE_PATTERN)] | None = None
    school_contact_email: Email | None = None
    """The referee or school who is chased for the recommendation."""
    guardian_name: Name | None = None
    related_staff: Line | None = None
    """Alumni or staff relation, as the applicant declared it."""
    language: Literal["ja", "en"] = "ja"
    submitted_on: date
    accommodation_requested_on: date | None = None
    accommodation_sudden: bool = False
    """The request follows a sudden injury or illness, so its earlier deadline does not hold."""
    statement: Annotated[str, Field(max_length=STATEMENT_LIMIT)] | None = None
    """Statement of purpose (志望理由)."""


class Employment(_Record):
    """A school or employer of a member of staff; `until` is the last day, None while it lasts."""

    name: Name
    until: date | None = None


class StaffRow(_Record):
    """A member of staff, with what conflicts of interest are computed from."""

    staff_id: StaffId
    name: Name
    email: Email
    language: Literal["ja", "en"] = "ja"
    roles: Annotated[frozenset[RoleName], Field(min_length=1)]
    load_cap: Annotated[int, Field(ge=1, le=LOAD_CAP_LIMIT)] | None = None
    """Most applications to review at a time; None leaves it to the policy."""
    available_from: date | None = None
    available_to: date | None = None
    employers: tuple[Employment, ...] = ()
    relations: tuple[Name, ...] = ()
    """Names or e-mail addresses of persons whom the member declared as related."""
    phone: Phone | None = None
    address: Line | None = None
