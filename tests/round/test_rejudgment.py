"""An error is found after the release (R7): the wronged get what is theirs, and nobody loses by it."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from activities.kernel.scheduled import Tools
from activities.round.rejudgments import rejudge_some
from cases.finding import find_case
from cases.registry import ROOMS
from cases.round import boards, rejudgments, results, verification
from cases.round.waitlist import proof
from schemas.kernel.case import Actor, EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from schemas.kernel.step import FactTold, StepOutcome
from schemas.round import commands
from schemas.round.rejudgment import ConfirmRejudgment, DropRejudgment, OpenRejudgment
from tests.pure import jst
from tests.round.bureau import ANN, CASE, CHECKER, HEAD, RULES, Bureau, application
from tests.round.calling import ENDS, SIX, Desk
from tests.round.test_rules import propose, refused
from tests.words import UNREADABLE
from workflows.round.process import ROUND

BOTH = Actor(id="head-1", roles=("head_of_admissions", "checker"))
ENGINEERS = {"A0001": (85, 85), "A0002": (80, 80), "A0003": (70, 70)}
TWO = {"A0001": (85, 85), "A0002": (80, 80)}
ELEC, MECH = ("elec", "mech"), ("mech", "elec")


@pytest.fixture
def policy() -> dict[str, object]:
    """Everybody who finds no place waits."""
    return {"waitlist": {"law": 6, "mech": 6, "elec": 6}}


@pytest.fixture
def desk(bureau: Bureau) -> Desk:
    return Desk(bureau)


async def opens(bureau: Bureau, by: Actor = HEAD, error: str = "score-wrong", **values: Any) -> StepOutcome:
    """The head says that there was an error, in words."""
    reason = str(uuid4())
    await bureau.owner.execute(UNREADABLE, reason, CASE, by.id)
    return await bureau.decide(OpenRejudgment, by, error=error, reason_id=reason, **values)


async def put_right(bureau: Bureau, number: str, value: int, part: str = "math") -> None:
    """Two persons say that a score is another one."""
    proposal = await propose(bureau, ANN, number, part, value)
    await bureau.decide(commands.CorrectScore, ANN, proposal=proposal)
    await bureau.decide(commands.ConfirmScore, CHECKER, proposal=proposal)


async def compute(bureau: Bureau) -> bool:
    """The worker's errand looks once, and the round hears of it."""
    looked = await rejudge_some(Tools(bureau.pool, None, ROOMS, bureau.fault))  # type: ignore[arg-type]
    await bureau.hear()
    return looked


async def row(bureau: Bureau) -> dict[str, Any]:
    """The latest re-judgment, as offices list it."""
    return (await rejudgments.rejudgments(bureau.office, CASE))[0]


async def confirms(bureau: Bureau, by: Actor = CHECKER) -> StepOutcome:
    """A second person confirms what was computed."""
    return await bureau.decide(ConfirmRejudgment, by, hash=(await row(bureau))["hash"])


async def tells(bureau: Bureau) -> None:
    """The clock tells until it is over."""
    for _ in range(5):
        if (await bureau.state()).rejudgment is None:
            return
        await bureau.goes_on(seconds=2)
    raise AssertionError("it is never over")


async def wrong_score(desk: Desk, number: str = "A0004", value: int = 95) -> None:
    """Law is out, one score was wrong, and all was computed again."""
    await desk.released(SIX)
    await opens(desk.bureau)
    await put_right(desk.bureau, number, value)
    assert await compute(desk.bureau)


async def judged_again(desk: Desk, number: str = "A0004", value: int = 95) -> None:
    """The same, confirmed and told."""
    await wrong_score(desk, number, value)
    await confirms(desk.bureau)
    await tells(desk.bureau)


async def wronged(bureau: Bureau) -> dict[str, str | None]:
    """Who was wronged, and what it came to."""
    shown = await rejudgments.show(bureau.office, ANN.id, CASE)
    return {each["number"]: each["given"] for each in shown["wronged_ones"]}


async def verdicts(bureau: Bureau) -> dict[str, list[str]]:
    """What everybody is told, by number."""
    return {number: await bureau.result(number) for number in SIX}


