"""`iehe admission import`: checked whole, stored whole, started once each, wherever it is killed."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from activities.admission.applications import store_applications
from cli import progress
from spreadsheets.admission.checking import check_file
from spreadsheets.admission.sample_files import write_csv, write_xlsx
from spreadsheets.admission.samples import sample_applications
from tests.cli.command_line import environment, iehe  # noqa: F401
from tests.cli.program import token_file
from tests.workflows.conftest import pool, vacant  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

ROUND = "2027-comprehensive"
BY = ("--as", "office-1")
"""A check only: the fixture shows the token of this person."""
SAMPLES = Path(__file__).parents[2] / "docs" / "samples"


@pytest.fixture(autouse=True)
def _declared(vacant):
    """Rounds, places and staff are there."""


@pytest.fixture
def prefix():
    """Numbers of this test alone: the Temporal server is shared by all tests."""
    return f"A{uuid4().hex[:6].upper()}"


@pytest.fixture
def rows(prefix):
    def make(count, seed=1, **changes):
        made = list(sample_applications(count, seed, ROUND))
        for number, row in enumerate(made, 1):
            row.update(application_no=f"{prefix}-{number:06}", **changes)
        return made

    return make


async def stored(pool) -> dict[str, bool]:
    """Application numbers and whether each counts as started."""
    found = await pool.fetch(
        "SELECT a.application_no, s.started_at IS NOT NULL AS started "
        "FROM iehe.applications a JOIN iehe.case_starts s USING (case_id)"
    )
    assert await pool.fetchval("SELECT count(*) FROM iehe.applications") == len(found)
    return {row["application_no"]: row["started"] for row in found}


async def cases(client, prefix: str) -> list[str]:
    """Workflows of this test at Temporal."""
    query = f"WorkflowId STARTS_WITH 'admission/{prefix}'"
    return sorted([found.id async for found in client.list_workflows(query)])


def ids(made: Iterable[dict[str, str]]) -> list[str]:
    return sorted(f"admission/{row['application_no']}" for row in made)


def importing(environment: dict[str, str], file: Path) -> asyncio.Future:
    """An import by the office in a process of its own, slow enough to be interrupted."""
    token = token_file(Path(environment["IEHE_HOME"]), "office-1")
    words = ("admission", "import", file, *BY, "--concurrency", 2)
    return process(environment, "--token-file", token, *words)


def process(environment, *words: object) -> asyncio.Future:
    return asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.main",
        *map(str, words),
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_import(iehe, pool, client, eventually, rows, prefix, tmp_path: Path) -> None:
    """A clean file is stored and a case started for each row; the same file again finds all done."""
    made = rows(30)
    file = tmp_path / "applications.csv"
    write_csv(file, made, encoding="cp932")

    first = await iehe.ok("admission", "import", file, *BY)
    again = await iehe("admission", "import", file, *BY)

    assert (first["rows"], first["valid"], first["stored"], first["started"]) == (30, 30, 30, 30)
    assert again.code == 0
    assert "already imported, every case is open or being opened (30" in again.out
    assert set((await stored(pool)).values()) == {True}
    await eventually(lambda: _equal(cases(client, prefix), ids(made)))
    (batch,) = await iehe.ok("admission", "imports")
    assert (batch["rows"], batch["skipped"], batch["stored"], batch["started"]) == (30, 0, 30, 30)
    assert batch["imported_by"] == "office-1"


async def _equal(asked, expected) -> bool:
    return await asked == expected


async def test_faulty_file(iehe, pool, rows, tmp_path: Path) -> None:
    """Nothing of a file with errors is imported; each fault has its row, column, code and both languages."""
    made = rows(10)
    made[3]["birth_date"] = "平成32年4月1日"
    made[6]["email"] = "nonsense"
    file = tmp_path / "applications.xlsx"
    write_xlsx(file, made)

    ended = await iehe("admission", "import", file, *BY, "--json")
    shown = await iehe("admission", "import", file, *BY)

    assert ended.code == shown.code == 11
    assert ended.error["code"] == "faulty-file"
    assert {(fault["row"], fault["code"]) for fault in ended.error["faults"]} == {
        (5, "era-out-of-bounds"),
        (8, "email-invalid"),
    }
    assert all(fault["message"]["ja"] and fault["message"]["en"] for fault in ended.error["faults"])
    assert "email-invalid" in shown.out
    assert "not a valid e-mail address" in shown.out
    assert "--accept-valid" in shown.err
    assert (tmp_path / "applications.checked.xlsx").stat().st_mode & 0o777 == 0o600
    assert await stored(pool) == {}


async def test_many_faults_are_capped(iehe, rows, tmp_path: Path) -> None:
    """On the screen the list ends with how many more there are; JSON and the annotated copy have all."""
    file = tmp_path / "applications.csv"
    write_csv(file, rows(60, postal_code="12"))

    shown = await iehe("admission", "import", file, *BY)
    ended = await iehe("admission", "import", file, *BY, "--json")

    assert "… and 30 more, all in the annotated copy" in shown.out
    assert len(ended.error["faults"]) == 60
    assert (tmp_path / "applications.checked.csv").read_text("utf-8-sig").count("7桁") == 60


async def test_valid_rows_first_and_the_rest_when_corrected(iehe, pool, rows, tmp_path: Path) -> None:
    """With --accept-valid the good rows go in; the corrected file adds the others and doubles nothing."""
    made = rows(6)
    right = made[2]["email"]
    made[2]["email"] = "nonsense"
    file = tmp_path / "applications.csv"
    write_csv(file, made)

    some = await iehe.ok("admission", "import", file, "--accept-valid", *BY)
    made[2]["email"] = right
    write_csv(file, made)
    rest = await iehe.ok("admission", "import", file, *BY)

    assert (some["stored"], some["started"]) == (5, 5)
    assert (rest["stored"], rest["known"], rest["started"]) == (1, 5, 1)
    assert len(await stored(pool)) == 6
    assert [(b["stored"], b["skipped"]) for b in await iehe.ok("admission", "imports")] == [(1, 0), (5, 1)]


async def test_the_same_file_when_other_rows_have_become_valid(iehe, pool, rows, tmp_path: Path) -> None:
    """As many rows left out as before, but others: what is new is stored and started all the same."""
    made = rows(2)
    made[0]["programme"], made[1]["programme"] = "science", "astronomy"
    file = tmp_path / "applications.csv"
    write_csv(file, made)
    swap = "UPDATE iehe.round_places SET programme = $2 WHERE programme = $1 AND round_id = $3"

    await iehe.ok("admission", "import", file, "--accept-valid", *BY)
    await pool.execute(swap, "law", "astronomy", ROUND)
    await pool.execute(swap, "science", "law", ROUND)
    second = await iehe.ok("admission", "import", file, "--accept-valid", *BY)

    assert (second["stored"], second["started"]) == (1, 1)
    assert set((await stored(pool)).values()) == {True}
    assert len(await stored(pool)) == 2


async def test_other_content_under_a_known_number(iehe, pool, rows, tmp_path: Path) -> None:
    """A changed row is a fault in the same form; nothing is stored unless the row is left out."""
    made = rows(3)
    file = tmp_path / "applications.csv"
    write_csv(file, made[:2])
    await iehe.ok("admission", "import", file, *BY)
    made[1]["address"] = "見本県見本市別町1-1"
    write_csv(file, made)

    ended = await iehe("admission", "import", file, *BY, "--json")
    before = await stored(pool)
    rest = await iehe.ok("admission", "import", file, "--accept-valid", *BY)

    assert ended.code == 11
    (fault,) = ended.error["faults"]
    assert (fault["row"], fault["code"]) == (3, "already-imported-differently")
    assert "already-imported-differently" in (tmp_path / "applications.checked.csv").read_text("utf-8-sig")
    assert len(before) == 2
    assert (rest["stored"], rest["known"]) == (1, 1)
    assert await pool.fetchval("SELECT count(*) FROM iehe.people WHERE address LIKE '%別町%'") == 0


async def test_account_of_somebody_else(iehe, pool, rows, tmp_path: Path) -> None:
    """An account that is on record for another person does not make two people one."""
    made = rows(2, applicant_account="p-shared-1")
    made[1].update(family_kana="ベツ", given_kana="ジン", email="other-person@example.com")
    for number, row in enumerate(made):
        write_csv(tmp_path / f"{number}.csv", [row])
    await iehe.ok("admission", "import", tmp_path / "0.csv", *BY)

    ended = await iehe("admission", "import", tmp_path / "1.csv", *BY, "--json")

    assert ended.code == 11
    assert [fault["code"] for fault in ended.error["faults"]] == ["account-of-another"]
    assert len(await stored(pool)) == 1


async def test_killed_while_starting(
    iehe,
    pool,
    client,
    eventually,
    environment,
    rows,
    prefix,
    tmp_path: Path,
) -> None:
    """Killed half-way and run again: neither a missing nor a doubled case, in either store."""
    made = rows(220)
    file = tmp_path / "applications.csv"
    write_csv(file, made)
    child = await importing(environment, file)

    await eventually(lambda: _some_started(pool), 20)
    child.kill()
    await child.wait()
    half = await stored(pool)
    rest = await iehe.ok("admission", "import", file, *BY)

    assert child.returncode == -signal.SIGKILL
    assert len(half) == 220
    assert not all(half.values())
    assert rest["stored"] == 0
    assert rest["started"] + rest["running"] == 220
    assert rest["started"] <= sum(not started for started in half.values())
    assert set((await stored(pool)).values()) == {True}
    await eventually(lambda: _equal(cases(client, prefix), ids(made)))


async def _some_started(pool) -> bool:
    return await pool.fetchval("SELECT count(*) >= 50 FROM iehe.case_starts WHERE started_at IS NOT NULL")


async def test_interrupted_by_ctrl_c(iehe, pool, eventually, environment, rows, tmp_path: Path) -> None:
    """Ctrl-C says how much is done and how to go on; going on does the rest."""
    file = tmp_path / "applications.csv"
    write_csv(file, rows(220))
    child = await importing(environment, file)

    await eventually(lambda: _some_started(pool), 20)
    child.send_signal(signal.SIGINT)
    _, said = await child.communicate()
    rest = await iehe.ok("case", "start-pending")

    assert child.returncode == 130
    assert "of 220 cases started" in said.decode()
    assert "run the same command again" in said.decode()
    assert rest["started"] > 0
    assert set((await stored(pool)).values()) == {True}


async def test_stored_but_not_started(iehe, pool, rows, tmp_path: Path) -> None:
    """What a crash left between storing and starting is found by start-pending and by importing again."""
    for name, made in (("a", rows(4)), ("b", rows(8)[4:])):
        write_csv(tmp_path / f"{name}.csv", made)
        checked = check_file(
            tmp_path / f"{name}.csv", round_id=ROUND, known_programmes=None, today=date(2026, 11, 1)
        )
        async with pool.acquire() as connection:
            await store_applications(
                connection, checked.rows, file_sha256="0", round_id=ROUND, skipped=0, imported_by="office-1"
            )
    assert set((await stored(pool)).values()) == {False}

    again = await iehe.ok("admission", "import", tmp_path / "a.csv", *BY)
    pending = await iehe.ok("case", "start-pending")

    assert (again["stored"], again["known"], again["started"]) == (0, 4, 4)
    assert pending["started"] == 4
    assert set((await stored(pool)).values()) == {True}


async def test_rows_of_several_rounds(iehe, pool, rows, tmp_path: Path) -> None:
    """Rows that name their rounds go to them, a batch for each; an undeclared round is a fault of its row."""
    made = rows(3)
    made[1]["round_id"] = "2027-general"
    write_csv(tmp_path / "applications.csv", made)
    made[2]["round_id"] = "2031-nowhere"
    write_csv(tmp_path / "faulty.csv", made)

    faulty = await iehe("admission", "import", tmp_path / "faulty.csv", *BY, "--json")
    done = await iehe.ok("admission", "import", tmp_path / "applications.csv", *BY)

    assert [(fault["row"], fault["code"]) for fault in faulty.error["faults"]] == [(4, "round-unknown")]
    assert [(batch["round_id"], batch["stored"]) for batch in done["batches"]] == [
        (ROUND, 2),
        ("2027-general", 1),
    ]
    assert done["started"] == 3


async def test_an_application_submitted_after_its_round_closed_is_warned_of(iehe, rows, tmp_path) -> None:
    """The last day of the round is within; a later one is a warning of its row, and imported all the same."""
    closed = ("--opens-at", "2026-09-01T00:00", "--closes-at", "2026-10-08T12:00")
    later = ("--enrol-by", "2027-03-15", "--waitlist-until", "2027-03-31", "--places", "science=9")
    titles = ("--route", "comprehensive", "--title-ja", "見本", "--title-en", "Sample")
    await iehe.ok("admission", "round", "add", "2027-closed", *titles, *closed, *later, by="head-1")
    made = rows(2, round_id="2027-closed", programme="science")
    made[0]["submitted_on"], made[1]["submitted_on"] = "2026-10-08", "2026-10-09"
    write_csv(tmp_path / "late.csv", made)

    report = await iehe.ok("admission", "import", tmp_path / "late.csv", *BY)

    told = [(fault["row"], fault["code"], fault["severity"]) for fault in report["faults"]]
    assert told == [(3, "submitted-late", "warning")]
    assert (report["valid"], report["started"]) == (2, 2)


async def test_temporal_away(iehe, pool, rows, tmp_path: Path, monkeypatch) -> None:
    """Rows are stored while Temporal is away; the answer says so, and a later run starts them."""
    write_csv(tmp_path / "applications.csv", rows(2))
    with monkeypatch.context() as away:
        away.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
        ended = await iehe("admission", "import", tmp_path / "applications.csv", *BY, "--json")
    rest = await iehe.ok("case", "start-pending")

    assert (ended.code, ended.error["code"]) == (7, "temporal-unreachable")
    assert "0 of 2 cases started" in ended.err
    assert rest["started"] == 2


async def test_dry_run(iehe, pool, rows, tmp_path: Path) -> None:
    """A dry run checks, needs nobody to act, and changes nothing."""
    write_csv(tmp_path / "applications.csv", rows(3))

    report = await iehe.ok("admission", "import", tmp_path / "applications.csv", "--dry-run")

    assert (report["valid"], report["dry_run"], report["stored"]) == (3, True, 0)
    assert await stored(pool) == {}


@pytest.mark.parametrize(("name", "code"), [("applications.csv", 0), ("applications-faulty.csv", 11)])
async def test_samples_of_the_documentation(iehe, name, code, tmp_path: Path) -> None:
    """The samples in docs/ do what the documentation says, on the rounds that come with the system."""
    file = tmp_path / name
    file.write_bytes((SAMPLES / name).read_bytes())

    assert (await iehe("admission", "import", file, "--dry-run")).code == code


@pytest.mark.parametrize(
    ("more", "code", "error"),
    [
        (("--round", "2031-nowhere", *BY), 4, "unknown-round"),
        (("--as", "reviewer-1"), 6, "actor-not-proven"),
        (("--round", "2027-general", *BY), 11, "faulty-file"),
    ],
)
async def test_not_imported(iehe, pool, rows, tmp_path: Path, more, code, error) -> None:
    """A wrong round, or another person than the one who is proven: said so, and nothing stored."""
    write_csv(tmp_path / "applications.csv", rows(2))

    assert await iehe.refused("admission", "import", tmp_path / "applications.csv", *more) == (code, error)
    assert await stored(pool) == {}


@pytest.mark.parametrize(
    ("by", "error"),
    [("reviewer-1", "role-missing"), ("nobody-9", "actor-unknown"), (None, "actor-missing")],
)
async def test_not_imported_by(iehe, pool, rows, tmp_path: Path, by, error) -> None:
    """Without the role, as a stranger or as nobody nothing is stored."""
    write_csv(tmp_path / "applications.csv", rows(2))

    refused = await iehe.refused("admission", "import", tmp_path / "applications.csv", by=by)
    assert refused == (6, error)
    assert await stored(pool) == {}


async def test_unreadable_file(iehe, tmp_path: Path) -> None:
    """A file that is not there is a fault of the file, without a row."""
    ended = await iehe("admission", "import", tmp_path / "nothing.csv", *BY, "--json")

    assert ended.code == 11
    assert [(fault["row"], fault["code"]) for fault in ended.error["faults"]] == [(None, "file-unreadable")]


def test_progress_without_a_terminal(monkeypatch, capsys) -> None:
    """Where there is no terminal, progress comes as lines with count, rate and time left."""
    monkeypatch.setattr(progress, "EVERY", 0.0)

    with progress.progress("cases started", 4) as told:
        told(2)
        told(4)

    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("cases started: 2/4, ")
    assert first.endswith("s left")
    assert last.startswith("cases started: 4/4, ")


async def test_progress_of_a_check_and_of_its_copy(iehe, rows, tmp_path: Path, monkeypatch) -> None:
    """A check of many rows, and the writing of its copy, give signs of life on standard error."""
    monkeypatch.setattr(progress, "EVERY", 0.0)
    write_csv(tmp_path / "applications.csv", rows(1_200, postal_code="12"))

    ended = await iehe("admission", "import", tmp_path / "applications.csv", "--dry-run")

    assert "rows checked / 行を確認: 1201/1201, " in ended.err
    assert "annotated copy / 確認結果: 1000/1201, " in ended.err


def test_nothing_is_said_of_work_that_is_over_at_once(capsys) -> None:
    """Without a terminal, progress of less than two seconds is no line."""
    with progress.progress("rows checked", 0) as told:
        told(3, 3)

    assert capsys.readouterr().err == ""


async def test_a_mapping_is_kept_for_the_same_header(iehe, pool, rows, tmp_path: Path) -> None:
    """What the office says once of a header is used for the next file, and what was recognised is shown."""
    made = rows(2)
    for number, row in enumerate(made):
        write_csv(tmp_path / f"{number}.csv", [row])
        text = (tmp_path / f"{number}.csv").read_text("utf-8-sig").replace("受験番号", "受付ID", 1)
        (tmp_path / f"{number}.csv").write_text(text, "utf-8")

    unknown = await iehe.refused("admission", "import", tmp_path / "0.csv", *BY)
    tried = await iehe("admission", "import", tmp_path / "0.csv", "--map", "受付ID=受験番号", "--dry-run")
    still = await iehe.refused("admission", "import", tmp_path / "0.csv", *BY)
    first = await iehe.ok("admission", "import", tmp_path / "0.csv", "--map", "受付ID=application_no", *BY)
    second = await iehe("admission", "import", tmp_path / "1.csv", *BY)

    assert unknown == still == (11, "faulty-file")
    assert "受付ID (A) → 受験番号 (application_no)" in tried.out
    assert first["columns"][0] == {"column": "受付ID (A)", "fields": ["application_no"]}
    assert second.code == 0
    assert "受付ID (A) → 受験番号 (application_no)" in second.out
    assert len(await stored(pool)) == 2
    assert await pool.fetchval("SELECT kept_by FROM iehe.column_mappings") == "office-1"


@pytest.mark.parametrize(
    "word", ["受付ID", "受付ID=nonsense", "=application_no", "a=family_name+given_name+sex"]
)
async def test_a_mapping_that_says_nothing(iehe, tmp_path: Path, word) -> None:
    """A mapping names a header and a field, or the fields are listed."""
    asked = ("admission", "import", tmp_path / "x.csv", "--map", word, *BY)

    assert await iehe.refused(*asked) == (2, "mapping-unusable")


async def test_a_corrected_copy_is_not_written_over(iehe, rows, tmp_path: Path) -> None:
    """What the clerk corrected in the annotated copy is still there after the file was checked again."""
    file, copy = tmp_path / "applications.csv", tmp_path / "applications.checked.csv"
    write_csv(file, rows(2, email="nonsense"))

    first = await iehe("admission", "import", file, *BY, "--json")
    copy.write_text("corrected")
    again = await iehe("admission", "import", file, *BY, "--json", "--xlsx-copy")
    third = await iehe("admission", "import", file, *BY, "--json")

    assert [Path(ended.error["annotated"]).name for ended in (first, again, third)] == [
        "applications.checked.csv",
        "applications.csv.checked.xlsx",
        "applications.checked-2.csv",
    ]
    assert copy.read_text() == "corrected"
