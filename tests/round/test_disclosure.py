"""Scores are disclosed to who has asked for their own, in their time, as they were used (R9)."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from cases.round.disclosures import Reader as Whom
from cases.round.disclosures import Shown, disclosure
from cli.session import Exit
from encryption.ring import KeyRing
from schemas.kernel.case import Actor, CompleteTask, EventEnvelope
from schemas.kernel.step import FactTold
from schemas.round import commands
from schemas.round.policy import RoundPolicy
from tests.cli.program import Program, elsewhere
from tests.conftest import Database
from tests.gateway.office import Desk, open_desk
from tests.office_pages.desks import Desk as Pages
from tests.office_pages.desks import desk_of, text_of
from tests.pure import jst, refused
from tests.round.bureau import ANN, BEN, CASE, CHECKER, HEAD, MAPPING, RULES, Bureau, application
from tests.round.calling import Desk as Telephone
from tests.round.portal import Reader, register, signature, uri_of
from tests.words import UNREADABLE

BEGINS: Final = jst(2027, 6, 1)
ENDS: Final = jst(2027, 6, 30, 23, 59)
CANARIES: Final = ("73.125", "61.375", "134.5", "207.625")
"""Points of one person, their sum, and their weighted sum."""
MARKS: Final = {
    "A0001": ("90", "90"),
    "A0002": CANARIES[:2],
    "A0003": ("60", "50"),
    "A0004": ("absent", "40"),
}
STAFF: Final = {
    "office-1": "admissions_office",
    "office-2": "admissions_office",
    "head-1": "head_of_admissions",
    "checker-1": "checker",
    "auditor-1": "auditor",
}
BOTH: Final = Actor(id="both-1", roles=("admissions_office", "checker"))
TYPE: Final = "jp.ac.iehe.admission-round.disclosure-requested"


@pytest.fixture
def rules() -> dict[str, Any]:
    """Law counts mathematics twice."""
    programmes = [
        {**each, "weights": {"math": 2, "english": 1}} if each["key"] == "law" else each
        for each in RULES["programmes"]
    ]
    return {**RULES, "programmes": programmes}


@pytest.fixture
def policy(rules: dict[str, Any]) -> dict[str, object]:
    mapping = MAPPING.model_dump(mode="json")
    mapping["parts"] = [{**part, "decimals": 3} for part in mapping["parts"]]
    return {"mappings": {MAPPING.key: mapping}, "rules": rules}


@pytest.fixture
async def staff(owner: asyncpg.Connection) -> None:
    for name, role in STAFF.items():
        await owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $2, $3)",
            *(name, f"{name}@univ.example.jp", [role]),
        )


@pytest.fixture
async def desk(database: Database, client: Any, tmp_path: Path, staff: None) -> AsyncIterator[Desk]:
    async for each in open_desk(database, client, tmp_path):
        yield each


@pytest.fixture
async def portal(desk: Desk, bureau: Bureau, ring: KeyRing) -> Reader:
    secret = await register(bureau.owner, ring, "portal", types=(TYPE,))
    return Reader(desk.http, "portal", secret)


@pytest.fixture
def iehe(database: Database, temporal: Any, tmp_path: Path, staff: None) -> Program:
    return Program(elsewhere(database, temporal, tmp_path / "home")).by("office-1")


async def settled(bureau: Bureau, marks: Any = MARKS) -> None:
    """Everybody has a result, and nobody waits any more."""
    await bureau.judging(marks)
    await bureau.released()
    await bureau.owner.execute("UPDATE iehe.places SET state = 'taken' WHERE by_case = $1", CASE)
    telephone = Telephone(bureau)
    await telephone.begins()
    await bureau.goes_on(jst(2027, 4, 1))
    for _ in range(5):
        await bureau.goes_on(seconds=2)
    assert (await bureau.state()).stage == "settled"


async def disclosing(bureau: Bureau, marks: Any = MARKS) -> None:
    """The first of June."""
    await settled(bureau, marks)
    await bureau.goes_on(BEGINS + timedelta(seconds=1))
    assert (await bureau.state()).stage == "disclosing"


async def asks(bureau: Bureau, number: str, at: datetime | None = None) -> dict[str, Any] | None:
    """The portal tells that an applicant asks; why the round has not taken it, if it has not."""
    outcome = await bureau.take(
        FactTold(
            event=EventEnvelope(
                source=uri_of("portal"),
                id=f"disclosure-{uuid4().hex}",
                type=TYPE,
                occurred_at=at or bureau.now,
                received_at=bureau.now,
                data={"application": number},
            )
        )
    )
    if outcome.step == "disclosure-requested":
        return None
    said = "SELECT details FROM iehe.case_log WHERE case_id = $1 AND version = $2"
    return dict(json.loads(await bureau.owner.fetchval(said, CASE, outcome.version)))


async def requests(bureau: Bureau) -> dict[str, str]:
    """Who has asked, and what became of it."""
    rows = await bureau.owner.fetch("SELECT application, state FROM iehe.round_disclosures")
    return {row["application"].partition("/")[2]: row["state"] for row in rows}


async def shown(portal: Reader, number: str) -> httpx2.Response:
    """What the portal reads for an applicant."""
    return await portal.get(f"/round/disclosures/{number}")


def problem(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_r9_the_clock_begins_and_ends_it(bureau: Bureau) -> None:
    """As soon as May is over; the round ends once June is, and by nobody before."""
    await settled(bureau)
    await bureau.goes_on(BEGINS)
    assert (await bureau.state()).stage == "settled"
    await bureau.goes_on(BEGINS + timedelta(seconds=1))
    assert (await bureau.state()).stage == "disclosing"
    with refused("disclosure-running"):
        await bureau.decide(commands.CloseRound, HEAD)
    await bureau.goes_on(ENDS + timedelta(seconds=59))
    with refused("disclosure-running"):
        await bureau.decide(commands.CloseRound, HEAD)
    await bureau.goes_on(ENDS + timedelta(seconds=61))
    assert "close-round" in await bureau.tasks()
    await bureau.wound_up()
    await bureau.decide(commands.CloseRound, HEAD)
    assert (await bureau.state()).stage == "closed"


async def test_r9_asked_for_in_its_time_alone(bureau: Bureau) -> None:
    """By the time at which the applicant asked: what was asked in June and comes in July counts."""
    await settled(bureau)
    early = await asks(bureau, "A0001")
    assert early is not None
    assert early["code"] == "disclosure-time"
    await bureau.goes_on(BEGINS + timedelta(seconds=1))
    assert await asks(bureau, "A0001") is None
    assert await asks(bureau, "A0001") is None
    unknown = await asks(bureau, "A9999")
    assert unknown is not None
    assert unknown["code"] == "application-unknown"
    await bureau.goes_on(ENDS + timedelta(hours=2))
    late = await asks(bureau, "A0002")
    assert late is not None
    assert late["code"] == "disclosure-time"
    assert await asks(bureau, "A0003", ENDS) is None
    assert await requests(bureau) == {"A0001": "requested", "A0003": "requested"}


async def test_r9_shown_as_they_were_used_and_to_the_applicant_only(
    portal: Reader, desk: Desk, bureau: Bureau, ring: KeyRing
) -> None:
    """Each part with marks, weight and what was counted, by the hash of the list that is out."""
    await disclosing(bureau)
    await asks(bureau, "A0002")
    for number in ("A0001", "A9999"):  # who has not asked, and who is nobody
        assert problem(await shown(portal, number)) == (404, "disclosure-unknown")
    answer = await shown(portal, "A0002")
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert (told["state"], told["number"]) == ("disclosed", "A0002")
    assert told["parts"][0] == {
        "part": "math",
        "ja": "数学",
        "en": "mathematics",
        "full_marks": "100",
        "state": "told",
        "score": "73.125",
        "points": "73.125",
        "subjects": [],
    }
    (programme,) = told["programmes"]
    assert (programme["total"], programme["rank"]) == ("207.625", None)
    assert programme["hash"] == await bureau.hash("law")
    counted = {each["part"]: (each["weight"], each["counted"]) for each in programme["weights"]}
    assert counted == {"math": ("2", "146.25"), "english": ("1", "61.375")}
    assert sum(Decimal(each) for _, each in counted.values()) == Decimal(programme["total"])
    assert await requests(bureau) == {"A0002": "disclosed"}
    again = (await shown(portal, "A0002")).json()
    assert again == told
    readers = await bureau.owner.fetch("SELECT DISTINCT staff_id, out FROM iehe.result_reads")
    assert ("source:portal", True) in {tuple(row) for row in readers}
    others = Reader(desk.http, "payments", await register(bureau.owner, ring, "payments", reads=()))
    assert problem(await shown(others, "A0002")) == (403, "reading-not-allowed")
    wrong = await portal.get("/round/disclosures/A0002", headers=portal.signed("/round/disclosures/A0001"))
    assert problem(wrong) == (401, "attributes-not-signed")


async def test_r9_read_in_its_time_alone(portal: Reader, bureau: Bureau) -> None:
    """By the server's clock, to the end of the last minute; staff read it afterwards, too."""
    await disclosing(bureau)
    await asks(bureau, "A0001")
    await bureau.goes_on(ENDS + timedelta(seconds=59))
    assert (await shown(portal, "A0001")).json()["state"] == "disclosed"
    await bureau.goes_on(ENDS + timedelta(minutes=1))
    assert problem(await shown(portal, "A0001")) == (409, "disclosure-time")
    for_staff = await disclosure(bureau.office, Whom("office-1"), "A0001", CASE)
    assert for_staff["programmes"][0]["total"] == "270"


