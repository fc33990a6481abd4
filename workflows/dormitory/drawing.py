"""The run: rules and seed are frozen, a list is drawn, a second person confirms, beds are offered (X34)."""

import hashlib
import json
from typing import Final

from schemas.dormitory.commands import ConfirmRun, Draw, Offer, OfferReserve
from schemas.dormitory.lookups import HouseFound
from schemas.dormitory.records import ListDrawn
from schemas.dormitory.roles import Role
from schemas.dormitory.run import Line
from schemas.dormitory.stages import Reason, Stage
from schemas.kernel.refusals import Refusal
from schemas.kernel.results import ResultList, ResultMade
from workflows.dormitory.allocation import House, excluded, frozen_hash, in_order
from workflows.dormitory.ground import (
    BEDS,
    DormitoryDraft,
    found_of,
    frame_of_term,
    house_of,
    policy_of,
    tell_changed,
)
from workflows.dormitory.intake import DRAW
from workflows.dormitory.offers import Serving, refuse

CONFIRM: Final = "confirm"
RELEASE: Final = "release"


def list_of(draft: DormitoryDraft, house: House) -> list[Line]:
    """The list that these rules draw from the house as it is and the seed."""
    state = draft.state
    waiting = [request for request in house.found.requests if request.place is None]
    return house.allot(in_order(waiting, policy_of(state), state.house, state.seed))


def hash_of(draft: DormitoryDraft, found: HouseFound) -> str:
    """Of all that the list is drawn from."""
    return frozen_hash(found, policy_of(draft.state), draft.state.seed)


def draw(draft: DormitoryDraft, command: Draw) -> None:
    """Freeze what the list is drawn from, and draw it.

    Raises:
        Refusal: requests are still collected, or the seed is not the published one.
    """
    state = draft.state
    if state.collect_until is not None and draft.now < state.collect_until:
        until = state.collect_until.astimezone(draft.calendar.zone)
        draft.require(False, "still-collecting", until=f"{until:%Y-%m-%d %H:%M}")
    draft.require(command.seed == state.seed, "seed-unpublished")
    found = found_of(draft)
    draft.require(bool(found.beds), "no-beds", house=state.house)
    lines = list_of(draft, house_of(draft, found))
    state.placed = sum(line.bed is not None for line in lines)
    state.unplaced = len(lines) - state.placed
    told = tuple(line.model_dump(mode="json") for line in lines)
    inputs = hash_of(draft, found)
    body = json.dumps({"inputs": inputs, "seed": state.seed, "lines": told}, sort_keys=True) + "\n"
    state.list_hash = hashlib.sha256(body.encode()).hexdigest()
    draft.details.update(hash=state.list_hash, seed=state.seed, placed=state.placed, unplaced=state.unplaced)
    draft.record(ListDrawn(hash=state.list_hash, lines=told))
    counts = {"placed": state.placed, "unplaced": state.unplaced}
    rules = policy_of(state).version
    draft.results.make(
        ResultMade(name=BEDS, inputs=inputs, rules=rules, body=body, counts=counts, prepared=True)
    )
    draft.finish(DRAW)
    draft.goto(Stage.FROZEN)
    draft.start_deadline(CONFIRM, policy_of(state).confirm)
    draft.open_task(CONFIRM, Role.HOUSE, deadline=CONFIRM)


def confirm(draft: DormitoryDraft, command: ConfirmRun) -> None:
    """A second person has looked at the list.

    Raises:
        Refusal: it is another list, the same person, or something has changed since it was drawn.
    """
    state = draft.state
    this = draft.results.confirm(BEDS, command.hash)
    _same_inputs(draft, this)
    draft.details["hash"] = command.hash
    draft.goto(Stage.CONFIRMED)
    draft.start_deadline(RELEASE, policy_of(state).release)
    draft.open_task(RELEASE, Role.HOUSE, deadline=RELEASE)


def _same_inputs(draft: DormitoryDraft, this: ResultList) -> None:
    draft.require(hash_of(draft, found_of(draft)) == this.inputs, "input-changed")


def offer(draft: DormitoryDraft, command: Offer) -> None:
    """The confirmed list becomes offers and a queue; everybody without a bed is told why.

    Raises:
        Refusal: it is another list, or something has changed since it was confirmed.
    """
    this = draft.results.lists().get(BEDS)
    if this is None or this.hash != command.hash:
        raise Refusal("list-other", list=BEDS)
    _same_inputs(draft, this)
    draft.results.release([BEDS])
    draft.details["hash"] = command.hash
    serving = Serving.of(draft)
    policy = policy_of(draft.state)
    lines = list_of(draft, serving.house)
    draft.goto(Stage.OFFERING)
    serving.queue = []
    for line in lines:
        request = serving.house.requests[line.case]
        if line.reason is Reason.NOT_ACCEPTED:
            continue  # heard of again when that is decided
        if line.reason is not None and excluded(request, policy) is not None:
            refuse(draft, request, line.reason)
            continue
        serving.wait(request, line.rank)
        if line.reason is not None:
            draft.places.pass_over(frame_of_term(draft.state), line.case, line.reason)
            tell_changed(draft, line.case, "waitlisted", line.reason)
            serving.house.found.passed[line.case] = line.reason
    # in the order of the list, which gives the same beds to the same persons
    serving.house = house_of(draft, serving.house.found)
    serving.finish()


def offer_reserve(draft: DormitoryDraft, command: OfferReserve) -> None:
    """A bed of the reserve at once, by a person; every check but that of the order holds.

    Raises:
        Refusal: nobody asks for it, or the bed does not fit.
    """
    serving = Serving.of(draft)
    request = serving.house.requests.get(command.mobility)
    if request is None or request.place is not None:
        draft.require(False, "no-request", mobility=command.mobility)
        return
    bed = serving.house.beds.get(command.bed)
    if bed is None:
        draft.require(False, "bed-unknown", bed=command.bed)
        return
    reason = excluded(request, policy_of(draft.state)) or serving.house.unfit(bed, request)
    draft.require(reason is None, "bed-unfit", bed=command.bed, reason=reason)
    frame = f"{frame_of_term(draft.state)}/reserve"
    draft.details.update(of=command.mobility, bed=command.bed)
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    serving.house.give(bed.bed, request, frame)
    serving.queue = [each for each in serving.queue if each.case != request.case]
    serving.offer_one(request, bed.bed, frame)
    serving.finish()
