"""Stages of a mobility, and the table of its steps: who may do what in which, and where it leads."""

from typing import Final

from schemas.exchange.roles import Role
from schemas.exchange.stages import Stage
from workflows.exchange import righting, term
from workflows.exchange.tracks import HEAD, OFFICE
from workflows.kernel.corrections import correction_steps
from workflows.kernel.document_steps import document_steps
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, step
from workflows.kernel.steps import common_steps
from workflows.kernel.taking_back import take_back_steps

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
CORRECTIONS: Final = righting.corrections_of(LIVING)
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
        *correction_steps(CORRECTIONS),
        *take_back_steps(righting.TAKES_BACK),
        *common_steps(tuple(STAGES), LIVING, OFFICE),
    ),
)