async def test_r9_absent_is_told_as_absent(portal: Reader, bureau: Bureau) -> None:
    """Who was not ranked has a score where there is one, and no total."""
    await disclosing(bureau)
    await asks(bureau, "A0004")
    told = (await shown(portal, "A0004")).json()
    scores = {each["part"]: (each["score"], each["points"]) for each in told["parts"]}
    assert scores == {"math": ("absent", None), "english": ("40", "40")}
    assert told["programmes"][0]["total"] is None


async def test_r9_nothing_is_shown_of_who_has_no_line(portal: Reader, bureau: Bureau) -> None:
    """An application of the round that no list ranks: the request is refused, and that is told."""
    await disclosing(bureau)
    await bureau.owner.execute("ALTER TABLE iehe.result_lines DISABLE TRIGGER USER")
    await bureau.owner.execute("DELETE FROM iehe.result_lines WHERE subject = $1", application("A0003"))
    await asks(bureau, "A0003")
    told = (await shown(portal, "A0003")).json()
    assert (told["state"], told["reason"], told["parts"]) == ("refused", "not-listed", [])


async def test_r9_scores_that_are_not_the_lists_are_not_shown(portal: Reader, bureau: Bureau) -> None:
    """What was used is what the list that is out was made from: other values now are told to nobody."""
    await disclosing(bureau)
    await asks(bureau, "A0002")
    change = "UPDATE iehe.batch_values SET value = $1 WHERE number = 'A0002' AND part = 'math'"
    await bureau.owner.execute(change, Decimal("74.125"))
    assert problem(await shown(portal, "A0002")) == (409, "disclosure-differs")
    await bureau.owner.execute(change, Decimal(CANARIES[0]))
    assert (await shown(portal, "A0002")).status_code == 200


