"""The rules of a round, each by its number in docs/processes/round.md; those of ranking are in `ranking/`."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from cases.batches import propose_value
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from schemas.kernel.step import TimePassed
from schemas.round import commands
from tests.round.bureau import ANN, BEN, CASE, CHECKER, CLOSES, HEAD, RELEASE, Bureau, application

FOUR = {"A0001": (90, 90), "A0002": (80, 80), "A0003": (70, 70), "A0004": (60, 60)}


async def refused(bureau: Bureau, code: str, *decision, **values) -> Refusal:
    with pytest.raises(Refusal) as told:
        await bureau.decide(*decision, **values)
    assert told.value.code == code
    return told.value


async def test_r1_no_list_while_a_score_is_missing(bureau: Bureau) -> None:
    """The round stays where it is, and what is missing is named by application and part."""
    await bureau.fixed()
    for number in FOUR:
        await bureau.applies(number)
    await bureau.goes_on(CLOSES + timedelta(minutes=1))
    await bureau.scores({**FOUR, "A0003": (70,)})
    await bureau.rank()
    assert (await bureau.state()).stage == "gate"
    assert (await bureau.state()).missing == 1
    row = await bureau.owner.fetchrow("SELECT number, about, code FROM iehe.round_missing")
    assert tuple(row) == ("A0003", "english", "part-missing")
    assert "resolve-row" in await bureau.tasks()
    assert await bureau.lists() == {}
    await bureau.scores({"A0003": (70, "absent")})
    await bureau.rank()
    assert (await bureau.state()).stage == "judging"
    assert ("A0003", "not-ranked", "absent") in await bureau.listed()


async def test_r2_a_list_is_stored_with_what_it_was_made_from(bureau: Bureau) -> None:
    """Inputs and bytes by their hashes, and the version of the rules; made again it is the same (I8)."""
    await bureau.judging(FOUR)
    row = await bureau.owner.fetchrow("SELECT inputs, rules, hash FROM iehe.result_lists WHERE name = 'law'")
    assert row["rules"] == "1"
    await bureau.owner.execute("UPDATE iehe.round_inputs SET revision = revision + 1")
    await bureau.rank()
    again = await bureau.owner.fetchrow(
        "SELECT inputs, hash, number FROM iehe.result_lists WHERE name = 'law' ORDER BY number DESC LIMIT 1"
    )
    assert tuple(again) == (row["inputs"], row["hash"], 2)


async def test_r3_the_offer_limit_may_exceed_the_places(bureau: Bureau) -> None:
    """Kyoto: 2,722 for 2,669. Later offers wait until fewer are held than there are places."""
    await bureau.judging(FOUR)
    await bureau.decide(commands.SetOfferLimit, HEAD, frame="law", number=3, minute_no="2027-11")
    assert (await bureau.state()).stage == "judging"
    await bureau.rank()
    assert [line[1] for line in await bureau.listed()] == ["admitted"] * 3 + ["not-admitted"]
    await bureau.released()
    assert await bureau.frame("law") == (2, 0, 3, 0)


async def test_r4_preparer_and_confirmer_are_two_persons(bureau: Bureau) -> None:
    """Also where one has both roles; and what is confirmed is what was prepared and judged."""
    both = ANN.model_copy(update={"roles": ("admissions_office", "checker")})
    await bureau.judging(FOUR)
    await refused(
        bureau, "list-other", commands.ConfirmList, CHECKER, programme="law", hash=await bureau.hash()
    )
    await bureau.prepare("law", both)
    await refused(
        bureau, "list-unjudged", commands.ConfirmList, CHECKER, programme="law", hash=await bureau.hash()
    )
    await bureau.judge()
    await refused(bureau, "list-own", commands.ConfirmList, both, programme="law", hash=await bureau.hash())
    await bureau.confirm()
    assert (await bureau.lists())["law"] == "confirmed"


async def test_r5_nothing_is_told_before_the_hour_and_all_at_it(bureau: Bureau) -> None:
    """Neither a result nor a stage, a fact, a mail, a place; at the hour results, then the rest."""
    await bureau.judging(FOUR)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE - timedelta(seconds=1))
    assert [await bureau.result(number) for number in FOUR] == [[], [], [], []]
    assert (await bureau.state()).stage == "confirmed"
    assert await bureau.facts() == []
    assert await bureau.owner.fetchval("SELECT count(*) FROM iehe.places") == 0
    assert await bureau.owner.fetchval("SELECT count(*) FROM iehe.notices WHERE message LIKE '%result%'") == 0
    await bureau.goes_on(RELEASE)
    assert [await bureau.result(number) for number in FOUR] == [
        ["admitted"],
        ["admitted"],
        ["not-admitted"],
        ["not-admitted"],
    ]
    assert await bureau.facts() == []
    await bureau.told()
    assert sorted(await bureau.facts()) == [application(number) for number in FOUR]
    assert (await bureau.state()).stage == "enrolling"


async def test_r5_a_workflow_whose_clock_is_ahead_tells_nothing(bureau: Bureau) -> None:
    """The server's clock counts: the round looks again a moment later."""
    await bureau.judging(FOUR)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.goes_on(RELEASE - timedelta(seconds=10))
    bureau.now = RELEASE + timedelta(seconds=5)
    await bureau.take(TimePassed())
    state = await bureau.state()
    assert (state.stage, "release" in state.deadlines) == ("confirmed", True)
    assert await bureau.facts() == []
    await bureau.goes_on(seconds=2)
    assert (await bureau.state()).stage == "released"


