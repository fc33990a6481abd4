"""The ledger as anybody would write it down: dictionaries, and a refusal as a code."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from schemas.kernel.places import PlaceLine

PARENTS = {"lending/h": None, "lending/h/a": "lending/h", "lending/h/b": "lending/h"}
LIVE = ("held", "offered", "taken")


class No(Exception):
    """The code of a refusal."""


def up(frame: str | None) -> list[str]:
    """A frame and those above it."""
    return [] if frame is None else [frame, *up(PARENTS[frame])]


@dataclass(frozen=True)
class Place:
    """A place of the model."""

    state: str
    lines: tuple[PlaceLine, ...]
    ends_at: datetime | None
    beyond: bool = False
    """Whether its lines were given beyond the limits."""


@dataclass(frozen=True)
class Entry:
    """Who waits in the model."""

    rank: int
    number: int
    amount: Decimal
    state: str = "waiting"
    place: str | None = None
    passed: bool = False


@dataclass
class Model:
    """All that is given out."""

    limits: dict[str, Decimal]
    places: dict[str, Place] = field(default_factory=dict)
    queue: dict[tuple[str, str], Entry] = field(default_factory=dict)
    entries: int = 0

    def given(self, frame: str, state: str) -> Decimal:
        """How much of a frame is in a state."""
        return sum(
            (line.amount for place in self.places.values() if place.state == state for line in place.lines
             if frame in up(line.frame)),
            Decimal(0),
        )  # fmt: skip

    def free(self, frame: str) -> Decimal:
        """How much may be given out, with regard to what is above."""
        return min(self.limits[each] - self.within(each) for each in up(frame))

    def within(self, frame: str) -> Decimal:
        """How much of a frame is given out within its limit."""
        return sum(self.given(frame, state) for state in LIVE) - self.owed(frame)

    def owed(self, frame: str) -> Decimal:
        """How much of a frame is given out beyond its limit."""
        given = [place for place in self.places.values() if place.state in LIVE and place.beyond]
        lines = [line for place in given for line in place.lines]
        return sum((line.amount for line in lines if frame in up(line.frame)), Decimal(0))

    def claim(
        self, key: str, lines: list[PlaceLine], state: str, ends_at: datetime | None, *, beyond: bool = False
    ) -> None:
        """Give a place."""
        if self.places.get(key) and self.places[key].state in LIVE:
            raise No("place-held")
        for line in () if beyond else lines:
            own = self.queue.get((line.frame, key))
            for (frame, holder), entry in self.queue.items():
                before = (
                    own is None
                    or own.state != "waiting"
                    or (entry.rank, entry.number) < (own.rank, own.number)
                )
                if frame != line.frame or holder == key or entry.state != "waiting" or not before:
                    continue
                if entry.amount <= self.free(frame) and not entry.passed:
                    raise No("place-waited-for")
        self._put(key, Place(state, (), ends_at, beyond), lines)
        for line in lines:
            entry = self.queue.get((line.frame, key))
            if entry is not None and entry.state == "waiting" and state == "offered":
                self.queue[line.frame, key] = replace(entry, state="offered", place=key)
            elif entry is not None and entry.state == "waiting":
                del self.queue[line.frame, key]

    def _put(self, key: str, place: Place, lines: list[PlaceLine]) -> None:
        before = self.places.get(key)
        self.places[key] = replace(place, lines=())
        try:
            for line in lines:
                self._check(line, beyond=place.beyond)
                self.places[key] = replace(place, lines=(*self.places[key].lines, line))
        except No:
            if before is None:
                del self.places[key]
            else:
                self.places[key] = before
            raise

    def _check(self, line: PlaceLine, *, beyond: bool) -> None:
        if not beyond and self.free(line.frame) < line.amount:
            raise No("frame-full")
        if line.unit is not None and any(self._clashes(line, other) for other in self._live()):
            raise No("unit-taken")

    def _live(self) -> list[PlaceLine]:
        return [line for place in self.places.values() if place.state in LIVE for line in place.lines]

    def _clashes(self, one: PlaceLine, other: PlaceLine) -> bool:
        shared = one.unit == other.unit
        return shared and one.first < other.until and other.first < one.until

    def live(self, key: str) -> Place:
        """A place that somebody has."""
        if key not in self.places:
            raise No("place-unknown")
        if self.places[key].state not in LIVE:
            raise No("place-over")
        return self.places[key]

    def take(self, key: str, now: datetime) -> None:
        """The answer yes."""
        place = self.live(key)
        if place.state == "taken" or (place.ends_at is not None and place.ends_at <= now):
            raise No("place-over")
        self.places[key] = replace(place, state="taken", ends_at=None)
        self._end_entries(key)

    def extend(self, key: str, now: datetime, ends_at: datetime) -> None:
        """Longer."""
        place = self.live(key)
        if place.state == "taken" or (place.ends_at is not None and place.ends_at <= now):
            raise No("place-over")
        self.places[key] = replace(place, ends_at=ends_at)

    def release(self, key: str, why: str) -> None:
        """Back, whatever it was."""
        if key not in self.places:
            raise No("place-unknown")
        place = self.places[key]
        if place.state in LIVE:
            state = "declined" if (place.state, why) == ("offered", "declined") else "released"
            self._end(key, state)

    def lapse(self, key: str, now: datetime) -> None:
        """Over, if it is."""
        if key not in self.places:
            raise No("place-unknown")
        place = self.places[key]
        if place.state in ("held", "offered") and place.ends_at is not None and place.ends_at <= now:
            self._end(key, "lapsed")

    def _end(self, key: str, state: str) -> None:
        self.places[key] = replace(self.places[key], state=state)
        self._freed(self.places[key].lines)
        self._end_entries(key)

    def _end_entries(self, key: str) -> None:
        self.queue = {at: entry for at, entry in self.queue.items() if entry.place != key}

    def _freed(self, lines: tuple[PlaceLine, ...]) -> None:
        touched = {frame for line in lines for frame in up(line.frame)}
        for (frame, holder), entry in self.queue.items():
            if touched & set(up(frame)):
                self.queue[frame, holder] = replace(entry, passed=False)

    def move(self, key: str, lines: list[PlaceLine]) -> None:
        """Other lines."""
        place = self.live(key)
        self._put(key, replace(place, beyond=False), lines)
        self._freed(place.lines)

    def swap(self, key: str, other: str) -> None:
        """Each the other's lines."""
        one, two = self.live(key), self.live(other)
        self.places[key] = replace(one, lines=two.lines, beyond=two.beyond)
        self.places[other] = replace(two, lines=one.lines, beyond=one.beyond)

    def wait(self, frame: str, holder: str, rank: int, amount: Decimal) -> None:
        """Wait, or by another rank."""
        entry = self.queue.get((frame, holder))
        if entry is None:
            self.entries += 1
            self.queue[frame, holder] = Entry(rank, self.entries, amount)
        elif entry.state == "waiting":
            self.queue[frame, holder] = replace(entry, rank=rank, amount=amount, passed=False)

    def pass_over(self, frame: str, holder: str) -> None:
        """Not now."""
        entry = self.queue.get((frame, holder))
        if entry is not None and entry.state == "waiting":
            self.queue[frame, holder] = replace(entry, passed=True)

    def leave(self, frame: str, holder: str) -> None:
        """Wait no more."""
        self.queue.pop((frame, holder), None)

    def limit(self, frame: str, limit: Decimal) -> None:
        """More or less may be given out."""
        if self.within(frame) > limit:
            raise No("frame-below")
        raised = limit > self.limits[frame]
        self.limits[frame] = limit
        for (of, holder), entry in self.queue.items():
            if raised and frame in up(of):
                self.queue[of, holder] = replace(entry, passed=False)
