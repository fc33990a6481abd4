"""What nobody knows is not promised: the answer says what is known, and how to repeat the same safely."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.service import RPCStatusCode

from cases.decisions import NotDecided, _no_answer
from cli.session import refused as at_the_command_line
from gateway.problems import refused as over_http
from schemas.admission.commands import PermitLate, Withdraw
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.office import Case, Institute, actor
from tests.words import words_of
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workers.worker import running_worker

# ruff: noqa: F811 - fixtures are imported and asked for by name

MOVE = ("--due-at", "2028-02-01", "--reason", "見本", "--json")
ACCEPTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED


@asynccontextmanager
async def held(institute: Institute, case: Case) -> AsyncIterator[None]:
    """Somebody holds the case's row: what is decided is accepted, and its write waits."""
    async with institute.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM iehe.cases WHERE case_id = $1 FOR UPDATE", case.case_id)
        yield


async def accepted(case: Case) -> None:
    async with asyncio.timeout(15):
        while True:
            async for event in case.handle.fetch_history_events():
                if event.event_type == ACCEPTED:
                    return
            await asyncio.sleep(0.02)


class Wire:
    """A way to Temporal that can be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()

    def cut(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, back]
        await asyncio.gather(self._copy(reader, back), self._copy(there, writer), return_exceptions=True)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()


async def test_a_connection_that_breaks_after_a_decision_was_accepted_promises_nothing(
    institute: Institute, iehe: CommandLine, temporal, monkeypatch
) -> None:
    """The answer gives the command's id; repeated with it the decision is found made, once."""
    case = await institute.apply()
    await case.until_stage("completeness")
    words = ("case", "move-deadline", case.case_id, "completeness", *MOVE)
    async with Wire(int(temporal.address.rpartition(":")[2])) as wire:
        with monkeypatch.context() as cut:
            cut.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{wire.port}")
            async with held(institute, case):
                asking = asyncio.create_task(iehe(*words, by="office-1"))
                await accepted(case)
                wire.cut()
                lost = await asking
    command_id = lost.error["command_id"]
    await case.until(lambda row: row["version"] == 2, limit=60)
    again = await iehe.ok(*words, "--command-id", command_id, by="office-1")

    assert (lost.code, lost.error["code"]) in {(7, "outcome-unknown"), (7, "no-answer")}
    for language in ("en", "ja"):
        assert f"--command-id {command_id}" in lost.error["message"][language]
    assert not says_unchanged(lost.out)
    assert (again["repeated"], again["version"]) == (True, 2)
    assert (await case.steps()).count("move-deadline") == 1


async def test_a_run_that_ends_after_a_decision_was_accepted_promises_nothing(
    institute: Institute, iehe: CommandLine
) -> None:
    """Terminated between the two: unknown, its reason is kept, and repeated after the restart it is made."""
    case = await institute.apply()
    await case.until_stage("completeness")
    words = ("case", "move-deadline", case.case_id, "completeness", *MOVE)
    async with held(institute, case):
        asking = asyncio.create_task(iehe(*words, by="office-1"))
        await accepted(case)
        await case.handle.terminate("by mistake")
        lost = await asking
    after = await iehe(*words, "--command-id", lost.error["command_id"], by="office-1")
    await iehe.ok("case", "restart", case.case_id)
    made = await iehe.ok(*words, "--command-id", lost.error["command_id"], by="office-1")

    assert (lost.code, lost.error["code"]) == (7, "outcome-unknown")
    assert not says_unchanged(lost.out)
    assert after.code == 0 or after.error["code"] == "workflow-lost"
    assert not says_unchanged(after.out)
    assert made["version"] == 2
    assert await words_of(institute.pool, institute.client) == ["見本"]


@pytest.mark.parametrize("status", ["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "FAILED_PRECONDITION"])
async def test_no_status_of_a_broken_connection_is_taken_for_a_no(vacant: Institute, status: str) -> None:
    """At the command line and over HTTP the answer says that it is not known, and how to repeat."""
    command = Withdraw(command_id="c-1", actor=actor("office-1"), reason="personal")

    refused = await _no_answer(vacant.pool, "admission/A-1", RPCStatusCode[status], command)

    assert (refused.code, refused.certain) == ("outcome-unknown", False)
    shown, problem = at_the_command_line(refused), over_http(refused)
    assert shown.exit_code == 7
    for text in (shown.english, shown.japanese):
        assert "--command-id c-1" in text
    assert problem.status == 503
    for text in (problem.english, problem.japanese):
        assert "Idempotency-Key" in text
    for text in (shown.english, shown.japanese, problem.english, problem.japanese):
        assert not says_unchanged(text)


async def test_nothing_was_changed_is_said_where_it_is_known(iehe: CommandLine, vacant: Institute) -> None:
    """Temporal refuses the request itself, or was never reached."""
    command = PermitLate(command_id="c-1", actor=actor("office-1"), item="fee", until="2028-01-01T00:00:00Z")
    refused = await _no_answer(vacant.pool, "admission/A-1", RPCStatusCode.INVALID_ARGUMENT, command)

    for sure in (refused, NotDecided("not-sent", status="UNAVAILABLE")):
        assert sure.certain
        assert says_unchanged(at_the_command_line(sure).english)
        assert says_unchanged(over_http(sure).english)


async def test_a_fact_that_may_be_stored_is_repeated_by_its_id(
    vacant: Institute, iehe: CommandLine, client, worker_pool, notices, postgres
) -> None:
    """PostgreSQL goes away while a fact is awaited: the answer gives its id; repeated it counts once."""
    async with running_worker(client, worker_pool, notices):
        case = await vacant.apply()
        await case.until_stage("completeness")
    words = ("admission", "event", case.case_id, "fee-paid", "--wait", 20, "--json")
    asking = asyncio.create_task(iehe(*words))
    async with asyncio.timeout(15):
        while not await vacant.pool.fetchval("SELECT count(*) FROM iehe.events"):
            await asyncio.sleep(0.02)
    await postgres.stop()
    try:
        lost = await asking
    finally:
        await postgres.start()
    event_id = lost.error["event_id"]
    repeat = ("--event-id", event_id, "--source", lost.error["source"])
    again = await iehe(*words[:4], *repeat, "--wait", 0, "--json")

    assert (lost.code, lost.error["code"]) == (7, "database-unreachable")
    for language in ("en", "ja"):
        assert f"--event-id {event_id}" in lost.error["message"][language]
    assert again.error["code"] == "not-taken-yet"
    assert await vacant.pool.fetchval("SELECT count(*) FROM iehe.events") == 1


def says_unchanged(text: str) -> bool:
    whole = json.dumps(json.loads(text), ensure_ascii=False) if text.startswith("{") else text
    return any(words in whole for words in ("nothing was changed", "変更はありません", "変更なし"))
