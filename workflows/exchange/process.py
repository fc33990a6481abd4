"""Mobilities of incoming exchange students as the host sees them: the table, and the rules by name."""

from datetime import timedelta
from typing import Final

from pydantic import JsonValue

from schemas.exchange import commands, facts, links
from schemas.exchange.nomination import Nomination
from schemas.exchange.partners import MobilityNotice
from schemas.exchange.policy import ExchangePolicy
from schemas.exchange.roles import Role
from schemas.exchange.stages import Coe, Stage, Track, Visa
from schemas.exchange.state import ExchangeState
from schemas.kernel.deadlines import Deadline
from workflows.exchange import (
    application,
    arrival,
    departure,
    endings,
    housing,
    intake,
    money,
    own_views,
    plan,
    screening,
    status,
    term,
    tutors,
)
from workflows.exchange.dates import ExchangeDraft
from workflows.exchange.tracks import HEAD, OFFICE, TRACKS
from workflows.kernel.document_steps import DOCUMENT_DECISIONS, DOCUMENT_EVENTS, document_steps
from workflows.kernel.documents import DocumentKind
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, step
from workflows.kernel.links import Absent, ByCase, Closed, Takes, Tells
from workflows.kernel.process import EventKind, FollowUp, Process, Reach
from workflows.kernel.steps import COMMON_DECISIONS, common_steps

ADVISOR: Final = frozenset({Role.ADVISOR})
FACULTY: Final = frozenset({Role.COORDINATOR})
COMMITTEE: Final = frozenset({Role.COMMITTEE})
REGISTRAR: Final = frozenset({Role.REGISTRAR})

STAGES: Final[dict[str, StageInfo]] = {
    Stage.NOMINATED: StageInfo("推薦受付", "nominated", Role.OFFICE),
    Stage.RETURNED: StageInfo("差戻し", "returned", "coordinator"),
    Stage.APPLYING: StageInfo("出願中", "applying", "student"),
    Stage.INCOMPLETE: StageInfo("書類不備", "incomplete", "student"),
    Stage.SCREENING: StageInfo("審査中", "screening", Role.OFFICE),
    Stage.WAITLISTED: StageInfo("補欠", "waitlisted", "place"),
    Stage.ACCEPTED: StageInfo("受入許可", "accepted", "student"),
    Stage.PRE_ARRIVAL: StageInfo("渡日準備", "before arrival", "student"),
    Stage.READY: StageInfo("渡日確定", "ready", "student"),
    Stage.ARRIVED: StageInfo("諸手続", "arrived", "student"),
    Stage.IN_TERM: StageInfo("在籍", "in term", "student"),
    Stage.DEPARTING: StageInfo("帰国準備", "departing", "student"),
    Stage.DEPARTED: StageInfo("離日", "departed", Role.REGISTRAR),
    Stage.REJECTED: StageInfo("不許可", "rejected", "appeal"),
    Stage.MISSING: StageInfo("所在不明", "missing", Role.HEAD),
    Stage.COMPLETED: StageInfo("完了", "completed", final=True),
    Stage.DECLINED: StageInfo("辞退", "declined", final=True),
    Stage.EXPIRED: StageInfo("失効", "expired", final=True),
    Stage.WITHDRAWN: StageInfo("取下げ", "withdrawn", final=True),
    Stage.DEFERRED: StageInfo("次学期へ延期", "deferred", final=True),
    Stage.COE_DENIED: StageInfo("在留資格認定不交付", "certificate denied", final=True),
    Stage.VISA_REFUSED: StageInfo("査証発給拒否", "visa refused", final=True),
    Stage.NO_SHOW: StageInfo("未着", "no-show", final=True),
    Stage.EARLY_RETURN: StageInfo("途中帰国", "early return", final=True),
}
LIVING: Final = tuple(stage for stage, info in STAGES.items() if not info.final)
ENDED: Final = tuple(stage for stage, info in STAGES.items() if info.final)
APPLYING: Final = (Stage.APPLYING, Stage.INCOMPLETE)
COMING: Final = (Stage.PRE_ARRIVAL, Stage.READY)
HERE: Final = term.HERE
BEFORE_DEPARTED: Final = tuple(
    stage for stage in LIVING if stage not in (Stage.DEPARTED, Stage.REJECTED, Stage.MISSING)
)

