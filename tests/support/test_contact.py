"""E7, E9, E16, S12, S13, P5: attempts, silence, machine mail, the referrer, endings."""

from schemas.support import commands
from schemas.support.stages import Stage
from tests.support.builder import REASON, Pure, jst, refused


def test_e07_three_attempts_then_a_message_then_silence_then_a_letter() -> None:
    """Called again in time, then written to; after seven silent days closed with a letter."""
    case = Pure().assigned()
    case.missed()
    assert "call-again" in case.tasks()
    case.missed()
    case.missed()
    assert case.notices("please-answer") == [("please-answer", "student")]
    assert "call-again" not in case.tasks()
    case.wait(days=9)
    assert case.state.stage == Stage.CLOSED
    assert case.notices("closed-unanswered") == [("closed-unanswered", "student")]


def test_e07_an_answer_ends_the_silence() -> None:
    """The student writes: nothing is closed."""
    case = Pure().assigned()
    for _ in range(3):
        case.missed()
    case.event("message-arrived", thread="t1", direction="in")
    assert "silence" not in case.state.deadlines


def test_e07_an_urgent_case_is_looked_after_when_nobody_tries_again() -> None:
    """Within a working day, or somebody goes and looks."""
    case = Pure().assigned(distress=3)
    case.missed()
    case.wait_until(jst(2026, 11, 17, 18, 30))
    assert "welfare-check" in case.tasks()


def test_e09_only_levels_3_and_4_are_closed_by_silence() -> None:
    """Three failed attempts at level 2 are a welfare check and never a letter."""
    case = Pure().assigned(distress=3)
    for _ in range(3):
        case.missed()
    assert "welfare-check" in case.tasks()
    assert "silence" not in case.state.deadlines


def test_e09_a_level_that_was_raised_meanwhile_is_not_closed() -> None:
    """Who is at risk is not waited for: somebody goes and looks, at once."""
    case = Pure().assigned()
    for _ in range(3):
        case.missed()
    case.decide(commands.Rescore, "counsellor-1", distress=3, distress_reason_id=REASON)
    assert "welfare-check" in case.tasks()
    case.wait(days=9)
    assert case.state.stage != Stage.CLOSED
    assert "look-at-deadline" not in case.tasks()


def test_e16_machine_mail_is_kept_and_counts_for_nothing() -> None:
    """OsTicket 1041: no answer, no reopening, no clock; it is in the log."""
    case = Pure().waiting()
    case.event("message-arrived", thread="t1", direction="in", automatic=True)
    assert case.last.step == "message-arrived"
    assert case.last.details["automatic"] is True
    assert case.state.stage == Stage.WAITING
    assert case.state.deadlines["resolution"].paused_at is not None


def test_e16_a_bounce_is_an_attempt_that_failed() -> None:
    """What did not arrive has reached nobody."""
    case = Pure().assigned()
    case.event("message-bounced", thread="t1")
    assert case.state.attempts == 1


def test_s13_what_somebody_else_wrote_is_never_the_students() -> None:
    """A referrer's mail neither reopens nor answers."""
    case = Pure().waiting()
    case.event("message-arrived", thread="t1", direction="in", sender="referrer")
    assert case.state.stage == Stage.WAITING
    assert "update" not in case.state.deadlines


def test_p05_the_referrer_hears_that_contact_was_made_or_missed_and_nothing_else() -> None:
    """Received, missed, made; no stage, no level, no name."""
    case = Pure().assigned()
    case.missed()
    case.missed()
    case.reached()
    case.decide(commands.Resolve, "counsellor-1", code="helped")
    heard = [message for message, to in case.notices() if to == "referrer"]
    assert heard == ["referral-received", "contact-missed", "contact-made"]
    assert all(not notice.facts for notice in case.sent() if notice.to == "referrer")


def test_s12_advice_and_danger_need_no_name() -> None:
    """An anonymous referral is advised, or pages; nobody who refers is written to."""
    case = Pure(anonymous=True, referrer=False)
    assert case.notices() == []
    case.decide(commands.Advise, "triage-1", reason_id=REASON)
    assert case.state.outcome == Stage.ADVICE_ONLY
    assert Pure(anonymous=True, danger=True).crisis == "open"


def test_misdirected_the_referrer_hears_where_to_turn() -> None:
    """With a code of the policy's list."""
    case = Pure()
    with refused("unknown-code"):
        case.decide(commands.Misdirect, "triage-1", code="moon")
    case.decide(commands.Misdirect, "triage-1", code="library")
    assert ("referred-elsewhere", "referrer") in case.notices()


def test_deceased_nothing_more_is_due_or_sent() -> None:
    """Appointments, ladders and clocks are gone."""
    case = Pure().in_contact()
    case.event("student-deceased")
    assert case.state.outcome == Stage.DECEASED
    count = len(case.sent())
    case.wait(days=60)
    assert len(case.sent()) == count


def test_left_the_case_ends_unless_there_is_a_crisis() -> None:
    """Who has left the university and is in danger is still looked after."""
    case = Pure().in_contact()
    case.decide(commands.SignalDanger, "counsellor-1", reason_id=REASON)
    case.event_or_task("student-left")
    assert not case.state.closed
    other = Pure().in_contact()
    other.event("student-left")
    assert other.state.outcome == Stage.LEFT


def test_waited_long_enough_it_is_our_turn() -> None:
    """The day comes, and the owner has a task."""
    case = Pure().waiting(days=2)
    case.wait(days=3)
    assert case.state.stage == Stage.IN_CONTACT
    assert "follow-up" in case.tasks()


def test_resolution_overdue_is_reviewed() -> None:
    """It has taken as long as it may: the lead looks at it."""
    case = Pure().in_contact()
    for _ in range(60):
        case.wait(days=1)
        case.reached()
    assert "review-case" in case.tasks()
