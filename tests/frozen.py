"""A server that is there and says nothing: its processes are stopped, as by `kill -STOP`."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def family(pid: int) -> list[int]:
    """A process and those that it has started."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # ended meanwhile
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                children += family(int(stat.parent.name))
    return [pid, *children]


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Nothing of the server runs while this lasts; it goes on afterwards."""
    processes = family(pid)
    try:
        for each in processes:
            os.kill(each, signal.SIGSTOP)
        yield
    finally:
        for each in processes:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)
