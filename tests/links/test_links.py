"""Facts between processes: told once, delivered to each receiver by itself, whatever happens meanwhile."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import pytest
from pydantic import Field

from activities.kernel.queries import queries
from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload
from tests.links.conftest import Places
from tests.links.processes import DAY, NEWS, ORDER, PAPER, READER
from workers.preparation import store_links
from workers.relay.links import MOST
from workflows.kernel.links import CHAIN_LIMIT, Tells


async def test_l3_a_fact_reaches_the_case_that_it_names(places: Places) -> None:
    """It is in the receiver's log, and the link knows where it came to."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        await places.tell(note, "day", "first", case=reader)
        await places.until(lambda: places.heard(reader), ["first"])
    assert await places.deliveries() == [(1, "delivered", None)]
    assert await places.reaches() == [(reader, "told")]


async def test_l1_one_fact_goes_to_every_process_that_takes_it(places: Places) -> None:
    """Each finds its own cases; one that is not there yet has its copy waiting."""
    note = await places.open("note")
    readers = [await places.open("reader", hears="storm") for _ in range(2)]
    other = await places.open("other", hears="storm")
    async with places.relay():
        await places.tell(note, "news", "storm")
        for case_id in (*readers, other):
            await places.until(lambda case_id=case_id: places.heard(case_id), ["storm"])
    assert await places.deliveries("links-absent") == [(1, "waiting", None)]
    assert await places.office_tasks() == []


@pytest.mark.parametrize("when", ["before", "during", "after"])
async def test_1_a_case_opened_about_the_moment_of_the_fact_acts_once(places: Places, when: str) -> None:
    """Before, at the same moment, or after it: the case has it, once."""
    note, subject = await places.open("note"), "AT-THE-TIME"
    reader = f"reader/{subject}"
    async with places.relay():
        if when == "before":
            await places.open("reader", subject=subject)
        telling = asyncio.create_task(places.tell(note, "paper", "x", case=reader))
        if when == "during":
            await places.open("reader", subject=subject)
        await telling
        if when == "after":
            await places.until(lambda: places.deliveries("links-reader"), [(1, "waiting", "no-case")])
            await places.open("reader", subject=subject)
        await places.until(lambda: places.heard(reader), ["x"])
        await places.until(lambda: places.deliveries("links-reader"), [(1, "delivered", None)])
    assert (await places.steps(reader)).count("hear") == 1


