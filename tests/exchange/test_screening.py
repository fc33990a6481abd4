"""Application, screening and result: whole and in time, one advisor at a time, two people on one revision."""

from datetime import date, timedelta

import pytest

from schemas.exchange import commands
from schemas.exchange.stages import Stage
from schemas.kernel.document_commands import RejectDocument, WaiveDocument
from tests.exchange.builder import DOCUMENTS, REASON, SHA, Pure, jst, refused

LOCK = jst(2026, 11, 29, 15)


def test_the_student_is_asked_for_the_named_documents_until_the_lock() -> None:
    """Each with its state and its time."""
    case = Pure().verify()
    assert tuple(case.state.documents) == DOCUMENTS
    assert {each.due_at for each in case.state.documents.values()} == {LOCK}
    assert case.sent("please-apply")[0].facts["due_at"] == LOCK.isoformat()


def test_x10_the_lock_is_hard_and_the_hour_of_sending_counts() -> None:
    """What was submitted in time counts though it is told later; a second later nothing is taken."""
    case = Pure().verify().receive()
    case.wait_until(LOCK - timedelta(minutes=1))
    case.event("application-submitted", at=case.now)
    assert case.state.stage == Stage.SCREENING
    late = Pure().verify().receive()
    late.wait_until(LOCK + timedelta(minutes=1))
    assert (late.state.stage, late.state.reason) == (Stage.EXPIRED, "not-submitted")


def test_x10_a_recommender_may_file_after_the_lock() -> None:
    """A letter is a row; the application is what it was."""
    case = Pure().apply()
    case.wait_until(LOCK + timedelta(days=3))
    case.event("letter-received", sha256=SHA)
    assert case.records("letter-filed") == [{"kind": "letter-filed", "sha256": SHA}]


def test_not_submitted_expires_the_partner_is_told_and_the_place_is_free() -> None:
    """With two reminders before."""
    case = Pure().verify()
    case.wait_until(LOCK + timedelta(days=1))
    assert (case.state.stage, case.live(), case.owed()) == (Stage.EXPIRED, [], [])
    assert len(case.notices("please-apply")) == 3
    assert case.notices("mobility-ended") == [("mobility-ended", "coordinator")]
    assert case.notices("mobility-over") == [("mobility-over", "student")]


def test_what_is_missing_has_five_working_days() -> None:
    """Submitted without a document it is incomplete, and chased; whole, it goes on by itself."""
    case = Pure().verify().receive(*DOCUMENTS[:-1])
    case.event("application-submitted")
    assert case.state.stage == Stage.INCOMPLETE
    (chased,) = case.sent("documents-missing")
    assert [each["name"] for each in chased.facts["documents"]] == ["photo"]
    assert case.due("complete-documents").date() == date(2026, 10, 27)
    case.receive("photo")
    assert case.state.stage == Stage.SCREENING


def test_what_stays_missing_expires() -> None:
    """After the working days."""
    case = Pure().verify().receive(*DOCUMENTS[:-1])
    case.event("application-submitted")
    case.wait(days=9)
    assert (case.state.stage, case.state.reason) == (Stage.EXPIRED, "not-completed")


def test_a_document_that_is_sent_back_makes_it_incomplete() -> None:
    """What the office has to look at is not asked for; what it does without neither."""
    case = Pure().verify().receive(*DOCUMENTS[:-2])
    for name in DOCUMENTS[-2:]:
        case.event("document-received", document=name, version=1, sha256=SHA, size=9, media_type="image/png")
    case.event("application-submitted")
    assert case.state.stage == Stage.APPLYING
    case.decide(RejectDocument, "office-1", document="photo", why="illegible")
    assert case.state.stage == Stage.INCOMPLETE
    case.decide(WaiveDocument, "office-1", document="photo")
    assert case.state.stage == Stage.INCOMPLETE
    case.receive("language")
    assert case.state.stage == Stage.SCREENING


def test_x11_one_advisor_at_a_time() -> None:
    """Another is asked when the first has answered, and not before."""
    case = Pure().apply()
    case.decide(commands.AskAdvisor, "office-1", advisor="advisor-1")
    with refused("advisor-pending"):
        case.decide(commands.AskAdvisor, "office-1", advisor="advisor-2")
    case.decide(commands.Consent, "advisor-1", answer="no")
    with refused("advisor-asked"):
        case.decide(commands.AskAdvisor, "office-1", advisor="advisor-1")
    with refused("advisor-unknown"):
        case.decide(commands.AskAdvisor, "office-1", advisor="nobody-1")
    case.decide(commands.AskAdvisor, "office-1", advisor="advisor-2")
    case.event("advisor-answered", answer="yes")
    with refused("advisor-found"):
        case.decide(commands.AskAdvisor, "office-1", advisor="advisor-3")


