"""A round of admission as the host sees it: the table, and the rules by name."""

from datetime import timedelta
from typing import Final

from pydantic import JsonValue

from schemas.kernel.deadlines import Deadline
from schemas.round import commands, facts, links, rejudgment, waitlist
from schemas.round.dates import DatesMoved, DisasterDeclared, MoveDates
from schemas.round.disclosure import DisclosureRequested
from schemas.round.ending import RoundOver
from schemas.round.policy import RoundPolicy
from schemas.round.roles import Role
from schemas.round.round import RoundForm
from schemas.round.stages import Stage
from schemas.round.state import RoundState
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, Step, step
from workflows.kernel.links import Absent, Closed, IntoRows, Takes, Tells
from workflows.kernel.places import PLACE_FREED
from workflows.kernel.process import EventKind, Process
from workflows.kernel.steps import COMMON_DECISIONS, common_steps
from workflows.round import (
    choices,
    contacts,
    dates,
    disclosing,
    ending,
    first_stage,
    ground,
    intake,
    judging,
    promotion,
    rejudging,
    releasing,
)

OFFICE: Final = frozenset({Role.ADMISSIONS_OFFICE, Role.HEAD_OF_ADMISSIONS})
HEAD: Final = frozenset({Role.HEAD_OF_ADMISSIONS})
CHECKER: Final = frozenset({Role.CHECKER})
ALL: Final = OFFICE | CHECKER
ADMISSION: Final = "jp.ac.iehe.admission-review"
"""What applications tell is named after them."""

STAGES: Final[dict[str, StageInfo]] = {
    Stage.PLANNED: StageInfo("準備中", "planned", Role.HEAD_OF_ADMISSIONS),
    Stage.OPEN: StageInfo("出願受付", "open", "applications"),
    Stage.FIRST_STAGE: StageInfo("第1段階選抜", "first stage", Role.ADMISSIONS_OFFICE),
    Stage.SCORING: StageInfo("採点中", "scoring", "scores"),
    Stage.GATE: StageInfo("得点確認", "scores checked", Role.ADMISSIONS_OFFICE),
    Stage.JUDGING: StageInfo("合否判定", "judging", Role.ADMISSIONS_OFFICE),
    Stage.CONFIRMED: StageInfo("点検済", "confirmed", Role.HEAD_OF_ADMISSIONS),
    Stage.RELEASED: StageInfo("合格発表済", "released", "telling"),
    Stage.ENROLLING: StageInfo("入学手続中", "enrolling", "applicants"),
    Stage.SUPPLEMENTING: StageInfo("追加合格", "calling the waitlist", Role.ADMISSIONS_OFFICE),
    Stage.SETTLED: StageInfo("手続締切", "settled", Role.HEAD_OF_ADMISSIONS),
    Stage.DISCLOSING: StageInfo("成績開示", "scores disclosed", "disclosure"),
    Stage.CLOSED: StageInfo("終了", "closed", final=True),
    Stage.CANCELLED: StageInfo("中止", "cancelled", final=True),
}
LIVING: Final = tuple(stage for stage, info in STAGES.items() if not info.final)
RANKING: Final = intake.RANKING
FIRST: Final = (Stage.FIRST_STAGE,)
"""In which it is decided who goes on; only where the rules say so."""
SCORED: Final = (*FIRST, *RANKING)
"""In which scores come in and lists are made of them."""
BEFORE: Final = (Stage.PLANNED, Stage.OPEN, *SCORED)


def _ranked() -> tuple[Step, ...]:
    """Lists were made anew, and what had been prepared of others is over; or something is missing."""
    name = "inputs-ranked"
    return (
        step(name, at=[Stage.SCORING, Stage.JUDGING, Stage.CONFIRMED], by=By.EVENT, to=[Stage.GATE]),
        step(name, at=[Stage.GATE], by=By.EVENT, to=[Stage.JUDGING]),
        # somebody ought to have gone on after the first stage; or nobody any more
        step(name, at=RANKING, by=By.EVENT, to=[Stage.FIRST_STAGE]),
        step(name, at=[Stage.FIRST_STAGE], by=By.EVENT, to=[Stage.SCORING]),
        # an earlier look that comes late
        step(name, at=STAGES, by=By.EVENT),
    )


