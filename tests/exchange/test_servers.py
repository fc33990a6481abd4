"""Students before real servers: rows, places, frames, and what is told to others."""

import asyncio

import pytest

from schemas.exchange import commands
from schemas.exchange.stages import Stage
from tests.exchange.office import BEGINS, TERM, Institute


async def counts(institute: Institute, frame: str) -> tuple[int, int, int]:
    row = await institute.owner.fetchrow(
        "SELECT held::int, offered::int, taken::int FROM iehe.frames WHERE frame = $1", frame
    )
    assert row is not None
    return tuple(row)  # type: ignore[return-value]


async def test_a_student_goes_to_the_term_and_is_told_of_everywhere(institute: Institute) -> None:
    """Places are counted in all frames, the arrival waits for a health check that nobody does yet."""
    case = await institute.nominate()
    await case.in_term()
    for frame, taken in ((f"exchange/{TERM}:persons", 1), (f"exchange/{TERM}/a1:months", 5)):
        assert await counts(institute, frame) == (0, 0, taken)
    row = await institute.owner.fetchrow(
        "SELECT seen, arrived_on, student_no FROM iehe.exchange_mobilities WHERE case_id = $1",
        case.handle.id,
    )
    assert row is not None
    assert (row["seen"], row["arrived_on"]) == ("verified", BEGINS)
    assert row["student_no"].startswith("E")
    fact = await institute.owner.fetchrow(
        "SELECT data FROM iehe.facts WHERE type = 'jp.ac.iehe.exchange-onboarding.arrived'"
    )
    assert fact is not None
    assert row["student_no"] in fact["data"]


async def test_coretabs_242_a_withdrawn_student_leaves_nothing_behind(institute: Institute) -> None:
    """The place is free in all frames, and the case has ended in the database and in Temporal."""
    case = await institute.nominate()
    await case.coming()
    await case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    await case.event("student-withdrew", reason="family")
    await case.until("closed_at IS NOT NULL AND state -> 'owes' = '[]'")
    assert await case.handle.result() == Stage.WITHDRAWN
    assert await counts(institute, f"exchange/{TERM}/a1:persons") == (0, 0, 0)
    open_ones = await institute.owner.fetchval(
        "SELECT count(*) FROM iehe.exchange_tutors WHERE until IS NULL"
    )
    assert open_ones == 0


async def test_newtheatre_83_two_at_once_for_the_last_place_of_an_agreement(institute: Institute) -> None:
    """One is verified, the other is refused and may wait; who waits gets it when it falls free."""
    first, second = await institute.nominate("tight"), await institute.nominate("tight")
    answers = await asyncio.gather(first.verify(), second.verify(), return_exceptions=True)
    refused = [each for each in answers if each is not None]
    assert len(refused) == 1
    winner, loser = (first, second) if answers[0] is None else (second, first)
    await loser.decide(commands.Waitlist, "office-1", version=1, reason="over-quota")
    await winner.event("student-withdrew", reason="family")
    await loser.until_stage("applying")
    assert await counts(institute, f"exchange/{TERM}/tight:persons") == (1, 0, 0)


async def test_a_deferred_student_has_a_case_in_the_next_term(institute: Institute) -> None:
    """Started by itself, with the same nomination, linked both ways."""
    case = await institute.nominate()
    await case.coming()
    await case.decide(commands.Defer, "office-1")
    row = await case.until("stage = 'deferred'")
    _ = row
    other = await institute.owner.fetchrow(
        "SELECT case_id, deferred_from FROM iehe.exchange_mobilities WHERE deferred_from = $1",
        case.handle.id,
    )
    assert other is not None
    async with asyncio.timeout(15):
        while not await institute.owner.fetchval(
            "SELECT stage FROM iehe.cases WHERE case_id = $1", other["case_id"]
        ):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("agreement", ["none-such"])
async def test_an_unknown_agreement_is_refused_at_the_door(institute: Institute, agreement) -> None:
    """Nothing is stored of it."""
    with pytest.raises(Exception, match="unknown-agreement"):
        await institute.nominate(agreement)
    assert await institute.owner.fetchval("SELECT count(*) FROM iehe.exchange_mobilities") == 0
