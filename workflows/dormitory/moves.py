"""Who has a bed moves: by swap, by relocation, because a room is closed; or may not live there any more."""

from datetime import date
from typing import Final

from pydantic import JsonValue

from schemas.dormitory.commands import AnswerSwap, CloseRoom, Relocate, Revoke, SwapBeds
from schemas.dormitory.facts import SwapAnswered
from schemas.dormitory.records import ClosingFreed, ClosingNoted, RequestEnded
from schemas.dormitory.roles import Role
from schemas.dormitory.run import Bed, Held, Request
from schemas.dormitory.stages import Reason
from schemas.kernel.deadlines import Deadline
from schemas.kernel.places import PlaceLine
from workflows.dormitory.allocation import House
from workflows.dormitory.ground import (
    DormitoryDraft,
    line_of,
    policy_of,
    root_of,
    short,
    tell_changed,
    today_of,
)
from workflows.dormitory.offers import Serving

SWAP: Final = "swap"
RELOCATE: Final = "relocate"


def swap(draft: DormitoryDraft, command: SwapBeds) -> None:
    """Both are asked; nothing changes before both have said yes (X30)."""
    serving = Serving.of(draft)
    both = [_lives(draft, serving, case) for case in (command.mobility, command.other)]
    name = f"{draft.state.version + 1}"
    draft.state.swaps[name] = [command.mobility, command.other]
    draft.details.update(swap=name, between=[short(held.holder or "") for held in both])
    draft.start_deadline(SWAP, policy_of(draft.state).swap, whose=name, keep=True)


def answer_swap(draft: DormitoryDraft, given: AnswerSwap | SwapAnswered) -> None:
    """The second yes swaps in one step, with every check for both; a no ends it.

    Raises:
        Refusal: there is no such swap, it is not theirs, or a bed does not fit.
    """
    state = draft.state
    between = state.swaps.get(given.swap, [])
    draft.require(given.mobility in between[:2], "swap-unknown", swap=given.swap)
    draft.details.update(swap=given.swap, answer=given.answer)
    if given.answer == "no":
        _end_swap(draft, given.swap)
        return
    if given.mobility not in between[2:]:
        between.append(given.mobility)
    if len(between) < 2 * 2:
        return
    _end_swap(draft, given.swap)
    serving = Serving.of(draft)
    one, other = (_lives(draft, serving, case) for case in between[:2])
    house = serving.house
    for held in (one, other):
        house.vacate(held.place)
    for held, bed in ((one, other.bed), (other, one.bed)):
        _check_fit(draft, house, held, bed, today_of(draft))
        house.occupy(bed, held.first, held.until, held)
    on = today_of(draft)
    # out of the way first, so that neither is anywhere twice; all of it in this step or none
    waits = line_of(state, one.frame, None, one.first, one.until)
    draft.places.move(one.place, [waits])
    draft.places.move(other.place, _lines(draft, other, one.bed, on))
    draft.places.move(one.place, _lines(draft, one, other.bed, on))
    for held, bed in ((one, other.bed), (other, one.bed)):
        _tell_moved(draft, house, held, bed, Reason.SWAPPED)


def swap_over(draft: DormitoryDraft, deadline: Deadline) -> None:
    """Nobody has said the second yes in time: everybody stays."""
    _end_swap(draft, deadline.name.partition(":")[2])


def _end_swap(draft: DormitoryDraft, name: str) -> None:
    draft.state.swaps.pop(name, None)
    draft.stop_deadline(f"{SWAP}:{name}")


def relocate(draft: DormitoryDraft, command: Relocate) -> None:
    """Another bed from a day on; the old one is left only then, and only if the new one is had.

    Raises:
        Refusal: the bed does not fit, somebody has it, or the reason is unknown.
    """
    state = draft.state
    known = policy_of(state).relocate_reasons
    draft.require(command.reason in known, "reason-unknown", reason=command.reason, known=", ".join(known))
    serving = Serving.of(draft)
    held = _lives(draft, serving, command.mobility)
    on = max(command.moves_on or today_of(draft), held.first)
    draft.require(held.until is None or on < held.until, "move-after-stay", until=held.until)
    serving.house.vacate(held.place)
    _check_fit(draft, serving.house, held, command.bed, on)
    draft.details.update(of=command.mobility, bed=command.bed, reason=command.reason)
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    _move(draft, serving.house, held, command.bed, on, command.reason)
    draft.close_task(f"{RELOCATE}:{short(command.mobility)}")
    _close_emptied(draft, serving.house)
    serving.finish()


