"""What a student, and the home university's coordinator, see of a mobility by the link in their letters.

Each is a pure function of the state: codes, days and times. The student sees nothing of who decides
and what they have written; the coordinator nothing of health, house or money. Neither sees a
result before its hour.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Final

from schemas.exchange.stages import Agreement, Coe, Housing, Item, Scholarship, Signature, Stage, Track, Visa
from schemas.exchange.state import ExchangeState
from schemas.kernel.documents import DocumentStage
from workflows.exchange import (
    application,
    arrival,
    departure,
    housing,
    intake,
    plan,
    screening,
    status,
    term,
)
from workflows.exchange.dates import policy_of
from workflows.kernel.own_view import Act, Ask, OwnView, ToDo

HOME_ONLY: Final = frozenset({"home-cancelled"})
"""Reasons for which only the home university withdraws a student."""
APPLYING: Final = (Stage.APPLYING, Stage.INCOMPLETE)
COMING: Final = (Stage.PRE_ARRIVAL, Stage.READY)
WITHDRAWABLE: Final = (*APPLYING, Stage.SCREENING, Stage.WAITLISTED, Stage.ACCEPTED, *COMING, *term.HERE)
_WARD_OFFICE: Final = frozenset({Item.RESIDENCE_CARD, Item.ADDRESS, Item.HEALTH_INSURANCE, Item.MY_NUMBER})


def student_view(state: ExchangeState, _now: datetime) -> OwnView:
    """What the student has still to do, by when and why, and what they can do by the page."""
    if not state.stage:
        return OwnView("nominated")
    return OwnView(
        _stands(state),
        _why(state),
        dict(_student_facts(state)),
        tuple(_todos(state)),
        () if state.closed else tuple(_acts(state)),
    )


def coordinator_view(state: ExchangeState, _now: datetime) -> OwnView:
    """What the home university may know of its student (X9), and what it has to do."""
    if not state.stage:
        return OwnView("pending")
    return OwnView(
        _seen(state), _partner_why(state), dict(_partner_facts(state)), tuple(_partner_todos(state))
    )


# the student


def _stands(state: ExchangeState) -> str:
    """The stage as the student is told: nothing of a result before its hour."""
    if state.stage == Stage.ACCEPTED and not state.released:
        return Stage.SCREENING
    return state.stage


def _why(state: ExchangeState) -> str | None:
    told = state.stage in (Stage.REJECTED, Stage.EXPIRED)
    return state.reason if told else None


def _due(state: ExchangeState, name: str) -> datetime | None:
    deadline = state.deadlines.get(name)
    return deadline.due_at if deadline is not None else None


def _student_facts(state: ExchangeState) -> Iterator[tuple[str, str | datetime | date]]:
    if state.tracks.get(Track.COE) and not state.closed:
        yield "coe", state.tracks[Track.COE]
        yield "visa", state.tracks.get(Track.VISA, "")
    if state.coe_until is not None and status.coe_of(state) == Coe.ISSUED and state.arrived_on is None:
        yield "coe_until", state.coe_until
    if housing.housing_of(state) not in ("", Housing.NOT_APPLIED) and not state.closed:
        yield "dormitory", housing.housing_of(state)
    if state.arrival is not None and state.arrived_on is None:
        yield "slot", state.arrival.slot
        yield "port", state.arrival.port
    if plan.at_of(state) not in ("", Agreement.NONE):
        yield "agreement", plan.at_of(state)
    money = state.tracks.get(Track.SCHOLARSHIP, "")
    if money not in ("", Scholarship.NOT_REQUESTED):
        yield "scholarship", money
    if state.arrived_on is not None and state.last is not None:
        yield "last", state.last
    if state.transcript is not None:
        yield "transcript", state.transcript


def _todos(state: ExchangeState) -> Iterator[ToDo]:
    if state.stage in APPLYING:
        yield from _application(state)
    elif state.stage == Stage.ACCEPTED and state.released:
        yield ToDo("answer-place", _due(state, screening.ANSWER), "accepted", then="prepare")
    elif state.stage in COMING:
        yield from _coming(state)
    elif state.stage in term.HERE:
        yield from _here(state)
    elif state.stage == Stage.DEPARTED and not state.surveyed:
        yield ToDo("survey", why="improve")
    if not state.closed and state.stage not in (*COMING, Stage.REJECTED) and _bed_is_offered(state):
        yield _bed(state)
    if state.tracks.get(Track.SCHOLARSHIP) == Scholarship.RETURN_DUE:
        yield ToDo("return-scholarship", why="months-not-stayed")


def _application(state: ExchangeState) -> Iterator[ToDo]:
    for name, each in state.documents.items():
        wanted = each.state in application.WANTED
        yield ToDo(
            "document",
            each.due_at if wanted else None,
            (str(each.reason) if each.reason is not None else "application-needs") if wanted else None,
            done=not wanted,
            then="checked" if wanted or each.state == DocumentStage.RECEIVED else None,
            about=name,
        )
    yield ToDo(
        "submit-application",
        _due(state, application.SUBMIT),
        "locked-after",
        done=state.submitted_at is not None,
        then="screening",
    )


def _coming(state: ExchangeState) -> Iterator[ToDo]:
    coe, visa = status.coe_of(state), status.visa_of(state)
    if coe not in ("", Coe.NOT_NEEDED):
        due = coe == Coe.DATA_DUE
        yield ToDo(
            "coe-data",
            _due(state, status.COE_DATA) if due else None,
            "coe-needed",
            done=not due,
            then="filing",
        )
        if coe == Coe.MORE_DOCUMENTS:
            yield ToDo(
                "coe-more-documents", _due(state, status.MORE_DOCUMENTS), "immigration-asks", then="filing"
            )
        applied = visa in (Visa.APPLIED, Visa.GRANTED)
        if coe == Coe.ISSUED or applied:
            yield ToDo("apply-visa", state.coe_until, "visa-needed", done=applied, then="embassy")
    if _bed_is_offered(state):
        yield _bed(state)
    elif "housing" in arrival.ready_gate(state):
        asked = housing.housing_of(state) in (Housing.REQUESTED, Housing.WAITLISTED, Housing.LAPSED)
        yield ToDo(
            "housing", _due(state, arrival.PREPARE), "housing-needed", done=asked, then="house-answers"
        )
    else:
        yield ToDo("housing", done=True)
    slot = state.arrival is not None
    yield ToDo("plan-arrival", None if slot else _due(state, arrival.PREPARE), "received-there", done=slot)
    yield from _agreement(state)


def _bed_is_offered(state: ExchangeState) -> bool:
    return housing.housing_of(state) == Housing.OFFERED


def _bed(state: ExchangeState) -> ToDo:
    return ToDo("answer-bed", state.offer_until, "bed-held", then="bed-yours")


def _agreement(state: ExchangeState) -> Iterator[ToDo]:
    at = plan.at_of(state)
    again = at == Agreement.COMMENTED
    yield ToDo(
        "propose-agreement",
        why="agreement-returned" if again else "agreement-needed",
        done=at not in (Agreement.NONE, Agreement.COMMENTED),
        then="home-signs",
    )


def _here(state: ExchangeState) -> Iterator[ToDo]:
    if state.stage == Stage.ARRIVED:
        yield from _checklist(state)
    yield from _months(state)
    yield from _agreement(state)
    if state.stage == Stage.DEPARTING:
        missing, (_, last) = departure.departed_gate(state), state.stay
        lives = housing.housing_of(state) in (Housing.CHECKED_IN, Housing.CHECKED_OUT)
        if lives:
            yield ToDo("leave-room", last, "room-ends", done="room" not in missing)
        if state.debts:
            yield ToDo("pay-debts", last, "debts-open", then="transcript")
        yield ToDo("move-out", last, "leaving-japan", done="ward-office" not in missing)


def _checklist(state: ExchangeState) -> Iterator[ToDo]:
    """In the order in which it can be done (X14); each names what comes after it."""
    items = state.asked_for
    for item, after in zip(items, [*items[1:], None], strict=True):
        done = item in state.checklist
        limit = {Item.COURSES: arrival.COURSES}.get(Item(item), arrival.CHECKLIST)
        if item in _WARD_OFFICE:
            limit = arrival.WARD_OFFICE
        yield ToDo(item, None if done else _due(state, limit), f"{item}-why", done=done, then=after)


def _months(state: ExchangeState) -> Iterator[ToDo]:
    for task in state.tasks.values():
        if task.kind == "unsigned":
            yield ToDo("sign-month", why="signature-late", about=task.key.partition(":")[2])
    for deadline in state.deadlines.values():
        if deadline.kind == term.CONFIRM:
            month = deadline.name.partition(":")[2]
            yield ToDo("sign-month", deadline.due_at, "in-person", then="next-month", about=month)


def _acts(state: ExchangeState) -> Iterator[Act]:
    policy = policy_of(state)
    if state.stage in APPLYING and state.submitted_at is None:
        yield Act("submit-application", "application-submitted")
    if state.stage == Stage.ACCEPTED and state.released:
        yield Act("accept-place", "offer-answered", {"offer": "place", "answer": "yes"})
        yield Act("decline-place", "offer-answered", {"offer": "place", "answer": "no"}, confirm=True)
    if _bed_is_offered(state) and state.stage in WITHDRAWABLE:
        yield Act("accept-bed", "offer-answered", {"offer": "bed", "answer": "yes"})
        yield Act("decline-bed", "offer-answered", {"offer": "bed", "answer": "no"}, confirm=True)
    if state.stage in COMING:
        asks = (Ask("slot"), Ask("port", policy.ports))
        if state.arrival is None:
            yield Act("plan-arrival", "arrival-planned", asks=asks)
        else:
            yield Act("delay-arrival", "arrival-delayed", asks=asks)
    if state.stage in WITHDRAWABLE:
        reasons = tuple(each for each in policy.withdraw_reasons if each not in HOME_ONLY)
        yield Act("withdraw", "student-withdrew", asks=(Ask("reason", reasons),), confirm=True)


# the home university


def _seen(state: ExchangeState) -> str:
    """Pending, verified, rejected; then what the letters to the coordinator say."""
    if state.outcome and state.stage != Stage.REJECTED:
        return f"ended-{state.stage}"
    if state.stage == Stage.RETURNED:
        return "returned"
    if state.stage == Stage.WAITLISTED:
        return "waitlisted"
    if state.stage in (*term.HERE, Stage.DEPARTED, Stage.MISSING):
        return f"partner-{state.stage}"
    if state.seen == "verified" and (state.released or state.stage in COMING):
        return "result-accepted"
    return state.seen


def _partner_why(state: ExchangeState) -> str | None:
    return state.reason if state.stage in (Stage.RETURNED, Stage.REJECTED) else None


def _partner_facts(state: ExchangeState) -> Iterator[tuple[str, str | datetime | date]]:
    yield "revision", f"{state.revision}"
    if state.arrived_on is not None:
        yield "arrived_on", state.arrived_on
    if state.arrived_on is not None and state.last is not None:
        yield "last", state.last
    if state.left_on is not None:
        yield "left_on", state.left_on
    if state.approved is not None:
        yield "approved", f"{state.approved.version}"
    if state.transcript is not None and state.stage == Stage.COMPLETED:
        yield "transcript", state.transcript


def _partner_todos(state: ExchangeState) -> Iterator[ToDo]:
    if state.closed:
        return
    if state.stage == Stage.RETURNED:
        yield ToDo("correct-nomination", _due(state, intake.CORRECT), state.reason, then="looked-at-again")
    waits = plan.at_of(state) in (Agreement.PROPOSED, Agreement.CHANGE_PROPOSED)
    if waits and state.plan is not None and Signature.HOME not in state.plan.signed:
        yield ToDo("sign-agreement", why="student-signed", then="host-signs", about=f"{state.plan.version}")


VIEWS: Final[Mapping[str, Callable[[ExchangeState, datetime], OwnView]]] = {
    "student": student_view,
    "coordinator": coordinator_view,
}
