"""Lists of results: one person prepares, another confirms, all are told at one hour."""

from datetime import timedelta

import asyncpg
import pytest

from schemas.kernel.refusals import Refusal
from tests.results.grading import ANN, BEN, CASE, Grading, TellSome


async def test_who_has_prepared_a_list_does_not_confirm_it(grading: Grading) -> None:
    """R4: two persons, on every path."""
    seen = await grading.made("law", "A1")
    await grading.do("prepare", ANN, name="law", seen=seen)
    with pytest.raises(Refusal) as refused:
        await grading.do("confirm", ANN, name="law", seen=seen)
    assert refused.value.code == "list-own"
    await grading.do("confirm", BEN, name="law", seen=seen)
    assert await grading.state() == ("confirmed", None)


async def test_whatever_code_writes_one_person_is_not_two(
    grading: Grading, owner: asyncpg.Connection
) -> None:
    """R4 is a constraint of the database."""
    seen = await grading.made("law", "A1")
    await grading.do("prepare", ANN, name="law", seen=seen)
    with pytest.raises(asyncpg.CheckViolationError, match="result_lists_two_persons"):
        await owner.execute("UPDATE iehe.result_lists SET state = 'confirmed', confirmed_by = prepared_by")


async def test_what_is_confirmed_is_what_was_seen(grading: Grading) -> None:
    """I4: another hash, a list that was not prepared, and one that was made anew are refused."""
    seen = await grading.made("law", "A1")
    for method, by in (("confirm", BEN), ("prepare", ANN)):
        with pytest.raises(Refusal, match="law"):
            await grading.do(method, by, name="law", seen="0" * 64 if method == "prepare" else seen)
    await grading.do("prepare", name="law", seen=seen)
    await grading.made("law", "A1", "A2")
    with pytest.raises(Refusal) as refused:
        await grading.do("confirm", BEN, name="law", seen=seen)
    assert refused.value.code == "list-other"


async def test_the_bytes_of_a_list_stay_as_they_were_made(
    grading: Grading, owner: asyncpg.Connection
) -> None:
    """I4: nobody changes what was confirmed, the owner of the tables neither."""
    await grading.confirmed("law", "A1")
    for column, value in (("body", b"other"), ("inputs", "cd" * 32), ("rules", "2")):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="stays as it was made"):
            await owner.execute(f"UPDATE iehe.result_lists SET {column} = $1", value)  # noqa: S608


async def test_a_changed_input_undoes_the_confirmation(grading: Grading) -> None:
    """I9: whoever has confirmed it, and whatever stage it is in; the lists of others stand."""
    await grading.confirmed("law", "A1")
    await grading.confirmed("medicine", "A2")
    assert await grading.withdraw("law", "unknown") == ["law"]
    assert await grading.state("law") == ("withdrawn", "input-changed")
    assert await grading.state("medicine") == ("confirmed", None)
    with pytest.raises(Refusal) as refused:
        await grading.scheduled("law", "medicine", hours=1)
    assert refused.value.code == "list-unconfirmed"


async def test_nothing_is_told_one_second_before_the_hour_and_everything_at_it(
    grading: Grading, office_pool: asyncpg.Pool
) -> None:
    """R5, I6, ls1intum/Artemis #1885: one row and the server's clock; nothing is written at the hour."""
    await grading.confirmed("law", "A1", "A2")
    hour = await grading.scheduled(hours=20)
    await grading.forward(seconds=(hour - await grading.now()).total_seconds() - 1)
    assert [await grading.told("A1", pool) for pool in (grading.pool, office_pool)] == [[], []]
    await grading.forward(seconds=1)
    assert [await grading.told(who, office_pool) for who in ("A1", "A2", "A3")] == [["law"], ["law"], []]


