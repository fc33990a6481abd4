"""The first stage (第1段階選抜): who may go on, by one examination and a multiple of the places (R20)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal, localcontext
from itertools import groupby

from schemas.round.exact_numbers import EXACT
from schemas.round.rules import FirstStage, Programme, RankingRules
from schemas.round.scores import Candidate
from workflows.round.ranking.faults import FaultyInputError
from workflows.round.ranking.inputs import Applications
from workflows.round.ranking.lines import Counts, FrameLine, Line, ProgrammeList, Reason, Verdict
from workflows.round.ranking.points import Points, PointsOf
from workflows.round.ranking.totals import lot

BEHIND_THE_LINE = "first-stage"
"""Why somebody does not go on; the code under which the later list does not consider them."""


@dataclass(frozen=True, slots=True)
class FirstStageLine:
    """One applicant of a programme with a first stage."""

    application: str
    total: Decimal | None
    """Of the examination's parts, without weights; none: not ranked."""
    rank: int | None
    passed: bool
    reason: str | None
    """None: goes on."""
    choice: int
    """The number, from 1, of the choice by which it is in the programme: the most wanted one."""


@dataclass(frozen=True, slots=True)
class FirstStageList:
    """Who goes on in a programme, in the one order of its lines."""

    programme: str
    at_most: int
    """The multiple of the places, rounded down; more go on only by ties at the line."""
    lines: tuple[FirstStageLine, ...]
    cut: Decimal | None
    """The lowest total that goes on; none: nobody does."""


def first_stage(rules: RankingRules, candidates: Iterable[Candidate]) -> dict[str, FirstStageList]:
    """The first stage's list of each programme that has one; only that examination's parts are needed.

    Raises:
        FaultyInputError: with every fault of the input.
    """
    with localcontext(EXACT):
        applications = Applications(rules, candidates)
        points_of = PointsOf(rules)
        exams = {part.key: part.exam for part in rules.parts}
        found = {}
        for programme in sorted(rules.programmes, key=lambda each: each.key):
            if programme.first_stage is not None:
                exam = programme.first_stage.exam
                parts = [part for part in programme.weights if exams[part] == exam]
                who = _of_programme(programme, parts, applications, points_of)
                found[programme.key] = (programme, programme.first_stage, who)
        if faults := [*applications.faults, *points_of.faults]:
            raise FaultyInputError(faults)
        return {key: _listed(programme, stage, who) for key, (programme, stage, who) in found.items()}


def examined_only(rules: RankingRules, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Candidates with the scores by which the first stage goes, and nothing else that changes later."""
    exams = {each.first_stage.exam for each in rules.programmes if each.first_stage is not None}
    counted = {part.key for part in rules.parts if part.exam in exams}
    for each in rules.conversions:
        if each.part in counted:
            counted |= {row.subject for row in each.rows}
    return tuple(
        each.model_copy(
            update={
                "scores": {part: score for part, score in each.scores.items() if part in counted},
                "answered": tuple(subject for subject in each.answered if subject in counted),
                "not_considered_at": {},
            }
        )
        for each in candidates
    )


def kept(made: FirstStageList, passed: Collection[str]) -> FirstStageList:
    """The list with everybody in it who was told that they go on: nobody loses by what is found (R7)."""
    lines = tuple(
        replace(line, passed=True, reason=None) if line.application in passed else line for line in made.lines
    )
    totals = [line.total for line in lines if line.passed and line.total is not None]
    return replace(made, lines=lines, cut=min(totals, default=None))


def as_list(made: FirstStageList) -> ProgrammeList:
    """In the form of a programme's list, whose one frame are those who go on: so it is stored and opened."""
    lines = tuple(
        Line(
            application=each.application,
            choice=each.choice,
            frame=made.programme,
            total=each.total,
            ties=(),
            rank=each.rank,
            verdict=Verdict.PASSED if each.passed else Verdict.NOT_PASSED,
            reason=each.reason,
            full_frame=made.programme if each.reason == BEHIND_THE_LINE else None,
            waitlist_place=None,
        )
        for each in made.lines
    )
    passed = sum(each.passed for each in made.lines)
    ranked = sum(each.rank is not None for each in made.lines)
    return ProgrammeList(
        programme=made.programme,
        lines=lines,
        frames=(FrameLine(made.programme, made.at_most, made.at_most, passed, made.cut),),
        counts=Counts(applicants=len(lines), ranked=ranked, admitted=passed, waitlisted=0),
    )


def who_goes_on(
    rules: RankingRules, candidates: Iterable[Candidate], made: Mapping[str, FirstStageList]
) -> set[str]:
    """Applications of which at least one choice goes on: it has no first stage, or has passed it."""
    passed = {key: {line.application for line in each.lines if line.passed} for key, each in made.items()}
    of_frame = {leaf: each.key for each in rules.programmes for leaf in (each.key, *each.leaves)}
    return {
        each.application
        for each in candidates
        if each.not_considered is None
        and any(
            (key := of_frame[choice]) not in passed or each.application in passed[key]
            for choice in each.choices
        )
    }


def _of_programme(
    programme: Programme, parts: list[str], applications: Applications, points_of: PointsOf
) -> dict[str, tuple[int, Points | str]]:
    """By application, the choice that is meant, and the points, or why it is not considered."""
    found: dict[str, tuple[int, Points | str]] = {}
    for candidate, chosen in zip(applications.candidates, applications.chosen, strict=True):
        mine = next((each for each in chosen if each.programme is programme), None)
        if mine is not None:
            points = mine.not_considered or points_of.of(candidate, parts)
            found[candidate.application] = (mine.number, points)
    return found


def _total(points: Points | str) -> Decimal | str:
    if isinstance(points, str):
        return points
    numbers = [value for value in points.values() if value is not None]
    return sum(numbers, Decimal(0)) if len(numbers) == len(points) else Reason.ABSENT


def _listed(
    programme: Programme, stage: FirstStage, who: dict[str, tuple[int, Points | str]]
) -> FirstStageList:
    totals = {name: _total(points) for name, (_, points) in who.items()}
    choices = {name: choice for name, (choice, _) in who.items()}
    at_most = int((stage.multiple * programme.places).to_integral_value(rounding=ROUND_FLOOR))
    ranked: list[tuple[Decimal, str, str]] = []
    for application, total in totals.items():
        if not isinstance(total, str):
            seed = programme.lot_seed if stage.at_limit == "lot" else None
            drawn = "" if seed is None else lot(seed, BEHIND_THE_LINE, application)
            ranked.append((-total, drawn, application))
    lines: list[FirstStageLine] = []
    cut: Decimal | None = None
    place = 1
    for (minus, _), members in groupby(sorted(ranked), key=lambda each: each[:2]):
        group = [application for _, _, application in members]
        free = at_most - len(lines)
        over = free <= 0 or (stage.at_limit == "none" and len(group) > free)
        if not lines or lines[-1].total != -minus:
            place = len(lines) + 1
        reason = BEHIND_THE_LINE if over else None
        lines += [FirstStageLine(name, -minus, place, not over, reason, choices[name]) for name in group]
        cut = cut if over else -minus
    lines += [
        FirstStageLine(name, None, None, False, str(why), choices[name])
        for name, why in sorted(totals.items())
        if isinstance(why, str)
    ]
    return FirstStageList(programme.key, at_most, tuple(lines), cut)
