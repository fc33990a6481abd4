"""Child processes that cannot outlive the supervisor, with a log file each and stops that have a deadline."""

import asyncio
import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from embedded import launch
from embedded.faults import ChildDied

_LOG_KEPT_BYTES = 10_000_000
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_TAIL_BYTES = 4_000
_TAIL_LINES = 5


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system account to run a child under; only root can use another one than its own."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...] = ()


class Child:
    """A running child process; made by `Child.start`, ended by `stop` or by itself."""

    def __init__(self, name: str, log: Path, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.log = log
        self._process = process
        self.exited: asyncio.Task[int] = asyncio.create_task(process.wait(), name=f"exit of {name}")

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        death_signal: signal.Signals = signal.SIGKILL,
        account: Account | None = None,
        environment: Mapping[str, str] | None = None,
        additions: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> Self:
        """Start `command` in a session of its own, output appended to `log` (mode 0600).

        Call it from the thread that lives as long as the program: the kernel sends `death_signal` when the
        *thread* that started the child ends. The child gets no terminal, so Ctrl-C reaches the supervisor
        alone and the order of stopping stays its decision. It gets our environment and `additions`, or
        `environment` alone, which must hold no secrets: it is seen in the list of processes for an instant.
        """
        identity = "-"
        if account is not None:
            identity = f"{account.uid}:{account.gid}:{','.join(map(str, account.groups))}"
        variables = "-" if environment is None else json.dumps(dict(environment))
        output = open_log(log)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", launch.__file__),
                *(str(os.getpid()), str(int(death_signal)), identity, variables, *command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                # Always ours: the interpreter that becomes the program may not run without it.
                env=os.environ | dict(additions or {}),
                pass_fds=tuple(pass_fds),
                start_new_session=True,
            )
        finally:
            os.close(output)
        return cls(name, log, process)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet, as far as the event loop knows."""
        return not self.exited.done()

    async def wait(self) -> int:
        """Wait for its end and return the exit code, or minus the signal's number."""
        # Shielded: whoever is cancelled while waiting must not make the child look ended.
        return await asyncio.shield(self.exited)

    def death(self) -> ChildDied:
        """Return the error that tells how an ended child ended, where its log is and the end of that."""
        code = self.exited.result()
        how = f"ended with exit code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
        tail = "".join(f"\n    {line}" for line in log_tail(self.log))
        return ChildDied(f"{self.name} (pid {self.pid}) {how}; its log: {self.log}{tail}")

    async def stop(self, *steps: tuple[signal.Signals, float]) -> int:
        """Send each signal in turn with its patience in seconds, SIGKILL at last; returns the exit code.

        A child that has ended already is no error.
        """
        for number, patience in steps:
            if not self.running:
                break
            self._process.send_signal(number)
            await asyncio.wait({self.exited}, timeout=patience)
        if self.running:
            self._process.kill()
        return await self.wait()


def open_log(log: Path) -> int:
    """Open a log file for appending with mode 0600; one that has grown large is moved to `<name>.1` first."""
    if log.exists() and log.stat().st_size > _LOG_KEPT_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    return os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def rotate(log: Path, kept_bytes: int = _LOG_KEPT_BYTES) -> bool:
    """Copy a log that has grown large to `<name>.1` and empty it, while its program goes on writing to it.

    Programs append, so what they write next is at the beginning again. Where there is no room for the copy
    the older copy goes first, and then, rather than filling the disk, the lines themselves.
    """
    if not log.is_file() or log.stat().st_size <= kept_bytes:
        return False
    copy = log.with_name(f"{log.name}.1")
    copy.unlink(missing_ok=True)
    try:
        with log.open("rb") as lines, open(os.open(copy, _NEW, 0o600), "wb") as kept:  # noqa: PTH123
            shutil.copyfileobj(lines, kept)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        copy.unlink(missing_ok=True)
    os.truncate(log, 0)
    return True


def _rotate_all(folder: Path) -> None:
    for log in folder.glob("*.log"):
        with suppress(OSError):  # a log that cannot be turned now can be the next time
            rotate(log)


async def rotating(folder: Path, every: float = 30.0) -> None:
    """Keep all logs of a folder below their bound for as long as this runs, looking every so many seconds."""
    while True:
        await asyncio.to_thread(_rotate_all, folder)
        await asyncio.sleep(every)


def log_tail(log: Path) -> list[str]:
    """Return the last few lines of a log file, or nothing where there is no file."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
