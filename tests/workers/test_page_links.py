"""The Temporal UI leads to the page of a case."""

from temporalio.client import Client

from cases.starting import start_case
from workers.page_links import PageLinks

CASE = "admission/A2027-909090"


async def test_the_workflow_of_a_case_says_where_its_page_is(client):
    """Whoever looks at a workflow has the way to what the office sees; other workflows have none."""
    config = client.config()
    config["interceptors"] = [PageLinks("http://office")]
    linked = Client(**config)
    assert await start_case(linked, CASE)
    try:
        told = await linked.get_workflow_handle(CASE).describe()
        assert f"(http://office/cases/{CASE})" in (await told.static_details() or "")
        assert "A2027-909090" in (await told.static_summary() or "")
    finally:
        await linked.get_workflow_handle(CASE).terminate()
