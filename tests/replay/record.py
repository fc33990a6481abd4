"""Record the histories that the replay test holds fixed: one for each ending and other way of a case.

Not collected with the tests: `make record-histories` names this file. It adds what is missing and never
replaces: a history that no longer replays shows a change that would break cases already running.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from schemas.admission.commands import (
    AnswerOffer,
    ConfirmEligibility,
    DeclineReview,
    RecordDecision,
    RecordEnrolment,
    Rejudge,
    Withdraw,
)
from tests.office import Case, Institute, person
from tests.replay.disturbed import DISTURBED, Disturbed, next_run
from tests.replay.recorded import keep, missing

PROCESS: Final = "admission-review"
Scenario = Callable[[Any], Awaitable[Case]]
NEXT_RUNS: Final = ("continued", "next_run")
"""The run that ends by continuing as new, and the one that begins so."""


async def _accepted(institute: Institute, result: str) -> Case:
    case = await institute.apply()
    await case.to_offered()
    await case.event("offer-answered", answer="accepted")
    await case.decide(RecordEnrolment, "office-1", result=result, reason_id=await case.text())
    await case.result()
    return case


async def enrolled(institute: Institute) -> Case:
    return await _accepted(institute, "enrolled")


async def conditions_not_met(institute: Institute) -> Case:
    return await _accepted(institute, "conditions_not_met")


async def deferred(institute: Institute) -> Case:
    return await _accepted(institute, "deferred")


async def declined(institute: Institute) -> Case:
    case = await institute.apply()
    await case.to_offered()
    await case.decide(AnswerOffer, "office-1", answer="declined")
    await case.result()
    return case


async def lapsed(institute: Institute) -> Case:
    case = await institute.apply()
    await case.to_offered()
    await case.forward(days=25)
    await case.result()
    return case


async def released(institute: Institute) -> Case:
    case = await institute.apply()
    await case.to_ranked()
    await case.decide(RecordDecision, "head-1", decision="waitlisted")
    await case.forward(days=200)
    await case.result()
    return case


async def rejected(institute: Institute) -> Case:
    case = await institute.apply()
    await case.to_ranked(choice="reject")
    await case.decide(RecordDecision, "head-1", decision="rejected")
    await case.forward(days=380)
    await case.result()
    return case


async def rejudged(institute: Institute) -> Case:
    case = await institute.apply()
    await case.to_ranked(choice="reject")
    await case.decide(RecordDecision, "head-1", decision="rejected")
    await case.decide(Rejudge, "head-1", reason_id=await case.text())
    await case.decide(AnswerOffer, "office-1", answer="declined")
    await case.result()
    return case


async def withdrawn(institute: Institute) -> Case:
    case = await institute.apply()
    reviewers = await case.to_review()
    await case.decide(DeclineReview, reviewers[0], conflict=True)
    await case.decide(Withdraw, "office-1", reason="personal")
    await case.result()
    return case


async def ineligible(institute: Institute) -> Case:
    case = await institute.apply()
    await case.complete()
    await case.decide(ConfirmEligibility, "office-1", eligible=False, reason_id=await case.text())
    await case.result()
    return case


async def incomplete(institute: Institute) -> Case:
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.event("coffee-spilled")
    await case.forward(days=40)
    await case.until_task_kind("look-at-event")
    return case


async def post_not_received(institute: Institute) -> Case:
    case = await institute.apply(person(round_id="2027-general"))
    await case.until_stage("submitted")
    await case.forward(days=100)
    await case.result()
    return case


async def running_in_review(institute: Institute) -> Case:
    case = await institute.apply()
    await case.to_review()
    await case.forward(days=6)
    return case


async def running_in_committee(institute: Institute) -> Case:
    case = await institute.apply()
    await case.to_committee()
    return case


SCENARIOS: Final[dict[str, Scenario]] = {
    scenario.__name__: scenario
    for scenario in (
        enrolled,
        conditions_not_met,
        deferred,
        declined,
        lapsed,
        released,
        rejected,
        rejudged,
        withdrawn,
        ineligible,
        incomplete,
        post_not_received,
        running_in_review,
        running_in_committee,
        *DISTURBED,
    )
}


@pytest.mark.parametrize("name", missing(PROCESS, SCENARIOS))
async def test_record(name: str, disturbed: Disturbed) -> None:
    """Play a scenario that has no history yet and keep its."""
    keep(PROCESS, name, await (await SCENARIOS[name](disturbed)).handle.fetch_history())


@pytest.mark.skipif(not missing(PROCESS, NEXT_RUNS), reason="recorded")
async def test_record_next_runs(restless: Institute) -> None:
    """Play a case that goes on in a second run and keep the histories of both."""
    case, first = await next_run(restless)
    keep(
        PROCESS,
        "continued",
        await restless.client.get_workflow_handle(case.case_id, run_id=first).fetch_history(),
    )
    keep(PROCESS, "next_run", await case.handle.fetch_history())
