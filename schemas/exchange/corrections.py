"""What the office may put right of a mobility: who the student is and where they are written to."""

from typing import Literal

from schemas.exchange.nomination import Address, Country, Name
from schemas.kernel.corrections import Values


class StudentValues(Values):
    """As the passport has it; the home university's next revision counts again, for what it changes."""

    family: Name = ""
    given: Name | None = None
    nationality: Country = ""
    mail: Address = ""
    language: Literal["ja", "en"] = "en"