async def test_r7_the_wronged_get_a_place_beyond_the_limit_and_nobody_loses_one(desk: Desk) -> None:
    """The third of the right ranking keeps the place; the ledger holds one more than there are places."""
    bureau = desk.bureau
    await desk.released(SIX)
    before = await verdicts(bureau)
    await opens(bureau)
    await put_right(bureau, "A0004", 95)
    await compute(bureau)
    assert await verdicts(bureau) == before
    await confirms(bureau)
    await tells(bureau)
    assert await verdicts(bureau) == before | {"A0004": ["admitted"]}
    assert [await desk.place(number) for number in ("A0001", "A0002", "A0004")] == [("law", "offered")] * 3
    assert await bureau.frame("law") == (2, 0, 3, 0)
    assert await wronged(bureau) == {"A0004": "extra"}
    assert (await row(bureau))["state"] == "closed"
    (board,) = [each for each in await results.board(bureau.office, ANN.id, CASE) if each["list"] == 2]
    assert board["numbers"] == ["A0001", "A0002", "A0004"]


async def test_r7_who_waited_and_has_a_place_now_waits_no_more(desk: Desk) -> None:
    """With evidence; the proof of the waitlist holds, and nobody had to call them."""
    await judged_again(desk)
    await desk.bureau.goes_on(seconds=2)
    told = await proof(desk.bureau.office, CASE)
    line = next(each for each in told["entries"] if each["number"] == "A0004")
    assert (line["state"], line["evidence"]["code"]) == ("withdrawn", "placed-higher")
    assert told["skipped"] == []
    assert (await desk.entries())["A0003"] == "waiting"


async def test_r7_from_the_second_to_the_first_choice_the_place_is_moved(desk: Desk) -> None:
    """Who holds the first choice keeps it, and the place of the second one is the waitlist's."""
    bureau = desk.bureau
    await desk.released(ENGINEERS, ELEC, ELEC, MECH)
    assert [await desk.place(number) for number in ENGINEERS] == [
        ("elec", "offered"),
        ("mech", "offered"),
        None,
    ]
    await desk.accepts("A0002")
    await opens(bureau)
    await put_right(bureau, "A0002", 99)
    await compute(bureau)
    await confirms(bureau)
    await tells(bureau)
    assert await desk.place("A0001") == ("elec", "offered")
    assert await desk.place("A0002") == ("elec", "taken")
    assert await wronged(bureau) == {"A0002": "moved"}
    assert await bureau.frame("elec") == (1, 0, 1, 1)
    assert await bureau.frame("mech") == (1, 0, 0, 0)
    # of the choice that was given up it is told as of any other that was wanted less
    assert dict(zip(("elec", "mech"), await bureau.result("A0002"), strict=True)) == {
        "elec": "admitted",
        "mech": "not-admitted",
    }
    assert await bureau.facts("rejudged") == [application("A0002")]


async def test_r7_who_withdrew_after_the_release_wrongs_nobody(desk: Desk) -> None:
    """Their places are the waitlist's: they count in the ranking as they did, and claim nothing."""
    bureau = desk.bureau
    await desk.released(SIX)
    await desk.withdraws("A0001")
    await desk.withdraws("A0005")
    await opens(bureau)
    await put_right(bureau, "A0005", 99)
    await compute(bureau)
    assert await wronged(bureau) == {}
    assert (await row(bureau))["lists"] == 0


async def test_r7_an_answer_of_ones_own_stands_and_is_shown(desk: Desk) -> None:
    """Who has declined the second choice is not given the first one, nor told of it."""
    bureau = desk.bureau
    await desk.released(TWO, ELEC, ELEC)
    await desk.gives_back("A0002")
    await opens(bureau)
    await put_right(bureau, "A0002", 99)
    await compute(bureau)
    assert await wronged(bureau) == {"A0002": "declined"}
    await confirms(bureau)
    assert (await row(bureau))["state"] == "closed"
    assert await desk.place("A0002") is None
    assert await bureau.facts("rejudged") == []


async def test_r7_who_declines_between_confirming_and_telling_is_given_nothing(desk: Desk) -> None:
    """The ledger is asked in the step that gives, and not before."""
    bureau = desk.bureau
    await desk.released(TWO, ELEC, ELEC)
    await opens(bureau)
    await put_right(bureau, "A0002", 99)
    await compute(bureau)
    await confirms(bureau)
    await desk.gives_back("A0002")
    await tells(bureau)
    assert await wronged(bureau) == {"A0002": "declined"}
    assert await bureau.frame("elec") == (1, 0, 1, 0)
    assert await bureau.facts("rejudged") == []


