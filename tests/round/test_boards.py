"""What offices see of a round, and what other systems read of it: before and after the hour, and how fast."""

import asyncio
import json
import time
from datetime import timedelta

import asyncpg
import pytest

from cases import batches
from cases.finding import find_case
from cases.round import boards, lists, results, scores, verification
from schemas.kernel.refusals import Refusal
from schemas.round import commands
from tests.round.bureau import ANN, CASE, CHECKER, CLOSES, HEAD, RELEASE, Bureau, application, read
from workflows.round.process import ROUND

FOUR = {"A0001": (90, 90), "A0002": (80, 80), "A0003": (80, 80), "A0004": (60, "absent")}
LAST_YEAR = "round/2026-GENERAL"
READS = 10_000


async def row(bureau: Bureau) -> asyncpg.Record:
    return await find_case(bureau.office, CASE)


async def test_what_is_missing_is_told_by_part_and_by_application(bureau: Bureau) -> None:
    """As it was looked at last; what has changed since is said to be outdated."""
    await bureau.fixed()
    for number in FOUR:
        await bureau.applies(number)
    await bureau.goes_on(CLOSES + timedelta(minutes=1))
    await bureau.scores({"A0001": (90, 90), "A0002": (80,), "A0003": (70,)})
    await bureau.rank()
    told = await boards.missing(bureau.office, CASE)
    assert [(each["part"], each["applications"]) for each in told["parts"]] == [("english", 3), ("math", 1)]
    assert [(each["number"], each["part"]) for each in told["values"]] == [
        ("A0002", "english"),
        ("A0003", "english"),
        ("A0004", "english"),
        ("A0004", "math"),
    ]
    assert (told["missing"], told["outdated"]) == (4, False)
    await bureau.leaves("A0004")
    assert (await boards.missing(bureau.office, CASE))["outdated"]


async def test_a_frame_has_places_limit_and_what_is_given_out(bureau: Bureau) -> None:
    """The limit is the meeting's, by its minute; offers count when cases were told, not before."""
    await bureau.judging(FOUR)
    await bureau.decide(commands.SetOfferLimit, HEAD, frame="law", number=3, minute_no="2027-11")
    await bureau.rank()
    await bureau.confirmed()
    before = {each["frame"]: each for each in await boards.frames(bureau.office, await row(bureau))}
    assert before["law"] == {
        "programme": "law",
        "frame": "law",
        "parent": None,
        "places": 2,
        "limit": 3,
        "minute_no": "2027-11",
        "held": 0,
        "offered": 0,
        "taken": 0,
        "extra": 0,
        "free": 2,
    }
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE)
    await bureau.told()
    after = {each["frame"]: each for each in await boards.frames(bureau.office, await row(bureau))}
    assert [after["law"][name] for name in ("offered", "free")] == [3, 0]
    assert [after["mech"][name] for name in ("offered", "free", "minute_no")] == [0, 1, None]


async def test_the_countdown_goes_by_the_servers_clock(bureau: Bureau) -> None:
    """Planned, scheduled, held, out; which lists nobody has confirmed yet."""
    await bureau.judging(FOUR)
    told = await boards.countdown(bureau.office, await row(bureau))
    assert (told["state"], told["hour"], told["seconds"]) == ("planned", RELEASE, None)
    assert set(told["unconfirmed"]) == {"law", "mech", "elec"}
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE - timedelta(hours=1))
    told = await boards.countdown(bureau.office, await row(bureau))
    assert (told["state"], told["unconfirmed"]) == ("scheduled", [])
    assert 3500 < told["seconds"] <= 3600
    await bureau.decide(commands.HoldRelease, HEAD, reason="score-wrong")
    told = await boards.countdown(bureau.office, await row(bureau))
    assert (told["state"], told["reason"]) == ("held", "score-wrong")
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE)
    told = await boards.countdown(bureau.office, await row(bureau))
    assert told["state"] == "out"
    assert told["seconds"] <= 0


