"""Whole cases go when their years are over, everywhere, and leave a certificate."""

import json
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.kernel.retention import CASES
from cases.registry import CASE_ROOMS
from tests.office import Case, Institute, person
from tests.retention.conftest import Archive, everywhere
from workers.diagnostics.cases import compare

TASK = """
INSERT INTO iehe.tasks (case_id, key, opened_version, kind, role, opened_at, due_at)
VALUES ('admission/OLD-1', 'k', 1, 'k', 'r', now(), now())
"""
LETTER = """
INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind, recipient_id, facts,
                          queued_at)
VALUES ('n', 'admission/OLD-1', 1, 'p', 'm', 'k', 'i', '{}', now())
"""
DEAD = """
INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state)
VALUES ('s', 'i', 't', 'admission-review', 'admission/OLD-1', '{}', 'dead')
"""
HOLD = """
WITH key AS (
    INSERT INTO iehe.case_keys (case_id, class_key, wrapped) VALUES ('admission/OLD-1', 'none', '')
), t AS (
    INSERT INTO iehe.texts VALUES (gen_random_uuid(), 'admission/OLD-1', 'a', 'x') RETURNING text_id
)
INSERT INTO iehe.case_holds (case_id, held_by, reason_id) SELECT 'admission/OLD-1', 'head-1', text_id FROM t
"""
Ended = Callable[[], Awaitable[Case]]


async def runs_of(client: Client, case: Case) -> int:
    return (await client.count_workflows(f"WorkflowId = '{case.case_id}'")).count


async def is_gone(client: Client, case: Case) -> bool:
    try:
        await case.handle.describe()
    except RPCError as error:
        return error.status is RPCStatusCode.NOT_FOUND
    return False


async def certificates(archive: Archive) -> list[asyncpg.Record]:
    return await archive.owner.fetch("SELECT * FROM iehe.case_certificates ORDER BY erased_at")


async def test_a_case_goes_from_everywhere_and_leaves_a_certificate(
    archive: Archive, institute: Institute, ended: Ended, client: Client, eventually
) -> None:
    """Rows of host and process, person, words, all runs in Temporal: gone; the certificate says what."""
    case, other = await ended(), await institute.apply()
    await other.until_stage("completeness")
    last_hash = await archive.value("SELECT hash FROM iehe.cases WHERE case_id = $1", case.case_id)
    key_id = await archive.value("SELECT key_id FROM iehe.case_keys WHERE case_id = $1", case.case_id)
    count = "SELECT count(*) FROM iehe.{} WHERE case_id = $1"
    counted = {
        table: await archive.value(count.format(table), case.case_id)
        for table in ("case_log", "notices", "tasks", "applications", "texts")
    }
    await eventually(lambda: runs_of(client, case))
    assert counted["texts"] == 1

    assert await archive.sweep() == {"cases": 1}

    (certificate,) = await certificates(archive)
    assert certificate["case_id"] == case.case_id
    assert certificate["last_hash"] == last_hash
    assert certificate["key_id"] == key_id
    assert (certificate["years"], certificate["policy_version"]) == (5, "default-1")
    assert certificate["workflow_runs"] == 1
    rows = json.loads(certificate["rows"])
    assert {table: rows[table] for table in counted} == counted
    assert (rows["cases"], rows["people"]) == (1, 1)
    number = case.row.application_no
    assert await everywhere(archive.owner, number) == {"iehe.case_certificates": 1}
    for words in (case.row.given_name, case.row.email, case.row.address, "退学者の見本"):
        assert await everywhere(archive.owner, words) == {}
    assert await eventually(lambda: is_gone(client, case), 20)
    # nobody else's: it goes on, and nothing of it is missing
    await other.event("fee-paid")
    assert not (await compare(client, archive.owner)).forgotten
    assert await archive.sweep() == {}