@pytest.mark.parametrize("when", ["before", "during", "delivered", "after"])
async def test_1_a_case_closed_about_the_moment_of_the_fact_acts_once(places: Places, when: str) -> None:
    """It has taken the fact, or a person is asked: one of the two, and never both (L5, L6)."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        if when == "before":
            await places.end(reader)
        telling = asyncio.create_task(places.tell(note, "paper", "x", case=reader))
        if when == "during":
            await places.end(reader)
        await telling
        if when == "delivered":
            await places.until(places.reaches, [(reader, "told")])
            await places.end(reader)
        if when == "after":
            await places.until(lambda: places.heard(reader), ["x"])
            await places.end(reader)

        async def actions() -> int:
            return len(await places.heard(reader)) + len(await places.office_tasks())

        await places.until(actions, 1)
        await places.until(lambda: places.stage(reader), "ended")
    expected = {"before": 0, "after": 1}.get(when)
    assert expected in (None, len(await places.heard(reader)))
    assert await actions() == 1
    assert "refuse-event" not in await places.steps(reader) or await places.office_tasks()


async def test_l5_what_ended_before_it_was_told_is_handed_back(places: Places) -> None:
    """A fact in the inbox of a case that has ended is no dead letter: its link says what is done."""
    note, reader = await places.open("note"), await places.open("reader")
    await places.tell(note, "paper", "x", case=reader)
    async with places.relay():
        await places.until(lambda: places.heard(reader), ["x"])
    await places.end(reader)
    # as if it had been stored the moment before the case ended
    await places.pool.execute(
        "INSERT INTO iehe.facts "
        "SELECT 'late', 1, type, process, case_id, version, 'k', data, withdrawn, "
        "chain, occurred_at, told_at, keep_until, expected FROM iehe.facts"
    )
    await places.pool.execute("SELECT iehe.deliver_to('late', 1, 'links-reader')")
    await places.pool.execute("UPDATE iehe.fact_deliveries SET state = 'delivered' WHERE fact_id = 'late'")
    await places.pool.execute(
        "INSERT INTO iehe.fact_reaches VALUES ('late', 1, 'links-reader', $1, 'told', 'late/1/x')", reader
    )
    envelope = {"id": "late/1/x", "source": "jp.ac.iehe", "type": PAPER, "data": {"code": "x"}}
    await places.pool.execute(
        "INSERT INTO iehe.events (source, id, type, process, case_id, envelope, fact_id) "
        "VALUES ('jp.ac.iehe', 'late/1/x', $1, 'links-reader', $2, $3, 'late')",
        *(PAPER, reader, json.dumps(envelope)),
    )
    async with places.relay():
        await places.until(places.office_tasks, [("links-reader", "fact-for-ended-case")])
    dead = await places.pool.fetchval("SELECT count(*) FROM iehe.events WHERE state = 'dead'")
    assert dead == 0
    assert await places.heard(reader) == ["x"]


async def test_l5_the_successor_of_an_ended_case_gets_it(places: Places) -> None:
    """Next: what is for a case that has ended goes to the one that goes on; without one a person is asked."""
    note = await places.open("note")
    ended, following = await places.open("reader", hears="rain"), await places.open("reader")
    await places.pool.execute(
        "UPDATE iehe.test_slips SET successor = $2 WHERE case_id = $1", ended, following
    )
    await places.end(ended)
    async with places.relay():
        await places.tell(note, "news", "rain")
        await places.until(lambda: places.heard(following), ["rain"])
        await places.end(following)
        await places.tell(note, "news", "rain", key="again")
        await places.until(places.office_tasks, [("links-reader", "fact-for-ended-case")])
    assert await places.heard(ended) == []


async def test_2_a_fact_told_while_no_relay_runs_comes_once(places: Places) -> None:
    """The producer may be killed after its step, and the relay at any moment: it is told with the step."""
    note, reader = await places.open("note"), await places.open("reader")
    await places.tell(note, "day", "x", case=reader)
    await places.client.get_workflow_handle(note).terminate("killed after its step")
    for _ in range(3):
        async with places.relay():
            await places.until(lambda: places.heard(reader), ["x"])
        # as a relay that died before it had noted that it had delivered
        await places.pool.execute(
            "UPDATE iehe.fact_deliveries SET state = 'waiting', next_try_at = now(); "
            "DELETE FROM iehe.fact_reaches"
        )
    assert (await places.steps(reader)).count("hear") == 1


async def test_l3_what_waits_for_its_case_holds_up_nothing_however_much_it_is(places: Places) -> None:
    """More than are taken at a time wait for cases that never come, and are due all the while."""
    note, reader = await places.open("note"), await places.open("reader")
    fact = {"type": DAY, "withdrawn": False, "chain": [], "keep_days": 40, "expected": []}
    fact["occurred_at"] = datetime.now(UTC).isoformat()
    for number in range(MOST + 10):
        data = {"code": "lost", "case": f"reader/NOBODY-{number}"}
        told = {**fact, "fact_id": f"{number:032x}", "key": str(number), "data": data}
        await places.pool.execute(
            "SELECT iehe.tell_fact($1, 'links-note', 1, $2::jsonb)", note, json.dumps(told)
        )
    await places.pool.execute("UPDATE iehe.fact_deliveries SET reason = 'no-case', attempts = 1")
    await places.tell(note, "day", "x", case=reader)
    due = await places.pool.fetch(queries("kernel/links")["claim"], [DAY], ["links-reader"], MOST)
    assert json.loads(due[0]["data"])["case"] == reader


async def test_3_the_same_is_taken_again_and_something_else_is_refused(places: Places) -> None:
    """Same revision, same content: nothing is added. Other content under it: refused, nothing is told."""
    note = await places.open("note")
    for _ in range(2):
        await places.tell(note, "day", "x", revision=1)
    assert await places.deliveries() == [(1, "waiting", None)]
    assert await places.refused(note, "day", "y", revision=1) == "fact-told-otherwise"
    await places.tell(note, "day", "x")
    assert await places.deliveries() == [(1, "waiting", None)]
    await places.tell(note, "day", "y")
    assert await places.deliveries() == [(1, "waiting", None), (2, "waiting", None)]


async def test_4_a_correction_that_came_first_stays(places: Places) -> None:
    """Revision 2 before 1: the first changes nothing any more."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        await places.tell(note, "day", "second", case=reader, revision=2)
        await places.until(places.deliveries, [(2, "delivered", None)])
        await places.tell(note, "day", "first", case=reader, revision=1)
        await places.until(places.deliveries, [(2, "delivered", None), (1, "superseded", "corrected")])
        await places.until(lambda: places.steps(reader), ["open", "hear"])


