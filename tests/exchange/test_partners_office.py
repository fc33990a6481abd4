"""What the office does with partners: by the command line and over HTTP."""

from pathlib import Path

import pytest

from cli.session import Exit
from tests.cli.program import Program, elsewhere
from tests.exchange.partnership import Partnership
from tests.gateway.office import open_desk

HEADER = "派遣元コード,大学名,メール,言語,システムのアドレス,送信元名,通知先名\n"
ROW = "uni-a,見本大学A,office@uni-a.example.edu,日本語,http://127.0.0.1:9/api,uni-a,uni-a\n"
NEW = "uni-b,Uni B,office@uni-b.example.edu,,,,\n"


@pytest.fixture
def iehe(database, temporal, tmp_path, partnership) -> Program:
    return Program(elsewhere(database, temporal, tmp_path / "home")).by("office-1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "partners.csv"


async def test_a_partner_is_registered_and_listed(iehe, partnership: Partnership) -> None:
    """With its address, and by what it shows who it is; registered again it is changed, on record."""
    words = ("--name", "Uni B", "--mail", "office@uni-b.example.edu")
    told = await iehe("exchange", "partners", "add", "uni-b", *words, "--json")
    assert told.json == {"partner": "uni-b", "added": True}
    system = ("--base", "https://api.uni-b.example.edu/v1", "--webhook", "uni-a")
    told = await iehe("exchange", "partners", "add", "uni-b", *words, *system, "--json")
    assert told.json == {"partner": "uni-b", "added": False}
    rows = (await iehe("exchange", "partners", "list", "--json")).json
    assert [(row["partner"], row["base"]) for row in rows] == [
        ("uni-a", partnership.server.base),
        ("uni-b", "https://api.uni-b.example.edu/v1"),
    ]
    acts = "SELECT act || ' ' || subject FROM iehe.administration_log"
    assert await partnership.owner.fetchval(acts) == "load-partners uni-b"


@pytest.mark.parametrize(
    ("system", "code", "exit_code"),
    [
        (("--base", "http://intranet.example.ac.jp/api", "--webhook", "uni-a"), "partner-base-unsafe", 3),
        (("--base", "https://user:pw@uni-b.example.edu", "--webhook", "uni-a"), "partner-malformed", 2),
        (("--base", "https://uni-b.example.edu/api", "--webhook", "uni-z"), "partner-unregistered", 3),
        (("--source", "uni-a"), "partner-unregistered", 3),
        (("--language", "de"), "partner-malformed", 2),
    ],
)
async def test_an_address_that_may_not_be_asked_is_refused(
    iehe, partnership: Partnership, system, code, exit_code
) -> None:
    """Plain http to another machine, a login in it, a gateway that is none, another partner's source."""
    words = ("--name", "Uni B", "--mail", "office@uni-b.example.edu")
    told = await iehe("exchange", "partners", "add", "uni-b", *words, *system, "--json")
    assert (told.code, told.json["error"]["code"]) == (exit_code, code)
    assert await partnership.count("exchange_partners") == 1


async def test_a_file_of_partners_is_registered_whole_or_not_at_all(
    iehe, file, partnership: Partnership
) -> None:
    """CP932 as spreadsheets write it; a faulty row, or the same partner twice, refuses all."""
    file.write_bytes((HEADER + ROW + NEW).encode("cp932"))
    told = (await iehe("exchange", "partners", "load", file, "--json")).json
    assert told == {"added": 1, "changed": 1}
    names = await partnership.owner.fetch(
        "SELECT name, language FROM iehe.exchange_partners ORDER BY partner"
    )
    assert [tuple(row) for row in names] == [("見本大学A", "ja"), ("Uni B", "en")]
    for faulty in (NEW + NEW, NEW.replace("@", " at "), NEW.replace("uni-b", "Uni B")):
        file.write_text(HEADER + faulty.replace("Uni B,", "Other,", 1), encoding="utf-8")
        assert (await iehe("exchange", "partners", "load", file)).code == Exit.FAULTY_FILE
    assert (
        await partnership.owner.fetchval("SELECT count(*) FROM iehe.exchange_partners WHERE name = 'Other'")
        == 0
    )


async def test_refresh_asks_now_and_twice_is_once(iehe, partnership: Partnership) -> None:
    """A partner, a case, or everybody: what a lost notice has hidden is there at once."""
    case_id = await partnership.nominated("m-1")
    partnership.server.put("m-1", last="2027-07-31")
    for _ in range(2):
        told = await iehe("exchange", "refresh", case_id, "--json")
        assert told.json == {"asked": 1}
    await partnership.work()
    assert (await partnership.copy())["revision"] == 2
    partnership.server.put("m-2", student={"number": "S-4712"})
    assert (await iehe("exchange", "refresh", "uni-a", "--json")).json == {"asked": 1}
    assert (await iehe("exchange", "refresh", "--json")).json == {"asked": 1}
    await partnership.work()
    assert await partnership.count("exchange_mobilities") == 2
    assert len(await partnership.facts("mobility-changed")) == 1


async def test_refresh_tells_again_what_could_not_be_told(iehe, partnership: Partnership) -> None:
    """A notice that was given up goes out once more, and with it the task ends."""
    await partnership.nominated("m-1")
    partnership.server.notice_faults = ["403"]
    await partnership.owner.execute("UPDATE iehe.exchange_mobilities SET arrived_on = '2027-04-02'")
    await partnership.work()
    assert await partnership.tasks() == ["partner-unreached"]
    assert (await iehe("exchange", "refresh", "uni-a")).code == 0
    await partnership.work()
    assert len(partnership.server.told) == 1
    assert await partnership.tasks() == []


@pytest.mark.parametrize("what", ["uni-z", "exchange/27S-NONE"])
async def test_refresh_of_nothing_is_told(iehe, what) -> None:
    """No such partner, no such case."""
    assert (await iehe("exchange", "refresh", what)).code == Exit.NOT_FOUND


async def test_partners_are_the_offices(iehe, partnership: Partnership) -> None:
    """Nobody else registers, lists or asks."""
    by = iehe.by("advisor-1")
    for words in (("partners", "list"), ("refresh",)):
        assert (await by("exchange", *words)).code == Exit.NOT_ALLOWED


async def test_the_same_over_http(database, client, tmp_path, partnership: Partnership) -> None:
    """Register, list, ask; an advisor may none of it."""
    async for desk in open_desk(database, client, tmp_path):
        body = {"partner": "uni-b", "name": "Uni B", "mail": "office@uni-b.example.edu"}
        stored = await desk.post("/exchange/partners", body)
        assert (stored.status_code, stored.json()) == (200, {"partner": "uni-b", "added": True})
        listed = (await desk.get("/exchange/partners")).json()["partners"]
        assert [each["partner"] for each in listed] == ["uni-a", "uni-b"]
        partnership.server.put("m-1")
        asked = await desk.post("/exchange/refresh", {"what": "uni-a"})
        assert asked.json() == {"asked": 1}
        assert (await desk.post("/exchange/refresh", {"what": "uni-b"})).status_code == 404
        assert (await desk.post("/exchange/refresh", {}, by="advisor-1")).status_code == 403
        assert (await desk.get("/exchange/partners", by="advisor-1")).status_code == 403
    await partnership.work()
    assert await partnership.count("exchange_mobilities") == 1
