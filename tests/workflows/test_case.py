"""The kernel from outside: messages of every kind, once and in order, whatever dies in between."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import RetryPolicy

from activities.kernel.database import again
from cases.starting import restart_case
from embedded.mail import caught_mails
from schemas.admission.commands import ConfirmEligibility, RecordDecision
from schemas.kernel.case import (
    CancelDeadline,
    CompleteTask,
    MoveDeadline,
    PauseDeadline,
    ReassignTask,
    ResumeDeadline,
)
from schemas.kernel.identifiers import EVENT_SIGNAL
from tests.office import Case, Institute, Refused, actor
from tests.workflows.conftest import relax
from workers.worker import running_worker
from workflows.kernel.case import HISTORY_PATIENCE, SIGNALS_OF_A_RUN

SOON = timedelta(milliseconds=50)


class TestDecisions:
    async def test_same_command_is_answered_once(self, institute: Institute) -> None:
        """A command repeated under its id gets the answer again and changes nothing."""
        case = await institute.apply()
        await case.complete()

        first = await case.decide(ConfirmEligibility, "office-1", eligible=True, command_id="c-1")
        again = await case.handle.execute_update(
            "confirm-eligibility",
            ConfirmEligibility(command_id="c-1", actor=actor("office-1"), eligible=True),
            id="another-update-id",
        )

        assert first.stage == "review"
        assert again["repeated"]
        assert (await case.steps()).count("confirm-eligibility") == 1

    async def test_wrong_stage_names_stage_and_step(self, institute: Institute) -> None:
        """A decision that the stage does not allow is refused and leaves no trace."""
        case = await institute.apply()
        await case.until_stage("completeness")
        before = await case.version()

        with pytest.raises(Refused, match=r"'record-decision'.*'completeness'") as refused:
            await case.decide(RecordDecision, "head-1", decision="offered")

        assert refused.value.code == "wrong-stage"
        assert await case.version() == before
        history = await case.handle.fetch_history()
        assert not any(
            e.HasField("workflow_execution_update_accepted_event_attributes") for e in history.events
        )

    async def test_stale_version_is_refused(self, institute: Institute) -> None:
        """Who decides on what has changed since is told the version that is true now."""
        case = await institute.apply()
        await case.complete()

        with pytest.raises(Refused) as refused:
            await case.decide(ConfirmEligibility, "office-1", eligible=True, case_version=1)

        assert refused.value.code == "stale-version"
        assert await case.stage() == "eligibility"

    async def test_role_is_required(self, institute: Institute) -> None:
        """A reviewer cannot do the office's work."""
        case = await institute.apply()
        await case.complete()

        with pytest.raises(Refused) as refused:
            await case.decide(ConfirmEligibility, "reviewer-1", eligible=True)

        assert refused.value.code == "role-missing"

    @pytest.mark.parametrize("args", [[], [{"command_id": "x"}], [{}, {}], ["nonsense"], [None]])
    async def test_malformed_update_is_refused(self, institute: Institute, args: list) -> None:
        """An update with wrong or too many arguments is refused; the case goes on."""
        case = await institute.apply()
        await case.until_stage("completeness")

        with pytest.raises(WorkflowUpdateFailedError):
            await case.handle.execute_update("confirm-eligibility", args=args)

        await case.event("fee-paid")

    async def test_missing_reason_text_is_refused(self, institute: Institute) -> None:
        """A reason that is not stored cannot be referred to; the case goes on."""
        case = await institute.apply()
        await case.complete()

        for reason in ("00000000-0000-0000-0000-000000000000", "no-uuid"):
            with pytest.raises(Refused) as refused:
                await case.decide(ConfirmEligibility, "office-1", eligible=False, reason_id=reason)
            assert refused.value.code == "unknown-text"

        assert await case.stage() == "eligibility"

    async def test_two_people_at_once(self, institute: Institute) -> None:
        """Two decisions at the same moment are taken one after the other; the second sees the first."""
        case = await institute.apply()
        await case.complete()

        results = await asyncio.gather(
            case.decide(ConfirmEligibility, "office-1", eligible=True),
            case.decide(ConfirmEligibility, "head-1", eligible=True),
            return_exceptions=True,
        )

        assert sorted(type(result).__name__ for result in results) == ["Receipt", "Refused"]


