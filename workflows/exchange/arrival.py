"""Before and at the arrival: what is still missing, the slot, a delay, nobody came."""

from datetime import datetime, time, timedelta
from typing import Final

from pydantic import JsonValue

from schemas.exchange.commands import DeclareNoShow, PlanArrival, RecordArrival
from schemas.exchange.facts import ArrivalDelayed, ArrivalPlanned
from schemas.exchange.links import Arrived
from schemas.exchange.records import ArrivalSeen
from schemas.exchange.roles import Role
from schemas.exchange.stages import CARD_AT_ARRIVAL, Item, Stage
from schemas.exchange.state import Arrival, ExchangeState
from schemas.kernel.case import Owed
from schemas.kernel.deadlines import Deadline
from schemas.kernel.japan import TOKYO
from workflows.exchange import housing, status
from workflows.exchange.dates import A_DAY, ExchangeDraft, Term, policy_of, term_of

ARRIVAL = "arrival"
PREPARE = "prepare-arrival"
WARD_OFFICE = "ward-office"
COURSES = "courses"
CHECKLIST = "checklist"
SLOT: Final = "slot"
NO_SHOW_AFTER: Final = timedelta(days=3)
CONTACTS: Final = frozenset({"student", "partner"})
"""Who is asked at least before somebody is declared not to have come, or to be missing."""
SATURDAY: Final = 5


def enter_pre_arrival(draft: ExchangeDraft) -> None:
    """The right to enter and a place to live, side by side; from `ready` it comes back here."""
    begins = datetime.combine(term_of(draft.state).begins, time(9), TOKYO)
    due_at = begins if begins > draft.now else draft.now + 14 * A_DAY
    draft.start_deadline(PREPARE, policy_of(draft.state).prepare, due_at=due_at)
    if not status.coe_of(draft.state):
        status.begin(draft)


def ready_gate(state: ExchangeState) -> list[str]:
    """All that is missing before the arrival is certain."""
    missing = status.missing_status(state)
    if not housing.has_housing(state):
        missing.append("housing")
    if state.arrival is None:
        missing.append("slot")
    return missing


def is_ready(state: ExchangeState) -> bool:
    """Whether nothing is missing any more."""
    return state.stage == Stage.PRE_ARRIVAL and not ready_gate(state)


def make_ready(draft: ExchangeDraft) -> None:
    """By itself, as soon as nothing is missing."""
    draft.goto(Stage.READY)


def gate_fell(state: ExchangeState) -> bool:
    """Whether something is missing again."""
    return state.stage == Stage.READY and bool(ready_gate(state))


def fall_back(draft: ExchangeDraft) -> None:
    """What was certain is not: the office hears what is missing."""
    draft.details["missing"] = list[JsonValue](ready_gate(draft.state))
    draft.goto(Stage.PRE_ARRIVAL)
    draft.open_task("gate-fell", Role.OFFICE)


def enter_ready(draft: ExchangeDraft) -> None:
    """The day of the arrival is watched."""
    arrival = draft.state.arrival
    if arrival is not None:
        _watch(draft, arrival)
        draft.notify("arrival-settled", "student", date=arrival.slot.isoformat(), port=arrival.port)


def _watch(draft: ExchangeDraft, arrival: Arrival) -> None:
    draft.stop_deadline(ARRIVAL, how="cancelled")
    draft.start_deadline(
        ARRIVAL, policy_of(draft.state).arrival, due_at=arrival.slot + NO_SHOW_AFTER, keep=True
    )


def planned(draft: ExchangeDraft, fact: ArrivalPlanned) -> None:
    """From the portal."""
    plan(draft, fact.slot, fact.port, delayed=False)


def delayed(draft: ExchangeDraft, fact: ArrivalDelayed) -> None:
    """Reported: the bed is kept until the end of October or April (X32)."""
    plan(draft, fact.slot, fact.port, delayed=True)


def plan_arrival(draft: ExchangeDraft, command: PlanArrival) -> None:
    """Entered by the office."""
    plan(draft, command.slot, command.port, delayed=draft.state.arrival is not None)


def plan(draft: ExchangeDraft, slot: datetime, port: str, *, delayed: bool) -> None:
    """A slot in which somebody is there; outside these hours a person arranges a contact by night.

    Raises:
        Refusal: it is over, or later than a bed is kept, or the port is unknown.
    """
    state, policy = draft.state, policy_of(draft.state)
    draft.ahead(slot)
    draft.require(port in policy.ports, "port-unknown", port=port, known=", ".join(policy.ports))
    here, term = slot.astimezone(TOKYO), term_of(state)
    if delayed:
        kept = term.kept_until
        draft.require(here.date() <= kept, "later-than-kept", last=f"{kept:%Y-%m-%d}")
    if state.arrival is None:
        draft.owe(SLOT)
    version = state.arrival.version + 1 if state.arrival is not None else 1
    state.arrival = Arrival(slot=slot, port=port, delayed=delayed, version=version)
    draft.details.update(slot=slot.isoformat(), port=port)
    housing.tell_arrival(draft, "delayed" if delayed else "planned", here.date())
    draft.close_task("night-contact")
    in_hours = policy.move_in_from <= here.time() <= policy.move_in_until
    if here.weekday() >= SATURDAY or not in_hours:
        draft.open_task("night-contact", Role.OFFICE, due_at=slot, keep=True)
    if late(state, term):
        draft.open_task("make-up-orientation", Role.OFFICE, keep=True)
    if state.stage == Stage.READY:
        _watch(draft, state.arrival)
        draft.notify("arrival-settled", "student", date=slot.isoformat(), port=port)


