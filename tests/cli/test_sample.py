"""`iehe sample`: the files it writes are those that the import takes."""

from datetime import date

import pytest

from cli.session import Exit
from spreadsheets.admission.checking import check_file
from spreadsheets.staff import check_staff_file
from tests.cli.program import Program, clean_environment


@pytest.fixture
def iehe(tmp_path) -> Program:
    return Program(clean_environment(IEHE_HOME=tmp_path / "home"))


@pytest.mark.parametrize(
    ("options", "name", "encoding"),
    [
        ((), "a.csv", "cp932"),
        (("--encoding", "utf-8-sig"), "a.csv", "utf-8-sig"),
        (("--xlsx",), "a.xlsx", "xlsx"),
    ],
)
async def test_sample_applications_check_clean(iehe, tmp_path, options, name, encoding):
    """Every kind of file has the rows asked for, in the round asked for, without errors."""
    out = tmp_path / name
    words = ("sample", "admissions", "--rows", 25, "--seed", 7, "--round", "2028-late", "--out", out)
    ended = await iehe(*words, *options, "--json")
    assert ended.json == {"file": str(out), "rows": 25}
    checked = check_file(out, round_id="2028-late", known_programmes=None, today=date(2026, 11, 1))
    assert (len(checked.rows), checked.errors, checked.encoding) == (25, (), encoding)


async def test_the_same_seed_makes_the_same_file(iehe, tmp_path):
    """A seed stands for one file; another seed for another."""
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        await iehe("sample", "admissions", "--rows", 5, "--seed", seed, "--out", tmp_path / name)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


async def test_sample_staff_check_clean(iehe, tmp_path):
    """The staff file has everybody that a round needs."""
    out = tmp_path / "staff.csv"
    assert (await iehe("sample", "staff", "--out", out)).code == Exit.OK
    checked = check_staff_file(out)
    assert (len(checked.rows), checked.errors) == (23, ())


@pytest.mark.parametrize(
    "words", [("--round", "A B"), ("--rows", "0"), ("--out", "/nowhere/a.csv"), ("--encoding", "latin-1")]
)
async def test_what_cannot_be_written(iehe, words):
    """A bad round id, number, place or encoding is a usage error."""
    ended = await iehe("sample", "admissions", *words)
    assert ended.code == Exit.USAGE
    assert ended.err
