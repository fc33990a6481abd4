"""Contact with the student: recorded, missed, waited for, resolved, reopened, closed.

Rule numbers are those of docs/processes/support.md.
"""

from typing import Final

from schemas.kernel.deadlines import Deadline, DeadlinePolicy
from schemas.support.commands import RecordContact, Reopen, Resolve, Wait
from schemas.support.facts import MessageArrived, MessageBounced, StudentDied, StudentLeft
from schemas.support.records import Contacted
from schemas.support.roles import Role
from schemas.support.stages import ADVICE_LEVEL, URGENT_LEVEL, USUAL_LEVEL, Channel, Outcome, Stage
from workflows.support import clocks, crisis, ownership
from workflows.support.clocks import SupportDraft, clocks_of, policy_of

CALL_AGAIN: Final = "call-again"
FOLLOW_UP: Final = "follow-up"
REVIEW: Final = "review-case"
STUDENT: Final = "student"
TALKING: Final = (Stage.ASSIGNED, Stage.IN_CONTACT, Stage.WAITING, Stage.REOPENED, Stage.REFERRED_ON)


def record_contact(draft: SupportDraft, command: RecordContact) -> None:
    """Only this is a first response: no status, no automatic answer, no thanks (S5)."""
    state = draft.state
    draft.require(draft.actor.id not in state.investigators, "investigator-counsels")
    draft.record(
        Contacted(
            channel=command.channel, outcome=command.outcome, at=draft.happened_at, note_id=command.note_id
        )
    )
    draft.details.update(channel=command.channel, outcome=command.outcome)
    if state.owner == draft.actor.id:
        clocks.owner_acts(draft)
    if command.outcome is Outcome.REACHED:
        _reached(draft)
    else:
        not_reached(draft)


def _reached(draft: SupportDraft) -> None:
    state = draft.state
    first = state.responded_at is None
    if first:
        state.responded_at = draft.happened_at
        draft.stop_deadline(clocks.FIRST_RESPONSE)
        if state.referrer:
            draft.notify("contact-made", "referrer")
    state.attempts = 0
    for clock in (clocks.ATTEMPT, clocks.CALLS):
        draft.stop_deadline(clock)
    clocks.silence_is_over(draft)
    for task in (CALL_AGAIN, clocks.WELFARE_CHECK):
        draft.close_task(task)
    clocks.student_hears(draft)
    crisis.attend(draft)
    # what is in a queue stays there, to be taken
    if state.owner is not None and state.stage in TALKING and state.stage != Stage.IN_CONTACT:
        draft.goto(Stage.IN_CONTACT)


def enter_in_contact(draft: SupportDraft) -> None:
    """Our turn, with what was left of every clock."""
    clocks.resume(draft)
    clocks.owner_acts(draft)


def not_reached(draft: SupportDraft) -> None:
    """Tried again, then a message and silence; who is at risk is looked for (E7)."""
    state, policy = draft.state, policy_of(draft.state)
    if state.stage == Stage.RESOLVED:
        return
    state.attempts += 1
    draft.details["attempts"] = state.attempts
    if state.attempts == 1 and state.referrer and state.responded_at is None:
        draft.notify("contact-missed", "referrer")
    if state.attempts < policy.attempts:
        draft.start_deadline(clocks.ATTEMPT, clocks_of(state).attempt, keep=True)
        draft.open_task(CALL_AGAIN, Role.COUNSELLOR, assignee=state.owner, deadline=clocks.ATTEMPT, keep=True)
        return
    leave_message(draft)


def leave_message(draft: SupportDraft) -> None:
    """Nobody calls any more: a message, and then silence counts; who is at risk is looked for (E7)."""
    state, policy = draft.state, policy_of(draft.state)
    for clock in (clocks.ATTEMPT, clocks.CALLS):
        draft.stop_deadline(clock)
    draft.close_task(CALL_AGAIN)
    if state.level <= URGENT_LEVEL or crisis.is_open(state):
        draft.open_task(clocks.WELFARE_CHECK, Role.LEAD, keep=True)
    elif clocks.SILENCE not in state.deadlines:
        draft.start_deadline(clocks.SILENCE, policy.silence, keep=True)
        draft.stop_deadline(clocks.IDLE, how="cancelled")
        draft.notify("please-answer", STUDENT)


def attempt_due(draft: SupportDraft, _deadline: Deadline) -> None:
    """Nobody has tried again in time: of an urgent case somebody goes and looks (E7)."""
    if draft.state.level <= URGENT_LEVEL:
        draft.open_task(clocks.WELFARE_CHECK, Role.LEAD, keep=True)


def still_silent(draft: SupportDraft, _deadline: Deadline) -> None:
    """Closed with a letter: only what is not urgent, and never with a crisis open (E7, E9)."""
    crisis.require_none(draft)
    draft.require(draft.state.level in (USUAL_LEVEL, ADVICE_LEVEL), "level-too-high", level=draft.state.level)
    draft.details["code"] = "no-answer"
    draft.notify("closed-unanswered", STUDENT)
    draft.goto(Stage.CLOSED)


