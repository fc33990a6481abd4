"""The lists: prepared as they were ranked, decided on by the meeting, confirmed by a second person."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from schemas.kernel.places import FrameWanted
from schemas.round.commands import ConfirmList, PrepareList, RecordJudgement, SetOfferLimit
from schemas.round.records import LimitSet, ListJudged
from schemas.round.roles import Role
from schemas.round.stages import Stage
from workflows.round.ground import (
    RoundDraft,
    confirmed_by,
    frame_called,
    frame_in_ledger,
    list_called,
    policy_of,
)
from workflows.round.intake import COMMON_TEST, DISTRIBUTION, EXAM_SCORES, require_made_up

PREPARE: Final = "prepare-list"
JUDGE: Final = "record-judgement"
CONFIRM: Final = "confirm-list"
CONFIRMATION: Final = "confirmation"
SCHEDULE: Final = "schedule-release"


def set_offer_limit(draft: RoundDraft, command: SetOfferLimit) -> None:
    """As many as the meeting says, more than there are places, too (R3); lists are ranked anew by it."""
    programme, frame = frame_called(draft, command.frame)
    leaves = frame.key in programme.leaves or frame.parent is None
    draft.require(leaves, "frame-not-limited", frame=frame.key)
    state = draft.state
    draft.details.update(frame=frame.key, number=command.number, minute_no=command.minute_no)
    if command.waitlist is not None:
        draft.details["waitlist"] = command.waitlist
    limit = Decimal(command.number)
    draft.places.frame(frame_in_ledger(state, frame.key), FrameWanted(limit=limit))
    draft.record(
        LimitSet(
            frame=frame.key,
            programme=programme.key,
            number=command.number,
            waitlist=command.waitlist,
            minute_no=command.minute_no,
        )
    )


def enter_judging(draft: RoundDraft) -> None:
    """Every list is prepared, judged and confirmed until the working day before the release."""
    state = draft.state
    for kind in (COMMON_TEST, EXAM_SCORES):
        draft.finish(kind)
    expect_confirmation(draft, state.release_at)
    for name in state.programmes:
        draft.open_task(PREPARE, Role.ADMISSIONS_OFFICE, whose=name)


def expect_confirmation(draft: RoundDraft, release: datetime | None) -> None:
    """Until the working day before a release, where its hour is meant already."""
    if release is not None:
        due = max(confirmed_by(draft, release), draft.now)
        draft.start_deadline(CONFIRMATION, policy_of(draft.state).confirmation, due_at=due)


def ask_about(draft: RoundDraft, states: Mapping[str, str]) -> None:
    """What is next for lists on which no meeting decides: who prepares may be faster than the news."""
    for name, state in states.items():
        if state == "made":
            draft.open_task(PREPARE, Role.ADMISSIONS_OFFICE, whose=name)
        elif state == "prepared":
            _ask_to_confirm(draft, name)
    if set(states.values()) == {"confirmed"}:
        draft.open_task(SCHEDULE, Role.HEAD_OF_ADMISSIONS)


def prepare_list(draft: RoundDraft, command: PrepareList) -> None:
    """As it was ranked, by its hash: nothing of it is typed.

    Raises:
        Refusal: it is another list by now.
    """
    name = list_called(draft, command.programme)
    draft.results.prepare(name, command.hash)
    draft.details.update(programme=name, hash=command.hash)
    draft.close_task(f"{PREPARE}:{name}")
    if draft.state.in_first_stage:
        # who goes on follows from the rules; the meeting decides on who is admitted
        _ask_to_confirm(draft, name)
    else:
        draft.open_task(JUDGE, Role.ADMISSIONS_OFFICE, whose=name)


def record_judgement(draft: RoundDraft, command: RecordJudgement) -> None:
    """What the meeting has decided, on the list that it has seen (R22).

    Raises:
        Refusal: that is not the list which was prepared.
    """
    name = list_called(draft, command.programme)
    this = draft.results.lists().get(name)
    seen = this is not None and this.hash == command.hash and this.state == "prepared"
    draft.require(seen, "list-other", list=name)
    draft.record(ListJudged(name=name, hash=command.hash, minute_no=command.minute_no))
    draft.details.update(programme=name, hash=command.hash, minute_no=command.minute_no)
    draft.close_task(f"{JUDGE}:{name}")
    _ask_to_confirm(draft, name)


def _ask_to_confirm(draft: RoundDraft, name: str) -> None:
    deadline = CONFIRMATION if CONFIRMATION in draft.state.deadlines else None
    draft.open_task(CONFIRM, Role.CHECKER, whose=name, deadline=deadline)


def confirm_list(draft: RoundDraft, command: ConfirmList) -> None:
    """A second person, on the list that was prepared and judged; the round is confirmed when all are (R4).

    Of the first stage nobody judges: its lists are confirmed as they were prepared, and their hour is next.

    Raises:
        Refusal: it is another list, the same person, nobody has judged it, or nobody has looked at the
            distribution of a file that it was made from (R11).
    """
    state = draft.state
    name = list_called(draft, command.programme)
    if not state.in_first_stage:
        require_made_up(draft)
    unread = sorted(key for key in state.tasks if key.startswith(f"{DISTRIBUTION}:"))
    draft.require(not unread, "distribution-unread", tasks=", ".join(unread))
    this = draft.results.confirm(name, command.hash)
    if not state.in_first_stage:
        judged = draft.look_up("judged", case_id=state.case_id)
        draft.require(this.list in judged, "list-unjudged", programme=name)
    draft.details.update(programme=name, hash=command.hash)
    draft.close_task(f"{CONFIRM}:{name}")
    lists = draft.results.lists()
    others = [each for each in state.lists if each != name]
    # of a first stage those are out already that nothing was wrong with
    if not all(each in lists and lists[each].state in ("confirmed", "out") for each in others):
        return
    if state.in_first_stage:
        draft.open_task(SCHEDULE, Role.HEAD_OF_ADMISSIONS)
    else:
        draft.goto(Stage.CONFIRMED)
