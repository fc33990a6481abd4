"""Requests of high schools as the host sees them: one table of stages and steps, and the rules by name."""

from typing import Final

from pydantic import JsonValue

from schemas.kernel.deadlines import Deadline
from schemas.outreach import commands, facts
from schemas.outreach.policy import OutreachPolicy
from schemas.outreach.requests import SchoolRequest
from schemas.outreach.roles import Role
from schemas.outreach.stages import Stage
from schemas.outreach.state import OutreachState
from workflows.kernel.corrections import CORRECTION_DECISIONS, correction_steps
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, Step, step
from workflows.kernel.process import EventKind, Process
from workflows.kernel.steps import COMMON_DECISIONS, common_steps
from workflows.kernel.taking_back import TAKE_BACK_DECISIONS, TAKE_BACK_EXPIRIES, take_back_steps
from workflows.outreach import aftermath, choices, confirmation, dates, intake, lecturers, righting
from workflows.outreach.intake import DATED, UNDATED

OFFICE: Final = frozenset({Role.OFFICE, Role.HEAD})
HEAD: Final = frozenset({Role.HEAD})
LECTURER: Final = frozenset({Role.LECTURER})

STAGES: Final[dict[str, StageInfo]] = {
    Stage.REQUESTED: StageInfo("受付", "requested", Role.OFFICE),
    Stage.CHECKED: StageInfo("確認済", "checked", Role.OFFICE),
    Stage.OFFERING: StageInfo("講師調整中", "lecturers being asked", Role.LECTURER),
    Stage.OFFERED: StageInfo("講師内諾", "lecturer found", "school"),
    Stage.CONFIRMED: StageInfo("実施確定", "confirmed", Role.OFFICE),
    Stage.PREPARED: StageInfo("準備済", "prepared", "day"),
    Stage.HELD: StageInfo("実施済", "held", Role.LECTURER),
    Stage.REPORTED: StageInfo("報告済", "reported", "retention"),
    Stage.CLOSED: StageInfo("終了", "closed", final=True),
    Stage.WAITING_DATE: StageInfo("日程再調整", "waiting for a date", Role.OFFICE),
    Stage.DECLINED: StageInfo("お断り", "declined", "retention"),
    Stage.CANCELLED: StageInfo("中止", "cancelled", "retention"),
}
UNHELD: Final = (*UNDATED, Stage.WAITING_DATE, *DATED)
LIVING: Final = tuple(stage for stage, info in STAGES.items() if not info.final)
CORRECTIONS: Final = righting.corrections_of(LIVING)
READY: Final = (Stage.CONFIRMED, Stage.PREPARED)

ANSWERS: Final = ("answer-lecture", LECTURER), ("lecturer-answered", By.EVENT)
"""How a lecturer's answer comes: by the lecturer's own decision, or told by the portal."""


def _answers(name: str, by: frozenset[Role] | By) -> tuple[Step, ...]:
    found = [Stage.OFFERED, Stage.CONFIRMED]
    return (
        step(name, at=[Stage.OFFERING], by=by, to=[*found, Stage.CHECKED, Stage.WAITING_DATE]),
        # late, and nobody else has accepted
        step(name, at=[Stage.CHECKED], by=by, to=found),
        # somebody has: told so
        step(name, at=DATED, by=by),
    )


