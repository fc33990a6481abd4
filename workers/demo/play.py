"""The play: import a cohort, let everybody act, move time on, until every case has ended."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final, TypeVar
from uuid import uuid4

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.admission.applications import store_applications, store_staff
from activities.kernel.case_log import broken_at
from cases.starting import start_case
from embedded.mail import caught_mails
from schemas.admission.identifiers import ROUND_ATTRIBUTE, admission_case_id
from spreadsheets.admission.checking import check_file
from spreadsheets.admission.sample_files import write_csv, write_staff_csv
from spreadsheets.admission.samples import sample_applications, sample_staff
from spreadsheets.staff import check_staff_file
from workers.demo.people import Cast
from workers.demo.servers import Servers

T = TypeVar("T")

ROUND: Final = "2027-comprehensive"
STEP: Final = timedelta(days=3)
LAST_STEP: Final = timedelta(days=400)
AT_ONCE: Final = 64
PATIENCE: Final = 80
"""Steps after which whatever still waits for a person is left to the clock."""


@dataclass
class Course:
    """How far the play is; shown while it runs."""

    day: int = 0
    stages: dict[str, int] = field(default_factory=dict)
    events: int = 0
    decisions: int = 0
    notices: int = 0


@dataclass
class Outcome:
    """What became of the cohort, and what must hold for it."""

    applications: int
    endings: dict[str, int]
    notices: dict[str, int]
    steps: int
    seconds: float
    moved_days: int
    open_cases: int
    broken_chains: int
    doubled_notices: int

    @property
    def sound(self) -> bool:
        """Whether every case has ended, every log's chain holds, and no message was sent twice."""
        return not (self.open_cases or self.broken_chains or self.doubled_notices)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {**asdict(self), "sound": self.sound}


async def play(
    servers: Servers, *, rows: int, seed: int, folder: Path, show: Callable[[Course], None]
) -> Outcome:
    """Play `rows` applications to their end."""
    started = time.monotonic()
    await _import(servers, rows, seed, folder)
    cast = Cast(servers, random.Random(seed))  # noqa: S311 - a play
    skipper = TimeSkipper(servers.client, config=TimeSkippingConfig(enabled=False))
    course = Course()
    for _ in range(PATIENCE):
        open_cases = await servers.pool.fetch("SELECT * FROM iehe.cases WHERE closed_at IS NULL")
        await _show(servers, course, cast, show)
        waiting = [case["case_id"] for case in open_cases if case["stage"] != "rejected"]
        if not waiting:
            break
        await _in_parts(open_cases, cast.act)
        quiet = all(case["stage"] in ("rejected", "waitlisted") for case in open_cases)
        span = STEP * 7 if quiet else STEP
        await _forward(servers.client, skipper, waiting, span)
        course.day += span.days
    rest = await servers.pool.fetch("SELECT case_id FROM iehe.cases WHERE closed_at IS NULL")
    await _forward(servers.client, skipper, [case["case_id"] for case in rest], LAST_STEP)
    course.day += LAST_STEP.days
    await _delivered(servers)
    await _show(servers, course, cast, show)
    return await _outcome(servers, rows, time.monotonic() - started, course.day)


async def _import(servers: Servers, rows: int, seed: int, folder: Path) -> None:
    file, staff = folder / "applications.csv", folder / "staff.csv"
    write_csv(file, sample_applications(rows, seed, ROUND), encoding="cp932")
    write_staff_csv(staff, sample_staff())
    checked = check_file(file, round_id=ROUND, known_programmes=None, today=date(2026, 12, 31))
    async with servers.pool.acquire() as connection:
        await store_staff(connection, [row.data for row in check_staff_file(staff).rows])
        places = max(1, rows // 24)
        await connection.execute("UPDATE iehe.round_places SET places = $1", places)
        await store_applications(
            connection,
            checked.rows,
            file_sha256=uuid4().hex,
            round_id=ROUND,
            skipped=0,
            imported_by="demo",
        )
    skipping = TimeSkipper(servers.client, config=TimeSkippingConfig(enabled=False)).client
    await _in_parts(
        [row.data.application_no for row in checked.rows],
        lambda number: start_case(skipping, admission_case_id(number), {ROUND_ATTRIBUTE: ROUND}),
    )
    opened = "SELECT count(*) >= $1 FROM iehe.cases WHERE version > 0"
    await _until(lambda: servers.pool.fetchval(opened, rows), within=120)


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


async def _forward(client: Client, skipper: TimeSkipper, case_ids: list[str], span: timedelta) -> None:
    async def one(case_id: str) -> None:
        try:
            await skipper.fast_forward(client.get_workflow_handle(case_id), span)
        except RPCError:
            return  # it has ended meanwhile

    await _in_parts(case_ids, one)


async def _delivered(servers: Servers) -> None:
    done = (
        "SELECT NOT EXISTS (SELECT FROM iehe.cases WHERE closed_at IS NULL) AND "
        "NOT EXISTS (SELECT FROM iehe.notices WHERE state IN ('queued', 'sending', 'failed'))"
    )
    await _until(lambda: servers.pool.fetchval(done), within=60)


async def _show(servers: Servers, course: Course, cast: Cast, show: Callable[[Course], None]) -> None:
    rows = await servers.pool.fetch("SELECT stage, count(*) FROM iehe.cases GROUP BY stage")
    course.stages = {row["stage"]: row["count"] for row in rows}
    course.events, course.decisions = cast.events, cast.decisions
    course.notices = await servers.pool.fetchval("SELECT count(*) FROM iehe.notices WHERE state = 'accepted'")
    show(course)


async def _outcome(servers: Servers, rows: int, seconds: float, days: int) -> Outcome:
    pool = servers.pool
    endings = await pool.fetch(
        "SELECT outcome || ' (' || outcome_by || ')' AS ending, count(*) FROM iehe.cases "
        "WHERE closed_at IS NOT NULL GROUP BY 1 ORDER BY 2 DESC"
    )
    notices = await pool.fetch("SELECT state, count(*) FROM iehe.notices GROUP BY 1")
    logs: dict[str, list[dict[str, object]]] = {}
    for entry in await pool.fetch("SELECT * FROM iehe.case_log ORDER BY case_id, version"):
        logs.setdefault(entry["case_id"], []).append({**entry, "details": json.loads(entry["details"])})
    mails = await asyncio.to_thread(_message_ids, servers.mail)
    return Outcome(
        applications=rows,
        endings={row["ending"]: row["count"] for row in endings},
        notices={row["state"]: row["count"] for row in notices},
        steps=sum(map(len, logs.values())),
        seconds=round(seconds, 1),
        moved_days=days,
        open_cases=await pool.fetchval("SELECT count(*) FROM iehe.cases WHERE closed_at IS NULL"),
        broken_chains=sum(broken_at(entries) is not None for entries in logs.values()),
        doubled_notices=len(mails) - len(set(mails)),
    )


def _message_ids(folder: Path) -> list[str]:
    return [str(mail.message["Message-ID"]) for mail in caught_mails(folder)]
