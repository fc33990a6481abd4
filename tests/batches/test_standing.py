"""What a batch makes stand: by acceptance, whole, once; and what it leaves as it was."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from activities.kernel.batches import BATCH_LOOKUPS
from cases.batches import drop_batch, list_batches, load_batch, show_batch
from schemas.kernel.batch_comparison import Standing, compare
from schemas.kernel.refusals import Refusal
from tests.batches.board import CASE, KIND, PROCESS, Board
from tests.conftest import Database

FIRST = (("000101", "150", "80.5"), ("000102", "0", "欠"), ("000103", "90", "免除"))
SECOND = (("000101", "150", "81"), ("000102", "", "欠席"), ("120104", "200", "100"))


async def test_a_batch_is_stored_beside_what_stands(board: Board) -> None:
    """Loaded it changes nothing; hash and rows are those that were read; the log has counts and no person."""
    batch = await board.load(*FIRST)
    assert batch["counts"] == {"new": 6, "same": 0, "changed": 0, "vanished": 0}
    assert (batch["state"], batch["year"], batch["file_rows"], batch["total"]) == ("loaded", 2027, 3, "320.5")
    assert batch["hash"] == await board.owner.fetchval("SELECT iehe.batch_hash($1)", UUID(batch["batch"]))
    assert await board.standing() == {}
    (entry,) = await board.owner.fetch("SELECT * FROM iehe.administration_log")
    assert entry["act"] == "load-batch"
    assert batch["hash"] in entry["details"]
    assert not any(number in str(dict(entry)) for number, *_ in FIRST)


async def test_what_is_accepted_stands_with_its_source(board: Board) -> None:
    """R1: each value is a number, absent or exempt, with batch and row of the file; twice is once."""
    batch = await board.load(*FIRST)
    assert await board.accept(batch) == ["english", "math"]
    assert await board.accept(batch) == ["english", "math"]
    assert await board.standing() == {
        ("000101", "math"): "150",
        ("000101", "english"): "80.5",
        ("000102", "math"): "0",
        ("000102", "english"): "absent",
        ("000103", "math"): "90",
        ("000103", "english"): "exempt",
    }
    rows = await board.owner.fetch(
        "SELECT number, batch, file_row FROM iehe.batch_values WHERE part = 'math'"
    )
    assert {(row["number"], str(row["batch"]), row["file_row"]) for row in rows} == {
        (number, batch["batch"], at) for at, (number, *_) in enumerate(FIRST, 2)
    }
    assert await board.count("batch_value_changes") == 6
    (stored,) = await list_batches(board.office, CASE, KIND)
    assert (stored["state"], stored["accepted_by"]) == ("accepted", "office-2")


async def test_a_blank_changes_nothing(board: Board) -> None:
    """UM-USElab/gradecraft-development #1346: a blank is no 0; what is the same keeps its source."""
    first = await board.taken(*FIRST)
    second = await board.load(*SECOND)
    assert second["counts"] == {"new": 2, "same": 2, "changed": 1, "vanished": 3}
    assert await board.accept(second) == ["english", "math"]
    standing = await board.standing()
    assert standing["000102", "math"] == "0"
    assert standing["000103", "math"] == "90"
    assert standing["000101", "english"] == "81"
    sources = await board.owner.fetch("SELECT number, part, batch FROM iehe.batch_values")
    of_second = {(row["number"], row["part"]) for row in sources if str(row["batch"]) == second["batch"]}
    assert of_second == {("000101", "english"), ("120104", "math"), ("120104", "english")}
    assert {str(row["batch"]) for row in sources} == {first["batch"], second["batch"]}
    (change,) = await board.owner.fetch("SELECT * FROM iehe.batch_value_changes WHERE was_state IS NOT NULL")
    assert (str(change["was_value"]), str(change["value"]), str(change["was_batch"])) == (
        *("80.5", "81"),
        first["batch"],
    )


async def test_only_the_parts_that_changed_are_told(board: Board) -> None:
    """Whoever used another part is not concerned; nothing changed is no part."""
    await board.taken(*FIRST)
    corrected = (("000101", "150", "99"), *FIRST[1:])
    assert await board.accept(await board.load(*corrected)) == ["english"]
    part_of_it = await board.load(*corrected[:2])
    assert await board.accept(part_of_it) == []


async def test_batches_about_different_parts_do_not_meet(board: Board) -> None:
    """R13: each part may come in a file of its own, in any order; what stands of others does not vanish."""
    math = await board.load(*((number, value, "") for number, value, _ in FIRST), part="math")
    english = await board.load(*((number, "", value) for number, _, value in FIRST), part="english")
    assert await board.accept(english) == ["english"]
    assert await board.accept(math) == ["math"]
    again = await board.load(("000101", "149", ""), part="math")
    assert again["counts"] == {"new": 0, "same": 0, "changed": 1, "vanished": 2}
    same = await board.load(*((number, "", value) for number, _, value in FIRST), part="english")
    assert same["batch"] == english["batch"]
    whole = await board.load(("000101", "149", ""))
    assert (whole["batch"] != again["batch"], whole["counts"]["vanished"]) == (True, 5)


