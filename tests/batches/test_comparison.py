"""Two batches side by side, and rows that go into a file and come out the same."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.kernel.batch_comparison import Standing, beside, compare, distribution, mean_of
from schemas.kernel.batches import BatchRow, PartDistribution, decimal_text, rows_hash
from spreadsheets.batches.checking import check_batch
from spreadsheets.batches.gathering import KnownPerson
from tests.batches.mappings import WIDE, as_csv, as_workbook, mapping, named

numbers = st.integers(0, 999_999).map("{:06}".format)
marks = st.decimals(0, 100, places=1).map(lambda value: Decimal(decimal_text(value)))
cells = st.one_of(marks, st.sampled_from(["欠", "欠席", "免除", ""]))
WORDS = {"欠": "absent", "欠席": "absent", "免除": "exempt"}


def row(
    number: str, part: str, value: str | None = None, state: str = "scored", order: int | None = None
) -> BatchRow:
    return BatchRow(number, part, state, None if value is None else Decimal(value), order, 1)  # type: ignore[arg-type]


def test_what_would_become_of_each_value() -> None:
    """A blank changes nothing: what stands and is not there again is told, and stays."""
    before = {
        ("1", "a"): Standing("scored", Decimal(5)),
        ("2", "a"): Standing("scored", Decimal(0)),
        ("3", "a"): Standing("scored", Decimal(7), 1),
        ("4", "a"): Standing("absent", None),
    }
    after = [
        row("1", "a", "5.0"),
        row("2", "a", state="absent"),
        row("3", "a", "7", order=2),
        row("5", "a", "1"),
    ]
    found = compare(before, after)
    assert found.same == {("1", "a")}
    assert set(found.changed) == {("2", "a"), ("3", "a")}
    assert found.changed["2", "a"] == (Standing("scored", Decimal(0)), Standing("absent", None))
    assert set(found.new) == {("5", "a")}
    assert found.vanished == {("4", "a")}
    assert found.counts == {"new": 1, "same": 1, "changed": 2, "vanished": 1}


def test_a_distribution_counts_zeros_blanks_and_states_apart() -> None:
    """R11, and SpartnerNL/Laravel-Excel #153: a mean is of the numbers alone, zeros among them."""
    rows = [
        row("1", "math", "0"),
        row("2", "math", "1"),
        row("3", "math", "1"),
        row("4", "math", state="absent"),
    ]
    (found,) = distribution(rows, mapping(), {"math": 2}).values()
    assert found == PartDistribution(
        count=3,
        zero=1,
        absent=1,
        blank=2,
        min=Decimal(0),
        max=Decimal(1),
        mean=Decimal("0.67"),
        full=Decimal(200),
    )


@given(st.lists(marks, max_size=30))
def test_a_mean_is_exact_with_halves_up(values: list[Decimal]) -> None:
    """To a hundredth, as one would by hand."""
    mean = mean_of(values)
    if not values:
        assert mean is None
        return
    exact = sum(map(Fraction, values), Fraction(0)) / len(values)
    assert mean is not None
    assert -Fraction(1, 200) < exact - Fraction(mean) < Fraction(1, 200) or exact - Fraction(
        mean
    ) == -Fraction(1, 200)
    assert mean.as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("now", "was", "flags"),
    [
        ({"count": 100, "mean": "50"}, {"count": 100, "mean": "55"}, set()),
        ({"count": 100, "mean": "50"}, {"count": 100, "mean": "61"}, {"mean-moved"}),
        ({"count": 69, "mean": "50"}, {"count": 100, "mean": "50"}, {"count-changed"}),
        ({"count": 100, "mean": "50", "max": "101"}, {"count": 100, "mean": "50"}, {"over-full"}),
        ({"count": 100, "mean": "100", "full": "200"}, {"count": 100, "mean": "50"}, set()),
        ({"count": 10, "mean": "1"}, {}, {"count-changed"}),
    ],
)
def test_what_looks_wrong_beside_last_year(
    now: dict[str, object], was: dict[str, object], flags: set[str]
) -> None:
    """R11: outsiders found 800 of 700 points. Means are compared as shares of the full marks."""
    these = {"a": PartDistribution.model_validate({"full": "100", **now})}
    last = {"a": PartDistribution.model_validate({"full": "100", **was})}
    assert {flag.code for flag in beside(these, last)} == flags


def test_parts_that_come_and_go_are_flagged() -> None:
    """Without a last year there is nothing to come or go."""
    one = {"a": PartDistribution(count=1)}
    two = {"b": PartDistribution(count=1)}
    assert [(flag.part, flag.code) for flag in beside(one, two)] == [("a", "part-new"), ("b", "part-gone")]
    assert beside(one, {}) == ()


def test_a_hash_is_of_what_rows_say() -> None:
    """Not of their order, the file's row, or how a number was written."""
    rows = [row("1", "a", "5.50"), row("2", "a", "100")]
    again = [row("2", "a", "1E+2")._replace(row=9), row("1", "a", "5.5")]
    assert rows_hash(rows) == rows_hash(again)
    assert rows_hash(rows) != rows_hash([row("1", "a", "5.5"), row("2", "a", "0")])
    assert rows_hash([row("1", "a", "0")]) != rows_hash([row("1", "a", state="absent")])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.dictionaries(numbers, st.tuples(cells, cells), min_size=1, max_size=12),
    written=st.sampled_from(["cp932", "utf-8", "crlf", "xlsx"]),
)
def test_rows_go_into_a_file_and_come_out_the_same(
    tmp_path: Path, table: dict[str, tuple[Decimal | str, Decimal | str]], written: str
) -> None:
    """Whatever the format: every value, every state, every blank, and the sum."""
    of = mapping(WIDE, ('full = "200"', 'full = "200"\ndecimals = 1'))
    exact = [["受験番号", "数学", "英語"], *([number, *pair] for number, pair in table.items())]
    file = tmp_path / f"scores.{written}"
    if written == "xlsx":
        numeric = [[float(cell) if isinstance(cell, Decimal) else cell for cell in line] for line in exact]
        as_workbook(file, numeric)
    else:
        crlf = {"ends": "\r\n", "quoted": True} if written == "crlf" else {"encoding": written}
        file.write_bytes(as_csv(exact, **crlf))  # type: ignore[arg-type]  # two ways to write
    cells_ = [
        (number, part, cell)
        for number, pair in table.items()
        for part, cell in zip(("math", "english"), pair, strict=True)
    ]
    total = sum((cell for *_, cell in cells_ if isinstance(cell, Decimal)), Decimal(0))
    checked = check_batch(file, of, named(of, len(table), str(total)), dict.fromkeys(table, KnownPerson()))
    assert checked.batch is not None, checked.faults
    assert {(each.number, each.part, each.state, each.value) for each in checked.batch.rows} == {
        (number, part, "scored", cell) if isinstance(cell, Decimal) else (number, part, WORDS[cell], None)
        for number, part, cell in cells_
        if cell != ""
    }
    blanks = sum(each.blank for each in checked.batch.distribution.values())
    assert blanks == sum(cell == "" for *_, cell in cells_)