async def test_r9_one_doubt_has_the_whole_column_checked(portal: Reader, bureau: Bureau) -> None:
    """Nobody is shown that part, or a total that would tell it, until another person has looked."""
    await disclosing(bureau)
    for number in ("A0001", "A0002"):
        await asks(bureau, number)
    doubt = {"number": "A0002", "part": "math"}
    with refused("reason-required"):
        await bureau.decide(commands.DoubtScore, ANN, **doubt)
    await bureau.decide(commands.DoubtScore, ANN, **doubt, reason_id=await words(bureau))
    assert "check-column:math" in await bureau.tasks()
    with refused("column-checked-already"):
        await bureau.decide(commands.DoubtScore, BEN, **doubt, reason_id=await words(bureau))
    for number in ("A0001", "A0002"):
        answer = await shown(portal, number)
        told = answer.json()
        states = {each["part"]: (each["state"], each["score"] is None) for each in told["parts"]}
        assert told["state"] == "being-checked"
        assert states == {"math": ("being-checked", True), "english": ("told", False)}
        (programme,) = told["programmes"]
        assert (programme["total"], programme["rank"]) == (None, None)
        assert [each["counted"] is None for each in programme["weights"]] == [True, False]
        assert not [each for each in (CANARIES[0], "146.25", CANARIES[3]) if each in answer.text]
    assert await requests(bureau) == {"A0001": "requested", "A0002": "requested"}
    await bureau.decide(commands.ConfirmColumn, CHECKER, part="math", result="right")
    assert (await bureau.tasks()).isdisjoint({"check-column:math", "rejudge:math"})
    assert (await shown(portal, "A0002")).json()["state"] == "disclosed"
    with refused("column-not-checked"):
        await bureau.decide(commands.ConfirmColumn, CHECKER, part="math", result="right")