async def test_r7_two_persons_and_nothing_that_has_changed_since_it_was_seen(desk: Desk) -> None:
    """Who has opened it does not confirm it, nor is anything confirmed that was not computed, or is old."""
    bureau = desk.bureau
    await desk.released(SIX)
    await opens(bureau, BOTH)
    await refused(bureau, "rejudgment-open", OpenRejudgment, HEAD, error="other", reason_id=str(uuid4()))
    await refused(bureau, "rejudgment-not-computed", ConfirmRejudgment, CHECKER, hash="0" * 64)
    await put_right(bureau, "A0004", 95)
    await compute(bureau)
    seen = (await row(bureau))["hash"]
    await refused(bureau, "rejudgment-own", ConfirmRejudgment, BOTH, hash=seen)
    await refused(bureau, "rejudgment-other", ConfirmRejudgment, CHECKER, hash="0" * 64)
    await put_right(bureau, "A0005", 96)
    await refused(bureau, "rejudgment-other", ConfirmRejudgment, CHECKER, hash=seen)
    await compute(bureau)
    await refused(bureau, "rejudgment-other", ConfirmRejudgment, CHECKER, hash=seen)
    assert set(await wronged(bureau)) == {"A0004", "A0005"}
    await confirms(bureau)
    with pytest.raises(asyncpg.CheckViolationError):
        await bureau.owner.execute("UPDATE iehe.round_rejudgments SET confirmed_by = opened_by")


async def test_r7_without_a_re_judgment_no_score_is_put_right_after_the_release(desk: Desk) -> None:
    """A file neither; within one a file counts when its distribution was looked at, and after it none."""
    bureau = desk.bureau
    await desk.released(SIX)
    proposal = await propose(bureau, ANN, "A0004", "math", 95)
    await refused(bureau, "rejudgment-none", commands.CorrectScore, ANN, proposal=proposal)
    batch = await bureau.load({"A0004": (95, 50)})
    terms = {"batch": batch["batch"], "hash": batch["hash"]}
    await refused(bureau, "no-such-batch", commands.AcceptBatch, **terms)
    await opens(bureau)
    await bureau.decide(commands.AcceptBatch, **terms)
    await compute(bureau)
    await refused(bureau, "distribution-unread", ConfirmRejudgment, CHECKER, hash=(await row(bureau))["hash"])
    await bureau.look_at_distribution()
    await confirms(bureau)
    await refused(bureau, "rejudgment-confirmed", commands.CorrectScore, ANN, proposal=proposal)
    await tells(bureau)
    assert await wronged(bureau) == {"A0004": "extra"}


async def test_r7_the_extra_place_given_back_is_nobodys(desk: Desk) -> None:
    """Pretix #1238: what never was a place frees none; the waitlist is served from the others alone."""
    bureau = desk.bureau
    await judged_again(desk)
    await desk.begins()
    assert await desk.calls() == 0
    await desk.gives_back("A0004")
    await bureau.goes_on(seconds=2)
    assert await desk.calls() == 0
    assert await bureau.frame("law") == (2, 0, 2, 0)
    logged = await bureau.owner.fetch(
        "SELECT to_state, reason FROM iehe.place_log WHERE place = $1 ORDER BY entry", f"{CASE}#A0004"
    )
    assert [tuple(each) for each in logged] == [("offered", "rejudged"), ("declined", "declined")]
    await desk.gives_back("A0001")
    await bureau.goes_on(seconds=2)
    assert (await desk.entries())["A0003"] == "calling"
    assert await desk.calls() == 1


async def test_r7_a_place_that_is_free_is_the_waitlists_and_what_the_wronged_get_is_extra(desk: Desk) -> None:
    """Whose turn it is loses nothing by the error of others, and gains nothing when they decline."""
    bureau = desk.bureau
    await desk.released(SIX)
    await desk.gives_back("A0001")
    await opens(bureau)
    await put_right(bureau, "A0004", 95)
    await compute(bureau)
    await confirms(bureau)
    await tells(bureau)
    assert await wronged(bureau) == {"A0004": "extra"}
    assert await bureau.frame("law") == (2, 0, 2, 0)
    law = next(
        each
        for each in await boards.frames(bureau.office, await find_case(bureau.office, CASE))
        if each["frame"] == "law"
    )
    assert (law["offered"], law["extra"], law["free"]) == (2, 1, 1)
    await desk.begins()
    assert [number for number, state in (await desk.entries()).items() if state == "calling"] == ["A0003"]
    await desk.gives_back("A0004")
    await bureau.goes_on(seconds=2)
    assert await desk.calls() == 1
    await bureau.goes_on(hours=1)
    await desk.contact("A0003", "accepts")
    assert await bureau.frame("law") == (2, 0, 2, 0)
    assert await desk.calls() == 0


