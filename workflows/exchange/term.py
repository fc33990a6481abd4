"""In the term: the checklist with its proofs, a signature a month, absence, leave, missing and found."""

from datetime import date, datetime, time, timedelta
from typing import Final

from schemas.exchange.commands import (
    ChangeStay,
    DeclareMissing,
    Excuse,
    Extend,
    GrantLeave,
    RecordEarlyReturn,
    RecordFound,
    RecordProof,
    RecordSignature,
    ReportImmigration,
    Shorten,
)
from schemas.exchange.facts import AbsenceRecorded, EnrolmentSigned, ProofReceived
from schemas.exchange.links import StudentMissing
from schemas.exchange.records import AbsenceNoted, Confirmed, ProofSeen, StayChanged
from schemas.exchange.roles import Role
from schemas.exchange.stages import Housing, Item, Scholarship, Stage, Track
from schemas.exchange.state import ExchangeState, Proof
from schemas.kernel.deadlines import Deadline
from schemas.kernel.japan import TOKYO
from workflows.exchange import arrival, housing, intake
from workflows.exchange.dates import A_DAY, ExchangeDraft, policy_of

CONFIRM = "confirm-month"
ABSENCE = "report-absence"
NO_STUDY = "no-study"
LEAVING = "leaving"
MISSING = "missing"
REPORT = "report-immigration"
HERE: Final = (Stage.ARRIVED, Stage.IN_TERM, Stage.DEPARTING)
DECEMBER: Final = 12


# the checklist


def open_items(state: ExchangeState) -> list[str]:
    """The points that are not done."""
    return [item for item in state.asked_for if item not in state.checklist]


def settled(state: ExchangeState) -> bool:
    """Whether the checklist is done."""
    return state.stage == Stage.ARRIVED and not open_items(state)


def begin_term(draft: ExchangeDraft) -> None:
    """By itself, with the last proof."""
    draft.goto(Stage.IN_TERM)


def proof_received(draft: ExchangeDraft, fact: ProofReceived) -> None:
    """From the portal, the bank, the ward office's list."""
    prove(draft, fact.item, fact.on, "system")


def record_proof(draft: ExchangeDraft, command: RecordProof) -> None:
    """Seen by the office."""
    prove(draft, command.item, command.on, draft.actor.id)


def prove(draft: ExchangeDraft, item: Item, on: date, by: str) -> None:
    """A point is done.

    Raises:
        Refusal: this student has not to do it, or not yet: the one before it is open (X14).
    """
    state = draft.state
    draft.require(item in state.asked_for, "not-on-checklist", item=item)
    draft.require(on <= draft.calendar.day_of(draft.now), "in-future")
    before = {Item.ADDRESS, Item.RESIDENCE_CARD, Item.HEALTH_INSURANCE, Item.MY_NUMBER}
    if item in before:
        open_before = [
            each
            for each in state.asked_for[: state.asked_for.index(item)]
            if each in before and each not in state.checklist
        ]
        draft.require(not open_before, "not-yet", item=item, first=", ".join(open_before))
    state.checklist[item] = Proof(on=on, by=by)
    draft.details.update(item=item, on=f"{on:%Y-%m-%d}")
    draft.record(ProofSeen(item=item, on=on))
    if item == Item.ADDRESS:
        draft.stop_deadline(arrival.WARD_OFFICE)
    if item == Item.COURSES:
        draft.stop_deadline(arrival.COURSES)


def overdue(draft: ExchangeDraft, deadline: Deadline) -> None:
    """A legal day has passed: the head hears, and the student is called."""
    draft.open_task("contact", Role.OFFICE, whose=deadline.kind, keep=True)


# a signature a month


def enter_in_term(draft: ExchangeDraft) -> None:
    """The end of the stay is watched, and a month's signature asked for."""
    state = draft.state
    if MISSING in state.deadlines:
        draft.stop_deadline(MISSING)
    _watch_the_end(draft)
    if not any(each.kind == CONFIRM for each in state.deadlines.values()):
        _ask_for_month(draft, draft.calendar.day_of(draft.now).replace(day=1))
    if state.tracks.get(Track.SCHOLARSHIP) == Scholarship.GRANTED:
        draft.go_track(Track.SCHOLARSHIP, Scholarship.ACTIVE)


def _watch_the_end(draft: ExchangeDraft) -> None:
    policy = policy_of(draft.state)
    _, last = draft.state.stay
    begins = datetime.combine(last - timedelta(days=policy.leaving_days), time(9), TOKYO)
    draft.stop_deadline(LEAVING, how="cancelled")
    due_at = begins if begins > draft.now else draft.now + timedelta(minutes=1)
    draft.start_deadline(LEAVING, policy.leaving, due_at=due_at)