async def test_a_person_goes_with_the_last_application(archive: Archive, institute: Institute) -> None:
    """Who has applied twice stays on record until the second application goes."""
    row = person()
    first = await institute.apply(row, start=False)
    number = f"{row.application_no}B"
    second = await institute.apply(
        row.model_copy(update={"application_no": number, "programme": "law"}), start=False
    )
    people = "SELECT count(*) FROM iehe.people"
    for case, left in ((first, 1), (second, 0)):
        await archive.case(case.case_id, ended_days=365 * 6)
        assert await archive.sweep() == {"cases": 1}
        assert await archive.value(people) == left


@pytest.mark.parametrize("point", ["runs-deleted", "case-erased"])
async def test_a_crash_in_the_middle_ends_with_one_certificate(
    archive: Archive, ended: Ended, client: Client, point: str, eventually
) -> None:
    """Killed after Temporal was told, or after the rows went: the next run ends it, and certifies it once."""
    case = await ended()
    await eventually(lambda: runs_of(client, case))

    async def die(reached: str) -> None:
        if reached == point:
            raise KeyboardInterrupt(point)

    with pytest.raises(KeyboardInterrupt):
        await archive.sweep("scheduled/retention-first", die)
    await eventually(lambda: is_gone(client, case), 20)
    rows = await archive.value("SELECT count(*) FROM iehe.case_log WHERE case_id = $1", case.case_id)
    assert bool(rows) is (point == "runs-deleted")

    await archive.sweep("scheduled/retention-second")
    (certificate,) = await certificates(archive)
    taken_up = "second" if point == "runs-deleted" else "first"
    assert certificate["run"] == f"scheduled/retention-{taken_up}"
    assert await everywhere(archive.owner, case.row.application_no) == {"iehe.case_certificates": 1}


async def test_a_case_whose_workflow_runs_is_left_alone(archive: Archive, institute: Institute) -> None:
    """Temporal would end a run that it is told to delete: a case that still runs there keeps all it has."""
    case = await institute.apply()
    await case.until_stage("completeness")
    await archive.value(
        "UPDATE iehe.cases SET closed_at = now() - interval '6 years' WHERE case_id = $1", case.case_id
    )
    await archive.value("UPDATE iehe.tasks SET closed_at = now()")
    await archive.value("UPDATE iehe.notices SET state = 'accepted'")
    assert await archive.value("SELECT count(*) FROM iehe.cases_due WHERE iehe.kept_because(case_id) IS NULL")
    assert await archive.sweep() == {}
    assert await archive.value("SELECT count(*) FROM iehe.cases") == 1
    assert (await case.handle.describe()).close_time is None


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("UPDATE iehe.cases SET closed_at = NULL", None),
        (TASK, "task-open"),
        (LETTER, "letter-owed"),
        (DEAD, "event-open"),
        (HOLD, "held"),
    ],
    ids=["open", "task", "letter", "event", "held"],
)
async def test_a_case_with_anything_unfinished_is_kept(archive: Archive, statement: str, because) -> None:
    """Whatever its age: an open case, task or letter, an event for a person, a hold."""
    await archive.case(ended_days=365 * 6)
    await archive.value(statement)
    assert await archive.sweep() == {}
    reasons = await archive.owner.fetch("SELECT iehe.kept_because(case_id) AS why FROM iehe.cases_due")
    assert [row["why"] for row in reasons] == ([because] if because else [])


async def test_a_process_may_tell_from_when_the_years_are_counted(archive: Archive) -> None:
    """By its function: from another day than the end of the case, or never."""
    for number, days in (("A-1", 365 * 8), ("A-2", 365 * 8), ("A-3", 365 * 8)):
        await archive.case(f"admission/{number}", ended_days=days)
    await archive.value("""
        CREATE FUNCTION iehe.admission_may_be_erased_from(of_case text) RETURNS timestamptz
        LANGUAGE sql STABLE AS $$
            SELECT CASE of_case WHEN 'admission/A-1' THEN now() - interval '4 years'
                                WHEN 'admission/A-2' THEN now() - interval '5 years' END
        $$
    """)
    assert await archive.sweep() == {"cases": 1}
    assert [each["case_id"] for each in await certificates(archive)] == ["admission/A-2"]


