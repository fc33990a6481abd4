"""Faults of the database that pass: a sender is asked to come again, and then is served."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from activities.kernel.database import is_transient
from tests.gateway.test_limits import event


async def refused_for_a_while(portal) -> None:
    """503 as a problem with Retry-After."""
    answer = await portal.send(event())
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    "state",
    [
        "53100",
        "53200",
        "53300",
        "53400",
        "57014",
        "57P01",
        "57P02",
        "57P03",
        "57P05",
        "58030",
        "25006",
        "40003",
    ],
)
async def test_every_fault_that_passes_is_a_503(portal, state):
    """By whatever code the server says it, of the store and of the look for the source alike."""
    await portal.rows.execute(
        "CREATE FUNCTION iehe.fail() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'canary' USING ERRCODE = '{state}'; END $$"
    )
    await portal.rows.execute(
        "CREATE TRIGGER fails BEFORE INSERT ON iehe.events FOR EACH ROW EXECUTE FUNCTION iehe.fail()"
    )
    await refused_for_a_while(portal)
    await portal.rows.execute("DROP TRIGGER fails ON iehe.events")
    assert (await portal.send(event())).status_code == 202


@pytest.mark.parametrize("state", ["22023", "23505", "42501", "42P01", "XX000", "28P01"])
def test_a_fault_of_ours_does_not_pass(state):
    """A repeat would not help, and must not be asked for."""
    assert not is_transient(asyncpg.PostgresError.new({"C": state, "M": ""}))


async def _no_connections(portal, database) -> None:
    await portal.rows.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT 0")


async def _read_only(portal, database) -> None:
    await portal.rows.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")


@pytest.mark.parametrize("fault", [_no_connections, _read_only])
async def test_a_server_that_takes_nothing_now(
    portal, gateway, database, fault: Callable[..., Awaitable[None]]
):
    """Too many connections, and a server that only reads: said by the server itself, to new connections."""
    await fault(portal, database)
    await gateway.pool.expire_connections()
    await refused_for_a_while(portal)


async def system(*words: str) -> int:
    """The exit code of a command."""
    process = await asyncio.create_subprocess_exec(*words)
    return await process.wait()


@pytest.fixture
async def small_disk(postgres, database) -> AsyncIterator[tuple[str, Path]]:
    """A tablespace of our owner's on a disk of one megabyte, and a file there that can be spared."""
    folder = tempfile.mkdtemp(prefix="iehe-disk-", dir="/tmp")
    name = f"disk_{uuid4().hex[:8]}"
    async with AsyncExitStack() as stack:
        stack.callback(os.rmdir, folder)
        if await system("mount", "-t", "tmpfs", "-o", "size=1m", "none", folder):
            pytest.skip("only root may mount a disk")
        stack.push_async_callback(system, "umount", folder)
        if postgres._account is not None:
            os.chown(folder, postgres._account.uid, postgres._account.gid)
        master = await postgres._connect()
        stack.push_async_callback(master.close)
        await master.execute(f"CREATE TABLESPACE {name} OWNER iehe_owner LOCATION '{folder}'")
        stack.push_async_callback(master.execute, f"DROP TABLESPACE {name}")
        stack.push_async_callback(master.execute, f"DROP DATABASE {database.name} WITH (FORCE)")
        ballast = Path(folder) / "ballast"
        ballast.write_bytes(bytes(200_000))
        yield name, ballast


async def fill(rows: asyncpg.Pool, size: int) -> None:
    """Store events until there is no room for one of this size."""
    while True:
        await rows.execute(
            "INSERT INTO iehe.events (source, id, type, process, case_id, envelope) "
            "SELECT 'filler', gen_random_uuid()::text, 't', 'admission-review', 'c', "
            "jsonb_build_object('a', repeat('x', $1)) FROM generate_series(1, 20)",
            size,
        )


async def test_a_full_disk_is_a_503(portal, small_disk):
    """A real one under the table of events; as soon as there is room the same event is taken."""
    tablespace, ballast = small_disk
    await portal.rows.execute(f"ALTER TABLE iehe.events SET TABLESPACE {tablespace}")
    for size in (1500, 200, 1):
        with pytest.raises(asyncpg.DiskFullError):
            await fill(portal.rows, size)
    await refused_for_a_while(portal)
    ballast.unlink()
    assert (await portal.send(event())).status_code == 202