@pytest.mark.parametrize("part", [None, "math"])
async def test_database_and_rule_compare_alike(board: Board, part: str | None) -> None:
    """One truth in two places: what a check page shows before it is stored, and what is counted then."""
    await board.taken(*FIRST)
    rows = await board.owner.fetch("SELECT * FROM iehe.batch_values")
    before = {
        (row["number"], row["part"]): Standing(row["state"], row["value"], row["answer_order"])
        for row in rows
    }
    lines = [(number, math, english if part is None else "") for number, math, english in SECOND]
    read = board.read(lines, part)
    batch = await load_batch(board.office, "office-1", CASE, PROCESS, read)
    found = compare(before, read.rows, read.parts)
    fates = await board.owner.fetch("SELECT * FROM iehe.batch_fates($1)", UUID(batch["batch"]))
    told: dict[str, set[tuple[str, str]]] = {fate: set() for fate in batch["counts"]}
    for row in fates:
        told[row["fate"]].add((row["number"], row["part"]))
    assert told == {
        "new": set(found.new),
        "same": found.same,
        "changed": set(found.changed),
        "vanished": found.vanished,
    }
    assert batch["counts"] == found.counts


async def test_another_hash_or_case_is_refused(board: Board) -> None:
    """I4: what is accepted is what somebody has looked at."""
    batch = await board.load(*FIRST)
    with pytest.raises(Refusal) as refused:
        await board.accept(batch, hash_="0" * 64)
    assert refused.value.code == "batch-differs"
    with pytest.raises(Refusal) as refused:
        await board.accept(batch, case_id="admission/2027-OTHER")
    assert refused.value.code == "no-such-batch"
    assert await board.standing() == {}
    # nor is another one answered as if it had been accepted
    await board.accept(batch)
    with pytest.raises(Refusal) as refused:
        await board.accept(batch, hash_="0" * 64)
    assert refused.value.code == "batch-differs"


async def test_rows_that_were_added_behind_the_hash_are_found(board: Board) -> None:
    """The hash is made anew of what lies in the database, whoever has written there."""
    batch = await board.load(*FIRST)
    await board.owner.execute(
        "INSERT INTO iehe.batch_rows (batch, case_id, file_row, number, part, state, value) "
        "VALUES ($1, $2, 9, '120104', 'math', 'scored', 200)",
        *(UUID(batch["batch"]), CASE),
    )
    with pytest.raises(Refusal) as refused:
        await board.accept(batch)
    assert refused.value.code == "batch-differs"


async def test_what_was_compared_with_another_standing_is_compared_again(board: Board) -> None:
    """Overtaken it is refused; the same file loaded again is the same batch with another difference."""
    slow, fast = await board.load(*SECOND), await board.load(*FIRST)
    await board.accept(fast)
    assert {each["batch"]: each["overtaken"] for each in await list_batches(board.office, CASE)} == {
        slow["batch"]: True,
        fast["batch"]: False,
    }
    with pytest.raises(Refusal) as refused:
        await board.accept(slow)
    assert refused.value.code == "batch-overtaken"
    again = await board.load(*SECOND)
    assert again["batch"] == slow["batch"]
    assert (slow["counts"]["new"], again["counts"]["new"]) == (5, 2)
    assert await board.accept(again) == ["english", "math"]


async def test_the_same_file_twice_is_one_batch(board: Board) -> None:
    """Before and after its acceptance, and at the same moment; another order of rows is no other file."""
    loaded = await asyncio.gather(board.load(*FIRST), board.load(*reversed(FIRST)), board.load(*FIRST))
    assert len({each["batch"] for each in loaded}) == 1
    await board.accept(loaded[0])
    assert (await board.load(*FIRST))["batch"] == loaded[0]["batch"]
    assert await board.count("batches") == 1
    assert await board.count("batch_rows") == 6


async def test_what_stood_can_come_back(board: Board) -> None:
    """The wrong file was accepted: the first is loaded again, as a batch of its own."""
    first = await board.taken(*FIRST)
    stood = await board.standing()
    await board.taken(("000101", "1", "1"), ("000102", "1", "1"), ("000103", "1", "1"))
    back = await board.load(*FIRST)
    assert back["batch"] != first["batch"]
    assert back["counts"] == {"new": 0, "same": 0, "changed": 6, "vanished": 0}
    await board.accept(back)
    assert await board.standing() == stood


async def test_of_two_acceptances_at_once_one_counts(board: Board) -> None:
    """Both were compared with what stood before: the second would write what nobody has looked at."""
    one, two = await board.load(*FIRST), await board.load(*SECOND)
    done = await asyncio.gather(board.accept(one), board.accept(two), return_exceptions=True)
    refused = [each for each in done if isinstance(each, Refusal)]
    assert [each.code for each in refused] == ["batch-overtaken"]
    assert await board.count("batch_values") == (6 if done[0] not in refused else 5)


