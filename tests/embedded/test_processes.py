"""Child processes: logs, ends and the tie to their parent."""

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from embedded.faults import ChildDied, ServerStartFailed
from embedded.home import Home
from embedded.processes import _LOG_KEPT_BYTES, Child, open_log, rotate, rotating
from embedded.worker import start_child


async def test_the_end_of_a_child_is_told_with_its_log(tmp_path):
    """An ended child is described by exit code, log and the log's last lines."""
    log = tmp_path / "log"
    child = await Child.start("thing", [sys.executable, "-c", "raise SystemExit('out of paper')"], log=log)
    assert await child.wait() == 1
    for word in ("thing", "exit code 1", str(log), "out of paper"):
        assert word in str(child.death())
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


async def test_a_stop_goes_from_asking_to_force(tmp_path, eventually):
    """A child that ignores the signal is killed after its patience, and stopping again is no error."""
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
    deaf += "; signal.pause()"
    child = await Child.start("deaf", [sys.executable, "-c", deaf], log=tmp_path / "log")
    await eventually(lambda: "deaf" in (tmp_path / "log").read_text())
    assert await child.stop((signal.SIGTERM, 0.05)) == -signal.SIGKILL
    assert await child.stop((signal.SIGTERM, 0.05)) == -signal.SIGKILL


async def test_ignored_signals_are_not_handed_on(tmp_path, eventually):
    """A child reacts to SIGINT even where our own parent, a shell with `&`, made us ignore it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = await Child.start("sleeper", ["/bin/sleep", "60"], log=tmp_path / "log")
    finally:
        signal.signal(signal.SIGINT, before)
    name = Path(f"/proc/{child.pid}/comm")
    await eventually(lambda: name.read_text() == "sleep\n")
    assert await child.stop((signal.SIGINT, 5)) == -signal.SIGINT


def test_a_large_log_is_moved_aside(tmp_path, monkeypatch):
    """A log that has grown large is kept as one older file."""
    monkeypatch.setattr("embedded.processes._LOG_KEPT_BYTES", 3)
    log = tmp_path / "log"
    log.write_text("long")
    with open(open_log(log), "w") as file:  # noqa: PTH123 - a descriptor
        file.write("new")
    assert (tmp_path / "log.1").read_text() == "long"
    assert log.read_text() == "new"


async def test_a_worker_that_closes_its_pipe_without_a_word(tmp_path):
    """A worker that goes on running without having said ready is stopped and reported."""
    home = Home(tmp_path)
    home.create()
    mute = "import os, signal; os.close(int(os.environ['IEHE_READY_FD'])); signal.pause()"
    with pytest.raises(ServerStartFailed, match=r"worker\.log"):
        await start_child("worker", [sys.executable, "-c", mute], home)


async def test_a_program_that_does_not_exist(tmp_path):
    """A missing program is a death with the reason in its log."""
    child = await Child.start("ghost", ["/no/such/program"], log=tmp_path / "log")
    await child.wait()
    with pytest.raises(ChildDied, match="No such file"):
        raise child.death()


def test_a_log_is_turned_while_it_is_written(tmp_path):
    """What has grown large is kept once beside it; its program goes on writing where it was."""
    log = tmp_path / "x.log"
    writing = open_log(log)
    os.write(writing, b"old\n" * 100)
    assert not rotate(log, kept_bytes=1000)
    assert rotate(log, kept_bytes=100)
    os.write(writing, b"new\n")
    os.close(writing)
    assert (tmp_path / "x.log.1").read_bytes() == b"old\n" * 100
    assert log.read_bytes() == b"new\n"
    assert stat.S_IMODE((tmp_path / "x.log.1").stat().st_mode) == 0o600


async def test_logs_are_turned_again_and_again(tmp_path, eventually):
    """As long as the supervisor runs no log of its folder stays above its bound, whoever writes it."""
    turning = asyncio.create_task(rotating(tmp_path, every=0.01))
    for _ in range(2):
        with (tmp_path / "postgresql.log").open("ab") as log:
            log.truncate(_LOG_KEPT_BYTES + 1)
        await eventually(lambda: (tmp_path / "postgresql.log").stat().st_size == 0)
    turning.cancel()
    assert (tmp_path / "postgresql.log.1").stat().st_size == _LOG_KEPT_BYTES + 1
