"""What students and coordinators see of a mobility: to-dos in every stage, and nothing that is not theirs."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest

from cases.own_pages import words_of
from schemas.exchange import commands
from schemas.exchange.stages import Stage, Track
from schemas.kernel.document_commands import RejectDocument
from tests.exchange.builder import REASON, SHA, Pure
from workflows.exchange.own_views import coordinator_view, student_view
from workflows.exchange.process import EXCHANGE
from workflows.kernel.own_view import OwnView

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def student(case: Pure) -> OwnView:
    return student_view(case.state, NOW)


def partner(case: Pure) -> OwnView:
    return coordinator_view(case.state, NOW)


def open_ones(view: OwnView) -> list[str]:
    return [each.code for each in view.todos if not each.done]


def acts(view: OwnView) -> list[str]:
    return [each.name for each in view.acts]


WALKS: dict[str, Callable[[], Pure]] = {
    "nominated": Pure,
    "applying": lambda: Pure().verify(),
    "screening": lambda: Pure().apply(),
    "consented": lambda: Pure().consented(),
    "accepted": lambda: Pure().accepted(),
    "coming": lambda: Pure().coming(),
    "ready": lambda: Pure().ready(),
    "arrived": lambda: Pure().arrived(),
    "in-term": lambda: Pure().in_term(),
    "departing": lambda: Pure().departing(),
    "departed": lambda: Pure().departed(),
    "completed": lambda: Pure().completed(),
}


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("reader", ["student", "coordinator"])
def test_every_stage_has_its_words_in_both_languages(walk, reader) -> None:
    """Nothing is shown as a code: where it stands, what is to be done, why, and what comes next."""
    case = WALKS[walk]()
    view = EXCHANGE.own_views[reader](case.state, NOW)
    said = [("stands", view.stands), *(("facts", name) for name in view.facts)]
    said += [("todos", each.code) for each in view.todos]
    said += [("why", each.why) for each in view.todos if each.why]
    said += [("then", each.then) for each in view.todos if each.then]
    said += [("acts", each.name) for each in view.acts]
    said += [("fields", ask.name) for each in view.acts for ask in each.asks]
    for kind, code in said:
        assert all(words_of("exchange", kind, code))


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_and_ending_can_be_told(stage) -> None:
    """A student, and a home university, is told each of them in both languages."""
    case = Pure().in_term()
    case.state.stage, case.state.reason = stage, None
    case.state.outcome = stage if EXCHANGE.lifecycle.stages[stage].final else None
    for view in (student(case), partner(case)):
        assert all(words_of("exchange", "stands", view.stands))


@pytest.mark.parametrize("track", list(EXCHANGE.tracks))
def test_every_state_of_every_track_can_be_told(track) -> None:
    """Wherever a track stands, before and after the arrival, its words are there and nothing fails."""
    for case in (Pure().coming(), Pure().in_term()):
        for at in EXCHANGE.tracks[track].stages:
            case.state.tracks[track] = at
            view = student(case)
            for name, value in view.facts.items():
                if name in EXCHANGE.tracks and isinstance(value, str):
                    assert all(words_of("exchange", name, value))
            assert all(words_of("exchange", "todos", each.code) for each in view.todos)


def test_who_applies_sees_each_document_until_when_and_why() -> None:
    """What was sent back comes first with its reason; what was accepted is done."""
    case = Pure().verify().receive("passport")
    case.event("document-received", document="photo", version=1, sha256=SHA, size=9, media_type="image/png")
    case.decide(RejectDocument, "office-1", document="photo", why="illegible", reason_id=REASON)
    found = {each.about or each.code: each for each in student(case).todos}
    assert found["passport"].done
    assert (found["photo"].why, found["photo"].done) == ("illegible", False)
    assert found["motivation"].until == case.state.deadlines["submit-application"].due_at
    assert acts(student(case)) == ["submit-application", "withdraw"]


def test_nothing_of_a_result_is_shown_before_its_hour() -> None:
    """Accepted and not told yet looks like being screened, to the student and to the home university."""
    case = Pure().consented()
    before = student(case), partner(case)
    case.decide(commands.Accept, "office-1", version=case.state.revision)
    assert case.state.stage == Stage.ACCEPTED
    assert not case.state.released
    assert (student(case), partner(case)) == before
    told = Pure().accepted()
    assert acts(student(told)) == ["accept-place", "decline-place", "withdraw"]
    assert partner(told).stands == "result-accepted"
    assert open_ones(student(told)) == ["answer-place"]


def test_who_prepares_sees_certificate_visa_housing_arrival_and_agreement() -> None:
    """Each with its time; the visa only when there is a certificate to apply with."""
    case = Pure().coming()
    assert open_ones(student(case)) == ["coe-data", "housing", "plan-arrival", "propose-agreement"]
    case.decide(commands.RecordCoeData, "office-1")
    case.decide(commands.FileCoe, "office-1", batch="b1")
    assert open_ones(student(case)) == ["housing", "plan-arrival", "propose-agreement"]
    case.event("coe-result", batch="b1", result="issued", on=date(2027, 2, 20))
    visa = next(each for each in student(case).todos if each.code == "apply-visa")
    assert visa.until == case.state.coe_until


def test_the_one_act_that_ends_it_is_asked_for_twice() -> None:
    """To withdraw, and to decline: a second confirmation; the home university's reason is not offered."""
    case = Pure().accepted()
    sure = [each.name for each in student(case).acts if each.confirm]
    assert sure == ["decline-place", "withdraw"]
    reasons = next(each for each in student(case).acts if each.name == "withdraw").asks[0].choices
    assert "home-cancelled" not in reasons
    assert "student" in reasons


