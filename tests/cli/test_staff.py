"""`iehe staff` on a real database."""

from pathlib import Path

from cli.session import Exit
from spreadsheets.admission.sample_files import write_staff_csv
from spreadsheets.admission.samples import sample_staff
from tests.cli.program import CHIEF

SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "staff.csv"


async def test_staff_are_added_and_updated(office, tmp_path):
    """The sample is taken; a later file changes who is in it and leaves the others."""
    assert (await office("staff", "import", SAMPLE, "--json")).json["imported"] == 49
    first, *_ = sample_staff()
    changed = tmp_path / "staff.csv"
    write_staff_csv(changed, [first | {"load_cap": "2"}])
    assert (await office("staff", "import", changed)).code == Exit.OK
    listed = {row["staff_id"]: row for row in (await office("staff", "list", "--json")).json}
    assert len(listed) == 49 + 1
    assert listed[first["staff_id"]]["load_cap"] == 2
    assert "committee_chair" in (await office("staff", "list")).out


async def test_names_are_for_who_is_proven(office):
    """Who is about to log in sees ids and roles; nobody's name or address."""
    await office("staff", "import", SAMPLE)
    (first, *rest) = (await office("staff", "list", "--json", IEHE_TOKEN_FILE="")).json
    assert len(rest) == 49
    assert first.keys() == {"staff_id", "roles"}
    shown = await office("staff", "list", IEHE_TOKEN_FILE="")
    assert not any(each["name"] in shown.out + shown.err for each in sample_staff())


async def test_nothing_of_a_faulty_file_is_imported(office, tmp_path):
    """Each fault is printed with row, column, code and both languages, and nobody is added."""
    first, second, *_ = sample_staff()
    file = tmp_path / "staff.csv"
    write_staff_csv(file, [first, second | {"email": "nobody", "roles": "king"}])
    ended = await office("staff", "import", file)
    assert ended.code == Exit.FAULTY_FILE
    for words in ("email-invalid", "choice-unknown", "メールアドレス", "nothing was imported"):
        assert words in ended.out + ended.err
    faults = (await office("staff", "import", file, "--json")).json["error"]["faults"]
    assert {(fault["row"], fault["code"]) for fault in faults} == {
        (3, "email-invalid"),
        (3, "choice-unknown"),
    }
    assert [row["staff_id"] for row in (await office("staff", "list", "--json")).json] == [CHIEF]


async def test_a_missing_file(office, tmp_path):
    """A file that is not there is a fault of the file, not of the program."""
    ended = await office("staff", "import", tmp_path / "none.csv", "--json")
    assert ended.code == Exit.FAULTY_FILE
    assert ended.json["error"]["faults"][0]["code"] == "file-unreadable"