async def test_r7_what_falls_free_beside_an_extra_place_is_the_waitlists(desk: Desk) -> None:
    """There are as many persons for whom nobody made an error as places, whatever others are owed."""
    bureau = desk.bureau
    await judged_again(desk)
    await desk.gives_back("A0001")
    await desk.begins()
    await bureau.goes_on(hours=1)
    assert await desk.calls() == 1
    await desk.contact("A0003", "accepts")
    assert await bureau.frame("law") == (2, 0, 3, 0)
    assert await desk.calls() == 0


async def test_r7_who_moves_up_from_an_extra_place_frees_none(desk: Desk) -> None:
    """The waitlist's own place is one within the limit; nobody is called for the one that was extra."""
    bureau = desk.bureau
    marks = {"A0001": (90, 90), "A0002": (80, 80), "A0003": (70, 70), "A0004": (60, 60)}
    await desk.released(marks, ELEC, ("mech",), ELEC, ("mech",))
    await opens(bureau)
    await put_right(bureau, "A0003", 99)
    await compute(bureau)
    await confirms(bureau)
    await tells(bureau)
    await desk.accepts("A0003")
    assert await desk.place("A0003") == ("mech", "taken")
    await desk.gives_back("A0001")
    await desk.begins()
    await bureau.goes_on(hours=1)
    assert (await desk.entries("elec"))["A0003"] == "calling"
    await desk.contact("A0003", "accepts", programme="elec")
    assert await desk.place("A0003") == ("elec", "taken")
    assert (await bureau.frame("elec"), await bureau.frame("mech")) == ((1, 0, 0, 1), (1, 0, 1, 0))
    assert [(await desk.entries("mech"))["A0004"], await desk.calls()] == ["waiting", 0]


async def test_r7_the_wronged_are_told_once_and_nobody_else_is(desk: Desk) -> None:
    """A repeat adds none; until when an offer of it holds stands in the ledger."""
    bureau = desk.bureau
    await judged_again(desk)
    others = await bureau.facts()
    assert await bureau.facts("rejudged") == [application("A0004")]
    until = await bureau.owner.fetchval("SELECT ends_at FROM iehe.places WHERE place = $1", f"{CASE}#A0004")
    assert timedelta(days=12) < until - bureau.now < timedelta(days=25)
    await opens(bureau)
    await compute(bureau)
    await confirms(bureau)
    await bureau.goes_on(seconds=5)
    assert await bureau.facts("rejudged") == [application("A0004")]
    assert await bureau.facts() == others
    assert [each["state"] for each in await rejudgments.rejudgments(bureau.office, CASE)] == ["closed"] * 2


async def test_r7_dying_between_computing_and_writing_leaves_nothing(desk: Desk) -> None:
    """Computed once more it is the same by its hash; who dies while they tell has told nobody twice."""
    bureau = desk.bureau

    async def dies(where: str) -> None:
        if where == "rejudgment-computed":
            raise InterruptedError(where)

    await desk.released(SIX)
    await opens(bureau)
    await put_right(bureau, "A0004", 95)
    bureau.fault, alive = dies, bureau.fault
    with pytest.raises(InterruptedError):
        await compute(bureau)
    bureau.fault = alive
    counted = "SELECT (SELECT count(*) FROM iehe.round_rejudged) + count(*) FROM iehe.round_correction_lists"
    assert await bureau.owner.fetchval(counted) == 0
    assert ((await row(bureau))["state"], (await row(bureau))["hash"]) == ("reported", None)
    await compute(bureau)
    seen = (await row(bureau))["hash"]

    await bureau.owner.execute("UPDATE iehe.round_inputs SET looked = -1, revision = revision + 1")
    await compute(bureau)
    assert (await row(bureau))["hash"] == seen
    assert await bureau.result("A0004") == ["waitlisted"]

    async def dies_written(where: str) -> None:
        if where == "written:tell-outcomes":
            raise InterruptedError(where)

    await confirms(bureau)
    bureau.fault = dies_written
    with pytest.raises(InterruptedError):
        await bureau.goes_on(seconds=2)
    bureau.fault = alive
    await tells(bureau)
    assert await bureau.facts("rejudged") == [application("A0004")]
    assert await bureau.frame("law") == (2, 0, 3, 0)


