"""The stack from its first start to kill -9 of every part, as its user sees it."""

import os
import signal
import socket
import time
from pathlib import Path

import asyncpg
import httpx2
import pytest

from embedded.connection import Embedded
from embedded.faults import StackNotRunning
from workers.settings import Settings

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root must do differently")


@pytest.fixture(autouse=True)
async def nothing_runs_afterwards(up):
    yield
    if up.process is not None and up.process.poll() is None:
        await up.stop(signal.SIGKILL)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def arguments(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def listening(pids) -> set[str]:
    """The addresses on which processes listen, from the kernel's tables, as hexadecimal words."""
    sockets = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            sockets.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in sockets}


async def test_starts_says_where_everything_is_and_stops(up):
    """One start gives servers on loopback, private files and an overview; Ctrl-C stops it all."""
    text = await up.start()
    for word in (
        f":{up.environment['IEHE_UI_PORT']}",
        str(up.home / "mail"),
        str(up.home / "logs"),
        "try this",
    ):
        assert word in text
    assert listening(up.processes()) == {"0100007F"}  # 127.0.0.1
    folders = ("secrets", "logs", "temporal", "mail", "postgres/data", "postgres/run")
    assert {name: mode(up.home / name) for name in folders} == dict.fromkeys(folders, 0o700)
    assert mode(up.home) in {0o700, 0o711}
    files = [
        *up.home.glob("secrets/*"),
        *up.home.glob("logs/*"),
        *up.home.glob("temporal/*"),
        up.home / "lock",
    ]
    assert {path.name: mode(path) & 0o077 for path in files} == {path.name: 0 for path in files}
    assert await up.stop() == 0
    assert "stopped" in up.text()


async def test_no_secret_in_arguments_or_open_settings(up):
    """The process list and the UI's settings, which everybody here may read, hold none of the secrets."""
    await up.start()
    open_to_all = [arguments(pid) for pid in up.processes()]
    async with httpx2.AsyncClient() as http:
        settings = await http.get(f"http://127.0.0.1:{up.environment['IEHE_UI_PORT']}/api/v1/settings")
    open_to_all.append(settings.text)
    secrets = [file.read_text() for file in up.home.glob("secrets/*") if file.is_file()]
    assert len(secrets) >= 4
    assert not [secret for secret in secrets if any(secret in text for text in open_to_all)]
    assert settings.json()["Codec"]["Endpoint"].endswith("/codec")


async def test_other_commands_reach_the_database_while_it_runs(up):
    """While the stack runs every role has an address that works, and none when it does not."""
    embedded = Embedded(Settings(home=up.home))
    with pytest.raises(StackNotRunning, match="make run"):
        embedded.url("office")
    await up.start()
    for role in ("owner", "worker", "office", "auditor"):
        connection = await asyncpg.connect(embedded.url(role))
        assert await connection.fetchval("SELECT current_user") == f"iehe_{role}"
        await connection.close()
    assert await up.stop(signal.SIGHUP) == 0  # a closed terminal


async def test_a_second_start_does_no_harm(up):
    """A second start names the first with its pid and UI, leaves with 9, and the first goes on."""
    await up.start()
    before = up.processes()
    code, text = await up.second()
    assert code == 9
    assert f"pid {up.process.pid}" in text
    assert f"http://127.0.0.1:{up.environment['IEHE_UI_PORT']}" in text
    assert before.keys() <= up.processes().keys()
    assert await up.stop(signal.SIGTERM) == 0  # a service manager


async def test_after_kill_9_nothing_is_left_and_nothing_is_lost(up):
    """After kill -9 of the supervisor no process is left, and the next start has every row and workflow."""
    counts = []
    for _ in range(2):
        text = await up.start()
        counts.append(next(line for line in text.splitlines() if line.startswith("rows")).split())
        assert await up.stop(signal.SIGKILL) == -signal.SIGKILL
    numbers = [(int(rows), int(workflows)) for _, rows, _, workflows in counts]
    assert numbers == [(numbers[0][0] + n, numbers[0][0] + n) for n in range(2)]


async def test_a_start_right_after_kill_9_waits_for_the_rest(up):
    """A start in the instant after kill -9 finds ports and data busy for a moment, and succeeds."""
    await up.start()
    up.process.kill()
    up.process.wait()
    assert "ready" in await up.start()


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("postgresql", "bin/postgres"),
        ("temporal", "start-dev"),
        ("worker", "# worker"),
        ("gateway", "# gateway"),
    ],
)
async def test_a_dead_child_stops_everything(up, name, word):
    """When a child is killed the rest is stopped, and the message names the child, its end and its log."""
    await up.start()
    os.kill(up.child(word), signal.SIGKILL)
    assert await up.ended() == 10
    assert f"{name} (pid" in up.text()
    assert "killed by SIGKILL" in up.text()
    assert str(up.home / "logs" / f"{name}.log") in up.text()


async def test_a_worker_that_ignores_its_end_does_not_hold_up_the_stop(up):
    """A worker that does not end when told is killed, within the five seconds."""
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    stubborn += "from embedded.worker import tell_ready; tell_ready()\nwhile True: signal.pause()"
    await up.start(TEST_WORKER=stubborn)
    assert await up.stop() == 0


async def test_a_worker_that_fails_at_its_start(up):
    """A worker that ends before it is ready gives code 10 and the end of its log."""
    up.run(TEST_WORKER="raise SystemExit('no such thing')")
    assert await up.ended() == 10
    assert "no such thing" in up.text()


async def test_a_failing_preparation_stops_everything(up):
    """An error of a preparation step comes out after everything has been stopped."""
    up.run(TEST_PREPARE_FAILS="1")
    assert await up.ended() == 1
    assert "the step failed" in up.text()


@pytest.mark.parametrize(
    "setting",
    ["IEHE_UI_PORT", "IEHE_SMTP_PORT", "IEHE_TEMPORAL_PORT", "IEHE_GATEWAY_PORT", "IEHE_OFFICE_PORT"],
)
async def test_a_taken_port_is_named_with_its_setting(up, setting):
    """A port in use is reported with its number and setting before anything is started."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        up.run(**{setting: str(port)})
        assert await up.ended() == 8
    assert f"port {port}" in up.text()
    assert setting in up.text()
    assert "starting" not in up.text()


async def test_interrupted_and_killed_at_any_moment_of_the_first_start(fresh_up):
    """However far the first start has come, stopping leaves nothing, and a later start succeeds."""
    for number, delay in (
        (signal.SIGINT, 0.5),
        (signal.SIGKILL, 0.6),
        (signal.SIGKILL, 0.8),
    ):
        started = time.monotonic()
        process = fresh_up.run()
        await fresh_up.eventually(lambda at=started + delay: time.monotonic() > at)
        process.send_signal(number)
        await fresh_up.ended(limit=5)
    assert "ready" in await fresh_up.start()
    assert await fresh_up.stop() == 0


@only_root
async def test_a_home_that_the_database_cannot_reach(up, tmp_path):
    """As root, a home below a private folder is refused by the name of that folder; its mode stays."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    up.run(IEHE_HOME=str(private / "home"))
    assert await up.ended() == 8
    assert "cannot be entered" in up.text()
    assert "IEHE_HOME" in up.text()
    assert mode(private) == 0o700


async def test_a_home_that_is_too_deep(up):
    """A home whose socket would have too long a path is refused with the setting to change."""
    up.run(IEHE_HOME=str(up.home / ("long" * 25)))
    assert await up.ended() == 8
    assert "IEHE_HOME to a shorter folder" in up.text()
