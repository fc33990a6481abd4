"""After the day: held or not, the report, the anonymous survey, the contact erased."""

from datetime import timedelta

from schemas.kernel.deadlines import Deadline
from schemas.outreach.commands import RecordHeld, SubmitReport
from schemas.outreach.records import ContactErased, Held
from schemas.outreach.roles import Role
from schemas.outreach.stages import Stage
from workflows.outreach.intake import BARE, CLOSURE, ERASE, OutreachDraft, local, policy_of

SURVEY = "survey"


def record_held(draft: OutreachDraft, command: RecordHeld) -> None:
    """Held, with the persons who were there; or nobody came, and it ends as cancelled."""
    state, date = draft.state, draft.state.agreed
    draft.require(draft.now >= date, "not-yet-held", date=local(draft, date))
    draft.stop_deadline(f"lecture:{state.lecturer}")
    draft.finish(CLOSURE)
    if not command.held:
        draft.details["cause"] = "not-held"
        draft.goto(Stage.CANCELLED)
        return
    persons = state.persons if command.persons is None else command.persons
    draft.details["persons"] = persons
    draft.record(Held(persons=persons))
    draft.close_task("record-held")
    draft.goto(Stage.HELD)


def enter_held(draft: OutreachDraft) -> None:
    """The lecturer reports; the school is asked how it was; after its time the contact is erased (O28)."""
    state, policy = draft.state, policy_of(draft.state)
    day = draft.calendar.day_of(draft.state.agreed)
    report_by, survey_at, erase_at = (
        draft.calendar.end_of(day + timedelta(days=days))
        for days in (policy.report_days, policy.survey_days, policy.erase_days)
    )
    report = draft.start_deadline("report", policy.report, whose=state.lecturer, due_at=report_by)
    draft.open_task("submit-report", Role.LECTURER, assignee=state.lecturer, deadline=report.name)
    draft.start_deadline(SURVEY, BARE, due_at=survey_at, keep=True)
    draft.start_deadline(ERASE, BARE, due_at=erase_at, keep=True)


def send_survey(draft: OutreachDraft, _deadline: Deadline) -> None:
    """Anonymous: a letter with a link, and no answer is kept here (O28)."""
    draft.state.surveyed = True
    draft.notify("survey", "school")


def submit_report(draft: OutreachDraft, command: SubmitReport) -> None:
    """By who gave the lecture, or by the office in their name."""
    state = draft.state
    own = draft.actor.id == state.lecturer or {Role.OFFICE, Role.HEAD} & set(draft.actor.roles)
    draft.require(bool(own), "not-asked")
    draft.require(command.remark_id is not None, "report-missing")
    draft.stop_deadline(f"report:{state.lecturer}")
    draft.close_task("submit-report")
    draft.record(Held(report_id=command.remark_id))
    # the case lasts until the contact is erased
    draft.goto(Stage.CLOSED if state.erased else Stage.REPORTED)


def erase_contact(draft: OutreachDraft, _deadline: Deadline) -> None:
    """The contact's data goes, counts stay; with it ends whatever has been decided (O28)."""
    state = draft.state
    state.erased = True
    draft.record(ContactErased())
    if state.stage == Stage.REPORTED:
        draft.goto(Stage.CLOSED)
    elif state.stage in (Stage.DECLINED, Stage.CANCELLED):
        decided_by = state.outcome_by
        draft.end(state.stage)
        state.outcome_by = decided_by
