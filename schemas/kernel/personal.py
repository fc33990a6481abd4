"""Marks of fields whose values are put apart where a fact comes in: the case gets what stands for them."""

from enum import StrEnum


class Apart(StrEnum):
    """What becomes of the value of a marked field; a case, its inbox and its history hold the rest."""

    WORDS = "words"
    """It is stored under the key of the case; the id of the text goes on."""
    PERSON = "person"
    """The same, with a keyed hash before the id and a dot between them: the same person has the same hash."""
