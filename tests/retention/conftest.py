"""A database in which things are old, and sweeps of it."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from temporalio.client import Client

from activities.kernel.retention import sweep
from activities.kernel.scheduled import Tools
from cases.registry import ROOMS
from schemas.admission.commands import Withdraw
from schemas.kernel.schedules import Occasion
from tests.office import Case, Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workers.policies import load_defaults

# ruff: noqa: F811 - fixtures are imported and asked for by name

CASE = """
INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, closed_at, state)
VALUES ($1, 'admission-review', 1, 'withdrawn', now(), now(), now() - $2 * interval '1 day', '{}')
"""
EVENT = """
INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state, taken, ended_at)
SELECT 'urn:portal', gen_random_uuid()::text, 't', 'admission-review', $1, '{}', $2, $3,
       now() - $4 * interval '1 day' FROM generate_series(1, $5) AS n
"""
NOTICE = """
INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind, recipient_id, facts,
                          state, queued_at)
VALUES (gen_random_uuid()::text, $1, 1, 'admission-review', 'm', 'applicant', 'x', '{}', $2,
        now() - $3 * interval '1 day')
"""
TEXT = """
WITH key AS (
    INSERT INTO iehe.case_keys (case_id, class_key, wrapped) VALUES ($1, 'none', '') ON CONFLICT DO NOTHING
)
INSERT INTO iehe.texts (text_id, case_id, author, sealed, created_at)
VALUES (gen_random_uuid(), $1, $2, 'x', now() - $3 * interval '1 day') RETURNING text_id
"""
OLD, OVER = "admission/OLD-1", 500


@dataclass
class Archive:
    """What a test puts in, and what is left."""

    owner: asyncpg.Pool
    tools: Tools

    async def case(self, case_id: str = OLD, *, ended_days: float | None = OVER) -> str:
        await self.owner.execute(CASE, case_id, ended_days)
        return case_id

    async def events(
        self,
        case_id: str,
        state: str = "delivered",
        *,
        taken: bool = True,
        days: float = OVER,
        count: int = 1,
    ) -> None:
        await self.owner.execute(EVENT, case_id, state, taken, days, count)

    async def notice(self, case_id: str, state: str, days: float = OVER) -> None:
        await self.owner.execute(NOTICE, case_id, state, days)

    async def text(self, case_id: str, author: str = "office-1", days: float = OVER) -> Any:
        return await self.owner.fetchval(TEXT, case_id, author, days)

    async def rule(self, **changes: Any) -> None:
        """Change the retention of the policy in force."""
        await self.owner.execute(
            "UPDATE iehe.policies SET body = jsonb_set(body, '{retention}', (body -> 'retention') || $1)",
            json.dumps(changes),
        )

    async def sweep(self, run: str = "scheduled/retention-test", fault: Any = None) -> dict[str, int]:
        """A whole run, batch by batch; what it counted."""
        tools = Tools(self.tools.pool, self.tools.client, ROOMS, fault) if fault else self.tools
        occasion = Occasion(work="retention", scheduled_at="2026-11-26T03:30:00+09:00", run=run)
        counts: dict[str, int] = {}
        position: Any = None
        while True:
            batch = await sweep(tools, occasion, position)
            for name, count in batch.counts.items():
                counts[name] = counts.get(name, 0) + count
            if batch.position is None:
                return counts
            position = batch.position

    async def value(self, query: str, *values: Any) -> Any:
        return await self.owner.fetchval(query, *values)

    async def states(self, table: str) -> list[str]:
        rows = await self.owner.fetch(f"SELECT state FROM iehe.{table} ORDER BY 1")  # noqa: S608 - the test's own
        return [row["state"] for row in rows]


@pytest.fixture
async def archive(pool: asyncpg.Pool, worker_pool: asyncpg.Pool, client: Client) -> Archive:
    async with pool.acquire() as connection:
        await load_defaults(connection, "admission")
    return Archive(pool, Tools(worker_pool, client, ROOMS))


async def everywhere(pool: asyncpg.Pool, text: str) -> dict[str, int]:
    """In how many rows of which tables a text stands, in any column."""
    tables = await pool.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'iehe'"
    )
    counts = {
        row["name"]: await pool.fetchval(
            f"SELECT count(*) FROM {row['name']} t WHERE position($1 IN t::text) > 0",  # noqa: S608
            text,
        )
        for row in tables
    }
    return {name: count for name, count in counts.items() if count}


@pytest.fixture
def ended(institute: Institute) -> Callable[[], Awaitable[Case]]:
    """Make a case that was withdrawn six years ago, with its history in Temporal."""

    async def make(years: int = 6) -> Case:
        case = await institute.apply()
        await case.until_stage("completeness")
        await case.event("fee-paid")
        reason = await case.text("退学者の見本")
        await case.decide(Withdraw, "office-1", reason="personal")
        await case.result()
        assert reason
        await institute.pool.execute(
            "UPDATE iehe.cases SET closed_at = closed_at - make_interval(years => $2) WHERE case_id = $1",
            case.case_id,
            years,
        )
        return case

    return make