async def test_l7_a_correction_reaches_who_had_the_first(places: Places) -> None:
    """Also where what it names now is another case; a withdrawal is a revision that undoes."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        await places.tell(note, "day", "x", case=reader)
        await places.until(lambda: places.heard(reader), ["x"])
        await places.tell(note, "day", "x", case="reader/ELSEWHERE", withdrawn=True)

        async def undone() -> list[str]:
            return (await places.state(reader)).get("undone", [])

        await places.until(undone, ["x"])


async def test_5_a_receiver_that_stood_still_for_forty_days_catches_up_in_order(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its facts wait and hold up nobody; when it is there again they come as they were told."""
    note, reader = await places.open("note"), await places.open("reader", hears="storm")
    other = await places.open("other", hears="storm")
    # the reader's release is not there: nothing of it is taken
    takes = dict(READER.takes)
    object.__setattr__(READER, "takes", {})
    try:
        async with places.relay():
            for number in range(5):
                await places.tell(note, "news", "storm", key=f"n{number}")
                await places.tell(note, "paper", f"p{number}", case=reader, key=f"p{number}")
            await places.until(lambda: places.heard(other), ["storm"] * 5)
        assert {state for _, state, _ in await places.deliveries("links-reader")} == {"waiting"}
        await places.age(40)
    finally:
        object.__setattr__(READER, "takes", takes)
    async with places.relay():
        expected = [each for number in range(5) for each in ("storm", f"p{number}")]
        await places.until(lambda: places.heard(reader), expected)
    assert await places.office_tasks() == []