LIFECYCLE: Final = Lifecycle(
    STAGES,
    (
        step("open", at=[""], by=By.SYSTEM, to=[Stage.NOMINATED]),
        step("open", at=[Stage.NOMINATED], by=By.SYSTEM, to=[Stage.REJECTED]),
        # told by whoever nominates: what it says is stored already
        step("nomination-received", at=STAGES, by=By.EVENT),
        # of no case: it is taken at the door
        step("mobility-notice", at=STAGES, by=By.EVENT),
        step("mobility-changed", at=LIVING, by=By.EVENT, to=[Stage.NOMINATED, Stage.WITHDRAWN]),
        step("acknowledge-change", at=LIVING, by=OFFICE),
        # the nomination
        step("verify", at=[Stage.NOMINATED], by=OFFICE, to=[Stage.APPLYING]),
        step("return", at=[Stage.NOMINATED], by=OFFICE, to=[Stage.RETURNED]),
        step("not-corrected", at=[Stage.RETURNED], by=By.CLOCK, to=[Stage.EXPIRED]),
        step("waitlist", at=[Stage.NOMINATED, Stage.SCREENING], by=OFFICE, to=[Stage.WAITLISTED]),
        step("place-freed", at=[Stage.WAITLISTED], by=By.EVENT, to=[Stage.APPLYING]),
        step("place-freed", at=STAGES, by=By.EVENT),
        step("waited-long-enough", at=[Stage.WAITLISTED], by=By.CLOCK, to=[Stage.EXPIRED]),
        step(
            "reject",
            at=[Stage.NOMINATED, Stage.WAITLISTED, *APPLYING, Stage.SCREENING],
            by=OFFICE,
            to=[Stage.REJECTED],
        ),
        step("decide-appeal", at=[Stage.REJECTED], by=COMMITTEE, to=[Stage.SCREENING, Stage.NOMINATED]),
        step("appeal-over", at=[Stage.REJECTED], by=By.CLOCK),
        # the application
        step("application-submitted", at=APPLYING, by=By.EVENT, to=[Stage.INCOMPLETE]),
        step("ask-for-documents", at=[Stage.APPLYING], by=By.SYSTEM, to=[Stage.INCOMPLETE]),
        step("begin-screening", at=APPLYING, by=By.SYSTEM, to=[Stage.SCREENING]),
        step("not-submitted", at=[Stage.APPLYING], by=By.CLOCK, to=[Stage.EXPIRED]),
        step("not-completed", at=[Stage.INCOMPLETE], by=By.CLOCK, to=[Stage.EXPIRED]),
        step("letter-received", at=[*APPLYING, Stage.SCREENING], by=By.EVENT),
        *document_steps((*APPLYING, Stage.SCREENING, *COMING), OFFICE),
        # screening and result
        step("ask-advisor", at=[Stage.SCREENING], by=OFFICE),
        step("consent", at=[Stage.SCREENING], by=ADVISOR, to=[Stage.REJECTED]),
        step("advisor-answered", at=[Stage.SCREENING], by=By.EVENT, to=[Stage.REJECTED]),
        step("advisor-silent", at=[Stage.SCREENING], by=By.CLOCK, to=[Stage.REJECTED]),
        step("validate", at=[Stage.SCREENING], by=FACULTY),
        step("accept", at=[Stage.SCREENING, Stage.WAITLISTED], by=OFFICE, to=[Stage.ACCEPTED]),
        step("release-result", at=[Stage.ACCEPTED], by=By.CLOCK),
        step("answer-offer", at=[Stage.ACCEPTED], by=OFFICE, to=[Stage.PRE_ARRIVAL, Stage.DECLINED]),
        step("answer-offer", at=BEFORE_DEPARTED, by=OFFICE),
        step("offer-answered", at=[Stage.ACCEPTED], by=By.EVENT, to=[Stage.PRE_ARRIVAL, Stage.DECLINED]),
        step("offer-answered", at=BEFORE_DEPARTED, by=By.EVENT),
        step("not-answered", at=[Stage.ACCEPTED], by=By.CLOCK, to=[Stage.EXPIRED]),
        # before the arrival
        step("make-ready", at=[Stage.PRE_ARRIVAL], by=By.SYSTEM, to=[Stage.READY]),
        step("fall-back", at=[Stage.READY], by=By.SYSTEM, to=[Stage.PRE_ARRIVAL]),
        step(
            "choose-after-denial",
            at=COMING,
            by=HEAD,
            to=[Stage.DEFERRED, Stage.COE_DENIED, Stage.VISA_REFUSED],
        ),
        step("defer", at=[Stage.ACCEPTED, *COMING], by=OFFICE, to=[Stage.DEFERRED]),
        step("coe-over", at=LIVING, by=By.CLOCK),
        step("plan-arrival", at=COMING, by=OFFICE),
        step("arrival-planned", at=COMING, by=By.EVENT),
        step("arrival-delayed", at=COMING, by=By.EVENT),
        step("nobody-came", at=COMING, by=By.CLOCK),
        step("declare-no-show", at=COMING, by=HEAD, to=[Stage.NO_SHOW]),
        step("record-arrival", at=[Stage.READY], by=OFFICE, to=[Stage.ARRIVED]),
        step("housing-not-found", at=LIVING, by=By.CLOCK),
        # here
        step("proof-received", at=HERE, by=By.EVENT),
        step("record-proof", at=HERE, by=OFFICE),
        step("proof-overdue", at=HERE, by=By.CLOCK),
        step("begin-term", at=[Stage.ARRIVED], by=By.SYSTEM, to=[Stage.IN_TERM]),
        step("enrolment-signed", at=HERE, by=By.EVENT),
        step("record-signature", at=HERE, by=OFFICE),
        step("month-over", at=HERE, by=By.CLOCK),
        step("month-paid", at=[*HERE, Stage.DEPARTED, Stage.MISSING], by=By.EVENT),
        step("absence-recorded", at=HERE, by=By.EVENT),
        step("absent-a-month", at=LIVING, by=By.CLOCK),
        step("without-study", at=LIVING, by=By.CLOCK),
        step("report-immigration", at=STAGES, by=OFFICE),
        step("grant-leave", at=HERE, by=OFFICE),
        step("extend", at=[Stage.DEPARTING], by=OFFICE, to=[Stage.IN_TERM]),
        step("extend", at=HERE, by=OFFICE),
        step("shorten", at=HERE, by=OFFICE),
        step("excuse", at=HERE, by=COMMITTEE),
        step("record-early-return", at=[*HERE, Stage.MISSING], by=OFFICE, to=[Stage.EARLY_RETURN]),
        step("declare-missing", at=HERE, by=HEAD, to=[Stage.MISSING]),
        step("record-found", at=[Stage.MISSING], by=HEAD, to=[Stage.IN_TERM]),
        step("never-found", at=[Stage.MISSING], by=By.CLOCK),
        # leaving
        step("leaving-begins", at=[Stage.IN_TERM], by=By.CLOCK, to=[Stage.DEPARTING]),
        step("debts-changed", at=[*HERE, Stage.DEPARTED], by=By.EVENT),
        step("record-debts", at=[*HERE, Stage.DEPARTED], by=OFFICE),
        step("record-ward-office", at=HERE, by=OFFICE),
        step("record-departure", at=[Stage.DEPARTING], by=OFFICE, to=[Stage.DEPARTED]),
        step("grades-ready", at=[*HERE, Stage.DEPARTED], by=By.EVENT),
        step("record-grades", at=[*HERE, Stage.DEPARTED], by=OFFICE | FACULTY),
        step("release-transcript", at=[Stage.DEPARTED], by=REGISTRAR),
        step("complete", at=[Stage.DEPARTED], by=By.SYSTEM, to=[Stage.COMPLETED]),
        step("return-scholarship", at=[Stage.MISSING, *ENDED], by=OFFICE),
        # any time before
        step("withdraw", at=BEFORE_DEPARTED, by=OFFICE, to=[Stage.WITHDRAWN]),
        step("student-withdrew", at=BEFORE_DEPARTED, by=By.EVENT, to=[Stage.WITHDRAWN]),
        *common_steps(tuple(STAGES), LIVING, OFFICE),
    ),
)


