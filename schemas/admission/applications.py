"""An application, as the admissions office hands it over in a spreadsheet.

It holds personal data: it is stored in PostgreSQL and goes nowhere near a workflow's history.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.admission.identifiers import ApplicationNo
from schemas.kernel.people import Email, Line, Name, Phone, PostalCode, Record

APPLICATION_NO_PATTERN = r"^[A-Z0-9][A-Z0-9-]{3,23}$"
ROUND_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{2,31}$"
PROGRAMME_PATTERN = r"^[a-z][a-z0-9-]{1,31}$"
ACCOUNT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$"
SCHOOL_CODE_PATTERN = r"^[A-Z0-9][A-Z0-9-]{1,15}$"
STATEMENT_LIMIT = 4_000

RoundId = Annotated[str, Field(pattern=ROUND_ID_PATTERN)]
Programme = Annotated[str, Field(pattern=PROGRAMME_PATTERN)]


class Sex(StrEnum):
    """What the form asks; `unspecified` is an answer, an empty cell is none."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNSPECIFIED = "unspecified"


class ApplicationRow(Record):
    """One application, normalised: katakana readings, Gregorian dates, half-width codes.

    `application_no` is an opaque key that appears in workflow ids, so it carries no name.
    """

    told = ("application_no", "round_id", "programme")

    application_no: ApplicationNo
    round_id: RoundId
    programme: Programme
    further_choices: tuple[Programme, ...] = Field(default=(), max_length=4)
    """What is wanted next, in order, where a round gives the best choice still free (第二志望以下)."""
    applicant_account: Annotated[str, Field(pattern=ACCOUNT_PATTERN)] | None = None
    family_name: Name
    given_name: Name
    family_kana: Name
    given_kana: Name
    birth_date: date
    sex: Sex | None = None
    email: Email
    phone: Phone | None = None
    postal_code: PostalCode
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
