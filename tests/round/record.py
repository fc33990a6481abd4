"""Record the histories of rounds that the replay test holds fixed, as `tests/replay/record.py` does.

Not collected with the tests: `make record-histories` names this file.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import pytest

from cases.batches import load_batch
from schemas.round import commands
from schemas.round.rejudgment import ConfirmRejudgment, OpenRejudgment
from tests.conftest import Database
from tests.pure import TOKYO
from tests.replay.recorded import client, keep, missing  # noqa: F401 - a fixture
from tests.round.bureau import application
from tests.round.calling import BEGINS, enrolled
from tests.round.rounds import CLOSES, RELEASE, Round, Rounds, staffed
from tests.round.test_first_stage import staged_rules
from tests.round.test_first_stage_servers import out
from workflows.round.process import ROUND

MARKS: Final = {"A0001": (90, 90), "A0002": (80, 80), "A0003": (70, 70)}
POLICIES: Final[dict[str, dict[str, Any]]] = {
    "running_scoring": {"rules": staged_rules()},
    "running_supplementing": {"waitlist": {"law": 6, "mech": 6, "elec": 6}},
}
"""What a scenario changes of the policy."""


@pytest.fixture
async def owner(database: Database, name: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await staffed(connection, **POLICIES.get(name, {}))
    yield connection
    await connection.close()


async def closed(rounds: Rounds) -> Round:
    """Released, settled, disclosed; handed over, compared, summed up, and the head ends it."""
    made = await rounds.announce()
    await made.judging(MARKS)
    await made.released()
    await made.enrolled()
    await made.forward(days=300)
    await made.until("EXISTS (SELECT FROM iehe.tasks t WHERE t.key = 'close-round' AND t.closed_at IS NULL)")
    await made.wound_up()
    await made.decide(commands.CloseRound, "head-1")
    await made.handle.result()
    return made


async def running_rejudged(rounds: Rounds) -> Round:
    """A score was wrong after the release: judged again, and who was wronged has a place."""
    made = await rounds.announce()
    await made.judging(MARKS)
    await made.released()
    await made.decide(OpenRejudgment, "head-1", error="score-wrong", reason_id=await made.text())
    await made.scores({"A0003": (95, 95)})
    await made.decide(ConfirmRejudgment, "checker-1", hash=await made.recomputed())
    await made.forward(minutes=1)
    await made.until("state ->> 'rejudgment' IS NULL")
    return made


async def running_scoring(rounds: Rounds) -> Round:
    """Behind a first stage: who goes on has heard of it, and scores are awaited."""
    made = await rounds.announce()
    await made.fixed()
    for number in MARKS:
        await made.applies(number)
    await made.applied(len(MARKS))
    await made.forward(days=CLOSES.days, hours=1)
    await made.until_stage("first-stage")
    await made.scores({number: (None, english) for number, (_, english) in MARKS.items()})
    await made.until("state -> 'tasks' ? 'prepare-list:first-law'")
    await out(made)
    return made


async def running_supplementing(rounds: Rounds) -> Round:
    """Both places came back: one is given to whom the office has reached, and another one is called."""
    made = await rounds.announce()
    await made.judging({**MARKS, "A0004": (60, 60), "A0005": (50, 50)})
    await made.released()
    await made.forward(seconds=(BEGINS - timedelta(hours=1) - (made.began + RELEASE)).total_seconds())
    listed = await load_batch(rounds.door, "office-1", made.case_id, ROUND.name, enrolled(()))
    await made.decide(commands.AcceptBatch, "office-1", batch=listed["batch"], hash=listed["hash"])
    await made.forward(hours=1, minutes=1)
    await made.until_stage("supplementing")
    for number in ("A0001", "A0002"):
        given_back = {"how": "release", "place": f"{made.case_id}#{number}", "reason": "declined"}
        await rounds.owner.execute(
            "SELECT iehe.change_places($1, 1, $2, 'portal', $3)",
            *(application(number), datetime.now(TOKYO), json.dumps([given_back])),
        )
    await made.until(
        "(SELECT count(*) FROM jsonb_object_keys(state -> 'tasks') AS k WHERE k LIKE 'call-applicant:%') = 2"
    )
    for outcome in ("no-answer", "accepts"):
        await made.forward(hours=1, minutes=1)
        said = {"number": "A0003", "programme": "law", "outcome": outcome}
        await made.decide(commands.RecordContact, "office-1", **said)
    return made


async def cancelled(rounds: Rounds) -> Round:
    """Called off while lists are judged."""
    made = await rounds.announce()
    await made.judging(MARKS)
    await made.decide(commands.CancelRound, "head-1", reason_id=await made.text())
    await made.handle.result()
    return made


async def running_held(rounds: Rounds) -> Round:
    """Confirmed, scheduled, held; then a score was wrong, and all is judged again."""
    made = await rounds.announce()
    await made.judging(MARKS)
    await made.confirmed()
    await made.scheduled()
    await made.decide(commands.HoldRelease, "head-1", reason="score-wrong")
    await made.scores({**MARKS, "A0003": (99, 99)})
    await made.until_stage("judging")
    return made


async def running_incomplete(rounds: Rounds) -> Round:
    """A score is missing: lists wait."""
    made = await rounds.announce()
    await made.fixed()
    await made.applies("A0001")
    await made.until("(SELECT count(*) FROM iehe.round_applications) > 0")
    await made.decide(commands.SetOfferLimit, "head-1", frame="law", number=3, minute_no="2027-11")
    await made.forward(days=61)
    await made.scores({"A0001": (90,)})
    await made.until_stage("gate")
    return made


SCENARIOS: Final[dict[str, Callable[[Rounds], Awaitable[Round]]]] = {
    scenario.__name__: scenario
    for scenario in (
        closed,
        cancelled,
        running_held,
        running_incomplete,
        running_rejudged,
        running_scoring,
        running_supplementing,
    )
}


@pytest.mark.parametrize("name", missing(ROUND.name, SCENARIOS))
async def test_record(name: str, rounds: Rounds) -> None:
    """Play a scenario that has no history yet and keep its."""
    made = await SCENARIOS[name](rounds)
    keep(ROUND.name, name, await made.handle.fetch_history())
