"""The lists: prepared as they were ranked, decided on by the meeting, confirmed by a second person."""

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
    policy_of,
    programme_called,
)
from workflows.round.intake import COMMON_TEST, DISTRIBUTION, EXAM_SCORES

PREPARE: Final = "prepare-list"
JUDGE: Final = "record-judgement"
CONFIRM: Final = "confirm-list"
CONFIRMATION: Final = "confirmation"


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
    state, policy = draft.state, policy_of(draft.state)
    for kind in (COMMON_TEST, EXAM_SCORES):
        draft.finish(kind)
    if state.release_at is not None:
        due = max(confirmed_by(draft, state.release_at), draft.now)
        draft.start_deadline(CONFIRMATION, policy.confirmation, due_at=due)
    for name in state.programmes:
        draft.open_task(PREPARE, Role.ADMISSIONS_OFFICE, whose=name)


def prepare_list(draft: RoundDraft, command: PrepareList) -> None:
    """As it was ranked, by its hash: nothing of it is typed.

    Raises:
        Refusal: it is another list by now.
    """
    programme = programme_called(draft, command.programme)
    draft.results.prepare(programme.key, command.hash)
    draft.details.update(programme=programme.key, hash=command.hash)
    draft.close_task(f"{PREPARE}:{programme.key}")
    draft.open_task(JUDGE, Role.ADMISSIONS_OFFICE, whose=programme.key)


def record_judgement(draft: RoundDraft, command: RecordJudgement) -> None:
    """What the meeting has decided, on the list that it has seen (R22).

    Raises:
        Refusal: that is not the list which was prepared.
    """
    programme = programme_called(draft, command.programme)
    this = draft.results.lists().get(programme.key)
    seen = this is not None and this.hash == command.hash and this.state == "prepared"
    draft.require(seen, "list-other", list=programme.key)
    draft.record(ListJudged(name=programme.key, hash=command.hash, minute_no=command.minute_no))
    draft.details.update(programme=programme.key, hash=command.hash, minute_no=command.minute_no)
    draft.close_task(f"{JUDGE}:{programme.key}")
    deadline = CONFIRMATION if CONFIRMATION in draft.state.deadlines else None
    draft.open_task(CONFIRM, Role.CHECKER, whose=programme.key, deadline=deadline)


def confirm_list(draft: RoundDraft, command: ConfirmList) -> None:
    """A second person, on the list that was prepared and judged; the round is confirmed when all are (R4).

    Raises:
        Refusal: it is another list, the same person, nobody has judged it, or nobody has looked at the
            distribution of a file that it was made from (R11).
    """
    state = draft.state
    programme = programme_called(draft, command.programme)
    unread = sorted(key for key in state.tasks if key.startswith(f"{DISTRIBUTION}:"))
    draft.require(not unread, "distribution-unread", tasks=", ".join(unread))
    this = draft.results.confirm(programme.key, command.hash)
    judged = draft.look_up("judged", case_id=state.case_id)
    draft.require(this.list in judged, "list-unjudged", programme=programme.key)
    draft.details.update(programme=programme.key, hash=command.hash)
    draft.close_task(f"{CONFIRM}:{programme.key}")
    lists = draft.results.lists()
    others = [name for name in state.programmes if name != programme.key]
    if all(name in lists and lists[name].state == "confirmed" for name in others):
        draft.goto(Stage.CONFIRMED)
