"""Whether the ports that the stack needs are free, asked before anything is started."""

import asyncio
import errno
import fcntl
import os
import secrets
import socket
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from embedded.faults import PortsTaken

LOOPBACK = "127.0.0.1"
_POLL = 0.05
_LOWEST, _COUNT = 10_000, 20_000
_given: set[int] = set()


async def require_free_ports(ports: Mapping[str, int], patience: float = 0.0) -> None:
    """Return when all ports, given by the name of their setting, are free on 127.0.0.1.

    Args:
        ports: setting to port.
        patience: seconds to wait for ports that a killed predecessor may hold for a moment longer.

    Raises:
        PortsTaken: with every port that is not free.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while taken := [(name, port, reason) for name, port in ports.items() if (reason := obstacle(port))]:
        if loop.time() >= deadline:
            raise PortsTaken(taken)
        await asyncio.sleep(_POLL)


def obstacle(port: int) -> str | None:
    """Say why one cannot listen on the port of 127.0.0.1, or return None."""
    with socket.socket() as listener:
        # As the servers do it: connections of an earlier run that linger are no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
            listener.listen()
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return "taken by another program" if taken else (error.strerror or str(error)).lower()
    return None


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free at this moment, for servers that live for one test.

    Another one each time, in every process of this user: whoever asks has not started to listen yet.
    """
    # Not one that the system hands out to connections: a client could take it before the server does.
    while (port := _LOWEST + secrets.randbelow(_COUNT)) in _given or not _ours(port) or obstacle(port):
        pass
    _given.add(port)
    return port


def _ours(port: int) -> bool:
    """Keep the port from the user's other processes for as long as this one lives."""
    try:
        fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except (BlockingIOError, PermissionError):  # POSIX lets a system say either
        return False
    return True


@cache
def _locks() -> int:
    """The descriptor of a file of which each process has locked the bytes whose numbers are its ports."""
    return os.open(Path(tempfile.gettempdir()) / f"iehe-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)
