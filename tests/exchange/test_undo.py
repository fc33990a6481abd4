"""What an ended student owes is given back before real servers, whatever happens to the workflow."""

import asyncio
from typing import Any

from cases.starting import restart_case
from schemas.exchange import commands
from schemas.exchange.stages import Stage
from tests.exchange.office import TERM, Institute, Mobility
from workers.diagnostics.cases import compare

OWED = ["quota", "tutor"]


async def coming(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.coming()
    await case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    return case


async def undone(case: Mobility) -> list[str]:
    rows = await case.house.owner.fetch(
        "SELECT details ->> 'undone' AS key FROM iehe.case_log WHERE case_id = $1 AND step = 'undo' "
        "ORDER BY version",
        case.handle.id,
    )
    return [row["key"] for row in rows]


async def waits_for_lock(institute: Institute, table: str) -> None:
    async with asyncio.timeout(15):
        while not await institute.owner.fetchval(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = $1::regclass AND NOT granted)", table
        ):
            await asyncio.sleep(0.01)


async def held_up(institute: Institute, case: Mobility, meanwhile: Any) -> None:
    """The case ends, and while its first undo waits for the database something happens."""
    async with institute.owner.transaction():
        await institute.owner.execute("LOCK TABLE iehe.exchange_tutors IN ACCESS EXCLUSIVE MODE")
        await case.house.tell(case.reference, "student-withdrew", reason="family")
        await waits_for_lock(institute, "iehe.exchange_tutors")
        await meanwhile()


async def test_a_cancelled_workflow_gives_back_to_the_end(institute: Institute) -> None:
    """A request to cancel ends nothing: a case ends by a decision or by the clock."""
    case = await coming(institute)
    await held_up(institute, case, case.handle.cancel)
    await case.until("closed_at IS NOT NULL AND state -> 'owes' = '[]'")
    assert await undone(case) == OWED[::-1]
    assert await case.handle.result() == Stage.WITHDRAWN


async def test_a_terminated_workflow_goes_on_giving_back_when_it_is_restarted(institute: Institute) -> None:
    """What stands in the database is enough; the doctor names it, and nothing is given back twice."""
    case, client = await coming(institute), institute.skipper.client

    async def terminated() -> None:
        await case.handle.terminate("an accident in the middle")
        # looked at while nothing is given back: the worker goes on until it asks the server for the next task
        found = await compare(client, institute.owner)
        assert found.restartable == [case.handle.id]
        assert found.left[case.handle.id] == f"{len(OWED)} things to give back"

    await held_up(institute, case, terminated)
    async with asyncio.timeout(15):
        while await restart_case(institute.door, client, case.handle.id) is None:
            await asyncio.sleep(0.05)
    await case.until("state -> 'owes' = '[]'")
    assert sorted(await undone(case)) == sorted(OWED)
    row = await institute.owner.fetchrow(
        "SELECT held::int, taken::int FROM iehe.frames WHERE frame = $1", f"exchange/{TERM}/a1:persons"
    )
    assert row is not None
    assert tuple(row) == (0, 0)


async def test_what_the_database_refuses_to_take_back_becomes_a_task(institute: Institute) -> None:
    """A place that is gone: tried five times, then a person; the tutor is free at once."""
    case = await coming(institute)
    await institute.owner.execute("DELETE FROM iehe.places WHERE place = $1", f"{case.handle.id}#quota")
    await case.event("student-withdrew", reason="family")
    await case.until("state -> 'owes' -> 0 ->> 'tries' = '1'")
    assert await undone(case) == ["tutor"]
    await case.forward(days=1)
    await case.until("state -> 'tasks' ? 'undo-by-hand:quota'")
    await case.complete("undo-by-hand:quota")
    await case.until("state -> 'owes' = '[]'")
    assert await case.handle.result() == Stage.WITHDRAWN
