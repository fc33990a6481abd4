"""The database goes away under staff systems: an answer that says so, on every route."""

import asyncio

from tests.gateway.office import desk  # noqa: F401
from tests.workflows.conftest import pool, vacant  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def test_every_question_is_answered_without_the_database(vacant, desk, postgres):
    """503 with Retry-After, as problem+json; never a 500."""
    await postgres.stop()
    try:
        paths = (
            "/cases",
            "/tasks",
            "/cases/admission/A2027-000001",
            "/events?source=urn:example:portal&id=e-1",
        )
        answers = await asyncio.gather(
            *(desk.get(path) for path in paths),
            desk.post("/cases/admission/A2027-000001/decisions/withdraw", {}),
        )
        for answer in answers:
            assert answer.status_code == 503, answer.text
            assert answer.headers["retry-after"]
            assert answer.headers["content-type"] == "application/problem+json"
    finally:
        await postgres.start()
