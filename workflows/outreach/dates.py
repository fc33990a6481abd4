"""Dates move, schools and the campus close, warnings come, a talk goes online."""

from datetime import datetime, timedelta

from schemas.kernel.deadlines import Deadline
from schemas.outreach.commands import GoOnline, Reschedule
from schemas.outreach.facts import ClosureAnnounced, WarningIssued, WarningLifted
from schemas.outreach.records import DateReleased
from schemas.outreach.roles import Role
from schemas.outreach.stages import Answer, Kind, Stage
from workflows.outreach.confirmation import agreed, give_up_date, tell_change
from workflows.outreach.intake import (
    AGREE_DATE,
    CLOSURE,
    DATED,
    DATES,
    UNDATED,
    OutreachDraft,
    ahead,
    policy_of,
    watch_dates,
)
from workflows.outreach.lecturers import (
    ask,
    book,
    drop_reminders,
    first_free,
    free_lecturer,
    withdraw_questions,
)

A_DAY = timedelta(days=1)


def reschedule(draft: OutreachDraft, command: Reschedule) -> None:
    """New proposals; or, where a lecturer has accepted, the one date to which both sides agree (O6)."""
    state, known = draft.state, policy_of(draft.state).causes
    draft.require(command.reason in known, "cause-unknown", cause=command.reason, known=", ".join(known))
    draft.require(command.school_agreed, "not-agreed", side="school")
    dates = sorted(draft.ahead(at) for at in command.dates)
    draft.details["cause"] = command.reason
    if state.date is not None or (command.lecturer_agreed and state.lecturer is not None):
        draft.require(command.lecturer_agreed, "not-agreed", side="lecturer")
        draft.require(len(dates) == 1, "one-date")
        _move(draft, dates[0])
        return
    withdraw_questions(draft)
    draft.record(DateReleased(cause=command.reason))
    state.dates, state.confirmed = dates, None
    draft.close_task(AGREE_DATE)
    watch_dates(draft)
    if state.stage != Stage.REQUESTED:
        draft.goto(Stage.CHECKED)


def _move(draft: OutreachDraft, at: datetime) -> None:
    """The lecturer's time moves along, and every reminder with it; the old date is named no more (K8)."""
    state = draft.state
    lecturer = state.lecturer or ""
    at = first_free(draft, lecturer, [at])
    drop_reminders(draft)
    withdraw_questions(draft)
    draft.finish(CLOSURE)
    state.asked[lecturer] = Answer.YES
    state.dates, state.confirmed = [at], at
    book(draft, lecturer, at)
    draft.goto(Stage.CONFIRMED)


def go_online(draft: OutreachDraft, _command: GoOnline) -> None:
    """The same date, nobody travels; before one is agreed, lecturers can be asked anew (O5, O16)."""
    state = draft.state
    state.kind = Kind.ONLINE
    draft.finish(CLOSURE)
    if state.date is None:
        withdraw_questions(draft)
    else:
        tell_change(draft)


def closure_announced(draft: OutreachDraft, fact: ClosureAnnounced) -> None:
    """A closed day takes the date that was agreed, or those of the proposals that lie in it."""
    state, cause = draft.state, f"{fact.where}-closed"
    draft.details["where"] = fact.where
    if fact.where == "campus" and state.kind is not Kind.VISIT:
        return
    if state.stage in DATED and _within(draft, fact, agreed(draft)):
        give_up_date(draft, cause)
    elif state.stage in UNDATED and any(_within(draft, fact, at) for at in state.dates):
        state.dates = [at for at in state.dates if not _within(draft, fact, at)]
        draft.record(DateReleased(cause=cause))
        if ahead(draft):
            watch_dates(draft)
            for lecturer in [who for who, answer in state.asked.items() if answer is Answer.ASKED]:
                ask(draft, lecturer, state.deadlines[f"answer:{lecturer}"])
        else:
            give_up_date(draft, cause)


def _within(draft: OutreachDraft, fact: ClosureAnnounced, at: datetime) -> bool:
    return fact.first <= draft.calendar.day_of(at) <= fact.last


def enter_waiting_date(draft: OutreachDraft) -> None:
    """No date stands: the office agrees another with the school, which is told so once."""
    cause = str(draft.details.setdefault("cause", "dates-over"))
    free_lecturer(draft, cause)
    draft.state.confirmed = None
    withdraw_questions(draft)
    draft.stop_deadline(DATES, how="cancelled")
    draft.open_task(AGREE_DATE, Role.OFFICE)
    draft.notify("date-open-again", "school", cause=cause)


def warning_issued(draft: OutreachDraft, fact: WarningIssued) -> None:
    """A warning before the lecture: by 7:00 a person cancels, goes online or holds it all the same (O16)."""
    state, policy, date = draft.state, policy_of(draft.state), draft.state.date
    draft.details.update(area=fact.area, level=fact.level)
    serious = fact.level in policy.warning_levels and state.kind is not Kind.ONLINE
    if date is None or state.stage not in DATED or not serious or CLOSURE in state.tasks:
        return
    if not draft.now <= date <= draft.now + A_DAY:
        return
    morning = datetime.combine(draft.calendar.day_of(date), policy.decide_by, draft.calendar.zone)
    due_at = min(max(morning, draft.now + timedelta(minutes=policy.decide_minutes)), date)
    draft.start_deadline(CLOSURE, policy.closure, due_at=due_at, keep=True)
    draft.open_task(CLOSURE, Role.OFFICE, deadline=CLOSURE, keep=True)
    _ask_to_decide(draft, Role.OFFICE, due_at)


def warning_undecided(draft: OutreachDraft, deadline: Deadline) -> None:
    """Nobody has decided: the clock does not cancel, it tells the head."""
    _ask_to_decide(draft, Role.HEAD, deadline.due_at)


def _ask_to_decide(draft: OutreachDraft, role: Role, due_at: datetime) -> None:
    date = agreed(draft).isoformat()
    draft.notify("decide-on-warning", f"role:{role}", date=date, due_at=due_at.isoformat())


def warning_lifted(draft: OutreachDraft, fact: WarningLifted) -> None:
    """It is held as agreed, and nobody has to decide any more."""
    draft.details["area"] = fact.area
    draft.finish(CLOSURE)


def hold_all_the_same(draft: OutreachDraft) -> None:
    """A person has looked at the warning, and it is held as agreed."""
    draft.stop_deadline(CLOSURE)
