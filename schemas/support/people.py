"""People around the student: who is told, who is called, who interprets. Names of none of them stand here."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8})?$")]
"""A language as BCP 47 writes it, in small letters."""


class Relation(StrEnum):
    """What somebody is to the student, who asks to be told."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    """By a court."""
    GUARANTOR = "guarantor"
    """保証人: answers for fees, and is no guardian."""


class ContactPerson(StrEnum):
    """A contact that the student has named."""

    EMERGENCY = "emergency"
    WELL_BEING = "well-being"
    """Whom the student has consented to be called when there is worry about them."""


class Acquaintance(StrEnum):
    """What an interpreter has declared to be to the student."""

    NONE = "none"
    RELATIVE = "relative"
    FELLOW_STUDENT = "fellow-student"
    FRIEND = "friend"
