"""Log lines hold ids and codes; nothing personal comes through by any way."""

import ast
import asyncio
import errno
import io
import json
import logging
import sys
import tomllib
import warnings
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
import structlog
from pydantic import ValidationError
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer, Worker

from activities.exchange import fetching
from schemas.exchange.partners import Mobility
from tests.replay.recorded import text_of
from workers import logs
from workers.exception_traces import trail
from workers.log_causes import OWN, mismatch, own_place
from workers.temporal import DATA_CONVERTER, sandbox
from workers.worker import WORKFLOWS

CANARY = "見本太郎"
MAIL = "taro.mihon@example.com"


@pytest.fixture
def lines():
    """The lines written while the test runs, as objects; logging is put back afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.unraisablehook)
    stream = io.StringIO()
    logs.configure("json", "debug", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], root.level, sys.unraisablehook = before


def test_no_line_of_ours_has_a_key_that_is_withheld():
    """Found by a demonstration: its line about a wrong ending came without the ending."""
    root = Path(logs.__file__).parents[1]
    withheld = []
    for part in sorted(OWN):
        for path in (root / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")):
                    continue
                keys = {str(each.arg) for each in node.keywords} - {"exc_info"}
                withheld += [f"{path.name}:{node.lineno} {key}" for key in keys - logs.KEYS]
    assert withheld == []


def test_what_a_partner_says_wrongly_is_named_by_its_fields(lines):
    """Whoever looks for why a nomination was not taken finds the field; not what was written in or as one."""
    with pytest.raises(ValidationError) as wrong:
        Mobility.model_validate({"mobility": 7, "sato-hanako": CANARY, "student": {"born": MAIL}})
    places = fetching.places_of(wrong.value)
    assert {"mobility:string_type", "student/family:missing"} <= set(places)
    fetching._note_refused("uni-01", places)
    (line,) = lines()
    assert (line["event"], line["partner"], line["count"]) == ("mobility-not-taken", "uni-01", len(places))
    assert line["reason"] == "+".join(places[:3])
    assert not any(each in json.dumps(line, ensure_ascii=False) for each in (CANARY, MAIL, "sato"))


def test_known_keys_come_through(lines):
    """Ids, codes and counts are written as they are."""
    structlog.get_logger().info(
        "notice-sent", case_id="admission/A-1", attempt=2, reason=None, state="accepted"
    )
    (line,) = lines()
    assert line.pop("timestamp")
    assert line == {
        "event": "notice-sent",
        "level": "info",
        "case_id": "admission/A-1",
        "attempt": 2,
        "reason": None,
        "state": "accepted",
    }


def test_unknown_keys_are_counted(lines):
    """A key that nobody has allowed is left out and leaves a number."""
    structlog.get_logger().info("x", applicant=CANARY, email=MAIL)
    (line,) = lines()
    assert line["keys_withheld"] == 2
    assert line.keys() == {"event", "level", "timestamp", "keys_withheld"}


@pytest.mark.parametrize(
    "value", [CANARY, MAIL, "two words", {"name": CANARY}, [CANARY], "x" * 201, object()]
)
def test_values_that_are_no_codes_are_withheld(lines, value):
    """An allowed key does not let free text, an address or a structure through."""
    structlog.get_logger().info("x", reason=value)
    assert lines()[0]["reason"] == logs.WITHHELD


def test_an_event_is_a_constant_word(lines):
    """A sentence made at run time is no event."""
    structlog.get_logger().info(f"hello {CANARY}")
    assert lines()[0]["event"] == logs.WITHHELD


def test_messages_of_libraries_keep_their_constant_part(lines):
    """The text before the values are put in is written, and who logged it."""
    logging.getLogger("library").warning("failed for %s", CANARY, extra={"applicant": CANARY})
    (line,) = lines()
    assert (line["event"], line["logger"], line["level"]) == ("failed for %s", "library", "warning")
    assert CANARY not in str(line)


def test_messages_made_at_run_time_are_withheld_with_their_place(lines):
    """An f-string may hold anything: the place in the code is written instead."""
    logging.getLogger("library").warning(f"failed for {CANARY}")  # noqa: G004 - what is tested
    (line,) = lines()
    assert line["event"] == logs.WITHHELD
    assert "test_logs.py:" in line["at"]


def test_an_exception_gives_types_and_places_only(lines):
    """Of an exception its types, codes and frames are written: no text, no local, no cause's text."""
    applicant = CANARY
    try:
        try:
            {}[applicant]
        except KeyError as error:
            raise asyncpg.UniqueViolationError(f"DETAIL: Key (email)=({MAIL}) exists") from error
    except asyncpg.PostgresError:
        structlog.get_logger().exception("failed")
        logging.getLogger("temporalio.worker").exception("Failed %s", applicant)
    for line in lines():
        assert line["error"] == "asyncpg.exceptions.UniqueViolationError(23505) < builtins.KeyError"
        assert any("test_logs.py" in frame for frame in line["trace"])
        assert CANARY not in str(line)
        assert MAIL not in str(line)


