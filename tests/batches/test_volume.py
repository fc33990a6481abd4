"""A whole institution's scores: 10,000 persons, 20 parts."""

import resource
import time
from decimal import Decimal
from pathlib import Path

import pytest

from cases.batches import load_batch
from schemas.kernel.batches import read_mapping
from spreadsheets.batches.checking import check_batch
from spreadsheets.batches.gathering import KnownPerson
from tests.batches.board import CASE, PROCESS, Board
from tests.batches.mappings import as_csv, named

PERSONS, PARTS = 10_000, 20
HEAD = """
key = "large-2027"
year = 2027
kind = "exam-scores"
exam = "general-2027"

[columns]
number = { headers = ["受験番号"], width = 6 }
kana = { headers = ["カナ"] }
total = { headers = ["合計"] }
"""
PART = """
[[parts]]
code = "part-{0}"
headers = ["第{0}問"]
full = "100"
decimals = 1
"""
SECONDS = 30
MOST_MEMORY = 600 * 1024
"""KiB more than before; what is measured is far less."""


def written(file: Path, add: int) -> Decimal:
    """A file in which every value depends on `add`; its sum."""
    table: list[tuple[str, ...]] = [
        ("受験番号", "カナ", *(f"第{at}問" for at in range(1, PARTS + 1)), "合計")
    ]
    total = Decimal(0)
    for person in range(PERSONS):
        cells = [Decimal((person * 7 + part * 13 + add) % 201) / 2 for part in range(PARTS)]
        total += sum(cells)
        table.append((f"{person:06}", "ミホン", *map(str, cells), str(sum(cells))))
    file.write_bytes(as_csv(table))
    return total


@pytest.mark.timeout(90)
async def test_a_large_file_is_checked_stored_and_accepted_in_time(board: Board, tmp_path: Path) -> None:
    """Within a clerk's patience, and within what a statement of a step may take; also when all is changed."""
    of = read_mapping(HEAD + "".join(PART.format(at) for at in range(1, PARTS + 1)))
    known = {f"{person:06}": KnownPerson("ミホン") for person in range(PERSONS)}
    file = tmp_path / "large.csv"
    for add, fate in enumerate(("new", "changed")):
        total = written(file, add)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.monotonic()
        checked = check_batch(file, of, named(of, PERSONS, str(total)), known)
        assert checked.batch is not None, checked.faults[:5]
        read = time.monotonic()
        batch = await load_batch(board.office, "office-1", CASE, PROCESS, checked.batch)
        stored = time.monotonic()
        assert len(await board.accept(batch)) == PARTS
        accepted = time.monotonic()
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert batch["counts"][fate] == PERSONS * PARTS
        spans = (read - started, stored - read, accepted - stored)
        steps = "checked {:.1f} s, stored {:.1f} s, accepted {:.1f} s".format(*spans)
        print(fate, steps, f"{used // 1024} MiB")  # noqa: T201 - shown with -s
        assert stored - started < SECONDS, steps
        assert accepted - stored < SECONDS / 2, steps
        assert used < MOST_MEMORY
