"""Further rules of a round: what is known before lists are made, what lists show, what is told of them."""

import json

import pytest

from cases.batches import load_batch
from schemas.round import commands
from tests.round.bureau import ANN, CASE, CLOSES, Bureau, application
from tests.round.calling import enrolled
from workflows.round.process import ROUND

FOUR = {"A0001": (90, 90), "A0002": (80, 80), "A0003": (70, 70), "A0004": (60, 60)}


async def accept_elsewhere(bureau: Bureau, *numbers: str) -> None:
    """Who enrolled elsewhere is loaded and accepted, and somebody has looked at the file."""
    batch = await load_batch(bureau.office, ANN.id, CASE, ROUND.name, enrolled(numbers))
    await bureau.decide(commands.AcceptBatch, batch=batch["batch"], hash=batch["hash"])
    await bureau.look_at_distribution()


async def test_r8_who_enrolled_elsewhere_before_is_not_admitted(bureau: Bureau) -> None:
    """Of an earlier schedule, by the newest list: not ranked, with the reason; the next has the place."""
    await bureau.judging(FOUR)
    await accept_elsewhere(bureau, "A0001")
    assert await bureau.lists() == {}
    await bureau.rank()
    assert await bureau.listed() == [
        ("A0002", "admitted", None),
        ("A0003", "admitted", None),
        ("A0004", "not-admitted", "frame-full"),
        ("A0001", "not-ranked", "enrolled-elsewhere"),
    ]


@pytest.mark.parametrize("policy", [{"needs_elsewhere": True}])
async def test_r26_a_later_schedule_is_not_ranked_without_the_list(bureau: Bureau) -> None:
    """It stays where it is, and what is missing is named, until a list was accepted."""
    await bureau.fixed()
    for number in FOUR:
        await bureau.applies(number)
    await bureau.goes_on(CLOSES)
    await bureau.goes_on(minutes=1)
    await bureau.scores(FOUR)
    await bureau.rank()
    assert (await bureau.state()).stage == "gate"
    row = await bureau.owner.fetchrow("SELECT about, code FROM iehe.round_missing")
    assert tuple(row) == ("enrolled-elsewhere", "list-missing")
    await accept_elsewhere(bureau)
    await bureau.rank()
    assert (await bureau.state()).stage == "judging"


async def test_r21_a_judging_list_tells_nobodys_name(bureau: Bureau) -> None:
    """Neither name, sex, age, school nor kin is known to the round: numbers, points and what follows."""
    await bureau.judging(FOUR)
    body = await bureau.owner.fetchval("SELECT body FROM iehe.result_lists WHERE name = 'law'")
    (fields,) = {frozenset(line) for line in json.loads(body)["lines"]}
    assert fields == {
        *("application", "choice", "frame", "total", "ties", "rank", "verdict", "reason", "full_frame"),
        "waitlist_place",
    }
    columns = await bureau.owner.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'round_applications'"
    )
    assert {row["column_name"] for row in columns} == {
        *("case_id", "application", "number", "person", "choices", "since", "gone")
    }


async def test_r28_one_result_is_told_however_many_choices(bureau: Bureau) -> None:
    """Samfundet/Samfundet #736: two choices are two lines, and one fact to one case."""
    await bureau.judging({"A0001": (90, 90)}, ("mech", "elec"))
    await bureau.released()
    assert await bureau.result("A0001") == ["not-admitted", "admitted"]
    assert await bureau.facts() == [application("A0001")]


async def test_i7_a_repeat_tells_nobody_again(bureau: Bureau) -> None:
    """openreview/openreview-py #1337: whatever is asked twice, each line was told by one step."""
    await bureau.judging(FOUR)
    await bureau.released()
    before = await bureau.owner.fetch("SELECT list, line, told_version FROM iehe.result_lines ORDER BY 1, 2")
    assert all(row["told_version"] is not None for row in before)
    for _ in range(3):
        await bureau.goes_on(seconds=5)
    after = await bureau.owner.fetch("SELECT list, line, told_version FROM iehe.result_lines ORDER BY 1, 2")
    assert after == before
    assert len(await bureau.facts()) == len(FOUR)


async def test_r15_a_fault_of_a_formula_marks_every_list_that_used_it(bureau: Bureau) -> None:
    """Of any round: which list was made by which version of which formula is kept with it."""
    formula = {
        "formula": "median",
        "version": "2027-1",
        "of": "math",
        "places": 0,
        "rounding": "half-up",
        "branches": [
            {"since": 0, "until": 100, "factor": 1, "offset": 0, "values": [{"raw": 50, "adjusted": 50}]}
        ],
    }
    await bureau.owner.execute(
        "UPDATE iehe.policies"
        " SET body = jsonb_set(body::jsonb, '{routes,general,rules,adjustments}', $1::jsonb)",
        json.dumps([formula]),
    )
    await bureau.judging(FOUR)
    rows = await bureau.owner.fetch(
        "SELECT l.name FROM iehe.round_formulas f JOIN iehe.result_lists l USING (list)"
        " WHERE f.formula = 'median' AND f.version = '2027-1' ORDER BY 1"
    )
    assert [row["name"] for row in rows] == ["elec", "law", "mech"]
