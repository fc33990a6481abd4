"""Links test 12: support tells which kinds of concerns repeat, once a band, and nothing of the cases."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from activities.kernel.database import open_pool
from activities.kernel.scheduled import Tools
from activities.support.kinds import KINDS_WORK, band_of
from cases.homes import home_of
from schemas.kernel.schedules import Occasion
from workers.schedules import works_in

CASE = """
INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state)
VALUES ($1, 'support-case', 1, 'triaged', now(), now(), '{}')
"""
REFERRAL = """
INSERT INTO iehe.support_referrals (case_id, received_at, way, language, danger, urgent, words)
VALUES ($1, $2, 'form', 'ja', false, false, gen_random_uuid())
"""
SCORE = """
INSERT INTO iehe.support_scores (case_id, version, at, by, distress, level, kind)
VALUES ($1, $2, now(), 'triage-1', 1, 3, $3)
"""


class Concerns:
    """Concerns as triage has judged them, and what is told of them."""

    def __init__(self, owner: asyncpg.Connection, pool: asyncpg.Pool) -> None:
        self.owner, self.pool, self.count = owner, pool, 0

    async def come(self, kind: str, many: int = 1, at: datetime | None = None) -> list[str]:
        cases = []
        for _ in range(many):
            self.count += 1
            case_id = f"support/CASE-{self.count:04}"
            await self.owner.execute(CASE, case_id)
            await self.owner.execute(REFERRAL, case_id, at or datetime.now(UTC))
            await self.owner.execute(SCORE, case_id, 1, kind)
            cases.append(case_id)
        return cases

    async def night(self) -> dict[str, int]:
        occasion = Occasion(work=KINDS_WORK.name, scheduled_at=datetime.now(UTC), run="run")
        tools: Any = Tools(self.pool, None, {})  # type: ignore[arg-type]
        return (await KINDS_WORK.run(tools, occasion, None)).counts

    async def told(self) -> list[dict[str, Any]]:
        rows = await self.owner.fetch("SELECT data FROM iehe.facts ORDER BY told_at, key")
        return [json.loads(row["data"]) for row in rows]


@pytest.fixture
async def concerns(database, owner: asyncpg.Connection) -> AsyncIterator[Concerns]:
    pool = await open_pool(database.url("worker", home_of("support").name), size=2)
    yield Concerns(owner, pool)
    await pool.close()


async def test_12_the_fifth_of_a_kind_in_a_term_is_told_once(concerns: Concerns) -> None:
    """Of four nothing; of five the band; of six nothing more."""
    await concerns.come("study", 4)
    assert (await concerns.night(), await concerns.told()) == ({}, [])
    await concerns.come("study")
    assert await concerns.night() == {"kind-repeated": 1}
    await concerns.come("study")
    assert await concerns.night() == {}
    (told,) = await concerns.told()
    assert (told["kind"], told["of"], told["band"]) == ("study", "whole", "5-9")
    assert set(told) == {"kind", "term", "of", "band"}


async def test_12_cases_that_are_one_count_once(concerns: Concerns) -> None:
    """Linked, five are four and nothing is told; taken apart they are five again; told once, all the same."""
    cases = await concerns.come("housing", 5)
    link = "UPDATE iehe.cases SET stage = $2 WHERE case_id = $1"
    await concerns.owner.execute(link, cases[0], "linked")
    assert await concerns.night() == {}
    await concerns.owner.execute(link, cases[0], "triaged")
    assert await concerns.night() == {"kind-repeated": 1}
    await concerns.owner.execute(link, cases[0], "linked")
    assert await concerns.night() == {}
    await concerns.owner.execute(link, cases[0], "triaged")
    assert await concerns.night() == {}
    assert len(await concerns.told()) == 1


async def test_12_each_band_is_told_once(concerns: Concerns) -> None:
    """A count is never told, only in which band it is."""
    assert [band_of(count) for count in (4, 5, 9, 10, 19, 20, 400)] == [
        None,
        *("5-9", "5-9", "10-19", "10-19", "20+", "20+"),
    ]
    await concerns.come("money", 9)
    await concerns.night()
    await concerns.come("money", 3)
    await concerns.night()
    await concerns.night()
    assert [each["band"] for each in await concerns.told()] == ["5-9", "10-19"]


async def test_12_kinds_of_a_crisis_are_never_told(concerns: Concerns) -> None:
    """However many there are; nor a kind that a later judgement has taken back, nor one of two terms."""
    for kind in ("self-harm", "violence", "harassment"):
        await concerns.come(kind, 12)
    for case_id in await concerns.come("family", 5):
        await concerns.owner.execute(SCORE, case_id, 2, "relations" if case_id.endswith("1") else "self-harm")
    now = datetime.now(UTC)
    await concerns.come("isolation", 3, now)
    await concerns.come("isolation", 3, now - timedelta(days=200))
    assert (await concerns.night(), await concerns.told()) == ({}, [])


async def test_12_nothing_of_the_cases_is_in_what_is_told(concerns: Concerns) -> None:
    """Neither the fact nor its delivery names a case, and it waits for who is to take it."""
    cases = await concerns.come("study", 5)
    await concerns.night()
    row = await concerns.owner.fetchrow("SELECT * FROM iehe.facts")
    assert row["case_id"] is None
    delivery = await concerns.owner.fetchrow("SELECT * FROM iehe.fact_deliveries")
    assert (delivery["process"], delivery["state"]) == ("evaluation-cycle", "waiting")
    for case_id in cases:
        assert case_id.partition("/")[2] not in f"{dict(row)} {dict(delivery)}"


def test_12_the_count_is_taken_by_the_clock_of_the_home() -> None:
    """Each night, among the works of support's home."""
    assert works_in(home_of("support"))["kinds-repeated"] is KINDS_WORK
