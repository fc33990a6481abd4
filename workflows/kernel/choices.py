"""What may stand in a field of a decision, as the case stands: for doors that let a person choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """A value with its words.

    Args:
        value: as the decision has it; of a mapping, one of its keys.
        ja: in Japanese; without any, the words of the process for the value.
        en: in English.
        note: what has to be known of it before it is chosen, such as a load: in Japanese and in English.
        bounds: of a number that is given under this key: the least and the most.
    """

    value: str
    ja: str = ""
    en: str = ""
    note: tuple[str, str] = ("", "")
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class StaffOf:
    """Active members of staff who have one of these roles, as the door finds them.

    Args:
        roles: one of which they have.
        apart: who cannot be chosen all the same, such as who was asked already.
    """

    roles: tuple[str, ...]
    apart: frozenset[str] = frozenset()


Choices = Mapping[str, Sequence[Choice] | StaffOf]
"""By field."""
