"""What ops see in the Temporal UI, read through the server as the UI reads it."""

import json

from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest

from schemas.admission.identifiers import ROUND_ATTRIBUTE
from schemas.kernel.identifiers import SearchAttribute
from tests.office import Case, Institute
from tests.payloads import opened


async def attributes(case: Case) -> dict[str, object]:
    description = await case.handle.describe()
    found = description.typed_search_attributes.search_attributes
    return {pair.key.name: pair.value for pair in found if pair.key.name.startswith("Iehe")}


async def test_search_attributes_follow_the_case(institute: Institute) -> None:
    """Stage, whom it waits for and until when can be searched for at every moment."""
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.until_notices(2)
    before = await attributes(case)
    await case.to_review()
    after = await attributes(case)

    assert before[SearchAttribute.STAGE] == "completeness"
    assert before[SearchAttribute.WAITING_FOR] == "applicant"
    assert before[ROUND_ATTRIBUTE] == "2027-comprehensive"
    assert before[SearchAttribute.DUE_AT] == (await case.deadlines())["completeness"]["due_at"].replace(
        microsecond=999999
    )
    assert (after[SearchAttribute.STAGE], after[SearchAttribute.WAITING_FOR]) == ("review", "reviewer")


async def test_cases_are_found_by_a_query(institute: Institute) -> None:
    """The queries that docs/ops.md gives find the case."""
    case = await institute.apply()
    await case.until_stage("completeness")
    query = f"IeheStage = 'completeness' AND IeheWaitingFor = 'applicant' AND WorkflowId = '{case.case_id}'"

    await case.until_notices(2)
    found = [each.id async for each in institute.client.list_workflows(query)]

    assert found == [case.case_id]


async def test_current_details_answer_why_it_waits(institute: Institute) -> None:
    """The Markdown of the UI names stage, whom it waits for, since when, until when, and what is possible."""
    case = await institute.apply()
    await case.complete()

    metadata = await case.handle.query("__temporal_workflow_metadata")
    details = metadata.current_details

    for part in (
        "~~completeness~~ → **eligibility**",
        "**waiting for**: admissions_office",
        "**due**",
        "check-eligibility",
        "`confirm-eligibility`",
    ):
        assert part in details


async def test_every_handler_says_what_it_does(institute: Institute) -> None:
    """Signals, updates and queries carry a description for the UI's dialogs."""
    case = await institute.apply()
    await case.until_stage("completeness")

    definition = (await case.handle.query("__temporal_workflow_metadata")).definition

    handlers = [
        handler
        for kind in (
            definition.signal_definitions,
            definition.update_definitions,
            definition.query_definitions,
        )
        for handler in kind
        if not handler.name.startswith("__")
    ]
    assert len(handlers) > 20
    assert [handler.name for handler in handlers if not handler.description] == []


async def test_timers_and_activities_have_summaries(institute: Institute) -> None:
    """Each timer says for which deadline it is, each activity which step it belongs to."""
    case = await institute.apply()
    await case.to_review()
    await case.until_notices(6)

    events = json.loads((await case.handle.fetch_history()).to_json())["events"]

    kinds = ("timerStartedEventAttributes", "activityTaskScheduledEventAttributes")
    labelled = [event for event in events if any(kind in event for kind in kinds)]
    assert len(labelled) > 4
    assert all("summary" in event.get("userMetadata", {}) for event in labelled)


async def test_static_summary(institute: Institute) -> None:
    """The list of workflows shows what each is about, without a name."""
    case = await institute.apply()
    await case.until_stage("completeness")

    answer = await institute.client.workflow_service.describe_workflow_execution(
        DescribeWorkflowExecutionRequest(namespace="default", execution={"workflow_id": case.case_id})
    )

    (plain,) = await opened([answer.execution_config], institute.client.data_converter.payload_codec)
    summary = plain.user_metadata.summary.data.decode()
    assert case.row.application_no in summary
