"""What a partner's coordinator tells of a student; stored in the database, never part of a case's state."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload

Term = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}[SA]$")]
"""Year and season: `27S` begins in April 2027, `27A` in October 2027."""
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\r\n\t]+$")
]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+$", max_length=254)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Months = Annotated[Decimal, Field(gt=0, le=24, max_digits=4, decimal_places=2)]


class Student(Payload):
    """Who is nominated, as the home university has it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    family: Name
    given: Name = ""
    """Left out: the student has one name."""
    born: date
    nationality: Country
    """Two letters after ISO 3166."""
    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)]
    """The number at the home university; another one may use it too."""
    mail: Address
    language: Literal["ja", "en"] = "en"


class Nomination(Payload):
    """A nomination as it arrives (X1: the home university is the master of all of it)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    term: Term
    """Year and season: 27S begins in April 2027, 27A in October 2027."""
    partner: Code
    """Code of the home university."""
    mobility: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
    """What the home university calls it."""
    agreement: Code
    """Code of the agreement (協定) under which the student comes."""
    faculty: Code
    """Code of the faculty that shall take the student."""
    student: Student
    first: date
    """First day of the stay."""
    last: date
    """Last day of the stay."""
    months: Months | None = None
    """Months of the stay as the agreement counts them; from the days when left out."""
    needs_coe: bool = True
    """Whether a certificate of eligibility is needed: not where the student may live in Japan already."""
    revision: Annotated[int, Field(ge=1)] = 1
    """How often the home university has changed it."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last <= self.first:
            raise ValueError("the stay ends before it begins")
        return self

    @property
    def counted_months(self) -> Decimal:
        """The months that it takes of its agreement: as told, or the days by thirty, to a half."""
        if self.months is not None:
            return self.months
        days = Decimal((self.last - self.first).days + 1)
        return max(Decimal("0.5"), (days / 15).quantize(Decimal(1)) / 2)
