"""The scholarship: interest, nomination, substitutes, a month signed before it is paid, what is paid back."""

from collections.abc import Mapping
from typing import Final

from schemas.exchange.commands import ApplyScholarship, RecordScholarship, ReturnScholarship
from schemas.exchange.facts import MonthPaid, ScholarshipResult
from schemas.exchange.records import Paid, ScholarshipTold
from schemas.exchange.roles import Role
from schemas.exchange.stages import Scholarship, Stage, Track
from schemas.exchange.state import ExchangeState
from schemas.kernel.case import Owed
from workflows.exchange.dates import ExchangeDraft, policy_of

SCHOLARSHIP: Final = "scholarship"
RETURN = "return-scholarship"

_CLOSED: Final[Mapping[str, Scholarship]] = {
    **dict.fromkeys(
        (Scholarship.INTEREST, Scholarship.NOMINATED, Scholarship.SUBSTITUTE), Scholarship.NOT_GRANTED
    ),
    **dict.fromkeys((Scholarship.GRANTED, Scholarship.ACTIVE, Scholarship.SUSPENDED), Scholarship.ENDED),
}
"""What becomes of each with the end of the stay."""


def at_of(state: ExchangeState) -> str:
    """Where the scholarship stands."""
    return state.tracks.get(Track.SCHOLARSHIP, "")


def apply(draft: ExchangeDraft, command: ApplyScholarship) -> None:
    """The student's interest, then the office's nomination."""
    if command.what == "interest":
        draft.go_track(Track.SCHOLARSHIP, Scholarship.INTEREST)
        draft.owe(SCHOLARSHIP)
        draft.open_task("nominate-scholarship", Role.OFFICE, track=Track.SCHOLARSHIP)
        return
    draft.go_track(Track.SCHOLARSHIP, Scholarship.NOMINATED)
    draft.owe(SCHOLARSHIP)


def result(draft: ExchangeDraft, fact: ScholarshipResult) -> None:
    """The foundation's list."""
    decide(draft, fact.result, fact.months)


def record(draft: ExchangeDraft, command: RecordScholarship) -> None:
    """Entered by the office."""
    decide(draft, command.result, command.months)


def decide(draft: ExchangeDraft, what: str, months: int | None) -> None:
    """Granted for so many months as the year allows, and no longer than the stay (X19)."""
    state = draft.state
    draft.details["result"] = what
    draft.record(ScholarshipTold(result=what, months=months))
    match what:
        case "granted":
            state.scholarship_months = min(
                months or policy_of(state).scholarship_months, policy_of(state).scholarship_months
            )
            draft.owe(SCHOLARSHIP)
            draft.go_track(Track.SCHOLARSHIP, Scholarship.GRANTED)
            if state.stage in (Stage.IN_TERM, Stage.DEPARTING):
                draft.go_track(Track.SCHOLARSHIP, Scholarship.ACTIVE)
        case "substitute":
            draft.go_track(Track.SCHOLARSHIP, Scholarship.SUBSTITUTE)
        case "refused":
            draft.settle(SCHOLARSHIP)
            draft.go_track(Track.SCHOLARSHIP, Scholarship.NOT_GRANTED)
        case "suspend":
            draft.go_track(Track.SCHOLARSHIP, Scholarship.SUSPENDED)
        case _:
            draft.go_track(Track.SCHOLARSHIP, Scholarship.ACTIVE)


def month_paid(draft: ExchangeDraft, fact: MonthPaid) -> None:
    """Paid by the treasury: never without that month's signature, nor twice, nor more than was granted.

    Raises:
        Refusal: the treasury has paid what it must not; a person looks at it.
    """
    state = draft.state
    draft.require(fact.month in state.confirmed, "month-unsigned", month=fact.month)
    draft.require(fact.month not in state.paid, "month-paid", month=fact.month)
    draft.require(len(state.paid) < state.scholarship_months, "months-over", months=state.scholarship_months)
    state.paid.append(fact.month)
    draft.details["month"] = fact.month
    draft.record(Paid(month=fact.month))


def to_return(state: ExchangeState) -> list[str]:
    """Months that were paid and do not count any more: after an early return that nobody excuses."""
    if state.excused_return or not state.paid:
        return []
    if state.stage == Stage.EARLY_RETURN and state.left_on is not None:
        return [month for month in state.paid if month > f"{state.left_on:%Y-%m}"] or state.paid[-1:]
    if state.stage == Stage.MISSING:
        return state.paid[-1:]
    return []


def give_back(draft: ExchangeDraft, _owed: Owed) -> None:
    """No month more is paid, the next of the list comes; what must be paid back is a person's task."""
    state = draft.state
    if back := to_return(state):
        draft.details["months"] = list(back)
        if at_of(state) in (Scholarship.ACTIVE, Scholarship.SUSPENDED):
            draft.go_track(Track.SCHOLARSHIP, Scholarship.RETURN_DUE)
        draft.open_task(RETURN, Role.OFFICE, keep=True)
        _tell_foundation(draft)
        return
    known = at_of(state) != Scholarship.INTEREST
    _close(draft)
    if known:
        _tell_foundation(draft)


def _tell_foundation(draft: ExchangeDraft) -> None:
    draft.record(ScholarshipTold(result="given-back", months=None))
    draft.open_task("tell-foundation", Role.OFFICE, keep=True)


def returned(draft: ExchangeDraft, _command: ReturnScholarship) -> None:
    """It was paid back."""
    draft.close_task(RETURN)
    draft.go_track(Track.SCHOLARSHIP, Scholarship.ENDED)


def end(draft: ExchangeDraft) -> None:
    """The stay is over as planned."""
    _close(draft)
    draft.settle(SCHOLARSHIP)


def _close(draft: ExchangeDraft) -> None:
    """What is paid has ended; what was hoped for does not come any more."""
    if (closed := _CLOSED.get(at_of(draft.state))) is not None:
        draft.go_track(Track.SCHOLARSHIP, closed)
