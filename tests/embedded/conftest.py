"""A stack as a user runs it: a process of its own that can be interrupted and killed."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.ports import free_port
from tests.folders import server_folder

UP = Path(__file__).with_name("up.py")
PORTS = (
    *("TEMPORAL_PORT", "UI_PORT", "TEMPORAL_HTTP_PORT", "TEMPORAL_METRICS_PORT"),
    *("SMTP_PORT", "GATEWAY_PORT", "OFFICE_PORT"),
)


class Up:
    """Runs of the stack on one home, one after another."""

    def __init__(self, folder: Path, eventually) -> None:
        self.home = folder / "home"
        self.output = folder / "output"
        self.eventually = eventually
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("IEHE_", "TEMPORAL_", "PYTEST_"))
        }
        self.environment["IEHE_HOME"] = str(self.home)
        self.environment |= {f"IEHE_{name}": str(free_port()) for name in PORTS}

    def run(self, **variables: str) -> subprocess.Popen[bytes]:
        """Start it without waiting."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, str(UP)],
                env=self.environment | variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
            )
        return self.process

    async def second(self) -> tuple[int | None, str]:
        """Start another one beside it and return its exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(UP), env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output, _ = await process.communicate()
        return process.returncode, output.decode()

    async def start(self, **variables: str) -> str:
        """Start it, wait until it is ready, and return what it printed."""
        process = self.run(**variables)
        await self.eventually(lambda: "stop with" in self.text() or process.poll() is not None, 30)
        assert process.poll() is None, self.text()
        return self.text()

    async def ended(self, limit: float = 20) -> int:
        """Wait for the end of it and of everything it started, and return its exit code."""
        await self.eventually(lambda: self.process.poll() is not None, limit)
        await self.eventually(lambda: not self.processes(), limit)
        return self.process.returncode

    async def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Tell it to stop; the limit is part of the promise."""
        self.process.send_signal(number)
        return await self.ended(limit=5)

    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text()

    def processes(self) -> dict[int, str]:
        """Every process of this home: by its command, its environment or the folder it works in."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                ours = str(self.home).encode() in words + (entry / "environ").read_bytes()
                if ours or (entry / "cwd").readlink().is_relative_to(self.home):
                    found[int(entry.name)] = words.decode()
            except OSError:
                continue  # it ended while we looked
        return found

    def child(self, word: str) -> int:
        """The supervisor's own child whose command has this word in it."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        (pid,) = [int(pid) for pid in listed.split() if word in self.processes().get(int(pid), "")]
        return pid


def _finish(up: Up, folder: Path) -> None:
    for pid in up.processes():
        os.kill(pid, signal.SIGKILL)
    if up.process is not None:
        up.process.wait()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def up(eventually) -> Iterator[Up]:
    """A home that the tests of a module share: all but the first start are warm."""
    folder = server_folder()
    up = Up(folder, eventually)
    yield up
    _finish(up, folder)


@pytest.fixture
def fresh_up(eventually) -> Iterator[Up]:
    """A home on which nothing has run yet."""
    folder = server_folder()
    up = Up(folder, eventually)
    yield up
    _finish(up, folder)
