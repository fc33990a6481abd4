"""Who gets which bed: exclusion, order, what fits whom; pure, and bounded by one look at each who asks.

Rule numbers are those of docs/processes/dormitory.md.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Final

from schemas.dormitory.lookups import HouseFound
from schemas.dormitory.policy import DormitoryPolicy
from schemas.dormitory.run import Bed, Held, Line, Request
from schemas.dormitory.stages import Need, Reason, RoomKind, Status
from schemas.kernel.japan import TOKYO

RULES: Final = "1"
"""Counted up when the rules below change: a list that was frozen under others is drawn again (X34)."""
LATE: Final = 8
LAPSED: Final = 9
"""Classes of rank behind those of the draw."""
SHARING: Final = frozenset({RoomKind.UNIT, RoomKind.SHARED})
"""Kinds of rooms in which who lives there has to fit (X25)."""
_NEAREST: Final = (
    Reason.NO_BED_OF_KIND,
    Reason.HOUSE_FULL,
    Reason.GENDER_ASKED,
    Reason.GENDER_UNFIT,
    Reason.STAY_TOO_LONG,
    Reason.FAMILY_UNKNOWN,
    Reason.MOVE_NOT_PROMISED,
    Reason.ACCESSIBLE_KEPT,
    Reason.RESERVE_KEPT,
)
"""Why a bed does not fit, the further from fitting before."""


def excluded(request: Request, policy: DormitoryPolicy) -> Reason | None:
    """Why somebody gets no bed at all (X24); none: they may."""
    person = request.person
    if person.broke_rules:
        return Reason.CONDUCT
    if person.arrears_months >= policy.arrears_months:
        return Reason.ARREARS
    return Reason.NO_STATUS if person.status is Status.NONE else None


def rank_of(request: Request, policy: DormitoryPolicy, house: str, seed: str) -> tuple[int, int]:
    """The class of a request and its number in the draw (X23); the lowest is the first."""
    person = request.person
    quota = policy.quotas.get(house, {}).get(request.quota)
    if Need.ACCESSIBLE in person.needs:
        of_class = 1
    elif quota is not None and quota.guaranteed:
        of_class = 2
    else:
        of_class = 4 if person.stays_on else 3
    return of_class, int(hashlib.sha256(f"{seed}|{request.case}".encode()).hexdigest()[:12], 16)


def frozen_hash(found: HouseFound, policy: DormitoryPolicy, seed: str) -> str:
    """Stands for the rules, the seed and all that the list is drawn from (X34)."""
    told = found.model_dump(mode="json", include={"beds", "held", "requests", "closings", "residents"})
    told["requests"] = sorted(told["requests"], key=lambda each: str(each["case"]))
    frozen = json.dumps([RULES, policy.version, policy.route, seed, told], sort_keys=True)
    return hashlib.sha256(frozen.encode()).hexdigest()


def frame_of(term_frame: str, request: Request, policy: DormitoryPolicy, house: str) -> str:
    """The innermost frame in which a bed for somebody counts, with all above it or in none (X22)."""
    if Need.ACCESSIBLE in request.person.needs:
        return f"{term_frame}/reserve"
    quota = policy.quotas.get(house, {}).get(request.quota)
    if quota is None:
        return f"{term_frame}/open"
    faculty = f"/{request.faculty}" if request.faculty in quota.faculties else ""
    return f"{term_frame}/open/{request.quota}{faculty}"


@dataclass
class Span:
    """A bed is not free on these days."""

    first: date
    until: date | None
    holder: str | None
    group: str | None
    place: str

    def meets(self, first: date, until: date) -> bool:
        """Whether a day is in both; the day of leaving is the next one's (X21)."""
        return self.first < until and (self.until is None or first < self.until)


