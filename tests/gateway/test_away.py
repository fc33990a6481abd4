"""The database goes away under staff systems: an answer that says so, on every route."""

from tests.gateway.office import desk  # noqa: F401
from tests.workflows.conftest import pool, vacant  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def test_every_question_is_answered_without_the_database(vacant, desk, postgres):
    """503 with Retry-After, as problem+json; never a 500."""
    await postgres.stop()
    try:
        for path in (
            "/cases",
            "/tasks",
            "/cases/admission/A2027-000001",
            "/events?source=urn:example:portal&id=e-1",
        ):
            answer = await desk.get(path)
            assert answer.status_code == 503, answer.text
            assert answer.headers["retry-after"]
            assert answer.headers["content-type"] == "application/problem+json"
        answer = await desk.post("/cases/admission/A2027-000001/decisions/withdraw", {})
        assert answer.status_code == 503
    finally:
        await postgres.start()
