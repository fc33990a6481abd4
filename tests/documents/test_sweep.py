"""What goes from the store: by the days of its kind, with its case, and whatever no row names."""

import asyncio
import os
import time
from typing import Any

import pytest

from activities.kernel.document_sweep import sweep
from activities.kernel.scheduled import Tools, no_fault
from schemas.kernel.schedules import Occasion
from tests.documents.conftest import Office, dying_at
from tests.documents.desk import DOCUMENTED, DOCUMENTED_ROOM, LETTER, PLAN, pdf, png
from tests.pure import refused

HOLD = """
WITH t AS (
    INSERT INTO iehe.texts (text_id, case_id, author, sealed)
    VALUES (gen_random_uuid(), $1, 'head-1', 'x') RETURNING text_id
)
INSERT INTO iehe.case_holds (case_id, held_by, reason_id) SELECT $1, 'head-1', text_id FROM t
"""
END = "UPDATE iehe.cases SET closed_at = now() - $2 * interval '1 day' WHERE case_id = $1"


async def night(office: Office, fault: Any = no_fault) -> dict[str, int]:
    """A whole run, batch by batch; what it counted."""
    rooms = {DOCUMENTED.name: DOCUMENTED_ROOM}
    tools = Tools(office.desk.pool, None, rooms, fault, documents=office.store)  # type: ignore[arg-type]
    occasion = Occasion(
        work="documents", scheduled_at="2026-11-26T04:10:00+09:00", run="scheduled/documents-test"
    )
    counts: dict[str, int] = {}
    position: Any = None
    while True:
        batch = await sweep(tools, occasion, position)
        counts = {name: counts.get(name, 0) + batch.counts.get(name, 0) for name in {*counts, *batch.counts}}
        if batch.position is None:
            return counts
        position = batch.position


def age(office: Office, hours: float = 25) -> None:
    """What lies in the store has lain there for hours."""
    then = time.time() - hours * 3600
    for each in office.objects():
        os.utime(each, (then, then))


async def both(office: Office) -> str:
    """A case with a letter and a plan."""
    case_id = await office.request()
    await office.received(case_id)
    await office.received(case_id, PLAN, png())
    return case_id


async def test_a_kind_with_days_of_its_own_goes_before_its_case(office: Office) -> None:
    """A year after the end, not a day before; the other document stays, and what went is on record."""
    case_id = await both(office)
    await office.owner.execute(END, case_id, 364)
    assert await night(office) == {}
    await office.owner.execute(END, case_id, 366)
    assert await night(office) == {"documents": 1}
    assert len(office.objects()) == 1
    with refused("no-such-document"):
        await office.get(case_id, PLAN)
    assert (await office.get(case_id, LETTER)).content == pdf()
    assert (await office.state(case_id, PLAN))["versions"][0]["erased_at"] is not None
    erased = await office.owner.fetchrow("SELECT kind, process, days, rows::text FROM iehe.erasures")
    assert tuple(erased) == ("documents", DOCUMENTED.name, 365, '{"plan": 1}')
    assert await night(office) == {}


async def test_an_open_case_and_one_that_is_held_keep_theirs(office: Office) -> None:
    """However old they are."""
    case_id = await both(office)
    assert await night(office) == {}
    await office.owner.execute(END, case_id, 900)
    await office.owner.execute(HOLD, case_id)
    assert await night(office) == {}
    assert len(office.objects()) == 2


async def test_what_was_uploaded_and_never_recorded_goes_after_a_day(office: Office) -> None:
    """Not before: its row may be on its way. What a row names stays."""
    case_id = await office.request()
    await office.put(case_id)
    with pytest.raises(asyncio.CancelledError):
        await office.put(case_id, PLAN, png(), fault=dying_at("uploaded"))
    assert await night(office) == {}
    age(office)
    assert await night(office) == {"left-behind": 1}
    assert (await office.get(case_id)).content == pdf()
    assert len(office.objects()) == 1


async def test_who_dies_between_the_mark_and_the_store_leaves_it_to_the_next_night(office: Office) -> None:
    """It is handed out to nobody meanwhile."""
    case_id = await both(office)
    await office.owner.execute(END, case_id, 366)
    with pytest.raises(asyncio.CancelledError):
        await night(office, dying_at("documents-marked"))
    assert len(office.objects()) == 2
    with refused("no-such-document"):
        await office.get(case_id, PLAN)
    age(office)
    assert await night(office) == {"left-behind": 1}
    assert len(office.objects()) == 1


async def test_a_case_that_is_erased_takes_its_documents_with_it(office: Office) -> None:
    """Rows and reads in its transaction, with the key without which nothing can be read; then the objects."""
    case_id = await both(office)
    await office.get(case_id)
    await office.owner.execute(END, case_id, 4000)
    await office.owner.execute("UPDATE iehe.tasks SET closed_at = now() WHERE case_id = $1", case_id)
    await office.owner.execute("UPDATE iehe.notices SET state = 'accepted' WHERE case_id = $1", case_id)
    await office.owner.execute("UPDATE iehe.events SET state = 'delivered', taken = true")
    await office.owner.execute(
        "UPDATE iehe.policies SET body = jsonb_set(body, '{retention}', '{\"case_years\": 5}')"
    )
    assert await office.desk.pool.fetchval("SELECT iehe.erase_case('run', $1, 0)", case_id)
    for table in ("documents", "document_reads", "case_keys"):
        assert await office.owner.fetchval(f"SELECT count(*) FROM iehe.{table}") == 0  # noqa: S608
    gone = await office.owner.fetchval("SELECT rows::text FROM iehe.case_certificates")
    assert '"documents": 2' in gone
    age(office)
    assert await night(office) == {"left-behind": 2}
    assert office.objects() == []


async def test_a_worker_clears_its_own_home_alone(office: Office) -> None:
    """It does not see the rows of another one, and would take its documents for left behind."""
    place = "elsewhere/aa/aabbcc"
    await office.store.put(place, b"sealed")
    age(office)
    assert await night(office) == {}
    assert await office.store.get(place) == b"sealed"
