"""An application whose round moves its dates: it counts to the new ones, and its applicant hears once."""

from datetime import date, timedelta
from typing import Any

import pytest

from schemas.admission.commands import AnswerOffer
from schemas.admission.facts import DatesMoved
from schemas.admission.stages import Stage
from tests.round.test_promoted_case import ROUND, UNTIL, place
from tests.round.test_promoted_case import told as told_of
from tests.workflows.rules.builder import Pure, changed_policy, jst, new
from workflows.admission import by_round, moved_dates
from workflows.admission.process import ADMISSION_REVIEW

LATER = UNTIL + timedelta(days=7)


def fact(move: int = 1, **dates: Any) -> DatesMoved:
    return DatesMoved(round=ROUND, round_id="2027-general", move=move, **dates)


def told(case: Pure, said: DatesMoved) -> None:
    """The round tells it."""
    takes = ADMISSION_REVIEW.takes[moved_dates.MOVED]
    assert takes.apply is not None
    apply = takes.apply
    case.take("dates-moved", lambda draft: apply(draft, said))


def letters(case: Pure) -> list[dict[str, Any]]:
    """The dates of each letter about them."""
    sent = [notice for step in case.log for notice in step.notices if notice.message == "dates-moved"]
    found = [notice.facts for notice in sent]
    return [{name: value for name, value in facts.items() if value is not None} for facts in found]


@pytest.fixture
def ranked() -> Pure:
    """It waits for the round's lists."""
    case = new().to_ranked("admit")
    case.state.judged_by = ROUND
    case.found |= {"chain": [], "places-of": [], "standing": None}
    return case


@pytest.fixture
def offered(ranked: Pure) -> Pure:
    """The round's list has given it a place."""
    ranked.state.policy = changed_policy(enrolment_needs=("admission-fee",))
    ranked.policies[ranked.state.policy_ref] = ranked.state.policy
    result = {"verdict": "admitted", "place": f"{ROUND}#T-0001"}
    ranked.found |= {"released-lines": [{"result": result}]}
    place(ranked, "offered")
    told_of(ranked, "outcome-released")
    assert ranked.state.stage == Stage.OFFERED
    return ranked


def test_before_the_result_all_new_dates_are_told_once(ranked: Pure) -> None:
    """Told again, or told of an earlier move that comes late, it says nothing more."""
    first = fact(exam_on=date(2027, 3, 1), release_at=jst(2027, 3, 9, 12))
    second = fact(2, exam_on=date(2027, 3, 2), release_at=jst(2027, 3, 9, 12))
    told(ranked, second)
    told(ranked, first)
    told(ranked, second)
    assert letters(ranked) == [{"exam_on": "2027-03-02", "release_at": "2027-03-09T12:00:00+09:00"}]


def test_who_has_a_place_answers_and_enrols_until_the_moved_hour(offered: Pure) -> None:
    """The place is held until then; the day of the examination is theirs no more."""
    told(offered, fact(exam_on=date(2027, 3, 1), enrol_by=LATER))
    assert offered.due("offer-reply") == LATER
    assert [(change.how, change.ends_at) for change in offered.last.places] == [("extend", LATER)]
    assert letters(offered) == [{"enrol_by": LATER.isoformat()}]
    offered.wait_until(UNTIL + timedelta(days=1))
    assert offered.state.stage == Stage.OFFERED
    offered.decide(AnswerOffer, "office-1", answer="accepted")
    assert offered.due("enrol-by") == LATER
    told(offered, fact(2, enrol_by=LATER + timedelta(days=1)))
    assert offered.due("enrol-by") == LATER + timedelta(days=1)


@pytest.mark.parametrize("accepted", [False, True])
def test_an_hour_that_was_moved_is_not_over_before_the_case_has_heard_of_it(
    offered: Pure, accepted: bool
) -> None:
    """The round has moved it at the last moment, and the news is on its way: nothing lapses, told once."""
    if accepted:
        offered.decide(AnswerOffer, "office-1", answer="accepted")
    stage, said = offered.state.stage, fact(enrol_by=LATER)
    offered.found["standing"] = {"data": said.model_dump(mode="json")}
    offered.wait_until(UNTIL + timedelta(hours=1))
    assert (offered.state.stage, offered.state.place is not None) == (stage, True)
    told(offered, said)
    assert len(letters(offered)) == 1
    offered.wait_until(LATER + timedelta(days=3))
    assert offered.state.stage == (Stage.DECLINED if accepted else Stage.LAPSED)


def test_who_is_not_admitted_hears_nothing_of_enrolment(ranked: Pure) -> None:
    """And who waits hears from when they are called."""
    ranked.found |= {"released-lines": [{"result": {"verdict": "waitlisted"}}]}
    told_of(ranked, "outcome-released")
    told(ranked, fact(promote_from=jst(2027, 3, 29, 9)))
    assert letters(ranked) == [{"promote_from": "2027-03-29T09:00:00+09:00"}]
    ranked.found |= {"released-lines": [{"result": {"verdict": "rejected"}}]}
    told_of(ranked, "outcome-released")
    told(ranked, fact(2, promote_from=jst(2027, 3, 29, 9), enrol_by=LATER))
    assert (ranked.state.stage, len(letters(ranked))) == (Stage.REJECTED, 1)


def test_a_result_is_expected_until_the_moved_day(ranked: Pure) -> None:
    """Nobody asks where it is while nobody has to know."""
    ranked.state.person_key = "0" * 32
    ranked.take("round-opened", by_round.wait)
    before = ranked.due("round-result")
    told(ranked, fact(enrol_by=before + timedelta(days=30)))
    assert ranked.due("round-result") > before
