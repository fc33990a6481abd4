"""The right to enter and stay: the certificate of eligibility (COE) and the visa, on tracks of their own."""

from datetime import date, datetime, time
from typing import Final

from schemas.exchange.commands import (
    ChooseAfterDenial,
    Defer,
    FileCoe,
    RecordCoeData,
    RecordCoeResult,
    RecordVisaResult,
)
from schemas.exchange.facts import CoeResult, VisaResult
from schemas.exchange.records import CoeFiled, CoeTold, Deferred
from schemas.exchange.roles import Role
from schemas.exchange.stages import Coe, Stage, Track, Visa
from schemas.exchange.state import ExchangeState
from schemas.kernel.case import Owed
from schemas.kernel.deadlines import Deadline
from schemas.kernel.japan import TOKYO
from workflows.exchange import intake
from workflows.exchange.dates import A_DAY, ExchangeDraft, policy_of, term_of

COE_DATA = "coe-data"
COE_RESULT = "coe-result"
MORE_DOCUMENTS = "more-documents"
COE_END = "coe-end"
VISA_RESULT = "visa-result"
DENIAL = "choose-after-denial"
COE_OWED: Final = "coe"
BAD: Final = (Coe.DENIED, Coe.EXPIRED)


def begin(draft: ExchangeDraft) -> None:
    """With the student's yes: what is needed to come."""
    if not draft.state.needs_coe:
        draft.go_track(Track.COE, Coe.NOT_NEEDED)
        draft.go_track(Track.VISA, Visa.NOT_NEEDED)
        return
    draft.go_track(Track.COE, Coe.DATA_DUE)
    draft.go_track(Track.VISA, Visa.WAITING_COE)


def coe_of(state: ExchangeState) -> str:
    """Where the certificate stands."""
    return state.tracks.get(Track.COE, "")


def visa_of(state: ExchangeState) -> str:
    """Where the visa stands."""
    return state.tracks.get(Track.VISA, "")


def missing_status(state: ExchangeState) -> list[str]:
    """What is missing of the right to enter on the day of the arrival."""
    missing = [] if visa_of(state) in (Visa.GRANTED, Visa.NOT_NEEDED) else ["visa"]
    if coe_of(state) == Coe.NOT_NEEDED:
        return missing
    entry = state.arrival.slot.astimezone(TOKYO).date() if state.arrival is not None else None
    if coe_of(state) != Coe.ISSUED or state.coe_until is None or (entry and entry > state.coe_until):
        return ["coe", *missing]
    return missing


def enter_data_due(draft: ExchangeDraft) -> None:
    """The student brings the data."""
    deadline = draft.start_deadline(COE_DATA, policy_of(draft.state).coe_data, track=Track.COE)
    draft.notify("coe-data-please", "student", due_at=deadline.due_at.isoformat())


def record_data(draft: ExchangeDraft, _command: RecordCoeData) -> None:
    """All is there."""
    draft.go_track(Track.COE, Coe.DATA_RECEIVED)
    draft.open_task("file-coe", Role.OFFICE, track=Track.COE)


def file_coe(draft: ExchangeDraft, command: FileCoe) -> None:
    """Filed in a batch (X13); watched until the orientation, no day is promised.

    Raises:
        Refusal: data is missing, or it is filed already.
    """
    draft.require(coe_of(draft.state) == Coe.DATA_RECEIVED, "coe-not-ready", at=coe_of(draft.state) or "-")
    _file(draft, command.batch)


def _file(draft: ExchangeDraft, batch: str) -> None:
    draft.state.coe_batch = batch
    draft.details["batch"] = batch
    draft.record(CoeFiled(batch=batch))
    draft.owe(COE_OWED)
    draft.go_track(Track.COE, Coe.FILED)


def enter_filed(draft: ExchangeDraft) -> None:
    """Nobody knows when the answer comes; 30, 14 and 7 days before the orientation it is looked at."""
    due_at = datetime.combine(term_of(draft.state).orientation, time(9), TOKYO)
    # filed again after the term has begun, it is looked at every month
    later = draft.now + 30 * A_DAY
    policy = policy_of(draft.state).coe_result
    draft.start_deadline(COE_RESULT, policy, due_at=due_at if due_at > draft.now else later, track=Track.COE)
    draft.open_task("watch-coe", Role.OFFICE, deadline=COE_RESULT, track=Track.COE)


def coe_result(draft: ExchangeDraft, fact: CoeResult) -> None:
    """A row of the batch's result."""
    draft.require(fact.batch == draft.state.coe_batch, "coe-other-batch", batch=fact.batch)
    result_of_coe(draft, fact.result, fact.on)


def record_coe_result(draft: ExchangeDraft, command: RecordCoeResult) -> None:
    """Entered by the office."""
    draft.require(command.on <= draft.calendar.day_of(draft.now), "in-future")
    result_of_coe(draft, command.result, command.on)


def result_of_coe(draft: ExchangeDraft, result: str, on: date) -> None:
    """Issued, denied, or more documents are wanted first."""
    draft.details.update(result=result, on=f"{on:%Y-%m-%d}")
    draft.record(CoeTold(result=result, on=on))
    match result:
        case "issued":
            draft.state.coe_until = months_later(on, policy_of(draft.state).coe_months)
            draft.settle(COE_OWED)
            draft.go_track(Track.COE, Coe.ISSUED)
        case "more-documents":
            draft.go_track(Track.COE, Coe.MORE_DOCUMENTS)
        case _:
            draft.settle(COE_OWED)
            draft.go_track(Track.COE, Coe.DENIED)


