"""What only grows goes when its time is over; what is not finished stays, whatever its age."""

from datetime import date, timedelta

import asyncpg
import pytest

from tests.retention.conftest import OLD, Archive
from workers.policies import PolicyError, defaults_of, read_policy
from workers.preparation import store_settings
from workers.settings import Settings

LOG = """
INSERT INTO iehe.case_log (case_id, version, at, step, from_stage, stage, actor_kind, actor_id, details,
                           prev_hash, hash)
VALUES ($1, $2, now(), 's', 'x', 'x', 'person', $3, $4, '', '')
"""
DIGEST = """
INSERT INTO iehe.notices (notice_id, digest_on, version, process, message, recipient_kind, recipient_id,
                          facts, state, queued_at)
VALUES ($1, now(), 0, 'admission-review', 'digest', 'staff', 'x', '{}', $2, now() - $3 * interval '1 day')
"""
COUNT = "SELECT count(*) FROM iehe."


async def test_seventy_thousand_rows_go_in_bounded_transactions(archive: Archive) -> None:
    """So many old rows are no failure: they go batch by batch, each with its record; what is young stays."""
    await archive.case()
    await archive.events(OLD, count=70_000)
    await archive.events(OLD, days=10, count=3)
    assert await archive.sweep() == {"events": 70_000}
    assert await archive.value(f"{COUNT}events") == 3
    records = await archive.owner.fetch("SELECT * FROM iehe.erasures ORDER BY entry")
    assert [record["rows"] for record in records] == ['{"events": 5000}'] * 14
    assert {(each["kind"], each["process"], each["policy_version"], each["days"]) for each in records} == {
        ("events", "admission-review", "default-1", 400)
    }
    gone = await archive.owner.fetchrow("SELECT * FROM iehe.erasures_by_run")
    assert (gone["rows"], gone["parts"]) == (70_000, 14)
    assert gone["newest"] - gone["oldest"] < timedelta(minutes=1)


async def test_an_event_that_is_not_finished_stays(archive: Archive) -> None:
    """What waits, is dead, or was not taken by its case yet stays, as does all of an open or a young case."""
    await archive.case()
    await archive.case("admission/OPEN-1", ended_days=None)
    await archive.case("admission/YOUNG-1", ended_days=30)
    for state in ("stored", "dead"):
        await archive.events(OLD, state)
    await archive.events(OLD, taken=False)
    for case_id in ("admission/OPEN-1", "admission/YOUNG-1"):
        await archive.events(case_id)
    for case_id in (OLD, "admission/NEVER-1"):
        await archive.events(case_id, "dropped")
    assert await archive.sweep() == {"events": 2}
    assert await archive.states("events") == ["dead", "delivered", "delivered", "delivered", "stored"]


async def test_a_notice_that_is_not_finished_stays(archive: Archive) -> None:
    """Only what was accepted or is not wanted any more goes; what somebody still has to look at does not."""
    await archive.case()
    await archive.case("admission/OPEN-1", ended_days=None)
    for state in ("queued", "sending", "failed", "dead", "unknown", "accepted", "suppressed"):
        await archive.notice(OLD, state)
    await archive.notice(OLD, "accepted", days=10)
    await archive.notice("admission/OPEN-1", "accepted")
    assert await archive.sweep() == {"notices": 2}
    assert await archive.states("notices") == [
        *("accepted", "accepted", "dead", "failed", "queued", "sending", "unknown"),
    ]


async def test_a_digest_goes_with_its_time_whatever_became_of_it(archive: Archive) -> None:
    """It is of no case and nobody's task; only what is still to be sent stays, and what is young."""
    for number, (state, days) in enumerate(
        [("accepted", 500), ("dead", 500), ("unknown", 500), ("queued", 500), ("accepted", 10)]
    ):
        await archive.value(DIGEST, f"d-{number}", state, days)
    assert await archive.sweep() == {"notices": 3}
    assert await archive.states("notices") == ["accepted", "queued"]


async def test_words_to_which_anything_may_refer_stay(archive: Archive) -> None:
    """A text goes only when nothing names it and its author has done nothing in its case since."""
    await archive.case()
    lost = await archive.text(OLD)
    young = await archive.text(OLD, days=10)
    referred, named = await archive.text(OLD), await archive.text(OLD)
    acted = await archive.text(OLD, "office-2")
    await archive.value(
        "INSERT INTO iehe.accommodations (case_id, state, reason_id, changed_at) VALUES ($1, 's', $2, now())",
        *(OLD, referred),
    )
    await archive.value(LOG, OLD, 1, "someone", f'{{"reason_id": "{named}"}}')
    await archive.value(LOG, OLD, 2, "office-2", "{}")
    assert await archive.sweep() == {"texts": 1}
    left = {row["text_id"] for row in await archive.owner.fetch("SELECT text_id FROM iehe.texts")}
    assert left == {young, referred, named, acted}
    assert lost not in left


