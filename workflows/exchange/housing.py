"""Where the student lives: a bed that the house gives, or another place; from the request to the key back."""

from datetime import date
from typing import Final

from schemas.exchange.commands import FindHousing
from schemas.exchange.facts import BedChanged, BedOffered, CheckedIn, CheckedOut, DormitoryRequested
from schemas.exchange.links import BedArrival, BedReleased, BedRequested
from schemas.exchange.records import DormitoryStay
from schemas.exchange.roles import Role
from schemas.exchange.stages import Housing, Stage, Track
from schemas.exchange.state import BedWish, ExchangeState
from schemas.kernel.case import Owed
from schemas.kernel.deadlines import Deadline
from schemas.kernel.japan import TOKYO
from schemas.kernel.places import PlaceLine
from workflows.exchange.dates import A_DAY, ExchangeDraft, policy_of

BED = "answer-bed"
FIND = "alternative-housing"
BED_OWED: Final = "bed"
ACCEPTED: Final = (
    Stage.ACCEPTED,
    Stage.PRE_ARRIVAL,
    Stage.READY,
    Stage.ARRIVED,
    Stage.IN_TERM,
    Stage.DEPARTING,
)


def housing_of(state: ExchangeState) -> str:
    """Where the question of a bed stands."""
    return state.tracks.get(Track.DORMITORY, "")


def has_housing(state: ExchangeState) -> bool:
    """Whether the student has a place to live."""
    return housing_of(state) in (Housing.CONFIRMED, Housing.CHECKED_IN, Housing.ALTERNATIVE)


def requested(draft: ExchangeDraft, fact: DormitoryRequested) -> None:
    """Told to the house, which alone gives beds; made before the acceptance it falls with it (X24)."""
    state = draft.state
    first, last = state.stay
    draft.require(fact.first < last and fact.until > first, "dates-outside", first=f"{first}", last=f"{last}")
    state.house = fact.house
    state.bed_wish = BedWish(types=fact.types, first=fact.first, until=fact.until)
    draft.details.update(house=fact.house, types=list(fact.types))
    draft.go_track(Track.DORMITORY, Housing.REQUESTED)
    ask_house(draft)
    draft.owe(BED_OWED)


def ask_house(draft: ExchangeDraft) -> None:
    """What the house knows of the request; told again when the student is accepted (X24)."""
    state = draft.state
    if state.bed_wish is None or state.house is None:
        return
    if housing_of(state) not in (Housing.REQUESTED, Housing.WAITLISTED):
        return
    draft.facts.tell(
        "bed-requested",
        BedRequested(
            case=state.case_id,
            house=state.house,
            term=state.term,
            types=state.bed_wish.types,
            first=state.bed_wish.first,
            until=state.bed_wish.until,
            quota=state.quota,
            faculty=state.faculty,
            accepted=state.released and state.stage in ACCEPTED,
        ),
    )


def tell_arrival(draft: ExchangeDraft, what: str, on: date) -> None:
    """The house of a student with a bed knows when to expect them, and keeps it in a delay (X32)."""
    state = draft.state
    if state.house is None or state.offer is None:
        return
    told = {"case": state.case_id, "house": state.house, "term": state.term, "on": on, "what": what}
    draft.facts.tell("bed-arrival", BedArrival.model_validate(told))


def offered(draft: ExchangeDraft, fact: BedOffered) -> None:
    """One bed is held for this student, and for nobody else, until a moment (X28)."""
    state = draft.state
    state.offer, state.offer_until, state.house = fact.place, fact.until, fact.house
    state.bed_gap, state.bed_latest = fact.gap_days, fact.latest
    draft.details.update(house=fact.house, until=fact.until.isoformat())
    draft.go_track(Track.DORMITORY, Housing.OFFERED)
    draft.start_deadline(BED, policy_of(state).bed, due_at=fact.until, track=Track.DORMITORY)
    draft.notify("bed-offered", "student", due_at=fact.until.isoformat(), house=fact.house)


def answered(draft: ExchangeDraft, answer: str) -> None:
    """Yes takes the bed in this very step, or the offer has lapsed: one of the two wins.

    Raises:
        Refusal: nothing is offered, or it is over.
    """
    state = draft.state
    draft.require(housing_of(state) == Housing.OFFERED and state.offer is not None, "no-offer-open")
    place = state.offer or ""
    draft.details["answer"] = answer
    if answer == "yes":
        draft.places.take(place)
        draft.go_track(Track.DORMITORY, Housing.CONFIRMED)
        draft.notify("bed-confirmed", "student", house=state.house)
        if state.arrival is not None:
            what = "delayed" if state.arrival.delayed else "planned"
            tell_arrival(draft, what, state.arrival.slot.astimezone(TOKYO).date())
        return
    draft.places.release(place, "declined")
    state.offer, state.offer_until = None, None
    draft.settle(BED_OWED)
    draft.go_track(Track.DORMITORY, Housing.RELEASED)
    _look_elsewhere(draft)


