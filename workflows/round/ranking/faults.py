"""What is wrong with the numbers that a list shall be made from: all of it at once, and no list."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong; its text holds no score, so that it may go where no score may."""

    code: str
    application: str
    """Empty for what is of no application, such as a limit."""
    about: str
    """The part, subject, choice, frame or other application that it is about."""
    text: str


class FaultyInputError(ValueError):
    """Nothing can be ranked; `faults` has everything that was found, in order."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(set(faults), key=lambda each: (each.application, each.about, each.code)))
        super().__init__("; ".join(fault.text for fault in self.faults))
