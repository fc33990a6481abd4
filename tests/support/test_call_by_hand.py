"""E14: a page that was not delivered is a page that nobody has answered."""

from schemas.kernel.case import Acknowledge, CompleteTask
from tests.support.builder import Pure
from tests.support.office import Office


def pages(case: Pure) -> list[str]:
    return [to for _, to in case.notices("page")]


def test_e14_whom_no_channel_reaches_is_passed_over_at_once_and_telephoned() -> None:
    """The second is paged without waiting for the silence of the first; the head has a task to call."""
    case = Pure(danger=True)
    assert pages(case) == ["staff:duty-1"]
    case.not_reached("duty-1")
    assert pages(case) == ["staff:duty-1", "staff:duty-2"]
    (task,) = [each for each in case.state.tasks.values() if each.kind == "call-by-hand"]
    assert (task.key, task.role) == ("call-by-hand:duty-1", "head_of_support")
    assert "notice-failed" not in case.tasks()
    case.decide(CompleteTask, "head-1", task=task.key)
    assert "call-by-hand" not in case.tasks()


def test_e14_another_channel_may_still_reach_them() -> None:
    """One of two channels failed: the office sees it, and nobody is passed over."""
    case = Pure(danger=True)
    case.not_reached("duty-1", last=False)
    assert pages(case) == ["staff:duty-1"]
    assert "notice-failed" in case.tasks()
    assert "call-by-hand" not in case.tasks()


def test_e14_who_has_acknowledged_is_not_passed_over() -> None:
    """By telephone perhaps: the mail that failed is of no consequence any more."""
    case = Pure(danger=True)
    case.decide(Acknowledge, "duty-1", deadline="page")
    case.not_reached("duty-1")
    assert pages(case) == ["staff:duty-1"]


def test_e14_rung_after_rung_is_passed_over_and_each_is_telephoned() -> None:
    """Mail is down: within a moment everybody up to the vice-president has been tried."""
    case = Pure(danger=True)
    for who in ("duty-1", "duty-2", "head-1"):
        case.not_reached(who)
    assert pages(case) == [f"staff:{who}" for who in ("duty-1", "duty-2", "head-1", "vice-1")]
    calls = sorted(key for key in case.state.tasks if key.startswith("call-by-hand"))
    assert calls == ["call-by-hand:duty-1", "call-by-hand:duty-2", "call-by-hand:head-1"]


async def test_e14_a_page_whose_address_is_refused_asks_the_second_at_once(office: Office) -> None:
    """Before real servers: the address cannot be written to, so the second has the page without any wait."""
    await office.owner.execute("UPDATE iehe.staff SET email = 'nobody' WHERE staff_id = 'duty-1'")
    case = await office.refer(danger=True)
    assert await case.until_sent("page") == ["duty-2"]
    await case.until("state -> 'tasks' ? 'call-by-hand:duty-1'")
