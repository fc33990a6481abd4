"""Times that people and systems give: within what they answer, never in the future, kept in the history."""

from datetime import date, datetime, timedelta

import pytest

from schemas.admission.commands import AnswerOffer, PermitLate, RecordDecision
from schemas.admission.stages import Stage
from schemas.kernel.case import Command, MoveDeadline
from schemas.kernel.refusals import Refusal
from tests.workflows.rules.builder import general, in_stage, jst, new
from workflows.admission.process import ADMISSION_REVIEW

LONG_BEFORE = timedelta(days=330)


def refused(code: str):
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


def offered(route: str = "comprehensive"):
    """An offer of today, three hours old."""
    case = new(route)
    case.to_ranked()
    case.wait(days=3)
    case.decide(RecordDecision, "head-1", decision="offered")
    case.wait(hours=3)
    return case


@pytest.mark.parametrize("before", [LONG_BEFORE, timedelta(days=1), timedelta(hours=4)])
def test_an_answer_comes_after_its_offer(before) -> None:
    """By post or from the portal: what is said to have been answered before the offer was made is refused."""
    case = offered()
    with refused("before-cause") as refusal:
        case.decide(AnswerOffer, "office-1", answer="accepted", answered_at=case.now - before)
    assert refusal.value.params["since"] == f"{case.state.stage_since:%Y-%m-%d %H:%M}"
    with refused("before-cause"):
        case.event("offer-answered", answer="accepted", at=case.now - before)


def test_an_answer_of_tomorrow_is_refused() -> None:
    """Nobody has answered yet."""
    case = offered()
    with refused("in-future"):
        case.decide(AnswerOffer, "office-1", answer="accepted", answered_at=case.now + timedelta(days=1))


def test_a_clock_a_little_slow_is_no_contradiction() -> None:
    """A sender's clock may be minutes behind: the answer counts from the offer."""
    case = offered()
    since = case.state.stage_since
    case.event("offer-answered", answer="accepted", at=since - timedelta(minutes=5))
    assert case.last.details["happened_at"] == since.isoformat()


@pytest.mark.parametrize(
    ("fact", "data"),
    [
        ("document-received", {"item": "transcript"}),
        ("document-revoked", {"item": "transcript"}),
        ("fee-paid", {}),
        ("withdrawal-requested", {"reason": "personal"}),
    ],
)
def test_nothing_of_a_case_happened_before_it_began(fact, data) -> None:
    """No part comes before the round opens, no withdrawal before the application."""
    case = new()
    case.state.submitted_on = date(2026, 9, 20)
    with refused("before-cause"):
        case.event(fact, at=jst(2026, 8, 1), **data)


def test_no_post_before_the_round_opens() -> None:
    """The same for the paper of a web registration."""
    with refused("before-cause"):
        general().event("post-arrived", at=jst(2026, 10, 1))


def test_adjustments_are_not_asked_for_in_the_future() -> None:
    """The day that a request names is bounded as any other time."""
    case = new()
    with refused("in-future"):
        case.event("accommodation-requested", requested_on="2026-10-20")
    with refused("long-past"):
        case.event("accommodation-requested", requested_on="2019-10-20")
    case.event("accommodation-requested", requested_on="2026-07-20")
    assert case.last.details["requested_on"] == "2026-07-20"


def test_a_time_that_was_given_stands_in_the_history() -> None:
    """What an answer, a part and the post were counted by can be read afterwards."""
    case = offered()
    answered = case.now - timedelta(hours=2)
    case.decide(AnswerOffer, "office-1", answer="declined", answered_at=answered)
    assert case.last.details["happened_at"] == answered.isoformat()
    case = new()
    case.event("fee-paid", at=jst(2026, 9, 30, 12))
    assert datetime.fromisoformat(case.last.details["happened_at"]) == jst(2026, 9, 30, 12)


def test_a_time_that_was_set_stands_in_the_history() -> None:
    """A moved deadline and a permit say until when, and which."""
    case = new()
    until = case.now + timedelta(days=90)
    case.decide(MoveDeadline, "office-1", deadline="completeness", due_at=until)
    assert (case.last.details["deadline"], case.last.details["due_at"]) == ("completeness", until.isoformat())
    case.decide(PermitLate, "office-1", item="fee", until=until, reason_id="r1")
    assert case.last.details["until"] == until.isoformat()


def test_every_time_in_a_decision_is_bounded() -> None:
    """A field with a time is either when something happened or when something is due: no third kind."""
    commands: dict[str, type[Command]] = ADMISSION_REVIEW.commands
    times = {
        (step, name)
        for step, command in commands.items()
        for name, field in command.model_fields.items()
        if "datetime" in str(field.annotation).lower()
    }
    assert times == {("answer-offer", "answered_at"), ("permit-late", "until"), ("move-deadline", "due_at")}
    case = in_stage(Stage.OFFERED)
    for command, values in ((MoveDeadline, {"deadline": "offer-reply"}), (PermitLate, {"item": "fee"})):
        name = "due_at" if command is MoveDeadline else "until"
        with refused("deadline-in-past"):
            case.decide(command, "office-1", reason_id="r1", **values, **{name: case.now - LONG_BEFORE})
        with refused("deadline-too-far"):
            case.decide(command, "office-1", reason_id="r1", **values, **{name: case.now + 20 * LONG_BEFORE})
