"""Early alerts of the learning system, from its file."""

import asyncio
import json
from pathlib import Path

import pytest

from spreadsheets.support.alerts import check_alerts_file
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401 - fixtures
from tests.support.office import Case, Office

HEADER = "学籍番号,科目,欠席数\n"
CASES = "SELECT case_id FROM iehe.support_referrals ORDER BY received_at"
ALERTS = "SELECT details FROM iehe.case_log WHERE case_id = $1 AND step = 'early-alert' ORDER BY version"


def written(folder: Path, rows: str) -> Path:
    """A file as the learning system exports it."""
    file = folder / "absences.csv"
    file.write_text(HEADER + rows, encoding="cp932")
    return file


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("S2026-0042,math-101,many", "number-invalid"),
        ("S2026-0042,math-101,0", "number-invalid"),
        ("見本,math-101,4", "code-invalid"),
        ("S2026-0042,線形代数,4", "code-invalid"),
        ("S2026-0042,math-101,4\nS2026-0042,MATH-101,5", "alert-repeated"),
        ("S2026-0042,math-101,", "required"),
    ],
)
def test_a_fault_is_told_with_its_row(tmp_path: Path, row: str, code: str) -> None:
    """A number that is none, a name for a code, a student and course twice."""
    checked = check_alerts_file(written(tmp_path, f"S2026-0001,math-101,3\n{row}\n"))
    assert {(fault.code, fault.row) for fault in checked.errors} <= {(code, 3), (code, 4)}
    assert code in {fault.code for fault in checked.errors}


def test_full_width_is_read_as_it_is_meant(tmp_path: Path) -> None:
    """Digits and letters of a Japanese keyboard."""
    checked = check_alerts_file(written(tmp_path, "Ｓ２０２６－００４２,ＭＡＴＨ－１０１,１２\n"))
    assert [row.data.model_dump() for row in checked.rows] == [
        {"person": "S2026-0042", "course": "math-101", "absences": 12}
    ]


async def test_an_alert_reaches_the_open_case_or_refers_the_student(
    office: Office,
    iehe: CommandLine,  # noqa: F811
    tmp_path: Path,
) -> None:
    """By whom it is about; a student without a case has one then; the same file again tells nothing."""
    known = await office.refer()
    rows = "S2026-0042,math-101,4\nS2026-0099,math-101,6\nS2026-0099,phys-1,5\n"
    file = written(tmp_path, rows)
    load = ("support", "alerts", "import", file)
    assert await iehe.ok(*load, "--check", by="triage-1") == {"rows": 3}
    assert len(await office.owner.fetch(CASES)) == 1
    assert await iehe.ok(*load, by="triage-1") == {"referred": 1, "told": 2, "same": 0}
    new = next(row["case_id"] for row in await office.owner.fetch(CASES) if row[0] != known.handle.id)
    other = Case(office, "", office.skipper.client.get_workflow_handle(new))
    assert await courses(office, known) == ["math-101"]
    assert await courses(office, other) == ["phys-1"]
    assert await iehe.ok(*load, by="triage-1") == {"referred": 0, "told": 0, "same": 3}
    more = written(tmp_path, rows + "S2026-0099,chem-1,8\n")
    assert (await iehe.ok("support", "alerts", "import", more, by="head-1"))["told"] == 1
    assert len(await office.owner.fetch(CASES)) == 2


async def courses(office: Office, case: Case) -> list[str]:
    """Of which courses a case has been told, as soon as it has been of one."""
    async with asyncio.timeout(15):
        while not (rows := await office.owner.fetch(ALERTS, case.handle.id)):
            await asyncio.sleep(0.01)
    return [json.loads(row["details"])["course"] for row in rows]


def copies(folder: Path) -> list[Path]:
    """What goes back to the office."""
    return list(folder.glob("*.checked.csv"))


async def test_a_faulty_file_tells_nothing_and_not_everybody_brings_one(
    office: Office,
    iehe: CommandLine,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Refused whole, with a copy that says why; by triage and the head alone."""
    file = written(tmp_path, "S2026-0042,math-101,4\nS2026-0099,math-101,x\n")
    assert (await iehe.refused("support", "alerts", "import", file, by="triage-1"))[1] == "file-faulty"
    assert copies(tmp_path)
    assert await office.owner.fetch(CASES) == []
    good = written(tmp_path, "S2026-0042,math-101,4\n")
    assert (await iehe.refused("support", "alerts", "import", good, by="counsellor-1"))[1] == "role-missing"
