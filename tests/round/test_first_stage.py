"""The first stage (第1段階選抜, R20): a multiple of the places by the common test, out at its own hour."""

import copy
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from activities.kernel.queries import queries
from activities.kernel.scheduled import Tools
from activities.round.ending import END_LOOKUPS
from activities.round.ranking import rank_some
from cases.finding import find_case
from cases.registry import ROOMS
from cases.round import boards, lists, outputs, rejudgments, results, verification
from schemas.kernel.refusals import Refusal
from schemas.kernel.step import TimePassed
from schemas.round import commands
from schemas.round.round import RoundForm
from schemas.round.rules import RankingRules
from tests.pure import jst
from tests.round.bureau import (
    ANN,
    BEN,
    CASE,
    CHECKER,
    CLOSES,
    HEAD,
    RELEASE,
    RULES,
    Bureau,
    Marks,
    application,
)
from tests.round.test_rejudgment import compute, opens, put_right
from tests.round.test_rules import propose, refused

HOUR = jst(2027, 2, 12, 12)
COMMON: Marks = {
    "A0001": (None, 90),
    "A0002": (None, 80),
    "A0003": (None, 80),
    "A0004": (None, 70),
    "A0005": (None, 60),
}
"""Twice the one place of law goes on: 90, and both who have 80."""
CHOICES: Mapping[str, tuple[str, ...]] = {"A0004": ("law",), "A0005": ("mech", "elec")}


def staged_rules() -> dict[str, Any]:
    """Law has one place and a first stage, mechanics none to pass; electronics has no first stage."""
    rules = copy.deepcopy(RULES)
    by_key = {programme["key"]: programme for programme in rules["programmes"]}
    by_key["law"]["frames"][0]["places"] = 1
    by_key["law"]["first_stage"] = {"exam": "common-test", "multiple": 2}
    by_key["mech"]["first_stage"] = {"exam": "common-test", "multiple": "0.5"}
    return rules


@pytest.fixture
def policy() -> dict[str, object]:
    return {"rules": staged_rules()}


async def come_in(bureau: Bureau, marks: Marks = COMMON) -> None:
    """Applications are over, and the file of the common test is accepted."""
    await bureau.open(first_stage_at=HOUR, common_test_due="2027-02-06")
    await bureau.decide(commands.FixRules, HEAD, version="default-1")
    for number in COMMON:
        await bureau.applies(number, *CHOICES.get(number, ("law",)))
    await bureau.goes_on(CLOSES + timedelta(minutes=1))
    await bureau.scores(marks)
    await bureau.rank()


async def confirmed(bureau: Bureau) -> None:
    """Both lists are prepared and confirmed; no meeting decides on them."""
    for name in ("first-law", "first-mech"):
        await bureau.prepare(name)
        await bureau.confirm(name)


async def out(bureau: Bureau) -> None:
    """The hour has come, and everybody has heard."""
    await confirmed(bureau)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=HOUR)
    await bureau.goes_on(HOUR)
    await told(bureau)


async def told(bureau: Bureau) -> None:
    for _ in range(20):
        if (await bureau.state()).stage != "first-stage":
            return
        await bureau.goes_on(seconds=2)


async def scored(bureau: Bureau) -> None:
    """From the first stage to the lists of the results."""
    await out(bureau)
    await bureau.scores({"A0001": (50,), "A0002": (90,), "A0003": (70,), "A0005": (60,)})
    await bureau.rank()


async def missing(bureau: Bureau) -> list[tuple[str, ...]]:
    rows = await bureau.owner.fetch("SELECT number, about, code FROM iehe.round_missing ORDER BY 1, 2")
    return [tuple(row) for row in rows]


async def test_r20_a_multiple_of_the_places_goes_on_and_all_who_are_tied_at_the_line(bureau: Bureau) -> None:
    """By the common test alone: nobody needs another value. The lists say nothing of who is admitted."""
    await come_in(bureau)
    state = await bureau.state()
    assert (state.stage, state.missing) == ("first-stage", 0)
    assert await bureau.lists() == {"first-law": "made", "first-mech": "made"}
    assert await bureau.listed("first-law") == [
        ("A0001", "passed", None),
        ("A0002", "passed", None),
        ("A0003", "passed", None),
        ("A0004", "not-passed", "first-stage"),
    ]
    assert await bureau.listed("first-mech") == [("A0005", "not-passed", "first-stage")]
    assert {"prepare-list:first-law", "prepare-list:first-mech"} <= await bureau.tasks()
    line = await bureau.owner.fetchval(
        "SELECT result FROM iehe.result_lines WHERE list = $1 AND line = 1", f"{CASE}#first-law/1"
    )
    assert set(json.loads(line)) == {"programme", "choice", "verdict", "goes_on"}


