"""What may stand in a field of a decision or fact, as the case stands: for doors that let a person choose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """A value with its words.

    Args:
        value: as the decision or the fact has it; of a mapping, one of its keys.
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
        roles: one of which they have; none: any role at all.
        apart: who cannot be chosen all the same, such as who was asked already.
    """

    roles: tuple[str, ...]
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Typed:
    """A member of staff, or somebody whom the system does not know: a person types it."""


Choices = Mapping[str, Sequence[Choice] | StaffOf | Typed]
"""By field."""


def coded(codes: Iterable[str]) -> list[Choice]:
    """Codes that the words of the process name."""
    return [Choice(str(each)) for each in codes]


def named(names: Iterable[str | int]) -> list[Choice]:
    """Names and numbers that are the same in every language, such as staff ids."""
    return [Choice(str(each), str(each), str(each)) for each in names]
