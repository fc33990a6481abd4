"""Rows by home: what the workers' roles see, count and write in every table, and what keeps it so."""

import json

import asyncpg
import pytest

from encryption.ring import COMMON_HOME
from schemas.kernel.homes import CaseHome
from tests.homes.conftest import APART, Homes
from workers.migrations import MigrationError
from workers.preparation import store_homes

SHARED = {
    *("staff", "absences", "policies", "rooms", "sight", "column_mappings", "staff_channels", "logins"),
    *("sources", "source_keys", "webhooks", "webhook_keys", "keys"),
    *("requests", "decodings", "administration_log", "retention_settings", "erasures"),
    *("link_receivers", "clock_shift"),
    "bulk_runs",
    *("office_sessions", "office_subjects", "office_links"),
}
"""Of no case and no process: people, rules, and what the doors and the administration note of themselves."""
KEPT = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'iehe'::regnamespace AND c.relkind = 'r'
AND c.relrowsecurity AND c.relforcerowsecurity
"""
OF_CASES = """
SELECT a.attrelid::regclass::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'iehe'::regnamespace AND c.relkind IN ('r', 'v') AND a.attname = 'case_id'
AND has_table_privilege('iehe_worker', c.oid, 'SELECT')
"""
APPLIED = "INSERT INTO iehe.case_starts (case_id) VALUES ($1)"
OPENED = """
INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state)
VALUES ($1, 'p', 1, 's', now(), now(), '{}')
"""


async def lived(homes: Homes) -> str:
    """A case that has been through much, and so has rows in every table."""
    async with homes.relays(), homes.worker(APART):
        request = await homes.schools.ask()
        await request.to_confirmed()
    return request.handle.id


async def test_every_table_is_kept_by_home_or_belongs_to_all(homes: Homes) -> None:
    """Whoever adds a table says which; views show what their reader may see, and not what their owner may."""
    tables = await homes.owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'iehe'::regnamespace AND relkind = 'r'"
    )
    kept = {row["relname"] for row in await homes.owner.fetch(KEPT)}
    assert {row["relname"] for row in tables} - kept == SHARED
    views = await homes.owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'iehe'::regnamespace AND relkind = 'v' "
        "AND NOT coalesce(reloptions @> '{security_invoker=true}', false)"
    )
    assert [row["relname"] for row in views] == []
    owners = await homes.owner.fetch(
        "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'iehe'::regnamespace AND prosecdef "
        "AND prosrc NOT LIKE '%ANY (iehe.rooms_here())%'"
    )
    # two look by way of their views, some may be called by no worker, three are triggers
    told = {
        "sweep",
        "erase_case",
        "retention_due",
        "note_old_start",
        "store_subject",
        "support_members_changed",
        "support_rota_changed",
    }
    of_office = {
        "rights_of",
        "in_sight",
        "rooms_out_of_sight",
        "rooms_seen_whole",
        "cases_out_of_sight",
        "note_reads",
        "hand_out_document",
        "support_referred_by",
        "support_take_over",
        "support_keep_staff_keys",
        "dormitory_kept",
        "queue_own_page",
        "exchange_suggest_match",
        "exchange_decide_match",
        "exchange_list_reported",
    }
    assert {row["proname"] for row in owners} == told | of_office


async def test_the_common_worker_gets_no_row_of_another_home(homes: Homes) -> None:
    """Neither a row nor a count of one, in any table or view; the worker of the home has them."""
    case_id = await lived(homes)
    tables = [row[0] for row in await homes.owner.fetch(OF_CASES)]
    assert len(tables) > 15
    filled = set()
    async with homes.as_worker(COMMON_HOME) as near, homes.as_worker(APART) as far:
        for table in tables:
            count = f"SELECT count(*) FROM {table}"  # noqa: S608 - names of our own
            assert await near.fetchval(count) == 0, table
            there = await homes.owner.fetchval(count)
            assert await far.fetchval(count) == there, table
            filled |= {table} if there else set()
        assert {"iehe.cases", "iehe.case_log", "iehe.tasks", "iehe.deadlines", "iehe.notices"} <= filled
        assert {"iehe.events", "iehe.case_starts", "iehe.case_people", "iehe.outreach_requests"} <= filled
        # tables of a process that are of no one case
        assert await near.fetchval("SELECT count(*) FROM iehe.outreach_topics") == 0
        assert await far.fetchval("SELECT count(*) FROM iehe.outreach_topics") == 2
        assert await near.fetchrow("SELECT * FROM iehe.lock_case($1, 'x')", case_id) is None


async def test_the_worker_of_a_home_gets_no_row_of_the_common_one(homes: Homes) -> None:
    """The same the other way: applicants, rounds and cases are none of its business."""
    person = "00000000-0000-0000-0000-000000000001"
    await homes.owner.execute(
        "INSERT INTO iehe.people (person_id, identity_key, family_name, given_name, family_kana, given_kana, "
        "birth_date, email, postal_code, address) VALUES ($1, 'k', '見本', '見本', 'a', 'b', '2008-01-01', "
        "'a@example.jp', '', '')",
        person,
    )
    await homes.owner.execute(OPENED, "admission/A-0001")
    async with homes.as_worker(APART) as far, homes.as_worker(COMMON_HOME) as near:
        for table in ("people", "cases"):
            count = f"SELECT count(*) FROM iehe.{table}"  # noqa: S608 - names of our own
            assert (await far.fetchval(count), await near.fetchval(count)) == (0, 1)


@pytest.mark.parametrize(
    ("home", "own", "others"),
    [
        (COMMON_HOME, "admission/A-0001", "outreach/S-0001"),
        (APART, "outreach/S-0001", "admission/A-0001"),
    ],
    ids=["common", "apart"],
)
async def test_a_worker_writes_at_home_alone(homes: Homes, home: CaseHome, own: str, others: str) -> None:
    """A row of another home is neither made nor changed, and nothing tells that it is there."""
    for case_id in (own, others):
        await homes.owner.execute(OPENED, case_id)
    async with homes.as_worker(home) as worker:
        update = "UPDATE iehe.cases SET stage = 'x' WHERE case_id = $1"
        assert await worker.execute(update, own) == "UPDATE 1"
        assert await worker.execute(update, others) == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await worker.execute(OPENED, others[:-1] + "2")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await worker.execute("UPDATE iehe.cases SET case_id = $2 WHERE case_id = $1", own, others + "-2")


async def test_no_worker_acts_as_that_of_another_home(homes: Homes) -> None:
    """Rights of the common worker are inherited, its rows are not, and nobody can take on its role."""
    async with homes.as_worker(APART) as far:
        for role in ("iehe_worker", "iehe_owner", "iehe_office"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await far.execute(f"SET ROLE {role}")
        assert await far.fetchval("SELECT iehe.home_here()") == APART.name
        assert await far.fetchval("SELECT iehe.rooms_here()") == ["outreach"]
        assert await far.fetchval("SELECT iehe.home_of('outreach/S-1')") == APART.name


async def test_a_fact_for_a_case_of_another_home_arrives(homes: Homes) -> None:
    """What a case tells another goes to wherever that one lives; in the name of another home nobody tells."""
    fact = {"source": "jp.ac.iehe/admission", "type": "t", "subject": "S-1", "data": {}}
    tell = "SELECT iehe.queue_event('outreach/S-0001', $1, 1, $2)"
    count = "SELECT count(*) FROM iehe.events"
    async with homes.as_worker(COMMON_HOME) as near, homes.as_worker(APART) as far:
        await near.execute(tell, "admission/A-0001", json.dumps(fact | {"id": "1"}))
        await near.execute(tell, "outreach/S-0002", json.dumps(fact | {"id": "2"}))
        assert (await near.fetchval(count), await far.fetchval(count)) == (0, 1)
    auditor = await asyncpg.connect(homes.database.url("auditor"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await auditor.execute(tell, "admission/A-0001", json.dumps(fact | {"id": "3"}))
    await auditor.close()


async def test_each_home_sweeps_its_own(homes: Homes) -> None:
    """A nightly run sees, erases and counts by the rules of the processes that live there."""
    await homes.owner.execute(
        """
        INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)
        VALUES ('admission-review', 'r', '2026-01-01', '{"retention": {"event_days": 1}}', '', 't');
        UPDATE iehe.policies SET body = body || '{"retention": {"event_days": 1}}'
        WHERE process = 'school-outreach';
        INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state, taken, ended_at)
        SELECT 's', room, 't', process, room || '/X-0001', '{}', 'delivered', true, now() - interval '9 days'
        FROM iehe.rooms;
        """
    )
    of_all = "SELECT process FROM iehe.retention_rules WHERE kind = 'events'"
    sweep = "SELECT iehe.sweep('run', 'events', $1, 100)"
    async with homes.as_worker(COMMON_HOME) as near, homes.as_worker(APART) as far:
        assert [row[0] for row in await far.fetch(of_all)] == ["school-outreach"]
        assert "school-outreach" not in [row[0] for row in await near.fetch(of_all)]
        assert await near.fetchval(sweep, "school-outreach") == 0
        assert await far.fetchval(sweep, "admission-review") == 0
        assert await far.fetchval(sweep, "school-outreach") == 1
        assert await near.fetchval(sweep, "admission-review") == 1
        kinds = "SELECT count(*) FROM iehe.retention_rules WHERE process IS NULL"
        assert (await near.fetchval(kinds), await far.fetchval(kinds)) == (4, 0)


async def test_a_process_does_not_move_while_it_has_open_cases(homes: Homes) -> None:
    """Their workflows are elsewhere: whoever changes its home is told, and nothing is changed."""
    await homes.owner.execute("UPDATE iehe.rooms SET home = 'common'")
    await homes.owner.execute(APPLIED, "outreach/S-0001")
    with pytest.raises(MigrationError, match="outreach"):
        await store_homes(homes.owner)
    await homes.owner.execute("DELETE FROM iehe.case_starts")
    await homes.owner.execute(OPENED, "outreach/S-0001")
    with pytest.raises(MigrationError, match="let them end first"):
        await store_homes(homes.owner)
    await homes.owner.execute("UPDATE iehe.cases SET closed_at = now()")
    await store_homes(homes.owner)
    assert await homes.owner.fetchval("SELECT home FROM iehe.rooms WHERE room = 'outreach'") == APART.name