async def test_r11_who_confirms_has_looked_at_the_distribution(bureau: Bureau) -> None:
    """Of each file that was accepted: outsiders found 800 of 700 points."""
    await bureau.judging(FOUR)
    batch = await bureau.load({**FOUR, "A0001": (91, 90)})
    await bureau.decide(commands.AcceptBatch, batch=batch["batch"], hash=batch["hash"])
    await bureau.rank()
    await bureau.prepare()
    await bureau.judge()
    await refused(
        bureau,
        "distribution-unread",
        commands.ConfirmList,
        CHECKER,
        programme="law",
        hash=await bureau.hash(),
    )
    await bureau.look_at_distribution()
    await bureau.confirm()


async def test_r22_the_meeting_decides_on_the_bytes_that_it_has_seen(bureau: Bureau) -> None:
    """A judgement of an earlier list is none of the one that was made since."""
    await bureau.judging(FOUR)
    await bureau.prepare()
    seen = await bureau.hash()
    await bureau.scores({"A0004": (100, 100)})
    await bureau.rank()
    await refused(
        bureau, "list-other", commands.RecordJudgement, programme="law", hash=seen, minute_no="2027-12"
    )


async def test_i9_a_changed_input_undoes_what_was_confirmed(bureau: Bureau) -> None:
    """Whatever it is: a score, a withdrawal, a limit; and a release that was scheduled does not come."""
    await bureau.judging(FOUR)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.leaves("A0001")
    assert await bureau.lists() == {}
    await bureau.goes_on(RELEASE)
    assert await bureau.result("A0002") == []
    await bureau.rank()
    state = await bureau.state()
    assert (state.stage, state.release) == ("judging", None)
    assert await bureau.listed() == [
        ("A0002", "admitted", None),
        ("A0003", "admitted", None),
        ("A0004", "not-admitted", "frame-full"),
        ("A0001", "not-ranked", "withdrawn"),
    ]
    await refused(bureau, "wrong-stage", commands.ScheduleRelease, HEAD, hour=RELEASE + timedelta(hours=1))


async def test_i9_what_is_out_stays_out(bureau: Bureau) -> None:
    """Who withdraws after the hour changes no list of anybody."""
    await bureau.judging(FOUR)
    await bureau.released()
    await bureau.leaves("A0001")
    await bureau.rank()
    assert (await bureau.state()).stage == "enrolling"
    assert await bureau.result("A0001") == ["admitted"]


async def test_i4_what_is_out_is_what_was_confirmed(bureau: Bureau) -> None:
    """By the hash of its bytes, on the way from one to the other."""
    await bureau.judging(FOUR)
    seen = {name: await bureau.hash(name) for name in ("law", "mech", "elec")}
    await bureau.released()
    rows = await bureau.owner.fetch(
        "SELECT name, hash, encode(sha256(body), 'hex') AS bytes FROM iehe.result_lists"
        " WHERE iehe.is_out(release)"
    )
    assert {row["name"]: row["hash"] for row in rows} == seen
    assert all(row["hash"] == row["bytes"] for row in rows)


async def test_i5_one_place_an_applicant_however_many_choices(bureau: Bureau) -> None:
    """R17, R28: the better choice is given, told once, and held once."""
    marks = {"A0001": (90, 90), "A0002": (80, 80), "A0003": (70, 70)}
    await bureau.judging(marks, ("mech", "elec"), ("mech", "elec"), ("mech", "elec"))
    await bureau.released()
    assert [await bureau.result(number) for number in marks] == [
        ["not-admitted", "admitted"],
        ["admitted", "not-admitted"],
        ["not-admitted", "not-admitted"],
    ]
    assert sorted(await bureau.facts()) == [application(number) for number in marks]
    places = await bureau.owner.fetch("SELECT place, case_id, state FROM iehe.places ORDER BY place")
    assert [tuple(row) for row in places] == [
        (f"{CASE}#A0001", application("A0001"), "offered"),
        (f"{CASE}#A0002", application("A0002"), "offered"),
    ]