async def test_r20_a_missing_value_keeps_it_in_the_stage(bureau: Bureau) -> None:
    """And is named, as in the gate; another examination's is not missed."""
    await come_in(bureau, {number: marks for number, marks in COMMON.items() if number != "A0002"})
    state = await bureau.state()
    assert (state.stage, state.missing) == ("first-stage", 1)
    assert await missing(bureau) == [("A0002", "english", "part-missing")]
    assert "resolve-row" in await bureau.tasks()
    assert "common-test" in await bureau.tasks()
    assert await bureau.lists() == {}
    await bureau.scores({"A0002": (None, "absent")})
    await bureau.rank()
    assert ("A0002", "not-passed", "absent") in await bureau.listed("first-law")
    assert not {"resolve-row", "common-test"} & await bureau.tasks()


async def test_r20_nobody_is_left_out_on_whom_the_university_has_not_spoken(bureau: Bureau) -> None:
    """As of the lists of the results, none is made while there is one."""
    await come_in(bureau)
    await bureau.stands("A0009", "review")
    assert await bureau.lists() == {}
    await bureau.rank()
    assert await missing(bureau) == [("A0009", "application", "undecided")]


async def test_r20_a_second_person_confirms_and_then_the_head_says_the_hour(bureau: Bureau) -> None:
    """Preparer and confirmer are two, all lists or none, and it comes before the results."""
    await come_in(bureau)
    both = ANN.model_copy(update={"roles": ("admissions_office", "checker")})
    await bureau.prepare("first-law", both)
    seen = await bureau.hash("first-law")
    await refused(bureau, "list-own", commands.ConfirmList, both, programme="first-law", hash=seen)
    await bureau.confirm("first-law")
    assert "schedule-release" not in await bureau.tasks()
    await refused(bureau, "list-unconfirmed", commands.ScheduleRelease, HEAD, hour=HOUR)
    await refused(bureau, "programme-unknown", commands.PrepareList, BEN, programme="law", hash=seen)
    minute = {"programme": "first-law", "hash": seen, "minute_no": "2027-1"}
    await refused(bureau, "wrong-stage", commands.RecordJudgement, BEN, **minute)
    await bureau.prepare("first-mech", BEN)
    await bureau.confirm("first-mech")
    assert "schedule-release" in await bureau.tasks()
    await refused(bureau, "first-stage-after-results", commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=HOUR)
    state = await bureau.state()
    assert (state.first_stage_at, state.release_at) == (HOUR, RELEASE)
    await bureau.decide(commands.HoldRelease, HEAD, reason="list-wrong")
    await bureau.goes_on(HOUR)
    assert await bureau.result("A0001") == []
    assert (await bureau.state()).stage == "first-stage"


async def test_i9_a_changed_input_undoes_the_confirmation_of_a_first_stage(bureau: Bureau) -> None:
    """The release that was scheduled does not come, and the lists are prepared anew."""
    await come_in(bureau)
    await confirmed(bureau)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=HOUR)
    proposal = await propose(bureau, ANN, "A0004", "english", 95)
    await bureau.decide(commands.CorrectScore, ANN, proposal=proposal)
    await bureau.decide(commands.ConfirmScore, CHECKER, proposal=proposal)
    assert await bureau.lists() == {}
    await bureau.goes_on(HOUR)
    assert await bureau.result("A0001") == []
    await bureau.rank()
    assert await bureau.lists() == {"first-law": "made", "first-mech": "made"}
    assert [line[0] for line in await bureau.listed("first-law") if line[1] == "passed"] == ["A0004", "A0001"]
    tasks = await bureau.tasks()
    assert {"prepare-list:first-law", "prepare-list:first-mech"} <= tasks
    assert not {"schedule-release", "confirm-list:first-law"} & tasks
    assert (await bureau.state()).release is None


