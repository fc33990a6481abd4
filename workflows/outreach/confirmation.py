"""From the lecturer's yes to the day before: the school confirms, all is prepared; or it is cancelled."""

from datetime import datetime, time, timedelta

from schemas.kernel.deadlines import Deadline
from schemas.outreach.commands import CancelRequest, ConfirmByPhone, RecordPrepared, Reschedule
from schemas.outreach.facts import SchoolCancelled, SchoolConfirmed
from schemas.outreach.roles import Role
from schemas.outreach.stages import Stage
from workflows.outreach.intake import BARE, OutreachDraft, known_cause, local, policy_of
from workflows.outreach.lecturers import free_lecturer

PHONE = "confirm-by-phone"
PREPARE = "record-prepared"


def day_before(draft: OutreachDraft, days: int) -> datetime:
    """The end of the day so many days before D; at short notice the end of tomorrow, never after D."""
    at, today = draft.state.agreed, draft.calendar.day_of(draft.now)
    day = max(draft.calendar.day_of(at) - timedelta(days=days), today + timedelta(days=1))
    return min(draft.calendar.end_of(day), at)


def enter_offered(draft: OutreachDraft) -> None:
    """The school is asked to confirm (O6)."""
    state, policy = draft.state, policy_of(draft.state)
    due_at = day_before(draft, policy.confirm_days)
    draft.start_deadline("confirm", policy.confirm, due_at=due_at)
    by_phone = draft.calendar.day_of(draft.state.agreed) - timedelta(days=policy.phone_days)
    draft.start_deadline(PHONE, BARE, due_at=datetime.combine(by_phone, time(), draft.calendar.zone))
    draft.start_deadline("unconfirmed", BARE, due_at=draft.state.agreed)
    date = draft.state.agreed.isoformat()
    draft.notify("please-confirm", "school", date=date, due_at=due_at.isoformat(), kind=state.kind)


def school_confirmed(draft: OutreachDraft, fact: SchoolConfirmed) -> None:
    """The school says yes to the date as it is now; said twice it changes nothing (O6, K8)."""
    date = draft.state.agreed
    draft.require(fact.date in (None, date), "date-moved", date=local(draft, date))
    if draft.state.stage == Stage.OFFERED:
        _confirm(draft)


def _confirm(draft: OutreachDraft) -> None:
    draft.state.confirmed = draft.state.date
    draft.stop_deadline("confirm")
    draft.goto(Stage.CONFIRMED)


def ask_by_phone(draft: OutreachDraft, _deadline: Deadline) -> None:
    """The school has not confirmed: a person decides (O6)."""
    draft.open_task(PHONE, Role.OFFICE)


def confirm_by_phone(draft: OutreachDraft, command: ConfirmByPhone) -> None:
    """What the school said on the telephone."""
    draft.details["result"] = command.result
    if command.result == "confirmed":
        draft.close_task(PHONE)
        _confirm(draft)
    else:
        _cancel(draft, "school-request")


def give_up_unconfirmed(draft: OutreachDraft, _deadline: Deadline) -> None:
    """The day has come and nobody has heard of the school: no lecturer sets out on that."""
    give_up_date(draft, "not-confirmed")


def give_up_date(draft: OutreachDraft, cause: str) -> None:
    """The date is open again, and why."""
    draft.details["cause"] = cause
    draft.goto(Stage.WAITING_DATE)


def enter_confirmed(draft: OutreachDraft) -> None:
    """Both sides are told, and reminded of this date alone (K8)."""
    state, policy = draft.state, policy_of(draft.state)
    draft.start_deadline("lecture", policy.lecture, whose=state.lecturer, due_at=state.ends_at, keep=True)
    draft.start_deadline(PREPARE, policy.prepare, due_at=day_before(draft, policy.prepare_days))
    draft.open_task(PREPARE, Role.OFFICE, deadline=PREPARE)
    if draft.step == Reschedule.step:
        tell_change(draft)
    else:
        _tell_both(draft, "date-settled", "lecture-settled")


def tell_change(draft: OutreachDraft) -> None:
    """Another date, or another form: both sides hear how it is held now."""
    _tell_both(draft, "arrangement-changed", "lecture-changed")


def _tell_both(draft: OutreachDraft, school: str, lecturer: str) -> None:
    date, kind = draft.state.agreed.isoformat(), draft.state.kind
    draft.notify(school, "school", date=date, kind=kind)
    draft.notify(lecturer, f"staff:{draft.state.lecturer}", date=date, kind=kind)


def record_prepared(draft: OutreachDraft, _command: RecordPrepared) -> None:
    """Place, equipment and journey are arranged."""
    draft.finish(PREPARE)
    draft.goto(Stage.PREPARED)


def lecture_over(draft: OutreachDraft, _deadline: Deadline) -> None:
    """Its end has passed: the office says whether it was held."""
    draft.open_task("record-held", Role.OFFICE)


def cancel_request(draft: OutreachDraft, command: CancelRequest) -> None:
    """A person cancels, with a reason that both sides are told (O16)."""
    known_cause(draft, command, policy_of(draft.state).causes)
    _cancel(draft, command.reason)


def school_cancelled(draft: OutreachDraft, _fact: SchoolCancelled) -> None:
    """The school does not want it any more."""
    _cancel(draft, "school-request")


def _cancel(draft: OutreachDraft, cause: str) -> None:
    draft.details["cause"] = cause
    free_lecturer(draft, cause)
    draft.notify("request-cancelled", "school", cause=cause)
    draft.goto(Stage.CANCELLED)
