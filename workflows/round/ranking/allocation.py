"""Who gets which place: choices are proposed in their order, and a frame keeps the best (R16–R18, I5).

A frame is closed from the first group of fully tied on that finds no room in it (`all-tied`) or not enough
for all of the group (`none`); where a lot decides, every group is one person. Once closed for a group, a
frame stays closed for it whoever else proposes: so the order of proposals does not matter, and nobody is
refused a place that somebody behind them gets. Where all programmes rank alike, this gives the same as going
down the one list.

What a frame takes of those who are tied beyond its limit takes no room from its siblings: towards the frame
around it, a frame counts for its limit at most. A frame that is closed because a group does not fit counts as
full: the places left over are still that group's before anybody else's.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

from schemas.round.rules import Move, Programme, chain

NEVER: Final = 1 << 60
"""A group behind all others: from which a frame is closed that is open for everybody."""

Offer = tuple[int, int, str]
"""The group somebody is in, the best being 0; who it is; the frame."""


@dataclass
class Frames:
    """The frames of a programme, what fits into them, and from which group on each is closed."""

    programme: Programme
    capacities: Mapping[str, int]

    def __post_init__(self) -> None:
        """Nobody has asked for a place yet."""
        parents = {frame.key: frame.parent for frame in self.programme.frames}
        self._chains = {leaf: chain(parents, leaf) for leaf in self.programme.leaves}
        self._whole_groups = self.programme.at_limit == "none"
        self._offers: list[Offer] = []
        self._refused: set[Offer] = set()
        self._split: set[str] = set()
        self._keys = tuple(parents)
        self.closed = self._without_offers()

    def is_open(self, frame: str, group: int) -> bool:
        """Whether somebody of a group is taken in a frame and in all around it."""
        return all(self.closed[each] > group for each in self._chains[frame])

    def full_for(self, frame: str, group: int) -> str:
        """The innermost frame that is closed for a group.

        Raises:
            StopIteration: none is.
        """
        return next(each for each in self._chains[frame] if self.closed[each] <= group)

    def has_split(self, frame: str, group: int) -> bool:
        """Whether a frame had room, but not for all of this group (`none`)."""
        return frame in self._split and self.closed[frame] == group

    def holds(self, frame: str) -> tuple[str, ...]:
        """The frame and all around it, in which who is placed counts."""
        return self._chains[frame]

    def propose(self, group: int, who: int, frame: str) -> None:
        """Somebody asks for a place; `settle` says who gets one."""
        insort(self._offers, (group, who, frame))

    def settle(self) -> list[int]:
        """Close each frame where its room ends; answers who is newly refused, taken before or not."""
        self._split.clear()
        self.closed = self._without_offers()
        room = {frame: self.capacities[frame] for frame in self._keys}
        for group, offers in groupby(self._offers, key=itemgetter(0)):
            # all of the group find what the groups before have left, so that none is before another
            for frame in [frame for _, _, frame in offers if self.is_open(frame, group)]:
                self._take(room, frame, group)
        refused = [
            offer
            for offer in self._offers
            if offer not in self._refused and not self.is_open(offer[2], offer[0])
        ]
        if self._whole_groups:
            # a group that did not fit stays the reason why nobody behind it gets in
            self._refused.update(refused)
        else:
            gone = set(refused)
            self._offers = [offer for offer in self._offers if offer not in gone]
        return [who for _, who, _ in refused]

    def _without_offers(self) -> dict[str, int]:
        return {frame: NEVER if self.capacities[frame] > 0 else 0 for frame in self._keys}

    def _take(self, room: dict[str, int], leaf: str, group: int) -> None:
        for frame in self._chains[leaf]:
            if room[frame] <= 0:
                if self._whole_groups and self.closed[frame] > group:
                    self.closed[frame] = group
                    self._split.add(frame)
                return
            room[frame] -= 1
            if room[frame] == 0:
                self.closed[frame] = group + 1


Choice = tuple[str, int, str]
"""A programme, the group somebody is in there, the frame."""


@dataclass(frozen=True)
class Allocation:
    """Who got which place, under which capacities."""

    placed: tuple[int | None, ...]
    """By person: the number of the choice, from 0; none: no place."""
    frames: Mapping[str, Frames]
    """By programme."""
    capacities: Mapping[str, int]
    """By frame: its limit, and what was moved into or out of it."""
    admitted: Mapping[str, int]
    """By frame: persons in it and in the frames that lie in it."""


def allocate(
    programmes: Iterable[Programme],
    choices: Sequence[Sequence[Choice]],
    limits: Mapping[str, int],
    moves: Iterable[Move] = (),
) -> Allocation:
    """Give each person the best of their choices that nobody before them takes, then move what is unfilled.

    Args:
        programmes: all that are chosen.
        choices: by person, the most wanted first, without those in which nobody may be admitted.
        limits: by frame.
        moves: in the order in which they are done; all is allocated again after each.
    """
    known = tuple(programmes)
    parents = {frame.key: frame.parent for each in known for frame in each.frames}
    found = _allocate(known, choices, dict(limits))
    for move in moves:
        source, target = chain(parents, move.source), chain(parents, move.target)
        losing = [frame for frame in source if frame not in target]
        unfilled = min(found.capacities[frame] - found.admitted[frame] for frame in losing)
        if unfilled > 0:
            capacities = dict(found.capacities)
            for frame in losing:
                capacities[frame] -= unfilled
            for frame in target:
                capacities[frame] += 0 if frame in source else unfilled
            found = _allocate(known, choices, capacities)
    return found


def _allocate(
    programmes: Sequence[Programme], choices: Sequence[Sequence[Choice]], capacities: Mapping[str, int]
) -> Allocation:
    frames = {programme.key: Frames(programme, capacities) for programme in programmes}
    placed: list[int | None] = [None] * len(choices)
    asked = [0] * len(choices)
    looking: Iterable[int] = range(len(choices))
    while looking:
        touched: set[str] = set()
        for who in looking:
            placed[who] = None
            while asked[who] < len(choices[who]):
                programme, group, frame = choices[who][asked[who]]
                asked[who] += 1
                if frames[programme].is_open(frame, group):
                    frames[programme].propose(group, who, frame)
                    placed[who] = asked[who] - 1
                    touched.add(programme)
                    break
        looking = [who for programme in sorted(touched) for who in frames[programme].settle()]
    admitted = dict.fromkeys(capacities, 0)
    for number, choice in zip(placed, choices, strict=True):
        if number is not None:
            programme, _, frame = choice[number]
            for each in frames[programme].holds(frame):
                admitted[each] += 1
    return Allocation(tuple(placed), frames, capacities, admitted)