@dataclass
class House:
    """A house in the making: what is given in it, and who still fits where."""

    found: HouseFound
    policy: DormitoryPolicy
    name: str
    term_frame: str
    today: date
    beds: dict[str, Bed] = field(default_factory=dict)
    spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    free: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take over what is given."""
        self.beds = {bed.bed: bed for bed in self.found.beds}
        self.by_kind: dict[str, list[Bed]] = defaultdict(list)
        self.by_room: dict[str, list[Bed]] = defaultdict(list)
        for bed in self.found.beds:
            self.by_kind[bed.kind].append(bed)
            self.by_room[bed.room].append(bed)
        self._tried: dict[tuple[object, ...], tuple[int, int]] = {}
        self.requests = {request.case: request for request in self.found.requests}
        self.free = dict(self.found.free)
        for held in self.found.held:
            self.spans[held.bed].append(Span(held.first, held.until, held.holder, held.group, held.place))
        for closing in self.found.closings:
            self.spans[closing.bed].append(Span(closing.first, closing.until, None, None, "closing"))
        for resident in self.found.residents:
            self.spans[resident.bed].append(Span(resident.first, resident.until, None, None, ""))

    # what fits

    def is_free(self, bed: str, first: date, until: date) -> bool:
        """Whether nobody has a bed on these days."""
        return not any(span.meets(first, until) for span in self.spans.get(bed, ()))

    def span_of(self, request: Request, since: date | None = None) -> tuple[date, date]:
        """The days that somebody takes, with those of the cleaning after them."""
        gap = timedelta(days=self.policy.gap_days)
        return max(request.first, since or request.first), request.until + gap

    def unfit(self, bed: Bed, request: Request, since: date | None = None) -> Reason | None:
        """Why a bed does not fit somebody; none: it does."""
        person = request.person
        first, until = self.span_of(request, since)
        if Need.ACCESSIBLE in person.needs and bed.kind is not RoomKind.ACCESSIBLE:
            return Reason.NO_BED_OF_KIND
        if reason := self._not_meant_for(bed, request):
            return reason
        if not self.is_free(bed.bed, first, until):
            return Reason.HOUSE_FULL
        return self._among(bed, request, first, until)

    def _reserved(self, bed: Bed, request: Request, since: date | None) -> Reason | None:
        """So many beds are kept free on each day for emergencies (X22)."""
        kept = self.policy.emergency.get(self.name, 0)
        if not kept or Need.ACCESSIBLE in request.person.needs or bed.kind is RoomKind.ACCESSIBLE:
            return None
        days = self.span_of(request, since)
        others = (
            each
            for each in self.beds.values()
            if each.bed != bed.bed and each.kind is not RoomKind.ACCESSIBLE and self.is_free(each.bed, *days)
        )
        return None if len(list(islice(others, kept))) == kept else Reason.RESERVE_KEPT

    def _not_meant_for(self, bed: Bed, request: Request) -> Reason | None:
        """An accessible bed for others only late, and by a promise (X27); a family's for families (X26)."""
        person = request.person
        if bed.kind is RoomKind.ACCESSIBLE and Need.ACCESSIBLE not in person.needs:
            if not person.promises_to_move:
                return Reason.MOVE_NOT_PROMISED
            early = self.today < request.first - timedelta(days=self.policy.accessible_days)
            return Reason.ACCESSIBLE_KEPT if early else None
        if bed.kind is not RoomKind.FAMILY:
            return None
        if Need.FAMILY not in person.needs:
            return Reason.FAMILY_UNKNOWN
        latest = self.latest(bed.bed, request.first)
        return Reason.STAY_TOO_LONG if latest is not None and request.until > latest else None

    def latest(self, bed: str, first: date) -> date | None:
        """The last day on which a bed is left by who came on a day; rooms for families are few (X26)."""
        if self.beds[bed].kind is not RoomKind.FAMILY:
            return None
        return first + timedelta(days=self.policy.family_days)

    def _among(self, bed: Bed, request: Request, first: date, until: date) -> Reason | None:
        if bed.group is not None and request.group != bed.group:
            return Reason.GENDER_UNFIT if request.group else Reason.GENDER_ASKED
        if bed.kind not in SHARING:
            return None
        if request.group is None:
            return Reason.GENDER_ASKED
        if bed.group is None and any(
            span.group != request.group and (span.holder is not None or not span.place)
            for other in self.by_room[bed.room]
            for span in self.spans.get(other.bed, ())
            if other.bed != bed.bed and span.meets(first, until)
        ):
            return Reason.GENDER_UNFIT
        return None

    def choose(self, request: Request, since: date | None = None) -> Bed | Reason:
        """The first bed that fits, the kinds in the order that was asked for; or why there is none."""
        kinds = (
            [RoomKind.ACCESSIBLE]
            if Need.ACCESSIBLE in request.person.needs
            else [RoomKind(kind) for kind in request.types if kind in set(RoomKind)]
        )
        # who would take a single room takes an accessible one, when nobody who needs it will
        if RoomKind.SINGLE in kinds and RoomKind.ACCESSIBLE not in kinds:
            kinds.append(RoomKind.ACCESSIBLE)
        nearest = 0
        for kind in kinds:
            if kind is RoomKind.COUPLE:
                continue
            found, reached = self._first_of(kind, request, since)
            if found is not None:
                return found
            nearest = max(nearest, reached)
        return _NEAREST[nearest]

    def _first_of(self, kind: RoomKind, request: Request, since: date | None) -> tuple[Bed | None, int]:
        """The first bed of a kind; what did not fit somebody alike does not, until something is free."""
        person, beds = request.person, self.by_kind.get(kind, [])
        alike = (
            kind,
            request.group,
            person.needs,
            person.promises_to_move,
            request.until,
            request.first,
            since,
        )
        start, nearest = self._tried.get(alike, (0, 0))
        for number in range(start, len(beds)):
            bed = beds[number]
            reason = self.unfit(bed, request, since) or self._reserved(bed, request, since)
            if reason is None:
                self._tried[alike] = number, nearest
                return bed, nearest
            nearest = max(nearest, _NEAREST.index(reason))
        self._tried[alike] = len(beds), nearest
        return None, nearest

    # frames

    def room_in(self, frame: str) -> bool:
        """Whether a frame and all above it can give one more."""
        return all(self.free.get(each, 0) >= 1 for each in self._up(frame))

    def _up(self, frame: str) -> list[str]:
        found = [frame]
        while (above := self.found.parents.get(found[-1])) is not None:
            found.append(above)
        return found

    # giving

    def give(self, bed: str, request: Request, frame: str) -> None:
        """Somebody has it from here on."""
        first, until = self.span_of(request)
        self.spans[bed].append(Span(first, until, request.case, request.group, "new"))
        for each in self._up(frame):
            self.free[each] = self.free.get(each, 0) - 1

    def take_back(self, held: Held) -> None:
        """What somebody had is free from here on."""
        self.vacate(held.place)
        for each in self._up(held.frame):
            self.free[each] = self.free.get(each, 0) + 1

    def vacate(self, place: str) -> None:
        """The beds of a place are free; it counts on in its frames."""
        self._tried.clear()
        for bed, spans in self.spans.items():
            self.spans[bed] = [span for span in spans if span.place != place]

    def spans_of(self, place: str) -> bool:
        """Whether a place still has a bed."""
        return any(span.place == place for spans in self.spans.values() for span in spans)

    def occupy(self, bed: str, first: date, until: date | None, held: Held | None = None) -> None:
        """Somebody moves there, or it is closed; no frame counts otherwise."""
        holder, group, place = (held.holder, held.group, held.place) if held else (None, None, "closed")
        self.spans[bed].append(Span(first, until, holder, group, place))

    # a list

    def allot(self, order: Sequence[tuple[Request, tuple[int, ...]]]) -> list[Line]:
        """A line for each who asks, in order; nobody is looked at twice (X34)."""
        lines: dict[str, Line] = {}
        ranks = {request.case: rank for request, rank in order}
        for request, rank in order:
            if request.case in lines:
                continue
            if RoomKind.COUPLE in request.types:
                lines |= self._couple(request, ranks)
            else:
                lines[request.case] = self._one(request, rank)
        return [lines[request.case] for request, _ in order]

    def _one(self, request: Request, rank: tuple[int, ...]) -> Line:
        reason = self._shut(request)
        frame = frame_of(self.term_frame, request, self.policy, self.name)
        if reason is None:
            chosen = self.choose(request)
            if isinstance(chosen, Bed) and self.room_in(frame):
                self.give(chosen.bed, request, frame)
                return Line(case=request.case, rank=rank, bed=chosen.bed, frame=frame)
            reason = Reason.FRAME_FULL if isinstance(chosen, Bed) else chosen
        return Line(case=request.case, rank=rank, reason=reason)

    def _shut(self, request: Request) -> Reason | None:
        return excluded(request, self.policy) or (None if request.accepted else Reason.NOT_ACCEPTED)

    def _couple(self, request: Request, ranks: dict[str, tuple[int, ...]]) -> dict[str, Line]:
        """Both or none, the partner proven by both (X26)."""
        partner = self.requests.get(request.person.partner or "")
        both = [request, *([partner] if partner is not None and partner.case in ranks else [])]

        def none(reason: Reason, *who: Request) -> dict[str, Line]:
            return {each.case: Line(case=each.case, rank=ranks[each.case], reason=reason) for each in who}

        if partner is None or len(both) == 1 or partner.person.partner != request.case:
            return none(Reason.PARTNER_MISSING, request)
        if RoomKind.COUPLE not in partner.types:
            return none(Reason.PARTNER_MISSING, request)
        if not all(each.person.partner_proven for each in both):
            return none(Reason.PARTNER_UNPROVEN, *both)
        if reason := next((reason for each in both if (reason := self._shut(each))), None):
            return none(reason, *both)
        frames = [frame_of(self.term_frame, each, self.policy, self.name) for each in both]
        full = Reason.HOUSE_FULL if self.by_kind.get(RoomKind.COUPLE) else Reason.NO_BED_OF_KIND
        for room in dict.fromkeys(bed.room for bed in self.by_kind.get(RoomKind.COUPLE, ())):
            beds = self.by_room[room]
            if len(beds) < len(both) or not all(
                self.is_free(bed.bed, *self.span_of(each)) for bed in beds for each in both
            ):
                continue
            if not self._room_for(frames):
                full = Reason.FRAME_FULL
                break
            told = {}
            for each, bed, frame in zip(both, beds, frames, strict=False):
                self.give(bed.bed, each, frame)
                told[each.case] = Line(case=each.case, rank=ranks[each.case], bed=bed.bed, frame=frame)
            return told
        return none(full, *both)

    def _room_for(self, frames: Iterable[str]) -> bool:
        wanted: dict[str, int] = defaultdict(int)
        for frame in frames:
            for each in self._up(frame):
                wanted[each] += 1
        return all(self.free.get(each, 0) >= count for each, count in wanted.items())


def in_order(
    requests: Iterable[Request], policy: DormitoryPolicy, house: str, seed: str
) -> list[tuple[Request, tuple[int, ...]]]:
    """Requests with their ranks, the first one first; who asked late comes behind, by time."""
    ranked = [
        (each, (LATE, each.late) if each.late is not None else rank_of(each, policy, house, seed))
        for each in requests
    ]
    return sorted(ranked, key=lambda each: (each[1], each[0].case))


def answer_by(first: date, policy: DormitoryPolicy, now: datetime) -> datetime:
    """Until when a bed is held: ten days, at latest to three days before; never less than a day (X28)."""
    last = first - timedelta(days=policy.answer_before_days)
    until = min(now + timedelta(days=policy.offer_days), datetime.combine(last, time.max, TOKYO))
    return max(until, now + timedelta(hours=policy.offer_hours)).replace(microsecond=0)