def close_room(draft: DormitoryDraft, command: CloseRoom) -> None:
    """Whoever lives or is promised there gets another bed first, or a task; the closing ends by itself (X31).

    Raises:
        Refusal: there is no such room, or the reason is unknown.
    """
    state = draft.state
    known = policy_of(state).closing_reasons
    draft.require(command.reason in known, "reason-unknown", reason=command.reason, known=", ".join(known))
    serving = Serving.of(draft)
    house = serving.house
    beds = [bed.bed for bed in house.by_room.get(command.room, [])]
    draft.require(bool(beds), "room-unknown", room=command.room)
    there = [
        held
        for held in house.found.held
        if held.bed in beds
        and held.first < command.until
        and (held.until is None or command.first < held.until)
    ]
    for bed in beds:
        house.occupy(bed, command.first, command.until)
    own, waits, told = {held.place for held in serving.own}, set[str](), list[JsonValue]()
    for held in there:
        told.append(short(held.holder or held.purpose))
        request = house.requests.get(held.holder or "")
        if held.place not in own or request is None:
            waits.add(held.bed)
            draft.open_task(RELOCATE, Role.HOUSE, whose=held.bed, keep=True)
        elif held.state == "offered":
            serving.give_up(held, Reason.ROOM_CLOSED, first=True)
        elif not _moved_elsewhere(draft, house, held, request, command.first):
            waits.add(held.bed)
            draft.open_task(RELOCATE, Role.HOUSE, whose=short(request.case), keep=True)
    draft.details.update(
        room=command.room,
        first=f"{command.first}",
        until=f"{command.until}",
        there=told,
        waits=[*sorted(waits)],
    )
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    draft.record(
        ClosingNoted(
            room=command.room,
            first=command.first,
            until=command.until,
            reason=command.reason,
            waits=tuple(sorted(waits)),
        )
    )
    for bed in beds:
        if bed not in waits:
            _block(draft, bed, command.first, command.until)
    serving.finish()


def _moved_elsewhere(draft: DormitoryDraft, house: House, held: Held, request: Request, first: date) -> bool:
    on = max(held.first, min(first, held.until or first), today_of(draft))
    if held.until is not None and on >= held.until:
        return False
    chosen = house.choose(request, on)
    if not isinstance(chosen, Bed):
        return False
    house.vacate(held.place)
    _move(draft, house, held, chosen.bed, on, Reason.ROOM_CLOSED)
    return True


def _close_emptied(draft: DormitoryDraft, house: House) -> None:
    """A bed of a closing that nobody has any more is closed."""
    for closing in house.found.closings:
        there = [
            span
            for span in house.spans[closing.bed]
            if span.place != "closing" and span.meets(closing.first, closing.until)
        ]
        if not there:
            _block(draft, closing.bed, closing.first, closing.until)
            draft.record(ClosingFreed(bed=closing.bed))


def _block(draft: DormitoryDraft, bed: str, first: date, until: date) -> None:
    state = draft.state
    line = line_of(state, root_of(state), bed, first, until)
    place = f"{state.case_id}#closed-{bed}-{state.version + 1}"
    draft.places.block(place, [line], purpose="closed")


def revoke(draft: DormitoryDraft, command: Revoke) -> None:
    """A person takes the permission back (X32); nothing else does, however late somebody is.

    Raises:
        Refusal: they live there, or have reported a delay for which the bed is kept.
    """
    state = draft.state
    known = policy_of(state).revoke_reasons
    draft.require(command.reason in known, "reason-unknown", reason=command.reason, known=", ".join(known))
    serving = Serving.of(draft)
    held = _lives(draft, serving, command.mobility)
    request = serving.house.requests[command.mobility]
    draft.require(not request.moved_in, "lives-there")
    kept = state.kept_until
    in_time = kept is not None and today_of(draft) <= kept
    draft.require(not (request.delayed and in_time), "delay-reported", until=kept)
    draft.details.update(of=command.mobility, reason=command.reason)
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    draft.places.release(held.place, command.reason)
    serving.house.take_back(held)
    draft.record(RequestEnded(case=command.mobility, reason=command.reason))
    draft.close_task(f"late-arrival:{short(command.mobility)}")
    tell_changed(draft, command.mobility, "revoked", command.reason, held.place)
    _close_emptied(draft, serving.house)
    serving.finish()


def _lives(draft: DormitoryDraft, serving: Serving, case: str) -> Held:
    """The bed that somebody has, from now on or from the first day; the last of them."""
    theirs = [held for held in serving.own if held.holder == case and held.state == "taken"]
    draft.require(bool(theirs) and case in serving.house.requests, "no-bed-of-theirs", mobility=case)
    last, today = max(theirs, key=lambda held: held.first), today_of(draft)
    moves = any(held is not last and (held.until is None or held.until > today) for held in theirs)
    draft.require(not moves, "moves-already", on=last.first)
    return last


def _check_fit(draft: DormitoryDraft, house: House, held: Held, bed: str, on: date) -> None:
    """Every check that an offer has, for who has left the old bed already."""
    named = house.beds.get(bed)
    if named is None:
        draft.require(False, "bed-unknown", bed=bed)
        return
    request = house.requests[held.holder or ""]
    reason = house.unfit(named, request, on)
    draft.require(reason is None, "bed-unfit", bed=bed, reason=reason)


def _move(draft: DormitoryDraft, house: House, held: Held, bed: str, on: date, reason: Reason | str) -> None:
    draft.places.move(held.place, _lines(draft, held, bed, on))
    if on > held.first:
        house.occupy(held.bed, held.first, on, held)
    house.occupy(bed, on, held.until, held)
    _tell_moved(draft, house, held, bed, reason)


def _tell_moved(draft: DormitoryDraft, house: House, held: Held, bed: str, reason: Reason | str) -> None:
    latest = house.latest(bed, held.first)
    tell_changed(draft, held.holder or "", "moved", reason, held.place, latest=latest)


def _lines(draft: DormitoryDraft, held: Held, bed: str, on: date) -> list[PlaceLine]:
    """The bed until a day, which counts in the house alone, and the new one from then on."""
    state = draft.state
    on = max(on, held.first)
    moved = [line_of(state, held.frame, bed, on, held.until)]
    if on > held.first:
        moved.insert(0, line_of(state, root_of(state), held.bed, held.first, on))
    return moved