def message_bounced(draft: SupportDraft, fact: MessageBounced) -> None:
    """What did not arrive has reached nobody (E16)."""
    draft.details["thread"] = fact.thread
    draft.record(Contacted(channel=Channel.MAIL, outcome=Outcome.MISSED, at=draft.happened_at))
    not_reached(draft)


def message_arrived(draft: SupportDraft, fact: MessageArrived) -> None:
    """A machine's mail is kept and counts for nothing; others' is never the student's (S13, E16)."""
    state = draft.state
    draft.details.update(thread=fact.thread, direction=fact.direction, sender=fact.sender)
    if fact.automatic:
        draft.details["automatic"] = True
        return
    if fact.danger:
        crisis.open_crisis(draft)
    if fact.direction == "out":
        clocks.student_hears(draft)
        return
    if fact.sender == STUDENT:
        _student_wrote(draft)
    if state.owner is not None:
        draft.notify("case-news", f"staff:{state.owner}|role:{Role.LEAD}")


def _student_wrote(draft: SupportDraft) -> None:
    state = draft.state
    clocks.silence_is_over(draft)
    clocks.student_writes(draft)
    if state.stage == Stage.WAITING and state.waits_on == STUDENT:
        draft.goto(Stage.IN_CONTACT)
    elif state.stage == Stage.RESOLVED:
        draft.goto(Stage.REOPENED)


def wait(draft: SupportDraft, command: Wait) -> None:
    """Whose turn it is; while it is the student's our clocks stand still (S4)."""
    crisis.require_none(draft)
    # nobody waits in the name of a queue
    draft.require(draft.state.owner == draft.actor.id, "not-yours")
    until = draft.ahead(command.until)
    draft.details.update(on=command.on, until=until.isoformat())
    draft.goto(Stage.WAITING)
    # who waited for the student may now wait for a unit: that is our own time
    clocks.resume(draft)
    draft.state.waits_on = command.on
    if command.on == STUDENT:
        clocks.pause(draft)
    draft.start_deadline(clocks.WAIT, DeadlinePolicy(days=0), due_at=until)
    # it is somebody else's turn, until a day that is watched
    draft.stop_deadline(clocks.IDLE, how="cancelled")


def waited_long_enough(draft: SupportDraft, _deadline: Deadline) -> None:
    """It is our turn again."""
    draft.goto(Stage.IN_CONTACT)
    draft.open_task(FOLLOW_UP, Role.COUNSELLOR, assignee=draft.state.owner)


def resolve(draft: SupportDraft, command: Resolve) -> None:
    """Nothing more is to be done; the student may come back within the policy's days."""
    crisis.require_none(draft)
    ownership.require_owner(draft)
    codes = policy_of(draft.state).resolution_codes
    draft.require(command.code in codes, "unknown-code", given=command.code, known=", ".join(codes))
    draft.details["code"] = command.code
    draft.goto(Stage.RESOLVED)


def enter_resolved(draft: SupportDraft) -> None:
    """The clocks stand still: whoever reopens finds what was left of them (S14)."""
    clocks.student_hears(draft)
    clocks.pause(draft)
    ownership.withdraw_offer(draft)
    for clock in (clocks.IDLE, clocks.ATTEMPT, clocks.CALLS, clocks.SILENCE, clocks.FIRST_RESPONSE):
        draft.stop_deadline(clock, how="cancelled")
    for task in (CALL_AGAIN, clocks.WELFARE_CHECK):
        draft.close_task(task, how="moved_on")
    draft.start_deadline(clocks.REOPEN, policy_of(draft.state).reopen)


def reopen(draft: SupportDraft, _command: Reopen) -> None:
    """A person goes on with it (S14)."""
    draft.goto(Stage.REOPENED)


def enter_reopened(draft: SupportDraft) -> None:
    """With the rest of its clocks and no breach for the time in which it was resolved; its owner keeps it."""
    clocks.resume(draft)
    clocks.owner_acts(draft)
    state = draft.state
    if state.owner is None:
        draft.open_task(ownership.TAKE, Role.COUNSELLOR)
    else:
        draft.notify("case-news", f"staff:{state.owner}|role:{Role.LEAD}")


def close_resolved(draft: SupportDraft, _deadline: Deadline) -> None:
    """Nobody came back."""
    draft.goto(Stage.CLOSED)


def student_left(draft: SupportDraft, _fact: StudentLeft) -> None:
    """Who has left is no student any more; a crisis goes on."""
    crisis.require_none(draft)
    draft.goto(Stage.LEFT)


def student_died(draft: SupportDraft, _fact: StudentDied) -> None:
    """Nothing more is sent, nothing more is due."""
    draft.goto(Stage.DECEASED)


def review(draft: SupportDraft, _deadline: Deadline) -> None:
    """It has taken as long as it may: somebody looks at it with the owner."""
    draft.open_task(REVIEW, Role.LEAD, keep=True)