def changed(draft: ExchangeDraft, fact: BedChanged) -> None:
    """What the house has done with the request."""
    state = draft.state
    if fact.reason is not None:
        draft.details["reason"] = fact.reason
    match fact.what:
        case "waitlisted":
            draft.go_track(Track.DORMITORY, Housing.WAITLISTED)
            draft.notify("bed-waitlisted", "student", reason=fact.reason)
        case "lapsed":
            state.offer, state.offer_until = None, None
            draft.go_track(Track.DORMITORY, Housing.LAPSED)
            draft.notify("bed-lapsed", "student")
            # at the end of the list (X28)
            draft.go_track(Track.DORMITORY, Housing.WAITLISTED)
        case "moved":
            state.offer, state.bed_latest = fact.place or state.offer, fact.latest
            if housing_of(state) != Housing.CHECKED_IN:
                draft.go_track(Track.DORMITORY, Housing.CONFIRMED)
            draft.notify("bed-moved", "student", house=state.house)
        case _:
            state.offer, state.offer_until = None, None
            draft.settle(BED_OWED)
            draft.go_track(Track.DORMITORY, Housing.RELEASED)
            draft.notify("bed-none", "student", reason=fact.reason)
            _look_elsewhere(draft)


def _look_elsewhere(draft: ExchangeDraft) -> None:
    if draft.state.stage not in ACCEPTED:
        return
    draft.start_deadline(FIND, policy_of(draft.state).housing, track=Track.DORMITORY)
    draft.open_task(FIND, Role.OFFICE, deadline=FIND, track=Track.DORMITORY)


def found(draft: ExchangeDraft, _command: FindHousing) -> None:
    """A place outside the houses."""
    if housing_of(draft.state) in (Housing.REQUESTED, Housing.WAITLISTED, Housing.OFFERED):
        _release(draft, "alternative")
    draft.settle(BED_OWED)
    draft.go_track(Track.DORMITORY, Housing.ALTERNATIVE)


def checked_in(draft: ExchangeDraft, fact: CheckedIn) -> None:
    """Somebody has moved in."""
    draft.details["on"] = f"{fact.on:%Y-%m-%d}"
    draft.record(DormitoryStay(what="in", on=fact.on))
    tell_arrival(draft, "moved-in", fact.on)
    draft.go_track(Track.DORMITORY, Housing.CHECKED_IN)


def checked_out(draft: ExchangeDraft, fact: CheckedOut) -> None:
    """The bed is free from that day on: what is left of its time is nobody's (X33)."""
    leave(draft, fact.on)


def leave(draft: ExchangeDraft, on: date) -> None:
    """The same by whatever way it is known."""
    draft.details["on"] = f"{on:%Y-%m-%d}"
    draft.record(DormitoryStay(what="out", on=on))
    draft.settle(BED_OWED)
    _release(draft, "checked-out", on)
    draft.go_track(Track.DORMITORY, Housing.CHECKED_OUT)


def give_back(draft: ExchangeDraft, _owed: Owed) -> None:
    """The bed, the hold or the place in the queue goes back with this step; the house hears of it."""
    at = housing_of(draft.state)
    if at in (Housing.NOT_APPLIED, Housing.CHECKED_OUT, Housing.RELEASED, Housing.ALTERNATIVE, ""):
        return
    _release(draft, "case-ended")
    draft.go_track(Track.DORMITORY, Housing.CHECKED_OUT if at == Housing.CHECKED_IN else Housing.RELEASED)


def check_longer(draft: ExchangeDraft, day: date) -> None:
    """Rooms for families are few: nobody has one for longer than the house gives it (X26).

    Raises:
        Refusal: the bed would be left later than that.
    """
    latest = draft.state.bed_latest
    lives = housing_of(draft.state) in (Housing.CONFIRMED, Housing.CHECKED_IN)
    draft.require(not lives or latest is None or day <= latest, "room-limited", latest=f"{latest}")


def until(draft: ExchangeDraft, day: date) -> None:
    """The bed is this student's until another day, if it is free until then; the cleaning comes after it.

    Raises:
        Refusal: somebody else has it then.
    """
    state = draft.state
    place = draft.look_up("place", place=state.offer)
    lines = [PlaceLine.model_validate(line) for line in place["lines"]]
    free = day + state.bed_gap * A_DAY
    if all(line.first is not None and line.first >= free for line in lines):
        draft.places.release(state.offer or "", "not-used")
        return
    draft.places.move(state.offer or "", [line.model_copy(update={"until": free}) for line in lines])


def _release(draft: ExchangeDraft, why: str, on: date | None = None) -> None:
    state = draft.state
    if state.offer is not None and on is not None:
        until(draft, on)
    elif state.offer is not None:
        draft.places.release(state.offer, why)
    draft.facts.tell(
        "bed-released",
        BedReleased(case=state.case_id, house=state.house or "-", term=state.term, reason=why),
    )
    state.offer, state.offer_until = None, None


def not_found(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """Nobody has found a place: the head hears of it by the ladder; nothing else follows."""
    draft.open_task("find-housing", Role.HEAD, track=Track.DORMITORY)