async def test_r20_news_of_lists_that_somebody_has_confirmed_already_undoes_nothing(bureau: Bureau) -> None:
    """Whoever reads the board can be faster than the inbox."""
    await come_in(bureau)
    await bureau.applies("A0006")
    await bureau.scores({"A0006": (None, 10)})
    assert await rank_some(Tools(bureau.pool, None, ROOMS, bureau.fault))  # type: ignore[arg-type]
    await confirmed(bureau)
    await bureau.hear()
    assert "schedule-release" in await bureau.tasks()
    assert not [task for task in await bureau.tasks() if task.startswith(("prepare", "confirm-list"))]
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=HOUR)


async def test_r20_before_its_hour_no_door_tells_anything(bureau: Bureau) -> None:
    """Neither a second before nor to the office's own role; at the hour every line is read alike."""
    await come_in(bureau)
    await confirmed(bureau)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=HOUR)
    await bureau.goes_on(HOUR - timedelta(seconds=1))
    for number in COMMON:
        assert await bureau.result(number) == []
        assert await results.results(bureau.office, number) == []
    out_ = await bureau.office.fetch("SELECT * FROM iehe.round_first_stage_out($1)", CASE)
    assert out_ == []
    assert await bureau.facts() == []
    count = await boards.countdown(bureau.office, await find_case(bureau.office, CASE))
    assert (count["state"], count["hour"], count["unconfirmed"]) == ("scheduled", HOUR, [])
    await bureau.goes_on(HOUR)
    assert await bureau.result("A0001") == ["passed"]
    assert await bureau.result("A0004") == ["not-passed"]
    assert await results.board(bureau.office, ANN.id, CASE) == []
    with pytest.raises(Refusal, match="There is no board of this round"):
        await outputs.make(bureau.office, ANN.id, await find_case(bureau.office, CASE), "board")


async def test_r20_each_is_told_once_and_then_the_round_scores(bureau: Bureau) -> None:
    """Who did not pass hears nothing again with the results; who goes on hears of those too (R28)."""
    await come_in(bureau)
    await scored(bureau)
    assert sorted(await bureau.facts()) == [application(number) for number in COMMON]
    state = await bureau.state()
    assert (state.stage, state.release, state.told) == ("judging", None, 0)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE)
    await bureau.told()
    again = [application(number) for number in ("A0001", "A0002", "A0003", "A0005")]
    assert sorted(await bureau.facts()) == sorted([*map(application, COMMON), *again])
    assert (await bureau.state()).told == 4
    await bureau.take(TimePassed())
    assert len(await bureau.facts()) == 9


async def test_r20_who_did_not_pass_is_not_considered_there_and_is_at_another_choice(bureau: Bureau) -> None:
    """No score of the examination is missed of them; the other choice goes on and gets a place."""
    await come_in(bureau)
    await scored(bureau)
    assert await bureau.listed("law") == [
        ("A0002", "admitted", None),
        ("A0003", "not-admitted", "frame-full"),
        ("A0001", "not-admitted", "frame-full"),
        ("A0004", "not-ranked", "first-stage"),
    ]
    assert await bureau.listed("mech") == [("A0005", "not-ranked", "first-stage")]
    assert await bureau.listed("elec") == [("A0005", "admitted", None)]
    assert await bureau.result("A0005") == ["not-passed"]
    await bureau.released()
    assert await bureau.result("A0005") == ["admitted", "not-passed", "not-passed"]
    assert await bureau.result("A0004") == ["not-passed", "not-passed"]


async def test_r20_its_lists_are_none_of_the_results(bureau: Bureau) -> None:
    """The board, what goes out and the figures are of the results alone; its hour is its own."""
    await come_in(bureau)
    await scored(bureau)
    row = await find_case(bureau.office, CASE)
    count = await boards.countdown(bureau.office, row)
    assert (count["state"], count["hour"]) == ("planned", RELEASE)
    assert [each["programme"] for each in count["lists"]] == ["law", "mech", "elec"]
    await bureau.released()
    board = await results.board(bureau.office, ANN.id, CASE)
    assert {each["programme"]: each["numbers"] for each in board} == {
        "elec": ["A0005"],
        "law": ["A0002"],
        "mech": [],
    }
    portal = await outputs.make(bureau.office, ANN.id, row, "portal")
    assert [cells[:3] for cells in portal.rows].count(("A0001", "1", "law")) == 1
    async with bureau.pool.acquire() as connection:
        sums = await END_LOOKUPS["sums"](connection, {"case_id": CASE})
    figures = {name: sums["sums"][name] for name in ("applicants", "ranked", "admitted")}
    assert figures == {"applicants": 5, "ranked": 4, "admitted": 2}
    assert [each["programme"] for each in sums["programmes"]] == ["elec", "law", "mech"]


