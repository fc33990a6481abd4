"""Every event once and in order: with relays side by side, with relays that die, with connections cut."""

import asyncio
import itertools
from collections import Counter

import pytest

from tests.relay.conftest import RELAY, check_story


async def test_three_relays_side_by_side(institute, box, relay) -> None:
    """Two hundred events of ten cases: each is applied once, in the order in which it was stored."""
    cases = [await institute.apply() for _ in range(10)]
    turns: Counter[int] = Counter()
    pauses = itertools.cycle((0.0, 0.007, 0.003, 0.01, 0.001))

    def one_of(number: int):
        async def shaken(point: str) -> None:
            turns[number] += point == "marked"
            await asyncio.sleep(next(pauses))

        return shaken

    for number in range(3):
        await relay(fault=one_of(number))
    told = {case.case_id: [] for case in cases}
    for _ in range(20):
        for case in cases:
            told[case.case_id].append(await box.store(case.case_id))

    await box.all_delivered()
    for case in cases:
        await check_story(institute, case, told[case.case_id])
    assert len(turns) == 3, turns


@pytest.mark.parametrize(("point", "times"), [("claimed", 1), ("signalled", 2), ("marked", 1)])
async def test_killed_at(institute, box, relay, mortal_relay, point, times) -> None:
    """What the dead relay had claimed is free; what it had delivered unmarked comes twice, applied once."""
    case = await institute.apply()
    told = [await box.store(case.case_id) for _ in range(5)]

    assert await mortal_relay(point) == 9
    assert await box.states() == {"delivered" if point == "marked" else "stored"}
    await relay()
    await box.all_delivered()
    told.append(await box.store(case.case_id))
    await box.all_delivered()

    assert await check_story(institute, case, told) == [*(told[:5] * times), told[5]]


async def test_connections_cut(institute, box, relay, eventually, worker_pool) -> None:
    """Its connections are ended again and again while it delivers; afterwards it listens and delivers."""
    case = await institute.apply()
    await relay()

    async def listeners() -> set[int]:
        rows = await worker_pool.fetch(
            "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND query ILIKE 'LISTEN%' "
            "AND datname = current_database()",
            RELAY,
        )
        return {row["pid"] for row in rows}

    first = await eventually(listeners)
    told = []
    for _ in range(4):
        told += [await box.store(case.case_id) for _ in range(10)]
        await eventually(listeners, 30)  # it has come back from the cut before
        cut = await worker_pool.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = $1 AND datname = current_database()",
            RELAY,
        )
        assert cut

    await box.all_delivered()
    await check_story(institute, case, told)
    assert not await eventually(listeners, 30) & first


async def test_told_at_once(institute, box, relay, monkeypatch) -> None:
    """An idle relay delivers on the database's word: here it would look by itself only after a minute."""
    monkeypatch.setattr("workers.relay.relay.LOOK_EVERY", 60.0)
    case = await institute.apply()
    await case.until_stage("completeness")
    await relay()

    told = []
    for _ in range(5):
        told.append(await box.store(case.case_id))
        await box.until(told[-1], state="delivered")

    await check_story(institute, case, told)


async def test_applications_over_http_are_started(institute, relay, eventually) -> None:
    """What was accepted with the promise to start it is started without another word; the rest is not."""
    promised, other = await institute.apply(start=False), await institute.apply(start=False)
    await institute.pool.execute(
        "UPDATE iehe.case_starts SET starts_itself = true WHERE case_id = $1",
        promised.case_id,
    )
    await relay()

    await promised.until_stage("completeness")
    noted = "SELECT started_at IS NOT NULL FROM iehe.case_starts WHERE case_id = $1"
    await eventually(lambda: institute.pool.fetchval(noted, promised.case_id))
    assert not await institute.pool.fetchval(noted, other.case_id)
    assert await other.row_() is None
