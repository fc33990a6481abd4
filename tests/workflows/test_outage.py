"""The system asleep: time has passed while nobody worked; what is still due is done once, in order."""

import asyncio
from collections import Counter
from datetime import timedelta

from schemas.admission.commands import AcceptReview, ConfirmEligibility
from schemas.admission.identifiers import PROCESS
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import CASES_QUEUE, event_type
from tests import asleep
from tests.office import Case, Institute
from workers.worker import running_worker
from workflows.admission.process import ADMISSION_REVIEW


async def sleep_through(case: Case, days: int, first: EventEnvelope | None = None) -> None:
    """Let the case find that so many days have passed; `first` was sent in the meantime."""
    await asleep.sleep_through(
        case.institute.skipper.client.get_workflow_handle(case.case_id),
        ADMISSION_REVIEW,
        case.institute.pool,
        timedelta(days=days),
        queue=CASES_QUEUE,
        first=first,
        but={"round"},
    )


async def sent(case: Case) -> Counter[str]:
    return Counter(notice["message"] for notice in await case.notices())


async def test_each_party_gets_only_the_chaser_still_due(institute: Institute) -> None:
    """Days 7, 14, 28 of the school and 9, 16 of the applicant passed in one outage: one letter each."""
    case = await institute.apply()
    await case.until_notices(2)

    await sleep_through(case, 29)
    await case.until_notices(4)
    await case.event("fee-paid")

    messages = await sent(case)
    assert (messages["recommendation-chaser"], messages["items-chaser"]) == (1, 1)


async def test_what_came_in_time_counts_before_the_clock(institute: Institute) -> None:
    """The last missing part came in time, the deadline passed, and only then anybody looked."""
    case = await institute.apply()
    await case.until_stage("completeness")
    for fact in ("document-received", "fee-paid", "recommendation-received"):
        await case.event(fact, **({"item": "transcript"} if fact == "document-received" else {}))
    in_time = await case.now() - timedelta(days=100)

    last = EventEnvelope(
        id="last",
        source="test",
        type=event_type(PROCESS, "document-received"),
        occurred_at=in_time,
        data={"item": "identity"},
    )
    await sleep_through(case, 120, first=last)
    await case.until_stage("eligibility")

    assert "close-incomplete" not in await case.steps()


async def test_answer_after_the_deadline_does_not_count_though_the_clock_was_late(
    institute: Institute,
) -> None:
    """An acceptance sent after the due time, in the outage, is refused; the offer lapses."""
    case = await institute.apply()
    await case.to_offered()
    late = EventEnvelope(
        id="late",
        source="test",
        type=event_type(PROCESS, "offer-answered"),
        occurred_at=await case.now(),
        data={"answer": "accepted"},
    )

    await sleep_through(case, 60, first=late)
    row = await case.until(lambda row: row["stage"] == "lapsed")
    await case.until_task_kind("look-at-event")

    assert row["outcome_by"] == "clock"
    assert (await sent(case))["offer-reminder"] == 0


async def test_overdue_ladder(institute: Institute) -> None:
    """Three reviewers overdue by a month and more: reviewer, chair and head are told once each."""
    case = await institute.apply()
    for reviewer in await case.to_review():
        await case.decide(AcceptReview, reviewer, no_conflict=True)

    await sleep_through(case, 60)
    async with asyncio.timeout(20):
        while (await sent(case))["review-overdue-head"] < 3:
            await asyncio.sleep(0.01)
    await case.event("document-received", item="transcript")

    messages = await sent(case)
    assert messages["review-overdue"] == 3
    assert messages["review-overdue-chair"] == 3
    assert messages["review-overdue-head"] == 3
    assert messages["review-reminder"] == 0


async def test_messages_while_no_worker_runs(vacant: Institute, client, worker_pool, notices) -> None:
    """Facts sent while no worker ran are all there when one comes, in order."""
    case = await vacant.apply()
    await case.send("document-received", item="transcript")
    await case.send("document-received", item="identity")
    await case.send("fee-paid")
    await case.send("recommendation-received")

    async with running_worker(client, worker_pool, notices):
        await case.until_stage("eligibility")
        answer = await case.decide(ConfirmEligibility, "office-1", eligible=True)

    assert answer.stage == "review"
