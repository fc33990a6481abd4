"""One value put right: by two persons, for a reason, and never behind a batch's back."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from activities.kernel.batches import BATCH_LOOKUPS
from activities.kernel.database import transact
from cases.batches import list_batches, propose_value
from schemas.kernel.refusals import Refusal
from tests.batches.board import CASE, KIND, Board

FIRST = (("000101", "150", "80.5"), ("000102", "0", "欠"))
PLACE = ("000101", "english")


async def propose(
    board: Board, said: Any = Decimal("82.5"), *, place: tuple[str, str] = PLACE, by: str = "office-1"
) -> UUID:
    proposal = uuid4()
    reason = await board.text()
    await propose_value(board.office, by, CASE, KIND, place, said, reason_id=reason, proposal=proposal)
    return proposal


async def confirm(board: Board, proposal: UUID, by: str = "office-2") -> str:
    async def work(connection: Any) -> str:
        return str(
            await connection.fetchval("SELECT iehe.confirm_value($1, $2, now(), $3)", proposal, by, CASE)
        )

    return await transact(board.worker, work)


async def refused(board: Board, proposal: UUID, by: str = "office-2") -> str:
    with pytest.raises(Refusal) as refusal:
        await confirm(board, proposal, by)
    return refusal.value.code


async def test_a_value_counts_when_a_second_person_has_confirmed_it(board: Board) -> None:
    """R14: what stood before, both persons and the reason stay on record; confirmed twice is once."""
    first = await board.taken(*FIRST)
    proposal = await propose(board)
    assert (await board.standing())[PLACE] == "80.5"
    assert await refused(board, proposal, "office-1") == "value-second-person"
    assert [await confirm(board, proposal) for _ in range(2)] == ["english", "english"]
    assert (await board.standing())[PLACE] == "82.5"
    row = await board.owner.fetchrow("SELECT * FROM iehe.batch_value_changes WHERE proposal = $1", proposal)
    assert row is not None
    assert (str(row["was_value"]), str(row["was_batch"]), row["by"]) == ("80.5", first["batch"], "office-2")
    assert (
        await board.owner.fetchval("SELECT count(*) FROM iehe.batch_value_changes WHERE proposal IS NOT NULL")
        == 1
    )


async def test_one_person_is_never_two(board: Board) -> None:
    """R4: held by the table, whatever code writes."""
    await board.taken(*FIRST)
    proposal = await propose(board)
    with pytest.raises(asyncpg.CheckViolationError, match="batch_proposals_two_persons"):
        await board.owner.execute(
            "UPDATE iehe.batch_proposals SET confirmed_by = proposed_by, confirmed_at = now() "
            "WHERE proposal = $1",
            proposal,
        )


async def test_a_number_becomes_an_absence_and_an_absence_a_number(board: Board) -> None:
    """States are corrected as numbers are."""
    await board.taken(*FIRST)
    await confirm(board, await propose(board, "absent"))
    await confirm(board, await propose(board, Decimal(0), place=("000102", "english")))
    standing = await board.standing()
    assert (standing[PLACE], standing["000102", "english"]) == ("absent", "0")


@pytest.mark.parametrize(
    ("place", "said", "code"),
    [
        (("000109", "english"), Decimal(1), "value-unknown"),
        (("000101", "art"), Decimal(1), "value-unknown"),
        (PLACE, Decimal("80.50"), "value-stands"),
        (("000102", "english"), "absent", "value-stands"),
        (PLACE, Decimal("100.5"), "value-over-full"),
    ],
)
async def test_what_cannot_be_corrected_is_refused(
    board: Board, place: tuple[str, str], said: Any, code: str
) -> None:
    """Nobody and no part comes in by way of a correction; and the same is none."""
    await board.taken(*FIRST)
    with pytest.raises(Refusal) as refusal:
        await propose(board, said, place=place)
    assert refusal.value.code == code


async def test_a_value_that_has_changed_since_is_proposed_again(board: Board) -> None:
    """A batch or another correction was faster: what was looked at does not stand any more."""
    await board.taken(*FIRST)
    one, two = await propose(board), await propose(board, Decimal(99))
    await confirm(board, two)
    assert await refused(board, one) == "value-overtaken"
    assert await refused(board, uuid4()) == "proposal-unknown"
    async with board.worker.acquire() as connection:
        terms = {"proposal": str(one), "case_id": CASE}
        told = await BATCH_LOOKUPS["proposed-value"](connection, terms)
    assert (told["overtaken"], told["part"], told["proposed_by"]) == (True, "english", "office-1")
    assert not {"number", "value"} & told.keys()


async def test_a_correction_overtakes_a_batch_that_waits(board: Board) -> None:
    """It would take the corrected value back unseen; compared again it says so."""
    await board.taken(*FIRST)
    waiting = await board.load(FIRST[0], ("000102", "5", "欠"))
    await confirm(board, await propose(board))
    with pytest.raises(Refusal) as refusal:
        await board.accept(waiting)
    assert refusal.value.code == "batch-overtaken"
    again = await board.load(FIRST[0], ("000102", "5", "欠"))
    assert (waiting["counts"]["changed"], again["counts"]["changed"]) == (1, 2)
    await board.accept(again)
    assert (await board.standing())[PLACE] == "80.5"
    row = await board.owner.fetchrow(
        "SELECT batch, proposal FROM iehe.batch_values WHERE number = $1 AND part = $2", *PLACE
    )
    assert row is not None
    assert (str(row["batch"]), row["proposal"]) == (again["batch"], None)


async def test_the_log_tells_of_a_proposal_neither_number_nor_value(board: Board) -> None:
    """Kind, part and id; the same again is one, and logged once."""
    await board.taken(*FIRST)
    reason, proposal = await board.text(), uuid4()
    for _ in range(2):
        await propose_value(
            board.office, "office-1", CASE, KIND, PLACE, Decimal("82.5"), reason_id=reason, proposal=proposal
        )
    entries = await board.owner.fetch("SELECT * FROM iehe.administration_log WHERE act = 'propose-value'")
    assert len(entries) == 1
    assert "82.5" not in str(dict(entries[0]))
    assert "000101" not in str(dict(entries[0]))
    with pytest.raises(Refusal) as refusal:
        await propose_value(
            board.office, "office-1", CASE, KIND, PLACE, Decimal(1), reason_id=uuid4(), proposal=uuid4()
        )
    assert refusal.value.code == "unknown-text"
    assert len(await list_batches(board.office, CASE)) == 1