LIFECYCLE: Final = Lifecycle(
    STAGES,
    (
        step("open", at=[""], by=By.SYSTEM, to=[Stage.PLANNED]),
        # told by the office: what it says is stored already
        step("round-announced", at=STAGES, by=By.EVENT),
        step("fix-rules", at=[Stage.PLANNED], by=HEAD, to=[Stage.OPEN]),
        step("applications-over", at=[Stage.OPEN], by=By.CLOCK, to=[Stage.FIRST_STAGE, Stage.SCORING]),
        step("accept-batch", at=[Stage.OPEN, *SCORED], by=OFFICE),
        step("correct-score", at=SCORED, by=OFFICE),
        step("confirm-score", at=SCORED, by=ALL),
        *_ranked(),
        # who goes on after the first stage: lists of its own, out at an hour of its own
        step("prepare-list", at=FIRST, by=OFFICE),
        step("confirm-list", at=FIRST, by=CHECKER),
        step("schedule-release", at=FIRST, by=HEAD),
        step("hold-release", at=FIRST, by=HEAD),
        step("release-due", at=FIRST, by=By.CLOCK),
        step("tell-outcomes", at=FIRST, by=By.CLOCK, to=[Stage.SCORING]),
        step("set-offer-limit", at=[Stage.OPEN, *RANKING], by=HEAD),
        step("prepare-list", at=[Stage.JUDGING], by=OFFICE),
        step("record-judgement", at=[Stage.JUDGING], by=OFFICE),
        step("confirm-list", at=[Stage.JUDGING], by=CHECKER, to=[Stage.CONFIRMED]),
        step("schedule-release", at=[Stage.CONFIRMED], by=HEAD),
        step("hold-release", at=[Stage.CONFIRMED], by=HEAD),
        step("release-due", at=[Stage.CONFIRMED], by=By.CLOCK, to=[Stage.RELEASED]),
        step("tell-outcomes", at=[Stage.RELEASED], by=By.CLOCK, to=[Stage.ENROLLING]),
        step("tell-outcomes", at=rejudgment.REJUDGING, by=By.CLOCK),
        step(PLACE_FREED, at=LIVING, by=By.EVENT),
        # the waitlist
        step("accept-batch", at=promotion.SERVING, by=OFFICE),
        step(promotion.LOOKS, at=[Stage.ENROLLING], by=By.CLOCK, to=[Stage.SUPPLEMENTING]),
        step(promotion.LOOKS, at=[Stage.SUPPLEMENTING], by=By.CLOCK, to=[Stage.SETTLED]),
        step(promotion.LOOKS, at=[Stage.SETTLED, Stage.DISCLOSING], by=By.CLOCK),
        step("waitlist-changed", at=STAGES, by=By.EVENT),
        step("record-contact", at=[Stage.SUPPLEMENTING], by=OFFICE),
        # scores
        step("disclosure-begins", at=[Stage.SETTLED], by=By.CLOCK, to=[Stage.DISCLOSING]),
        step("disclosure-ends", at=[Stage.DISCLOSING], by=By.CLOCK),
        step("disclosure-requested", at=[Stage.SETTLED, Stage.DISCLOSING], by=By.EVENT),
        step("doubt-score", at=disclosing.DOUBTED_AT, by=OFFICE),
        step("confirm-column", at=disclosing.DOUBTED_AT, by=CHECKER),
        # an error that is found after the release
        step("error-reported", at=LIVING, by=By.EVENT),
        step("open-rejudgment", at=rejudgment.REJUDGING, by=HEAD),
        step("correct-score", at=rejudgment.REJUDGING, by=OFFICE),
        step("confirm-score", at=rejudgment.REJUDGING, by=ALL),
        step("confirm-rejudgment", at=rejudgment.REJUDGING, by=CHECKER),
        step("drop-rejudgment", at=rejudgment.REJUDGING, by=HEAD),
        # the end
        step("compare-output", at=promotion.SERVING, by=CHECKER),
        step("hand-over", at=[Stage.SETTLED, Stage.DISCLOSING], by=OFFICE),
        step("close-round", at=[Stage.DISCLOSING], by=HEAD, to=[Stage.CLOSED]),
        # dates that are moved for everybody
        step("disaster-declared", at=LIVING, by=By.EVENT),
        step("move-dates", at=dates.STAGES, by=HEAD),
        step("cancel-round", at=BEFORE, by=HEAD, to=[Stage.CANCELLED]),
        *common_steps(tuple(STAGES), LIVING, ALL),
    ),
)


def _facts(_state: RoundState, deadline: Deadline) -> dict[str, JsonValue]:
    """What a reminder tells beside its day."""
    return {"task": deadline.kind}


