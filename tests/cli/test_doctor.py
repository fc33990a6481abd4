"""`iehe doctor`: each thing that can be wrong is found, named, and says what to do."""

import asyncio
import json
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollWorkflowTaskQueueRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.kernel.database import open_pool
from cli.session import Exit
from embedded.ports import free_port
from embedded.temporal import TemporalPorts, TemporalServer
from encryption.ring import COMMON_HOME
from schemas.kernel.homes import CaseHome
from schemas.kernel.identifiers import SearchAttribute
from tests.cli.program import Program, elsewhere
from workers.diagnostics import cases, engine, machine
from workers.diagnostics import database as database_checks
from workers.settings import Settings
from workers.temporal import encrypted, register_search_attributes

CASE = "INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state) VALUES "
CASE += "('admission/A-1', 'admission-review', 1, 'review', now(), now(), '{}')"
NOTICE = "INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind, "
NOTICE += "recipient_id, facts, state, queued_at) VALUES ('n', 'admission/A-1', 1, 'admission', 'rejected', "
NOTICE += "'applicant', 'x', '{}', 'dead', now())"
TASK = "INSERT INTO iehe.tasks (case_id, key, opened_version, kind, role, opened_at, due_at) VALUES "
TASK += "('admission/A-1', 'k', 1, 'confirm', 'admissions_office', now(), now() - interval '1 day')"
BATCH = "INSERT INTO iehe.import_batches (batch_id, file_sha256, round_id, rows, imported_by) VALUES "
BATCH += "('00000000-0000-0000-0000-000000000001', 'x', '2027-general', 1, 'office-1')"
PERSON = (
    "INSERT INTO iehe.people (person_id, identity_key, family_name, given_name, family_kana, given_kana, "
)
PERSON += (
    "birth_date, email, postal_code, address) VALUES ('00000000-0000-0000-0000-000000000002', 'k', 'x', "
)
PERSON += "'x', 'x', 'x', '2008-01-01', 'x', 'x', 'x')"
APPLICATION = "INSERT INTO iehe.applications (application_no, case_id, round_id, programme, person_id, "
APPLICATION += (
    "school_name, submitted_on, row_sha256) VALUES ('A-2', 'admission/A-2', '2027-general', 'law', "
)
APPLICATION += "'00000000-0000-0000-0000-000000000002', 'x', '2026-10-01', 'x')"
ROW = "INSERT INTO iehe.import_rows (batch_id, row, application_no) VALUES "
ROW += "('00000000-0000-0000-0000-000000000001', 2, 'A-2')"
ROUNDS = (
    "UPDATE iehe.rounds SET opens_at = now() + interval '1 day', closes_at = now() + interval '2 days'",
    "UPDATE iehe.rounds SET opens_at = now() - interval '1 day' WHERE round_id = '2027-comprehensive'",
)
START = "INSERT INTO iehe.case_starts (case_id) VALUES ('admission/A-2')"


async def test_problems_are_found_and_say_what_to_do(office, connect):
    """A case without a workflow, waiting imports, a dead notice, an overdue task, open rounds: all named."""
    for statement in (CASE, NOTICE, TASK, BATCH, PERSON, APPLICATION, ROW, START, *ROUNDS):
        await connect(statement)
    ended = await office("doctor", "--json")
    assert ended.code == Exit.PROBLEMS
    found = {each["check"]: each for each in ended.json}
    states = {check: each["state"] for check, each in found.items()}
    assert "queue iehe-notices (activity)" in states
    assert found["cases"]["facts"]["without_workflow"] == ["admission/A-1"]
    assert found["imports"]["named"] == ["admission/A-2: no workflow"]
    assert states["cases"] == states["imports"] == "problem"
    assert states["notices"] == states["tasks"] == states["staff"] == "warn"
    assert {states[check] for check in ("migrations", "postgresql", "clock", "policies", "temporal")} == {
        "ok"
    }
    assert states["search attributes"] == "ok"
    assert found["rounds"]["facts"]["open"] == ["2027-comprehensive"]
    assert all(each["todo"] for each in ended.json if each["state"] != "ok")
    text = (await office("doctor")).out
    assert "1 stored applications have neither a case nor a running workflow" in text
    assert "→ iehe case start-pending" in text