def _facts(state: ExchangeState, deadline: Deadline) -> dict[str, JsonValue]:
    """What a reminder tells beside its day: for what, and of the answer of an advisor where to give it."""
    told: dict[str, JsonValue] = {"task": deadline.kind}
    if deadline.kind == screening.ADVISOR:
        told["answer"] = commands.Consent.step
    if deadline.kind == housing.BED:
        told["house"] = state.house
    return told


def _offer_answered(draft: ExchangeDraft, fact: facts.AnswerReceived | commands.AnswerOffer) -> None:
    """The answer to the acceptance, or to a bed."""
    if fact.offer == "place":
        screening.answered(draft, fact.answer)
    else:
        housing.answered(draft, fact.answer)


def _file_coe(draft: ExchangeDraft, command: commands.FileCoe) -> None:
    if status.coe_of(draft.state) == Coe.MORE_DOCUMENTS:
        status.filed_again(draft, command)
    else:
        status.file_coe(draft, command)


def _nothing(_draft: ExchangeDraft) -> None:
    """A task that a person closes by saying so."""


HOUSE: Final = "jp.ac.iehe.dormitory-allocation"
"""What the houses tell is named after them."""
DOCUMENTS: Final = {
    "passport": DocumentKind(("旅券の写し", "copy of the passport"), "student", keep_days_after_end=365),
    "transcript": DocumentKind(("成績証明書", "transcript of records"), "student"),
    "enrolment": DocumentKind(("在籍証明書", "certificate of enrolment"), "student"),
    "motivation": DocumentKind(("志望理由書", "statement of purpose"), "student"),
    "language": DocumentKind(("語学能力証明", "proof of language"), "student"),
    "photo": DocumentKind(("写真", "photograph"), "student", media=("image/jpeg", "image/png")),
    "finances": DocumentKind(("経費支弁書", "proof of finances"), "student"),
}

