"""Which member of staff an account of the operating system acts as, where the embedded stack runs.

A file that only this account can have written and can read picks the person; whether the account may act as
that person is on record in the database.
"""

import os
import pwd
import stat
from pathlib import Path
from typing import Final

from activities.kernel.private_files import write_private
from embedded.faults import UnusableHome
from embedded.home import Home, make_way

_LIMIT: Final = 64 * 1024


class UnsafeFileError(Exception):
    """A file that says who acts is another account's, or others may read it; the text names which."""


def account() -> str:
    """The name of the account that this process runs as, by the operating system and not the environment."""
    return account_of(os.geteuid())


def account_of(uid: int) -> str:
    """The name of an account; its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def private_text(path: Path) -> str:
    """What a file holds that nobody else can have put there or read.

    Raises:
        UnsafeFileError: it belongs to another account, or others may read it.
        OSError: it is not there or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            raise UnsafeFileError(f"{path} belongs to the account {account_of(status.st_uid)}")
        if stat.S_IMODE(status.st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            raise UnsafeFileError(f"{path} has the mode {stat.S_IMODE(status.st_mode):04o} instead of 0600")
        os.set_blocking(descriptor, True)  # a pipe of the shell may still be written
        return file.read(_LIMIT).decode("utf-8", "replace").strip()


def read_login(home: Home) -> str | None:
    """The staff id that this account has logged in as; None when it has not.

    Raises:
        UnsafeFileError: the file is another account's, or others may read it.
        OSError: it cannot be read.
    """
    try:
        return private_text(_path(home))
    except FileNotFoundError:
        return None


def write_login(home: Home, staff_id: str) -> Path:
    """Let this account act as a member of staff from now on; the file that says so.

    Raises:
        UnusableHome: it cannot be written.
    """
    path = _path(home)
    try:
        make_way(path.parent)
        write_private(path, f"{staff_id}\n".encode())
    except OSError as error:
        raise UnusableHome(f"{error.filename}: {error.strerror}") from None
    return path


def end_login(home: Home) -> bool:
    """Let this account act as nobody; False when it did already."""
    try:
        _path(home).unlink()
    except FileNotFoundError:
        return False
    return True


def _path(home: Home) -> Path:
    return home.root / "logins" / str(os.geteuid())
