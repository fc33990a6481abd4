"""Nothing that is stored is forgotten: what does not go on is found, named, and brought on its way again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.kernel.database import open_pool
from encryption.ring import COMMON_HOME
from schemas.admission.commands import Withdraw
from schemas.admission.identifiers import PROCESS
from schemas.kernel.identifiers import CASES_QUEUE, SearchAttribute
from schemas.kernel.step import CaseStart
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.conftest import Database
from tests.office import Case, Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workers.diagnostics import cases
from workers.relay.relay import CONNECTIONS, running_relay
from workers.worker import running_worker

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def finding(iehe: CommandLine, check: str) -> dict:
    ended = await iehe("doctor", "--json")
    return next(each for each in ended.json if each["check"] == check)


async def ended_before_its_first_step(institute: Institute, how: str) -> Case:
    """An application whose start is noted and whose workflow is over; no worker has seen it."""
    case = await institute.apply(start=how != "deleted")
    await institute.pool.execute("UPDATE iehe.case_starts SET started_at = now()")
    if how == "terminated":
        await case.handle.terminate("by mistake")
    return case


class TestApplications:
    async def test_a_workflow_that_ended_before_its_first_step_is_found_and_started_again(
        self, vacant: Institute, iehe: CommandLine, client, worker_pool, notices
    ) -> None:
        """Terminated or deleted before it opened a case: doctor names each, start-pending starts each."""
        lost = [await ended_before_its_first_step(vacant, how) for how in ["terminated"] * 11 + ["deleted"]]
        running = await vacant.apply()

        found = await finding(iehe, "imports")
        shown = await iehe.refused("case", "show", lost[0].case_id)
        report = await iehe.ok("case", "start-pending")

        assert found["state"] == "problem"
        how = ["workflow terminated"] * 11 + ["no workflow"]
        assert found["named"] == sorted(f"{case.case_id}: {why}" for case, why in zip(lost, how, strict=True))
        assert shown == (7, "case-not-open")
        assert (report["started"], report["running"], report["completed"]) == (12, 1, [])
        async with running_worker(client, worker_pool, notices):
            for case in (*lost, running):
                await case.until_stage("completeness")
        assert (await finding(iehe, "imports"))["state"] == "ok"
        assert (await iehe.ok("case", "start-pending"))["started"] == 0

    async def test_the_relay_starts_what_it_promised_to_start_again(
        self, institute: Institute, database: Database
    ) -> None:
        """Accepted over HTTP, started ten minutes ago, terminated, and no case: a relay starts it again."""
        await institute.pool.execute("UPDATE iehe.policies SET valid_from = '2999-01-01'")
        case = await ended_before_its_first_step(institute, "terminated")
        await institute.pool.execute("UPDATE iehe.policies SET valid_from = '2020-01-01'")
        await institute.pool.execute("UPDATE iehe.case_starts SET starts_itself = true")
        await institute.pool.execute("UPDATE iehe.case_starts SET started_at = now() - interval '11 minutes'")

        async with relay_of(database, institute.client):
            await case.until_stage("completeness")

    async def test_a_case_that_temporal_has_completed_is_not_run_again(
        self, institute: Institute, iehe: CommandLine
    ) -> None:
        """The database was restored from before it: doctor and start-pending name it, and it stays ended."""
        case = await institute.apply()
        await case.until_stage("completeness")
        await case.decide(Withdraw, "office-1", reason="personal")
        await case.result()
        async with institute.pool.acquire() as connection, restoring(connection):
            for table in ("notices", "deadlines", "tasks", "decisions", "case_log", "cases"):
                await connection.execute(f"DELETE FROM iehe.{table}")  # noqa: S608 - our own names

        found = await finding(iehe, "imports")
        report = await iehe.ok("case", "start-pending")

        assert found["named"] == [f"{case.case_id}: workflow completed"]
        assert (report["started"], report["completed"]) == (0, [case.case_id])
        assert (await case.handle.describe()).status is WorkflowExecutionStatus.COMPLETED


@asynccontextmanager
async def relay_of(database: Database, client: Client) -> AsyncIterator[None]:
    relay_pool = await open_pool(database.url("worker"), size=CONNECTIONS, application="iehe-relay")
    async with running_relay(relay_pool, client):
        yield
    await relay_pool.close()


class TestCases:
    async def test_a_step_that_is_retried_for_ever_is_named_and_restarted(
        self, institute: Institute, iehe: CommandLine
    ) -> None:
        """A database older than Temporal: doctor names the case and why; restarted, it goes on."""
        case = await institute.apply()
        await case.until_stage("completeness")
        await institute.pool.execute("CREATE TABLE iehe.older AS SELECT * FROM iehe.cases")
        await case.event("fee-paid")
        await forget_last_step(institute, case)

        await case.send("document-received", item="transcript", event_id="waits")
        found = await retried(iehe, "DatabaseBehind")
        refused = await iehe("case", "restart", case.case_id)
        answer = await iehe.ok("case", "restart", case.case_id, "--terminate")
        await case.event("document-received", item="identity")

        assert found["named"] == [f"{case.case_id}: {found['cause']}"]
        assert "After restoring a backup" in found["todo"]
        assert (refused.code, "--terminate" in refused.err) == (3, True)
        assert answer["cases"] == [{"case_id": case.case_id, "restarted": True, "version": 1}]
        assert await case.version() == 2

    async def test_a_step_that_waits_for_a_row_is_named_with_its_code(
        self, institute: Institute, iehe: CommandLine, monkeypatch
    ) -> None:
        """Somebody holds the row: doctor names case and step until it is released."""
        monkeypatch.setattr(cases, "RETRIED", 1)
        case = await institute.apply()
        await case.until_stage("completeness")
        async with institute.pool.acquire() as holder, holder.transaction():
            await holder.execute("SELECT FROM iehe.cases WHERE case_id = $1 FOR UPDATE", case.case_id)
            await case.send("fee-paid", event_id="waits")
            found = await retried(iehe, "take-step")
        await case.until(lambda row: row["version"] == 2)

        assert found["named"] == [f"{case.case_id}: {found['cause']}"]
        assert (await finding(iehe, "retried steps"))["state"] == "ok"

    async def test_a_closed_case_with_letters_left_is_found_and_sends_them(
        self, institute: Institute, iehe: CommandLine, mail
    ) -> None:
        """Its workflow was terminated while the mail server was away: doctor names it, restarted it sends."""
        case = await institute.apply()
        await case.until_notices(2)
        await mail.stop()
        await case.decide(Withdraw, "office-1", reason="personal")
        await case.until(lambda row: row["closed_at"] is not None)
        # its delivery has ended, and would otherwise send the letter as soon as it can
        async with asyncio.timeout(15):
            while "failed" not in {notice["state"] for notice in await case.notices()}:
                await asyncio.sleep(0.01)
        await case.handle.terminate("by mistake")
        await mail.start()

        found = await finding(iehe, "cases")
        answer = await iehe.ok("case", "restart", "--all-stuck")

        assert found["facts"]["closed_with_work"] == [case.case_id]
        assert [each["case_id"] for each in answer["cases"]] == [case.case_id]
        await case.until_notices(3)
        assert await case.result() == "withdrawn"
        assert {notice["state"] for notice in await case.notices()} == {"accepted"}

    async def test_histories_that_this_release_cannot_replay_go_on_from_the_database(
        self, vacant: Institute, iehe: CommandLine, client, worker_pool, notices, monkeypatch
    ) -> None:
        """Left by a release that was rolled back: doctor names each, `--all-stuck` restarts only them."""
        async with running_worker(client, worker_pool, notices):
            going = await vacant.apply()
            await going.until_stage("completeness")
            lost = await vacant.apply()
            await lost.until_stage("completeness")
            await lost.handle.terminate("by mistake")
        monkeypatch.setattr(cases, "RETRIED", 2)
        strange = await vacant.apply(start=False)
        async with Worker(
            client, task_queue=CASES_QUEUE, workflows=[Newer], workflow_runner=UnsandboxedWorkflowRunner()
        ):
            handle = await client.start_workflow(
                Newer.run,
                CaseStart(case_id=strange.case_id),
                id=strange.case_id,
                task_queue=CASES_QUEUE,
                search_attributes=ours(),
            )
            await handle.query(Newer.waits)
        async with running_worker(client, worker_pool, notices):
            await strange.send("fee-paid", event_id="told-the-newer")
            found = await eventually_named(iehe, "stuck workflows", strange.case_id)
            answer = await iehe.ok("case", "restart", "--all-stuck")
            await strange.until_stage("completeness")
            await lost.event("fee-paid")

        assert found["named"] == [f"{strange.case_id}: non-deterministic-error"]
        assert "--all-stuck" in found["todo"]
        assert [each["case_id"] for each in answer["cases"]] == sorted([lost.case_id, strange.case_id])
        assert await going.version() == 1

    async def test_many_are_restarted_each_with_its_answer(
        self, institute: Institute, iehe: CommandLine
    ) -> None:
        """One terminated, one running, one unknown: each is answered, and the worst decides the exit code."""
        lost, going = await institute.apply(), await institute.apply()
        for case in (lost, going):
            await case.until_stage("completeness")
        await lost.handle.terminate("by mistake")

        ended = await iehe("case", "restart", lost.case_id, going.case_id, "A0000-999999", "--json")
        nothing = await iehe.refused("case", "restart")

        answers = [each.get("code", "restarted") for each in ended.json["cases"]]
        assert (ended.code, answers) == (4, ["restarted", "case-running", "no-such-case"])
        assert nothing == (2, "cases-missing")
        await lost.event("fee-paid")

    async def test_what_was_not_looked_at_is_told(self, institute: Institute, monkeypatch) -> None:
        """When time is up the checks say how many cases they have not seen, instead of calling them well."""
        case = await institute.apply()
        await case.until_stage("completeness")
        monkeypatch.setattr(cases, "PATIENCE", -1.0)

        found = {
            each.check: each for each in await cases.compared(institute.client, institute.pool, COMMON_HOME)
        }

        for check in ("stuck workflows", "retried steps", "cases"):
            assert "not looked at" in found[check].text
        assert found["cases"].facts["not_looked_at"] >= 1


@workflow.defn(name=PROCESS)
class Newer:
    """What a release that was rolled back made of a case: another command than ours first."""

    @workflow.run
    async def run(self, _start: CaseStart) -> None:
        await workflow.sleep(1_000_000)

    @workflow.query
    def waits(self) -> bool:
        return True


def ours() -> TypedSearchAttributes:
    key = SearchAttributeKey.for_keyword(SearchAttribute.PROCESS)
    return TypedSearchAttributes([SearchAttributePair(key, PROCESS)])


@asynccontextmanager
async def restoring(connection: Any) -> AsyncIterator[None]:
    """What is written to the log may be taken out, as by a restored backup."""
    async with connection.transaction():
        await connection.execute("ALTER TABLE iehe.case_log DISABLE TRIGGER USER")
        yield
        await connection.execute("ALTER TABLE iehe.case_log ENABLE TRIGGER USER")


async def forget_last_step(institute: Institute, case: Case) -> None:
    """The database as it was a step ago, restored from a backup."""
    async with institute.pool.acquire() as connection, restoring(connection):
        await connection.execute("DELETE FROM iehe.case_log WHERE case_id = $1 AND version = 2", case.case_id)
        await connection.execute("DELETE FROM iehe.application_items WHERE case_id = $1", case.case_id)
        await connection.execute(
            "UPDATE iehe.cases c SET version = o.version, hash = o.hash, state = o.state, stage = o.stage "
            "FROM iehe.older o WHERE o.case_id = c.case_id"
        )


async def retried(iehe: CommandLine, cause: str) -> dict:
    async with asyncio.timeout(60):
        while True:
            found = await finding(iehe, "retried steps")
            if any(cause in line for line in found["named"]):
                return found | {"cause": found["named"][0].partition(": ")[2]}
            await asyncio.sleep(0.2)


async def eventually_named(iehe: CommandLine, check: str, case_id: str) -> dict:
    async with asyncio.timeout(60):
        while True:
            found = await finding(iehe, check)
            if any(line.startswith(case_id) for line in found["named"]):
                return found
            await asyncio.sleep(0.2)
