"""A PostgreSQL that an earlier, killed supervisor left behind is still shutting down: wait for it.

The pid in `postmaster.pid` proves nothing: it may belong to another program by now, or to a zombie that no
init reaps. PostgreSQL itself cannot tell and would refuse to start, so we look at what the process really is.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PATIENCE = 30.0  # seconds for a shutdown that writes its checkpoint
_POLL = 0.02


async def wait_for_predecessor(data: Path, report: Callable[[str], None]) -> dict[str, str]:
    """Wait until no PostgreSQL runs on `data`; the caller holds the lock of the home.

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
