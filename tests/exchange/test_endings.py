"""Every failure branch with its compensation; and the undo ledger of the host, which does it."""

from datetime import date, timedelta
from functools import partial

import pytest

from schemas.exchange import commands
from schemas.exchange.stages import Stage, Track
from schemas.kernel.case import CompleteTask
from schemas.kernel.refusals import Refusal
from tests.exchange.builder import Pure, jst, refused
from workflows.exchange.lifecycle import ENDED
from workflows.exchange.process import EXCHANGE
from workflows.kernel import stepping
from workflows.kernel.undo import PAUSES


def _returned() -> Pure:
    case = Pure()
    case.decide(commands.ReturnNomination, "office-1", version=1, reason="data-wrong")
    return case


STAGES_BEFORE_DEPARTED = {
    "nominated": Pure,
    "returned": _returned,
    "applying": lambda: Pure().verify(),
    "screening": lambda: Pure().apply(),
    "accepted": lambda: Pure().accepted(),
    "pre-arrival": lambda: Pure().coming().with_bed(),
    "ready": lambda: Pure().ready(),
    "arrived": lambda: Pure().arrived(),
    "in-term": lambda: Pure().in_term().granted(),
    "departing": lambda: Pure().departing(),
}


@pytest.mark.parametrize("stage", STAGES_BEFORE_DEPARTED)
def test_a_withdrawal_from_anywhere_gives_everything_back(stage) -> None:
    """All tracks, in any stage before the departure; told once to the home university."""
    case = STAGES_BEFORE_DEPARTED[stage]()
    assert case.state.stage == stage
    case.event("student-withdrew", reason="family")
    assert (case.state.stage, case.owed(), case.live()) == (Stage.WITHDRAWN, [], [])
    assert case.notices("mobility-ended") == [("mobility-ended", "coordinator")]
    assert not case.state.deadlines


def test_what_was_taken_last_is_given_back_first() -> None:
    """Each in a step of its own that names it."""
    case = Pure().arrived()
    case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    owed = case.owed()
    assert owed == ["quota", "bed", "register", "tutor"]
    case.decide(commands.Withdraw, "office-1", reason="illness")
    steps = [step for step in case.log if step.step == "undo"]
    assert [step.details["undone"] for step in steps] == owed[::-1]
    assert {step.stage for step in steps} == {Stage.WITHDRAWN}
    assert {"strike-off", "report-immigration"} <= case.tasks()
    for task in list(case.state.tasks):
        if task.startswith("report-immigration"):
            continue
        case.decide(CompleteTask, "office-1", task=task)
    case.decide(commands.ReportImmigration, "office-1")
    assert not case.state.tasks


def test_what_cannot_be_given_back_holds_up_nothing_else(monkeypatch) -> None:
    """The others go back at once; it is tried again after 1, 10, 60 and 360 minutes, then it is a task."""
    case = Pure().coming().with_bed()
    case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")

    def refuse(_draft, _owed) -> None:
        raise Refusal("documents-unreachable")

    monkeypatch.setitem(EXCHANGE.undoes, "bed", refuse)
    case.decide(commands.Withdraw, "office-1", reason="family")
    assert case.owed() == ["bed"]
    assert [step.details["undone"] for step in case.log if step.step == "undo"] == ["tutor", "quota"]
    begun = case.now
    case.wait(days=2)
    tries = [step.at - begun for step in case.log if step.step == "undo-failed"]
    sums = [timedelta(0), *(sum(PAUSES[:count], timedelta(0)) for count in range(1, 5))]
    assert tries == sums
    assert case.tasks() == {"undo-by-hand"}
    assert case.state.owes[0].by_hand
    monkeypatch.undo()
    case.places["dormitory/north/27S#bed-1"]["state"] = "released"  # by hand
    case.decide(CompleteTask, "office-1", task="undo-by-hand:bed")
    assert (case.owed(), case.state.tasks) == ([], {})


def test_what_was_hard_to_give_back_is_given_back_when_it_can_be(monkeypatch) -> None:
    """The second try succeeds: no task, nothing owed."""
    case = Pure().coming().with_bed()

    def refuse(_draft, _owed) -> None:
        raise Refusal("documents-unreachable")

    monkeypatch.setitem(EXCHANGE.undoes, "bed", refuse)
    case.decide(commands.Withdraw, "office-1", reason="family")
    monkeypatch.undo()
    case.wait(minutes=1)
    assert (case.owed(), case.live(), case.tasks()) == ([], [], set())


def test_an_undo_that_nobody_knows_is_a_task_in_the_end() -> None:
    """What an older release has taken and this one does not know."""
    case = Pure().verify()
    stored = case.stored
    stored["owes"].append({"key": "carrier-pigeon", "since": case.now.isoformat(), "details": {}})
    case.decide(commands.Withdraw, "office-1", reason="family")
    case.wait(days=1)
    assert (case.owed(), case.tasks()) == (["carrier-pigeon"], {"undo-by-hand"})


def test_undoing_twice_is_undoing_once() -> None:
    """What is not owed any more is not given back again."""
    case = Pure().coming().with_bed()
    case.decide(commands.Withdraw, "office-1", reason="family")
    count = len(case.log)
    with refused("undo-unknown"):
        case.take(partial(stepping.undone, EXCHANGE, "bed"))
    assert len(case.log) == count


@pytest.mark.parametrize("ending", ENDED)
def test_every_ending_is_reached_by_a_test_of_its_branch(ending) -> None:
    """A final stage that no line of the table leads to would be none."""
    assert any(target == ending for _, _, target in EXCHANGE.lifecycle.moves())


def test_an_ended_track_says_where_it_ended() -> None:
    """The tracks stay on the page as they were left."""
    case = Pure().in_term()
    case.decide(commands.Withdraw, "office-1", reason="family")
    assert case.on(Track.DORMITORY) == "checked-out"
    assert case.on(Track.COE) == "issued"


def test_a_deadline_that_was_put_off_by_a_person_still_ends_with_the_case() -> None:
    """Nothing fires after the end, whatever was moved."""
    case = Pure().coming()
    case.wait_until(jst(2027, 1, 10))
    case.decide(commands.Withdraw, "office-1", reason="family")
    count = len(case.log)
    case.wait_until(jst(2028, 1, 1))
    assert len(case.log) == count
    assert case.state.stage_since is not None
    assert case.state.stage_since.date() == date(2027, 1, 10)
