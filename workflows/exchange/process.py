"""Mobilities of incoming exchange students as the host sees them: every rule by the name of its step."""

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
    choices,
    departure,
    endings,
    housing,
    intake,
    money,
    own_views,
    plan,
    righting,
    screening,
    status,
    term,
    tutors,
)
from workflows.exchange.dates import ExchangeDraft
from workflows.exchange.lifecycle import CORRECTIONS, LIFECYCLE
from workflows.exchange.tracks import TRACKS
from workflows.kernel.corrections import CORRECTION_DECISIONS
from workflows.kernel.document_steps import DOCUMENT_DECISIONS, DOCUMENT_EVENTS
from workflows.kernel.documents import DocumentKind
from workflows.kernel.links import Absent, ByCase, Closed, Takes, Tells
from workflows.kernel.process import EventKind, FollowUp, Process, Reach
from workflows.kernel.steps import COMMON_DECISIONS
from workflows.kernel.taking_back import TAKE_BACK_DECISIONS, TAKE_BACK_EXPIRIES


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
    choices=choices.CHOICES,
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
        **CORRECTION_DECISIONS,
        **TAKE_BACK_DECISIONS,
        **COMMON_DECISIONS,
    },
    corrections=CORRECTIONS,
    takes_back=righting.TAKES_BACK,
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
        **TAKE_BACK_EXPIRIES,
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
