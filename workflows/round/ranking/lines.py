"""What a list says: its lines, its frames, why each choice went as it did."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Verdict(StrEnum):
    """What becomes of a choice."""

    ADMITTED = "admitted"
    WAITLISTED = "waitlisted"
    NOT_ADMITTED = "not-admitted"
    NOT_RANKED = "not-ranked"
    PASSED = "passed"
    """Goes on after the first stage; so in its lists alone, as the next one."""
    NOT_PASSED = "not-passed"


class Reason(StrEnum):
    """Why a choice is not admitted, beside the codes for which an application is not considered."""

    ABSENT = "absent"
    BELOW_FLOOR = "below-floor"
    FRAME_FULL = "frame-full"
    """Those before took all places of `full_frame`."""
    TIED_AT_LIMIT = "tied-at-limit"
    """`full_frame` had places left, but not for all who are fully tied."""
    LOT_LOST = "lot-lost"
    """Others who are fully tied were drawn for the places of `full_frame`."""
    PLACED_HIGHER = "placed-higher"
    """A choice that was wanted more is admitted."""


FOR_WANT_OF_ROOM = frozenset({Reason.FRAME_FULL, Reason.TIED_AT_LIMIT, Reason.LOT_LOST})
"""Reasons for which somebody waits for a place."""


@dataclass(frozen=True, slots=True)
class Line:
    """One choice of one application in a programme's list."""

    application: str
    choice: int
    """Its number among the choices of the application, from 1."""
    frame: str
    total: Decimal | None
    """None: not ranked."""
    ties: tuple[Decimal, ...]
    """What is compared after the total, as the programme declares it."""
    rank: int | None
    """Persons before it, and one; the same for all who are fully tied."""
    verdict: Verdict
    reason: str | None
    """None: admitted."""
    full_frame: str | None
    """The innermost frame that had no room."""
    waitlist_place: int | None
    """From 1; the same for all who are fully tied, unless a lot was drawn."""


@dataclass(frozen=True, slots=True)
class FrameLine:
    """How a frame of places came out."""

    frame: str
    limit: int
    capacity: int
    """The limit, with what a declared move brought or took."""
    admitted: int
    """Persons in it and in frames that lie in it; more than the capacity only by ties at the limit."""
    cut: Decimal | None
    """The lowest total that was admitted; none: nobody was."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Persons of a list, each once, however many of its frames they chose."""

    applicants: int
    ranked: int
    admitted: int
    waitlisted: int


@dataclass(frozen=True, slots=True)
class ProgrammeList:
    """A programme's list, its lines in the one order that they have."""

    programme: str
    lines: tuple[Line, ...]
    frames: tuple[FrameLine, ...]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Ranking:
    """All lists of a round that were made together."""

    lists: Mapping[str, ProgrammeList]
    """By programme, also those that nobody chose."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a choice went as it did."""

    programme: str
    line: Line
    cut: Decimal | None
    """Of the frame that had no room, or else of the chosen one."""


def explain(ranking: Ranking, application: str) -> tuple[Explanation, ...]:
    """What became of each choice of an application, the most wanted first; none for an unknown one."""
    found = []
    for each in ranking.lists.values():
        cuts = {frame.frame: frame.cut for frame in each.frames}
        found += [
            Explanation(each.programme, line, cuts[line.full_frame or line.frame])
            for line in each.lines
            if line.application == application
        ]
    return tuple(sorted(found, key=lambda one: one.line.choice))