async def test_r9_who_doubts_does_not_check(bureau: Bureau) -> None:
    """As persons, whatever roles they have; the database holds it, too."""
    await disclosing(bureau)
    await bureau.decide(
        commands.DoubtScore, BOTH, number="A0003", part="english", reason_id=await words(bureau)
    )
    with refused("column-second-person"):
        await bureau.decide(commands.ConfirmColumn, BOTH, part="english", result="right")
    with pytest.raises(asyncpg.CheckViolationError):
        await bureau.owner.execute(
            "UPDATE iehe.round_column_checks SET result = 'right', checked_by = 'both-1', checked_at = now()"
        )
    with refused("columns-open"):
        await bureau.goes_on(ENDS + timedelta(minutes=1))
        await bureau.decide(commands.CloseRound, HEAD)
    await bureau.decide(commands.ConfirmColumn, CHECKER, part="english", result="wrong")
    assert "rejudge:english" in await bureau.tasks()
    await bureau.decide(CompleteTask, HEAD, task="rejudge:english")
    await bureau.wound_up()
    await bureau.decide(commands.CloseRound, HEAD)


async def test_r9_a_doubt_names_a_column_and_somebody(bureau: Bureau) -> None:
    """What no file has a column of is refused with those that there are, and so is an unknown number."""
    await disclosing(bureau)
    reason = await words(bureau)
    with refused("part-unknown"):
        await bureau.decide(commands.DoubtScore, ANN, number="A0001", part="music", reason_id=reason)
    with refused("application-unknown"):
        await bureau.decide(commands.DoubtScore, ANN, number="A9999", part="math", reason_id=reason)
    assert await bureau.owner.fetchval("SELECT count(*) FROM iehe.round_column_checks") == 0


async def test_r9_no_score_in_steps_events_or_logs(
    portal: Reader, desk: Desk, bureau: Bureau, caplog: pytest.LogCaptureFixture
) -> None:
    """They are read from rows, and stand in nothing that a step or a door leaves behind."""
    caplog.set_level(logging.DEBUG)
    await disclosing(bureau)
    await asks(bureau, "A0002")
    assert CANARIES[3] in (await shown(portal, "A0002")).text
    assert CANARIES[0] in (await desk.get(f"/round/column/{CASE}/math")).text
    await bureau.decide(commands.DoubtScore, ANN, number="A0002", part="math", reason_id=await words(bureau))
    await bureau.decide(commands.ConfirmColumn, CHECKER, part="math", result="wrong")
    tables = ("case_log", "events", "cases", "tasks", "administration_log", "result_reads")
    tables += ("round_disclosures", "round_column_checks", "round_column_reads")
    kept = [
        row[0]
        for table in tables
        for row in await bureau.owner.fetch(f"SELECT t::text FROM iehe.{table} AS t")  # noqa: S608
    ]
    written = "".join([caplog.text, *kept])
    assert "disclosure-requested" in written
    assert not [each for each in CANARIES if each in written]


