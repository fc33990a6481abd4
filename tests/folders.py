"""Folders for the servers of tests."""

import os
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - the servers' account enters it, and only its own folder
_ROOM = 4 << 30
"""Free bytes for the databases of a whole run; containers are often given no more than 64 MB."""


def server_folder() -> Path:
    """A folder with a short path that the account of PostgreSQL can enter; whoever asks removes it.

    In memory where there is room: a database is some 800 small files, and each test has its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="iehe-", dir=_MEMORY if _in_memory() else "/tmp"))  # noqa: S108
    folder.chmod(0o711)
    return folder


def _in_memory() -> bool:
    if not os.access(_MEMORY, os.W_OK | os.X_OK):
        return False
    disk = os.statvfs(_MEMORY)
    # programs that the account cannot reach are copied into the folder and started there
    return disk.f_bavail * disk.f_frsize >= _ROOM and not disk.f_flag & os.ST_NOEXEC
