"""Totals and what decides between equal ones, in exact decimals: R11, R16, R19."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from schemas.round.exact_numbers import plain, rounded
from schemas.round.rules import Programme, RankingRules
from schemas.round.scores import Candidate
from workflows.round.ranking.faults import Fault, FaultyInputError
from workflows.round.ranking.points import Points


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is ranked by in programmes that weigh alike."""

    total: Decimal
    ties: tuple[Decimal, ...]

    @property
    def order(self) -> tuple[Decimal, ...]:
        """The smaller, the better; equal for a full tie."""
        return (-self.total, *(-key for key in self.ties))


class Weighing:
    """How one total is made; programmes that weigh alike share it, and a total is made once for them."""

    def __init__(self, programme: Programme, rules: RankingRules) -> None:
        exams = {part.key: part.exam for part in rules.parts}
        full_marks = {part.key: part.full_marks for part in rules.parts}
        self.parts = tuple(sorted(programme.weights))
        self._factors = tuple((part, programme.weights[part]) for part in self.parts)
        self._decimals = programme.decimals
        self._ties = tuple(self._summands(key, exams) for key in programme.tie_keys)
        self._maximum = sum((full_marks[part] * factor for part, factor in self._factors), Decimal(0))

    @staticmethod
    def key(programme: Programme) -> tuple[object, ...]:
        """Alike for programmes that share a weighing."""
        return tuple(sorted(programme.weights.items())), programme.decimals, programme.tie_keys

    def _summands(self, key: str, exams: dict[str, str]) -> tuple[tuple[str, Decimal], ...]:
        kind, _, name = key.partition(":")
        if kind == "part":
            return ((name, Decimal(1)),)
        return tuple((part, factor) for part, factor in self._factors if exams[part] == name)

    def standing(self, candidate: Candidate, points: Points) -> Standing | None:
        """What somebody with points of all these parts is ranked by; none: absent in one of them.

        Raises:
            FaultyInputError: the total is more than can be reached (R11).
        """
        numbers: dict[str, Decimal] = {}
        for part in self.parts:
            value = points[part]
            if value is None:
                return None
            numbers[part] = value
        total = sum((numbers[part] * factor for part, factor in self._factors), Decimal(0))
        if total > self._maximum:
            name = candidate.application
            text = (
                f"application {name}: its total is more than the {plain(self._maximum)} that can be reached"
            )
            raise FaultyInputError([Fault("over-maximum", name, "total", text)])
        ties = tuple(
            sum((numbers[part] * factor for part, factor in summands), Decimal(0)) for summands in self._ties
        )
        return Standing(total if self._decimals is None else rounded(total, self._decimals), ties)


def lot(seed: str, drawing: str, application: str) -> str:
    """Somebody's number in a draw, as hexadecimal text; the lowest is the first.

    It follows from a seed that was fixed before, so that anybody can draw again.
    """
    text = f"{len(seed)}|{seed}|{drawing}|{application}"
    return hashlib.sha256(text.encode()).hexdigest()