@pytest.mark.parametrize(("port", "first"), [("nrt", "residence-card"), ("sdj", "address")])
def test_x14_the_checklist_has_the_order_of_the_port(port, first) -> None:
    """Where no card is issued it comes by post, after registering; each names what comes next."""
    case = Pure().arrived(port=port)
    codes = [each.code for each in student(case).todos]
    assert codes[0] == first
    assert student(case).todos[0].then == codes[1]
    address = next(each for each in student(case).todos if each.code == "address")
    assert address.until == case.state.deadlines["ward-office"].due_at


def test_who_is_here_signs_each_month_and_who_leaves_sees_what_holds_them_up() -> None:
    """The month by its name; before leaving the room, what is owed and the ward office."""
    case = Pure().in_term()
    month = next(each for each in student(case).todos if each.code == "sign-month")
    assert month.about in ("2027-04", "2027-05")
    assert month.until is not None
    leaving = Pure().departing()
    leaving.event("debts-changed", open=True)
    assert {"pay-debts", "move-out"} <= set(open_ones(student(leaving)))


def test_a_closed_case_offers_nothing() -> None:
    """Withdrawn: told so, with no form."""
    case = Pure().coming()
    case.event("student-withdrew", reason="illness")
    assert (student(case).stands, acts(student(case)), open_ones(student(case))) == ("withdrawn", [], [])
    assert partner(case).stands == "ended-withdrawn"


def test_x9_the_home_university_sees_pending_verified_rejected_and_what_to_correct() -> None:
    """Returned with the reason and until when; the reason of a withdrawal is not theirs to know."""
    case = Pure()
    assert partner(case).stands == "pending"
    case.decide(commands.ReturnNomination, "office-1", version=1, reason="dates-wrong", reason_id=REASON)
    (todo,) = partner(case).todos
    assert (todo.code, todo.why) == ("correct-nomination", "dates-wrong")
    assert todo.until == case.state.deadlines["correct-nomination"].due_at
    assert partner(Pure().verify()).stands == "verified"
    ill = Pure().coming()
    ill.event("student-withdrew", reason="illness")
    assert "illness" not in str(asdict(partner(ill)))


def test_the_home_university_is_asked_for_its_signature_alone() -> None:
    """A version that the student has signed waits for it; signed, it does not."""
    case = Pure().coming()
    case.event("agreement-proposed", sha256=SHA)
    assert [(each.code, each.about) for each in partner(case).todos] == [("sign-agreement", "1")]
    case.event("agreement-signed", version=1, sha256=SHA)
    assert partner(case).todos == ()
    assert case.on(Track.AGREEMENT) == "proposed"


CANARY = "canary-7f3a"


@pytest.mark.parametrize("walk", WALKS)
def test_x12_no_word_and_no_id_of_staff_is_on_either_page(walk) -> None:
    """Neither words nor who decides nor the ledger's names; for the partner neither house nor money."""
    case = WALKS[walk]()
    state = case.state
    state.validated_by = state.rejected_by = state.tutor = CANARY
    state.coe_batch = CANARY
    for each in state.advisors:
        each.staff_id = CANARY
    for proof in state.checklist.values():
        proof.by = CANARY
    state.offer = CANARY
    of_student, of_partner = str(asdict(student(case))), str(asdict(partner(case)))
    for page in (of_student, of_partner):
        assert CANARY not in page
        for name in ("office-1", "advisor-1", "faculty-1", str(REASON), state.case_id):
            assert name not in page
    assert not set(partner(case).facts) - {
        *("revision", "arrived_on", "last", "left_on", "approved", "transcript")
    }
    for other in ("dormitory", "house", "bed", "scholarship", "health", "coe", "visa", "debts", "illness"):
        assert other not in of_partner.replace("coe-denied", "").replace("visa-refused", "")