async def test_r7_history_has_counts_and_the_key_and_no_verdict(desk: Desk) -> None:
    """What a workflow is told of its steps, and what the state of the round holds."""
    bureau = desk.bureau
    await desk.released(SIX)
    outcomes = [await opens(bureau)]
    await put_right(bureau, "A0004", 95)
    await compute(bureau)
    outcomes.append(await confirms(bureau))
    await tells(bureau)
    kept = "".join(each.model_dump_json() for each in outcomes) + (await bureau.state()).model_dump_json()
    assert "rejudgment" in kept
    for word in ("A0004", "admitted", "waitlisted", "extra", "95"):
        assert word not in kept


async def test_r7_nobody_wronged_is_an_end_too(desk: Desk) -> None:
    """Confirmed by the second person: nothing is released and nobody told; the round waits for it."""
    bureau = desk.bureau
    await desk.released({"A0001": (90, 90)})
    await desk.accepts("A0001")
    await opens(bureau, error="other")
    await compute(bureau)
    await bureau.goes_on(jst(2027, 7, 1, 0, 2))
    for _ in range(8):
        await bureau.goes_on(minutes=1)
    await bureau.wound_up()
    await refused(bureau, "rejudgment-unfinished", commands.CloseRound, HEAD)
    await confirms(bureau)
    assert (await row(bureau))["state"] == "closed"
    assert await bureau.lists() == {"elec": "confirmed", "law": "confirmed", "mech": "confirmed"}
    assert (await bureau.state()).rejudgment is None
    await bureau.decide(commands.CloseRound, HEAD)


async def test_r7_an_error_that_is_reported_is_a_task_and_no_more(desk: Desk) -> None:
    """The head looks; opening a re-judgment ends the task."""
    bureau = desk.bureau
    await desk.released(SIX)
    said = {
        "source": "urn:example:portal",
        "id": "e1",
        "type": event_type(ROUND.name, "error-reported"),
        "data": {"about": "english"},
    }
    moments = {"occurred_at": bureau.now, "received_at": bureau.now}
    await bureau.take(FactTold(event=EventEnvelope.model_validate({**said, **moments})))
    assert "rejudge:english" in await bureau.tasks()
    assert (await bureau.state()).rejudgment is None
    await opens(bureau)
    assert "rejudge:english" not in await bureau.tasks()


async def test_r7_rules_are_corrected_by_a_version_with_the_same_frames(desk: Desk) -> None:
    """What was weighed wrongly: the next re-judgment goes by the right rules without their being named."""
    bureau = desk.bureau
    stored = json.loads(
        await bureau.owner.fetchval("SELECT body FROM iehe.policies WHERE version = 'default-1'")
    )
    programmes = [{**each, "weights": {"math": 1, "english": 2}} for each in RULES["programmes"]]
    right = {**stored["routes"]["general"], "rules": {**RULES, "version": "2", "programmes": programmes}}
    inner = [{"key": "law", "places": 2}, {"key": "law-b", "parent": "law", "places": 1}]
    law = {**RULES["programmes"][0], "frames": inner}
    other = {**RULES, "version": "3", "programmes": [law, *RULES["programmes"][1:]]}
    load = (
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " VALUES ('admission-round', $1, '2026-04-02', $2, '', 'test')"
    )
    await bureau.owner.execute(load, "right-1", json.dumps({"routes": {"general": right}}))
    frames = {**stored["routes"]["general"], "rules": other}
    await bureau.owner.execute(load, "other-1", json.dumps({"routes": {"general": frames}}))
    await bureau.owner.execute(UNREADABLE, reason := str(uuid4()), "round/2027-OTHER", "head-1")
    await desk.released({"A0001": (90, 50), "A0002": (80, 50), "A0003": (60, 65)})
    for version, code in (("other-1", "rejudgment-frames"), ("none-1", "policy-unknown")):
        terms = {"error": "rule-wrong", "reason_id": reason, "version": version}
        await refused(bureau, code, OpenRejudgment, HEAD, **terms)
    await opens(bureau, error="rule-wrong", version="right-1")
    await compute(bureau)
    assert set(await wronged(bureau)) == {"A0003"}
    await confirms(bureau)
    await tells(bureau)
    await opens(bureau)
    assert (await row(bureau))["policy"] == "right-1"
    await compute(bureau)
    assert await wronged(bureau) == {}


