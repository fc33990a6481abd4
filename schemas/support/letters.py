"""A letter of referral (紹介状) to a unit or a hospital: what it tells, and on which ground."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.kernel.case import Command
from schemas.kernel.identifiers import Code


class LetterPart(StrEnum):
    """What of a case a letter tells."""

    PERSON = "person"
    """Whom it is about, by the student's number."""
    CASE = "case"
    """Where it stands: since when, and at which stage."""
    CONTACTS = "contacts"
    APPOINTMENTS = "appointments"
    SCORES = "scores"


class WriteLetter(Command):
    """A letter of referral goes out: by consent or on a ground of the list, with what is chosen."""

    step: ClassVar[str] = "write-letter"
    unit: Code = Field(description="A unit, or a receiver of the policy's list, such as hospital.")
    parts: tuple[LetterPart, ...] = Field(default=(), max_length=5, description="What it tells of the case.")
    ground: Code | None = Field(
        default=None, description="Without the student's consent: on which ground of the list."
    )
    reason_id: str | None = None
    """Why the other side has to know."""
    remark_id: str | None = None
    """What the letter says."""
