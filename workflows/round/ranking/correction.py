"""A re-judgment as a function of what is out and of the ranking that is right (R7): nobody loses by it.

Of a list that is out everything stays as it was said, but for the lines of those who were wronged: who would
have been admitted, or to a choice that they wanted more. Who ought not to have been admitted stays so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from schemas.round.rules import chain
from schemas.round.scores import Candidate
from workflows.round.ranking.lines import Counts, FrameLine, Line, ProgrammeList, Ranking, Reason, Verdict

STANDING: Final = frozenset({Verdict.ADMITTED, Verdict.WAITLISTED})
"""Verdicts by which somebody has something, or waits for it."""
Apart = Mapping[str, str]
"""Why somebody is given nothing, by number, or by number and frame, as `apart_key` joins them."""
Lists = Mapping[str, ProgrammeList]


@dataclass(frozen=True, slots=True)
class Wronged:
    """Somebody who ought to have been admitted, or to a choice that they wanted more."""

    programme: str
    was: Line
    """What they had: the choice to which they were admitted, or else what was said of this one."""
    now: Line
    apart: str | None
    """Why they are given nothing all the same; None: they are."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What is put right: whole lists, by programme only those that change, and of each whose lines do."""

    lists: Lists
    lines: Mapping[str, tuple[Line, ...]]
    wronged: tuple[Wronged, ...]


def apart_key(number: str, frame: str | None = None) -> str:
    """A person, or one choice of a person, in `Apart`."""
    return number if frame is None else f"{number}/{frame}"


def as_considered(candidates: Iterable[Candidate], released: Lists) -> tuple[Candidate, ...]:
    """Those who were considered when the lists came out, whatever has become of them since.

    Otherwise whoever has withdrawn since would leave a place to the next, who was not wronged: that place is
    the waitlist's. Who is on no list came later.
    """
    reasons: dict[str, str | None] = {}
    for made in released.values():
        for line in made.lines:
            considered = line.rank is not None or line.reason == Reason.ABSENT
            if considered or line.application not in reasons:
                reasons[line.application] = None if considered else line.reason
    return tuple(
        each.model_copy(update={"not_considered": reasons[each.application]})
        for each in candidates
        if each.application in reasons
    )


def correct(released: Lists, right: Ranking, apart: Apart, parents: dict[str, str | None]) -> Correction:
    """Put right what is out.

    Args:
        released: by programme, the lists that are out.
        right: how it ought to have been, of the same applications.
        apart: who claims nothing: who has withdrawn, has enrolled elsewhere, has said no, or let it lapse.
        parents: of each frame the one that it lies in.
    """
    wronged = _wronged(released, right, apart)
    anew = {(line.application, line.frame): line for made in right.lists.values() for line in made.lines}
    changed: dict[str, dict[tuple[str, str], Line]] = {}
    for each in wronged:
        if each.apart is not None:
            continue
        now = each.now
        changed.setdefault(each.programme, {})[now.application, now.frame] = now
        for programme, made in released.items():
            for line in made.lines:
                lower = line.application == now.application and line.choice > now.choice
                if lower and line.verdict in STANDING:
                    key = line.application, line.frame
                    changed.setdefault(programme, {})[key] = _given_up(line, anew.get(key))
    lists = {name: _with(released[name], lines, parents) for name, lines in sorted(changed.items())}
    lines = {
        name: tuple(line for line in made.lines if (line.application, line.frame) in changed[name])
        for name, made in lists.items()
    }
    return Correction(lists, lines, wronged)


def _wronged(released: Lists, right: Ranking, apart: Apart) -> tuple[Wronged, ...]:
    said = {
        (name, line.application, line.frame): line for name, made in released.items() for line in made.lines
    }
    admitted = {line.application: line for line in said.values() if line.verdict is Verdict.ADMITTED}
    found = []
    for name, made in sorted(right.lists.items()):
        for line in made.lines:
            was, had = said.get((name, line.application, line.frame)), admitted.get(line.application)
            if line.verdict is not Verdict.ADMITTED or was is None or was.choice != line.choice:
                continue
            if had is not None and had.choice <= line.choice:
                continue
            keys = apart_key(line.application), apart_key(line.application, line.frame)
            why = next((apart[key] for key in keys if key in apart), None)
            found.append(Wronged(name, had or was, line, why))
    return tuple(found)


def _given_up(line: Line, right: Line | None) -> Line:
    """A choice that was wanted less than the one to which somebody is admitted now."""
    if right is not None and right.verdict not in STANDING:
        return right
    return replace(
        line,
        verdict=Verdict.NOT_ADMITTED,
        reason=str(Reason.PLACED_HIGHER),
        full_frame=None,
        waitlist_place=None,
    )


def _with(
    made: ProgrammeList, changed: Mapping[tuple[str, str], Line], parents: dict[str, str | None]
) -> ProgrammeList:
    """The list with other lines, each by its rank; frames and counts as they follow from the lines."""
    lines = sorted(
        (changed.get((line.application, line.frame), line) for line in made.lines),
        key=lambda line: (line.rank is None, line.rank or 0),
    )
    frames = tuple(_frame(frame, lines, parents) for frame in made.frames)
    admitted = [line for line in lines if line.verdict is Verdict.ADMITTED]
    counts = Counts(
        applicants=made.counts.applicants,
        ranked=len({line.application for line in lines if line.rank is not None}),
        admitted=len(admitted),
        waitlisted=len({line.application for line in lines if line.verdict is Verdict.WAITLISTED}),
    )
    return ProgrammeList(made.programme, tuple(lines), frames, counts)


def _frame(frame: FrameLine, lines: Iterable[Line], parents: dict[str, str | None]) -> FrameLine:
    inside = [
        line
        for line in lines
        if line.verdict is Verdict.ADMITTED and frame.frame in chain(parents, line.frame)
    ]
    totals = [line.total for line in inside if line.total is not None]
    return replace(frame, admitted=len(inside), cut=min(totals, default=None))
