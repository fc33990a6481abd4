"""The play: cases come in, everybody acts, time is moved on, until every case has ended."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

import asyncpg
from temporalio.service import RPCError

from activities.kernel.case_log import broken_at
from embedded.mail import caught_mails
from workers.demo.scenario import Course, Scenario

T = TypeVar("T")

OPEN: Final = "SELECT * FROM iehe.cases WHERE closed_at IS NULL"
LAST_STEP: Final = timedelta(days=400)
AT_ONCE: Final = 64
PATIENCE: Final = 80
"""Steps after which whatever still waits for a person is left to the clock."""


@dataclass(frozen=True)
class Progress:
    """How far the play is; shown while it runs."""

    day: int
    stages: dict[str, int]
    events: int
    decisions: int
    notices: int
    phase: str = ""


@dataclass
class Outcome:
    """What became of the cases, and what must hold for it."""

    cases: int
    endings: dict[str, int]
    notices: dict[str, int]
    steps: int
    seconds: float
    moved_days: int
    open_cases: int
    broken_chains: int
    doubled_notices: int
    invariants: dict[str, int]
    """What must hold for the process: how often it does not."""
    phases: dict[str, float]
    """Of a course of its own: seconds for each part of it."""

    @property
    def sound(self) -> bool:
        """Whether every case has ended, every log's chain and all else holds, and no message came twice."""
        broken = sum(self.invariants.values())
        return not (self.open_cases or self.broken_chains or self.doubled_notices or broken)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {**asdict(self), "sound": self.sound}


async def play(scenario: Scenario[Any], show: Callable[[Progress], None]) -> Outcome:
    """Play the cases of a scenario to their end."""
    started, pool = time.monotonic(), scenario.servers.pool
    await scenario.prepare()
    opened = "SELECT count(*) >= $1 FROM iehe.cases WHERE version > 0 AND process = $2"
    await _until(lambda: pool.fetchval(opened, scenario.cases, scenario.process.name), within=120)
    if isinstance(scenario, Course):
        await scenario.run(partial(_show, scenario, show))
    else:
        await _by_turns(scenario, show)
    await _delivered(pool)
    await _show(scenario, show)
    return await outcome_of(scenario, time.monotonic() - started)


async def _by_turns(scenario: Scenario[Any], show: Callable[[Progress], None]) -> None:
    pool = scenario.servers.pool
    for _ in range(PATIENCE):
        open_cases = await pool.fetch(f"{OPEN} ORDER BY case_id")
        await _show(scenario, show)
        waiting = [case["case_id"] for case in open_cases if case["stage"] not in scenario.settled]
        if not waiting:
            break
        await _in_parts(open_cases, scenario.act)
        quiet = all(case["stage"] in scenario.settled | scenario.slow for case in open_cases)
        await _forward(scenario, waiting, scenario.step * 7 if quiet else scenario.step)
    await _forward(scenario, [case["case_id"] for case in await pool.fetch(OPEN)], LAST_STEP)


async def _until(holds: Callable[[], Awaitable[bool]], *, within: float) -> bool:
    for _ in range(int(within / 0.1)):
        if await holds():
            return True
        await asyncio.sleep(0.1)
    return False


async def _in_parts(items: Iterable[T], work: Callable[[T], Awaitable[object]]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> None:
        async with gate:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for item in items:
            group.create_task(one(item))


async def _forward(scenario: Scenario[Any], case_ids: list[str], span: timedelta) -> None:
    skipper = scenario.servers.skipper

    async def one(case_id: str) -> None:
        try:
            await skipper.fast_forward(skipper.client.get_workflow_handle(case_id), span)
        except RPCError:
            return  # it has ended meanwhile

    await _in_parts(case_ids, one)
    scenario.moved += span


async def _delivered(pool: asyncpg.Pool) -> None:
    done = (
        "SELECT NOT EXISTS (SELECT FROM iehe.cases WHERE closed_at IS NULL) AND "
        "NOT EXISTS (SELECT FROM iehe.notices WHERE state IN ('queued', 'sending', 'failed'))"
    )
    await _until(lambda: pool.fetchval(done), within=60)


async def _show(scenario: Scenario[Any], show: Callable[[Progress], None]) -> None:
    pool = scenario.servers.pool
    rows = await pool.fetch("SELECT stage, count(*) FROM iehe.cases GROUP BY stage")
    sent = await pool.fetchval("SELECT count(*) FROM iehe.notices WHERE state = 'accepted'")
    stages = {row["stage"]: row["count"] for row in rows}
    show(Progress(scenario.moved.days, stages, scenario.events, scenario.decisions, sent, scenario.phase))


async def outcome_of(scenario: Scenario[Any], seconds: float) -> Outcome:
    """What has become of the cases by now, `seconds` after the play began."""
    pool = scenario.servers.pool
    endings = await pool.fetch(
        "SELECT outcome || ' (' || outcome_by || ')' AS ending, count(*) FROM iehe.cases "
        "WHERE closed_at IS NOT NULL AND process = $1 GROUP BY 1 ORDER BY 2 DESC, 1",
        scenario.process.name,
    )
    notices = await pool.fetch("SELECT state, count(*) FROM iehe.notices GROUP BY 1")
    logs: dict[str, list[dict[str, object]]] = {}
    for entry in await pool.fetch("SELECT * FROM iehe.case_log ORDER BY case_id, version"):
        logs.setdefault(entry["case_id"], []).append({**entry, "details": json.loads(entry["details"])})
    caught = await asyncio.to_thread(caught_mails, scenario.servers.mail)
    mails = [str(mail.message["Message-ID"]) for mail in caught]
    return Outcome(
        cases=scenario.cases,
        endings={row["ending"]: row["count"] for row in endings},
        notices={row["state"]: row["count"] for row in notices},
        steps=sum(map(len, logs.values())),
        seconds=round(seconds, 1),
        moved_days=scenario.moved.days,
        open_cases=await pool.fetchval("SELECT count(*) FROM iehe.cases WHERE closed_at IS NULL"),
        broken_chains=sum(broken_at(entries) is not None for entries in logs.values()),
        doubled_notices=len(mails) - len(set(mails)),
        invariants=await scenario.invariants(),
        phases=scenario.phases,
    )
