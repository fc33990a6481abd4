"""Cases whose way is not the usual one, for recording: servers away, others quicker, runs begun anew."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError

from activities.kernel.notices import NoticeActivities
from cases.starting import restart_case, start_case
from embedded.mail import MailCatcher
from embedded.postgres import PostgresServer
from schemas.admission.commands import AnswerOffer, AssignReviewers, ChangePolicy, ConfirmEligibility
from schemas.admission.identifiers import PROCESS
from schemas.kernel.case import (
    CancelDeadline,
    CompleteTask,
    MoveDeadline,
    PauseDeadline,
    ReassignTask,
    ResumeDeadline,
)
from schemas.kernel.identifiers import CASES_QUEUE
from schemas.kernel.step import CaseHandover, CaseStart
from tests.conftest import Database
from tests.office import Case, Institute, Refused, person
from tests.workflows.test_case import _pending_activities, _unreachable, _until

NIGHT = datetime(2027, 2, 4, 14, 30, tzinfo=UTC)
"""Half past eleven in the evening in Japan."""


class Disturbed(Institute):
    """An institute whose database, mail server and clock are at hand."""

    def __init__(
        self,
        institute: Institute,
        postgres: PostgresServer,
        database: Database,
        mail: MailCatcher,
        notices: NoticeActivities,
    ) -> None:
        super().__init__(institute.client, institute.pool)
        self.postgres, self.database, self.mail, self.notices = postgres, database, mail, notices

    def away(self):
        """While it lasts nobody reaches the database."""
        return _unreachable(self.postgres, self.database)

    async def begin_anew(self, case: Case, **changes: Any) -> None:
        """Start the case again from its state, changed, as if Temporal had lost what came since."""
        state = await case.state() | changes
        await case.handle.terminate("lost")
        case.handle = await self.client.start_workflow(
            PROCESS,
            CaseStart(case_id=case.case_id, handover=CaseHandover(version=state["version"], state=state)),
            id=case.case_id,
            task_queue=CASES_QUEUE,
        )
        case.handle = self.client.get_workflow_handle(case.case_id)


async def _refused(case: Case, code: str, *command: Any, **values: Any) -> None:
    with pytest.raises(Refused) as refused:
        await case.decide(*command, **values)
    assert refused.value.code == code, refused.value


async def _at_rest(case: Case) -> bool:
    """Whether Temporal has recorded what the case has written."""
    return not (await case.handle.describe()).raw_description.HasField("pending_workflow_task")


async def _two(institute: Institute, *, start: bool = True) -> tuple[Case, Case]:
    """Two applications of one person in one round, the first with an offer."""
    row = person()
    first = await institute.apply(row)
    await first.to_offered()
    other = row.model_copy(update={"application_no": row.application_no + "-B", "programme": "law"})
    second = await institute.apply(other, start=start)
    if start:
        await second.until_stage("completeness")
    return first, second


async def superseded(institute: Disturbed) -> Case:
    """The other offer is accepted while this application is open."""
    first, second = await _two(institute)
    await first.event("offer-answered", answer="accepted")
    await second.result()
    return second


async def superseded_at_start(institute: Disturbed) -> Case:
    """The other offer was accepted before this application was started."""
    first, second = await _two(institute, start=False)
    await first.decide(AnswerOffer, "office-1", answer="accepted")
    await start_case(institute.client, second.case_id)
    await second.until_stage("withdrawn")
    await _until(partial(_at_rest, second))
    return second


async def superseded_while_lost(institute: Disturbed) -> Case:
    """The other offer was accepted while this case had no workflow."""
    first, second = await _two(institute)
    await second.handle.terminate("lost")
    await first.decide(AnswerOffer, "office-1", answer="accepted")
    await restart_case(institute.pool, institute.client, second.case_id)
    await second.until_stage("withdrawn")
    await _until(partial(_at_rest, second))
    return second


async def database_away(institute: Disturbed) -> Case:
    """The database is away at a fact, at a decision that it refuses, and when Cancel is pressed."""
    case = await institute.apply()
    await case.until_stage("completeness")
    async with institute.away():
        await case.send("document-received", item="transcript")
        await _until(partial(_pending_activities, case))
        await case.handle.cancel()
    await case.until(lambda row: row["version"] == 2)
    await case.complete()
    async with institute.away():
        asking = asyncio.create_task(
            _refused(
                case, "unknown-text", ConfirmEligibility, "office-1", eligible=False, reason_id=str(uuid4())
            )
        )
        await _until(partial(_pending_activities, case))
    await asking
    async with institute.away():
        deciding = asyncio.create_task(case.decide(ConfirmEligibility, "office-1", eligible=True))
        await _until(partial(_pending_activities, case))
    await deciding
    await case.until(lambda row: len(json.loads(row["state"])["reviews"]) == 3)
    await case.event("document-received", item="identity")
    return case


async def refused_decisions(institute: Disturbed) -> Case:
    """What only the database can refuse, a policy that is not there, a command said twice."""
    case = await institute.apply()
    await case.complete()
    await _refused(
        case, "unknown-text", ConfirmEligibility, "office-1", eligible=False, reason_id=str(uuid4())
    )
    await _refused(case, "policy-unknown", ChangePolicy, "head-1", version="nonsense")
    for _ in range(2):
        await case.decide(ConfirmEligibility, "office-1", eligible=True, command_id="c-1")
    await case.until(lambda row: len(json.loads(row["state"])["reviews"]) == 3)
    return case


async def policy_changed(institute: Disturbed) -> Case:
    """Moved to another policy version on its way."""
    await institute.pool.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " SELECT process, 'next', valid_from + 900, body, sha256, loaded_by FROM iehe.policies"
        " WHERE version <> 'next' LIMIT 1"
    )
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.decide(ChangePolicy, "head-1", version="next")
    await case.complete()
    return case


async def redrawn(institute: Disturbed) -> Case:
    """Every reviewer leaves between draw and write: drawn again, then by hand, then by the clock."""
    case = await institute.apply()
    await case.complete()
    async with _reviewers_gone_meanwhile(institute):
        # answered only when the draw is written: both are one workflow task
        deciding = asyncio.create_task(case.decide(ConfirmEligibility, "office-1", eligible=True))
    await deciding
    await case.until(lambda row: json.loads(row["state"])["draw_failed"])
    await institute.pool.execute("UPDATE iehe.staff SET active = true")
    await _refused(case, "reviewer-unknown", AssignReviewers, "office-1", reviewers=("nobody-1",))
    await case.decide(AssignReviewers, "office-1", reviewers=("reviewer-1",))
    await case.forward(days=8)
    await case.until(lambda row: len(json.loads(row["state"])["reviews"]) >= 3)
    return case


@asynccontextmanager
async def _reviewers_gone_meanwhile(institute: Disturbed):
    async with institute.pool.acquire() as connection:
        taking = connection.transaction()
        await taking.start()
        await connection.execute("UPDATE iehe.staff SET active = false WHERE roles @> '{reviewer}'")
        yield
        async with asyncio.timeout(10):
            waits = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            waits += " WHERE NOT l.granted AND a.datname = current_database()"
            while not await institute.pool.fetchval(waits):
                await asyncio.sleep(0.01)
        await taking.commit()


async def taken_over(institute: Disturbed) -> Case:
    """The database is ahead by a step that Temporal lost, and knows a message that the case forgot."""
    case = await institute.apply()
    await case.until_stage("completeness")
    before = await case.state()
    await case.event("fee-paid")
    await institute.begin_anew(case, **before)
    await case.event("document-received", item="transcript")
    await case.send("document-received", item="identity", event_id="long-ago")
    await case.until(lambda row: row["version"] == 4)
    await institute.begin_anew(case)
    await case.send("document-received", item="identity", event_id="long-ago")
    await case.event("recommendation-received")
    await case.send("document-received", item="identity", event_id="long-ago")
    await case.until_stage("eligibility")
    await case.event("document-received", item="identity")
    return case


async def step_lost(institute: Disturbed) -> Case:
    """The database is ahead by another step: it is taken over, and the new one follows it."""
    case = await institute.apply()
    await case.until_stage("completeness")
    before = await case.state()
    await case.event("fee-paid")
    await institute.begin_anew(case, **before)
    await case.event("document-received", item="transcript")
    await case.event("document-received", item="identity")
    return case


async def failed_notices(institute: Disturbed) -> Case:
    """A letter without an address becomes a task."""
    case = await institute.apply(person(school_contact_email=None))
    await case.until_task_kind("notice-failed")
    (task,) = [key for key in await case.tasks() if key.startswith("notice-failed")]
    await case.decide(CompleteTask, "office-1", task=task)
    return case


async def undeliverable(institute: Disturbed) -> Case:
    """A delivery that fails for good becomes a task, and the case goes on."""
    deliver = institute.notices._deliver

    async def broken(_delivery: Any) -> Any:
        raise ApplicationError("of no use", type="Broken", non_retryable=True)

    institute.notices._deliver = broken
    case = await institute.apply()
    await case.until_task_kind("notice-failed")
    institute.notices._deliver = deliver
    await case.event("fee-paid")
    return case


async def letters_at_night(institute: Disturbed) -> Case:
    """What is owed at night waits for the morning, while the case goes on and is restarted."""
    clock = institute.notices._clock
    institute.notices._clock = lambda: NIGHT
    await institute.pool.execute(
        'UPDATE iehe.policies SET body = replace(replace(body::text, \'"quiet_from": "00:00"\','
        ' \'"quiet_from": "20:00"\'), \'"quiet_until": "00:00"\', \'"quiet_until": "08:00"\')::jsonb'
    )
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.event("fee-paid")
    institute.notices._clock = lambda: NIGHT + timedelta(hours=9)
    await case.forward(hours=9)
    await case.until_notices(2)
    await case.event("document-received", item="transcript")
    institute.notices._clock = clock
    return case


async def restarted(institute: Disturbed) -> Case:
    """Its workflow was terminated while letters were owed; the next one sends them."""
    case = await institute.apply(person(school_contact_email=None))
    await case.until_notices(1)
    await institute.mail.stop()
    await case.complete()
    await case.decide(ConfirmEligibility, "office-1", eligible=True)
    await case.until(lambda row: len(json.loads(row["state"])["reviews"]) == 3)
    await case.handle.terminate("lost")
    await institute.mail.start()
    await restart_case(institute.pool, institute.client, case.case_id)
    await case.until_notices(len(await case.notices()))
    await case.event("document-received", item="transcript")
    return case


async def cancelled(institute: Disturbed) -> Case:
    """Somebody presses Cancel: before the first step, and while the case waits."""
    await institute.pool.execute("CREATE TABLE iehe.kept AS SELECT * FROM iehe.policies")
    await institute.pool.execute("DELETE FROM iehe.policies")
    case = await institute.apply()
    async with asyncio.timeout(10):
        while not (await case.handle.describe()).raw_description.pending_activities:
            await asyncio.sleep(0.02)
    await case.handle.cancel()
    await institute.pool.execute("INSERT INTO iehe.policies SELECT * FROM iehe.kept")
    await institute.pool.execute("DROP TABLE iehe.kept")
    await case.until_stage("completeness")
    await case.event("fee-paid")
    return case


async def cancelled_while_waiting(institute: Disturbed) -> Case:
    """Somebody presses Cancel while the case waits for its applicant."""
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.handle.cancel()
    await case.event("fee-paid")
    return case


async def deadlines_by_hand(institute: Disturbed) -> Case:
    """Deadlines moved, paused, resumed and cancelled, and a task handed on."""
    case = await institute.apply()
    await case.complete()
    await case.decide(ReassignTask, "office-1", task="check-eligibility", assignee="office-2")
    await case.decide(ConfirmEligibility, "office-1", eligible=True)
    await case.until(lambda row: len(json.loads(row["state"])["reviews"]) == 3)
    score, other, *_ = sorted(name for name in await case.deadlines() if name.startswith("score:"))
    due = (await case.deadlines())[score]["due_at"]
    await case.decide(MoveDeadline, "office-1", deadline=score, due_at=due + timedelta(days=3))
    await case.decide(PauseDeadline, "office-1", deadline=score)
    await case.forward(days=2)
    await case.decide(ResumeDeadline, "office-1", deadline=score)
    await case.decide(CancelDeadline, "office-1", deadline=other)
    return case


async def refused_signals(institute: Disturbed) -> Case:
    """Whatever cannot be read or does not fit: each is kept, and the case goes on."""
    case = await institute.apply()
    await case.until_stage("completeness")
    for name, args in (
        ("approve", ["yes"]),
        ("event", [None]),
        ("event", []),
        ("event", ["nonsense"]),
        ("event", [{"id": "a", "source": "s", "type": "t", "data": {"x": "a\x00"}}]),
    ):
        await case.handle.signal(name, args=args)
    await case.event("coffee-spilled")
    await case.event("document-received")
    await case.event("document-received", item="passport")
    await case.event("offer-answered", answer="accepted")
    await case.send("fee-paid", event_id="pay-1")
    await case.send("fee-paid", event_id="pay-1")
    await case.event("document-received", item="transcript")
    return case


DISTURBED = (
    superseded,
    superseded_at_start,
    superseded_while_lost,
    database_away,
    refused_decisions,
    policy_changed,
    redrawn,
    taken_over,
    step_lost,
    failed_notices,
    undeliverable,
    letters_at_night,
    restarted,
    cancelled,
    cancelled_while_waiting,
    deadlines_by_hand,
    refused_signals,
)


async def next_run(institute: Institute) -> tuple[Case, str]:
    """A case that went on in a second run; the other value is the id of the first."""
    case = await institute.apply()
    first = (await case.handle.describe()).run_id
    await case.until_stage("completeness")
    for number in range(12):
        await case.event("document-received", item="transcript", reference=f"r{number}")
    async with asyncio.timeout(15):
        while (await case.handle.describe()).run_id == first:
            await asyncio.sleep(0.02)
    await case.event("fee-paid")
    return case, first