async def test_values_of_a_correction_that_was_not_made_go_with_its_time(archive: Archive) -> None:
    """Young ones may belong to a decision whose answer is not known yet."""
    await archive.case()
    waits = (
        "INSERT INTO iehe.pending_corrections (correction_id, case_id, author, record, new_values, stored_at)"
        " VALUES (gen_random_uuid(), $1, $2, 'applicant', '{}', now() - make_interval(days => $3))"
    )
    for author, days in (("old", 31), ("young", 29)):
        await archive.value(waits, OLD, author, days)
    assert await archive.sweep() == {"pending_corrections": 1}
    assert await archive.value("SELECT author FROM iehe.pending_corrections") == "young"


async def test_the_note_of_a_start_goes_with_its_time_and_brings_nothing_back(archive: Archive) -> None:
    """Of an ended case it goes; stored once more it is noted as started, so that no relay starts it again."""
    await archive.case()
    note = "INSERT INTO iehe.case_starts (case_id, starts_itself, started_at) VALUES ($1, true, $2)"
    then = await archive.value("SELECT now() - interval '500 days'")
    for case_id, started_at in ((OLD, then), ("admission/NEVER-1", then), ("admission/NEVER-2", None)):
        await archive.value(note, case_id, started_at)
    assert await archive.sweep() == {"case_starts": 1}
    assert await archive.value(f"{COUNT}case_starts") == 2
    await archive.value(note, OLD, None)
    assert await archive.value("SELECT started_at FROM iehe.case_starts WHERE case_id = $1", OLD)


async def test_a_task_of_no_case_goes_with_its_time_once_it_is_done(archive: Archive) -> None:
    """What is still to be done stays, however old."""
    for key, closed in (("open", None), ("long-done", 401), ("done", 399)):
        await archive.value(
            "INSERT INTO iehe.office_tasks (process, key, kind, roles, opened_at, due_at, closed_at)"
            " VALUES ('admission-review', $1, 'kind', '{role}', '2020-01-01', '2020-01-02',"
            " now() - make_interval(days => $2))",
            key,
            closed,
        )
    assert await archive.sweep() == {"office_tasks": 1}
    assert await archive.value("SELECT array_agg(key ORDER BY key) FROM iehe.office_tasks") == [
        "done",
        "open",
    ]


async def test_what_belongs_to_no_process_goes_by_the_settings(archive: Archive) -> None:
    """Idempotency keys and decodings are kept for the days that the owner has written down."""
    await archive.value(
        "INSERT INTO iehe.requests SELECT 'a', n::text, 'o', 'x', now() - n * interval '1 day' "
        "FROM generate_series(1, 40) AS n"
    )
    await archive.value(
        "INSERT INTO iehe.decodings SELECT now() - n * interval '100 days', 'ops', 'other', 1 "
        "FROM generate_series(1, 12) AS n"
    )
    assert await archive.sweep() == {"requests": 11, "decodings": 2}
    async with archive.owner.acquire() as connection:
        await store_settings(connection, Settings(keep_requests_days=10, keep_decodings_days=1096))
    assert await archive.sweep() == {"requests": 20}
    rules = await archive.owner.fetch("SELECT DISTINCT process, policy_version FROM iehe.erasures")
    assert [tuple(row) for row in rules] == [(None, None)]


async def test_the_policy_in_force_today_says_how_long(archive: Archive) -> None:
    """Neither one that is not in force yet nor one that says nothing of retention makes anything go."""
    await archive.case()
    await archive.events(OLD)
    await archive.rule(event_days=600)
    await archive.value(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by) SELECT process, "
        "'next', $1, jsonb_set(body, '{retention,event_days}', '1'), 'x', 'x' FROM iehe.policies",
        date(2999, 4, 1),
    )
    assert await archive.sweep() == {}
    await archive.value("UPDATE iehe.policies SET body = body - 'retention'")
    assert await archive.sweep() == {}
    shorter = "UPDATE iehe.policies SET body = jsonb_set(body, '{retention}', $1)"
    await archive.value(shorter, '{"event_days": 499}')
    assert await archive.sweep() == {"events": 1}


