"""The programs with two homes, as a user runs them: workers with and without keys, the stack."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from cli.session import Exit
from encryption.ring import ensure_ring
from tests.cli.program import PROGRAM, clean_environment, elsewhere
from tests.cli.test_stack import OurUp
from tests.embedded.conftest import _finish
from tests.folders import server_folder
from tests.homes.conftest import APART, Homes
from tests.homes.test_living import DATES
from tests.workflows.outreach.test_requests import FORM

pytestmark = pytest.mark.timeout(240)
ROOT = Path(__file__).parents[2]
HERE = {"PYTHONPATH": f"{Path(__file__).with_name('apart')}:{ROOT}"}
READY_WITHIN = 60.0


async def run(environment: dict[str, str], *words: str) -> tuple[int, str, str]:
    """A command to its end: its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(*PROGRAM, *words),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()


def managed(homes: Homes, folder: Path, **settings: Any) -> dict[str, str]:
    """Settings of a program whose servers are elsewhere."""
    url = homes.database.url("worker", APART.name)
    own = {"IEHE_DATABASE_URL_SCHOOLS": url, "IEHE_SMTP_PORT": str(homes.mail.port)}
    return elsewhere(homes.database, _Address(homes.temporal), folder) | HERE | own | settings


class _Address:
    def __init__(self, address: str) -> None:
        self.address = address


async def pollers(homes: Homes) -> int:
    answer = await homes.far.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=homes.far.namespace,
            task_queue=TaskQueue(name=APART.cases_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
    )
    return len(answer.pollers)


async def test_a_worker_without_the_keys_of_its_home_does_not_start(homes: Homes, tmp_path) -> None:
    """It says which ring is missing and how to have it, polls nothing and reads nothing."""
    polled = await pollers(homes)
    missing = tmp_path / "none.json"
    environment = managed(homes, tmp_path / "home", IEHE_KEY_RING_SCHOOLS=str(missing))
    code, out, err = await run(environment, "worker", "--home", "schools")
    assert code == Exit.USAGE, out
    assert f"IEHE_KEY_RING_SCHOOLS: there is no key ring at {missing}" in err
    assert "iehe keys init --home schools" in err
    assert await pollers(homes) == polled


async def test_a_worker_with_a_ring_made_anew_does_not_start(homes: Homes, tmp_path) -> None:
    """A ring that another worker's cases are not encrypted with is no key to them."""
    with_own = managed(homes, tmp_path / "home", IEHE_KEY_RING_SCHOOLS=str(homes.far_ring.path))
    code, out, err = await run(with_own, "keys", "list", "--json")
    assert code == 0, err
    assert {each["home"] for each in json.loads(out)["keys"]} == {"common", "schools", "support"}
    code, _, err = await run(with_own, "doctor")  # notes the keys
    stranger = ensure_ring(tmp_path / "stranger.json", APART)
    environment = managed(homes, tmp_path / "home", IEHE_KEY_RING_SCHOOLS=str(stranger.path))
    code, _, err = await run(environment, "worker", "--home", "schools")
    assert code == Exit.USAGE
    assert "IEHE_KEY_RING_SCHOOLS" in err
    assert "lacks keys" in err


async def test_a_worker_of_one_home_needs_nothing_of_the_others(homes: Homes, tmp_path, eventually) -> None:
    """Started for it, with no other ring and no other role's address, it takes its cases' steps."""
    environment = managed(homes, tmp_path / "home", IEHE_KEY_RING_SCHOOLS=str(homes.far_ring.path))
    environment["IEHE_KEY_RING"] = str(tmp_path / "no-common-ring.json")
    for name in ("IEHE_OFFICE_DATABASE_URL", "IEHE_OWNER_DATABASE_URL", "IEHE_AUDITOR_DATABASE_URL"):
        del environment[name]
    process = await asyncio.create_subprocess_exec(*PROGRAM, "worker", "--home", "schools", env=environment)
    try:
        async with homes.relays():
            await homes.schools.tell("S-0001", "request-received", **FORM | {"dates": DATES})
            opened = "SELECT stage FROM iehe.cases WHERE case_id = 'outreach/S-0001' AND version > 0"
            assert await eventually(lambda: homes.owner.fetchval(opened), READY_WITHIN) == "requested"
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_a_home_that_there_is_not(homes: Homes, tmp_path) -> None:
    """A misspelled home is told with those that there are; nothing is worked for in its place."""
    environment = managed(homes, tmp_path / "home", IEHE_KEY_RING_SCHOOLS=str(homes.far_ring.path))
    code, _, err = await run(environment, "worker", "--home", "scools")
    assert (code, "common, schools" in err) == (Exit.USAGE, True)
    code, _, err = await run(environment, "keys", "init", "--home", "scools")
    assert (code, "common, schools" in err) == (Exit.USAGE, True)