@pytest.mark.parametrize("point", ["batch-stored", "rows-stored"])
async def test_a_crash_while_loading_leaves_nothing(board: Board, point: str) -> None:
    """Neither a batch without rows nor rows without counts; loaded again it is whole."""

    async def die(reached: str) -> None:
        if reached == point:
            raise KeyboardInterrupt(point)

    with pytest.raises(KeyboardInterrupt):
        await board.load(*FIRST, fault=die)
    for table in ("batches", "batch_rows", "administration_log"):
        assert await board.count(table) == 0
    assert (await board.load(*FIRST))["counts"]["new"] == 6


async def test_a_connection_cut_in_the_middle_of_a_step_leaves_nothing(
    board: Board, database: Database
) -> None:
    """What stands, its history and the batch's state are written in the step's transaction."""
    batch = await board.load(*FIRST)
    connection = await asyncpg.connect(database.url("worker"))
    await connection.execute("BEGIN")
    accept = "SELECT iehe.accept_batch($1, $2, 'office-2', now())"
    await connection.fetchval(accept, UUID(batch["batch"]), batch["hash"])
    connection.terminate()
    assert await board.accept(batch) == ["english", "math"]
    assert await board.count("batch_value_changes") == 6


async def test_a_batch_that_was_dropped_is_not_accepted(board: Board) -> None:
    """Dropped twice is once; what is accepted is not dropped; the file can be loaded anew."""
    batch = await board.load(*FIRST)
    place = CASE, UUID(batch["batch"])
    for _ in range(2):
        assert (await drop_batch(board.office, "office-1", *place))["state"] == "dropped"
    acts = await board.owner.fetch("SELECT act FROM iehe.administration_log ORDER BY entry")
    assert [row["act"] for row in acts] == ["load-batch", "drop-batch"]
    with pytest.raises(Refusal) as refused:
        await board.accept(batch)
    assert refused.value.code == "batch-over"
    anew = await board.taken(*FIRST)
    assert anew["batch"] != batch["batch"]
    with pytest.raises(Refusal) as refused:
        await drop_batch(board.office, "office-1", CASE, UUID(anew["batch"]))
    assert refused.value.code == "batch-over"


async def test_a_batch_is_shown_with_what_it_changes(board: Board) -> None:
    """R11: old and new of each value that changes, before and after acceptance, and last year beside it."""
    first = await board.taken(*FIRST)
    second = await board.load(*SECOND)
    place = CASE, UUID(second["batch"])
    shown = await show_batch(board.office, *place, last=UUID(first["batch"]))
    (change,) = shown["difference"]["changed"]
    assert change == {
        "number": "000101",
        "part": "english",
        "before": {"state": "scored", "value": "80.5", "order": None},
        "after": {"state": "scored", "value": "81", "order": None},
    }
    assert [each["number"] for each in shown["difference"]["vanished"]] == ["000102", "000103", "000103"]
    assert shown["distribution"]["math"]["blank"] == 1
    assert shown["last"]["math"]["mean"] == "80.00"
    assert {(flag["part"], flag["code"]) for flag in shown["flags"]} == {
        ("math", "mean-moved"),
        ("math", "count-changed"),
        ("english", "count-changed"),
    }
    await board.accept(second)
    after = await show_batch(board.office, *place, shown=1)
    assert after["difference"]["changed"] == [change]
    assert len(after["difference"]["new"]) == 1
    assert after["difference"]["vanished"] == []
    with pytest.raises(Refusal) as refused:
        await show_batch(board.office, "admission/2027-OTHER", place[1])
    assert refused.value.code == "no-such-batch"


async def test_a_batch_of_no_case_is_refused(board: Board) -> None:
    """Nothing is stored."""
    with pytest.raises(Refusal) as refused:
        await load_batch(board.office, "office-1", "admission/2027-NONE", PROCESS, board.read(FIRST))
    assert refused.value.code == "no-such-case"
    assert await board.count("batches") == 0


async def test_a_rule_learns_counts_and_nothing_of_anybody(board: Board) -> None:
    """What goes into a workflow's history: ids, hashes, counts by part."""
    batch = await board.taken(*FIRST)
    async with board.worker.acquire() as connection:
        asked = {"batch": batch["batch"], "case_id": CASE, "kind": KIND}
        told = await BATCH_LOOKUPS["batch"](connection, asked)
        assert (told["state"], told["hash"], told["counts"]["new"]) == ("accepted", batch["hash"], 6)
        assert await BATCH_LOOKUPS["batch"](connection, {**asked, "batch": "none"}) is None
        standing = await BATCH_LOOKUPS["batch-standing"](connection, asked)
        assert standing == {
            "turn": 1,
            "parts": {
                "math": {"scored": 3, "absent": 0, "exempt": 0, "present": 0},
                "english": {"scored": 1, "absent": 1, "exempt": 1, "present": 0},
            },
        }
        assert await BATCH_LOOKUPS["batch-standing"](connection, {**asked, "kind": "other"}) is None
    assert not any(number in f"{told}{standing}" for number, *_ in FIRST)