async def test_what_would_go_is_what_goes(archive: Archive) -> None:
    """Looked at before, each rule says how many rows and of which time; the sweep takes just these."""
    await archive.case()
    await archive.events(OLD, count=7)
    await archive.notice(OLD, "accepted")
    due = {
        row["kind"]: row["rows"]
        for row in await archive.owner.fetch("SELECT * FROM iehe.retention_due() WHERE rows > 0")
    }
    assert due == {"events": 7, "notices": 1}
    assert await archive.sweep() == due
    assert not await archive.value("SELECT sum(rows) FROM iehe.retention_due()")


async def test_a_held_case_keeps_everything(archive: Archive) -> None:
    """Nothing of it goes while it is held, and all of it that is due when it is released."""
    await archive.case()
    await archive.events(OLD, count=2)
    text = await archive.text(OLD, days=1)
    await archive.value("INSERT INTO iehe.case_holds VALUES ($1, now(), 'head-1', $2)", OLD, text)
    assert await archive.sweep() == {}
    await archive.value("UPDATE iehe.case_holds SET released_at = now(), released_by = 'head-1'")
    assert await archive.sweep() == {"events": 2}


@pytest.mark.parametrize("role", ["worker", "office", "auditor", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        *("DELETE FROM iehe.decodings", "DELETE FROM iehe.case_log", "DELETE FROM iehe.erasures"),
        *("UPDATE iehe.erasures SET rows = '{}'", "TRUNCATE iehe.erasures"),
        *("DELETE FROM iehe.case_certificates", "UPDATE iehe.case_certificates SET last_hash = ''"),
    ],
)
async def test_nobody_takes_a_row_of_what_only_grows(archive: Archive, database, role, statement) -> None:
    """Not even the owner by hand: only the function that records what it took."""
    await archive.case()
    await archive.events(OLD)
    await archive.value(
        "INSERT INTO iehe.decodings (reader, data_class, payloads) VALUES ('ops', 'other', 1)"
    )
    await archive.value(LOG, OLD, 1, "office-1", "{}")
    await archive.value(
        "INSERT INTO iehe.case_certificates (case_id, process, closed_at, run, years, policy_version, rows, "
        "workflow_runs, last_hash) VALUES ('admission/GONE-1', 'p', now(), 'r', 5, 'v', '{}', 0, '')"
    )
    assert await archive.sweep() == {"events": 1}
    connection = await asyncpg.connect(database.url(role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        *("DELETE FROM iehe.events", "DELETE FROM iehe.notices", "DELETE FROM iehe.texts"),
        *("DELETE FROM iehe.requests", "DELETE FROM iehe.decodings", "DELETE FROM iehe.cases"),
        *(
            "INSERT INTO iehe.retention_settings VALUES ('requests', 1)",
            "DELETE FROM iehe.retention_settings",
        ),
        *("UPDATE iehe.retention_settings SET days = 1", "UPDATE iehe.policies SET body = '{}'"),
        "INSERT INTO iehe.erasures OVERRIDING SYSTEM VALUE VALUES (1, now(), 'r', 'k', 'p', 1, 'v', '{}')",
        "SELECT iehe.erase_rows('admission/OLD-1', ARRAY['events'])",
    ],
)
async def test_the_worker_deletes_nothing_by_itself(archive: Archive, database, statement) -> None:
    """It may only have the function work, and change neither rules nor record; a setting helps nobody."""
    await archive.case()
    await archive.events(OLD)
    connection = await asyncpg.connect(database.url("worker"))
    try:
        for table in ("events", "decodings", "case_log"):
            await connection.execute("SELECT set_config('iehe.erasing', $1, false)", table)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["office", "auditor"])
async def test_only_the_worker_has_anything_swept(archive: Archive, database, role) -> None:
    """Office and auditor see what went; they have nothing go."""
    connection = await asyncpg.connect(database.url(role))
    try:
        for call in (
            "iehe.sweep('r', 'events', 'admission-review', 1)",
            "iehe.erase_case('r', 'admission/OLD-1', 0)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SELECT {call}")
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("event_days = 0", "retention.event_days"),
        ("case_years = 0", "retention.case_years"),
        ("event_years = 3", "retention.event_years: unknown"),
    ],
)
def test_a_faulty_retention_is_refused(tmp_path, line: str, fault: str) -> None:
    """A policy file that keeps nothing at all, or names something else, is not loaded."""
    text = defaults_of("admission").read_text(encoding="utf-8").replace("event_days = 400", line, 1)
    text = text if "case_years = 0" not in line else text.replace("case_years = 5", "", 1)
    file = tmp_path / "policy.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=fault):
        read_policy(file)
