"""The allocation of beds of a house and term as the host sees it: the table, and the rules by name."""

from datetime import timedelta
from typing import Final

from pydantic import JsonValue

from schemas.dormitory import commands, facts, links
from schemas.dormitory.policy import DormitoryPolicy
from schemas.dormitory.roles import Role
from schemas.dormitory.run import RunForm
from schemas.dormitory.stages import Stage
from schemas.dormitory.state import DormitoryState
from schemas.kernel.deadlines import Deadline
from workflows.dormitory import choices, drawing, intake, moves, offers, righting, term
from workflows.dormitory.ground import DormitoryDraft
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, Step, step
from workflows.kernel.links import Absent, ByRoom, Closed, Takes, Tells
from workflows.kernel.places import PLACE_FREED
from workflows.kernel.process import EventKind, Process
from workflows.kernel.steps import COMMON_DECISIONS, common_steps
from workflows.kernel.taking_back import TAKE_BACK_DECISIONS, TAKE_BACK_EXPIRIES, take_back_steps

HOUSE: Final = frozenset({Role.HOUSE, Role.HEAD})
EXCHANGE: Final = "jp.ac.iehe.exchange-onboarding"
"""What mobilities tell is named after them."""

STAGES: Final[dict[str, StageInfo]] = {
    Stage.COLLECTING: StageInfo("募集", "collecting", "requests"),
    Stage.FROZEN: StageInfo("抽選済", "frozen", Role.HOUSE),
    Stage.CONFIRMED: StageInfo("確認済", "confirmed", Role.HOUSE),
    Stage.OFFERING: StageInfo("入居者決定中", "offering", "students"),
    Stage.SETTLED: StageInfo("入居者決定", "settled", "place"),
    Stage.CLOSED: StageInfo("終了", "closed", final=True),
}
LIVING: Final = tuple(stage for stage, info in STAGES.items() if not info.final)
DRAWN: Final = intake.DRAWN
SERVING: Final = offers.SERVING


def _input(name: str) -> tuple[Step, ...]:
    """What lists are drawn from: it undoes a drawn one, and may lead to offers or end the last (X34)."""
    return (
        step(name, at=[Stage.COLLECTING], by=By.EVENT),
        step(name, at=DRAWN, by=By.EVENT, to=[Stage.COLLECTING]),
        step(name, at=SERVING, by=By.EVENT, to=SERVING),
    )


LIFECYCLE: Final = Lifecycle(
    STAGES,
    (
        step("open", at=[""], by=By.SYSTEM, to=[Stage.COLLECTING]),
        # told by the house: what it says is stored already
        step("run-opened", at=STAGES, by=By.EVENT),
        *_input("bed-requested"),
        *_input("bed-released"),
        *_input("person-stated"),
        *_input("list-loaded"),
        step("bed-arrival", at=LIVING, by=By.EVENT),
        step("collecting-over", at=LIVING, by=By.CLOCK),
        step("draw", at=[Stage.COLLECTING, *DRAWN], by=HOUSE, to=[Stage.FROZEN]),
        step("confirm-run", at=[Stage.FROZEN], by=HOUSE, to=[Stage.CONFIRMED]),
        step("offer", at=[Stage.CONFIRMED], by=HOUSE, to=[Stage.OFFERING]),
        step("offer", at=[Stage.OFFERING], by=HOUSE, to=[Stage.SETTLED]),
        step("next-offer", at=SERVING, by=By.CLOCK, to=SERVING),
        step(PLACE_FREED, at=[Stage.COLLECTING, *DRAWN], by=By.EVENT),
        step(PLACE_FREED, at=SERVING, by=By.EVENT, to=SERVING),
        *(
            step(name, at=SERVING, by=HOUSE, to=SERVING)
            for name in ("offer-reserve", "relocate", "close-room", "revoke")
        ),
        step("close-room", at=[Stage.COLLECTING], by=HOUSE),
        step("swap", at=SERVING, by=HOUSE),
        step("answer-swap", at=SERVING, by=HOUSE),
        step("swap-answered", at=SERVING, by=By.EVENT),
        step("swap-over", at=LIVING, by=By.CLOCK),
        step("late-arrivals", at=LIVING, by=By.CLOCK),
        step("term-over", at=LIVING, by=By.CLOCK, to=[Stage.CLOSED]),
        *take_back_steps(righting.TAKES_BACK),
        *common_steps(tuple(STAGES), LIVING, HOUSE),
    ),
)


