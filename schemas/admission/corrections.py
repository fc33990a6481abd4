"""What the office may put right of an applicant and an application; each value as an import would take it."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from schemas.admission.applications import (
    SCHOOL_CODE_PATTERN,
    STATEMENT_LIMIT,
    Programme,
    Sex,
)
from schemas.kernel.corrections import Values
from schemas.kernel.payload import Payload
from schemas.kernel.people import Email, Line, Name, Phone, PostalCode


class ApplicantValues(Values):
    """Who the applicant is, and where they are written to; of all their applications."""

    family_name: Name = ""
    given_name: Name = ""
    family_kana: Name = ""
    given_kana: Name = ""
    birth_date: date = date.min
    sex: Sex | None = None
    email: Email = ""
    phone: Phone | None = None
    postal_code: PostalCode = ""
    address: Line = ""
    guardian_name: Name | None = None
    language: Literal["ja", "en"] = "ja"


class ApplicationValues(Values):
    """What was applied for, and from which school."""

    programme: Programme = ""
    school_name: Name = ""
    school_code: Annotated[str, Field(pattern=SCHOOL_CODE_PATTERN)] | None = None
    school_contact_email: Email | None = None
    related_staff: Line | None = None
    statement: Annotated[str, Field(max_length=STATEMENT_LIMIT)] | None = None


class FoundAfter(Payload):
    """What a corrected applicant leads to, as the database would find it."""

    possible_duplicates: tuple[str, ...] = ()
    conflicts: dict[str, str] = Field(default_factory=dict)
    """Judges of the case who have, or may have, a conflict of interest now; and its code."""