async def test_a_process_whose_policy_gives_no_years_keeps_its_cases(archive: Archive) -> None:
    """Nothing is erased that nobody has set a time for."""
    await archive.case(ended_days=365 * 90)
    await archive.rule(case_years=None)
    assert await archive.sweep() == {}
    await archive.rule(case_years=89)
    assert await archive.sweep() == {"cases": 1}


async def test_more_cases_than_a_batch_all_go_and_those_kept_hold_up_no_other(archive: Archive) -> None:
    """Batch after batch along their ids, whatever stays in between."""
    for number in range(CASES * 2 + 3):
        await archive.case(f"admission/A-{number:03}", ended_days=365 * 6)
    await archive.value(
        "INSERT INTO iehe.tasks (case_id, key, opened_version, kind, role, opened_at, due_at) "
        "SELECT format('admission/A-%s', lpad(n::text, 3, '0')), 'k', 1, 'k', 'r', now(), now() "
        "FROM unnest(ARRAY[0, 5, 21]) AS n"
    )
    assert await archive.sweep() == {"cases": CASES * 2}
    gone = await archive.owner.fetchrow("SELECT * FROM iehe.erasures_by_run")
    assert (gone["kind"], gone["parts"], gone["years"]) == ("cases", CASES * 2, 5)


async def test_what_is_sent_again_brings_no_erased_case_back(archive: Archive, ended: Ended) -> None:
    """The same subject stored again years later is refused, and says why."""
    case = await ended()
    await archive.sweep()
    with pytest.raises(asyncpg.PostgresError, match="case-erased") as refused:
        await archive.value("INSERT INTO iehe.case_starts (case_id) VALUES ($1)", case.case_id)
    assert refused.value.sqlstate == "IE001"
    assert json.loads(refused.value.detail)["case"] == case.case_id


async def test_every_table_that_names_a_case_is_erased(archive: Archive) -> None:
    """A table with a case's id that neither the host nor its room clears is found here."""
    found = await archive.owner.fetch(
        "SELECT proname, prosrc FROM pg_proc WHERE proname = 'erase_case' OR proname LIKE '%\\_erase'"
    )
    bodies = {row["proname"]: row["prosrc"] for row in found}
    assert bodies.keys() == {"erase_case", *(f"{room}_erase" for room in CASE_ROOMS)}
    tables = await archive.owner.fetch(
        "SELECT c.table_name AS name FROM information_schema.columns c JOIN information_schema.tables t "
        "USING (table_schema, table_name) WHERE table_schema = 'iehe' AND table_type = 'BASE TABLE' "
        "AND column_name = 'case_id'"
    )
    left = {row["name"] for row in tables if f"'{row['name']}'" not in "".join(bodies.values())}
    assert left == {"case_certificates"}


async def test_notes_and_what_was_done_to_notices_go_with_the_case(archive: Archive) -> None:
    """However append-only they are; the certificate counts them."""
    case_id = await archive.case(ended_days=365 * 6)
    reason = await archive.text(case_id)
    await archive.notice(case_id, "accepted", days=1)
    await archive.owner.execute(
        "INSERT INTO iehe.case_notes (note_id, version, case_id, act, staff_id, key, sealed) "
        "VALUES (gen_random_uuid(), 1, $1, 'write', 'office-1', 'k', 'x')",
        case_id,
    )
    await archive.owner.execute(
        "INSERT INTO iehe.notice_acts (notice_id, revision, case_id, act, staff_id, key, reason_id) "
        "SELECT notice_id, 1, case_id, 'hold', 'office-1', 'k', $1 FROM iehe.notices",
        reason,
    )
    assert await archive.sweep() == {"cases": 1}
    (certificate,) = await certificates(archive)
    rows = json.loads(certificate["rows"])
    assert (rows["case_notes"], rows["notice_acts"], rows["notices"], rows["texts"]) == (1, 1, 1, 1)
    assert await everywhere(archive.owner, case_id) == {"iehe.case_certificates": 1}
