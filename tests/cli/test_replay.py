"""`iehe replay`: the histories of a real server against the code that is here."""

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cli.session import Exit
from schemas.admission.identifiers import PROCESS
from schemas.kernel.step import CaseStart
from tests.cli.program import Program, elsewhere
from tests.office import Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


@workflow.defn(name=PROCESS)
class OtherRelease:
    """What another release did under the same name: it waits first."""

    @workflow.run
    async def run(self, start: CaseStart) -> None:
        """Wait for ever, after a moment."""
        await workflow.sleep(0.001)
        await workflow.wait_condition(lambda: start is None)


async def test_histories_that_do_not_fit_are_named(
    institute: Institute, client: Client, database, temporal, tmp_path
) -> None:
    """A case of this release replays; one of another release is named with its cause, and code 12 says so."""
    iehe = Program(elsewhere(database, temporal, tmp_path / "home"))
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.event("fee-paid")
    assert (await iehe("replay", "--case", case.case_id)).code == Exit.OK

    other = CaseStart(case_id=f"admission/O-{case.row.application_no}")
    async with Worker(
        client,
        task_queue="another-release",
        workflows=[OtherRelease],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(
            PROCESS,
            other,
            id=other.case_id,
            task_queue="another-release",
        )
        async for event in handle.fetch_history_events(wait_new_event=True):
            if event.HasField("timer_fired_event_attributes"):
                break

    ended = await iehe("replay", "--case", case.row.application_no, "--case", handle.id, "--json")
    assert ended.code == Exit.PROBLEMS
    assert ended.json["checked"] == 2
    (failed,) = ended.json["failed"]
    assert failed["case_id"] == handle.id
    assert failed["cause"].startswith("Nondeterminism: ")

    told = await iehe("replay", "--closed", 1, "--limit", 9, "--concurrency", 2, IEHE_LANGUAGE="ja")
    assert told.code == Exit.PROBLEMS
    assert f"{handle.id} (run " in told.out
    assert "workflow.patched" in told.out

    missing = await iehe("replay", "--case", "admission/nobody")
    assert (missing.code, "admission/nobody" in missing.err) == (Exit.NOT_FOUND, True)
