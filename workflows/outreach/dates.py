"""Dates move, schools and the campus close, warnings come, a talk goes online."""

from datetime import datetime, timedelta

from schemas.kernel.deadlines import Deadline
from schemas.outreach.commands import GoOnline, Reschedule
from schemas.outreach.facts import ClosureAnnounced, WarningIssued, WarningLifted
from schemas.outreach.records import DateReleased
from schemas.outreach.roles import Role
from schemas.outreach.stages import Answer, Kind, Stage
from workflows.kernel.taking_back import STEPS
from workflows.outreach import intake, lecturers
from workflows.outreach.confirmation import give_up_date, tell_change
from workflows.outreach.intake import OutreachDraft, policy_of

A_DAY = timedelta(days=1)


def reschedule(draft: OutreachDraft, command: Reschedule) -> None:
    """New proposals; or, where a lecturer has accepted, the one date to which both sides agree (O6)."""
    state = draft.state
    intake.known_cause(draft, command, policy_of(state).causes)
    draft.require(command.school_agreed, "not-agreed", side="school")
    dates = sorted(draft.ahead(at) for at in command.dates)
    if state.date is not None or (command.lecturer_agreed and state.lecturer is not None):
        draft.require(command.lecturer_agreed, "not-agreed", side="lecturer")
        draft.require(len(dates) == 1, "one-date")
        _move(draft, dates[0])
        return
    lecturers.withdraw_questions(draft)
    draft.record(DateReleased(cause=command.reason))
    state.dates, state.confirmed = dates, None
    draft.close_task(intake.AGREE_DATE)
    intake.watch_dates(draft)
    if state.stage != Stage.REQUESTED:
        draft.goto(Stage.CHECKED)


def _move(draft: OutreachDraft, at: datetime) -> None:
    """The lecturer's time moves along, and every reminder with it; the old date is named no more (K8)."""
    state = draft.state
    lecturer = state.lecturer or ""
    at = lecturers.first_free(draft, lecturer, [at])
    lecturers.drop_reminders(draft)
    lecturers.withdraw_questions(draft)
    draft.finish(intake.CLOSURE)
    state.asked[lecturer] = Answer.YES
    state.dates, state.confirmed = [at], at
    lecturers.book(draft, lecturer, at)
    draft.goto(Stage.CONFIRMED)


def go_online(draft: OutreachDraft, _command: GoOnline) -> None:
    """The same date, nobody travels; before one is agreed, lecturers can be asked anew (O5, O16)."""
    state = draft.state
    state.kind = Kind.ONLINE
    draft.finish(intake.CLOSURE)
    if state.date is None:
        lecturers.withdraw_questions(draft)
    else:
        tell_change(draft)


def closure_announced(draft: OutreachDraft, fact: ClosureAnnounced) -> None:
    """A closed day takes the date that was agreed, or those of the proposals that lie in it."""
    state, cause = draft.state, f"{fact.where}-closed"
    draft.details["where"] = fact.where
    if fact.where == "campus" and state.kind is not Kind.VISIT:
        return
    if state.stage in intake.DATED and _within(draft, fact, draft.state.agreed):
        give_up_date(draft, cause)
    elif state.stage in intake.UNDATED and any(_within(draft, fact, at) for at in state.dates):
        state.dates = [at for at in state.dates if not _within(draft, fact, at)]
        draft.record(DateReleased(cause=cause))
        if intake.ahead(draft):
            intake.watch_dates(draft)
            for lecturer in [who for who, answer in state.asked.items() if answer is Answer.ASKED]:
                lecturers.ask(draft, lecturer, state.deadlines[f"answer:{lecturer}"])
        else:
            give_up_date(draft, cause)


def _within(draft: OutreachDraft, fact: ClosureAnnounced, at: datetime) -> bool:
    return fact.first <= draft.calendar.day_of(at) <= fact.last


def enter_waiting_date(draft: OutreachDraft) -> None:
    """No date stands: the office agrees another with the school, which is told so once."""
    cause = str(draft.details.setdefault("cause", "dates-over"))
    lecturers.free_lecturer(draft, cause)
    draft.state.confirmed = None
    lecturers.withdraw_questions(draft)
    draft.stop_deadline(intake.DATES, how="cancelled")
    draft.open_task(intake.AGREE_DATE, Role.OFFICE)
    if draft.step not in STEPS:
        draft.notify("date-open-again", "school", cause=cause)


def warning_issued(draft: OutreachDraft, fact: WarningIssued) -> None:
    """A warning before the lecture: by 7:00 a person cancels, goes online or holds it all the same (O16)."""
    state, policy, date = draft.state, policy_of(draft.state), draft.state.date
    draft.details.update(area=fact.area, level=fact.level)
    serious = fact.level in policy.warning_levels and state.kind is not Kind.ONLINE
    if date is None or state.stage not in intake.DATED or not serious or intake.CLOSURE in state.tasks:
        return
    if not draft.now <= date <= draft.now + A_DAY:
        return
    morning = datetime.combine(draft.calendar.day_of(date), policy.decide_by, draft.calendar.zone)
    due_at = min(max(morning, draft.now + timedelta(minutes=policy.decide_minutes)), date)
    draft.start_deadline(intake.CLOSURE, intake.BARE, due_at=due_at, keep=True)
    draft.open_task(intake.CLOSURE, Role.OFFICE, deadline=intake.CLOSURE, keep=True)
    _ask_to_decide(draft, Role.OFFICE, due_at)


def warning_undecided(draft: OutreachDraft, deadline: Deadline) -> None:
    """Nobody has decided: the clock does not cancel, it tells the head."""
    _ask_to_decide(draft, Role.HEAD, deadline.due_at)


def _ask_to_decide(draft: OutreachDraft, role: Role, due_at: datetime) -> None:
    date = draft.state.agreed.isoformat()
    draft.notify("decide-on-warning", f"role:{role}", date=date, due_at=due_at.isoformat())


def warning_lifted(draft: OutreachDraft, fact: WarningLifted) -> None:
    """It is held as agreed, and nobody has to decide any more."""
    draft.details["area"] = fact.area
    draft.finish(intake.CLOSURE)


def hold_all_the_same(draft: OutreachDraft) -> None:
    """A person has looked at the warning, and it is held as agreed."""
    draft.stop_deadline(intake.CLOSURE)
