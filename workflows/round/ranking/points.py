"""From scores as they were given to the points of parts: R1, R11, R12, R15."""

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from schemas.round.parts import Adjustment, Conversion, SubjectRow
from schemas.round.rules import RankingRules
from schemas.round.scores import ABSENT, EXEMPT, Candidate
from workflows.round.ranking.faults import Fault

Points = dict[str, Decimal | None]
"""By part; none: absent."""


@dataclass
class PointsOf:
    """Works out the points of candidates and collects whatever keeps it from that."""

    rules: RankingRules
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take over the tables."""
        self._parts = {part.key: part for part in self.rules.parts}
        self._conversions = {each.part: each for each in self.rules.conversions}
        self._adjustments = {each.of: _Adjusted(each) for each in self.rules.adjustments}
        self._marks = self.rules.subjects | {key: part.full_marks for key, part in self._parts.items()}

    def of(self, candidate: Candidate, required: Collection[str]) -> Points:
        """Points of the required parts; what is at fault is left out of them and noted."""
        self._check_given(candidate)
        found: Points = {}
        for part in required:
            points = self._of_part(candidate, part)
            if points is not False:
                found[part] = points
        return found

    def _check_given(self, candidate: Candidate) -> None:
        for key, score in candidate.scores.items():
            marks = self._marks.get(key)
            if marks is None:
                self._note("unknown-subject", candidate, key, "is neither a part nor a subject with a row")
            elif isinstance(score, str):
                if score == EXEMPT and key not in self._parts:
                    self._note("exempt-subject", candidate, key, "is a subject: exempt is said of its part")
            elif key in self._conversions:
                self._note(
                    "points-of-subjects", candidate, key, "counts by its subjects, not by points of its own"
                )
            elif score < 0:
                self._note("negative-score", candidate, key, "has less than 0 points")
            elif score > marks:
                self._note("over-full-marks", candidate, key, "has more points than full marks")
        for key in candidate.answered:
            if key not in candidate.scores:
                self._note("answered-without-score", candidate, key, "was answered and has no score")

    def _note(self, code: str, candidate: Candidate, key: str, what: str) -> None:
        text = f"application {candidate.application}: {key} {what}"
        self.faults.append(Fault(code, candidate.application, key, text))

    def _of_part(self, candidate: Candidate, key: str) -> Decimal | Literal[False] | None:
        """Points of a part; none: absent; False: at fault, which is noted."""
        score = candidate.scores.get(key)
        conversion = self._conversions.get(key)
        if score == ABSENT:
            return None
        if score == EXEMPT:
            points = self._parts[key].exempt_as
            if points is None:
                self._note("exempt-undeclared", candidate, key, "is exempt, for which no points are declared")
                return False
            return points
        if conversion is not None:
            return self._of_subjects(candidate, conversion)
        if score is None:
            self._note("part-missing", candidate, key, "is missing")
            return False
        return self._adjusted(key, _number(score))

    def _adjusted(self, key: str, points: Decimal) -> Decimal:
        adjustment = self._adjustments.get(key)
        return points if adjustment is None else adjustment.of(points)

    def _of_subjects(self, candidate: Candidate, conversion: Conversion) -> Decimal | Literal[False] | None:
        rows = [row for row in conversion.rows if row.subject in candidate.scores]
        taken = [row for row in rows if candidate.scores[row.subject] not in (ABSENT, EXEMPT)]
        if len(taken) < conversion.count:
            if any(candidate.scores[row.subject] == ABSENT for row in rows):
                return None
            self._note(
                "part-missing", candidate, conversion.part, "is missing: too few of its subjects are there"
            )
            return False
        subjects = {row.subject for row in taken}
        if conversion.combinations and not any(set(each) == subjects for each in conversion.combinations):
            named = "+".join(sorted(subjects))
            self._note("unknown-combination", candidate, conversion.part, f"knows no combination {named}")
            return False
        points = {row.subject: self._converted(candidate, row) for row in taken}
        if conversion.choose == "best":
            counted = sorted(points.values(), reverse=True)[: conversion.count]
        else:
            order = [subject for subject in candidate.answered if subject in subjects]
            if len(taken) > conversion.count and set(order) != subjects:
                self._note(
                    "order-unknown", candidate, conversion.part, "goes by the first answered, not known here"
                )
                return False
            first = order if len(taken) > conversion.count else sorted(subjects)
            counted = [points[subject] for subject in first[: conversion.count]]
        return self._adjusted(conversion.part, sum(counted, Decimal(0)))

    def _converted(self, candidate: Candidate, row: SubjectRow) -> Decimal:
        return self._adjusted(row.subject, _number(candidate.scores[row.subject])) * row.factor


class _Adjusted:
    """An adjustment that works out every raw value once."""

    def __init__(self, adjustment: Adjustment) -> None:
        self._adjustment = adjustment
        self._known: dict[Decimal, Decimal] = {}

    def of(self, raw: Decimal) -> Decimal:
        if raw not in self._known:
            self._known[raw] = self._adjustment.adjusted(raw)
        return self._known[raw]


def _number(score: Decimal | str) -> Decimal:
    """Points that are known to be a number.

    Raises:
        TypeError: they are none.
    """
    if isinstance(score, str):
        raise TypeError(f"{score} is no number of points")
    return score
