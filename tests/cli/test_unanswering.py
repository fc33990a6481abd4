"""Servers that do not answer and disks that are full: each is told as such, and in time."""

import asyncio
import time
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from cli.case_arguments import answering
from cli.session import CommandError, Exit
from schemas.kernel.patience import ANSWER_WITHIN, CONNECT_WITHIN, PROBE_WITHIN
from tests.cli.program import Program, elsewhere
from tests.frozen import frozen
from tests.office import Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


@contextmanager
def in_time():
    """What happens within takes less than the one bound."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < ANSWER_WITHIN.total_seconds()


@pytest.mark.parametrize("server", ["temporal", "postgres"])
async def test_doctor_tells_a_frozen_server_in_time(office, server, request) -> None:
    """Whichever server is frozen, doctor names it within the bound."""
    with frozen(request.getfixturevalue(server).child.pid), in_time():
        ended = await office("doctor", "--json")
    assert ended.code == Exit.PROBLEMS
    name = {"temporal": "temporal", "postgres": "database"}[server]
    (finding,) = [each for each in ended.json if each["check"] == name]
    assert finding["state"] == "problem"


@pytest.mark.parametrize("server", ["temporal", "postgres"])
async def test_a_decision_while_a_server_is_frozen_is_answered_in_time(
    institute: Institute, database, temporal, postgres, tmp_path, server
) -> None:
    """The command line says within the bound that the server does not answer."""
    iehe = Program(elsewhere(database, temporal, tmp_path / "home")).by("office-1")
    case = await institute.apply()
    await case.complete()
    words = ("admission", "confirm-eligibility", case.case_id, "--eligible", "--as", "office-1")
    with frozen({"temporal": temporal, "postgres": postgres}[server].child.pid), in_time():
        ended = await iehe(*words)
    assert ended.code == Exit.UNAVAILABLE, (ended.out, ended.err)


def test_there_is_one_bound() -> None:
    """What is waited for within the bound has a part of it: a connection, and a question of `/readyz`."""
    assert PROBE_WITHIN < CONNECT_WITHIN < ANSWER_WITHIN
    assert PROBE_WITHIN * 2 <= CONNECT_WITHIN


async def test_a_full_disk_here_is_told() -> None:
    """A file that cannot be written for want of room is no server that does not answer."""
    with pytest.raises(CommandError) as told:
        async with answering():
            await asyncio.to_thread(Path("/dev/full").write_text, "x")
    assert (told.value.code, told.value.exit_code) == ("disk-full", Exit.UNAVAILABLE)


async def test_a_full_disk_of_the_database_is_told(database) -> None:
    """What PostgreSQL says when its disk is full is told as that, not as an unexpected fault."""
    connection = await asyncpg.connect(database.url("owner"))
    with pytest.raises(CommandError) as told:
        async with answering():
            await connection.execute("DO $$ BEGIN RAISE 'no space' USING ERRCODE = 'disk_full'; END $$")
    await connection.close()
    assert told.value.code == "disk-full"
    assert "iehe doctor" in told.value.english