async def test_r9_who_of_the_staff_may(desk: Desk, iehe: Program, bureau: Bureau) -> None:
    """Office, head and checker, each time noted; over HTTP and at the command line alike."""
    await disclosing(bureau)
    await asks(bureau, "A0002")
    paths = ("/round/disclosures/A0002", f"/round/column/{CASE}/math")
    for path in paths:
        let_in = {who for who in STAFF if (await desk.get(path, who)).status_code == 200}
        assert let_in == STAFF.keys() - {"auditor-1"}, path
    over_http = (await desk.get(paths[0])).json()
    assert over_http["state"] == "requested"  # staff are no applicants
    told = await iehe("round", "disclosure", CASE, "A0002", "--json")
    assert told.json["programmes"] == over_http["programmes"]
    assert CANARIES[3] in (await iehe("round", "disclosure", CASE, "A0002")).out
    column = (await iehe("round", "column", CASE, "math", "--json")).json
    values = {each["number"]: (each["value"], each["file_value"], each["row"]) for each in column["values"]}
    assert values == {
        "A0001": ("90", "90", 2),
        "A0002": (CANARIES[0], CANARIES[0], 3),
        "A0003": ("60", "60", 4),
        "A0004": ("absent", "absent", 5),
    }
    assert CANARIES[0] in (await iehe("round", "column", CASE, "math")).out
    assert (await iehe("round", "column", CASE, "music")).code == Exit.NOT_FOUND
    assert (await iehe("round", "disclosure", CASE, "A0001")).code == Exit.NOT_FOUND
    assert (await iehe.by("auditor-1")("round", "column", CASE, "math")).code == Exit.NOT_ALLOWED
    opened = await bureau.owner.fetch("SELECT DISTINCT staff_id FROM iehe.round_column_reads")
    assert {row["staff_id"] for row in opened} == STAFF.keys() - {"auditor-1"}
    lists = await bureau.owner.fetch("SELECT DISTINCT staff_id FROM iehe.result_reads WHERE out")
    assert {row["staff_id"] for row in lists} >= STAFF.keys() - {"auditor-1"}


async def test_r9_the_portal_asks_by_its_signed_event(portal: Reader, bureau: Bureau) -> None:
    """Stored by the gateway, applied by the round, and its fate told to the portal."""
    await disclosing(bureau)
    event = {
        "specversion": "1.0",
        "id": "disclosure-1",
        "source": uri_of("portal"),
        "type": TYPE,
        "subject": "2027-GENERAL",
        "data": {"application": "A0001"},
    }
    body = json.dumps(event)
    headers = {"content-type": "application/cloudevents+json", **signature(portal.secret, "msg-1", body)}
    taken = await portal.http.post("/events", content=body, headers=headers)
    assert taken.status_code == 202
    forged = await portal.http.post("/events", content=body.replace("A0001", "A0002"), headers=headers)
    assert problem(forged) == (401, "signature-wrong")
    # the gateway's clock is that of today
    await bureau.owner.execute(
        "UPDATE iehe.events SET envelope = envelope || jsonb_build_object('occurred_at', $1::text,"
        " 'received_at', $1::text) WHERE id = 'disclosure-1'",
        bureau.now.isoformat(),
    )
    await bureau.hear()
    assert await requests(bureau) == {"A0001": "requested"}


async def words(bureau: Bureau) -> str:
    """Words that are stored apart; their id."""
    made = str(uuid4())
    await bureau.owner.execute(UNREADABLE, made, CASE, "office-1")
    return made


async def test_r9_nothing_of_it_outlasts_the_case(portal: Reader, bureau: Bureau) -> None:
    """What was asked, doubted and opened goes with the round's own rows."""
    await disclosing(bureau)
    await asks(bureau, "A0001")
    await shown(portal, "A0001")
    await bureau.decide(commands.DoubtScore, ANN, number="A0002", part="math", reason_id=await words(bureau))
    opening = "INSERT INTO iehe.round_column_reads (case_id, part, staff_id) VALUES ($1, 'math', 'office-1')"
    await bureau.owner.execute(opening, CASE)
    with pytest.raises(asyncpg.PostgresError):
        await bureau.owner.execute("DELETE FROM iehe.round_column_reads")
    erased = json.loads(await bureau.owner.fetchval("SELECT iehe.round_erase($1)", CASE))
    tables = ("round_disclosures", "round_column_checks", "round_column_reads")
    assert {table: erased[table] for table in tables} == dict.fromkeys(tables, 1)


@pytest.fixture
async def pages(database: Database, client: Any, staff: None) -> AsyncIterator[Pages]:
    async with desk_of(database, client) as made:
        yield made


