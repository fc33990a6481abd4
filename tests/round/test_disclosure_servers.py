"""Disclosure of scores before real servers: the workflow's own clock begins and ends it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from schemas.kernel.case import CompleteTask
from schemas.round import commands
from tests.conftest import Database
from tests.payloads import opened
from tests.round.rounds import Rounds, staffed

MARKS = {"A0001": (91, 92), "A0002": (83, 84)}
SCORES = ("91", "92", "83", "84", "183", "167")


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await staffed(connection)
    yield connection
    await connection.close()


async def test_r9_from_the_settled_round_to_its_end(rounds: Rounds) -> None:
    """By its own clock into June and out of it; a column is doubted, checked, and the head ends the round."""
    made = await rounds.announce()
    await made.judging(MARKS)
    await made.released()
    await made.enrolled()
    await made.forward(days=300)
    await made.until_stage("disclosing")
    await made.until("EXISTS (SELECT FROM iehe.tasks t WHERE t.key = 'close-round' AND t.closed_at IS NULL)")
    path = (await made.until_stage("disclosing"))["state"]
    assert path.index('"settled"') < path.index('"disclosing"')
    doubt = {"number": "A0002", "part": "math", "reason_id": await made.text()}
    await made.decide(commands.DoubtScore, "office-1", **doubt)
    assert "check-column:math" in await made.open_tasks()
    await made.decide(commands.ConfirmColumn, "checker-1", part="math", result="right")
    # the portal's clock is that of today: the applicant asks at another time of the year
    await made.event("disclosure-requested", application="A0001")
    told = "SELECT details ->> 'code' FROM iehe.case_log WHERE case_id = $1 AND step = 'refuse-event'"
    assert await rounds.owner.fetchval(told, made.case_id) == "disclosure-time"
    (looked_at,) = [task for task in await made.open_tasks() if task.startswith("look-at-event")]
    await made.decide(CompleteTask, "office-1", task=looked_at, reason_id=await made.text())
    await made.wound_up()
    await made.decide(commands.CloseRound, "head-1")
    assert await made.handle.result() == "closed"
    codec = rounds.skipper.client.data_converter.payload_codec
    assert codec is not None
    events = await opened([each async for each in made.handle.fetch_history_events()], codec)
    readable = "".join(str(each) for each in events)
    assert "confirm-column" in readable
    assert not [each for each in SCORES if f'"{each}"' in readable or f'\\"{each}\\"' in readable]
