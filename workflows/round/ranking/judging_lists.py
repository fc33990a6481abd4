"""The lists of a round (判定表) from all that they depend on, and from nothing else (R2)."""

from collections.abc import Iterable, Mapping
from decimal import localcontext
from itertools import groupby

from schemas.round.exact_numbers import EXACT
from schemas.round.rules import AtLimit, Programme, RankingRules
from schemas.round.scores import Candidate
from workflows.round.ranking.allocation import Allocation, allocate
from workflows.round.ranking.entries import Entry, entries
from workflows.round.ranking.inputs import Applications, faults_of_numbers
from workflows.round.ranking.lines import (
    FOR_WANT_OF_ROOM,
    Counts,
    FrameLine,
    Line,
    ProgrammeList,
    Ranking,
    Reason,
    Verdict,
)
from workflows.round.ranking.totals import Standing


def rank(
    rules: RankingRules,
    candidates: Iterable[Candidate],
    limits: Mapping[str, int],
    waitlist: Mapping[str, int] | None = None,
) -> Ranking:
    """Rank all candidates of a round and allocate its places.

    Args:
        rules: as declared in the round's policy.
        candidates: all applications, in any order.
        limits: by frame, how many may be admitted; may be more or less than its places (R3).
        waitlist: by programme, how many persons wait at most; left out: nobody does.

    Raises:
        FaultyInputError: with every fault of the input; then there is no list at all (R1, R11, R12).
    """
    waiting = {} if waitlist is None else waitlist
    with localcontext(EXACT):
        applications = Applications(rules, candidates)
        made = entries(rules, applications, faults_of_numbers(rules, limits, waiting))
        asking = [[entry for entry in of_one if entry.may_be_admitted] for of_one in made]
        choices = [
            [(each.chosen.programme.key, each.group, each.chosen.frame) for each in of_one]
            for of_one in asking
        ]
        allocation = allocate(rules.programmes, choices, limits, rules.moves)
        placed = [
            None if number is None else of_one[number].chosen.number
            for number, of_one in zip(allocation.placed, asking, strict=True)
        ]
        mine: dict[str, list[Entry]] = {programme.key: [] for programme in rules.programmes}
        for entry in (entry for of_one in made for entry in of_one):
            mine[entry.chosen.programme.key].append(entry)
        lists = [
            _Listing(programme, mine[programme.key], allocation, placed, waiting.get(programme.key, 0)).made(
                limits
            )
            for programme in sorted(rules.programmes, key=lambda each: each.key)
        ]
        return Ranking({each.programme: each for each in lists})


class _Listing:
    """A programme's list in the making."""

    def __init__(
        self,
        programme: Programme,
        mine: Iterable[Entry],
        allocation: Allocation,
        placed: list[int | None],
        waitlist: int,
    ) -> None:
        self._programme = programme
        self._entries = sorted(
            mine,
            key=lambda each: (each.standing is None, each.group, each.application, each.chosen.number),
        )
        self._allocation = allocation
        self._frames = allocation.frames[programme.key]
        self._placed = placed
        self._last: dict[str, Standing] = {}
        """By frame, what the last who was admitted has."""
        for entry in self._entries:
            if entry.standing is not None and self._is_admitted(entry):
                for frame in self._frames.holds(entry.chosen.frame):
                    self._last[frame] = entry.standing
        self._reasons = [self._reason(entry) for entry in self._entries]
        wait = [
            (entry.group, entry.who)
            for entry, (reason, _) in zip(self._entries, self._reasons, strict=True)
            if reason in FOR_WANT_OF_ROOM
        ]
        self._waiting = waitlist_places(wait, waitlist, programme.at_limit)

    def made(self, limits: Mapping[str, int]) -> ProgrammeList:
        """The list."""
        lines = tuple(
            self._line(entry, reason, full)
            for entry, (reason, full) in zip(self._entries, self._reasons, strict=True)
        )
        frames = tuple(
            FrameLine(
                frame=frame.key,
                limit=limits[frame.key],
                capacity=self._allocation.capacities[frame.key],
                admitted=self._allocation.admitted[frame.key],
                cut=self._last[frame.key].total if frame.key in self._last else None,
            )
            for frame in sorted(self._programme.frames, key=lambda each: each.key)
        )
        counts = Counts(
            applicants=len({line.application for line in lines}),
            ranked=len({line.application for line in lines if line.rank is not None}),
            admitted=sum(line.verdict is Verdict.ADMITTED for line in lines),
            waitlisted=len({line.application for line in lines if line.verdict is Verdict.WAITLISTED}),
        )
        return ProgrammeList(self._programme.key, lines, frames, counts)

    def _is_admitted(self, entry: Entry) -> bool:
        return self._placed[entry.who] == entry.chosen.number

    def _reason(self, entry: Entry) -> tuple[str | None, str | None]:
        """Why it is not admitted, and which frame had no room."""
        if entry.standing is None:
            return entry.chosen.not_considered or Reason.ABSENT, None
        if not entry.may_be_admitted:
            return Reason.BELOW_FLOOR, None
        placed = self._placed[entry.who]
        if placed is not None and placed <= entry.chosen.number:
            return (None if placed == entry.chosen.number else Reason.PLACED_HIGHER), None
        full = self._frames.full_for(entry.chosen.frame, entry.group)
        if self._frames.has_split(full, entry.group):
            return Reason.TIED_AT_LIMIT, full
        if self._programme.at_limit == "lot" and self._last.get(full) == entry.standing:
            return Reason.LOT_LOST, full
        return Reason.FRAME_FULL, full

    def _line(self, entry: Entry, reason: str | None, full_frame: str | None) -> Line:
        standing = entry.standing
        place: int | None = None
        if standing is None:
            verdict = Verdict.NOT_RANKED
        elif reason is None:
            verdict = Verdict.ADMITTED
        else:
            place = self._waiting.get(entry.who) if reason in FOR_WANT_OF_ROOM else None
            verdict = Verdict.NOT_ADMITTED if place is None else Verdict.WAITLISTED
        return Line(
            application=entry.application,
            choice=entry.chosen.number,
            frame=entry.chosen.frame,
            total=None if standing is None else standing.total,
            ties=() if standing is None else standing.ties,
            rank=entry.rank,
            verdict=verdict,
            reason=None if reason is None else str(reason),
            full_frame=full_frame,
            waitlist_place=place,
        )


def waitlist_places(wait: Iterable[tuple[int, int]], most: int, at_limit: AtLimit) -> dict[int, int]:
    """The places of those who wait, by person, from pairs of a group and a person in their order.

    Who is fully tied has the same place; where the list ends, ties are treated as where admission does.
    """
    found: dict[int, int] = {}
    for _, members in groupby(wait, key=lambda pair: pair[0]):
        group = {who for _, who in members}
        free = most - len(found)
        if free <= 0 or (at_limit == "none" and len(group) > free):
            break
        found |= dict.fromkeys(group, len(found) + 1)
    return found