def late(state: ExchangeState, term: Term) -> bool:
    """Whether the student comes after the orientation."""
    return state.arrival is not None and state.arrival.slot.astimezone(TOKYO).date() > term.orientation


def nobody_came(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """Three days: a person decides, after asking everybody."""
    draft.open_task("contact", Role.HEAD, keep=True)


def check_contacts(draft: ExchangeDraft, contacts: tuple[str, ...]) -> None:
    """Who was asked, before somebody is declared gone.

    Raises:
        Refusal: not everybody who must be.
    """
    missing = CONTACTS - set(contacts)
    draft.require(not missing, "ladder-not-done", missing=", ".join(sorted(missing)))
    draft.details["contacts"] = list(contacts)


def declare_no_show(draft: ExchangeDraft, command: DeclareNoShow) -> None:
    """Only by a person, and not before the third day.

    Raises:
        Refusal: the ladder is not done.
    """
    arrival = draft.state.arrival
    over = arrival is not None and draft.now >= arrival.slot + NO_SHOW_AFTER
    draft.require(over, "ladder-not-done", missing="D+3")
    check_contacts(draft, command.contacts)
    draft.close_task("contact")
    draft.goto(Stage.NO_SHOW)


def record_arrival(draft: ExchangeDraft, command: RecordArrival) -> None:
    """The person was seen; the day goes to the home university, which is not its master (X1)."""
    state = draft.state
    today = draft.calendar.day_of(draft.now)
    draft.require(command.on <= today, "in-future")
    state.arrived_on, state.settled_on = command.on, command.settled or command.on
    draft.require(state.settled_on >= command.on, "before-cause", since=f"{command.on:%Y-%m-%d}")
    draft.details["on"] = f"{command.on:%Y-%m-%d}"
    draft.record(ArrivalSeen(on=command.on))
    draft.settle(SLOT)
    draft.stop_deadline(ARRIVAL)
    draft.close_task("contact")
    draft.goto(Stage.ARRIVED)


def enter_arrived(draft: ExchangeDraft) -> None:
    """The checklist in the order in which it can be done; home hears of it; a health check begins."""
    state, policy = draft.state, policy_of(draft.state)
    arrived = state.arrived_on or draft.calendar.day_of(draft.now)
    state.asked_for = [item for item in checklist(state) if item in policy.checklist_items]
    draft.owe("register")
    settled = datetime.combine(state.settled_on or arrived, time(0), TOKYO)
    draft.start_deadline(WARD_OFFICE, policy.ward_office, since=settled, keep=True)
    draft.start_deadline(COURSES, policy.courses, keep=True)
    draft.start_deadline(CHECKLIST, policy.checklist)
    draft.open_task(CHECKLIST, Role.OFFICE, deadline=CHECKLIST)
    draft.notify("student-arrived", "coordinator", date=f"{arrived:%Y-%m-%d}")
    draft.notify("ward-office", "student", due_at=draft.state.deadlines[WARD_OFFICE].due_at.isoformat())
    draft.facts.tell(
        "arrived",
        Arrived(
            person=draft.look_up("person-key", case_id=state.case_id),
            arrived_on=arrived,
            term=state.term,
            language=state.language,
            due_on=arrived + 30 * A_DAY,
        ),
    )


def checklist(state: ExchangeState) -> list[Item]:
    """The order depends on the port: where no card is issued it comes by post after registering (X14)."""
    first = [Item.RESIDENCE_CARD, Item.ADDRESS]
    if state.arrival is None or state.arrival.port not in CARD_AT_ARRIVAL:
        first.reverse()
    insured = []
    start, end = state.stay
    policy = policy_of(state)
    if end >= status.months_later(start, policy.insurance_months):
        insured = [Item.HEALTH_INSURANCE, Item.MY_NUMBER]
    rest = [Item.BANK, Item.PRIVATE_INSURANCE, Item.ORIENTATION, Item.PLACEMENT_TEST, Item.COURSES]
    return [*first, *insured, *rest, Item.HEALTH_CHECK]


def free_slot(draft: ExchangeDraft, _owed: Owed) -> None:
    """Nobody is expected any more."""
    draft.state.arrival = None
    for task in ("night-contact", "make-up-orientation", "contact"):
        draft.close_task(task, how="moved_on")


def take_off_register(draft: ExchangeDraft, _owed: Owed) -> None:
    """The registrar strikes the student off, and immigration hears that the stay has ended."""
    draft.open_task("strike-off", Role.REGISTRAR, keep=True)
    draft.open_task("report-immigration", Role.OFFICE, whose="register", keep=True)