def months_later(day: date, months: int) -> date:
    """The same day some months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError(day)


def enter_more_documents(draft: ExchangeDraft) -> None:
    """Brought at once: a denial is often only a paper that was missing."""
    draft.start_deadline(MORE_DOCUMENTS, policy_of(draft.state).more_documents, track=Track.COE)
    draft.open_task(MORE_DOCUMENTS, Role.OFFICE, deadline=MORE_DOCUMENTS, track=Track.COE)
    draft.notify("coe-more-documents", "student")


def filed_again(draft: ExchangeDraft, _command: FileCoe) -> None:
    """More documents were handed in."""
    draft.go_track(Track.COE, Coe.FILED)


def enter_issued(draft: ExchangeDraft) -> None:
    """Valid for some months; then the visa can be applied for."""
    state = draft.state
    until = state.coe_until
    if until is None:
        return
    end = datetime.combine(until + A_DAY, time(0), TOKYO)
    if end <= draft.now:
        draft.go_track(Track.COE, Coe.EXPIRED)
        return
    draft.start_deadline(COE_END, policy_of(state).visa, due_at=end, track=Track.COE)
    draft.notify("coe-issued", "student", due_on=f"{until:%Y-%m-%d}")


def coe_over(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """It was valid and was not used; after the entry nobody asks for it any more."""
    if draft.state.arrived_on is not None:
        return
    draft.go_track(Track.COE, Coe.EXPIRED)
    if visa_of(draft.state) in (Visa.APPLIED, Visa.GRANTED):
        draft.go_track(Track.VISA, Visa.WAITING_COE)


def enter_bad(draft: ExchangeDraft) -> None:
    """Denied or expired: a person chooses; nothing is given up by itself."""
    draft.start_deadline(DENIAL, policy_of(draft.state).denial, track=Track.COE)
    draft.open_task(DENIAL, Role.HEAD, deadline=DENIAL, track=Track.COE)


def visa_result(draft: ExchangeDraft, fact: VisaResult) -> None:
    """From the portal."""
    result_of_visa(draft, fact.result, fact.on)


def record_visa_result(draft: ExchangeDraft, command: RecordVisaResult) -> None:
    """Entered by the office."""
    draft.require(command.on <= draft.calendar.day_of(draft.now), "in-future")
    result_of_visa(draft, command.result, command.on)


def result_of_visa(draft: ExchangeDraft, result: str, on: date) -> None:
    """Applied for with a valid certificate, granted or refused."""
    draft.require(coe_of(draft.state) == Coe.ISSUED, "coe-not-ready", at=coe_of(draft.state) or "-")
    draft.details.update(result=result, on=f"{on:%Y-%m-%d}")
    target = {"applied": Visa.APPLIED, "granted": Visa.GRANTED, "refused": Visa.REFUSED}[result]
    draft.go_track(Track.VISA, target)


def enter_visa_applied(draft: ExchangeDraft) -> None:
    """The embassy needs about a week."""
    draft.start_deadline(VISA_RESULT, policy_of(draft.state).visa, track=Track.VISA)


def enter_visa_refused(draft: ExchangeDraft) -> None:
    """A person chooses, as after a denial."""
    draft.start_deadline(DENIAL, policy_of(draft.state).denial, track=Track.VISA)
    draft.open_task(DENIAL, Role.HEAD, deadline=DENIAL, track=Track.VISA)


def choose(draft: ExchangeDraft, command: ChooseAfterDenial) -> None:
    """File again, a term later, or not at all.

    Raises:
        Refusal: nothing was denied.
    """
    state = draft.state
    refused = visa_of(state) == Visa.REFUSED
    draft.require(refused or coe_of(state) in BAD, "not-denied")
    draft.details["choice"] = command.choice
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    if command.choice == "refile":
        if refused:
            draft.go_track(Track.VISA, Visa.WAITING_COE)
        if coe_of(state) in BAD:
            _file(draft, state.coe_batch or "again")
        return
    if command.choice == "defer":
        put_off_to_next_term(draft)
        return
    draft.goto(Stage.VISA_REFUSED if refused else Stage.COE_DENIED)


def defer(draft: ExchangeDraft, command: Defer) -> None:
    """A term later, in a case of its own."""
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    put_off_to_next_term(draft)


def put_off_to_next_term(draft: ExchangeDraft) -> None:
    """The next term's case is stored with this step; whatever this one holds is given back."""
    state = draft.state
    term = term_of(state).next
    state.deferred_to = f"exchange/{term}-{state.case_id.partition('-')[2]}"
    draft.details["deferred_to"] = state.deferred_to
    draft.record(Deferred(to=state.deferred_to, term=term))
    draft.goto(Stage.DEFERRED)


def withdraw_coe(draft: ExchangeDraft, _owed: Owed) -> None:
    """What was filed is taken back at immigration, by a person: no system of ours can."""
    if coe_of(draft.state) in (Coe.FILED, Coe.MORE_DOCUMENTS):
        draft.go_track(Track.COE, Coe.WITHDRAWN)
    draft.open_task("report-immigration", Role.OFFICE, whose=intake.QUOTA, keep=True)
