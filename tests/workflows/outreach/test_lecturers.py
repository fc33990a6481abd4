"""Lecturers are asked in order, answer or stay silent, accept, and are replaced."""

from datetime import timedelta

import pytest

from schemas.kernel.refusals import Refusal
from schemas.outreach import commands
from schemas.outreach.stages import Stage
from tests.workflows.outreach.builder import (
    DATES,
    FIRST,
    REASON,
    SECOND,
    THIRD,
    People,
    Pure,
    in_stage,
    jst,
)

HOUR = timedelta(hours=1)


def test_o03_lecturers_are_asked_one_after_the_other() -> None:
    """The second hears of it when the first has declined, and not before."""
    case = Pure().to_offering()
    assert case.notices("lecture-request") == [("lecture-request", "staff:lecturer-1")]
    case.decide(commands.AnswerLecture, "lecturer-1", answer="no")
    assert case.state.asked == {"lecturer-1": "no", "lecturer-2": "asked"}
    assert case.last.notices[0].to == "staff:lecturer-2"


def test_o03_the_letter_holds_the_question_and_its_link() -> None:
    """Numbers, grade, title, dates and the decision by which it is answered; no school, no names."""
    (notice,) = Pure().to_offering().last.notices
    assert notice.facts["answer"] == "answer-lecture"
    assert notice.facts.keys() == {
        "answer",
        "kind",
        "title",
        "grade",
        "persons",
        "minutes",
        "dates",
        "due_at",
    }


def test_o03_silence_is_a_no_by_the_clock_after_seven_days() -> None:
    """Reminded on days 4 and 6; then the next one is asked, and the log says who did it."""
    case = Pure().to_offering()
    assert case.due("answer:lecturer-1").date() == jst(2026, 6, 8).date()
    case.wait_until(jst(2026, 6, 8, 12))
    assert case.notices("lecture-request") == [("lecture-request", "staff:lecturer-1")] * 3
    case.wait_until(jst(2026, 6, 9, 0, 1))
    assert case.last.actor.id == "clock"
    assert case.state.asked == {"lecturer-1": "silent", "lecturer-2": "asked"}


def test_o03_a_reminder_repeats_the_first_letter() -> None:
    """The same facts, the same way to answer."""
    case = Pure().to_offering()
    first = case.last.notices[0].facts
    case.wait_until(jst(2026, 6, 5, 12))
    again = case.last.notices[0].facts
    assert {name: again[name] for name in first} == first


@pytest.mark.parametrize("asked", [("lecturer-1", "lecturer-2"), ("lecturer-1",)])
def test_o03_a_late_yes_counts_while_nobody_else_has_accepted(asked) -> None:
    """Also when all have been silent; who is asked meanwhile is told that it is over."""
    case = Pure().to_offering(*asked)
    case.wait_until(jst(2026, 6, 10, 12))
    case.decide(commands.AnswerLecture, "lecturer-1", answer="yes")
    assert (case.state.stage, case.state.lecturer) == (Stage.OFFERED, "lecturer-1")
    told = [("lecture-released", "staff:lecturer-2")] if len(asked) > 1 else []
    assert case.notices("lecture-released") == told


def test_o03_a_late_yes_after_another_has_accepted_is_refused() -> None:
    """With words that say so."""
    case = Pure().to_offering()
    case.wait_until(jst(2026, 6, 10, 12))
    case.decide(commands.AnswerLecture, "lecturer-2", answer="yes")
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            case.decide(commands.AnswerLecture, "lecturer-1", answer="yes")
        assert refused.value.code == "lecture-taken"
        case.event("school-confirmed")


def test_o03_only_who_is_asked_answers_and_once() -> None:
    """Who waits in the queue, who was never named, and who has said no."""
    case = Pure().to_offering()
    for lecturer in ("lecturer-2", "lecturer-5"):
        with pytest.raises(Refusal, match="not asked"):
            case.decide(commands.AnswerLecture, lecturer, answer="yes")
    case.decide(commands.AnswerLecture, "lecturer-1", answer="no")
    with pytest.raises(Refusal, match="answered already"):
        case.decide(commands.AnswerLecture, "lecturer-1", answer="yes")


def test_o03_the_portal_may_tell_the_answer() -> None:
    """The same rule for the event."""
    case = Pure().to_offering()
    case.event("lecturer-answered", lecturer="lecturer-1", answer="yes", date=SECOND)
    assert (case.state.stage, case.state.date) == (Stage.OFFERED, SECOND)


def test_o03_a_question_never_outlasts_the_dates() -> None:
    """At short notice there are fewer than seven days."""
    case = Pure(now=FIRST - timedelta(days=3), dates=[FIRST.isoformat()], kind="online")
    case.decide(commands.PermitLate, "head-1", reason_id=REASON)
    case.to_offering()
    assert case.due("answer:lecturer-1") == FIRST


