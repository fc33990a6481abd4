"""A first stage before real servers: applications hear of it at its hour, of the results at theirs (R20)."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import asyncpg
import pytest
from temporalio.client import Client

from embedded.mail import MailCatcher
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from schemas.round import commands
from tests.conftest import Database
from tests.office import DEFAULT_STAFF, Institute, person
from tests.round.rounds import CLOSES, RELEASE, ROLES, Round, Rounds, staffed
from tests.round.test_first_stage import staged_rules
from tests.serving import serving
from workers.policies import load_defaults

NUMBER: Final = "2027-COMPREHENSIVE"
HOUR: Final = timedelta(days=70)


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await staffed(connection, rules=staged_rules())
    await load_defaults(connection, "admission")
    yield connection
    await connection.close()


async def out(made: Round) -> None:
    """The lists of the first stage are prepared, confirmed, scheduled, out and told."""
    for name in ("first-law", "first-mech"):
        seen: dict[str, Any] = {"programme": name, "hash": await made.hash(name)}
        await made.decide(commands.PrepareList, "office-1", **seen)
        await made.decide(commands.ConfirmList, "checker-1", **seen)
    hour = made.began + HOUR
    await made.decide(commands.ScheduleRelease, "head-1", hour=hour)
    await made.clock(hour)
    await made.forward(days=HOUR.days - CLOSES.days)
    await made.until("state -> 'deadlines' ? 'telling' OR stage = 'scoring'")
    await made.forward(minutes=1)
    await made.until_stage("scoring")


async def test_r20_applications_hear_of_a_first_stage_and_then_of_the_results(
    client: Client, database: Database, owner: asyncpg.Connection, mail: MailCatcher, ring: KeyRing
) -> None:
    """Who did not pass ends with one letter; who goes on waits, and has another one with the result."""
    pool = await asyncpg.create_pool(database.url("owner"), min_size=1, max_size=4)
    async with serving(client, database, mail, ring) as (skipper, office):
        institute = Institute(skipper.client, pool)
        await institute.employ(*(each for each in DEFAULT_STAFF if each.staff_id not in ROLES))
        made = await Rounds(skipper, office, owner, CaseKeys(ring)).announce(NUMBER)
        await made.fixed()
        cases = [await institute.apply(person(programme="law")) for _ in range(3)]
        for case in cases:
            await case.to_ranked()
        await made.applied(len(cases))
        await made.forward(days=CLOSES.days + 1)
        await made.until_stage("first-stage")
        numbers = [case.row.application_no for case in cases]
        await made.scores(dict(zip(numbers, ((None, 90), (None, 80), (None, 70)), strict=True)))
        await made.until("state -> 'tasks' ? 'prepare-list:first-law'")
        await out(made)
        await cases[2].until_stage("rejected")
        for case in cases:
            await case.until(lambda row: json.loads(row["state"])["told_by_round"])
        assert [await case.stage() for case in cases] == ["ranked", "ranked", "rejected"]
        await made.scores(dict(zip(numbers[:2], ((50,), (90,)), strict=True)))
        await made.until_stage("judging")
        await made.confirmed()
        await made.clock(await made.scheduled())
        await made.forward(days=RELEASE.days - HOUR.days)
        await made.until("stage NOT IN ('confirmed')")
        await made.forward(minutes=1)
        await made.until_stage("enrolling")
        for case, stage in zip(cases, ("rejected", "offered", "rejected"), strict=True):
            await case.until_stage(stage)
        letters = [len(await case.notices("result-ready")) for case in cases]
        assert letters == [2, 2, 1]
    await pool.close()