def _ask_for_month(draft: ExchangeDraft, month: date) -> None:
    """The next month that is not signed and in which the student is here; due on its tenth day (X19)."""
    state, policy = draft.state, policy_of(draft.state)
    _, last = state.stay
    while (
        f"{month:%Y-%m}" in (*state.confirmed, *state.excused)
        or _due(month, policy.confirmed_by) <= draft.now
    ):
        month = _next(month)
    if month > last:
        return
    draft.start_deadline(
        CONFIRM,
        policy.confirmation,
        whose=f"{month:%Y-%m}",
        due_at=_due(month, policy.confirmed_by),
        keep=True,
    )


def _due(month: date, day: int) -> datetime:
    return datetime.combine(month.replace(day=day), time(23, 59, 59), TOKYO)


def _next(month: date) -> date:
    later = month.month == DECEMBER
    return date(month.year + later, 1 if later else month.month + 1, 1)


def enrolment_signed(draft: ExchangeDraft, fact: EnrolmentSigned) -> None:
    """Signed at the terminal of the office."""
    sign(draft, fact.month)


def record_signature(draft: ExchangeDraft, command: RecordSignature) -> None:
    """Before the office's eyes."""
    sign(draft, command.month)


def sign(draft: ExchangeDraft, month: str) -> None:
    """In person, before anything is paid for it; not while absent (X19).

    Raises:
        Refusal: the student was not here then, or it is signed.
    """
    state = draft.state
    first = state.arrived_on or draft.calendar.day_of(draft.now)
    here = f"{first:%Y-%m}" <= month <= f"{draft.calendar.day_of(draft.now):%Y-%m}"
    draft.require(here, "month-not-here", month=month)
    draft.require(month not in state.confirmed, "month-signed", month=month)
    draft.require(state.absent_since is None, "absent", since=f"{state.absent_since}")
    state.confirmed.append(month)
    draft.details["month"] = month
    draft.record(Confirmed(month=month))
    late = [key for key in state.tasks if key.startswith("unsigned:") and key != f"unsigned:{month}"]
    if state.tracks.get(Track.SCHOLARSHIP) == Scholarship.SUSPENDED and not late and not state.on_leave:
        draft.go_track(Track.SCHOLARSHIP, Scholarship.ACTIVE)
    draft.close_task(f"unsigned:{month}")
    name = f"{CONFIRM}:{month}"
    if name in state.deadlines:
        draft.stop_deadline(name)
        _ask_for_month(draft, _next(date.fromisoformat(f"{month}-01")))


def month_over(draft: ExchangeDraft, deadline: Deadline) -> None:
    """Not signed: escalated on the twentieth by the ladder; the next month is asked for all the same."""
    month = deadline.name.partition(":")[2]
    if draft.state.on_leave or draft.state.absent_since is not None:
        draft.state.excused.append(month)
    else:
        draft.open_task("unsigned", Role.OFFICE, whose=month, keep=True)
    if draft.state.tracks.get(Track.SCHOLARSHIP) == Scholarship.ACTIVE and month not in draft.state.excused:
        draft.go_track(Track.SCHOLARSHIP, Scholarship.SUSPENDED)
    _ask_for_month(draft, _next(date.fromisoformat(f"{month}-01")))


# absence and leave


def absence_recorded(draft: ExchangeDraft, fact: AbsenceRecorded) -> None:
    """A month of it is told to the ministry (X16), three months endanger the status (X18)."""
    state, policy = draft.state, policy_of(draft.state)
    draft.record(AbsenceNoted(first=fact.first, last=fact.last, excused=fact.excused))
    draft.details.update(first=f"{fact.first:%Y-%m-%d}", excused=fact.excused)
    if fact.last is not None:
        state.absent_since = None
        draft.details["last"] = f"{fact.last:%Y-%m-%d}"
        for name in (ABSENCE, NO_STUDY):
            draft.stop_deadline(name)
        return
    if state.absent_since is None:
        state.absent_since = fact.first
        since = datetime.combine(fact.first, time(0), TOKYO)
        draft.start_deadline(ABSENCE, policy.absence, since=since, keep=True)
        draft.start_deadline(NO_STUDY, policy.no_study, since=since, keep=True)