async def test_a_release_is_held_until_its_hour_by_the_head(bureau: Bureau) -> None:
    """The lists stay confirmed; another hour is another release."""
    await bureau.judging(FOUR)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await refused(bureau, "release-scheduled", commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.decide(commands.HoldRelease, HEAD, reason="score-wrong")
    await bureau.goes_on(RELEASE + timedelta(hours=1))
    assert await bureau.result("A0001") == []
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE + timedelta(hours=2))
    await bureau.goes_on(RELEASE + timedelta(hours=2))
    assert await bureau.result("A0001") == ["admitted"]


async def test_openreview_234_who_is_rejected_sees_it_too(bureau: Bureau) -> None:
    """A public release cut them off: here every line of a list is read in the same way."""
    await bureau.judging(FOUR)
    await bureau.released()
    assert await bureau.result("A0004") == ["not-admitted"]


async def test_gradecraft_1346_a_blank_changes_nothing(bureau: Bureau) -> None:
    """A second file without a value leaves the first one's: blanks overwrote scores with 0."""
    await bureau.judging(FOUR)
    await bureau.scores({"A0001": (95,)})
    await bureau.rank()
    values = await bureau.owner.fetch(
        "SELECT part, value FROM iehe.batch_values WHERE number = 'A0001' ORDER BY part"
    )
    assert [(row["part"], int(row["value"])) for row in values] == [("english", 90), ("math", 95)]


async def test_matching_112_a_programme_without_places_admits_none(bureau: Bureau) -> None:
    """It crashed at capacity 0."""
    await bureau.judging(FOUR)
    await bureau.decide(commands.SetOfferLimit, HEAD, frame="law", number=0, minute_no="2027-11")
    await bureau.rank()
    assert {line[1] for line in await bureau.listed()} == {"not-admitted"}
    await bureau.released()
    assert await bureau.frame("law") == (2, 0, 0, 0)


async def propose(bureau: Bureau, by: Actor, number: str, part: str, value: int) -> UUID:
    """Somebody says what a score ought to be, with a reason in words."""
    proposal = uuid4()
    await bureau.owner.execute(
        "INSERT INTO iehe.case_keys (case_id, class_key, wrapped) VALUES ($1, 'none', '')"
        " ON CONFLICT DO NOTHING",
        CASE,
    )
    reason = await bureau.owner.fetchval(
        "INSERT INTO iehe.texts (text_id, case_id, author, sealed)"
        " VALUES (gen_random_uuid(), $1, $2, '') RETURNING text_id",
        *(CASE, by.id),
    )
    said = Decimal(value)
    await propose_value(
        bureau.office, by.id, CASE, "exam-scores", (number, part), said, reason_id=reason, proposal=proposal
    )
    return proposal


async def test_r14_a_correction_has_a_reason_and_a_second_person(bureau: Bureau) -> None:
    """Retyping failed 80: one says what a score ought to be, another confirms it, and lists are made anew."""
    await bureau.judging(FOUR)
    await bureau.confirmed()
    proposal = await propose(bureau, ANN, "A0003", "math", 95)
    await refused(bureau, "proposal-unknown", commands.CorrectScore, BEN, proposal=proposal)
    await bureau.decide(commands.CorrectScore, ANN, proposal=proposal)
    assert (await bureau.lists())["law"] == "confirmed"
    await refused(bureau, "value-second-person", commands.ConfirmScore, ANN, proposal=proposal)
    await bureau.decide(commands.ConfirmScore, CHECKER, proposal=proposal)
    assert await bureau.lists() == {}
    await bureau.rank()
    assert [line[0] for line in await bureau.listed()] == ["A0001", "A0003", "A0002", "A0004"]
    await refused(bureau, "proposal-unknown", commands.ConfirmScore, CHECKER, proposal=proposal)


async def test_r14_what_has_changed_since_it_was_proposed_is_not_overwritten(bureau: Bureau) -> None:
    """Another file was accepted in between."""
    await bureau.judging(FOUR)
    proposal = await propose(bureau, ANN, "A0003", "math", 95)
    await bureau.decide(commands.CorrectScore, ANN, proposal=proposal)
    await bureau.scores({"A0003": (71, 70)})
    await refused(bureau, "value-overtaken", commands.ConfirmScore, CHECKER, proposal=proposal)


async def test_i6_a_round_that_is_called_off_is_out_at_no_hour(bureau: Bureau) -> None:
    """The release that was scheduled is held with it; once it is out the round is called off no more."""
    await bureau.judging(FOUR)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.decide(commands.CancelRound, HEAD, reason_id=str(uuid4()))
    await bureau.goes_on(RELEASE)
    assert await bureau.result("A0001") == []


async def test_i6_what_is_out_is_called_off_no_more(bureau: Bureau) -> None:
    """Though the clock of the workflow has not come to it."""
    await bureau.judging(FOUR)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await bureau.owner.execute("UPDATE iehe.clock_shift SET shift = $1 - clock_timestamp()", RELEASE)
    await refused(bureau, "release-out", commands.CancelRound, HEAD, reason_id=str(uuid4()))
    assert await bureau.result("A0001") == ["admitted"]
