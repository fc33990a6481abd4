"""What cannot be delivered now waits in order; what never can be is an open task of the office."""

from activities.kernel.queries import queries
from cases.starting import restart_case, start_case
from schemas.admission.commands import Withdraw
from tests.relay.conftest import SOURCE, check_story
from workers.relay.signalling import STARTING

NOWHERE = "admission/NONE-1"
LONG_AGO = "now() - interval '400 days'"
SQL = queries("kernel/events")


async def dead_letters(box) -> dict[str, str]:
    rows = await box.pool.fetch(
        "SELECT id, reason FROM iehe.events WHERE state = 'dead' AND source = $1", SOURCE
    )
    return {row["id"]: row["reason"] for row in rows}


async def waiting_for(box, *event_ids: str) -> None:
    for event_id in event_ids:
        await box.until(event_id, state="stored", reason="waiting-for-case")


async def long_waited(box, event_id: str) -> None:
    """The event has waited for more days than any policy lets it, and is looked at now."""
    await box.pool.execute(
        f"UPDATE iehe.events SET waiting_since = {LONG_AGO}, next_try_at = now() WHERE id = $1",  # noqa: S608
        event_id,
    )


async def closed_case(institute):
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.decide(Withdraw, "office-1", reason="personal")
    await case.result()
    return case


async def test_before_its_case(institute, box, relay) -> None:
    """It is delivered when the case opens, long before the relay would have looked again by itself."""
    case = await institute.apply(start=False)
    told = [await box.store(case.case_id) for _ in range(3)]
    await relay()
    await waiting_for(box, *told)
    still = await box.pool.fetchval("SELECT min(next_try_at) - now() > interval '45 s' FROM iehe.events")

    await start_case(institute.client, case.case_id)

    assert still
    await box.all_delivered(limit=10)
    await check_story(institute, case, told)


async def test_waited_too_long(institute, box, relay) -> None:
    """After the policy's days it is dead; an event that came later waits on, its own days."""
    await relay()
    early, late = await box.store(NOWHERE), await box.store(NOWHERE)
    await waiting_for(box, early, late)

    await long_waited(box, early)
    await box.until(early, state="dead", reason="no-such-case", limit=5)

    assert await dead_letters(box) == {early: "no-such-case"}
    assert (await box.row(late))["state"] == "stored"


async def test_behind_a_waiting_head(institute, box, relay) -> None:
    """A later event of a case that waits is not tried before it; other cases' events pass."""
    case = await institute.apply()
    await relay()
    head = await box.store(NOWHERE)
    await waiting_for(box, head)

    behind = await box.store(NOWHERE)
    passing = await box.store(case.case_id)
    await box.until(passing, state="delivered")

    row = await box.row(behind)
    assert (row["state"], row["attempts"], row["reason"]) == ("stored", 0, None)


async def test_crowd_behind_a_waiting_head(institute, box, relay) -> None:
    """However many events longest due stand behind one that waits, another case's event passes them."""
    case = await institute.apply()
    await relay()
    head = await box.store(NOWHERE)
    await waiting_for(box, head)
    await box.pool.execute(
        "INSERT INTO iehe.events (source, id, type, process, case_id, envelope, next_try_at) "
        "SELECT source, id || '-' || n, type, process, case_id, envelope, now() - interval '1 hour' "
        "FROM iehe.events, generate_series(1, 1000) AS n"
    )

    passing = await box.store(case.case_id)

    await box.until(passing, state="delivered")
    untouched = "SELECT count(*) FROM iehe.events WHERE state = 'stored' AND attempts = 0"
    assert await box.pool.fetchval(untouched) == 1000


async def test_closed_case(institute, box, relay) -> None:
    """Nothing for a closed case waits: all that is there is dead."""
    case = await closed_case(institute)
    told = [await box.store(case.case_id) for _ in range(3)]
    await relay()

    for event_id in told:
        await box.until(event_id, state="dead")
    assert await dead_letters(box) == dict.fromkeys(told, "case-closed")


async def test_what_began_a_case_that_has_ended_meanwhile_has_done_so(institute, box, relay) -> None:
    """It is nobody's task, and its sender is told that it was taken."""
    case = await closed_case(institute)
    began = await box.store(case.case_id)
    await box.pool.execute("UPDATE iehe.events SET type = $2 WHERE id = $1", began, min(STARTING))
    await relay()
    await box.until(began, state="delivered")
    assert await box.pool.fetchval("SELECT taken FROM iehe.events WHERE id = $1", began)
    assert await dead_letters(box) == {}


async def test_lost_workflow(institute, box, relay) -> None:
    """An open case without its workflow keeps its events; started again, it gets them in order."""
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.handle.terminate("lost")
    told = [await box.store(case.case_id) for _ in range(3)]
    await relay()
    for event_id in told:
        await box.until(event_id, state="stored", reason="workflow-lost")

    await restart_case(institute.pool, institute.client, case.case_id)

    await box.all_delivered()
    await check_story(institute, case, told)


async def test_unreadable_event(institute, box, relay) -> None:
    """A row that is no event is dead, and holds up nothing behind it."""
    case = await institute.apply()
    bad, good = await box.store(case.case_id), await box.store(case.case_id)
    await box.pool.execute("UPDATE iehe.events SET envelope = '{}' WHERE id = $1", bad)
    await relay()

    await box.until(good, state="delivered")
    assert await dead_letters(box) == {bad: "not-accepted"}
    await check_story(institute, case, [good])


async def test_retried(institute, box, relay) -> None:
    """A dead event that the office sends on again is delivered once there is a case for it."""
    case = await institute.apply(start=False)
    event_id = await box.store(case.case_id)
    await relay()
    await waiting_for(box, event_id)
    await long_waited(box, event_id)
    await box.until(event_id, state="dead", limit=5)
    await start_case(institute.client, case.case_id)
    await case.until_stage("completeness")

    again = await box.pool.fetch(SQL["retry"], SOURCE, event_id, None, None, "office-1", ["admission-review"])

    assert [row["id"] for row in again] == [event_id]
    row = await box.until(event_id, state="delivered", limit=5)
    assert row["handled_by"] == "office-1"
    assert await dead_letters(box) == {}
    await check_story(institute, case, [event_id])


async def test_dropped(institute, box, relay) -> None:
    """What a person drops is no open task any more and is not delivered, whatever comes later."""
    case = await closed_case(institute)
    event_id = await box.store(case.case_id)
    await relay()
    await box.until(event_id, state="dead")

    assert await box.pool.fetchval(SQL["drop"], SOURCE, event_id, "office-1", "不要") == case.case_id
    again = await box.pool.fetch(SQL["retry"], SOURCE, event_id, None, None, "office-1", ["admission-review"])

    row = await box.row(event_id)
    assert (row["state"], row["handled_by"], row["handled_reason"]) == ("dropped", "office-1", "不要")
    assert again == []
    assert await dead_letters(box) == {}
