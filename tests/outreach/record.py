"""Record the histories of requests that the replay test holds fixed, as `tests/replay/record.py` does.

Not collected with the tests: `make record-histories` names this file.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from schemas.outreach import commands
from schemas.outreach.stages import Stage
from tests.outreach.schools import Request, Schools
from tests.replay.recorded import client, keep, missing  # noqa: F401 - a fixture
from workflows.outreach.process import OUTREACH


async def closed(schools: Schools) -> Request:
    request = await schools.ask()
    await request.to_confirmed()
    await request.decide(commands.RecordPrepared, "office-1")
    await request.forward(days=61)
    await request.decide(commands.RecordHeld, "office-1", held=True, persons=38)
    await request.decide(commands.SubmitReport, "lecturer-1", remark_id=await request.text())
    await request.forward(days=92)
    return request


async def reported_late(schools: Schools) -> Request:
    """The contact is erased before the report comes."""
    request = await schools.ask()
    await request.to_confirmed()
    await request.forward(days=61)
    await request.decide(commands.RecordHeld, "office-1", held=True)
    await request.forward(days=92)
    await request.decide(commands.SubmitReport, "lecturer-1", remark_id=await request.text())
    return request


async def declined(schools: Schools) -> Request:
    request = await schools.ask()
    await request.decide(commands.DeclineRequest, "office-1", reason="topic")
    await request.forward(days=92)
    return request


async def cancelled_by_the_school(schools: Schools) -> Request:
    request = await schools.ask()
    await request.to_confirmed()
    await request.event("school-cancelled")
    await request.forward(days=92)
    return request


async def cancelled_by_the_office(schools: Schools) -> Request:
    request = await schools.ask()
    await request.to_offering()
    await request.decide(commands.CancelRequest, "office-1", reason="weather")
    await request.forward(days=92)
    return request


async def nobody_came(schools: Schools) -> Request:
    request = await schools.ask()
    await request.to_confirmed()
    await request.forward(days=61)
    await request.decide(commands.RecordHeld, "office-1", held=False)
    await request.forward(days=92)
    return request


async def running_after_silence_and_illness(schools: Schools) -> Request:
    """Silence, a late yes, illness, a closed school: another date is sought."""
    request = await schools.ask()
    await request.to_offering()
    await request.forward(days=11)
    await request.until("state -> 'asked' ->> 'lecturer-2' = 'asked'")
    await request.decide(commands.AnswerLecture, "lecturer-1", answer="yes")
    await request.decide(commands.ReleaseLecturer, "office-1", reason_id=await request.text())
    await request.until_stage(Stage.CHECKED)
    await request.decide(commands.NameLecturers, "office-1", lecturers=("lecturer-3",))
    day = request.dates[0].date().isoformat()
    await request.event("closure-announced", where="school", **{"from": day, "to": day})
    moved = {"dates": [request.dates[1]], "reason": "school-closed", "school_agreed": True}
    await request.decide(commands.Reschedule, "office-1", **moved)
    return request


async def running_unconfirmed(schools: Schools) -> Request:
    """The school never confirms: the date is open again by the clock."""
    request = await schools.ask()
    await request.to_offering()
    await request.decide(commands.AnswerLecture, "lecturer-1", answer="yes")
    await request.sent()
    await request.forward(days=61)
    await request.until_stage(Stage.WAITING_DATE)
    return request


async def running_confirmed(schools: Schools) -> Request:
    request = await schools.ask()
    await request.to_confirmed()
    return request


SCENARIOS: Final[dict[str, Callable[[Schools], Awaitable[Request]]]] = {
    scenario.__name__: scenario
    for scenario in (
        closed,
        reported_late,
        declined,
        cancelled_by_the_school,
        cancelled_by_the_office,
        nobody_came,
        running_after_silence_and_illness,
        running_unconfirmed,
        running_confirmed,
    )
}


@pytest.mark.parametrize("name", missing(OUTREACH.name, SCENARIOS))
async def test_record(name: str, schools: Schools) -> None:
    """Play a scenario that has no history yet and keep its."""
    request = await SCENARIOS[name](schools)
    keep(OUTREACH.name, name, await request.handle.fetch_history())
