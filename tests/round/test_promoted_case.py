"""An application's case that a round's waitlist promotes, releases, or finds enrolled elsewhere."""

from datetime import datetime

import pytest

from schemas.admission.commands import AnswerOffer
from schemas.admission.facts import OutcomeReleased
from schemas.admission.stages import Stage
from schemas.kernel.refusals import Refusal
from tests.workflows.rules.builder import Pure, jst, new
from workflows.admission import by_round
from workflows.admission.process import ADMISSION_REVIEW
from workflows.kernel.links import Closed

ROUND = "round/2027-GENERAL"
UNTIL = jst(2026, 12, 31, 17)


def told(case: Pure, fact: str) -> None:
    """The round tells it."""
    takes = ADMISSION_REVIEW.takes[f"{by_round.ROUND}.{fact}"]
    said = OutcomeReleased(case=case.state.case_id, round=ROUND)
    assert takes.step is not None
    assert takes.apply is not None
    apply = takes.apply
    case.take(takes.step, lambda draft: apply(draft, said))


def place(case: Pure, state: str, until: datetime = UNTIL) -> None:
    """What the ledger has of the case."""
    found = {
        "place": f"{ROUND}#T-0001",
        "state": state,
        "holder": case.state.case_id,
        "ends_at": None if state == "taken" else until.isoformat(),
    }
    case.found.update({"place": found, "places-of": [found]})


@pytest.fixture
def case() -> Pure:
    """It waits on the round's waitlist."""
    case = new().to_ranked("admit")
    case.state.judged_by = ROUND
    case.found |= {"released-lines": [{"result": {"verdict": "waitlisted"}}]}
    case.found |= {"chain": [], "places-of": [], "standing": None}
    told(case, "outcome-released")
    assert case.state.stage == Stage.WAITLISTED
    return case


def test_a_promotion_is_an_offer_until_its_own_hour_though_the_list_says_waitlisted(case: Pure) -> None:
    """The ledger says so; a place that is not there is refused, and the answer takes it."""
    with pytest.raises(Refusal, check=lambda refusal: refusal.code == "no-result-out"):
        told(case, "place-offered")
    place(case, "offered")
    told(case, "place-offered")
    assert (case.state.stage, case.state.place) == (Stage.OFFERED, f"{ROUND}#T-0001")
    assert case.due("offer-reply") == UNTIL
    told(case, "outcome-released")
    assert case.state.stage == Stage.OFFERED
    case.decide(AnswerOffer, "office-1", answer="accepted")
    assert [change.how for change in case.last.places] == ["take"]


def test_a_better_choice_moves_the_hour_of_an_offer_and_leaves_an_acceptance(case: Pure) -> None:
    """Who was offered the lower choice answers by the new hour; who has accepted has accepted."""
    place(case, "offered")
    told(case, "place-offered")
    later = jst(2027, 1, 5, 17)
    place(case, "offered", later)
    told(case, "place-offered")
    assert (case.state.stage, case.due("offer-reply")) == (Stage.OFFERED, later)
    case.decide(AnswerOffer, "office-1", answer="accepted")
    place(case, "taken")
    told(case, "place-offered")
    assert case.state.stage == Stage.ACCEPTED


def test_when_promotion_is_over_the_clock_releases_who_waits_with_the_notice_that_there_is(
    case: Pure,
) -> None:
    """And whoever does not wait stays where they are."""
    told(case, "waitlist-released")
    case.wait(minutes=1)
    assert case.state.stage == Stage.RELEASED
    assert len(case.notices("waitlist-released")) == 1


def test_who_has_accepted_is_not_released_from_a_waitlist(case: Pure) -> None:
    """A person who waited for a better choice keeps the place that they have."""
    place(case, "offered")
    told(case, "place-offered")
    told(case, "waitlist-released")
    case.wait(minutes=1)
    assert case.state.stage == Stage.OFFERED


def test_who_enrolled_elsewhere_gives_the_place_back(case: Pure) -> None:
    """By withdrawal, of which the round hears, in the same step."""
    place(case, "offered")
    told(case, "place-offered")
    told(case, "enrolled-elsewhere")
    assert case.state.stage == Stage.WITHDRAWN
    assert [(change.how, change.reason) for change in case.last.places] == [("release", "enrolled-elsewhere")]
    withdrawn = [fact.data["reason"] for fact in case.last.facts if fact.type.endswith(".case-withdrawn")]
    assert withdrawn == ["enrolled-elsewhere"]


@pytest.mark.parametrize("verdict", ["waitlisted", "not-admitted"])
def test_who_was_wronged_is_offered_the_place_that_the_ledger_has(verdict: str) -> None:
    """Rejected or waiting; that a result is ready is said, and not which; without a place it is refused."""
    case = new().to_ranked("admit")
    case.state.judged_by = ROUND
    case.found |= {"released-lines": [{"result": {"verdict": verdict}}], "chain": [], "places-of": []}
    told(case, "outcome-released")
    with pytest.raises(Refusal, check=lambda refusal: refusal.code == "no-result-out"):
        told(case, "rejudged")
    place(case, "offered")
    told(case, "rejudged")
    assert (case.state.stage, case.due("offer-reply")) == (Stage.OFFERED, UNTIL)
    assert [message for message, _ in case.notices()].count("result-ready") == 2
    assert "rejudged-offer" not in [message for message, _ in case.notices()]
    assert "rejudgment" not in case.state.deadlines


def test_who_was_wronged_and_has_accepted_another_choice_stays_accepted_and_hears_of_it(case: Pure) -> None:
    """The place was moved in the ledger."""
    place(case, "offered")
    told(case, "place-offered")
    case.decide(AnswerOffer, "office-1", answer="accepted")
    before = len(case.notices("result-ready"))
    place(case, "taken")
    told(case, "rejudged")
    assert case.state.stage == Stage.ACCEPTED
    assert len(case.notices("result-ready")) == before + 1


def test_a_case_that_has_ended_and_was_wronged_is_a_task() -> None:
    """A person decides what becomes of it."""
    assert ADMISSION_REVIEW.takes[f"{by_round.ROUND}.rejudged"].closed is Closed.TASK