async def test_5_who_comes_later_gets_what_is_kept(places: Places) -> None:
    """A receiver that is registered after the fact gets what holds now, unless its time is over."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.pool.acquire() as connection:
        await connection.execute("DELETE FROM iehe.link_receivers")
        for key in ("kept", "corrected", "withdrawn", "over"):
            await places.tell(note, "day", key, case=reader, key=key)
        await places.tell(note, "day", "corrected-2", case=reader, key="corrected")
        await places.tell(note, "day", "withdrawn", case=reader, key="withdrawn", withdrawn=True)
        await connection.execute("UPDATE iehe.facts SET keep_until = now() WHERE key = 'over'")
        assert await store_links(connection) == 2
        assert await store_links(connection) == 0
    async with places.relay():

        async def came() -> set[str]:
            rows = await places.pool.fetch("SELECT key FROM iehe.fact_deliveries WHERE state = 'delivered'")
            return {row["key"] for row in rows}

        await places.until(came, {"kept", "corrected"})


async def test_6_a_case_finds_what_stands_fourteen_months_later(places: Places) -> None:
    """It was kept as the latest of its key; a correction reaches the case that found it."""
    note = await places.open("note")
    async with places.relay():
        await places.tell(note, "day", "early", key="2027-04-01")
        await places.tell(note, "day", "late", key="2027-04-01", revision=2)
        await places.tell(note, "day", "elsewhere", key="2027-05-01")
        await places.until(
            places.deliveries,
            [(1, "superseded", "corrected"), (2, "standing", None), (1, "standing", None)],
        )
        await places.age(425)
        reader = await places.open("reader")
        assert (await places.state(reader))["found"] == "late"
        assert await places.reaches() == [(reader, "found")]
        await places.tell(note, "day", "corrected", key="2027-04-01")
        await places.until(lambda: places.steps(reader), ["open", "hear"])


async def test_6_what_is_withdrawn_stands_no_more(places: Places) -> None:
    """A case that opens then finds nothing."""
    note = await places.open("note")
    async with places.relay():
        await places.tell(note, "day", "x", key="2027-04-01")
        await places.tell(note, "day", "x", key="2027-04-01", withdrawn=True)
        await places.until(places.deliveries, [(1, "superseded", "corrected"), (2, "standing", None)])
        reader = await places.open("reader")
    assert (await places.state(reader)).get("found") is None


async def test_7_a_fact_starts_one_case_also_after_that_has_ended(places: Places) -> None:
    """The command is repeated, the fact is sent again: there is one case, whose id follows from the fact."""
    note = await places.open("note")
    async with places.relay():
        await places.tell(note, "order", "x", id="one")

        async def started() -> list[str]:
            rows = await places.pool.fetch("SELECT case_id FROM iehe.cases WHERE process = 'links-reader'")
            return [row["case_id"] for row in rows]

        await places.until(lambda: _count(started), 1)
        (case_id,) = await started()

        async def told() -> bool:
            return len(await places.steps(case_id)) > 1

        # what has started it is noted there, before somebody decides
        await places.until(told, True)
        await places.end(case_id)
        await places.tell(note, "order", "x", id="one")
        await places.tell(note, "order", "x", id="two")
        await places.pool.execute("UPDATE iehe.fact_deliveries SET state = 'waiting', next_try_at = now()")
        await places.until(places.deliveries, [(1, "delivered", None)])
        assert await started() == [case_id]
        assert await places.reaches() == [(case_id, "started")]
        # a correction is noted: the case has ended
        await places.tell(note, "order", "y")
        await places.until(places.deliveries, [(1, "delivered", None), (2, "noted", "case-closed")])
        assert await started() == [case_id]


async def _count(question) -> int:
    return len(await question())


async def test_8_what_is_withdrawn_after_it_was_acted_on_is_a_task(places: Places) -> None:
    """Nobody undoes by himself what was reported: the office is asked."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        await places.tell(note, "day", "x", case=reader)
        await places.until(lambda: places.heard(reader), ["x"])
        await places.decide(reader, "report")
        await places.tell(note, "day", "x", case=reader, withdrawn=True)

        async def tasks() -> list[str]:
            return sorted((await places.state(reader)).get("tasks", {}))

        await places.until(tasks, ["correct-report:2"])


async def test_9_a_field_that_is_not_listed_is_refused_at_the_producer(places: Places) -> None:
    """Nothing of it is stored: no step, no fact."""
    note = await places.open("note")
    assert await places.refused(note, "day", "x", extra="why") == "fact-unlisted"
    assert await places.refused(note, "day", "Not A Code") == "fact-unlisted"
    assert await places.steps(note) == ["open"]
    assert await places.deliveries() == []


def test_9_a_fact_that_could_hold_words_cannot_be_declared() -> None:
    """A model has codes, ids, dates and numbers; a text needs a pattern (L8)."""

    class Named(Payload):
        code: Code
        name: str

    class Inner(Payload):
        inner: Named

    class Good(Payload):
        code: Code
        day: date
        many: tuple[Code, ...] = ()
        open_until: date | None = None
        key: Annotated[str, Field(pattern=r"^[A-Z0-9]{8}$")] | None = None
        count: int = 0

    assert Tells(Good, keep=timedelta(days=1))
    for model in (Named, Inner):
        with pytest.raises(TypeError, match="could hold words"):
            Tells(model, keep=timedelta(days=1))


