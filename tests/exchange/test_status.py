"""Certificate of eligibility and visa: each state of their tracks, and what follows when they fail."""

from datetime import date, timedelta

import pytest

from schemas.exchange import commands
from schemas.exchange.stages import Coe, Housing, Stage, Track, Visa
from tests.exchange.builder import REASON, Pure, jst, refused
from workflows.exchange.status import months_later
from workflows.kernel.state import due_at, waiting_for_whom


def filed() -> Pure:
    case = Pure().coming()
    case.decide(commands.RecordCoeData, "office-1")
    case.decide(commands.FileCoe, "office-1", batch="b1")
    return case


def denied() -> Pure:
    case = filed().request_bed().offer_bed()
    case.event("offer-answered", offer="bed", answer="yes")
    case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    case.granted()
    case.event("arrival-planned", slot=jst(2027, 4, 1, 10), port="nrt")
    case.wait(days=10)
    case.event("coe-result", batch="b1", result="denied", on=case.now.date())
    return case


def test_who_needs_no_certificate_needs_none_for_the_visa_either() -> None:
    """Both tracks say so, and nothing is missing of them."""
    case = Pure(needs_coe=False).coming()
    assert (case.on(Track.COE), case.on(Track.VISA)) == (Coe.NOT_NEEDED, Visa.NOT_NEEDED)
    assert case.process.missing(case.state) == {Stage.READY: ["housing", "slot"]}


def test_x13_filed_in_batches_and_watched_until_the_orientation() -> None:
    """No day is promised: the office is reminded 30, 14 and 7 days before, then the head."""
    case = filed()
    assert case.records("coe-filed") == [{"kind": "coe-filed", "batch": "b1"}]
    assert case.due("coe-result") == jst(2027, 4, 5, 9)
    case.wait_until(jst(2027, 4, 6, 12))
    reminded = [each for each in case.sent("task-reminder") if each.facts["task"] == "coe-result"]
    overdue = [each for each in case.sent("task-overdue") if each.facts["task"] == "coe-result"]
    assert (len(reminded), [each.to for each in overdue]) == (3, ["role:head_of_exchange"])
    assert case.on(Track.COE) == Coe.FILED


def test_x13_the_result_is_of_this_batch() -> None:
    """A row of another one is looked at by a person."""
    case = filed()
    assert case.event_or_task("coe-result", batch="b2", result="issued", on=case.now.date()).details[
        "code"
    ] == ("coe-other-batch")


def test_filed_once_and_only_with_its_data() -> None:
    """Data is missing, or it is filed: refused."""
    case = Pure().coming()
    with refused("wrong-stage"):
        case.decide(commands.FileCoe, "office-1", batch="b1")
    case = filed()
    with refused("wrong-stage"):
        case.decide(commands.FileCoe, "office-1", batch="b2")


def test_more_documents_first() -> None:
    """Asked for at once, filed again."""
    case = filed()
    case.event("coe-result", batch="b1", result="more-documents", on=case.now.date())
    assert case.on(Track.COE) == Coe.MORE_DOCUMENTS
    assert case.notices("coe-more-documents") == [("coe-more-documents", "student")]
    assert "more-documents" in case.tasks()
    case.decide(commands.FileCoe, "office-1", batch="b1")
    assert (case.on(Track.COE), "more-documents" in case.tasks()) == (Coe.FILED, False)


def test_an_issued_certificate_is_valid_for_three_months() -> None:
    """Then it has expired, and so has what was built on it; a person chooses."""
    case = filed()
    case.event("coe-result", batch="b1", result="issued", on=date(2026, 12, 20))
    assert case.state.coe_until == date(2027, 3, 20)
    case.event("visa-result", result="applied", on=case.now.date())
    case.event("visa-result", result="granted", on=case.now.date())
    case.wait_until(jst(2027, 3, 22))
    assert (case.on(Track.COE), case.on(Track.VISA)) == (Coe.EXPIRED, Visa.WAITING_COE)
    assert "choose-after-denial" in case.tasks()
    case.decide(commands.ChooseAfterDenial, "head-1", choice="refile")
    assert case.on(Track.COE) == Coe.FILED


def test_a_certificate_that_ends_before_the_entry_is_no_certificate() -> None:
    """The gate looks at the day of the arrival."""
    case = filed().with_bed()
    case.event("coe-result", batch="b1", result="issued", on=date(2026, 12, 20))
    case.event("visa-result", result="applied", on=case.now.date())
    case.event("visa-result", result="granted", on=case.now.date())
    case.event("arrival-planned", slot=jst(2027, 4, 1, 10), port="nrt")
    assert case.process.missing(case.state) == {Stage.READY: ["coe"]}
    case.event("arrival-planned", slot=jst(2027, 3, 19, 10), port="nrt")
    assert case.state.stage == Stage.READY