async def test_with_everything_down_it_says_so(tmp_path):
    """Without any server it shows what it can and ends with 12."""
    home = {"IEHE_HOME": str(tmp_path / "home"), "IEHE_SMTP_PORT": "9"}
    ended = await Program(home)("doctor", "--json")
    assert ended.code == Exit.PROBLEMS
    states = {each["check"]: each["state"] for each in ended.json}
    assert states["versions"] == states["disk"] == states["time zone"] == "ok"
    assert states["stack"] == states["database"] == states["temporal"] == states["mail"] == "problem"
    assert (await Program(home)("doctor")).out.rstrip().endswith("problems")


async def test_servers_elsewhere_that_do_not_answer(database, temporal, tmp_path):
    """Servers that are set and away are problems, without the address's password."""
    environment = elsewhere(database, temporal, tmp_path)
    environment |= {
        "IEHE_OFFICE_DATABASE_URL": "postgresql://u:s3cret@127.0.0.1:9/x",
        "TEMPORAL_ADDRESS": "127.0.0.1:9",
    }
    ended = await Program(environment)("doctor", "--json")
    assert ended.code == Exit.PROBLEMS
    states = {each["check"]: each["state"] for each in ended.json}
    assert states["database"] == states["temporal"] == "problem"
    assert "s3cret" not in ended.out + ended.err
    other = await Program(environment)("policy", "list")
    assert other.code == Exit.UNAVAILABLE
    assert "PostgreSQL does not answer" in other.err
    assert "s3cret" not in other.err


async def test_pending_migrations_are_a_problem(empty_database):
    """A schema that is behind says which files are pending."""
    finding = await database_checks.migrations(empty_database.url("owner"))
    assert finding.state == "problem"
    assert "0001" in finding.text
    assert finding.todo == "iehe migrate"


async def test_a_policy_whose_holidays_end_soon_is_a_warning(office, pool, monkeypatch):
    """Deadlines beyond the last known holiday would be wrong: it warns before."""
    (finding,) = await database_checks.policies(pool)
    assert finding.state == "ok"
    monkeypatch.setattr(database_checks, "HOLIDAYS_AHEAD", timedelta(days=36_500))
    (finding,) = await database_checks.policies(pool)
    assert finding.state == "warn"


async def test_no_policy_is_a_problem(pool):
    """Without a policy no case can open."""
    (finding,) = await database_checks.policies(pool)
    assert finding.state == "problem"


async def test_a_moved_clock_of_releases_is_a_problem(pool, connect):
    """Results would be out at another hour than they say."""
    await connect("INSERT INTO iehe.clock_shift (shift) VALUES ('1 hour')")
    found = await database_checks.clock(pool)
    assert (found.state, found.facts) == ("problem", {"moved": "1:00:00"})


async def test_a_clock_that_is_off(pool, monkeypatch):
    """The limits decide between a note and a problem."""
    assert (await database_checks.clock(pool)).state == "ok"
    monkeypatch.setattr(database_checks, "DRIFT_WARN", -1.0)
    assert (await database_checks.clock(pool)).state == "warn"
    monkeypatch.setattr(database_checks, "DRIFT_PROBLEM", -1.0)
    assert (await database_checks.clock(pool)).state == "problem"


async def test_a_workflow_without_a_case_is_found(client, pool, monkeypatch, eventually):
    """A workflow that runs and has written nothing is named once it is not new any more."""
    key = SearchAttributeKey.for_keyword(SearchAttribute.PROCESS)
    handle = await client.start_workflow(
        "admission-review",
        id="admission/STRANGER-1",
        task_queue="nobody-polls-this",
        search_attributes=TypedSearchAttributes([SearchAttributePair(key, "admission-review")]),
    )

    async def listed() -> bool:
        return handle.id in (await cases.compare(client, pool)).unopened

    assert not await listed()
    monkeypatch.setattr(cases, "RECENT", timedelta(0))
    await eventually(listed)
    (finding,) = [each for each in await cases.compared(client, pool, COMMON_HOME) if each.check == "cases"]
    assert (finding.state, handle.id in finding.named) == ("problem", True)
    await handle.terminate()