LIFECYCLE: Final = Lifecycle(
    STAGES,
    (
        step("open", at=[""], by=By.SYSTEM, to=[Stage.REQUESTED]),
        # told by the portal: what it asks for is stored already
        step("request-received", at=STAGES, by=By.EVENT),
        # checked by the office
        step("check-request", at=[Stage.REQUESTED], by=OFFICE, to=[Stage.CHECKED]),
        step("permit-late", at=[Stage.REQUESTED], by=HEAD),
        step("change-topic", at=[Stage.REQUESTED, Stage.CHECKED], by=OFFICE),
        step(
            "decline-request",
            at=[Stage.REQUESTED, Stage.CHECKED, Stage.WAITING_DATE],
            by=OFFICE,
            to=[Stage.DECLINED],
        ),
        step("dates-over", at=UNDATED, by=By.CLOCK, to=[Stage.WAITING_DATE]),
        # lecturers
        step("name-lecturers", at=[Stage.CHECKED], by=OFFICE, to=[Stage.OFFERING]),
        *(line for name, by in ANSWERS for line in _answers(name, by)),
        step("lecturer-silent", at=[Stage.OFFERING], by=By.CLOCK, to=[Stage.CHECKED, Stage.WAITING_DATE]),
        step("release-lecturer", at=DATED, by=OFFICE, to=[Stage.OFFERING]),
        step("release-lecturer", at=[Stage.OFFERING], by=OFFICE, to=[Stage.CHECKED, Stage.WAITING_DATE]),
        # confirmed and prepared
        step("school-confirmed", at=[Stage.OFFERED], by=By.EVENT, to=[Stage.CONFIRMED]),
        step("school-confirmed", at=READY, by=By.EVENT),
        step("ask-by-phone", at=[Stage.OFFERED], by=By.CLOCK),
        step("confirm-by-phone", at=[Stage.OFFERED], by=OFFICE, to=[Stage.CONFIRMED, Stage.CANCELLED]),
        step("give-up-unconfirmed", at=[Stage.OFFERED], by=By.CLOCK, to=[Stage.WAITING_DATE]),
        step("record-prepared", at=[Stage.CONFIRMED], by=OFFICE, to=[Stage.PREPARED]),
        # moved, closed, cancelled
        step("reschedule", at=[Stage.REQUESTED], by=OFFICE),
        step("reschedule", at=[Stage.OFFERING, Stage.WAITING_DATE], by=OFFICE, to=[Stage.CHECKED]),
        step("reschedule", at=[Stage.CHECKED], by=OFFICE, to=[Stage.CHECKED]),
        step(
            "reschedule",
            at=[Stage.CHECKED, Stage.OFFERING, Stage.WAITING_DATE, *DATED],
            by=OFFICE,
            to=[Stage.CONFIRMED],
        ),
        step("go-online", at=[Stage.REQUESTED, Stage.CHECKED, Stage.WAITING_DATE, *DATED], by=OFFICE),
        step("closure-announced", at=[*UNDATED, *DATED], by=By.EVENT, to=[Stage.WAITING_DATE]),
        step("closure-announced", at=LIVING, by=By.EVENT),
        step("warning-issued", at=LIVING, by=By.EVENT),
        step("warning-lifted", at=LIVING, by=By.EVENT),
        step("warning-undecided", at=DATED, by=By.CLOCK),
        step("cancel-request", at=UNHELD, by=OFFICE, to=[Stage.CANCELLED]),
        step("school-cancelled", at=UNHELD, by=By.EVENT, to=[Stage.CANCELLED]),
        # held and afterwards
        step("lecture-over", at=READY, by=By.CLOCK),
        step("record-held", at=READY, by=OFFICE, to=[Stage.HELD, Stage.CANCELLED]),
        step("submit-report", at=[Stage.HELD], by=LECTURER | OFFICE, to=[Stage.REPORTED, Stage.CLOSED]),
        step("send-survey", at=[Stage.HELD, Stage.REPORTED], by=By.CLOCK),
        step("erase-contact", at=[Stage.HELD, Stage.DECLINED, Stage.CANCELLED], by=By.CLOCK),
        step("erase-contact", at=[Stage.REPORTED], by=By.CLOCK, to=[Stage.CLOSED]),
        *correction_steps(CORRECTIONS),
        *take_back_steps(righting.TAKES_BACK),
        *common_steps(tuple(STAGES), LIVING, OFFICE),
    ),
)


def _facts(state: OutreachState, deadline: Deadline) -> dict[str, JsonValue]:
    """What a reminder tells; a repeated question holds the link to its answer like the first (O27)."""
    if deadline.kind == "answer":
        dates_asked = [at for at in state.dates if at > deadline.started_at]
        return lecturers.question(state, dates_asked) | {"answer": commands.AnswerLecture.step}
    told: dict[str, JsonValue] = {"task": deadline.kind}
    if state.date is not None:
        told |= {"date": state.date.isoformat(), "kind": state.kind}
    return told