class TestEvents:
    async def test_same_event_counts_once(self, institute: Institute) -> None:
        """A sender that sends everything twice changes nothing by it."""
        case = await institute.apply()
        await case.until_stage("completeness")

        for _ in range(3):
            await case.send("fee-paid", event_id="pay-1")
        await case.event("document-received", item="transcript")

        assert (await case.steps()).count("item-arrived") == 2

    @pytest.mark.parametrize(
        ("signal", "args"),
        [
            (EVENT_SIGNAL, []),
            (EVENT_SIGNAL, [{"id": "x"}]),
            (EVENT_SIGNAL, [{}, {}]),
            (EVENT_SIGNAL, ["見本 花子"]),
            (EVENT_SIGNAL, [{"id": "見本 花子", "source": "s", "type": "t", "data": {}}]),
            ("approve", ["yes"]),
        ],
    )
    async def test_malformed_signal_is_recorded(self, institute: Institute, signal: str, args: list) -> None:
        """Whatever is sent, it is kept in the log, put to a person, and the case goes on."""
        case = await institute.apply()
        await case.until_stage("completeness")

        await case.handle.signal(signal, args=args)
        await case.until(lambda row: row["version"] == 2)

        entry = (await case.log())[-1]
        assert entry["step"] == "refuse-event"
        assert "見本" not in entry["details"]
        assert "look-at-event:2" in await case.tasks()
        await case.event("fee-paid")
        await case.decide(CompleteTask, "office-1", task="look-at-event:2")

    @pytest.mark.parametrize(
        ("fact", "data", "code"),
        [
            ("coffee-spilled", {}, "unknown-event"),
            ("document-received", {}, "invalid-message"),
            ("document-received", {"item": "passport"}, "unknown-item"),
            ("offer-answered", {"answer": "accepted"}, "wrong-stage"),
        ],
    )
    async def test_event_that_does_not_fit_is_recorded(
        self, institute: Institute, fact: str, data: dict, code: str
    ) -> None:
        """An event that the case cannot use is refused with its reason, never dropped."""
        case = await institute.apply()
        await case.until_stage("completeness")

        await case.event(fact, **data)

        assert json.loads((await case.log())[-1]["details"])["code"] == code

    async def test_order_is_kept(self, institute: Institute) -> None:
        """Events are applied in the order in which they came."""
        case = await institute.apply()
        await case.until_stage("completeness")

        for number in range(20):
            await case.send("document-received" if number % 2 else "document-revoked", item="transcript")
        await case.until(lambda row: row["version"] == 21)

        assert (await case.steps())[1:] == ["item-revoked", "item-arrived"] * 10


