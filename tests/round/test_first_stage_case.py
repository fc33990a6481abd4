"""An application's case that hears of a first stage: it ends there, or waits on with a letter (R20)."""

from typing import Any

import pytest

from schemas.admission.stages import Stage
from tests.round.test_promoted_case import ROUND, place, told
from tests.workflows.rules.builder import Pure, new
from workflows.admission import by_round

PASSED = {"programme": "law", "choice": 1, "verdict": "passed", "goes_on": True}
NOT_PASSED = PASSED | {"verdict": "not-passed", "goes_on": False}
ELSEWHERE = NOT_PASSED | {"goes_on": True}
"""Not for this programme, and still for another choice."""


@pytest.fixture
def case() -> Pure:
    """It waits for the lists of its round."""
    case = new().to_ranked("admit")
    case.state.judged_by = ROUND
    case.found |= {"chain": [], "places-of": []}
    return case


def hears(case: Pure, *results: dict[str, Any]) -> None:
    case.found |= {"released-lines": [{"result": result} for result in results]}
    told(case, "outcome-released")


def test_r20_who_passed_in_no_choice_is_rejected_and_told_once(case: Pure) -> None:
    """What the lists of the results say of it again is no news."""
    hears(case, NOT_PASSED)
    assert case.state.stage == Stage.REJECTED
    assert len(case.notices("result-ready")) == 1
    hears(case, NOT_PASSED, {"programme": "law", "frame": "law", "choice": 1, "verdict": "not-passed"})
    assert case.state.stage == Stage.REJECTED
    assert len(case.notices("result-ready")) == 1


@pytest.mark.parametrize("result", [PASSED, ELSEWHERE])
def test_r20_who_goes_on_stays_with_a_letter_that_says_not_which(case: Pure, result: dict[str, Any]) -> None:
    """And then has what the lists of the results say."""
    hears(case, result)
    assert case.state.stage == Stage.RANKED
    assert [message for message, _ in case.notices()].count("result-ready") == 1
    place(case, "offered")
    admitted = {"verdict": "admitted", "place": f"{ROUND}#T-0001", "choice": 2}
    hears(case, result, {"verdict": "not-passed", "choice": 1}, admitted)
    assert case.state.stage == Stage.OFFERED
    assert len(case.notices("result-ready")) == 2


def test_r20_plain_text_tells_those_who_go_on_from_nobody(case: Pure) -> None:
    """Search attributes say of both that something was told."""
    assert by_round.veil(case.state) is None
    hears(case, PASSED)
    assert by_round.veil(case.state) == "decided"
    other = new().to_ranked("admit")
    other.state.judged_by = ROUND
    other.found |= {"chain": [], "places-of": []}
    hears(other, NOT_PASSED)
    assert by_round.veil(other.state) == "decided"