ROUND: Final = Process[RoundState](
    name="admission-round",
    room="round",
    title=("選抜回", "Admission round"),
    state=RoundState,
    policy=RoundPolicy,
    lifecycle=LIFECYCLE,
    office=Role.ADMISSIONS_OFFICE,
    roles={
        Role.ADMISSIONS_OFFICE: ("入試課", "admissions office"),
        Role.CHECKER: ("点検者", "checker"),
        Role.HEAD_OF_ADMISSIONS: ("入試統括", "head of admissions"),
    },
    open=intake.open_round,
    enter={
        Stage.FIRST_STAGE: first_stage.enter,
        Stage.SCORING: intake.enter_scoring,
        Stage.GATE: intake.enter_gate,
        Stage.JUDGING: judging.enter_judging,
        Stage.CONFIRMED: releasing.enter_confirmed,
        Stage.RELEASED: releasing.enter_released,
        Stage.ENROLLING: releasing.enter_enrolling,
        Stage.SETTLED: ending.enter_settled,
        Stage.DISCLOSING: disclosing.enter_disclosing,
    },
    choices=choices.CHOICES,
    exceptional=frozenset({commands.CancelRound, commands.CloseRound, MoveDates}),
    decisions={
        commands.FixRules: intake.fix_rules,
        commands.AcceptBatch: rejudging.accept_batch,
        commands.CorrectScore: rejudging.correct_score,
        commands.ConfirmScore: rejudging.confirm_score,
        commands.SetOfferLimit: judging.set_offer_limit,
        commands.PrepareList: judging.prepare_list,
        commands.RecordJudgement: judging.record_judgement,
        commands.ConfirmList: judging.confirm_list,
        commands.ScheduleRelease: releasing.schedule_release,
        commands.HoldRelease: releasing.hold_release,
        commands.RecordContact: contacts.record_contact,
        commands.DoubtScore: disclosing.doubt_score,
        commands.ConfirmColumn: disclosing.confirm_column,
        rejudgment.OpenRejudgment: rejudging.open_rejudgment,
        rejudgment.ConfirmRejudgment: rejudging.confirm_rejudgment,
        rejudgment.DropRejudgment: rejudging.drop_rejudgment,
        commands.HandOverEnrolled: ending.hand_over,
        commands.CompareOutput: ending.compare_output,
        MoveDates: dates.move_dates,
        commands.CloseRound: ending.close_round,
        commands.CancelRound: intake.cancel,
        **COMMON_DECISIONS,
    },
    events={
        "round-announced": EventKind("round-announced", RoundForm, lambda _draft, _fact: None, starts=True),
        "inputs-ranked": EventKind(
            "inputs-ranked", facts.InputsRanked, rejudging.inputs_ranked, between_cases=True
        ),
        "disclosure-requested": EventKind(
            "disclosure-requested", DisclosureRequested, disclosing.disclosure_requested
        ),
        PLACE_FREED: EventKind(PLACE_FREED, facts.PlaceFreed, promotion.place_freed, between_cases=True),
        "waitlist-changed": EventKind(
            "waitlist-changed", facts.WaitlistChanged, promotion.waitlist_changed, between_cases=True
        ),
        "error-reported": EventKind("error-reported", rejudgment.ErrorReported, rejudging.error_reported),
        "disaster-declared": EventKind("disaster-declared", DisasterDeclared, dates.disaster_declared),
    },
    expiries={
        intake.APPLICATIONS: ("applications-over", intake.applications_over),
        releasing.RELEASE: ("release-due", releasing.release_due),
        promotion.LOOK: (promotion.LOOKS, promotion.look),
        releasing.TELLING: ("tell-outcomes", rejudging.tell_outcomes),
        disclosing.BEGINS: ("disclosure-begins", disclosing.begin),
        disclosing.ENDS: ("disclosure-ends", disclosing.end),
    },
    facts=_facts,
    completed={
        intake.DISTRIBUTION: intake.distribution_checked,
        intake.RESOLVE: intake.distribution_checked,
        intake.MAKE_UP: intake.made_up,
        dates.MOVE: dates.looked_at,
        ground.REJUDGE: rejudging.looked_at,
    },
    answers_since=lambda state, _step: state.received_at,
    subject=r"^20[0-9]{2}-[A-Z][A-Z0-9-]{2,18}$",
    labels=("round_year", "round_route"),
    tells={
        "round-opened": Tells(
            links.RoundOpened, keep=timedelta(days=400), key="the round", expected=("admission-review",)
        ),
        "dates-moved": Tells(
            DatesMoved, keep=timedelta(days=400), key="the round", expected=("admission-review",)
        ),
        "outcome-released": Tells(
            links.OutcomeReleased,
            keep=timedelta(days=400),
            key="case, and for the first stage that it is this one",
            expected=("admission-review",),
        ),
        "place-offered": Tells(
            waitlist.PlaceOffered,
            keep=timedelta(days=400),
            key="case and entry of the waitlist",
            expected=("admission-review",),
        ),
        "waitlist-released": Tells(
            waitlist.WaitlistReleased, keep=timedelta(days=400), key="case", expected=("admission-review",)
        ),
        "round-over": Tells(RoundOver, keep=timedelta(days=400), key="case", expected=("admission-review",)),
        "enrolled-elsewhere": Tells(
            waitlist.EnrolledElsewhere, keep=timedelta(days=400), key="case", expected=("admission-review",)
        ),
        "rejudged": Tells(
            rejudgment.Rejudged,
            keep=timedelta(days=400),
            key="correction list and case",
            expected=("admission-review",),
        ),
    },
    takes={
        f"{ADMISSION}.case-ranked": Takes(
            IntoRows(), Absent.WAIT, Closed.NOTE, facts.CaseRanked, wait_days=200
        ),
        f"{ADMISSION}.case-standing": Takes(
            IntoRows(), Absent.WAIT, Closed.NOTE, facts.CaseStanding, wait_days=200
        ),
        f"{ADMISSION}.case-withdrawn": Takes(
            IntoRows(), Absent.WAIT, Closed.NOTE, facts.CaseWithdrawn, wait_days=200
        ),
    },
)