async def test_r9_the_pages_of_the_offices(pages: Pages, bureau: Bureau) -> None:
    """Who checks sees which column and whose score; scores are on the boards alone, and noted there."""
    await disclosing(bureau)
    await asks(bureau, "A0002")
    reason = await words(bureau)
    await bureau.decide(commands.DoubtScore, ANN, number="A0002", part="math", reason_id=reason)
    checker = await pages.of("checker-1", "ja")
    form = text_of(await checker.get(f"/cases/{CASE}/do/confirm-column"))
    assert "全件確認中の科目等" in form
    assert "A0002" in form
    assert CANARIES[0] not in form
    column = await checker.get(f"/boards/round/open-round-column?case_id={CASE}&part=math")
    assert CANARIES[0] in text_of(column)
    told = text_of(await checker.get("/boards/round/show-round-disclosure?application=A0002"))
    assert "確認中" in told
    assert CANARIES[0] not in told
    await bureau.decide(commands.ConfirmColumn, CHECKER, part="math", result="right")
    told = text_of(await checker.get("/boards/round/show-round-disclosure?application=A0002"))
    assert CANARIES[3] in told
    opened = await bureau.owner.fetch("SELECT staff_id, part FROM iehe.round_column_reads")
    assert [tuple(row) for row in opened] == [("checker-1", "math")]
    auditor = await pages.of("auditor-1")
    for path in ("show-round-disclosure?application=A0002", f"open-round-column?case_id={CASE}&part=math"):
        assert (await auditor.get(f"/boards/round/{path}")).status_code == 404


SCIENCE: Final = {
    "part": "science",
    "count": 1,
    "choose": "first-answered",
    "rows": [
        {"subject": "028563", "full_marks": "100", "factor": "1"},
        {"subject": "28563", "full_marks": "100", "factor": "0.5"},
    ],
}


class TestBySubjects:
    """A part that counts by the first answered of two subjects, adjusted, with the rank told."""

    @pytest.fixture
    def policy(self) -> dict[str, object]:
        science = {"key": "science", "ja": "理科", "en": "Science", "full_marks": 100, "exam": "written"}
        proof = {"raw": 50, "adjusted": 55}
        branch = {"since": 0, "until": 100, "factor": "0.9", "offset": 10, "values": [proof]}
        adjusted = {
            "formula": "f",
            "version": "1",
            "of": "math",
            "places": 1,
            "rounding": "half-up",
            "branches": [branch],
        }
        law = {**RULES["programmes"][0], "weights": {"math": 1, "science": 1}}
        rules = {
            **RULES,
            "parts": [RULES["parts"][0], science],
            "conversions": [SCIENCE],
            "adjustments": [adjusted],
            "units": RULES["units"][:1],
            "programmes": [law],
        }
        return {"rules": rules, "mappings": {}, "disclosing": {"disclose_rank": True}, "waitlist": {}}

    async def test_r9_subjects_and_adjusted_points_as_they_were_used(self, bureau: Bureau) -> None:
        """Which of both subjects counted follows from the points, which stand beside raw scores."""
        policy = RoundPolicy.model_validate(
            json.loads(await bureau.owner.fetchval("SELECT body FROM iehe.policies"))["routes"]["general"]
        )
        values = [
            {"part": "math", "state": "scored", "value": Decimal(50), "answer_order": None},
            {"part": "028563", "state": "scored", "value": Decimal(40), "answer_order": 2},
            {"part": "28563", "state": "scored", "value": Decimal(80), "answer_order": 1},
        ]
        line = {"choice": 1, "frame": "law", "total": "95", "rank": 3}
        lines = [{"programme": "law", "number": 1, "hash": "0" * 64, "line": line}]
        told = Shown.of(policy, "A0001", values, lines, set())
        parts = {each["part"]: each for each in told.parts()}
        assert (parts["math"]["score"], parts["math"]["points"]) == ("50", "55")
        assert (parts["science"]["score"], parts["science"]["points"]) == (None, "40")
        assert {each["subject"]: each["score"] for each in parts["science"]["subjects"]} == {
            "028563": "40",
            "28563": "80",
        }
        (programme,) = told.programmes()
        assert (programme["total"], programme["rank"]) == ("95", 3)
        for column in ("28563", "science"):
            hidden = Shown.of(policy, "A0001", values, lines, {column})
            assert {each["state"] for each in hidden.parts()} == {"told", "being-checked"}
            assert hidden.programmes()[0]["total"] is hidden.programmes()[0]["rank"] is None
            assert "80" not in json.dumps(hidden.parts())
        with refused("disclosure-differs"):
            Shown.of(policy, "A0001", values, [{**lines[0], "line": {**line, "total": "96"}}], set())
