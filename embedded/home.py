"""The one folder that holds everything of the embedded stack, and who may look into it.

Modes are set on what is created here and on nothing else: a folder that exists already is used as it is, or
refused with a text that says what is in the way.
"""

import os
import pwd
import stat
from pathlib import Path

from embedded.faults import UnusableHome
from embedded.processes import Account

_PRIVATE = 0o700
_TRAVERSABLE = 0o711


class Home:
    """Paths inside `IEHE_HOME`; `create` makes what is missing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = root / "lock"
        self.secrets = root / "secrets"
        self.logs = root / "logs"
        self.postgres = root / "postgres"
        self.data = self.postgres / "data"
        self.socket = self.postgres / "run"
        self.temporal = root / "temporal"
        self.mail = root / "mail"
        self.documents = root / "documents"

    def create(self, account: Account | None = None) -> None:
        """Make the folders that are missing; `account` is the other account that PostgreSQL runs under.

        Raises:
            UnusableHome: a folder cannot be made, or `account` cannot reach the home.
        """
        mode = _PRIVATE if account is None else _TRAVERSABLE
        try:
            for folder in (*reversed(self.root.parents), self.root, self.postgres):
                make_folder(folder, mode)
            for folder in (self.secrets, self.logs, self.temporal, self.documents):
                make_folder(folder, _PRIVATE)
            make_folder(self.socket, _PRIVATE, account)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UnusableHome(
                f"{error.filename}: {reason}; set IEHE_HOME to a folder that this account can write"
            ) from error
        if not os.access(self.secrets, os.R_OK | os.W_OK | os.X_OK):
            raise UnusableHome(
                f"{self.secrets} belongs to another account; set IEHE_HOME to a folder of yours"
            )
        if account is not None and (blocked := blocking_folder(self.postgres, account)) is not None:
            raise UnusableHome(
                f"{blocked} cannot be entered by the account {account.name}, which PostgreSQL runs under "
                "when root starts it; set IEHE_HOME to a folder that it can reach, such as /var/lib/iehe"
            )


def make_way(folder: Path) -> None:
    """Make a folder of secrets and what is missing on the way to it, which another account may pass when root
    makes it: PostgreSQL runs under one.
    """
    for each in reversed(folder.parents):
        make_folder(each, _TRAVERSABLE if os.geteuid() == 0 else _PRIVATE)
    make_folder(folder, _PRIVATE)


def make_folder(folder: Path, mode: int, account: Account | None = None) -> None:
    """Make one folder with exactly this mode, and owner where given; leaves an existing one untouched."""
    try:
        folder.mkdir(mode=_PRIVATE)
    except OSError:
        # On a read-only parent mkdir says so even where the folder exists.
        if folder.is_dir():
            return
        raise
    folder.chmod(mode)
    if account is not None:
        os.chown(folder, account.uid, account.gid)


def blocking_folder(path: Path, account: Account) -> Path | None:
    """Return the first folder on the way into `path` that the account may not enter, or None."""
    path = path.resolve()
    for folder in (*reversed(path.parents), path):
        status = folder.stat()
        if status.st_uid == account.uid:
            needed = stat.S_IXUSR
        elif status.st_gid in {account.gid, *account.groups}:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            return folder
    return None


def postgres_account(name: str | None) -> Account | None:
    """Return the account that PostgreSQL, which refuses root, has to run under; None where it is our own.

    Raises:
        UnusableHome: we are root and the account is not set, unknown or root itself.
    """
    if os.geteuid() != 0:
        return None
    if name is None:
        raise UnusableHome(
            "PostgreSQL does not run as root and neither 'postgres' nor 'nobody' exists here: "
            "set IEHE_POSTGRES_ACCOUNT to an unprivileged account"
        )
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise UnusableHome(f"there is no account {name!r}: set IEHE_POSTGRES_ACCOUNT to one") from None
    if entry.pw_uid == 0:
        raise UnusableHome("PostgreSQL does not run as root: set IEHE_POSTGRES_ACCOUNT to another account")
    return Account(name, entry.pw_uid, entry.pw_gid, tuple(os.getgrouplist(name, entry.pw_gid)))
