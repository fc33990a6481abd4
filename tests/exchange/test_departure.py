"""The end of the stay: room, debts, ward office, transcript; and at the end nothing is owed."""

from datetime import date, timedelta

import pytest

from schemas.exchange import commands
from schemas.exchange.stages import Scholarship, Stage, Track
from tests.exchange.builder import Pure, jst, refused


def test_the_departure_begins_four_weeks_before_the_end() -> None:
    """Told to the student with the last day."""
    case = Pure().departing()
    assert case.state.stage == Stage.DEPARTING
    assert case.sent("leaving")[0].facts == {"due_on": "2027-08-20"}
    (step,) = [step for step in case.log if step.stage == Stage.DEPARTING and step.from_stage != step.stage]
    assert step.at.date() == date(2027, 7, 23)


def test_x17_leaving_in_order_names_all_that_is_missing() -> None:
    """Room, debts and ward office."""
    case = Pure().departing()
    case.event("debts-changed", open=True)
    case.wait_until(jst(2027, 8, 20, 12))
    with pytest.raises(Exception, match="room, debts, ward-office"):
        case.decide(commands.RecordDeparture, "office-1", on=date(2027, 8, 20))
    case.event("checked-out", on=date(2027, 8, 20))
    case.decide(commands.RecordDebts, "office-1", open=False)
    case.decide(commands.RecordWardOffice, "office-1")
    case.decide(commands.RecordDeparture, "office-1", on=date(2027, 8, 20))
    assert case.state.stage == Stage.DEPARTED
    assert case.records("arrival-seen")[-1] == {"kind": "arrival-seen", "on": "2027-08-20", "left": True}


def test_a_transcript_needs_all_grades_or_is_partial_and_no_debts() -> None:
    """Released by the registrar, on the revision that was seen; then the case is complete by itself."""
    case = Pure().departed()
    assert {"chase-grades", "release-transcript"} <= case.tasks()
    with refused("grades-open"):
        case.decide(commands.ReleaseTranscript, "registrar-1", version=1)
    case.event("debts-changed", open=True)
    with refused("debts-open"):
        case.decide(commands.ReleaseTranscript, "registrar-1", version=1, partial=True)
    case.event("debts-changed", open=False)
    with refused("stale-nomination"):
        case.decide(commands.ReleaseTranscript, "registrar-1", version=2, partial=True)
    case.decide(commands.ReleaseTranscript, "registrar-1", version=1, partial=True)
    assert (case.state.stage, case.state.transcript) == (Stage.COMPLETED, "partial")
    assert case.sent("transcript-released")[0].facts == {"partial": True}


def test_late_grades_are_chased_at_six_and_eight_weeks() -> None:
    """First the registrar, then the head too."""
    case = Pure().departed()
    case.wait(days=58)
    reminded = [each.to for each in case.sent() if each.facts.get("task") == "transcript"]
    assert reminded == ["role:registrar", "role:registrar", "role:head_of_exchange"]
    case.event("grades-ready")
    case.decide(commands.ReleaseTranscript, "registrar-1", version=1)
    assert case.state.transcript == "released"


@pytest.mark.parametrize("told", [["interest"], ["interest", "nominate"], ["nominate", "substitute"]])
def test_a_stay_that_ends_ends_the_hope_for_a_scholarship(told: list[str]) -> None:
    """Found by a play: a completed student was on the substitute list for ever."""
    case = Pure()
    case.in_term()
    for what in told:
        command = commands.RecordScholarship if what == "substitute" else commands.ApplyScholarship
        field = "result" if what == "substitute" else "what"
        case.decide(command, "office-1", **{field: what})
    case.wait_until(jst(2027, 8, 20, 12))
    case.event("checked-out", on=date(2027, 8, 20))
    case.decide(commands.RecordWardOffice, "office-1")
    case.decide(commands.RecordDeparture, "office-1", on=date(2027, 8, 20))
    assert (case.on(Track.SCHOLARSHIP), case.owed()) == (Scholarship.NOT_GRANTED, [])
    assert "nominate-scholarship" not in case.tasks()


def test_a_completed_stay_owes_nothing_and_keeps_its_place() -> None:
    """Tutor and scholarship are ended, the bed is free from the next day; the place was used."""
    case = Pure()
    case.in_term().granted()
    case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    case.wait_until(jst(2027, 8, 20, 12))
    case.event("checked-out", on=date(2027, 8, 20))
    case.decide(commands.RecordWardOffice, "office-1")
    case.decide(commands.RecordDeparture, "office-1", on=date(2027, 8, 20))
    case.decide(commands.RecordGrades, "faculty-1")
    case.decide(commands.ReleaseTranscript, "registrar-1", version=1)
    assert (case.state.stage, case.owed(), case.state.tutor) == (Stage.COMPLETED, [], None)
    assert case.on(Track.SCHOLARSHIP) == Scholarship.ENDED
    assert case.places[f"{case.case_id}#quota"]["state"] == "taken"
    assert case.places["dormitory/north/27S#bed-1"]["lines"][0]["until"] == "2027-08-23"


def test_nothing_happens_after_an_ending() -> None:
    """No deadline, no reminder, and facts are handed to a person."""
    case = Pure().completed()
    count = len(case.log)
    case.wait(days=400)
    assert len(case.log) == count
    assert not case.state.deadlines
    assert case.event_or_task("debts-changed", open=True).details["code"] == "case-closed"


def test_nobody_leaves_tomorrow() -> None:
    """A departure is recorded when it was."""
    case = Pure().departing()
    with refused("in-future"):
        case.decide(commands.RecordDeparture, "office-1", on=case.now.date() + timedelta(days=1))
