"""Who of a waitlist is called, who waits no more, and why nobody else is called: decided here alone.

Nothing is looked up or changed. A look at the waitlist (`promotion.py`) carries out the plan; the office's
calls (`contacts.py`) are held against it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.kernel.japan import TOKYO
from schemas.round import waitlist as schema
from schemas.round.rules import RankingRules, chain
from schemas.round.waitlist import CallingPolicy, Entry, EntryState

BEFORE_TIME: Final = "before-time"
LIST_OLD: Final = "elsewhere-list-old"
OVER: Final = "promotion-over"
LAPSED: Final = "lapsed"
Ending = tuple[EntryState, dict[str, Any]]
"""Where an entry goes that waits no more or is answered, and by which evidence."""


@dataclass(frozen=True)
class Times:
    """The policy's moments in the year of a round."""

    policy: CallingPolicy
    promote_from: datetime
    promote_until: datetime
    enrol_until: datetime
    last_days_from: datetime
    moved_enrolment: datetime | None = None
    """The hour of enrolment, where it was moved for everybody: nobody's is earlier."""

    @classmethod
    def of(
        cls,
        policy: CallingPolicy,
        year: int,
        announced: datetime | None = None,
        moved_enrolment: datetime | None = None,
    ) -> "Times":
        """As the round was announced, else as the policy says."""
        names = ("promote_from", "promote_until", "enrol_until", "last_days_from")
        moments = {name: schema.moment_in(year, getattr(policy, name)) for name in names}
        said = {"promote_from": announced} if announced is not None else {}
        return cls(policy, **moments | said, moved_enrolment=moved_enrolment)

    def reply_by(self, asked: datetime) -> datetime:
        """The end of the next day; within hours on the last days (R24)."""
        if asked >= self.last_days_from:
            return asked + timedelta(hours=self.policy.reply_hours_at_last)
        midnight = asked.astimezone(TOKYO).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(days=2)

    def enrol_by(self, promoted: datetime) -> datetime:
        """Until when who is promoted then enrols."""
        until = self.enrol_until if promoted < self.enrol_until else self.promote_until
        return until if self.moved_enrolment is None else max(until, self.moved_enrolment)

    def list_holds_until(self, listed_at: datetime) -> datetime:
        """From when a list of who enrolled elsewhere is too old for a call (R26)."""
        return listed_at + timedelta(hours=self.policy.elsewhere_hours)


@dataclass(frozen=True)
class Plan:
    """What a look at the waitlist leads to, with the reason for each entry."""

    ends: Mapping[str, Ending]
    first: tuple[Entry, ...]
    """Those for whom there is a place and who are called, or are to be, in their order (R23)."""
    why: Mapping[str, str]
    """Of all others who wait, why they are not called now."""


def ending_of(entry: Entry, now: datetime) -> Ending | None:
    """What has become of an entry, by what the ledger, the lists and the clock say; None: it stands."""
    if entry.state in schema.PLACED:
        return _answered(entry, now) if entry.place is not None and entry.place.live else _given_back(entry)
    return _waits_no_more(entry, now)


def _given_back(entry: Entry) -> Ending:
    """The place that somebody had by their entry is another's."""
    if entry.elsewhere is not None:
        return EntryState.ELSEWHERE, _elsewhere(entry)
    how = entry.place.state if entry.place is not None else "released"
    return (EntryState.WITHDRAWN if how == "released" else EntryState.DECLINED), {"code": how}


def _answered(entry: Entry, now: datetime) -> Ending | None:
    place = entry.place
    if place is None or place.frame != entry.frame:
        return EntryState.WITHDRAWN, {"code": "placed-higher"}
    if place.state == "offered" and place.ends_at is not None and place.ends_at <= now:
        return EntryState.DECLINED, {"code": LAPSED, "clock": True, "place": place.place}
    if place.state == "taken" and entry.state is EntryState.OFFERED:
        return EntryState.ACCEPTED, {"code": "taken", "place": place.place}
    return None


def _waits_no_more(entry: Entry, now: datetime) -> Ending | None:
    place = entry.place
    if entry.elsewhere is not None:
        return EntryState.ELSEWHERE, _elsewhere(entry)
    if entry.gone is not None:
        return EntryState.WITHDRAWN, {"code": entry.gone}
    if place is not None and (not place.live or (place.choice or entry.choice + 1) <= entry.choice):
        code = "placed-higher" if place.live else f"place-{place.state}"
        return EntryState.WITHDRAWN, {"code": code, "place": place.place}
    if entry.state is EntryState.CALLING and entry.reply_by is not None and entry.reply_by <= now:
        return EntryState.UNREACHABLE, {"code": "no-reply", "clock": True}
    return None


def _elsewhere(entry: Entry) -> dict[str, Any]:
    return {"code": schema.ELSEWHERE, "batch": entry.elsewhere}


def lapses(ending: Ending) -> bool:
    """Whether an offer ends by the clock of this look, and its place falls free with it."""
    return ending[1]["code"] == LAPSED and "clock" in ending[1]


def needs(entry: Entry, parents: dict[str, str | None]) -> tuple[str, ...]:
    """Frames in which a place has to be free for an entry: not those in which the person has one."""
    held = frees(entry, parents)
    return tuple(frame for frame in chain(parents, entry.frame) if frame not in held)


def frees(entry: Entry, parents: dict[str, str | None]) -> tuple[str, ...]:
    """Frames in which a place is free once the person has theirs no more; none, if it is extra."""
    place = entry.place
    if place is None or not place.live or place.frame is None or place.extra:
        return ()
    return tuple(chain(parents, place.frame))


def plan(
    entries: Iterable[Entry],
    free: Mapping[str, int],
    parents: dict[str, str | None],
    now: datetime,
    shut: str | None,
) -> Plan:
    """Who waits no more, who is called, and why nobody else is.

    Down each programme's waitlist everybody who still waits uses up one place in their frame and in all above
    it; who finds none left is not called, and whoever is behind them in that frame finds none either.

    Args:
        entries: those that are not over.
        free: by frame, without regard to those above it.
        parents: of each frame the one that it lies in.
        now: the moment of the step.
        shut: why nobody new is called at all; None: they are.
    """
    ends: dict[str, Ending] = {}
    left = dict(free)
    waiting = []
    for entry in sorted(entries, key=lambda each: (each.programme, each.rank, each.frame)):
        ending = ending_of(entry, now)
        if ending is not None:
            ends[entry.entry] = ending
            if lapses(ending):
                for frame in frees(entry, parents):
                    left[frame] += 1
        elif entry.state in schema.QUEUED:
            waiting.append(entry)
    first, why = [], {}
    for entry in waiting:
        needed = needs(entry, parents)
        full = next((frame for frame in needed if left[frame] < 1), None)
        if full is not None:
            why[entry.entry] = f"frame-full {full}"
            continue
        for frame in needed:
            left[frame] -= 1
        if shut is not None and entry.state is EntryState.WAITING:
            why[entry.entry] = shut
        else:
            first.append(entry)
    return Plan(ends, tuple(first), why)


def parents_of(rules: RankingRules) -> dict[str, str | None]:
    """Of each frame the one that it lies in."""
    return {frame.key: frame.parent for programme in rules.programmes for frame in programme.frames}
