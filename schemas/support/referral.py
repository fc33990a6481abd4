"""A referral as it arrives; what is personal in it is stored apart and never part of a case's state."""

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from schemas.kernel.identifiers import StaffId
from schemas.kernel.payload import Payload
from schemas.kernel.personal import Apart
from schemas.support.stages import Unit, Way

PersonKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{2,63}$"), Apart.PERSON]
Party = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.@_+-]{2,253}$"), Apart.PERSON]
"""A number or mail address of somebody who may be of the staff, now or later."""
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), Apart.WORDS]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Apart.WORDS]
Address = Annotated[
    str, StringConstraints(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+$", max_length=254), Apart.WORDS
]


class Referrer(Payload):
    """Who refers; told that contact was made or missed, and nothing further (P5)."""

    name: Name
    email: Address
    language: Literal["ja", "en"] = "ja"


class Referral(Payload):
    """A concern about one person."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    way: Way
    """How it came."""
    person: PersonKey | None = None
    """The student's number; none where the name is not told."""
    adult_on: date | None = None
    """The day on which the student comes of age, where they are under 18."""
    contact: Address | None = None
    """The student's mail address, where it is known."""
    referrer: Referrer | None = None
    """Who refers, unless they do not say."""
    danger: bool = False
    """Somebody is in danger now: the duty officer is paged without triage."""
    urgent: bool = False
    """It should not wait until tomorrow."""
    language: Literal["ja", "en"] = "ja"
    """Language of the person it is about."""
    unit: Unit | None = None
    """The unit that it seems to be for."""
    words: Words
    """What has happened."""
    received_on: date | None = None
    """The day on which the office had it, where that was before today."""
    against: Party | None = None
    """Whom it is against, by number or mail address: who of the staff has it, now or later, is out of it."""
    concerned: tuple[StaffId, ...] = Field(default=(), max_length=20)
    """Members of staff whom it is about or against: they hear and see nothing of it."""
