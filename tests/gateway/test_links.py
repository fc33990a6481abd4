"""Facts between processes over HTTP."""

from tests.gateway.office import desk, lonely_desk  # noqa: F401
from tests.links.told import told
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def test_facts_are_listed_and_shown_to_who_sees_the_work(institute, desk) -> None:
    """A page at a time, the last told first; a reviewer, who sees no work of others, sees none."""
    await told(institute.pool, "f1", "enrolled", "admission-review", "health-check", "course-cycle")
    await told(institute.pool, "f2", "arrived", "exchange-mobility", "health-check")
    first = (await desk.get("/links?limit=1", "office-1")).json()
    assert [row["process"] for row in first["links"]] == ["course-cycle"]
    second = (await desk.get(first["next"], "office-1")).json()
    assert ([row["process"] for row in second["links"]], second["next"]) == (["health-check"], None)
    shown = (await desk.get("/links/f1", "office-1")).json()
    assert {each["process"]: each["expected"] for each in shown["receivers"]} == {
        "health-check": True,
        "course-cycle": True,
    }
    assert (await desk.get("/links/f2", "office-1")).status_code == 404
    assert (await desk.get("/links", "reviewer-1")).json()["links"] == []
    assert (await desk.get("/links/f1", "reviewer-1")).status_code == 404
    assert (await desk.get("/links?cursor=x", "office-1")).status_code == 400