def absent_a_month(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """To be reported."""
    draft.open_task(REPORT, Role.OFFICE, whose="absence", keep=True)


def without_study(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """The status of residence can be revoked (X18): the head looks at it."""
    draft.open_task("status-endangered", Role.HEAD, keep=True)


def reported(draft: ExchangeDraft, _command: ReportImmigration) -> None:
    """Done by a person, at the office in charge.

    Raises:
        Refusal: nothing is to be reported.
    """
    tasks = [key for key, task in draft.state.tasks.items() if task.kind == REPORT]
    draft.require(bool(tasks), "nothing-to-report")
    for key in tasks:
        draft.close_task(key)


def grant_leave(draft: ExchangeDraft, command: GrantLeave) -> None:
    """Leave runs alongside: nobody signs, nothing is paid."""
    state = draft.state
    draft.require(state.on_leave != command.leave, "leave-known")
    state.on_leave = command.leave
    draft.details["leave"] = command.leave
    at = state.tracks.get(Track.SCHOLARSHIP)
    if command.leave and at == Scholarship.ACTIVE:
        draft.go_track(Track.SCHOLARSHIP, Scholarship.SUSPENDED)
    elif not command.leave and at == Scholarship.SUSPENDED:
        draft.go_track(Track.SCHOLARSHIP, Scholarship.ACTIVE)


# longer and shorter


def extend(draft: ExchangeDraft, command: Extend) -> None:
    """Longer only with the home university's yes, and a bed if one is lived in (X33).

    Raises:
        Refusal: no yes, no bed, not for so long, or not later.
    """
    _, last = draft.state.stay
    draft.require(command.last > last, "not-later", last=f"{last:%Y-%m-%d}")
    draft.require(command.home_agrees, "home-not-asked")
    housing.check_longer(draft, command.last + A_DAY)
    _change(draft, command)
    if draft.state.stage == Stage.DEPARTING:
        draft.goto(Stage.IN_TERM)
    else:
        _watch_the_end(draft)


def shorten(draft: ExchangeDraft, command: Shorten) -> None:
    """Shorter: the rest of the bed is free at once, months that are not used are not paid (X19, X33)."""
    _, last = draft.state.stay
    draft.require(command.last < last, "not-earlier", last=f"{last:%Y-%m-%d}")
    draft.require(
        command.last >= draft.calendar.day_of(draft.now), "deadline-in-past", now=f"{draft.now:%Y-%m-%d}"
    )
    draft.require(command.home_agrees, "home-not-asked")
    _change(draft, command)
    if draft.state.stage == Stage.IN_TERM:
        _watch_the_end(draft)


def _change(draft: ExchangeDraft, command: ChangeStay) -> None:
    state = draft.state
    first, _ = state.stay
    state.last = command.last
    draft.details["last"] = f"{command.last:%Y-%m-%d}"
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    draft.record(StayChanged(first=first, last=command.last))
    if state.offer is not None and housing.housing_of(state) in (Housing.CONFIRMED, Housing.CHECKED_IN):
        housing.until(draft, command.last + A_DAY)


# missing, found, gone early


def declare_missing(draft: ExchangeDraft, command: DeclareMissing) -> None:
    """By the head, after everybody was asked; a support case begins, with nothing clinical in it."""
    state = draft.state
    arrival.check_contacts(draft, command.contacts)
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    draft.goto(Stage.MISSING)
    asked = (CONFIRM, ABSENCE, NO_STUDY, arrival.WARD_OFFICE, arrival.COURSES)
    for name in [each.name for each in state.deadlines.values() if each.kind in asked]:
        # nobody is there to do it
        draft.stop_deadline(name, how="cancelled")
    draft.undo("scholarship")
    draft.open_task(REPORT, Role.OFFICE, whose="missing", keep=True)
    draft.notify("student-missing", "coordinator")
    draft.start_deadline(MISSING, policy_of(state).missing)
    draft.facts.tell(
        "missing",
        StudentMissing(
            person=draft.look_up("person-key", case_id=state.case_id),
            term=state.term,
            language=state.language,
        ),
    )


def found(draft: ExchangeDraft, command: RecordFound) -> None:
    """A person reopens it."""
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    draft.goto(Stage.IN_TERM)


def never_found(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """It is not looked for any longer here; what is held is given back."""
    draft.end(Stage.MISSING)


def early_return(draft: ExchangeDraft, command: RecordEarlyReturn) -> None:
    """Gone before the end; not excused until the committee says so."""
    state = draft.state
    _, last = state.stay
    draft.require(command.on < last, "not-earlier", last=f"{last:%Y-%m-%d}")
    draft.require(command.on <= draft.calendar.day_of(draft.now), "in-future")
    state.left_on, state.excused_return = command.on, state.excused_return or False
    draft.details["on"] = f"{command.on:%Y-%m-%d}"
    draft.record(StayChanged(first=state.stay[0], last=command.on))
    if housing.housing_of(state) == Housing.CHECKED_IN:
        housing.leave(draft, command.on)
    state.transcript = state.transcript or "partial"
    draft.goto(Stage.EARLY_RETURN)


def excuse(draft: ExchangeDraft, command: Excuse) -> None:
    """Force majeure, before the return is recorded: nothing is paid back for it.

    Raises:
        Refusal: the ground is none of the list.
    """
    intake.known_reason(draft, command.ground, policy_of(draft.state).early_grounds)
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    draft.state.excused_return = True