COMPLETED: Final = (
    "strike-off",
    "tell-foundation",
    "night-contact",
    "make-up-orientation",
    "status-endangered",
    "contact",
    "unsigned",
    "gate-fell",
    "accept-from-list",
    "find-housing",
    "departure",
)
"""Kinds of tasks that no decision closes."""

EXCHANGE: Final = Process[ExchangeState](
    name="exchange-onboarding",
    room="exchange",
    title=("留学生受入", "Exchange student"),
    state=ExchangeState,
    policy=ExchangePolicy,
    lifecycle=LIFECYCLE,
    tracks=TRACKS,
    office=Role.OFFICE,
    roles={
        Role.OFFICE: ("留学生課", "exchange office"),
        Role.HEAD: ("留学生課長", "head of the exchange office"),
        Role.ADVISOR: ("指導教員", "advisor"),
        Role.COORDINATOR: ("部局担当教員", "faculty coordinator"),
        Role.COMMITTEE: ("留学生委員会", "exchange committee"),
        Role.REGISTRAR: ("教務係", "registrar"),
        Role.TUTOR: ("チューター", "tutor"),
    },
    open=intake.open_case,
    gates={
        Stage.SCREENING: application.screening_gate,
        Stage.READY: arrival.ready_gate,
        Stage.DEPARTED: departure.departed_gate,
        Stage.COMPLETED: departure.completed_gate,
    },
    undoes=endings.UNDOES,
    enter={
        Stage.NOMINATED: intake.enter_nominated,
        Stage.RETURNED: intake.enter_returned,
        Stage.WAITLISTED: intake.enter_waitlisted,
        Stage.APPLYING: application.enter_applying,
        Stage.INCOMPLETE: application.enter_incomplete,
        Stage.SCREENING: screening.enter_screening,
        Stage.ACCEPTED: screening.enter_accepted,
        Stage.REJECTED: screening.enter_rejected,
        Stage.PRE_ARRIVAL: arrival.enter_pre_arrival,
        Stage.READY: arrival.enter_ready,
        Stage.ARRIVED: arrival.enter_arrived,
        Stage.IN_TERM: term.enter_in_term,
        Stage.DEPARTING: departure.enter_departing,
        Stage.DEPARTED: departure.enter_departed,
        **endings.ENTERED,
        f"{Track.COE}/{Coe.DATA_DUE}": status.enter_data_due,
        f"{Track.COE}/{Coe.FILED}": status.enter_filed,
        f"{Track.COE}/{Coe.MORE_DOCUMENTS}": status.enter_more_documents,
        f"{Track.COE}/{Coe.ISSUED}": status.enter_issued,
        f"{Track.COE}/{Coe.DENIED}": status.enter_bad,
        f"{Track.COE}/{Coe.EXPIRED}": status.enter_bad,
        f"{Track.VISA}/{Visa.APPLIED}": status.enter_visa_applied,
        f"{Track.VISA}/{Visa.REFUSED}": status.enter_visa_refused,
    },
    decisions={
        commands.Verify: intake.verify,
        commands.ReturnNomination: intake.give_back,
        commands.Reject: intake.reject,
        commands.Waitlist: intake.waitlist,
        commands.AcknowledgeChange: intake.acknowledge_change,
        commands.Withdraw: intake.withdraw,
        commands.AskAdvisor: screening.ask_advisor,
        commands.Consent: screening.consent,
        commands.Validate: screening.validate,
        commands.Accept: screening.accept,
        commands.DecideAppeal: screening.decide_appeal,
        commands.AnswerOffer: _offer_answered,
        commands.RecordCoeData: status.record_data,
        commands.FileCoe: _file_coe,
        commands.RecordCoeResult: status.record_coe_result,
        commands.RecordVisaResult: status.record_visa_result,
        commands.ChooseAfterDenial: status.choose,
        commands.Defer: status.defer,
        commands.FindHousing: housing.found,
        commands.PlanArrival: arrival.plan_arrival,
        commands.RecordArrival: arrival.record_arrival,
        commands.DeclareNoShow: arrival.declare_no_show,
        commands.RecordProof: term.record_proof,
        commands.RecordSignature: term.record_signature,
        commands.GrantLeave: term.grant_leave,
        commands.Extend: term.extend,
        commands.Shorten: term.shorten,
        commands.Excuse: term.excuse,
        commands.RecordEarlyReturn: term.early_return,
        commands.DeclareMissing: term.declare_missing,
        commands.RecordFound: term.found,
        commands.ReportImmigration: term.reported,
        commands.ApplyScholarship: money.apply,
        commands.RecordScholarship: money.record,
        commands.ReturnScholarship: money.returned,
        commands.SignAgreement: plan.decide,
        commands.AssignTutor: tutors.assign,
        commands.RecordGuidance: tutors.guided,
        commands.RecordDebts: departure.record_debts,
        commands.RecordWardOffice: departure.record_ward_office,
        commands.RecordDeparture: departure.record_departure,
        commands.RecordGrades: departure.record_grades,
        commands.ReleaseTranscript: departure.release_transcript,
        **DOCUMENT_DECISIONS,
        **COMMON_DECISIONS,
    },
    events={
        "nomination-received": EventKind(
            "nomination-received", Nomination, lambda _draft, _fact: None, starts=True
        ),
        "mobility-notice": EventKind(
            "mobility-notice", MobilityNotice, lambda _draft, _fact: None, reaches=Reach.NONE
        ),
        "mobility-changed": EventKind("mobility-changed", facts.MobilityChanged, intake.mobility_changed),
        "place-freed": EventKind("place-freed", facts.PlaceFreed, intake.place_freed, between_cases=True),
        "application-submitted": EventKind(
            "application-submitted", facts.ApplicationSubmitted, application.submitted
        ),
        "letter-received": EventKind("letter-received", facts.LetterReceived, application.letter_received),
        "advisor-answered": EventKind("advisor-answered", facts.AdvisorAnswered, screening.advisor_answered),
        "offer-answered": EventKind("offer-answered", facts.AnswerReceived, _offer_answered),
        "coe-result": EventKind("coe-result", facts.CoeResult, status.coe_result),
        "visa-result": EventKind("visa-result", facts.VisaResult, status.visa_result),
        "dormitory-requested": EventKind("dormitory-requested", facts.DormitoryRequested, housing.requested),
        "checked-in": EventKind("checked-in", facts.CheckedIn, housing.checked_in),
        "checked-out": EventKind("checked-out", facts.CheckedOut, housing.checked_out),
        "arrival-planned": EventKind("arrival-planned", facts.ArrivalPlanned, arrival.planned),
        "arrival-delayed": EventKind("arrival-delayed", facts.ArrivalDelayed, arrival.delayed),
        "proof-received": EventKind("proof-received", facts.ProofReceived, term.proof_received),
        "enrolment-signed": EventKind("enrolment-signed", facts.EnrolmentSigned, term.enrolment_signed),
        "absence-recorded": EventKind("absence-recorded", facts.AbsenceRecorded, term.absence_recorded),
        "scholarship-result": EventKind("scholarship-result", facts.ScholarshipResult, money.result),
        "month-paid": EventKind("month-paid", facts.MonthPaid, money.month_paid),
        "agreement-proposed": EventKind("agreement-proposed", facts.AgreementProposed, plan.proposed),
        "agreement-signed": EventKind("agreement-signed", facts.AgreementSigned, plan.signed),
        "agreement-commented": EventKind("agreement-commented", facts.AgreementCommented, plan.commented),
        "grades-ready": EventKind("grades-ready", facts.GradesReady, departure.grades_ready),
        "debts-changed": EventKind("debts-changed", facts.DebtsChanged, departure.debts_changed),
        **DOCUMENT_EVENTS,
        "student-withdrew": EventKind("student-withdrew", facts.StudentWithdrew, intake.student_withdrew),
    },
    expiries={
        intake.CORRECT: ("not-corrected", intake.not_corrected),
        intake.WAITING: ("waited-long-enough", intake.waited_long_enough),
        application.SUBMIT: ("not-submitted", application.not_submitted),
        application.COMPLETE: ("not-completed", application.not_completed),
        screening.ADVISOR: ("advisor-silent", screening.advisor_silent),
        screening.RELEASE: ("release-result", screening.released),
        screening.ANSWER: ("not-answered", screening.not_answered),
        screening.APPEAL: ("appeal-over", screening.appeal_over),
        status.COE_END: ("coe-over", status.coe_over),
        housing.FIND: ("housing-not-found", housing.not_found),
        arrival.ARRIVAL: ("nobody-came", arrival.nobody_came),
        arrival.WARD_OFFICE: ("proof-overdue", term.overdue),
        arrival.COURSES: ("proof-overdue", term.overdue),
        term.CONFIRM: ("month-over", term.month_over),
        term.ABSENCE: ("absent-a-month", term.absent_a_month),
        term.NO_STUDY: ("without-study", term.without_study),
        term.LEAVING: ("leaving-begins", departure.leaving_begins),
        term.MISSING: ("never-found", term.never_found),
    },
    follow_ups=(
        FollowUp("begin-screening", application.is_whole, application.begin_screening),
        FollowUp("ask-for-documents", application.lacks_something, application.ask_for_documents),
        FollowUp("make-ready", arrival.is_ready, arrival.make_ready),
        FollowUp("fall-back", arrival.gate_fell, arrival.fall_back),
        FollowUp("begin-term", term.settled, term.begin_term),
        FollowUp("complete", departure.all_done, departure.complete),
    ),
    facts=_facts,
    completed=dict.fromkeys(COMPLETED, _nothing),
    outlasting=frozenset({"strike-off", "tell-foundation", "return-scholarship", "report-immigration"}),
    answers_since=lambda state, _step: state.received_at,
    subject=r"^[0-9]{2}[SA]-[A-Z0-9]{4,20}$",
    labels=("exchange_term", "home_university"),
    documents=DOCUMENTS,
    own_views=own_views.VIEWS,
    tells={
        "arrived": Tells(links.Arrived, keep=timedelta(days=400), expected=("health-check",)),
        "missing": Tells(links.StudentMissing, keep=timedelta(days=400)),
        "bed-requested": Tells(links.BedRequested, keep=timedelta(days=200)),
        "bed-arrival": Tells(links.BedArrival, keep=timedelta(days=200)),
        "bed-released": Tells(links.BedReleased, keep=timedelta(days=200)),
    },
    takes={
        f"{HOUSE}.bed-offered": Takes(
            ByCase("case"), Absent.WAIT, Closed.NOTE, facts.BedOffered, "bed-offered", housing.offered
        ),
        f"{HOUSE}.bed-changed": Takes(
            ByCase("case"), Absent.WAIT, Closed.NOTE, facts.BedChanged, "bed-changed", housing.changed
        ),
    },
)