OUTREACH: Final = Process[OutreachState](
    name="school-outreach",
    room="outreach",
    title=("高校からの依頼", "Request of a school"),
    state=OutreachState,
    policy=OutreachPolicy,
    lifecycle=LIFECYCLE,
    office=Role.OFFICE,
    roles={
        Role.OFFICE: ("高大接続担当", "connection office"),
        Role.HEAD: ("高大接続責任者", "head of the connection office"),
        Role.LECTURER: ("講師", "lecturer"),
    },
    open=intake.open_request,
    enter={
        Stage.REQUESTED: intake.enter_requested,
        Stage.CHECKED: intake.enter_checked,
        Stage.OFFERING: lecturers.enter_offering,
        Stage.OFFERED: confirmation.enter_offered,
        Stage.CONFIRMED: confirmation.enter_confirmed,
        Stage.HELD: aftermath.enter_held,
        Stage.WAITING_DATE: dates.enter_waiting_date,
        Stage.DECLINED: intake.enter_ended,
        Stage.CANCELLED: intake.enter_ended,
    },
    choices=choices.CHOICES,
    exceptional=frozenset({commands.PermitLate, commands.ReleaseLecturer}),
    decisions={
        commands.CheckRequest: intake.check_request,
        commands.DeclineRequest: intake.decline_request,
        commands.PermitLate: intake.permit_late,
        commands.ChangeTopic: intake.change_topic,
        commands.NameLecturers: lecturers.name_lecturers,
        commands.AnswerLecture: lecturers.answer_lecture,
        commands.ReleaseLecturer: lecturers.release_lecturer,
        commands.Reschedule: dates.reschedule,
        commands.GoOnline: dates.go_online,
        commands.ConfirmByPhone: confirmation.confirm_by_phone,
        commands.RecordPrepared: confirmation.record_prepared,
        commands.CancelRequest: confirmation.cancel_request,
        commands.RecordHeld: aftermath.record_held,
        commands.SubmitReport: aftermath.submit_report,
        **CORRECTION_DECISIONS,
        **TAKE_BACK_DECISIONS,
        **COMMON_DECISIONS,
    },
    corrections=CORRECTIONS,
    takes_back=righting.TAKES_BACK,
    events={
        "request-received": EventKind(
            "request-received", SchoolRequest, lambda _draft, _fact: None, starts=True
        ),
        "lecturer-answered": EventKind(
            "lecturer-answered", facts.LecturerAnswered, lecturers.lecturer_answered
        ),
        "school-confirmed": EventKind(
            "school-confirmed", facts.SchoolConfirmed, confirmation.school_confirmed
        ),
        "school-cancelled": EventKind(
            "school-cancelled", facts.SchoolCancelled, confirmation.school_cancelled
        ),
        "closure-announced": EventKind("closure-announced", facts.ClosureAnnounced, dates.closure_announced),
        "warning-issued": EventKind("warning-issued", facts.WarningIssued, dates.warning_issued),
        "warning-lifted": EventKind("warning-lifted", facts.WarningLifted, dates.warning_lifted),
    },
    expiries={
        intake.DATES: ("dates-over", intake.dates_over),
        "answer": ("lecturer-silent", lecturers.lecturer_silent),
        confirmation.PHONE: ("ask-by-phone", confirmation.ask_by_phone),
        "unconfirmed": ("give-up-unconfirmed", confirmation.give_up_unconfirmed),
        intake.CLOSURE: ("warning-undecided", dates.warning_undecided),
        "lecture": ("lecture-over", confirmation.lecture_over),
        aftermath.SURVEY: ("send-survey", aftermath.send_survey),
        intake.ERASE: ("erase-contact", aftermath.erase_contact),
        **TAKE_BACK_EXPIRIES,
    },
    facts=_facts,
    completed={intake.CLOSURE: dates.hold_all_the_same},
    answers_since=lambda state, _step: state.received_at,
)