class TestTasksAndDeadlines:
    async def test_task_is_handed_on(self, institute: Institute) -> None:
        """A reassigned task shows its new assignee."""
        case = await institute.apply()
        await case.complete()

        await case.decide(ReassignTask, "office-1", task="check-eligibility", assignee="office-2")

        assert (await case.tasks())["check-eligibility"]["assignee"] == "office-2"

    async def test_task_of_a_step_cannot_be_ticked_off(self, institute: Institute) -> None:
        """Only the step itself closes the task that asks for it."""
        case = await institute.apply()
        await case.complete()

        with pytest.raises(Refused) as refused:
            await case.decide(CompleteTask, "office-1", task="check-eligibility")

        assert refused.value.code == "task-not-completable"

    async def test_moved_deadline_fires_at_its_new_time(self, institute: Institute) -> None:
        """A deadline moved by a person holds; the old time does nothing (a retired timer fires nothing)."""
        case = await institute.apply()
        await case.to_offered()
        due = (await case.deadlines())["offer-reply"]["due_at"]

        await case.decide(MoveDeadline, "office-1", deadline="offer-reply", due_at=due + timedelta(days=30))
        await case.forward(days=25)
        assert await case.stage() == "offered"
        await case.forward(days=30)

        assert await case.result() == "lapsed"

    async def test_paused_deadline_keeps_what_was_left(self, institute: Institute) -> None:
        """While paused nothing fires; resumed, the remaining days run."""
        case = await institute.apply()
        await case.to_offered()

        await case.decide(PauseDeadline, "office-1", deadline="offer-reply")
        await case.forward(days=60)
        assert await case.stage() == "offered"
        await case.decide(ResumeDeadline, "office-1", deadline="offer-reply")
        assert (await case.deadlines())["offer-reply"]["due_at"] > await case.now() + timedelta(days=10)
        await case.forward(days=25)

        assert await case.result() == "lapsed"

    async def test_cancelled_deadline_never_fires(self, institute: Institute) -> None:
        """An offer whose deadline was cancelled stays open."""
        case = await institute.apply()
        await case.to_offered()

        await case.decide(CancelDeadline, "office-1", deadline="offer-reply")
        await case.forward(days=100)

        assert await case.stage() == "offered"


class TestNight:
    async def test_letters_owed_at_night_wait_by_a_timer(
        self, institute: Institute, notices, worker_pool
    ) -> None:
        """Until the morning nothing is tried and nothing fails, after a restart too; then they are sent."""
        night = datetime(2027, 2, 4, 14, 30, tzinfo=UTC)
        notices._clock = lambda: night
        async with institute.pool.acquire() as connection:
            await relax(connection, {"notices": {"quiet_from": "20:00", "quiet_until": "08:00"}})
        case = await institute.apply()
        await case.until_stage("completeness")
        for _ in range(2):
            async with asyncio.timeout(15):
                while timedelta(hours=8, minutes=30) not in await _timers(case):
                    await asyncio.sleep(0.02)
            assert not (await case.handle.describe()).raw_description.pending_activities
            await case.handle.terminate("lost")
            await restart_case(institute.pool, institute.client, case.case_id)

        notices._clock = lambda: night + timedelta(hours=9)
        await case.forward(hours=9)
        await case.until_notices(2)

        assert {each["state"] for each in await case.notices()} == {"accepted"}
        assert {each["attempts"] for each in await case.notices()} == {1}


class TestDatabaseAway:
    async def test_an_answer_of_the_mail_server_is_kept_by_temporal(
        self, institute: Institute, notices, mail, monkeypatch
    ) -> None:
        """However often it cannot be recorded: each letter went out once, without a doubt."""
        monkeypatch.setattr("workflows.kernel.case.NOTICE_RETRY", RetryPolicy(initial_interval=SOON))
        monkeypatch.setattr("activities.kernel.notices._RECORDING", again(lambda _fault: False, attempts=1))
        refused = []

        def away(point: str) -> None:
            if point == "recording" and len(refused) < 3:
                refused.append(point)
                raise ConnectionResetError

        notices._fault = away
        case = await institute.apply()
        await case.until_notices(2)

        assert len(refused) == 3
        found = await case.notices()
        assert {(each["state"], each["possible_duplicate"]) for each in found} == {("accepted", False)}
        assert {each["attempts"] for each in found} == {1}
        assert len(caught_mails(mail.folder)) == 2


async def _timers(case) -> list[timedelta]:
    started = (event.timer_started_event_attributes for event in (await case.handle.fetch_history()).events)
    return [timer.start_to_fire_timeout.ToTimedelta() for timer in started]


