"""`iehe up`, `iehe worker`, `iehe migrate` as processes of their own on real servers."""

import asyncio
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.session import Exit
from tests.cli import zygote
from tests.cli.program import PROGRAM, Program, elsewhere
from tests.embedded.conftest import Up, _finish
from tests.folders import server_folder

READY_WITHIN = 60.0  # the promise is 20 s; here two processes of tests share the machine
STOPPED_WITHIN = 5.0
KEPT_DAYS = 400
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(180)  # each start and each command is bounded by itself


class OurUp(Up):
    """`iehe up` in place of the tests' own program."""

    def run(self, *command: str, **variables: str) -> subprocess.Popen[bytes]:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                command or (*PROGRAM, "up"),
                env=self.environment | variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
            )
        return self.process

    async def ready(self) -> str:
        """Wait for the overview and return everything printed."""
        await self.eventually(
            lambda: "stop with" in self.text() or self.process.poll() is not None, READY_WITHIN
        )
        assert self.process.poll() is None, self.text()
        return self.text()


@pytest.fixture(scope="module")
def up(eventually):
    folder = server_folder()
    up = OurUp(folder, eventually)
    yield up
    _finish(up, folder)


@pytest.fixture(autouse=True)
async def nothing_runs_afterwards(up):
    yield
    if up.process is not None and up.process.poll() is None:
        await up.stop(signal.SIGKILL)


async def test_up_gives_a_working_office(up):
    """From nothing to a system in which the doctor finds no problem; a second start does no harm."""
    up.run()
    text = await up.ready()
    iehe = Program(up.environment)
    for hint in ("doctor", "staff import docs/samples/staff.csv", "login admin-1", "mail list"):
        assert f"-m cli.main {hint}" in text
    doctor = await iehe("doctor", "--json")
    assert doctor.code == Exit.OK, doctor.out
    found = {each["check"]: each for each in doctor.json}
    assert found["stack"]["facts"]["pid"] == up.process.pid
    assert found["temporal"]["facts"]["kept_days"] == KEPT_DAYS
    assert found["policies"]["facts"]["in_force"]
    second = await iehe("up")
    assert second.code == Exit.ALREADY_RUNNING
    assert f"pid {up.process.pid}" in second.out
    assert (await iehe("migrate", "--status", "--json")).json[0]["applied_at"] is not None
    up.process.send_signal(signal.SIGINT)
    assert await up.ended(limit=STOPPED_WITHIN) == 0