async def test_10_what_ends_earlier_than_was_told_corrects_what_was_reported(places: Places) -> None:
    """An open end is closed by a second revision; a month that is reported already is a task."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        await places.tell(note, "day", "open", case=reader, key="2027-04-01")
        await places.until(lambda: places.heard(reader), ["open"])
        await places.decide(reader, "report")
        await places.tell(note, "day", "ended", case=reader, key="2027-04-01")

        async def tasks() -> list[str]:
            return sorted((await places.state(reader)).get("tasks", {}))

        await places.until(tasks, ["correct-report:2"])
    assert await places.heard(reader) == ["open"]


async def test_11_a_circle_made_by_hand_stops_at_eight(places: Places) -> None:
    """Each fact carries the ids from which it came; what would be the ninth is a task and no fact (L9)."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        await places.tell(note, "paper", "ring", case=reader, back=note)

        async def tasks() -> list[str]:
            return sorted((await places.state(note)).get("tasks", {}))

        await places.until(tasks, ["chain-too-long:paper"])
    rows = await places.pool.fetch("SELECT chain, fact_id FROM iehe.facts ORDER BY cardinality(chain)")
    assert [len(row["chain"]) for row in rows] == list(range(CHAIN_LIMIT))
    assert list(rows[-1]["chain"]) == [row["fact_id"] for row in rows[:-1]]
    await places.decide(note, "complete-task", task="chain-too-long:paper")


async def test_l4_a_fact_waits_its_own_days_and_is_then_a_task(places: Places) -> None:
    """The general limit of dead letters does not hold; a person settles what found no case (L4)."""
    note = await places.open("note")
    async with places.relay():
        await places.tell(note, "paper", "x", case="reader/NEVER-THERE")
        await places.until(lambda: places.deliveries("links-reader"), [(1, "waiting", "no-case")])
        await places.age(29)
        await places.until(lambda: places.deliveries("links-reader"), [(1, "waiting", "no-case")])
        assert await places.office_tasks() == []
        await places.age(2)
        await places.until(places.office_tasks, [("links-reader", "fact-without-case")])
    assert await places.deliveries("links-reader") == [(1, "asked", "no-case")]
    assert await places.pool.fetchval("SELECT count(*) FROM iehe.events WHERE state = 'dead'") == 0


async def test_13_the_first_circle_runs_over_a_year(places: Places) -> None:
    """A measure starts a development, a survey stands until its case asks, the effect comes back."""
    measure = await places.open("note")
    async with places.relay():
        await places.tell(measure, "order", "measure-1")

        async def started() -> list[str]:
            rows = await places.pool.fetch("SELECT case_id FROM iehe.cases WHERE process = 'links-reader'")
            return [row["case_id"] for row in rows]

        await places.until(lambda: _count(started), 1)
        (development,) = await started()
        await places.skip(development, days=200)
        survey = await places.open("note")
        await places.tell(survey, "day", "after", key="2027-04-01")
        await places.until(places.deliveries, [(1, "delivered", None), (1, "standing", None)])
        effect = await places.open("reader")
        assert (await places.state(effect))["found"] == "after"
        for each in (measure, measure, development):
            await places.skip(each, days=200)
        await places.tell(development, "answer", "effective", case=measure)
        await places.until(lambda: places.heard(measure), ["effective"])
    rows = await places.pool.fetch("SELECT max(at) - min(at) AS span FROM iehe.case_log")
    assert rows[0]["span"] > timedelta(days=365)
    assert await places.office_tasks() == []


async def test_l9_what_a_started_case_tells_comes_from_what_started_it(places: Places) -> None:
    """The chain is kept with the case, however much later it tells something."""
    note = await places.open("note")
    async with places.relay():
        await places.tell(note, "order", "x")
        await places.until(
            lambda: places.pool.fetchval("SELECT stage FROM iehe.cases WHERE process = 'links-reader'"),
            "open",
        )
        reader = await places.pool.fetchval("SELECT case_id FROM iehe.cases WHERE process = 'links-reader'")
        await places.tell(reader, "answer", "y", case=note)
        await places.until(lambda: places.heard(note), ["y"])
    first, second = await places.pool.fetch("SELECT fact_id, chain FROM iehe.facts ORDER BY told_at")
    assert list(second["chain"]) == [first["fact_id"]]


def test_types_name_their_producer() -> None:
    """What a receiver declares is the producer's type, never an import of it (L1)."""
    assert {kind.split(".")[3] for kind in READER.takes} == {"links-note"}
    assert {DAY, NEWS, ORDER, PAPER} == set(READER.takes)
    assert CHAIN_LIMIT == 8