@pytest.mark.parametrize(("choice", "stage"), [("defer", Stage.DEFERRED), ("cancel", Stage.COE_DENIED)])
def test_denied_gives_back_slot_tutor_scholarship_bed_and_frames_last_first(choice, stage) -> None:
    """Only when a person has chosen; the partner is told; each in a step of its own."""
    case = denied()
    assert case.state.stage == Stage.PRE_ARRIVAL
    assert case.owed() == ["quota", "bed", "tutor", "scholarship", "slot"]
    case.decide(commands.ChooseAfterDenial, "head-1", choice=choice, reason_id=REASON)
    assert case.state.stage == stage
    undone = [step.details["undone"] for step in case.log if step.step == "undo"]
    assert undone == ["slot", "scholarship", "tutor", "bed", "quota"]
    assert (case.owed(), case.live(), case.state.tutor, case.state.arrival) == ([], [], None, None)
    assert case.on(Track.DORMITORY) == Housing.RELEASED
    assert case.notices("mobility-ended") == [("mobility-ended", "coordinator")]


def test_a_deferral_is_a_linked_case_of_the_next_term() -> None:
    """Stored with the step that defers; the id tells the term, the rest is the same."""
    case = denied()
    case.decide(commands.ChooseAfterDenial, "head-1", choice="defer")
    (row,) = case.records("deferred")
    assert row["to"] == case.case_id.replace("27S", "27A") == case.state.deferred_to
    assert row["term"] == "27A"
    other = Pure(now=jst(2027, 3, 1), term="27A", deferred_from=case.case_id)
    assert other.state.stage == Stage.NOMINATED


def test_late_it_can_be_deferred_without_a_denial() -> None:
    """The office decides; what was filed is taken back at immigration by a person."""
    case = filed()
    case.decide(commands.Defer, "office-1")
    assert (case.state.stage, case.on(Track.COE)) == (Stage.DEFERRED, Coe.WITHDRAWN)
    assert "report-immigration" in case.tasks()
    case.decide(commands.ReportImmigration, "office-1")
    assert not case.state.tasks


def test_choosing_needs_a_denial() -> None:
    """Nothing was denied: refused."""
    case = filed()
    with refused("not-denied"):
        case.decide(commands.ChooseAfterDenial, "head-1", choice="cancel")


def test_a_refused_visa_is_a_choice_as_well() -> None:
    """Filed again at the embassy, put off, or the end."""
    case = Pure().with_status()
    other = Pure().coming()
    other.decide(commands.RecordCoeData, "office-1")
    other.decide(commands.FileCoe, "office-1", batch="b1")
    other.event("coe-result", batch="b1", result="issued", on=other.now.date())
    other.event("visa-result", result="refused", on=other.now.date())
    assert "choose-after-denial" in other.tasks()
    other.decide(commands.ChooseAfterDenial, "head-1", choice="refile")
    assert other.on(Track.VISA) == Visa.WAITING_COE
    other.event("visa-result", result="refused", on=other.now.date())
    other.decide(commands.ChooseAfterDenial, "head-1", choice="cancel")
    assert (other.state.stage, other.live()) == (Stage.VISA_REFUSED, [])
    assert case.on(Track.VISA) == Visa.GRANTED


def test_a_visa_needs_a_certificate() -> None:
    """Asked for before it: refused."""
    case = filed()
    with refused("coe-not-ready"):
        case.decide(commands.RecordVisaResult, "office-1", result="applied", on=case.now.date())
    with refused("in-future"):
        case.decide(
            commands.RecordCoeResult, "office-1", result="issued", on=case.now.date() + timedelta(days=1)
        )


def test_what_is_most_urgent_of_all_tracks_is_shown() -> None:
    """Whom it waits for and until when, by the track whose time comes first."""
    case = Pure().coming()
    assert waiting_for_whom(case.process, case.state) == "student"
    assert due_at(case.state) == case.due("coe-data")
    case.request_bed().offer_bed(days=3)
    assert due_at(case.state) == case.due("answer-bed")


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2027, 1, 31), date(2027, 4, 30)),
        (date(2027, 3, 15), date(2027, 6, 15)),
    ],
)
def test_months_end_on_a_day_that_there_is(day, later) -> None:
    """The last one of a shorter month."""
    assert months_later(day, 3) == later