@pytest.mark.timeout(400)  # forty commands, each a process of its own
async def test_the_main_job_of_the_readme(up, tmp_path):
    """Every command of README's main job works as it is printed there, and says what is printed below it."""
    up.run()
    await up.ready()
    iehe = Program(up.environment)
    for name in ("applications", "applications-faulty", "staff"):
        shutil.copy(ROOT / "docs" / "samples" / f"{name}.csv", _folder_of(tmp_path / "docs" / "samples"))
    assert (await iehe("staff", "import", tmp_path / "docs" / "samples" / "staff.csv")).code == 0
    text = (
        (ROOT / "README.md")
        .read_text(encoding="utf-8")
        .partition("## The main job\n")[2]
        .partition("\n## ")[0]
    )
    text = text.replace(":8090", f":{up.environment['IEHE_GATEWAY_PORT']}")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    steps = [step for block in blocks for step in re.split(r"^\$ ", block, flags=re.MULTILINE) if step]
    commands, promised = zip(*map(_command_and_answer, steps), strict=True)

    # what `$?` is stays as the command before has left it
    script = "".join(
        f"code=$?; echo '$ {number}'; (exit $code)\n{command}\n" for number, command in enumerate(commands)
    )
    # who is told that a case is about to open asks again
    again = f"""iehe() {{
        local code
        for _ in 1 2 3 4 5; do
            {shlex.join(zygote.words())} "$@"; code=$?
            [ $code -eq {int(Exit.UNAVAILABLE)} ] || return $code
            sleep 1
        done
        return $code
    }}
    """
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f"{again}{script}"),
        cwd=tmp_path,
        env=up.environment | {"IEHE_LANGUAGE": "en", "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()

    told = re.split(r"^\$ \d+\n", out.decode(), flags=re.MULTILINE)[1:]
    for command, answer, lines in zip(commands, told, promised, strict=True):
        assert "iehe-fault" not in answer, (command, answer)
        shown = [_without_what_differs(line) for line in answer.splitlines()]
        for line in lines:
            assert _without_what_differs(line) in shown, (command, answer)
    row = (await iehe("case", "show", "A2027-000001", "--json")).json
    assert (row["stage"], row["version"]) == ("enrolled", 24)
    assert '"tasks":' in told[-1]


def _folder_of(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _command_and_answer(step: str) -> tuple[str, list[str]]:
    """A command, to its end where it goes over several lines, and the lines that it is said to print."""
    lines = step.rstrip("\n").split("\n")
    end = next((number for number, line in enumerate(lines) if line.endswith("; done")), 0)
    return "\n".join(lines[: end + 1]), [line for line in lines[end + 1 :] if line != "..."]


def _without_what_differs(line: str) -> str:
    """A printed line without its times, random ids and widths of columns."""
    line = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", line)
    return re.sub(r"[0-9a-f]{32}|\s+", " ", line).strip()


async def test_kill_9_of_up_leaves_nothing(up):
    """After kill -9 no process is left, and commands say that nothing runs."""
    up.run()
    await up.ready()
    assert await up.stop(signal.SIGKILL) == -signal.SIGKILL
    ended = await Program(up.environment)("policy", "list")
    assert ended.code == Exit.UNAVAILABLE
    assert "make run" in ended.err


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal")
async def test_kill_9_of_make_leaves_nothing(up):
    """When what started it is killed, as `make` may be, the stack stops by itself."""
    up.run("/bin/sh", "-c", f"{' '.join(PROGRAM)} up --with-parent; true")
    await up.ready()
    assert await up.stop(signal.SIGKILL) == -signal.SIGKILL


async def test_a_taken_port_is_named(up, eventually):
    """A port in use ends it with 8, naming the port and the setting."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    up.run(IEHE_UI_PORT=str(port))
    assert await up.ended() == Exit.UNUSABLE
    assert f"port {port}" in up.text()
    assert "IEHE_UI_PORT" in up.text()
    server.close()


@pytest.fixture
def started(tmp_path):
    """Workers that a test started; ended with it."""
    processes = []

    def start(environment) -> tuple[subprocess.Popen[bytes], Path]:
        log = tmp_path / f"worker-{len(processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [*PROGRAM, "worker"], env=environment, stdout=output, stderr=output
            )
        processes.append(process)
        return process, log

    yield start
    for process in processes:
        process.kill()
        process.wait()


async def test_a_worker_waits_for_the_schema_and_stops_when_told(
    empty_database, temporal, tmp_path, started, eventually
):
    """It says what it waits for, polls once the schema is there, and leaves in time on SIGTERM."""
    environment = elsewhere(empty_database, temporal, tmp_path)
    process, log = started(environment)
    await eventually(lambda: "waiting-for-database" in log.read_text(), 20)
    assert (await Program(environment)("migrate")).code == 0
    await eventually(lambda: "worker-polling" in log.read_text(), 20)
    process.send_signal(signal.SIGTERM)
    await eventually(lambda: process.poll() is not None, 3)
    assert process.returncode == 0
    assert "worker-stopped" in log.read_text()


async def test_a_worker_that_cannot_ever_work_ends(database, temporal, tmp_path, started, eventually):
    """A namespace that does not exist ends it with 1 and a line that names the error's kind."""
    environment = elsewhere(database, temporal, tmp_path) | {"TEMPORAL_NAMESPACE": "nowhere"}
    process, log = started(environment)
    await eventually(lambda: process.poll() is not None, 20)
    assert process.returncode == Exit.FAULT
    assert "worker-failed" in log.read_text()


async def test_a_worker_without_a_stack_says_so(tmp_path):
    """Where the embedded stack is meant and does not run, it ends at once with 7."""
    ended = await Program(dict(os.environ))("worker", IEHE_HOME=tmp_path)
    assert ended.code == Exit.UNAVAILABLE
    assert "make run" in ended.err


async def test_migrate(empty_database, temporal, tmp_path):
    """Pending files are listed, tried, applied once, and then there is nothing to do."""
    iehe = Program(elsewhere(empty_database, temporal, tmp_path))
    assert (await iehe("migrate", "--status")).out.startswith("pending")
    assert (await iehe("migrate", "--dry-run")).out.startswith("would apply kernel/0001")
    assert (await iehe("migrate", "--status", "--json")).json[0]["applied_at"] is None
    assert (await iehe("migrate")).out.startswith("applied kernel/0001")
    assert (await iehe("migrate", "--json")).json == {"applied": [], "dry_run": False}


async def test_migrate_refuses_what_does_not_fit(database, temporal, tmp_path, connect):
    """A database of a newer release is left alone, with 3."""
    await connect(
        "INSERT INTO public.schema_migrations (room, number, name, sha256) "
        "VALUES ('kernel', 9999, '9999_new.sql', 'x')"
    )
    ended = await Program(elsewhere(database, temporal, tmp_path))("migrate")
    assert ended.code == Exit.REFUSED
    assert "newer" in ended.err