async def test_the_readers_own_clock_tells_nothing(grading: Grading) -> None:
    """edwisely-ai/Tech-Bridge #245: what the session sets as its time zone or its settings moves no hour."""
    await grading.confirmed("law", "A1")
    await grading.scheduled(seconds=60)
    async with grading.pool.acquire() as connection:
        await connection.execute("SET TIME ZONE 'Pacific/Kiritimati'")
        await connection.execute("SET iehe.clock_shift = '1 day'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("INSERT INTO iehe.clock_shift (shift) VALUES ('1 day')")
        assert await connection.fetch("SELECT * FROM iehe.released_lines('pupil/A1')") == []


async def test_the_office_reads_no_line_before_the_hour_but_by_opening_a_list(
    grading: Grading, office_pool: asyncpg.Pool
) -> None:
    """I6: its role may not read them; whoever opens a list is on record, with whether it was out."""
    seen = await grading.confirmed("law", "A1")
    for asked in ("SELECT result FROM iehe.result_lines", "SELECT body FROM iehe.result_lists"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await office_pool.fetch(asked)
    row = await office_pool.fetchrow("SELECT * FROM iehe.open_result_list($1, 'clerk-2')", f"{CASE}#law/1")
    assert (row["hash"], row["body"]) == (seen, b"law\nA1")
    await grading.scheduled(seconds=5)
    await grading.forward(seconds=6)
    await office_pool.fetch("SELECT * FROM iehe.open_result_list($1, 'head-1')", f"{CASE}#law/1")
    reads = await grading.owner.fetch("SELECT staff_id, out FROM iehe.result_reads ORDER BY read")
    assert [tuple(row) for row in reads] == [("clerk-2", False), ("head-1", True)]
    with pytest.raises(asyncpg.PostgresError):
        await grading.owner.execute("DELETE FROM iehe.result_reads")


async def test_an_hour_that_is_over_is_refused(grading: Grading) -> None:
    """By the server's clock, whatever the workflow's says."""
    await grading.confirmed("law", "A1")
    await grading.forward(hours=2)
    hour = await grading.now() - timedelta(hours=1)
    with pytest.raises(Refusal) as refused:
        await grading.do("release", names=["law"], hour=hour.isoformat())
    assert refused.value.code == "release-past"


async def test_a_release_is_held_before_its_hour_and_never_comes(grading: Grading) -> None:
    """Its lists stay confirmed and are released at another hour."""
    await grading.confirmed("law", "A1")
    await grading.scheduled(hours=1)
    await grading.do("hold", release=await grading.release(), reason="score-missing")
    await grading.forward(hours=2)
    assert await grading.told("A1") == []
    assert await grading.state() == ("confirmed", None)
    await grading.scheduled(seconds=5)
    await grading.forward(seconds=6)
    assert await grading.told("A1") == ["law"]


async def test_what_is_out_is_not_held(grading: Grading) -> None:
    """Nobody sees a result that is hidden again."""
    await grading.confirmed("law", "A1")
    await grading.scheduled(hours=1)
    await grading.forward(hours=1)
    with pytest.raises(Refusal) as refused:
        await grading.do("hold", release=await grading.release(), reason="score-missing")
    assert refused.value.code == "release-out"
    assert await grading.told("A1") == ["law"]


async def test_a_hold_that_is_committed_after_the_hour_is_none(grading: Grading) -> None:
    """It was begun in time; who has read meanwhile has read what stands."""
    await grading.confirmed("law", "A1")
    await grading.scheduled(hours=1)
    async with grading.pool.acquire() as connection:
        holding = connection.transaction()
        await holding.start()
        held = await connection.execute("UPDATE iehe.releases SET state = 'held', reason = 'late'")
        assert held == "UPDATE 1"
        await grading.forward(hours=1)
        with pytest.raises(asyncpg.PostgresError) as refused:
            await holding.commit()
    assert refused.value.sqlstate == "IE001"
    assert await grading.told("A1") == ["law"]


async def test_a_changed_input_before_the_hour_holds_the_whole_release(grading: Grading) -> None:
    """A release is whole or is held; the lists that are right stay confirmed."""
    await grading.confirmed("law", "A1")
    await grading.confirmed("medicine", "A2")
    await grading.scheduled("law", "medicine", hours=1)
    assert await grading.withdraw("law") == ["law"]
    await grading.forward(hours=2)
    assert await grading.told("A1") + await grading.told("A2") == []
    assert await grading.state("medicine") == ("confirmed", None)
    held = await grading.owner.fetchrow("SELECT state, reason FROM iehe.releases")
    assert tuple(held) == ("held", "input-changed")


async def test_what_is_out_stays_out_when_its_inputs_change(grading: Grading) -> None:
    """An error after the hour is corrected by another list, which two persons answer for."""
    await grading.confirmed("law", "A1")
    await grading.scheduled(seconds=5)
    await grading.forward(seconds=6)
    assert await grading.withdraw("law") == []
    assert await grading.told("A1") == ["law"]
    await grading.confirmed("law", "A1", "A9")
    assert await grading.told("A9") == []
    await grading.do("release", names=["law"], hour=None)
    assert [await grading.told(who) for who in ("A1", "A9")] == [["law"], ["law"]]
    newest = await grading.pool.fetchval("SELECT number FROM iehe.released_lines('pupil/A1')")
    assert newest == 2


async def test_each_is_told_once_whatever_dies_between(grading: Grading) -> None:
    """I7: in the order of the list, so many at a time; a repeat adds none, and nobody before the hour."""
    await grading.confirmed("law", *(f"A{number}" for number in range(7)))
    await grading.scheduled(hours=1)
    counts = []
    for hours in (0, 1, 0, 0, 0):
        await grading.forward(hours=hours)
        await grading.command(TellSome, ANN, most=3)
        told = "SELECT count(*) FROM iehe.result_lines WHERE told_version IS NOT NULL"
        counts.append(await grading.owner.fetchval(told))
    assert counts == [0, 3, 6, 7, 7]
