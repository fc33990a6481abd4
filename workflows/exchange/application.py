"""The application: its documents, the lock, what is missing."""

from typing import Final

from schemas.exchange.facts import ApplicationSubmitted, LetterReceived
from schemas.exchange.records import LetterFiled
from schemas.exchange.stages import Stage
from schemas.exchange.state import ExchangeState
from schemas.kernel.deadlines import Deadline
from schemas.kernel.documents import SETTLED, DocumentStage
from workflows.exchange.dates import ExchangeDraft, policy_of, term_of
from workflows.kernel.taking_back import STEPS

WANTED: Final = frozenset({DocumentStage.WANTED, DocumentStage.REJECTED, DocumentStage.REVOKED})
SUBMIT = "submit-application"
COMPLETE = "complete-documents"


def enter_applying(draft: ExchangeDraft) -> None:
    """The student is asked for the documents, until the lock."""
    term = term_of(draft.state)
    deadline = draft.start_deadline(SUBMIT, policy_of(draft.state).apply, due_at=term.lock)
    for name in policy_of(draft.state).documents:
        draft.documents.want(name, deadline.due_at)
    if draft.step not in STEPS:
        draft.notify("please-apply", "student", due_at=deadline.due_at.isoformat())


def submitted(draft: ExchangeDraft, _fact: ApplicationSubmitted) -> None:
    """In time: at or before the lock, to the minute (X10).

    Raises:
        Refusal: it is locked.
    """
    state = draft.state
    lock = term_of(state).lock
    draft.require(draft.happened_at <= lock, "application-locked", lock=f"{lock:%Y-%m-%d %H:%M} JST")
    if state.submitted_at is None:
        state.submitted_at = draft.happened_at
        draft.notify("application-received", "student")


def lacks_something(state: ExchangeState) -> bool:
    """Whether it was submitted, or looked at, without a document; what the office has is not asked for."""
    return state.stage == Stage.APPLYING and state.submitted_at is not None and bool(outstanding(state))


def outstanding(state: ExchangeState) -> list[str]:
    """The documents that the student has still to send."""
    return [name for name, each in state.documents.items() if each.state in WANTED]


def ask_for_documents(draft: ExchangeDraft) -> None:
    """It is incomplete."""
    draft.goto(Stage.INCOMPLETE)


def enter_incomplete(draft: ExchangeDraft) -> None:
    """Some working days for what is missing."""
    deadline = draft.start_deadline(COMPLETE, policy_of(draft.state).complete)
    for name in outstanding(draft.state):
        draft.documents.want(name, deadline.due_at)
    draft.documents.chase()


def is_whole(state: ExchangeState) -> bool:
    """Whether it can be looked at: submitted, with every document accepted or done without."""
    waiting = state.stage in (Stage.APPLYING, Stage.INCOMPLETE)
    return waiting and state.submitted_at is not None and not missing_documents(state)


def missing_documents(state: ExchangeState) -> list[str]:
    """The documents that are neither accepted nor done without."""
    return [f"document:{name}" for name, each in state.documents.items() if each.state not in SETTLED]


def screening_gate(state: ExchangeState) -> list[str]:
    """What is missing before it is looked at."""
    missing = missing_documents(state)
    return [*missing, *(["submission"] if state.submitted_at is None else [])]


def begin_screening(draft: ExchangeDraft) -> None:
    """It is whole: by itself."""
    draft.goto(Stage.SCREENING)


def not_submitted(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """The lock has come; what is submitted is looked at, whatever the office still has to check."""
    if draft.state.submitted_at is None:
        _expire(draft, "not-submitted")


def not_completed(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """The working days are over; what is with the office is looked at first."""
    if outstanding(draft.state):
        _expire(draft, "not-completed")


def _expire(draft: ExchangeDraft, reason: str) -> None:
    draft.state.reason = reason
    draft.goto(Stage.EXPIRED)


def letter_received(draft: ExchangeDraft, fact: LetterReceived) -> None:
    """A recommender may file after the lock (X10)."""
    draft.details["sha256"] = fact.sha256
    draft.record(LetterFiled(sha256=fact.sha256))