async def test_i8_a_list_of_a_first_stage_is_made_again_to_the_same_bytes(bureau: Bureau) -> None:
    """Shown and compared, too: before its hour, after it, and after the other examination was scored."""
    await come_in(bureau)
    row = await find_case(bureau.office, CASE)
    shown = await lists.show_list(bureau.office, ANN.id, row, "first-law")
    assert [(each["application"], each["total"], each["tied"]) for each in shown["lines"]][:3] == [
        ("A0001", "90", 0),
        ("A0002", "80", 1),
        ("A0003", "80", 1),
    ]
    assert [(each["limit"], each["admitted"], each["cut"]) for each in shown["frames"]] == [(2, 3, "80")]
    told_ = await verification.verify(bureau.office, ANN.id, row)
    assert (told_["same"], told_["missing"]) == (True, 0)
    await bureau.scores({"A0005": (None, 65)})
    await bureau.rank()
    found = await lists.compare(bureau.office, ANN.id, row, "first-mech", 1)
    assert [(each["total_before"], each["total"]) for each in found["changed"]] == [("60", "65")]
    await scored(bureau)
    told_ = await verification.verify(bureau.office, ANN.id, await find_case(bureau.office, CASE))
    assert {each["programme"]: each["found"] for each in told_["lists"]} == dict.fromkeys(
        ("elec", "first-law", "first-mech", "law", "mech"), "same"
    )


async def test_r20_what_changes_after_its_hour_changes_nothing_that_is_out(bureau: Bureau) -> None:
    """A file that comes while cases are told is looked at afterwards; who was wronged has another list."""
    await come_in(bureau)
    await confirmed(bureau)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=HOUR)
    await bureau.goes_on(HOUR)
    await bureau.scores({"A0004": (None, 99)})
    assert not await bureau.rank()
    await told(bureau)
    assert (await bureau.state()).stage == "scoring"
    assert await bureau.rank()
    assert {name for name in await bureau.lists() if name.startswith("first-")} == {"first-law", "first-mech"}
    numbers = await bureau.owner.fetch("SELECT number FROM iehe.result_lists WHERE name = 'first-law'")
    assert [row["number"] for row in numbers] == [1, 2]
    assert await bureau.result("A0004") == ["not-passed"]


async def test_r20_who_comes_after_its_hour_is_for_a_person(bureau: Bureau) -> None:
    """Nobody is left out in silence: they are named, and hold the lists up until somebody has seen to it."""
    await come_in(bureau)
    await out(bureau)
    await bureau.applies("A0007")
    await bureau.scores({"A0001": (50,), "A0002": (90,), "A0003": (70,), "A0005": (60,), "A0007": (1, 1)})
    await bureau.rank()
    assert (await bureau.state()).stage == "gate"
    assert await missing(bureau) == [("A0007", "law", "no-first-stage")]
    await bureau.leaves("A0007")
    await bureau.rank()
    assert (await bureau.state()).stage == "judging"


@pytest.mark.parametrize("point", ["inputs-read", "lists-made"])
async def test_r20_who_dies_while_lists_are_made_leaves_nothing_half(bureau: Bureau, point: str) -> None:
    """And another makes them, once."""

    async def dies(here: str) -> None:
        if here == point:
            raise ConnectionResetError(here)

    await come_in(bureau, {"A0001": (None, 90)})
    batch = await bureau.load({number: marks for number, marks in COMMON.items() if number != "A0001"})
    await bureau.decide(commands.AcceptBatch, batch=batch["batch"], hash=batch["hash"])
    alive, bureau.fault = bureau.fault, dies
    with pytest.raises(ConnectionResetError):
        await bureau.rank()
    assert await bureau.lists() == {}
    bureau.fault = alive
    await bureau.rank()
    assert await bureau.lists() == {"first-law": "made", "first-mech": "made"}
    assert not await bureau.rank()


async def test_r20_who_dies_while_cases_are_told_leaves_nothing_half(bureau: Bureau) -> None:
    """The step that tells is written whole or not at all, and tells nobody twice."""

    async def dies(here: str) -> None:
        raise ConnectionResetError(here)

    await come_in(bureau)
    await confirmed(bureau)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=HOUR)
    await bureau.goes_on(HOUR)
    alive, bureau.fault = bureau.fault, dies
    with pytest.raises(ConnectionResetError):
        await bureau.goes_on(seconds=2)
    bureau.fault = alive
    await told(bureau)
    assert sorted(await bureau.facts()) == sorted(map(application, COMMON))
    assert (await bureau.state()).stage == "scoring"