def _facts(_state: DormitoryState, deadline: Deadline) -> dict[str, JsonValue]:
    """What a reminder tells beside its day."""
    return {"task": deadline.kind}


def _nothing(_draft: DormitoryDraft) -> None:
    """A task that a person closes by saying so."""


DORMITORY: Final = Process[DormitoryState](
    name="dormitory-allocation",
    room="dormitory",
    title=("宿舎の入居選考", "Dormitory allocation"),
    state=DormitoryState,
    policy=DormitoryPolicy,
    lifecycle=LIFECYCLE,
    office=Role.HOUSE,
    roles={Role.HOUSE: ("寮務係", "house office"), Role.HEAD: ("寮務係長", "head of the houses")},
    open=intake.open_run,
    enter={},
    choices=choices.CHOICES,
    exceptional=frozenset({commands.CloseRoom}),
    decisions={
        commands.Draw: drawing.draw,
        commands.ConfirmRun: drawing.confirm,
        commands.Offer: drawing.offer,
        commands.OfferReserve: drawing.offer_reserve,
        commands.SwapBeds: moves.swap,
        commands.AnswerSwap: moves.answer_swap,
        commands.Relocate: moves.relocate,
        commands.CloseRoom: moves.close_room,
        commands.Revoke: moves.revoke,
        **TAKE_BACK_DECISIONS,
        **COMMON_DECISIONS,
    },
    takes_back=righting.TAKES_BACK,
    events={
        "run-opened": EventKind("run-opened", RunForm, lambda _draft, _fact: None, starts=True),
        "person-stated": EventKind("person-stated", facts.PersonToldOf, intake.person_told),
        "swap-answered": EventKind("swap-answered", facts.SwapAnswered, moves.answer_swap),
        "list-loaded": EventKind("list-loaded", facts.ListLoaded, intake.list_loaded, between_cases=True),
        PLACE_FREED: EventKind(PLACE_FREED, facts.PlaceFreed, offers.place_freed, between_cases=True),
    },
    expiries={
        intake.COLLECT: ("collecting-over", intake.collected),
        offers.LOOK: ("next-offer", offers.look),
        moves.SWAP: ("swap-over", moves.swap_over),
        intake.LATE_ARRIVALS: ("late-arrivals", term.late_arrivals),
        intake.TERM: ("term-over", term.term_over),
        **TAKE_BACK_EXPIRIES,
    },
    facts=_facts,
    completed=dict.fromkeys((moves.RELOCATE, intake.FIX, term.LATE, offers.BROKEN), _nothing),
    answers_since=lambda state, _step: state.received_at,
    subject=r"^[A-Z][A-Z0-9]{1,11}-[0-9]{2}[SA]$",
    labels=("bed_house", "bed_term"),
    tells={
        "bed-offered": Tells(
            links.BedOffered, keep=timedelta(days=200), key="case", expected=("exchange-onboarding",)
        ),
        "bed-changed": Tells(
            links.BedChanged, keep=timedelta(days=200), key="case", expected=("exchange-onboarding",)
        ),
    },
    takes={
        f"{EXCHANGE}.bed-requested": Takes(
            ByRoom(),
            Absent.WAIT,
            Closed.TASK,
            facts.Requested,
            "bed-requested",
            intake.requested,
            wait_days=200,
        ),
        f"{EXCHANGE}.bed-released": Takes(
            ByRoom(), Absent.WAIT, Closed.TASK, facts.Released, "bed-released", intake.released
        ),
        f"{EXCHANGE}.bed-arrival": Takes(
            ByRoom(), Absent.WAIT, Closed.NOTE, facts.Arrival, "bed-arrival", intake.arrival
        ),
    },
)
