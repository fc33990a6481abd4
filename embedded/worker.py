"""Our own programs as children of the supervisor: started, and ready when they say so themselves."""

import asyncio
import os
from collections.abc import Sequence

from embedded.concurrency import first_of
from embedded.faults import ServerStartFailed
from embedded.home import Home
from embedded.processes import Child

READY_FD = "IEHE_READY_FD"
READY = b"ready\n"
_READY_LIMIT = 60.0  # seconds


async def start_child(name: str, command: Sequence[str], home: Home) -> Child:
    """Start one of our programs and return when it has written `ready` to the descriptor in `IEHE_READY_FD`.

    Raises:
        ChildDied: it ended before that.
        ServerStartFailed: it closed the descriptor or said nothing in time; it has been stopped.
    """
    reading, writing = os.pipe()
    log = home.logs / f"{name}.log"
    additions = {READY_FD: str(writing), "IEHE_HOME": str(home.root), "PYTHONUNBUFFERED": "1"}
    try:
        try:
            child = await Child.start(name, command, log=log, additions=additions, pass_fds=(writing,))
        finally:
            os.close(writing)
        try:
            await _await_ready(child, reading)
        except BaseException:
            await child.stop()
            raise
    finally:
        os.close(reading)
    return child


async def _await_ready(child: Child, reading: int) -> None:
    loop = asyncio.get_running_loop()
    said: asyncio.Future[bytes] = loop.create_future()

    def readable() -> None:
        loop.remove_reader(reading)
        said.set_result(os.read(reading, len(READY)))

    loop.add_reader(reading, readable)
    try:
        await first_of(said, child.exited, within=_READY_LIMIT)
    finally:
        loop.remove_reader(reading)
    if said.done() and said.result() == READY:
        return
    await first_of(child.exited, within=0.2)
    if not child.running:
        raise child.death()
    raise ServerStartFailed(f"{child.name} did not become ready; its log: {child.log}")


def tell_ready() -> None:
    """Tell the supervisor, if there is one, that this process does its work; for the process itself."""
    number = os.environ.pop(READY_FD, None)
    if number is not None:
        with os.fdopen(int(number), "wb") as pipe:
            pipe.write(READY)