def test_x11_nobody_answers_for_another_advisor() -> None:
    """Only who was asked."""
    case = Pure().apply()
    case.decide(commands.AskAdvisor, "office-1", advisor="advisor-1")
    with refused("not-asked"):
        case.decide(commands.Consent, "advisor-2", answer="yes")


def test_x11_after_three_it_is_rejected_with_its_reason() -> None:
    """Two say no, one is silent for fourteen days and was reminded after seven."""
    case = Pure().apply()
    for number in (1, 2):
        case.decide(commands.AskAdvisor, "office-1", advisor=f"advisor-{number}")
        case.decide(commands.Consent, f"advisor-{number}", answer="no")
    case.decide(commands.AskAdvisor, "office-1", advisor="advisor-3")
    case.wait(days=8)
    assert len([each for each in case.notices("advisor-request") if each[1] == "staff:advisor-3"]) == 2
    case.wait(days=8)
    assert (case.state.stage, case.state.reason) == (Stage.REJECTED, "no-advisor")
    assert case.records("advisor-asked")[-1]["answer"] == "silent"
    assert case.live() == []


def test_accepting_needs_advisor_and_faculty_on_this_revision() -> None:
    """All that is missing is named at once."""
    case = Pure().apply()
    with pytest.raises(Exception, match="advisor, faculty"):
        case.decide(commands.Accept, "office-1", version=1)
    case.decide(commands.Validate, "faculty-1", version=1)
    with pytest.raises(Exception, match=r": advisor\."):
        case.decide(commands.Accept, "office-1", version=1)


def test_nobody_accepts_what_they_have_validated() -> None:
    """Two people, also where one has both roles."""
    case = Pure().apply()
    case.decide(commands.AskAdvisor, "office-1", advisor="advisor-1")
    case.event("advisor-answered", answer="yes")
    case.decide(commands.Validate, "both-1", version=1)
    with refused("same-person"):
        case.decide(commands.Accept, "both-1", version=1)
    case.decide(commands.Accept, "office-1", version=1)


def test_nothing_is_told_before_the_hour_of_the_results() -> None:
    """And no answer is taken before it."""
    case = Pure().consented()
    case.decide(commands.Accept, "office-1", version=1)
    case.wait_until(jst(2026, 12, 20, 9, 59))
    assert not case.notices("application-accepted")
    with refused("no-offer-open"):
        case.event("offer-answered", offer="place", answer="yes")
    case.wait_until(jst(2026, 12, 20, 10, 1))
    assert case.notices("application-accepted") == [("application-accepted", "student")]
    assert case.records("number-given")


def test_an_acceptance_is_answered_within_ten_days() -> None:
    """Reminded at 7, 3 and 1 day before; silence gives the place back."""
    case = Pure().accepted()
    case.wait_until(jst(2027, 1, 6))
    assert (case.state.stage, case.state.reason) == (Stage.EXPIRED, "not-answered")
    assert len(case.notices("please-answer")) == 3
    assert case.live() == []


def test_a_no_declines_and_gives_the_place_back() -> None:
    """Told to the home university."""
    case = Pure().accepted()
    case.decide(commands.AnswerOffer, "office-1", offer="place", answer="no")
    assert (case.state.stage, case.live(), case.owed()) == (Stage.DECLINED, [], [])


def test_an_appeal_is_decided_by_somebody_else_and_in_time() -> None:
    """Within five working days, by who has not decided it; upheld it is screened again."""
    case = Pure().apply()
    case.decide(commands.Reject, "head-committee", version=1, reason="level")
    told = {"result": "upheld", "reason_id": REASON}
    with refused("own-decision"):
        case.decide(commands.DecideAppeal, "head-committee", filed=case.now.date(), **told)
    with refused("appeal-late"):
        case.decide(commands.DecideAppeal, "committee-1", filed=case.now.date() + timedelta(days=9), **told)
    assert case.live() == []
    case.decide(commands.DecideAppeal, "committee-1", filed=case.now.date(), **told)
    assert case.state.stage == Stage.SCREENING
    case.decide(commands.AskAdvisor, "office-1", advisor="advisor-1")
    case.event("advisor-answered", answer="yes")
    case.decide(commands.Validate, "faculty-1", version=1)
    case.decide(commands.Accept, "office-2", version=1)
    assert case.owed() == ["quota"]


def test_a_rejection_without_appeal_ends_after_its_days() -> None:
    """A dismissed one at once."""
    case = Pure().apply()
    case.decide(commands.Reject, "office-1", version=1, reason="level")
    case.wait(days=10)
    assert (case.state.closed, case.state.outcome) == (True, Stage.REJECTED)
    other = Pure().apply()
    other.decide(commands.Reject, "office-1", version=1, reason="level")
    other.decide(
        commands.DecideAppeal, "committee-1", filed=other.now.date(), result="dismissed", reason_id=REASON
    )
    assert other.state.closed
