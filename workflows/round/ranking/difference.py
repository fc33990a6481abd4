"""What differs between two lists of a programme, for the view of it and for a re-judgment (R7)."""

from collections.abc import Iterable
from dataclasses import dataclass

from workflows.round.ranking.lines import Line, ProgrammeList


@dataclass(frozen=True, slots=True)
class Change:
    """A choice that is in both lists and has another verdict, rank or total."""

    before: Line
    after: Line

    @property
    def verdict(self) -> bool:
        """Whether the verdict is another one."""
        return self.before.verdict is not self.after.verdict

    @property
    def rank(self) -> bool:
        """Whether the rank is another one."""
        return self.before.rank != self.after.rank

    @property
    def total(self) -> bool:
        """Whether the total is another one."""
        return self.before.total != self.after.total


@dataclass(frozen=True, slots=True)
class Difference:
    """From one list to another, each in the order of applications and their choices."""

    new: tuple[Line, ...]
    gone: tuple[Line, ...]
    changed: tuple[Change, ...]

    @property
    def verdicts(self) -> tuple[Change, ...]:
        """Those of whom something else becomes."""
        return tuple(change for change in self.changed if change.verdict)


def difference(before: ProgrammeList, after: ProgrammeList) -> Difference:
    """Who is new, who is gone, whose verdict, rank or total is another one.

    A choice is known by its application and frame: its number may have changed.

    Raises:
        ValueError: the lists are of two programmes.
    """
    if before.programme != after.programme:
        raise ValueError(f"a list of {before.programme} and one of {after.programme} are not compared")
    old, new = _by_choice(before.lines), _by_choice(after.lines)
    changes = [Change(old[key], new[key]) for key in sorted(old.keys() & new.keys())]
    return Difference(
        new=tuple(new[key] for key in sorted(new.keys() - old.keys())),
        gone=tuple(old[key] for key in sorted(old.keys() - new.keys())),
        changed=tuple(change for change in changes if change.verdict or change.rank or change.total),
    )


def _by_choice(lines: Iterable[Line]) -> dict[tuple[str, str], Line]:
    return {(line.application, line.frame): line for line in lines}
