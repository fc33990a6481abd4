"""Somebody ought to have gone on after the first stage, as is found after its hour: nobody loses by it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from cases.finding import find_case
from cases.round import verification
from schemas.admission.stages import Stage
from schemas.round import commands
from tests.round.bureau import ANN, CASE, CHECKER, HEAD, RELEASE, Bureau, application
from tests.round.test_first_stage import COMMON, HOUR, come_in, missing, out, scored, staged_rules, told
from tests.round.test_promoted_case import ROUND
from tests.round.test_rules import propose, refused
from tests.workflows.rules.builder import Pure, new
from workflows.admission import by_round
from workflows.admission.process import ADMISSION_REVIEW

AGAIN = HOUR + timedelta(days=3)
WRITTEN = {"A0001": (50,), "A0002": (90,), "A0003": (70,), "A0005": (60,)}


@pytest.fixture
def policy() -> dict[str, object]:
    return {"rules": staged_rules()}


async def right(bureau: Bureau, number: str, english: int) -> None:
    """Two persons put a score of the common test right, and all is made anew."""
    proposal = await propose(bureau, ANN, number, "english", english)
    await bureau.decide(commands.CorrectScore, proposal=proposal)
    await bureau.decide(commands.ConfirmScore, CHECKER, proposal=proposal)
    await bureau.rank()


async def put_out(bureau: Bureau, *names: str, hour: Any = AGAIN) -> None:
    """Prepared by one, confirmed by another, out at an hour; everybody is told."""
    for name in names:
        await bureau.prepare(name)
        await bureau.confirm(name)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=hour)
    await bureau.goes_on(hour)
    await told(bureau)


async def test_r20_whoever_was_wronged_goes_on_and_nobody_loses_that(bureau: Bureau) -> None:
    """A0004 ought to have had 85: whoever has 80 is behind the line now, and goes on all the same."""
    await come_in(bureau)
    await scored(bureau)
    assert (await bureau.state()).stage == "judging"
    await right(bureau, "A0004", 85)
    assert (await bureau.state()).stage == "first-stage"
    assert await missing(bureau) == [("A0004", "law", "first-stage-wrong")]
    assert [line[:2] for line in await bureau.listed("first-law")] == [
        *(("A0001", "passed"), ("A0004", "passed"), ("A0002", "passed"), ("A0003", "passed"))
    ]
    assert {task for task in await bureau.tasks() if "list" in task} == {"prepare-list:first-law"}
    assert await bureau.result("A0004") == ["not-passed"]
    await put_out(bureau, "first-law")
    assert (await bureau.state()).stage == "scoring"
    assert await bureau.result("A0004") == ["passed"]
    assert await bureau.facts("rejudged") == [application("A0004")]
    assert len(await bureau.facts()) == len(COMMON)
    # the lists of the results are made with them, once their scores are there
    await bureau.rank()
    assert await missing(bureau) == [("A0004", "math", "part-missing")]
    await bureau.scores({**WRITTEN, "A0004": (99,)})
    await bureau.rank()
    assert (await bureau.state()).stage == "judging"
    assert (await bureau.listed())[0][:2] == ("A0004", "admitted")


async def test_r7_before_the_second_hour_nobody_is_told_and_two_persons_answer(bureau: Bureau) -> None:
    """As of the first one; the lists that nothing was wrong with stay out as they are."""
    await come_in(bureau)
    await out(bureau)
    await right(bureau, "A0004", 85)
    await bureau.prepare("first-law")
    seen = {"programme": "first-law", "hash": await bureau.hash("first-law")}
    await refused(bureau, "list-own", commands.ConfirmList, _as_checker(), **seen)
    await bureau.confirm("first-law")
    assert "schedule-release" in await bureau.tasks()
    await refused(bureau, "first-stage-after-results", commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=AGAIN)
    await bureau.goes_on(AGAIN - timedelta(seconds=1))
    assert await bureau.result("A0004") == ["not-passed"]
    rows = await bureau.owner.fetch(
        "SELECT name, max(number) AS last FROM iehe.result_lists WHERE starts_with(name, 'first-') GROUP BY 1"
    )
    assert {row["name"]: row["last"] for row in rows} == {"first-law": 2, "first-mech": 1}


def _as_checker() -> Any:
    """Who has prepared it, also as a checker."""
    return ANN.model_copy(update={"roles": (*ANN.roles, "checker")})


async def test_r7_what_is_put_right_back_again_asks_nobody(bureau: Bureau) -> None:
    """Nobody is wronged any more: the round goes on where it stood, and nothing was out."""
    await come_in(bureau)
    await scored(bureau)
    await right(bureau, "A0004", 85)
    await bureau.prepare("first-law")
    await right(bureau, "A0004", 70)
    assert (await bureau.state()).stage == "judging"
    assert await bureau.facts("rejudged") == []
    assert {task for task in await bureau.tasks() if "first-" in task} == set()


async def test_r7_whoever_left_since_makes_nobody_wronged(bureau: Bureau) -> None:
    """Their place at the line was theirs; and who has left is not called back."""
    await come_in(bureau)
    await scored(bureau)
    await bureau.leaves("A0002")
    await bureau.rank()
    assert (await bureau.state()).stage == "judging"
    await bureau.leaves("A0004")
    await right(bureau, "A0004", 85)
    assert (await bureau.state()).stage == "judging"


async def test_i8_a_list_with_the_wronged_is_made_again_to_the_same_bytes(bureau: Bureau) -> None:
    """From what is out and what counts; the first one has other inputs by now."""
    await come_in(bureau)
    await scored(bureau)
    await right(bureau, "A0004", 85)
    await put_out(bureau, "first-law")
    row = await find_case(bureau.office, CASE)
    verified = await verification.verify(bureau.office, "office-1", row)
    found = {(each["programme"], each["number"]): each["found"] for each in verified["lists"]}
    assert found[("first-law", 2)] == "same"
    assert found[("first-law", 1)] == "inputs-changed"


async def test_r7_a_second_error_is_put_right_as_the_first(bureau: Bureau) -> None:
    """Each of the wronged is told once, and what was put out before stays."""
    await come_in(bureau, {**COMMON, "A0003": (None, 70)})
    await out(bureau)
    await right(bureau, "A0004", 85)
    await put_out(bureau, "first-law")
    await right(bureau, "A0003", 88)
    assert (await bureau.state()).stage == "first-stage"
    await put_out(bureau, "first-law", hour=AGAIN + timedelta(days=2))
    assert await bureau.facts("rejudged") == [application("A0004"), application("A0003")]
    assert await bureau.result("A0004") == ["passed"]
    assert (await bureau.state()).first_stages == 3


# the case -------------------------------------------------------------------------------------------------


def test_r7_an_application_that_was_rejected_by_a_first_stage_waits_for_the_lists_again() -> None:
    """It hears once that there is something to read, and not what."""
    case = new().to_ranked("admit")
    case.state.judged_by, case.state.person_key = ROUND, "0" * 32
    case.found |= {"chain": [], "places-of": []}
    _hears(case, "outcome-released", {"verdict": "not-passed", "goes_on": False})
    assert case.state.stage == Stage.REJECTED
    letters = len(case.notices("result-ready"))
    _hears(case, "rejudged", {"verdict": "passed", "goes_on": True})
    assert (case.state.stage, case.state.outcome) == (Stage.RANKED, None)
    assert len(case.notices("result-ready")) == letters + 1
    assert [fact.type.rpartition(".")[2] for fact in case.last.facts] == ["case-standing", "case-ranked"]
    assert "round-result" in case.state.deadlines


def _hears(case: Pure, fact: str, *results: dict[str, Any]) -> None:
    case.found["released-lines"] = [{"result": json.loads(json.dumps(result))} for result in results]
    takes = ADMISSION_REVIEW.takes[f"{by_round.ROUND}.{fact}"]
    assert takes.apply is not None
    apply, said = takes.apply, by_round.OutcomeReleased(case=case.state.case_id, round=ROUND)
    case.take("outcome-released", lambda draft: apply(draft, said))
