"""The migration runner against a real server."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from workers.migrations import Migration, MigrationError, migrate, read_migrations, status

ONE = Migration("kernel", 1, "0001_people.sql", "CREATE TABLE people (id integer PRIMARY KEY);")
TWO = Migration(
    "kernel", 2, "0002_pets.sql", "CREATE TABLE pets (id integer PRIMARY KEY); INSERT INTO pets VALUES (1);"
)
BROKEN = Migration("kernel", 2, "0002_broken.sql", "CREATE TABLE half (id integer); SELECT nonsense;")


@pytest.fixture
async def owner(empty_database):
    connection = await asyncpg.connect(empty_database.url("owner"))
    yield connection
    await connection.close()


async def table_exists(connection, name):
    return await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f"public.{name}")


async def test_applies_each_file_once_in_order(owner):
    """Pending files are applied in order, and a second run finds nothing to do."""
    assert await migrate(owner, [ONE]) == ["0001_people.sql"]
    assert await migrate(owner, [ONE, TWO]) == ["0002_pets.sql"]
    assert await migrate(owner, [ONE, TWO]) == []
    assert await owner.fetchval("SELECT count(*) FROM pets") == 1


async def test_status_tells_applied_from_pending(owner):
    """Status gives the moment for an applied file and none for a pending one, and makes no table."""
    assert [row.applied_at for row in await status(owner, [ONE])] == [None]
    assert not await table_exists(owner, "schema_migrations")
    await migrate(owner, [ONE])
    first, second = await status(owner, [ONE, TWO])
    assert first.applied_at is not None
    assert (second.name, second.applied_at) == ("0002_pets.sql", None)


async def test_dry_run_tries_everything_and_leaves_nothing(owner):
    """A dry run names the files, finds their faults, and changes nothing."""
    assert await migrate(owner, [ONE, TWO], dry_run=True) == ["0001_people.sql", "0002_pets.sql"]
    assert not await table_exists(owner, "people")
    with pytest.raises(MigrationError, match="0002_broken"):
        await migrate(owner, [ONE, BROKEN], dry_run=True)
    assert not await table_exists(owner, "schema_migrations")


async def test_a_failing_file_leaves_nothing_of_itself(owner):
    """A fault half-way through a file takes back the whole file and keeps those before it."""
    with pytest.raises(MigrationError, match=r"0002_broken\.sql.*nonsense"):
        await migrate(owner, [ONE, BROKEN])
    assert await table_exists(owner, "people")
    assert not await table_exists(owner, "half")
    assert await migrate(owner, [ONE, TWO]) == ["0002_pets.sql"]


async def test_refuses_an_edited_file(owner):
    """A file that was edited after it was applied is refused by name."""
    await migrate(owner, [ONE])
    edited = Migration("kernel", 1, ONE.name, ONE.sql + " -- a word more")
    with pytest.raises(MigrationError, match=r"0001_people\.sql was edited"):
        await migrate(owner, [edited, TWO])
    assert not await table_exists(owner, "pets")


async def test_line_endings_are_no_edit(owner):
    """A checkout that turns line endings is not taken for an edit."""
    await migrate(owner, [Migration("kernel", 1, ONE.name, "SELECT 1;\nSELECT 2;\n")])
    assert await migrate(owner, [Migration("kernel", 1, ONE.name, "SELECT 1;\r\nSELECT 2;\r\n")]) == []


async def test_refuses_a_database_of_a_newer_release(owner):
    """A database that has a file which this release does not know is left alone."""
    await migrate(owner, [ONE, TWO])
    with pytest.raises(MigrationError, match=r"0002_pets\.sql.*newer"):
        await migrate(owner, [ONE])


async def test_many_migrators_at_once(owner, empty_database):
    """Of many migrators that start together exactly one applies each file, and none fails."""

    async def one():
        connection = await asyncpg.connect(empty_database.url("owner"))
        try:
            return await migrate(connection, [ONE, TWO])
        finally:
            await connection.close()

    for _ in range(5):
        results = await asyncio.gather(*(one() for _ in range(10)))
        assert results.count([]) == 9
        assert max(results, key=len) == ["0001_people.sql", "0002_pets.sql"]
        await owner.execute("DROP TABLE people, pets, schema_migrations")


async def test_a_killed_migrator_frees_the_lock(owner, empty_database, eventually):
    """A migrator whose connection dies in the middle leaves no lock and nothing half done."""
    victim = await asyncpg.connect(empty_database.url("owner"))
    slow = Migration("kernel", 1, ONE.name, ONE.sql + "SELECT pg_sleep(60);")
    running = asyncio.create_task(migrate(victim, [slow]))
    sleeping = (
        "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    )
    pid = await eventually(lambda: owner.fetchval(sleeping))
    await owner.execute("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises(MigrationError, match="terminating connection"):
        await running
    assert await migrate(owner, [ONE]) == ["0001_people.sql"]


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["0001_a.sql", "0003_c.sql"], "0002 is missing"),
        (["0001_a.sql", "0001_b.sql"], "there twice"),
        (["1_a.sql"], "must be like"),
    ],
)
def test_refuses_gaps_doubles_and_odd_names(tmp_path: Path, names, complaint):
    """The files of a folder must be numbered 1, 2, 3 without a gap or a double."""
    folder = tmp_path / "kernel" / "sql" / "migrations"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("SELECT 1;")
    with pytest.raises(MigrationError, match=complaint):
        read_migrations(tmp_path)


def test_refuses_files_with_transactions_of_their_own(tmp_path: Path):
    """A file that commits by itself would be applied by halves."""
    folder = tmp_path / "kernel" / "sql" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_a.sql").write_text("CREATE TABLE a ();\nCOMMIT;\n")
    with pytest.raises(MigrationError, match="transaction"):
        read_migrations(tmp_path)


async def test_the_release_is_migrated_from_nothing(owner):
    """The files of this release apply to an empty database, and a second run does nothing."""
    assert await migrate(owner) == [file.name for file in read_migrations()]
    assert await migrate(owner) == []
