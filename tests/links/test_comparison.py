"""L10: each night what was told is held against what has arrived; what is done with a fact, and what goes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from activities.kernel.database import open_pool
from activities.kernel.links import LINKS_WORK
from activities.kernel.scheduled import Tools
from cases import links
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from schemas.kernel.schedules import Occasion
from tests.links.conftest import Places
from tests.links.processes import CLERK, OTHER_CLERK
from workers.diagnostics.links import links as looked_at

NOTER, READS = Actor(id="clerk-1", roles=(CLERK,)), Actor(id="clerk-2", roles=(OTHER_CLERK,))


async def night(places: Places) -> dict[str, int]:
    occasion = Occasion(work=LINKS_WORK.name, scheduled_at=datetime.now(UTC), run="run")
    tools: Any = Tools(places.relay_pool, None, {})  # type: ignore[arg-type]
    return (await LINKS_WORK.run(tools, occasion, None)).counts


async def test_l10_a_lost_delivery_is_sent_again_and_then_a_task(places: Places) -> None:
    """The first night it is sent again; lost once more, a person is asked."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        await places.tell(note, "day", "x", case=reader)
        await places.until(lambda: places.heard(reader), ["x"])
        assert await night(places) == {"compared": 1}
        await places.pool.execute("DELETE FROM iehe.fact_deliveries")
        assert await night(places) == {"compared": 1, "sent_again": 1}
        await places.until(places.deliveries, [(1, "delivered", None)])
    await places.pool.execute("DELETE FROM iehe.fact_deliveries")
    assert await night(places) == {"compared": 1, "asked": 1}
    assert await places.deliveries() == [(1, "asked", "not-arrived")]
    assert await places.office_tasks() == [("links-reader", "fact-not-arrived")]
    assert (await places.steps(reader)).count("hear") == 1


