"""From the accepted offer to enrolment: what has to arrive, until when, and what becomes of what was paid.

Who was given a place by a round enrols until the round's own hour, and has declined if not all has arrived by
then (R8 of docs/processes/round.md). A fee that was paid is owed back until the policy says that it is kept.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from schemas.admission.commands import RecordEnrolment
from schemas.admission.facts import NoFacts
from schemas.admission.records import DecisionRecorded, Enrolled
from schemas.admission.roles import Role
from schemas.admission.stages import Fee, Stage
from schemas.admission.state import AdmissionState
from schemas.kernel.case import Owed
from schemas.kernel.deadlines import Deadline
from workflows.admission import by_round, moved_dates
from workflows.admission.intake import AdmissionDraft, end_of, policy_of, round_of
from workflows.kernel.taking_back import STEPS

ENROLMENT: Final = "enrolment"
TASK: Final = "record-enrolment"
FEE: Final = "admission-fee"
"""What is owed back when it was paid and the case ends without enrolment."""
REFUND: Final = "refund"
ARRIVED: Final[Mapping[str, Callable[[AdmissionState], datetime | None]]] = {
    FEE: lambda state: state.fee_paid_at,
    "enrolment-documents": lambda state: state.enrolment_documents_at,
}
"""What a policy may want before enrolment, and when it came."""


def missing(state: AdmissionState, by: datetime | None = None) -> list[str]:
    """What the policy wants before enrolment and has not arrived; with `by`, until then."""
    came = {name: ARRIVED[name](state) for name in policy_of(state).enrolment_needs}
    return [name for name, at in came.items() if at is None or (by is not None and at > by)]


def enter_accepted(draft: AdmissionDraft) -> None:
    """Enrolment until the round's day; until its hour, where its lists have given the place."""
    state, policy = draft.state, policy_of(draft.state)
    hour = state.offered_until
    if hour is None:
        due = end_of(draft, round_of(draft).enrol_by)
        deadline = draft.start_deadline(ENROLMENT, policy.enrolment, due_at=due)
    else:
        # whose late answer was permitted has a day at least
        tomorrow = draft.calendar.add_working_days(draft.calendar.day_of(draft.now), 1)
        due = hour if hour > draft.now else draft.calendar.end_of(tomorrow)
        deadline = draft.start_deadline(moved_dates.BY_HOUR, policy.enrolment_by_hour, due_at=due)
    draft.open_task(TASK, Role.ADMISSIONS_OFFICE, deadline=deadline.name)
    if draft.step not in STEPS:
        draft.notify("offer-accepted", "applicant", due_at=deadline.due_at.isoformat())


def record_enrolment(draft: AdmissionDraft, command: RecordEnrolment) -> None:
    """How it ended; an ending other than enrolment needs its reason.

    Raises:
        Refusal: fee or documents are not there; or, by the database, the applicant has enrolled by another
            application of the year (R8).
    """
    enrolled = command.result == "enrolled"
    explained = enrolled or command.reason_id is not None
    draft.require(explained, "reason-required", step=f"{command.step} {command.result}")
    lacking = missing(draft.state)
    draft.require(not (enrolled and lacking), "enrolment-incomplete", missing=", ".join(lacking))
    draft.close_task(TASK)
    for deadline in (ENROLMENT, moved_dates.BY_HOUR):
        draft.stop_deadline(deadline)
    draft.record(DecisionRecorded(decision=command.result, reason_id=command.reason_id))
    if enrolled:
        draft.settle(FEE)
        draft.record(Enrolled())
    else:
        by_round.give_back(draft, command.result.replace("_", "-"))
    draft.notify(command.result.replace("_", "-"), "applicant")
    draft.goto(command.result)


def lapse(draft: AdmissionDraft, deadline: Deadline) -> None:
    """The hour is over: who has not sent all has declined; what came in time is for the office to record."""
    if moved_dates.goes_on(draft) or not missing(draft.state, by=deadline.due_at):
        return
    by_round.give_back(draft, "not-enrolled")
    draft.record(DecisionRecorded(decision=Stage.DECLINED, reason_code="not-enrolled"))
    draft.notify("enrolment-lapsed", "applicant")
    draft.goto(Stage.DECLINED)


# what arrives ---------------------------------------------------------------------------------------------


def documents_received(draft: AdmissionDraft, _fact: NoFacts) -> None:
    """The papers of enrolment are there; sent again they came when they came first."""
    state = draft.state
    if state.enrolment_documents_at is None:
        state.enrolment_documents_at = draft.happened_at


def fee_paid(draft: AdmissionDraft, _fact: NoFacts) -> None:
    """The admission fee; what nobody owes goes back, and so does what is paid twice."""
    state = draft.state
    asked = state.stage in (Stage.OFFERED, Stage.ACCEPTED) and state.fee is not Fee.PAID
    if not asked:
        draft.open_task(REFUND, Role.ADMISSIONS_OFFICE, keep=True)
        if state.fee is not Fee.PAID:
            _go(draft, Fee.DUE_BACK)
        return
    state.fee_paid_at = draft.happened_at
    draft.owe(FEE)
    _go(draft, Fee.PAID)


def fee_refunded(draft: AdmissionDraft, _fact: NoFacts) -> None:
    """It was paid back: what was paid twice, or the whole of it."""
    state = draft.state
    twice = state.fee is Fee.PAID and REFUND in state.tasks
    draft.close_task(REFUND)
    if not twice:
        _all_refunded(draft)


def refunded_by_hand(draft: AdmissionDraft) -> None:
    """A person says that what the task asked for was paid back: with a payment that counts, the other one."""
    if draft.state.fee is not Fee.PAID:
        _all_refunded(draft)


def _all_refunded(draft: AdmissionDraft) -> None:
    draft.settle(FEE)
    draft.state.fee_paid_at = None
    _go(draft, Fee.REFUNDED)


def give_back_fee(draft: AdmissionDraft, _owed: Owed) -> None:
    """The case has ended without enrolment: kept or paid back, by the policy's list of endings."""
    if draft.state.stage in policy_of(draft.state).fee_kept_after:
        draft.details["fee"] = "kept"
        return
    draft.open_task(REFUND, Role.ADMISSIONS_OFFICE, keep=True)
    _go(draft, Fee.DUE_BACK)


def taken_back(draft: AdmissionDraft) -> None:
    """Enrolment is to be recorded again: what was paid is there, unless it was paid back."""
    state = draft.state
    if state.fee_paid_at is not None:
        draft.close_task(REFUND)
        draft.owe(FEE)
        state.fee = Fee.PAID


def _go(draft: AdmissionDraft, fee: Fee) -> None:
    draft.state.fee = fee
    draft.details["fee"] = fee
    by_round.report(draft)