async def test_a_managed_server_without_the_home_is_told_what_is_missing(homes: Homes, tmp_path) -> None:
    """Its namespace is named with the command that makes it, its role's address by its setting."""
    known = managed(homes, tmp_path / "home", IEHE_KEY_RING_SCHOOLS=str(homes.far_ring.path))
    without = {name: value for name, value in known.items() if name != "IEHE_DATABASE_URL_SCHOOLS"}
    code, _, err = await run(without, "worker", "--home", "schools")
    assert (code, "IEHE_DATABASE_URL_SCHOOLS: not set" in err) == (Exit.USAGE, True)
    check = (
        "import asyncio; from workers.preparation import prepare; from workers.settings import load_settings"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"{check}; asyncio.run(prepare(load_settings()))"),
        env=known | {"IEHE_NAMESPACE_SCHOOLS": "not-there"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode
    assert "temporal operator namespace create --namespace not-there --retention 400d" in told.decode()


@pytest.fixture
async def up(eventually) -> AsyncIterator[OurUp]:
    folder = server_folder()
    up = OurUp(folder, eventually)
    up.environment = clean_environment() | up.environment | HERE
    yield up
    if up.process is not None and up.process.poll() is None:
        await up.stop(signal.SIGKILL)
    _finish(up, folder)


async def checks(up: OurUp) -> dict[str, str]:
    """What doctor finds, by its checks."""
    _, out, err = await run(up.environment, "doctor", "--json")
    assert out, err
    return {each["check"]: each["state"] for each in json.loads(out)}


@pytest.mark.parametrize("options", [(), ("--worker-per-home",)], ids=["one worker", "a worker each"])
async def test_the_stack_with_two_homes(up: OurUp, options: tuple[str, ...]) -> None:
    """It makes what each home needs, is well, stops cleanly, and goes on after kill -9."""
    up.run(*PROGRAM, "up", *options)
    assert "namespace default, default-schools" in await up.ready()
    rings = {path.name for path in (up.home / "secrets").glob("keys*")}
    assert rings == {"keys.json", "keys-schools.json", "keys-support.json"}
    workers = [words for words in up.processes().values() if "cli.main worker" in words]
    assert len(workers) == (3 if options else 1)
    found = await checks(up)
    for check in ("temporal", "search attributes", "schedule retention", "cases", "overload"):
        assert (found[check], found[f"{check} (schools)"]) == ("ok", "ok"), check
    for queue in (
        "iehe-cases (workflow)",
        "iehe-schools-cases (workflow)",
        "iehe-schools-notices (activity)",
    ):
        assert found[f"queue {queue}"] == "ok", queue
    assert found["key ring"] == "ok"
    code, out, _ = await run(up.environment, "schedule", "list", "--json")
    assert code == 0
    homes = [each["home"] for each in json.loads(out)["schedules"] if each["name"] == "retention"]
    assert homes == ["common", "schools", "support"]
    assert up.process is not None
    os.kill(up.process.pid, signal.SIGKILL)
    await up.ended()
    up.run(*PROGRAM, "up", *options)
    await up.ready()
    assert {state for check, state in (await checks(up)).items() if "schools" in check} == {"ok"}
    assert await up.stop(signal.SIGINT) == 0