async def test_l10_what_left_the_inbox_untaken_is_sent_again(places: Places) -> None:
    """An event that is gone, and that no case has taken, comes again under the same id."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        await places.tell(note, "day", "x", case=reader)
        await places.until(lambda: places.heard(reader), ["x"])
    # as a table that was restored from an older copy
    await places.pool.execute("UPDATE iehe.fact_reaches SET event_id = event_id || '-lost'")
    assert await night(places) == {"compared": 1, "sent_again": 1}
    async with places.relay():
        await places.until(places.deliveries, [(1, "delivered", None)])
    assert (await places.steps(reader)).count("hear") == 1
    assert await night(places) == {"compared": 1}


async def test_l10_what_is_older_than_forty_days_is_not_compared(places: Places) -> None:
    """Nor what a receiver never took: that it is waited for is shown, and is no difference."""
    note = await places.open("note")
    await places.tell(note, "news", "x")
    assert await night(places) == {"compared": 2}
    await places.age(41)
    assert await night(places) == {}


async def test_a_fact_is_shown_to_who_sees_either_end(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The producer's office sees who has it, the receiver's what its cases made of it; others see nothing."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        await places.tell(note, "day", "x", case=reader)
        await places.tell(note, "news", "y")
        await places.until(lambda: places.heard(reader), ["x"])
    pool = await open_pool(places.database.url("office"), size=2)
    try:
        rows = (await links.list_links(pool, NOTER)).rows
        assert [(row["process"], row["expected"]) for row in rows if row["type"].endswith("news")] == [
            ("links-reader", False),
            ("links-other", False),
            ("links-absent", True),
        ] or len(rows) == 4
        waiting = (await links.list_links(pool, NOTER, waiting=True, kind="news")).rows
        assert {row["process"] for row in waiting} == {"links-reader", "links-other", "links-absent"}
        (day,) = (await links.list_links(pool, READS, kind="day")).rows
        shown = await links.show_link(pool, READS, day["fact_id"])
        assert [(each["case_id"], each["fate"], each["step"]) for each in shown["cases"]] == [
            (reader, "acted", "hear")
        ]
        assert shown["revisions"] == []
        told = await links.show_link(pool, NOTER, day["fact_id"])
        assert told["cases"] == []
        assert [each["data"]["code"] for each in told["revisions"]] == ["x"]
        assert (await links.list_links(pool, Actor(id="x", roles=()))).rows == []
        with pytest.raises(Refusal, match="no such fact"):
            await links.show_link(pool, Actor(id="x", roles=()), day["fact_id"])
        page = await links.of_case(pool, note)
        assert [row["type"].rpartition(".")[2] for row in page["facts_told"]] == ["day", "news"]
        assert (page["facts_told_in_all"], page["facts_taken_in_all"]) == (2, 0)
        # a round tells ten thousand: its page has the newest, and how many there are
        monkeypatch.setattr(links, "ON_A_PAGE", 1)
        page = await links.of_case(pool, note)
        assert [row["type"].rpartition(".")[2] for row in page["facts_told"]] == ["news"]
        assert page["facts_told_in_all"] == 2
        page = await links.of_case(pool, reader)
        assert [row["how"] for row in page["facts_taken"]] == ["told"]
    finally:
        await pool.close()


async def test_what_was_asked_is_settled_by_the_receivers_office(places: Places) -> None:
    """Nobody else may; the task is closed, and the doctor has nothing more to say of it."""
    note, reader = await places.open("note"), await places.open("reader")
    await places.end(reader)
    async with places.relay():
        await places.tell(note, "paper", "x", case=reader)
        await places.until(places.office_tasks, [("links-reader", "fact-for-ended-case")])
    pool = await open_pool(places.database.url("office"), size=2)
    try:
        fact = await places.pool.fetchval("SELECT fact_id FROM iehe.facts")
        finding = await looked_at(places.pool)
        assert (finding.state, finding.facts["asked"]) == ("warn", 1)
        with pytest.raises(Refusal, match="roles"):
            await links.settle(pool, NOTER, fact, "links-reader")
        assert await links.settle(pool, READS, fact, "links-reader") == 1
        assert await places.office_tasks() == []
        assert (await looked_at(places.pool)).state == "ok"
        with pytest.raises(Refusal):
            await links.settle(pool, READS, fact, "links-reader")
    finally:
        await pool.close()


async def test_the_doctor_tells_what_nobody_delivers(places: Places) -> None:
    """What waits for a case or a process is no problem; what no relay takes is."""
    note = await places.open("note")
    await places.tell(note, "news", "x")
    assert (await looked_at(places.pool)).state == "ok"
    await places.age(1)
    finding = await looked_at(places.pool)
    assert (finding.state, finding.facts["late"], finding.facts["nobody"]) == ("problem", 2, 1)


async def test_facts_go_when_their_time_is_over(places: Places) -> None:
    """Some weeks after they are kept for nobody; what somebody has to look at stays."""
    note, reader = await places.open("note"), await places.open("reader")
    await places.end(reader)
    async with places.relay():
        await places.tell(note, "paper", "x", case=reader)
        await places.tell(note, "day", "y", case="reader/NOBODY")
        await places.until(lambda: _states(places), {"asked", "standing"})
    for kind in ("facts", "fact_deliveries"):
        assert await places.pool.fetchval("SELECT iehe.sweep('run', $1, NULL, 100)", kind) == 0
        await places.pool.execute(f"UPDATE iehe.{kind} SET keep_until = now() - interval '42 days'")  # noqa: S608
    assert await places.pool.fetchval("SELECT iehe.sweep('run', 'facts', NULL, 100)") == 2
    assert await places.pool.fetchval("SELECT iehe.sweep('run', 'fact_deliveries', NULL, 100)") == 1
    assert await _states(places) == {"asked"}


async def _states(places: Places) -> set[str]:
    return {state for _, state, _ in await places.deliveries()}
