"""From the opening of a run to its requests: taken, changed, ended; each change undoes a drawn list."""

from schemas.dormitory.facts import Arrival, ListLoaded, PersonToldOf, Released, Requested
from schemas.dormitory.lookups import Resident, RunFacts
from schemas.dormitory.records import ArrivalNoted, RequestEnded, RequestNoted
from schemas.dormitory.roles import Role
from schemas.dormitory.run import Request
from schemas.dormitory.stages import Stage
from schemas.kernel.deadlines import Deadline
from workflows.dormitory.ground import (
    BEDS,
    DormitoryDraft,
    found_of,
    frame_of_term,
    house_of,
    line_of,
    policy_of,
    root_of,
    set_frames,
    today_of,
)
from workflows.dormitory.offers import SERVING, Serving, joins, look

COLLECT = "collect"
DRAW = "draw"
TERM = "term"
LATE_ARRIVALS = "late-arrivals"
FIX = "fix-row"
DRAWN = (Stage.FROZEN, Stage.CONFIRMED)


def open_run(draft: DormitoryDraft) -> None:
    """The run as it was stored, with the frames of the house for its term."""
    state = draft.state
    found = RunFacts.model_validate(draft.look_up("run", case_id=state.case_id))
    draft.follow_policy(found.policy_ref)
    draft.learn_closures()
    state.received_at, state.house, state.term = found.received_at, found.house, found.term
    state.first, state.until, state.kept_until = found.first, found.until, found.kept_until
    state.collect_until, state.seed = found.collect_until, found.seed
    set_frames(draft, found_of(draft))
    draft.goto(Stage.COLLECTING)
    policy = policy_of(state)
    draft.start_deadline(COLLECT, policy.collect, due_at=found.collect_until, keep=True)
    draft.start_deadline(TERM, policy.term, due_at=draft.calendar.end_of(found.until), keep=True)
    draft.start_deadline(
        LATE_ARRIVALS, policy.late, due_at=draft.calendar.end_of(found.kept_until), keep=True
    )


def collected(draft: DormitoryDraft, _deadline: Deadline) -> None:
    """Requests are not of equal rank any more: the list is to be drawn."""
    if draft.state.stage == Stage.COLLECTING:
        ask_to_draw(draft)


def ask_to_draw(draft: DormitoryDraft) -> None:
    """The house draws; anew when something has changed."""
    draft.start_deadline(DRAW, policy_of(draft.state).draw, keep=True)
    draft.open_task(DRAW, Role.HOUSE, deadline=DRAW, keep=True)


def _changed(draft: DormitoryDraft) -> None:
    """A list that was drawn from something else counts no more, and neither does its confirmation (X34)."""
    state = draft.state
    if state.stage not in DRAWN:
        return
    state.list_hash = None
    draft.results.withdraw([BEDS], "input-changed")
    draft.details["undone"] = "input-changed"
    draft.goto(Stage.COLLECTING)
    ask_to_draw(draft)


def requested(draft: DormitoryDraft, fact: Requested) -> None:
    """A request takes no place (its offer will); one that comes late waits behind the others."""
    state = draft.state
    first, until = state.days
    draft.details["of"] = fact.case
    draft.require(fact.house == state.house and fact.term == state.term, "request-elsewhere")
    draft.require(first <= fact.first < until, "stay-elsewhere", first=f"{first}", until=f"{until}")
    late = None
    if state.collect_until is not None and draft.happened_at > state.collect_until:
        late = int(draft.happened_at.timestamp())
    draft.record(RequestNoted(request=fact, late=late))
    _changed(draft)
    if state.stage not in SERVING:
        return
    serving = Serving.of(draft)
    known = serving.house.requests.get(fact.case)
    person = draft.look_up("person", mobility=fact.case)
    told = {**fact.model_dump(exclude={"house", "term"}), "person": person}
    if known is not None:
        told |= {"waiting": known.waiting, "place": known.place}
    request = Request.model_validate(told)
    serving.house.requests[fact.case] = request
    joins(serving, request, late or int(draft.happened_at.timestamp()))
    serving.finish()


def person_told(draft: DormitoryDraft, _fact: PersonToldOf) -> None:
    """What somebody has stated stands in rows already; the list was drawn without it."""
    _changed(draft)
    if draft.state.stage in SERVING:
        look(draft)


def released(draft: DormitoryDraft, fact: Released) -> None:
    """Nobody needs the bed any more; who has left early leaves the rest to the next at once (X33)."""
    state = draft.state
    draft.details.update(of=fact.case, reason=fact.reason)
    draft.record(RequestEnded(case=fact.case, reason=fact.reason))
    draft.places.leave_queue(frame_of_term(state), fact.reason, holder=fact.case)
    _changed(draft)
    serving = Serving.of(draft)
    serving.queue = [request for request in serving.queue if request.case != fact.case]
    today, done = today_of(draft), set[str]()
    for held in [held for held in serving.own if held.holder == fact.case]:
        if held.place not in done:
            done.add(held.place)
            serving.ends.pop(held.place, None)
            serving.house.take_back(held)
            draft.places.release(held.place, fact.reason)
        if fact.reason == "checked-out" and (held.until is None or held.until > today):
            # it is cleaned, and counts for nobody
            first = max(held.first, today)
            cleaning = line_of(state, root_of(state), held.bed, first, held.until)
            draft.places.block(f"{held.place}-cleaning", [cleaning], purpose="cleaning")
            serving.house.occupy(held.bed, first, held.until)
    serving.lapse()
    serving.finish()


def arrival(draft: DormitoryDraft, fact: Arrival) -> None:
    """When somebody comes: a delay that is reported keeps the bed (X32)."""
    draft.details.update(of=fact.case, what=fact.what, on=f"{fact.on}")
    draft.record(ArrivalNoted(case=fact.case, on=fact.on, what=fact.what))


def list_loaded(draft: DormitoryDraft, _fact: ListLoaded) -> None:
    """The beds of the house, and who lives there of whom no case knows; a contradiction is a task."""
    state = draft.state
    found = found_of(draft)
    set_frames(draft, found)
    _changed(draft)
    house = house_of(draft, found.model_copy(update={"residents": ()}))
    there = {held.place: held for held in found.held if held.purpose == "resident"}
    wanted = {_key(state.house, resident): resident for resident in found.residents}
    for place in there.keys() - wanted.keys():
        draft.places.release(place, "list-changed")
        house.vacate(place)
    for place in wanted.keys() - there.keys():
        resident = wanted[place]
        if resident.until <= today_of(draft):
            continue
        if not house.is_free(resident.bed, resident.first, resident.until):
            draft.open_task(FIX, Role.HOUSE, whose=resident.bed, keep=True)
            continue
        lives = line_of(state, root_of(state), resident.bed, resident.first, resident.until)
        draft.places.block(place, [lives], purpose="resident")
        house.occupy(resident.bed, resident.first, resident.until)
    if state.stage in SERVING:
        look(draft)


def _key(house: str, resident: Resident) -> str:
    return f"dormitory/{house}#{resident.bed}-{resident.first}-{resident.until}"
