"""Record the histories of support cases that the replay test holds fixed, as `tests/replay/record.py` does.

Not collected with the tests: `make record-histories` names this file.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import pytest

from schemas.kernel.case import Acknowledge, Escalate
from schemas.support import commands
from tests.replay.recorded import client, keep, missing  # noqa: F401 - a fixture
from tests.support.office import REFERRAL, Case, Office
from workflows.support.process import SUPPORT


async def closed(office: Office) -> Case:
    """Waited for, spoken to, resolved, reopened by the student, resolved again, closed by the clock."""
    case = await office.refer()
    await case.assign()
    await case.decide(commands.RecordContact, "counsellor-1", channel="phone", outcome="reached")
    until = datetime.now().astimezone() + timedelta(days=30)
    await case.decide(commands.Wait, "counsellor-1", on="student", until=until)
    await case.event("message-arrived", thread="t1", direction="in")
    await case.decide(commands.Resolve, "counsellor-1", code="helped")
    await case.event("message-arrived", thread="t1", direction="in")
    await case.decide(commands.Resolve, "counsellor-1", code="helped")
    await case.forward(days=20)
    await case.handle.result()
    return case


async def closed_unanswered(office: Office) -> Case:
    """Three attempts, a message, silence, a letter."""
    case = await office.refer()
    await case.assign()
    for _ in range(3):
        await case.decide(commands.RecordContact, "counsellor-1", channel="phone", outcome="missed")
    await case.forward(days=12)
    await case.handle.result()
    return case


async def advice_only(office: Office) -> Case:
    case = await office.refer(person=None)
    await case.decide(commands.Advise, "triage-1", reason_id=await case.text())
    await case.handle.result()
    return case


async def misdirected(office: Office) -> Case:
    case = await office.refer()
    await case.decide(commands.Misdirect, "triage-1", code="library")
    await case.handle.result()
    return case


async def left(office: Office) -> Case:
    case = await office.refer()
    await office.tell(str(REFERRAL["person"]), "student-left")
    await case.handle.result()
    return case


async def deceased(office: Office) -> Case:
    case = await office.refer()
    await case.assign()
    await office.tell(str(REFERRAL["person"]), "student-deceased")
    await case.handle.result()
    return case


async def running_after_a_crisis(office: Office) -> Case:
    """Paged, climbed, acknowledged, run out, attended, stood down."""
    case = await office.refer(danger=True)
    await case.until_sent("page")
    await case.forward(minutes=16)
    await case.decide(Acknowledge, "duty-2", deadline="page")
    await case.forward(minutes=31)
    await case.decide(commands.RecordContact, "duty-2", channel="phone", outcome="reached")
    reason = await case.text()
    await case.decide(
        commands.StandDown, "duty-2", owner="counsellor-1", unit="counselling", reason_id=reason
    )
    return case


async def running_escalated(office: Office) -> Case:
    """Escalated by hand, breached, lost by a silent owner, offered and taken."""
    case = await office.refer()
    await case.assign()
    await case.decide(Escalate, "counsellor-1", deadline="first-response", reason_id=await case.text())
    await case.decide(Acknowledge, "lead-1", deadline="first-response")
    await case.forward(days=8)
    await case.until("stage = 'triaged'")
    await case.decide(commands.Take, "counsellor-2")
    await case.decide(
        commands.Offer,
        "counsellor-2",
        to="nurse-1",
        unit="health",
        ground="danger",
        reason_id=await case.text(),
    )
    await case.decide(commands.Accept, "nurse-1")
    return case


async def linked(office: Office) -> Case:
    """Linked, told of something that goes to the other one, taken apart, linked again, ended as that."""
    older = await office.refer()
    case = await office.refer()
    reason = await case.text()
    await case.decide(commands.Link, "triage-1", into=older.handle.id, reason_id=reason)
    await case.until("NOT state -> 'deadlines' ? 'link-taken'")
    await case.decide(commands.Unlink, "triage-1", reason_id=reason)
    await older.until("state -> 'links' = '{}'")
    await case.decide(commands.Link, "triage-1", into=older.handle.id, reason_id=reason)
    await case.until("NOT state -> 'deadlines' ? 'link-taken'")
    await case.forward(days=33)
    await case.until("outcome = 'linked'")
    return case


async def running_unscored(office: Office) -> Case:
    """Nobody judges it: urgent at the day's end."""
    case = await office.refer()
    await case.forward(days=3)
    return case


SCENARIOS: Final[dict[str, Callable[[Office], Awaitable[Case]]]] = {
    scenario.__name__: scenario
    for scenario in (
        closed,
        closed_unanswered,
        advice_only,
        misdirected,
        left,
        deceased,
        linked,
        running_after_a_crisis,
        running_escalated,
        running_unscored,
    )
}


@pytest.mark.parametrize("name", missing(SUPPORT.name, SCENARIOS))
async def test_record(name: str, office: Office) -> None:
    """Play a scenario that has no history yet and keep its."""
    case = await SCENARIOS[name](office)
    keep(SUPPORT.name, name, await case.handle.fetch_history())
