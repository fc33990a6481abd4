"""The data folder of the embedded PostgreSQL: made once, and used by one server that we can run."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from activities.kernel.private_files import write_private
from embedded.binaries import POSTGRES_MAJOR
from embedded.credentials import SUPERUSER, ensure_secret
from embedded.faults import UnusableHome
from embedded.home import Home, make_folder
from embedded.processes import Account, Child

ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
_PATIENCE = 30.0  # seconds for a shutdown that writes its checkpoint
_POLL = 0.02


def check_data(home: Home, account: Account | None) -> None:
    """Refuse a data folder of another account or another major version.

    Raises:
        UnusableHome: it is such a folder.
    """
    data = home.data
    uid = os.geteuid() if account is None else account.uid
    if data.stat().st_uid != uid:
        raise UnusableHome(
            f"{data} was made for another account (uid {data.stat().st_uid}, not {uid}): "
            "set IEHE_POSTGRES_ACCOUNT to that account, or IEHE_HOME to another folder"
        )
    try:
        major = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except OSError as error:
        raise UnusableHome(f"{data} is not the data of a PostgreSQL: {error.strerror}") from None
    if major != POSTGRES_MAJOR:
        raise UnusableHome(f"{data} is of PostgreSQL {major}, this release runs {POSTGRES_MAJOR}")


async def make_data(home: Home, programs: Path, account: Account | None, log: Path) -> None:
    """Run `initdb`: passwords on every way in (scram), UTF-8, an order of text that no system update changes.

    Raises:
        ChildDied: it failed.
    """
    # Made beside and renamed: a half-made folder from a crash is never taken for a database.
    draft = home.data.with_name("data.new")
    shutil.rmtree(draft, ignore_errors=True)
    make_folder(draft, 0o700, account)
    password = home.socket / "password"
    owner = None if account is None else (account.uid, account.gid)
    write_private(password, ensure_secret(home, SUPERUSER)[0].encode(), owner=owner)
    command = [str(programs / "initdb"), "-D", str(draft), "-U", SUPERUSER, f"--pwfile={password}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    try:
        initdb = await Child.start("initdb", command, log=log, account=account, environment=ENVIRONMENT)
        try:
            if await initdb.wait() != 0:
                raise initdb.death()
        finally:
            await initdb.stop()
    finally:
        password.unlink(missing_ok=True)
    draft.replace(home.data)


async def wait_for_predecessor(data: Path, report: Callable[[str], None]) -> dict[str, str]:
    """Wait until no PostgreSQL of a killed supervisor runs on `data`; the caller holds the lock of the home.

    The pid in `postmaster.pid` proves nothing: it may belong to another program by now, or to a zombie that
    no init reaps. PostgreSQL itself cannot tell and would refuse to start, so we look at what the process is.

    Returns:
        The environment that makes PostgreSQL disregard a pid file whose pid now belongs to something else.
    """
    pid = _recorded_pid(data)
    if pid is None:
        return {}
    if _runs_on(pid, data):
        report("waiting for the PostgreSQL of an earlier run to end")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE
        while _runs_on(pid, data):
            if loop.time() > deadline:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
                deadline = loop.time() + _PATIENCE
            await asyncio.sleep(_POLL)
    # Named for its first use; it makes PostgreSQL take this pid as no rival.
    return {"PG_GRANDPARENT_PID": str(pid)} if _recorded_pid(data) == pid else {}


def _recorded_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text(encoding="ascii", errors="replace").split("\n")[0])
    except (OSError, ValueError):
        return None


def _runs_on(pid: int, data: Path) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        return (process / "exe").readlink().name.startswith("postgres") and (process / "cwd").samefile(data)
    except OSError:  # gone, a zombie, or another account's
        return False
