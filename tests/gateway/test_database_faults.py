"""Faults of the database that pass: whatever they are, a sender is asked to come again, and then is served."""

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from activities.database import is_transient
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


async def _too_slow(portal, database) -> None:
    await portal.rows.execute(
        "CREATE FUNCTION iehe.dawdle() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN SET LOCAL statement_timeout = 1; PERFORM pg_sleep(5); RETURN NEW; END $$"
    )
    await portal.rows.execute(
        "CREATE TRIGGER dawdles BEFORE INSERT ON iehe.events FOR EACH ROW EXECUTE FUNCTION iehe.dawdle()"
    )
    await portal.rows.execute("ALTER ROLE iehe_office SET lock_timeout = '1ms'")


@pytest.mark.parametrize("fault", [_no_connections, _read_only])
async def test_a_server_that_takes_nothing_now(
    portal, gateway, database, fault: Callable[..., Awaitable[None]]
):
    """Too many connections, and a server that only reads: said by the server itself, to new connections."""
    await fault(portal, database)
    await gateway.pool.expire_connections()
    await refused_for_a_while(portal)


@pytest.fixture
def small_disk(server_home) -> Iterator[Path]:
    """A disk of one megabyte that PostgreSQL can write to."""
    folder = server_home.folder.parent / f"disk-{uuid4().hex[:8]}"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], check=False)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("only root may mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()