async def test_a_list_is_shown_with_ties_cut_lines_and_reasons(bureau: Bureau) -> None:
    """Two who are fully tied are told as such; who failed is told by which line."""
    await bureau.judging(FOUR)
    told = await lists.show_list(bureau.office, ANN.id, await row(bureau), "law")
    assert told["hash"] == await bureau.hash()
    (frame,) = told["frames"]
    assert (frame["limit"], frame["admitted"], frame["cut"]) == (2, 3, "160")
    seen = [(line["application"], line["rank"], line["tied"], line["verdict"]) for line in told["lines"]]
    assert seen == [
        ("A0001", 1, 0, "admitted"),
        ("A0002", 2, 1, "admitted"),
        ("A0003", 2, 1, "admitted"),
        ("A0004", None, 0, "not-ranked"),
    ]
    assert told["lines"][3]["reason"] == "absent"
    with pytest.raises(Refusal) as refused:
        await lists.show_list(bureau.office, ANN.id, await row(bureau), "law", 9)
    assert refused.value.code == "list-unknown"
    with pytest.raises(Refusal) as refused:
        await lists.show_list(bureau.office, ANN.id, await row(bureau), "music")
    assert refused.value.code == "programme-unknown"


async def test_who_opens_a_list_is_noted_with_whether_it_was_out(bureau: Bureau) -> None:
    """Each read, of two that are compared both; what only counts is no read."""
    await bureau.judging(FOUR)
    await lists.lists(bureau.office, CASE)
    await lists.show_list(bureau.office, CHECKER.id, await row(bureau), "law")
    await bureau.released()
    await lists.show_list(bureau.office, ANN.id, await row(bureau), "law")
    noted = await bureau.owner.fetch("SELECT staff_id, out FROM iehe.result_reads ORDER BY read")
    assert [tuple(each) for each in noted] == [(CHECKER.id, False), (ANN.id, True)]


async def test_two_lists_are_compared(bureau: Bureau) -> None:
    """Who is new, who is gone, whose rank or verdict is another one, with what it was."""
    await bureau.judging(FOUR)
    await bureau.leaves("A0003")
    await bureau.applies("A0005")
    await bureau.scores({"A0005": (85, 85)})
    await bureau.rank()
    told = await lists.compare(bureau.office, ANN.id, await row(bureau), "law", 1)
    assert [each["application"] for each in told["new"]] == ["A0005"]
    changed = {each["application"]: each for each in told["changed"]}
    assert (changed["A0002"]["rank_before"], changed["A0002"]["rank"]) == (2, 3)
    assert (changed["A0003"]["verdict_before"], changed["A0003"]["reason"]) == ("admitted", "withdrawn")
    assert told["verdicts"] == 2


async def test_an_application_is_explained_choice_by_choice(bureau: Bureau) -> None:
    """A better choice that failed, with the line that it failed by, and the one that it got."""
    marks = {"A0001": (90, 90), "A0002": (80, 80), "A0003": (70, 70)}
    await bureau.judging(marks, ("mech",), ("mech", "elec"), ("mech", "elec"))
    told = await lists.explain_application(bureau.office, ANN.id, await row(bureau), "A0003")
    said = [(each["programme"], each["verdict"], each["reason"], each["cut"]) for each in told["choices"]]
    assert said == [
        ("mech", "not-admitted", "frame-full", "180"),
        ("elec", "not-admitted", "frame-full", "160"),
    ]
    with pytest.raises(Refusal) as refused:
        await lists.explain_application(bureau.office, ANN.id, await row(bureau), "A9999")
    assert refused.value.code == "application-unknown"


async def test_i8_lists_are_made_again_to_the_same_bytes(bureau: Bureau) -> None:
    """Before and after the hour; what is stored otherwise, and what was put right since, is named."""
    await bureau.judging(FOUR)
    told = await verification.verify(bureau.office, ANN.id, await row(bureau))
    assert told["same"]
    assert [each["programme"] for each in told["lists"]] == ["elec", "law", "mech"]
    await bureau.released()
    assert (await verification.verify(bureau.office, ANN.id, await row(bureau)))["same"]
    await bureau.leaves("A0004")
    told = await verification.verify(bureau.office, ANN.id, await row(bureau))
    assert {each["found"] for each in told["lists"]} == {"inputs-changed"}


async def test_i8_bytes_that_were_changed_are_found(bureau: Bureau) -> None:
    """By somebody who owns the database and takes its triggers away."""
    await bureau.judging(FOUR)
    await bureau.owner.execute("ALTER TABLE iehe.result_lists DISABLE TRIGGER result_lists_keep_bytes")
    changed = await bureau.owner.execute(
        "UPDATE iehe.result_lists SET body = convert_to("
        "replace(convert_from(body, 'UTF8'), 'not-ranked', 'admitted'), 'UTF8') WHERE name = 'law'"
    )
    assert changed == "UPDATE 1"
    told = await verification.verify(bureau.office, ANN.id, await row(bureau))
    found = {each["programme"]: each["found"] for each in told["lists"]}
    assert found == {"law": "differs", "mech": "same", "elec": "same"}
    assert not told["same"]


