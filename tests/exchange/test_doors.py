"""What the exchange office does by command and over HTTP: the same answers, for who may, and reads logged."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from embedded.mail import caught_mails
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401 - fixtures
from tests.exchange.files import csv, student
from tests.exchange.office import BEGINS, LAST, TERM, Institute
from tests.gateway.office import Desk, open_desk

FILE = {"Content-Type": "application/octet-stream"}


@pytest.fixture
async def desk(institute: Institute, database, client, tmp_path) -> AsyncIterator[Desk]:
    _ = institute
    async for each in open_desk(database, client, tmp_path):
        yield each


def here(number: int = 1, **changes: str) -> dict[str, str]:
    stay = {"first": BEGINS.isoformat(), "last": LAST.isoformat(), "term": TERM}
    return student(number, **(stay | changes))


async def send(desk: Desk, path: str, file: Path, by: str = "office-1") -> httpx2.Response:
    headers = {"Authorization": f"Bearer {desk.token(by)}", **FILE}
    return await desk.http.post(path, content=file.read_bytes(), headers=headers)  # noqa: ASYNC240 - some bytes


async def test_the_office_takes_files_by_command(
    institute: Institute,
    iehe: CommandLine,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Checked, refused whole with a copy, taken, compared; who has no part in it is refused."""
    bad = csv(tmp_path / "bad.csv", here(1), here(2, agreement="zz"))
    assert await iehe.refused("exchange", "import", bad) == (11, "file-faulty")
    assert list(tmp_path.glob("bad*checked*"))  # noqa: ASYNC240 - a listing
    assert await institute.owner.fetchval("SELECT count(*) FROM iehe.exchange_mobilities") == 0
    good = csv(tmp_path / "good.csv", here(1), here(2))
    assert (await iehe.ok("exchange", "check", good))["new"] == 2
    assert (await iehe.ok("exchange", "import", good))["new"] == 2
    assert (await iehe.ok("exchange", "import", good))["same"] == 2
    assert (await iehe.refused("exchange", "import", good, by="registrar-1"))[1] == "role-missing"
    load = tmp_path / "agreements.csv"
    load.write_text("term,agreement,partner,faculty,persons,months\n31S,c1,uni-a,all,3,15\n")
    assert (await iehe.ok("exchange", "agreements", "load", load, "--check"))["new"] == 1
    assert (await iehe.ok("exchange", "agreements", "load", load))["new"] == 1
    (row,) = await iehe.ok("exchange", "agreements", "list", "31S")
    assert (row["persons"], row["persons_given"]) == (3, "0")


async def test_the_office_looks_and_decides_by_command(
    institute: Institute,
    iehe: CommandLine,  # noqa: F811
    tmp_path: Path,
    mail,
) -> None:
    """Pipeline, board, matches, the list for immigration, and a link that was lost."""
    alike = {"family": "Müller", "given": "Jörg", "born": "2003-05-17"}
    file = csv(tmp_path / "n.csv", here(1, **alike), here(2, **alike | {"family": "Mueller"}))
    assert (await iehe.ok("exchange", "import", file))["perhaps_one_person"] == 1
    (pair,) = await iehe.ok("exchange", "matches")
    assert pair["one_family"] in ("Müller", "Mueller")
    said = ("exchange", "match", pair["one"], pair["other"])
    assert (await iehe.ok(*said, "--same"))["repeated"] is False
    assert (await iehe.refused(*said, "--different"))[1] == "match-decided"
    case = await institute.nominate()
    await case.verify()
    await case.sent()
    assert {"stage": "applying", "students": 1} in [
        {name: row[name] for name in ("stage", "students")} for row in await iehe.ok("exchange", "pipeline")
    ]
    assert await iehe.ok("exchange", "board", "coe") == []
    assert len(await iehe.ok("exchange", "board", "dormitory", TERM)) >= 1
    assert await iehe.ok("exchange", "immigration-list", "--as-of", "2027-05-01") == []
    handed_in = ("exchange", "report-immigration-list", "--as-of", "2027-05-01")
    assert await iehe.ok(*handed_in) == {"as_of": "2027-05-01", "ended": False}
    asked = (
        "INSERT INTO iehe.office_tasks (process, key, kind, roles, opened_at, due_at)"
        " VALUES ($1, $2, $3, $4, now(), now())"
    )
    key = ("exchange-onboarding", "immigration-list:2027-05-01", "immigration-list", ["exchange_office"])
    await institute.owner.execute(asked, *key)
    assert (await iehe.refused(*handed_in, by="faculty-1"))[1] == "role-missing"
    assert (await iehe.ok(*handed_in))["ended"] is True
    assert (await iehe.ok(*handed_in))["ended"] is False
    assert (await iehe.refused("exchange", "immigration-list", "--as-of", "May"))[0] != 0
    assert (await iehe.refused("exchange", "matches", by="faculty-1"))[1] == "role-missing"
    before = len(caught_mails(mail.folder))
    assert (await iehe.ok("exchange", "link", case.reference))["to"] == "student"
    await case.sent()
    (letter,) = caught_mails(mail.folder)[before:]
    assert list(letter.recipients) == ["student@example.com"]
    assert "/answers/" in letter.text
    assert (await iehe.refused("exchange", "link", case.reference, "--to", "tutor"))[1] == "no-own-page"


async def test_the_same_over_http(institute: Institute, desk: Desk, tmp_path: Path) -> None:
    """Faults by row and column, counts, boards; for who may."""
    bad = csv(tmp_path / "bad.csv", here(1, agreement="zz"))
    refused = await send(desk, "/exchange/nominations/file", bad)
    assert refused.status_code == 400, refused.text
    assert "agreement-unknown" in refused.text
    assert "Sample" not in refused.text
    good = csv(tmp_path / "good.csv", here(1), here(2))
    checked = await send(desk, "/exchange/nominations/file?check=true", good)
    assert checked.json()["counts"]["new"] == 2
    taken = await send(desk, "/exchange/nominations/file", good)
    assert (taken.status_code, taken.json()["counts"]["new"]) == (200, 2)
    assert (await send(desk, "/exchange/nominations/file", good, by="registrar-1")).status_code == 403
    for path, name in (
        ("/exchange/agreements", "agreements"),
        (f"/exchange/pipeline?term={TERM}", "pipeline"),
        ("/exchange/board?track=dormitory", "board"),
        ("/exchange/immigration-list?as_of=2027-05-01", "students"),
        ("/exchange/matches", "matches"),
    ):
        answer = await desk.get(path)
        assert answer.status_code == 200, answer.text
        assert isinstance(answer.json()[name], list)
        assert (await desk.http.get(path)).status_code == 401
    handed_in = {"as_of": "2027-05-01"}
    told = await desk.post("/exchange/immigration-list", handed_in)
    assert (told.status_code, told.json()) == (200, handed_in | {"ended": False})
    assert (await desk.post("/exchange/immigration-list", handed_in, by="faculty-1")).status_code == 403
    assert (await desk.get("/exchange/matches", by="faculty-1")).status_code == 403
    assert (await desk.get("/exchange/board?track=moon")).status_code == 404
    case = await institute.nominate()
    sent = await desk.post(f"/exchange/links/{case.handle.id}", {"to": "coordinator"})
    assert (sent.status_code, sent.json()["to"]) == (200, "coordinator")
    nobody = {"one": "exchange/27S-AAAA1", "other": "exchange/27S-BBBB1", "same": True}
    assert (await desk.post("/exchange/matches", nobody)).status_code == 404
