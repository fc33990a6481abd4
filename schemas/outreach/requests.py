"""What a school fills in; stored in the database, never part of a case's state."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, model_validator

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload
from schemas.outreach.stages import Kind

SchoolCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{1,23}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n]+$")
]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+$", max_length=254)]
"""One address: a field with several would lay each open to the others (O27)."""


class Contact(Payload):
    """The one teacher who hears of the request; erased when its time is over (O28)."""

    name: Line
    email: Address
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{6,24}$")] | None = None
    language: Literal["ja", "en"] = "ja"


class SchoolRequest(Payload):
    """A request as it arrives (O2): pupils are counted and never named."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    school: SchoolCode
    """The school's code (学校コード)."""
    school_name: Line
    contact: Contact
    kind: Kind
    topic: Code | None = None
    """One of the topics of the year (O1); or else a field."""
    field: Code | None = None
    purpose: Words
    grade: Literal["1", "2", "3", "mixed"]
    persons: int = Field(ge=1, le=2000)
    """Pupils and those who come with them."""
    dates: tuple[AwareDatetime, ...] = Field(min_length=3, max_length=3)
    """Three beginnings that suit the school, the best one first."""
    minutes: int = Field(default=50, ge=10, le=480)
    place: Words
    equipment: Words
    travel_cost: Literal["school", "university", "none"]

    @model_validator(mode="after")
    def _whole(self) -> "SchoolRequest":
        if (self.topic is None) == (self.field is None):
            raise ValueError("name a topic or a field, one of them")
        if len({at.timestamp() for at in self.dates}) != len(self.dates):
            raise ValueError("name three different dates")
        return self