async def test_a_queue_that_nobody_polls_is_a_problem(client):
    """Without a worker nothing goes on: it says how to start one, for the home that it is of."""
    findings = await engine.queues(client, CaseHome("nobodys"))
    assert len(findings) == 3
    for finding in findings:
        assert finding.state == "problem"
        assert "iehe worker --home nobodys" in finding.todo


@pytest.fixture
async def impatient(server_home, ring):
    """A server that reports a workflow's problem at its first failed task."""
    server = TemporalServer(
        TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port()),
        folder=None,
        log=server_home.logs / "temporal-impatient.log",
        dynamic_config={"system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": "1"},
    )
    await server.start()
    client = await Client.connect(server.address, data_converter=encrypted(ring, "default"))
    await register_search_attributes(client)
    yield client
    await server.stop()


@workflow.defn(name="admission-review")
class Troubled:
    """A case whose code fails."""

    @workflow.run
    async def run(self) -> None:
        """Fail as code does: with anything but Temporal's own errors."""
        raise ValueError("the text of an error may be personal")


async def started(client, name: str, queue: str, **options):
    key = SearchAttributeKey.for_keyword(SearchAttribute.PROCESS)
    attributes = TypedSearchAttributes([SearchAttributePair(key, "admission-review")])
    return await client.start_workflow(
        "admission-review", id=name, task_queue=queue, search_attributes=attributes, **options
    )


async def test_broken_code_is_told_with_its_cause_and_is_no_overload(impatient, pool, eventually):
    """A case whose code fails is stuck, with the kind of its error and without the error's text."""
    case = await started(impatient, "admission/BROKEN-1", "broken")
    async with Worker(
        impatient, task_queue="broken", workflows=[Troubled], workflow_runner=UnsandboxedWorkflowRunner()
    ):

        async def told():
            return (await cases.compare(impatient, pool)).stuck

        causes = await eventually(told, 20)
    assert causes == {case.id: "workflow-worker-unhandled-failure: ValueError"}
    assert (await engine.overload(impatient)).state == "ok"


async def test_overload_is_told_from_broken_code(impatient, pool, eventually):
    """A case whose tasks are taken and not ended in time waits for more workers, not for other code."""
    case = await started(impatient, "admission/LATE-1", "late", task_timeout=timedelta(seconds=1))

    async def told():
        await impatient.workflow_service.poll_workflow_task_queue(
            PollWorkflowTaskQueueRequest(
                namespace="default", task_queue=TaskQueue(name="late"), identity="slow"
            ),
            timeout=timedelta(seconds=5),
        )
        finding = await engine.overload(impatient)
        return finding if finding.state == "problem" else None

    finding = await eventually(told, 40)
    assert finding.facts["first"] == [case.id]
    assert "iehe worker" in finding.todo
    assert (await cases.compare(impatient, pool)).stuck == {}


def test_a_full_disk(tmp_path, monkeypatch):
    """Little room is a warning, hardly any a problem."""
    settings = Settings(home=tmp_path)
    monkeypatch.setattr(machine, "DISK_WARN", 10**18)
    assert machine.disk(settings).state == "warn"
    monkeypatch.setattr(machine, "DISK_PROBLEM", 10**18)
    assert machine.disk(settings).state == "problem"


async def test_mail_that_nobody_may_get(free_smtp):
    """Outside production an empty allow-list means that nothing goes out: it says so."""
    settings = Settings(environment="staging", smtp_port=free_smtp, database_url="postgresql://x")
    assert (await machine.mail(settings)).state == "warn"


@pytest.fixture
async def free_smtp():
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def pool(database):
    pool = await open_pool(database.url("office"), size=2)
    yield pool
    pool.terminate()


def test_findings_are_json(tmp_path):
    """What a finding holds can be printed for programs."""
    assert json.dumps(dict(machine.versions().facts))