def test_o04_asking_reserves_nothing_and_accepting_does() -> None:
    """Two requests ask the same lecturer about one hour; the second yes is refused, a no is not."""
    people = People()
    case, other = Pure(people=people).to_offering(), Pure(people=people)
    other.case_id = other.stored["case_id"] = "outreach/S26-0002"
    other.to_offering()
    assert not people.booked
    case.decide(commands.AnswerLecture, "lecturer-1", answer="yes", date=FIRST)
    with pytest.raises(Refusal) as refused:
        other.decide(commands.AnswerLecture, "lecturer-1", answer="yes", date=FIRST)
    assert refused.value.code == "lecturer-busy"
    other.decide(commands.AnswerLecture, "lecturer-1", answer="yes")
    assert other.state.date == SECOND, "the first date at which they are free"


def busy(at, lecturer="lecturer-1", case="outreach/S26-0099"):
    """A booking of another case."""
    return (lecturer, at, at + HOUR, case)


def test_o04_who_is_busy_at_every_date_is_not_named() -> None:
    """At one of them is enough to be asked."""
    people = People(booked=[busy(FIRST), busy(SECOND)])
    Pure(people=people).to_offering("lecturer-1")
    people.booked.append(busy(THIRD))
    with pytest.raises(Refusal, match="another lecture"):
        Pure(people=people).to_offering("lecturer-1")


def test_o04_four_lectures_a_term_and_not_more() -> None:
    """The term of the date counts: the third date lies in the next one."""
    people = People(booked=[busy(jst(2026, 4, day, 10)) for day in (6, 7, 8, 9)])
    with pytest.raises(Refusal, match="4 lectures in that term"):
        Pure(people=people, dates=[FIRST.isoformat(), SECOND.isoformat()]).to_offering("lecturer-1")
    case = Pure(people=people).to_offering("lecturer-1")
    with pytest.raises(Refusal, match="4 lectures in that term"):
        case.decide(commands.AnswerLecture, "lecturer-1", answer="yes", date=FIRST)
    case.decide(commands.AnswerLecture, "lecturer-1", answer="yes")
    assert case.state.date == THIRD


def test_o04_who_is_no_lecturer_is_not_named() -> None:
    """Or has left."""
    with pytest.raises(Refusal, match="not an active lecturer"):
        Pure(people=People(active=set())).to_offering("lecturer-1")


def test_o01_nobody_named_asks_who_has_registered() -> None:
    """In their order, without those who cannot."""
    people = People(registered=("lecturer-4", "lecturer-3"), booked=[busy(at, "lecturer-4") for at in DATES])
    case = Pure(people=people).to_checked()
    case.decide(commands.NameLecturers, "office-1")
    assert case.state.asked == {"lecturer-3": "asked"}
    people.active.clear()
    other = Pure(people=people).to_checked()
    with pytest.raises(Refusal, match="Nobody free"):
        other.decide(commands.NameLecturers, "office-1")


@pytest.mark.parametrize("stage", [Stage.OFFERED, Stage.CONFIRMED, Stage.PREPARED])
def test_an_ill_lecturer_is_replaced_by_the_next_on_the_list(stage) -> None:
    """At the same date; the journey is void, and the lecturer is told so."""
    case = in_stage(stage)
    with pytest.raises(Refusal, match="reason"):
        case.decide(commands.ReleaseLecturer, "office-1")
    case.decide(commands.ReleaseLecturer, "office-1", reason_id=REASON)
    assert case.state.asked == {"lecturer-1": "released", "lecturer-2": "asked"}
    assert case.last.notices[-1].facts["dates"] == [FIRST.isoformat()]
    assert case.notices("lecture-released") == [("lecture-released", "staff:lecturer-1")]
    assert not case.people.booked


def test_the_school_hears_once_of_an_ill_lecturer() -> None:
    """When somebody else has accepted the date that it has confirmed, which then stays confirmed."""
    case = in_stage(Stage.PREPARED)
    before = len([to for _, to in case.notices() if to == "school"])
    case.decide(commands.ReleaseLecturer, "office-1", reason_id=REASON)
    case.decide(commands.AnswerLecture, "lecturer-2", answer="yes")
    assert (case.state.stage, case.state.lecturer) == (Stage.CONFIRMED, "lecturer-2")
    told = [message for message, to in case.notices() if to == "school"][before:]
    assert told == ["date-settled"]


def test_with_nobody_left_a_person_finds_another_way() -> None:
    """Else online, else move: the case is the office's again."""
    case = Pure().to_offering("lecturer-1")
    case.decide(commands.AnswerLecture, "lecturer-1", answer="yes")
    case.decide(commands.ReleaseLecturer, "office-1", reason_id=REASON)
    assert case.state.stage == Stage.CHECKED
    case.decide(commands.GoOnline, "office-1")
    case.decide(commands.NameLecturers, "office-1", lecturers=("lecturer-1",))
    assert case.last.notices[0].facts["kind"] == "online"


def test_k04_a_lecturer_is_never_confirmed_twice_at_a_time() -> None:
    """A move into an hour that is taken is refused, and everything stays as it was."""
    other = jst(2026, 11, 5, 13)
    case = Pure(people=People(booked=[busy(other)])).to_confirmed()
    with pytest.raises(Refusal, match="another lecture"):
        case.decide(
            commands.Reschedule,
            "office-1",
            dates=[other + timedelta(minutes=30)],
            reason="school-request",
            school_agreed=True,
            lecturer_agreed=True,
        )
    assert case.state.date == FIRST
