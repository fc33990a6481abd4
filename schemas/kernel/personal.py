"""Marks of fields whose values are put apart where a fact comes in: the case gets what stands for them."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

KeptMark = Annotated[str, StringConstraints(pattern=r"^[A-Z2-7]{16}$")]
"""What goes on in the place of a value that is kept: the same fact told twice has the same."""


class Apart(StrEnum):
    """What becomes of the value of a marked field; a case, its inbox and its history hold the rest."""

    WORDS = "words"
    """It is stored under the key of the case; the id of the text goes on."""
    PERSON = "person"
    """The same, with a keyed hash before the id and a dot between them: the same person has the same hash."""
    KEPT = "kept"
    """It is given to `iehe.<room>_kept(case, fact, field, value)` in the transaction that stores the fact; a
    keyed mark goes on. The field takes both: what is told, and a `KeptMark`."""