class TestDying:
    async def test_step_written_but_lost_by_temporal_is_taken_over(
        self, vacant: Institute, client, worker_pool, notices, mortal_worker
    ) -> None:
        """The worker dies after the database has a decision and before Temporal knows of it.

        Another message comes first at the next worker; the decision stands, once, and both are applied.
        """
        doomed = await mortal_worker("written:confirm-eligibility")
        case = await vacant.apply()
        await case.complete()
        asking = asyncio.create_task(
            case.decide(ConfirmEligibility, "office-1", eligible=True, command_id="c-1")
        )
        assert await doomed.wait() == 9
        asking.cancel()
        assert await case.stage() == "review"
        await case.send("document-received", item="transcript", event_id="again-1")

        async with running_worker(client, worker_pool, notices):
            answer = await case.decide(ConfirmEligibility, "office-1", eligible=True, command_id="c-1")
            await case.until(lambda row: len(json.loads(row["state"])["reviews"]) == 3)
            await _until(lambda: _has_step(case, "again-1"))

        steps = await case.steps()
        assert answer.stage == "review"
        assert steps.count("confirm-eligibility") == 1
        assert [entry["version"] for entry in await case.log()] == list(range(1, len(steps) + 1))

    async def test_cancelled_in_the_ui(self, institute: Institute) -> None:
        """Somebody presses Cancel in the Temporal UI: the case goes on and nothing is lost."""
        case = await institute.apply()
        await case.until_stage("completeness")

        await case.handle.cancel()
        await case.complete()
        await case.decide(ConfirmEligibility, "office-1", eligible=True)

        assert await case.stage() == "review"

    @pytest.mark.timeout(240)
    async def test_database_away(self, institute: Institute, postgres, database) -> None:
        """While the database is away a decision waits; nothing is lost when it is back."""
        case = await institute.apply()
        await case.complete()

        async with _unreachable(postgres, database):
            asking = asyncio.create_task(case.decide(ConfirmEligibility, "office-1", eligible=True))
            await _until(partial(_pending_activities, case))
        answer = await asking

        assert answer.stage == "review"
        assert (await case.steps()).count("confirm-eligibility") == 1


@asynccontextmanager
async def _unreachable(postgres, database):
    """Nobody gets into the database, and who is in is thrown out."""
    connection = await postgres._connect()
    try:
        await connection.execute(f'ALTER DATABASE "{database.name}" ALLOW_CONNECTIONS false')
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database.name
        )
        yield
        await connection.execute(f'ALTER DATABASE "{database.name}" ALLOW_CONNECTIONS true')
    finally:
        await connection.close()


async def _until(question) -> None:
    # a step that cannot be taken is tried within the workflow task for ten seconds before it is an activity;
    # on a machine that is busy with other things the task may be too late itself, and begins again
    async with asyncio.timeout(180):
        while not await question():
            await asyncio.sleep(0.02)


async def _has_step(case, event_id: str) -> bool:
    return any(entry["cause"] == f"test#{event_id}" for entry in await case.log())


async def _pending_activities(case) -> bool:
    description = await case.handle.describe()
    pending = description.raw_description.pending_activities
    return any(activity.activity_type.name == "take-step" for activity in pending)


async def test_no_run_outgrows_what_a_task_can_replay(institute: Institute) -> None:
    """However many facts come, each run ends while a worker that lost it can still read it in time."""
    case = await institute.apply()
    await case.until_stage("completeness")
    for number in range(SIGNALS_OF_A_RUN + 20):
        await case.send("document-received", item="transcript", reference=f"r{number}")
    await case.until(lambda row: row["version"] == SIGNALS_OF_A_RUN + 21, limit=40)

    async with asyncio.timeout(10):
        while len(runs := await _runs(case)) < 2:
            await asyncio.sleep(0.05)
    lengths = [len((await run.fetch_history()).events) for run in runs]
    assert max(lengths) <= HISTORY_PATIENCE


async def _runs(case: Case) -> list[WorkflowHandle]:
    client = case.institute.client
    listed = client.list_workflows(f"WorkflowId = '{case.case_id}'")
    return [client.get_workflow_handle(each.id, run_id=each.run_id) async for each in listed]
