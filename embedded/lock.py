"""One supervisor a home: a lock that the kernel frees when its holder dies, however it dies."""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Self

from embedded.faults import AlreadyRunning, UnusableHome
from embedded.home import Home

_PATIENCE = 0.3  # seconds; a command that looks whether the stack runs holds the lock for an instant


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock and where its UI is."""

    pid: int
    ui_url: str


class HomeLock:
    """The exclusive use of a home, as a context manager.

    Attributes:
        unclean: set on entering; whether the last holder was killed rather than stopped.
    """

    def __init__(self, home: Home, ui_url: str) -> None:
        self._home = home
        self._holder = Holder(os.getpid(), ui_url)
        self._descriptor = -1
        self.unclean = False

    def __enter__(self) -> Self:
        path = self._home.lock
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UnusableHome(f"{path}: {error.strerror}; set IEHE_HOME to a folder of yours") from error
        deadline = time.monotonic() + _PATIENCE
        while not _try_lock(self._descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(self._descriptor)
                raise AlreadyRunning(_describe(self._home))
            time.sleep(0.01)
        self.unclean = os.fstat(self._descriptor).st_size > 0
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(asdict(self._holder)).encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The file stays: removing it would let two holders lock two files of one name.
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def holder_of(home: Home) -> Holder | None:
    """Return who runs the stack on this home, or None when nobody does.

    Raises:
        OSError: the lock is not ours to read.
    """
    try:
        descriptor = os.open(home.lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _try_lock(descriptor, fcntl.LOCK_SH) else _read(descriptor)
    finally:
        os.close(descriptor)


def _describe(home: Home) -> str:
    holder = holder_of(home)
    where = f": pid {holder.pid}, Temporal UI {holder.ui_url}" if holder is not None and holder.pid else ""
    return f"the stack already runs on {home.root}{where}"


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> Holder:
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):  # taken, but its holder has not written itself in yet
        return Holder(0, "")
