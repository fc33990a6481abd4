"""The data folder of the embedded PostgreSQL: made once, and refused when it is not one that we can run."""

import os
import shutil
from pathlib import Path

from activities.kernel.private_files import write_private
from embedded.binaries import POSTGRES_MAJOR
from embedded.credentials import SUPERUSER, ensure_secret
from embedded.faults import UnusableHome
from embedded.home import Home, make_folder
from embedded.processes import Account, Child

ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


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