async def test_r20_the_other_examination_may_be_scored_before(bureau: Bureau) -> None:
    """Then the results are ranked as soon as it is known who goes on."""
    whole = {number: (50, marks[1]) for number, marks in COMMON.items()}
    await come_in(bureau, whole)
    await out(bureau)
    assert (await bureau.state()).stage == "scoring"
    await bureau.rank()
    assert (await bureau.state()).stage == "judging"


@pytest.mark.parametrize("changed", [False, True])
async def test_r20_a_round_that_is_called_off_releases_nothing(bureau: Bureau, *, changed: bool) -> None:
    """Though the hour was said before, and whether or not something has changed since."""
    await come_in(bureau)
    await confirmed(bureau)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=HOUR)
    if changed:
        await bureau.leaves("A0002")
    await bureau.decide(commands.CancelRound, HEAD, reason_id="00000000-0000-0000-0000-000000000001")
    await bureau.goes_on(HOUR)
    assert (await bureau.state()).stage == "cancelled"
    assert await bureau.result("A0001") == []


async def test_r20_a_rejudgment_and_disclosure_know_the_results_alone(bureau: Bureau) -> None:
    """Who did not pass is not wronged by a score of another examination, and reads the results' line."""
    await come_in(bureau)
    await scored(bureau)
    await bureau.released()
    bases = queries("round/rejudgments")["bases"]
    assert [row["name"] for row in await bureau.owner.fetch(bases, CASE)] == ["elec", "law", "mech"]
    own = "SELECT programme, line ->> 'reason' AS reason FROM iehe.round_own_lines($1, $2, 'office-1')"
    rows = await bureau.office.fetch(own, CASE, application("A0004"))
    assert [tuple(row) for row in rows] == [("law", "first-stage")]
    await opens(bureau)
    await put_right(bureau, "A0003", 95)
    assert await compute(bureau)
    [told_] = await rejudgments.rejudgments(bureau.office, CASE)
    assert (told_["wronged"], told_["lists"]) == (1, 1)
    again = await verification.verify(bureau.office, ANN.id, await find_case(bureau.office, CASE))
    found = {each["programme"]: each["found"] for each in again["lists"] if each["state"] != "out"}
    assert found == {"law": "same"}


class TestWithout:
    """Rounds whose rules have no first stage."""

    @pytest.fixture
    def policy(self) -> dict[str, object]:
        return {}

    async def test_r20_a_round_without_a_first_stage_is_as_before(self, bureau: Bureau) -> None:
        """From applications to scores; its lists are those of its programmes."""
        await bureau.open(common_test_due="2027-02-06")
        await bureau.decide(commands.FixRules, HEAD, version="default-1")
        await bureau.applies("A0001")
        await bureau.goes_on(CLOSES + timedelta(minutes=1))
        state = await bureau.state()
        assert (state.stage, state.first_stage) == ("scoring", ())
        assert {"common-test", "exam-scores"} <= await bureau.tasks()
        await bureau.scores({"A0001": (90, 90)})
        await bureau.rank()
        assert set(await bureau.lists()) == {"law", "mech", "elec"}


def test_r20_its_hour_lies_between_the_close_and_the_results() -> None:
    """It is announced or left to the head."""
    dates = {"closes_at": CLOSES, "release_at": RELEASE, "enrol_by": RELEASE + timedelta(days=7)}
    assert RoundForm.model_validate(dates).first_stage_at is None
    assert RoundForm.model_validate(dates | {"first_stage_at": HOUR}).first_stage_at == HOUR
    for wrong in (CLOSES, RELEASE):
        with pytest.raises(ValueError, match="comes after"):
            RoundForm.model_validate(dates | {"first_stage_at": wrong})


def test_r20_no_programme_has_the_name_of_a_first_stages_list() -> None:
    """Two lists of one name would take each other's place."""
    rules = staged_rules()
    rules["programmes"].append(
        {
            "key": "first-law",
            "unit": "law",
            "weights": {"math": 1},
            "frames": [{"key": "first-law", "places": 1}],
        }
    )
    with pytest.raises(ValueError, match="name of another programme"):
        RankingRules.model_validate(rules)