async def test_i8_correction_lists_recompute_to_the_same_bytes(desk: Desk) -> None:
    """I8, also after the wronged have answered; every list that is opened for it is noted."""
    bureau = desk.bureau
    await judged_again(desk)
    await desk.gives_back("A0004")
    told = await verification.verify(bureau.office, ANN.id, await find_case(bureau.office, CASE))
    found = {(each["programme"], each["number"]): each["found"] for each in told["lists"]}
    assert found["law", 2] == "same"
    assert found["law", 1] == "inputs-changed"
    await bureau.owner.execute(
        "UPDATE iehe.round_rejudgments SET apart = jsonb_build_object('A0004', 'withdrawn')"
    )
    told = await verification.verify(bureau.office, ANN.id, await find_case(bureau.office, CASE))
    assert {each["found"] for each in told["lists"] if each["number"] == 2} == {"not-made"}


async def test_r7_is_shown_with_what_changes_and_who_looked_is_noted(desk: Desk) -> None:
    """The difference of what is out and what puts it right, before anybody confirms it."""
    bureau = desk.bureau
    await wrong_score(desk)
    shown = await rejudgments.show(bureau.office, CHECKER.id, CASE)
    (change,) = shown["changed"]
    assert (change["application"], change["verdict_before"], change["verdict"]) == (
        "A0004",
        "waitlisted",
        "admitted",
    )
    assert (change["total_before"], change["total"], change["rank"]) == ("110", "145", 1)
    (correction,) = shown["corrections"]
    assert (correction["programme"], correction["since"], correction["number"]) == ("law", 1, 2)
    read = await bureau.owner.fetch(
        "SELECT list FROM iehe.result_reads WHERE staff_id = 'checker-1' ORDER BY 1"
    )
    key = (await bureau.state()).rejudgment
    assert [each["list"] for each in read] == [f"{CASE}#law/1", f"{CASE}#law/2", f"{CASE}#rejudgment/{key}"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await bureau.office.fetch("SELECT * FROM iehe.round_rejudged")
    with pytest.raises(Refusal, check=lambda refusal: refusal.code == "rejudgment-unknown"):
        await rejudgments.show(bureau.office, CHECKER.id, CASE, "r0")


async def test_r7_is_opened_within_a_year_of_the_release(desk: Desk) -> None:
    """And with a reason."""
    bureau = desk.bureau
    await desk.released({"A0001": (90, 90)})
    await refused(bureau, "reason-required", OpenRejudgment, HEAD, error="other")
    await bureau.goes_on(days=366)
    reason = str(uuid4())
    await bureau.owner.execute(UNREADABLE, reason, CASE, "head-1")
    await refused(bureau, "rejudgment-late", OpenRejudgment, HEAD, error="other", reason_id=reason)


async def test_r15_lists_of_other_rounds_by_the_same_formula_are_shown(desk: Desk) -> None:
    """By the version that the lists which are out were made by; what was withdrawn there is left out."""
    bureau = desk.bureau
    branch = {"since": 0, "until": 100, "factor": 1, "offset": 0, "values": [{"raw": 50, "adjusted": 50}]}
    formula = {"formula": "median", "version": "1", "of": "math", "places": 0, "rounding": "half-up"}
    await bureau.owner.execute(
        "UPDATE iehe.policies"
        " SET body = jsonb_set(body::jsonb, '{routes,general,rules,adjustments}', $1::jsonb)",
        json.dumps([{**formula, "branches": [branch]}]),
    )
    await desk.released({"A0001": (90, 90)})
    other = "round/2026-GENERAL"
    for name, state in (("law", "made"), ("mech", "withdrawn")):
        made = "SELECT iehe.make_result_list($1, $2, repeat('0', 64), '1', '', '{}', '[]')"
        listed = await bureau.owner.fetchval(made, other, name)
        formulas = "INSERT INTO iehe.round_formulas VALUES ($1, $2, 'median', '1')"
        await bureau.owner.execute(formulas, listed, other)
        if state == "withdrawn":
            await bureau.owner.execute("SELECT iehe.withdraw_results($1, ARRAY[$2], 'test')", other, name)
    await opens(bureau, error="formula-wrong")
    shown = await rejudgments.show(bureau.office, ANN.id, CASE)
    assert {(each["case_id"], each["programme"]) for each in shown["siblings"]} == {(other, "law")}


async def test_r7_who_has_the_place_from_the_waitlist_keeps_it_and_is_not_told_again(desk: Desk) -> None:
    """A second place is none, and the first one stays in time and state."""
    bureau = desk.bureau
    await desk.begun()
    await bureau.goes_on(hours=1)
    await desk.contact("A0003", "accepts")
    await desk.accepts("A0003")
    await opens(bureau)
    await put_right(bureau, "A0003", 99)
    await compute(bureau)
    await confirms(bureau)
    await tells(bureau)
    assert await wronged(bureau) == {"A0003": "has-it"}
    assert await desk.place("A0003") == ("law", "taken")
    assert await bureau.frame("law") == (2, 0, 1, 1)
    assert await bureau.facts("rejudged") == []


async def test_r7_who_said_no_when_called_is_given_nothing_and_who_was_not_reached_is(desk: Desk) -> None:
    """An answer stands, and silence is none; also once nobody is called any more."""
    bureau = desk.bureau
    await desk.begun()
    await bureau.goes_on(hours=1)
    await desk.contact("A0003", "declines")
    await desk.in_the_ledger("A0002", how="lapse")
    await desk.over(ENDS)
    for _ in range(6):
        await bureau.goes_on(seconds=2)
    assert (await bureau.state()).stage == "settled"
    await opens(bureau)
    await put_right(bureau, "A0003", 99)
    await put_right(bureau, "A0005", 98)
    await compute(bureau)
    assert await wronged(bureau) == {"A0003": "declined", "A0005": None}
    await confirms(bureau)
    await tells(bureau)
    assert await wronged(bureau) == {"A0003": "declined", "A0005": "extra"}
    assert await bureau.facts("rejudged") == [application("A0005")]


async def test_r7_what_a_move_leaves_goes_to_who_was_wronged_by_it(desk: Desk) -> None:
    """One moves to the first choice, another would have had the second one of theirs: none is beyond."""
    bureau = desk.bureau
    await desk.released(ENGINEERS, ELEC, ELEC, MECH)
    await desk.gives_back("A0001")
    await bureau.leaves("A0001")
    await opens(bureau)
    await put_right(bureau, "A0002", 99)
    await put_right(bureau, "A0001", 0)
    await compute(bureau)
    await confirms(bureau)
    await tells(bureau)
    assert await wronged(bureau) == {"A0002": "moved", "A0003": "extra"}
    assert (await desk.place("A0002"), await desk.place("A0003")) == (
        ("elec", "offered"),
        ("mech", "offered"),
    )
    assert (await bureau.frame("elec"), await bureau.frame("mech")) == ((1, 0, 1, 0), (1, 0, 1, 0))


async def test_r7_one_that_was_opened_by_mistake_is_dropped(desk: Desk) -> None:
    """Nothing comes of it, its rules are no later one's, and a confirmed one is not dropped any more."""
    bureau = desk.bureau
    await wrong_score(desk)
    seen = (await row(bureau))["hash"]
    await refused(bureau, "reason-required", DropRejudgment, HEAD)
    reason = str(uuid4())
    await bureau.owner.execute(UNREADABLE, reason, CASE, HEAD.id)
    await bureau.decide(DropRejudgment, HEAD, reason_id=reason)
    assert ((await row(bureau))["state"], (await row(bureau))["dropped_by"]) == ("closed", HEAD.id)
    assert await bureau.lists() == {"elec": "confirmed", "law": "confirmed", "mech": "confirmed"}
    assert not [key for key in await bureau.tasks() if key.startswith("confirm-rejudgment")]
    await refused(bureau, "rejudgment-none", ConfirmRejudgment, CHECKER, hash=seen)
    await bureau.goes_on(seconds=5)
    assert await bureau.result("A0004") == ["waitlisted"]
    await opens(bureau)
    await compute(bureau)
    assert await wronged(bureau) == {"A0004": None}
    await confirms(bureau)
    await refused(bureau, "rejudgment-confirmed", DropRejudgment, HEAD, reason_id=reason)
    await tells(bureau)
    assert await bureau.facts("rejudged") == [application("A0004")]
