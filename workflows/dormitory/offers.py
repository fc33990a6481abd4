"""Offers: each holds a bed for one person until a moment; what falls free goes to the first whom it fits."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final, cast

from pydantic import JsonValue

from schemas.dormitory.facts import PlaceFreed
from schemas.dormitory.links import BedOffered
from schemas.dormitory.records import RequestEnded
from schemas.dormitory.run import Held, Line, Request
from schemas.dormitory.stages import Need, Reason, RoomKind, Stage
from schemas.kernel.deadlines import Deadline
from schemas.kernel.japan import TOKYO
from workflows.dormitory.allocation import LAPSED, LATE, House, answer_by, excluded
from workflows.dormitory.ground import (
    DormitoryDraft,
    frame_of_term,
    house_of,
    line_of,
    policy_of,
    short,
    tell_changed,
)

LOOK: Final = "next-offer"
"""The one deadline of all offers: the next moment at which one ends, or a bed begins to fit somebody."""
SERVING: Final = (Stage.OFFERING, Stage.SETTLED)
AT_ONCE: Final = 200
"""Offers in one step: a step is one transaction, and others wait for the frames that it has."""
NEXT_LOOK: Final = timedelta(seconds=1)
BROKEN: Final = "couple-broken"


@dataclass
class Serving:
    """One look at a house: what lapses, who is offered what, when it is looked at again."""

    draft: DormitoryDraft
    house: House
    ends: dict[str, datetime] = field(default_factory=dict)
    """The offers of this run that are open after the step, with their ends."""
    queue: list[Request] = field(default_factory=list)
    goes_on: bool = False
    """More is to be offered, in another step."""

    @classmethod
    def of(cls, draft: DormitoryDraft) -> "Serving":
        """The house as it stands."""
        house = house_of(draft)
        own = f"{draft.state.case_id}#"
        ends = {
            held.place: held.ends_at
            for held in house.found.held
            if held.place.startswith(own) and held.state == "offered" and held.ends_at is not None
        }
        queue = [house.requests[case] for case in house.found.queue if case in house.requests]
        return cls(draft, house, ends, queue)

    @property
    def own(self) -> list[Held]:
        """What the run has given, line by line."""
        prefix = f"{self.draft.state.case_id}#"
        return [held for held in self.house.found.held if held.place.startswith(prefix) and held.holder]

    def finish(self) -> None:
        """Serve who waits, look again in time, and stand where offers say."""
        self._mend_couples()
        self.serve()
        self.look_again()
        target = Stage.OFFERING if self.ends else Stage.SETTLED
        if self.draft.state.stage in SERVING and self.draft.state.stage != target:
            self.draft.goto(target)

    # what ends

    def lapse(self) -> None:
        """Offers whose time is over, as the ledger says; whoever has answered in time keeps the bed (X28)."""
        for held in self.own:
            if held.state == "offered" and held.ends_at is not None and held.ends_at <= self.draft.now:
                self.draft.places.lapse(held.place)
                self._over(held, Reason.NOT_ANSWERED)

    def give_up(self, held: Held, reason: Reason, *, first: bool) -> None:
        """An offer that cannot stand: its holder waits on, before or behind all others."""
        self.draft.places.release(held.place, reason)
        self._over(held, reason, first=first)

    def _over(self, held: Held, reason: Reason, *, first: bool = False) -> None:
        case = held.holder or ""
        self.house.take_back(held)
        self.ends.pop(held.place, None)
        request = self.house.requests.get(case)
        if request is None:
            return
        tell_changed(self.draft, case, "lapsed", reason, held.place)
        unanswered = request.lapses + 1
        if reason is Reason.NOT_ANSWERED and unanswered >= policy_of(self.draft.state).unanswered_offers:
            refuse(self.draft, request, reason)
            return
        rank = (0 if first else LAPSED, int(self.draft.now.timestamp()))
        self._queue(request, rank)
        self.queue = [request, *self.queue] if first else [*self.queue, request]

    def _mend_couples(self) -> None:
        """Who has lost the partner's half of a couple's room does not keep the other (X26)."""
        kinds = {bed.bed: bed.kind for bed in self.house.found.beds}
        here = {held.holder for held in self.own if self.house.spans_of(held.place)}
        for held in self.own:
            request = self.house.requests.get(held.holder or "")
            if request is None or kinds.get(held.bed) is not RoomKind.COUPLE or held.holder not in here:
                continue
            if request.person.partner in here:
                continue
            if held.state == "offered" and held.place in self.ends:
                self.give_up(held, Reason.PARTNER_LEFT, first=False)
            elif held.state == "taken":
                self.draft.open_task(BROKEN, self.draft.process.office, whose=short(request.case), keep=True)

    # who is served

    def serve(self) -> None:
        """The first whom a free bed fits; whoever is passed over keeps the rank, with the reason (X29)."""
        if self.draft.state.stage not in SERVING or not self.queue:
            return
        lines = self.house.allot([(request, (number,)) for number, request in enumerate(self.queue)])
        placed = [number for number, line in enumerate(lines) if line.bed]
        now = placed[:AT_ONCE]
        # both halves of a couple's room in one step
        while now and len(now) < len(placed) and self._is_half(lines, now):
            now.append(placed[len(now)])
        frame = frame_of_term(self.draft.state)
        for line in lines[: now[-1] + 1 if now else 0]:
            if line.reason is not None and self.house.found.passed.get(line.case) != line.reason:
                self.draft.places.pass_over(frame, line.case, line.reason)
        for line in (lines[number] for number in now):
            self.offer_one(self.house.requests[line.case], line.bed or "", line.frame or "")
        served = {lines[number].case for number in now}
        self.queue = [request for request in self.queue if request.case not in served]
        self.goes_on = len(now) < len(placed)

    def _is_half(self, lines: list[Line], now: list[int]) -> bool:
        served = {lines[number].case for number in now}
        rooms = [self.house.beds[lines[number].bed or ""].kind for number in now]
        return any(
            kind is RoomKind.COUPLE and self.house.requests[lines[number].case].person.partner not in served
            for number, kind in zip(now, rooms, strict=True)
        )

    def offer_one(self, request: Request, bed: str, frame: str) -> None:
        """A bed is held for one person and for nobody else; the student's case hears of it with this step."""
        draft, state, policy = self.draft, self.draft.state, policy_of(self.draft.state)
        until = answer_by(request.first, policy, draft.now)
        place = f"{state.case_id}#{short(request.case)}-{state.version + 1}"
        draft.places.leave_queue(frame_of_term(state), "offered", holder=request.case)
        draft.places.claim(
            place,
            [line_of(state, frame, bed, *self.house.span_of(request))],
            state="offered",
            purpose="bed",
            holder=request.case,
            ends_at=until,
        )
        self.ends[place] = until
        offered = BedOffered(
            case=request.case,
            place=place,
            house=state.house,
            until=until,
            gap_days=policy.gap_days,
            latest=self.house.latest(bed, request.first),
        )
        draft.facts.tell("bed-offered", offered, key=request.case)

    def wait(self, request: Request, rank: tuple[int, ...]) -> None:
        """Somebody waits for a bed of the run."""
        self._queue(request, rank)
        self.queue.append(request)

    def _queue(self, request: Request, rank: tuple[int, ...]) -> None:
        frame, wanted = frame_of_term(self.draft.state), {"types": [*request.types]}
        self.draft.places.queue(frame, rank, wanted=cast("dict[str, JsonValue]", wanted), holder=request.case)

    def look_again(self) -> None:
        """At the next end of an offer; or when an accessible bed may go to who has promised to move (X27)."""
        draft, policy = self.draft, policy_of(self.draft.state)
        moments = [*self.ends.values(), *self._accessible_from()]
        if self.goes_on:
            moments.append(draft.now + NEXT_LOOK)
        draft.stop_deadline(LOOK)
        if moments:
            draft.start_deadline(LOOK, policy.offers, due_at=min(moments), keep=True)

    def _accessible_from(self) -> list[datetime]:
        days = policy_of(self.draft.state).accessible_days
        opens = [
            datetime.combine(request.first - timedelta(days=days), time.min, TOKYO)
            for request in self.queue
            if request.person.promises_to_move and Need.ACCESSIBLE not in request.person.needs
        ]
        return [moment for moment in opens if moment > self.draft.now]


def look(draft: DormitoryDraft, _deadline: Deadline | None = None) -> None:
    """What the clock does when an offer may have ended."""
    serving = Serving.of(draft)
    serving.lapse()
    serving.finish()


def place_freed(draft: DormitoryDraft, fact: PlaceFreed) -> None:
    """Something is free, and somebody may be waiting for it."""
    draft.details["frame"] = fact.frame
    if draft.state.stage in SERVING:
        look(draft)


def joins(serving: Serving, request: Request, late: int) -> None:
    """Somebody asks while beds are being offered: behind all who asked in time."""
    reason = excluded(request, policy_of(serving.draft.state))
    if reason is not None:
        refuse(serving.draft, request, reason)
    elif request.accepted and not request.waiting and request.place is None:
        serving.wait(request, (LATE, late))


def refuse(draft: DormitoryDraft, request: Request, reason: Reason) -> None:
    """No bed for somebody, with the reason; their request is over."""
    draft.record(RequestEnded(case=request.case, reason=reason))
    draft.places.leave_queue(frame_of_term(draft.state), "unplaced", holder=request.case)
    tell_changed(draft, request.case, "unplaced", reason)