async def test_a_real_database_error_does_not_quote_its_row(lines, database):
    """PostgreSQL's DETAIL and the statement's values stay out."""
    connection = await asyncpg.connect(database.url("owner"))
    insert = "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $1, '{}')"
    await connection.execute(insert, MAIL)
    with pytest.raises(asyncpg.PostgresError) as failed:
        await connection.execute(insert, MAIL)
    assert MAIL in failed.value.detail
    logging.getLogger("asyncpg").error("database error", exc_info=failed.value)
    await connection.close()
    assert MAIL not in json.dumps(lines())
    assert "23505" in lines()[-1]["error"]


def test_warnings_come_through_the_same_way(lines):
    """Python's warnings are log lines too, without their text."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(CANARY, UserWarning, stacklevel=1)
    assert lines()[-1]["logger"] == "py.warnings"
    assert CANARY not in str(lines())


def test_nothing_below_the_level_is_written():
    """The level of the settings holds for our lines and for libraries'."""
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    logs.configure("console", "warning", stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    structlog.get_logger().warning("loud", count=1)
    structlog.reset_defaults()
    root.handlers[:], root.level = before
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


async def test_an_activity_s_lines_carry_its_case(lines):
    """The case and the activity are bound without anybody naming them."""

    @activity.defn
    async def act() -> None:
        structlog.get_logger().info("acting")

    environment = ActivityEnvironment()
    await environment.run(act)
    (line,) = [line for line in lines() if line["event"] == "acting"]
    assert line["case_id"] == environment.info.workflow_id
    assert (line["activity"], line["attempt"]) == (environment.info.activity_type, 1)


@workflow.defn(name="log-lines", sandboxed=False)
class LogLines:
    """Logs before and after a timer, and is replayed from the start in between."""

    @workflow.run
    async def run(self) -> None:
        structlog.get_logger().info("before-timer")
        workflow.logger.info("temporal before")
        await workflow.sleep(timedelta(milliseconds=10))
        structlog.get_logger().info("after-timer")


async def test_a_replay_writes_nothing_twice(lines, client):
    """A workflow that is not cached is replayed at every task, and its lines are written once."""
    async with Worker(
        client,
        task_queue="log-lines",
        workflows=[LogLines],
        workflow_runner=sandbox(),
        max_cached_workflows=0,
        max_concurrent_workflow_task_polls=1,
    ):
        await client.execute_workflow("log-lines", id="log-lines-1", task_queue="log-lines")
    events = [line["event"] for line in lines() if line.get("case_id") == "log-lines-1"]
    assert events.count("before-timer") == events.count("after-timer") == 1
    assert [line["event"] for line in lines()].count("temporal before") == 1


@activity.defn
async def failing(name: str) -> None:
    """Fails with what it was given."""
    raise LookupError(name)


@workflow.defn(name="log-failures", sandboxed=False)
class LogFailures:
    """Its activity fails, its first task fails, and then it fails itself, each with the canary."""

    @workflow.run
    async def run(self, name: str) -> None:
        with suppress(ActivityError):
            await workflow.execute_activity(
                failing,
                name,
                start_to_close_timeout=timedelta(seconds=5),
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        if name not in FAILED:
            FAILED.append(name)
            raise LookupError(name)  # not an ApplicationError: the task is tried again
        raise ApplicationError(name)


FAILED: list[str] = []


async def test_failures_in_temporal_leak_nothing(lines, temporal):
    """What activities, tasks and workflows fail with stays out of the SDK's and its native part's lines."""
    client = await Client.connect(temporal.address, runtime=logs.runtime("debug"))
    async with Worker(
        client,
        task_queue="log-failures",
        workflows=[LogFailures],
        activities=[failing],
        workflow_runner=sandbox(),
    ):
        with pytest.raises(WorkflowFailureError):
            await client.execute_workflow(
                "log-failures", CANARY, id="log-failures-1", task_queue="log-failures"
            )
    written = lines()
    assert {line["logger"] for line in written if "logger" in line} >= {"temporalio.activity"}
    assert any("builtins.LookupError" in line.get("error", "") for line in written)
    assert CANARY not in json.dumps(written, ensure_ascii=False)


async def test_a_failed_task_is_told_with_case_run_cause_and_place(lines, temporal):
    """Where the SDK only says that a task failed, case, run, error and our own line stand beside it."""
    client = await Client.connect(temporal.address, runtime=logs.runtime("debug"))
    name = f"{CANARY}-told"
    async with Worker(
        client,
        task_queue="log-failures",
        workflows=[LogFailures],
        activities=[failing],
        workflow_runner=sandbox(),
    ):
        with pytest.raises(WorkflowFailureError):
            await client.execute_workflow(
                "log-failures", name, id="log-failures-2", task_queue="log-failures"
            )
    (line,) = [each for each in lines() if each["event"] == "WorkflowTaskFailure"]
    assert line["case_id"] == "log-failures-2"
    assert len(line["run_id"]) == 36
    assert "builtins.LookupError" in line["error"]
    assert line["place"].startswith("tests/workers/test_logs.py:")
    assert line["place"].endswith(" run")
    assert CANARY not in json.dumps(lines(), ensure_ascii=False)


async def test_a_history_that_does_not_fit_is_told_with_what_differs(lines):
    """Of a nondeterminism case, run and the two commands that differ are written, their names are not."""
    changed = text_of("admission-review/enrolled").replace('"deliver-notices"', '"見本太郎"')
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=DATA_CONVERTER,
        workflow_runner=sandbox(),
        runtime=logs.runtime("debug"),
    )
    await replayer.replay_workflow(
        WorkflowHistory.from_json("admission/told", changed), raise_on_replay_failure=False
    )
    async with asyncio.timeout(10):
        while not (found := [each for each in lines() if each["event"] == "Failing workflow task"]):
            await asyncio.sleep(0.05)
    assert found[0]["case_id"] == "admission/told"
    assert len(found[0]["run_id"]) == 36
    assert "ctivity" in found[0]["mismatch"]
    assert "deliver" not in found[0]["mismatch"]
    assert CANARY not in json.dumps(lines(), ensure_ascii=False)


@pytest.mark.parametrize(
    "value", ['\\"見本太郎\\"', "'taro.mihon@example.com'", "見本太郎", "{ x: 09012345678 }", "[34, 35]"]
)
def test_what_differs_holds_no_value(value):
    """Quoted texts, structures, long numbers and foreign letters are left out of what differs."""
    differs = f"A {value} does not match HistoryEvent(id: 8, B)"
    text = f'message: "[TMPRL1100] Nondeterminism error: {differs}", source:'
    told = mismatch(text)
    assert told.endswith("does not match HistoryEvent(id: , B) [event 8]")
    assert not any(part in told for part in ("見本", "taro", "090", "34"))


def test_trails_end():
    """Exceptions that are each other's context do not loop for ever."""
    first, second = ValueError(CANARY), TypeError(CANARY)
    first.__context__, second.__context__ = second, first
    kinds, _ = trail(first)
    assert kinds == "builtins.ValueError < builtins.TypeError"


def test_a_group_shows_its_first_cause():
    """Of a task group's failure the first one's type is shown."""
    kinds, _ = trail(ExceptionGroup(CANARY, [OSError(2, CANARY)]))
    assert kinds.endswith("builtins.FileNotFoundError(2)")


class Full(io.StringIO):
    """A file on a disk that is full for a while."""

    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "full")
        return super().write(text)


def test_a_line_that_cannot_be_written_is_counted(lines):
    """Neither ours nor a library's raises; the next one that can be written says how many are missing."""
    disk = Full()
    logs.configure("json", "info", disk)
    structlog.get_logger().info("one")
    logging.getLogger("library").warning("two")
    disk.full = False
    structlog.get_logger().info("three")
    structlog.get_logger().info("four")
    told = [json.loads(line) for line in disk.getvalue().splitlines()]
    assert [(line["event"], line.get("lines_lost")) for line in told] == [("three", 2), ("four", None)]


def test_a_place_is_told_in_each_of_our_packages() -> None:
    """A package that is added is our own code too: where an error came through it is told."""
    root = Path(__file__).parents[2]
    packages = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]["packages"]
    assert set(packages) == OWN
    for each in packages:
        assert own_place([(f"{root}/{each}/some.py", 7, "work")]) == f"{each}/some.py:7 work"
    assert own_place([(f"{root}/.venv/lib/python3.11/site-packages/asyncpg/pool.py", 7, "work")]) is None