async def test_r5_nothing_is_out_before_the_hour_and_everything_at_it(bureau: Bureau) -> None:
    """A second before it neither results nor board have a line; at it they have, with no program running."""
    await bureau.judging(FOUR)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE - timedelta(seconds=1))
    assert await results.results(bureau.office, "A0001") == []
    assert await results.board(bureau.office, ANN.id, CASE) == []
    await bureau.owner.execute("UPDATE iehe.clock_shift SET shift = shift + interval '1 second'")
    (told,) = await results.results(bureau.office, "A0001")
    assert (told["programme"], told["verdict"], told["hour"]) == ("law", "admitted", RELEASE)
    assert told["hash"] == await bureau.hash()
    assert (await results.results(bureau.office, application("A0004")))[0]["verdict"] == "not-ranked"
    assert await results.results(bureau.office, "A9999") == []
    board = {each["programme"]: each for each in await results.board(bureau.office, ANN.id, CASE)}
    assert board["law"]["numbers"] == ["A0001", "A0002", "A0003"]
    assert board["law"]["hash"] == await bureau.hash()
    assert board["mech"]["numbers"] == []


async def test_r11_a_file_stands_beside_last_years(bureau: Bureau) -> None:
    """What counted in the round of the year before, of the same kind; what looks wrong is flagged."""
    await bureau.fixed()
    for number in FOUR:
        await bureau.applies(number)
    alone = await scores.load(bureau.office, ANN.id, CASE, read({"A0001": (90, 90)}))
    assert alone["last_batch"] is None
    assert [each["last_mean"] for each in alone["parts"]] == [None, None]
    last = await last_year(bureau, {f"B{number:04}": (40, 90) for number in range(2)})
    told = await scores.show(bureau.office, CASE, alone["batch"])
    assert str(told["last_batch"]) == last
    assert {each["part"]: each["last_count"] for each in told["parts"]} == {"math": 2, "english": 2}
    assert {"count-changed"} <= {flag for each in told["parts"] for flag in each["flags"]}


async def last_year(bureau: Bureau, marks: dict[str, tuple[int, int]]) -> str:
    """A round of the year before, in which a file counts."""
    await bureau.owner.execute(
        "SELECT iehe.round_store('2026-GENERAL', to_jsonb(r)) FROM iehe.round_rounds r WHERE r.case_id = $1",
        CASE,
    )
    columns = await bureau.owner.fetchval(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
        " WHERE table_schema = 'iehe' AND table_name = 'cases'"
        " AND is_generated = 'NEVER' AND column_name <> 'case_id'"
    )
    copied = f"SELECT $1, {columns} FROM iehe.cases WHERE case_id = $2"  # noqa: S608 - names of columns
    await bureau.owner.execute(f"INSERT INTO iehe.cases (case_id, {columns}) {copied}", LAST_YEAR, CASE)
    told = await batches.load_batch(bureau.office, ANN.id, LAST_YEAR, ROUND.name, read(marks))
    accept = "SELECT iehe.accept_batch($1::uuid, $2, 'office-1', now(), $3)"
    await bureau.pool.execute(accept, told["batch"], told["hash"], LAST_YEAR)
    return str(told["batch"])


async def test_ten_thousand_results_are_read_in_the_first_minute(bureau: Bureau) -> None:
    """Among as many lines, each along an index, as everybody who has applied asks at the hour."""
    await bureau.judging(FOUR)
    await bureau.released()
    await bureau.owner.execute(
        "INSERT INTO iehe.result_lines (list, line, case_id, subject, result)"
        " SELECT $1, 100 + n, $2, 'admission/C' || n, $3 FROM generate_series(1, $4::int) AS n",
        *(f"{CASE}#law/1", CASE, json.dumps({"choice": 1, "verdict": "not-admitted", "frame": "law"}), READS),
    )
    async with bureau.office.acquire() as connection, connection.transaction():
        (found,) = await results.results(connection, "C77")
        assert found["verdict"] == "not-admitted"
        scans = "SELECT seq_scan FROM pg_stat_xact_all_tables WHERE relid = 'iehe.result_lines'::regclass"
        assert await connection.fetchval(scans) == 0

    async def some(first: int) -> None:
        for number in range(first, READS, 2):
            assert len(await results.results(bureau.office, f"C{number + 1}")) == 1

    began = time.perf_counter()
    await asyncio.gather(some(0), some(1))
    took = time.perf_counter() - began
    assert took < 60, f"{READS} results took {took:.1f} s"
