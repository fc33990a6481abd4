"""The end of a round: its order, the registrar's file, what was put out, what it sums up to (R10, R27)."""

import json
from datetime import timedelta

import pytest

from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from schemas.round import commands
from tests.pure import jst
from tests.round.bureau import ANN, CASE, CHECKER, HEAD, Bureau, application
from tests.round.calling import ENDS, SIX, Desk
from workflows.round import outputs

ALL = ("A0001", "A0002", "A0003", "A0004", "A0005", "A0006")
JUNE_OVER = jst(2027, 7, 1, 0, 2)


@pytest.fixture
def policy() -> dict[str, object]:
    """Four of law wait."""
    return {"waitlist": {"law": 4}}


@pytest.fixture
def desk(bureau: Bureau) -> Desk:
    return Desk(bureau)


async def refused(bureau: Bureau, code: str, command: type, by: Actor = ANN, **values) -> dict:
    with pytest.raises(Refusal) as told:
        await bureau.decide(command, by, **values)
    assert told.value.code == code
    return told.value.params


async def file(bureau: Bureau) -> bytes:
    """The newest file for the registrar."""
    return await bureau.owner.fetchval("SELECT body FROM iehe.round_files ORDER BY file DESC LIMIT 1")


async def stage(bureau: Bureau) -> str:
    return (await bureau.state()).stage


async def enrolling(desk: Desk) -> None:
    """The first two are admitted and enrol, the others wait in vain until the end."""
    await desk.released(SIX)
    for number in ALL[:2]:
        await desk.accepts(number)
        await desk.bureau.stands(number, "enrolled", "paid")
    for number in ALL[2:]:
        await desk.bureau.stands(number, "waitlisted")
    await desk.begins()


async def settled(desk: Desk) -> None:
    await enrolling(desk)
    await ended(desk)
    assert await stage(desk.bureau) == "settled"


async def ended(desk: Desk) -> None:
    """The last minute is over, and the clock does what it does then."""
    await desk.over(ENDS)
    for _ in range(6):
        await desk.bureau.goes_on(seconds=2)


async def june(bureau: Bureau) -> None:
    """Scores are disclosed."""
    await bureau.goes_on(jst(2027, 6, 1, 0, 1))
    assert await stage(bureau) == "disclosing"


# the order ------------------------------------------------------------------------------------------------


async def test_r10_the_end_goes_in_its_order(desk: Desk) -> None:
    """Drafts, then incomplete ones, then unanswered offers; only then nobody waits any more."""
    bureau = desk.bureau
    await enrolling(desk)
    await bureau.stands("B0001", "submitted")
    await bureau.stands("B0002", "completeness")
    await ended(desk)
    assert await bureau.facts("round-over") == [application("B0001")]
    await bureau.stands("B0001", "incomplete")
    await bureau.goes_on(minutes=6)
    assert await bureau.facts("round-over") == [application("B0001"), application("B0002")]
    assert await bureau.facts("waitlist-released") == []
    assert await stage(bureau) == "supplementing"
    await bureau.stands("B0002", "incomplete")
    for _ in range(5):
        await bureau.goes_on(minutes=6)
    assert sorted(await bureau.facts("waitlist-released")) == [application(number) for number in ALL[2:]]
    assert await stage(bureau) == "settled"


async def test_r10_an_unanswered_offer_comes_before_the_waitlist(desk: Desk) -> None:
    """Nobody is released from the waitlist before the last offer has lapsed."""
    bureau = desk.bureau
    await desk.begun(declined=2)
    await bureau.goes_on(jst(2027, 3, 31, 17, 30))
    await desk.lists()
    await desk.contact("A0003", "accepts")
    await desk.contact("A0004", "declines")
    assert (await desk.entries())["A0003"] == "offered"
    await ended(desk)
    assert await stage(bureau) == "settled"
    log = "SELECT to_state, min(version) AS first FROM iehe.round_waitlist_log WHERE entry = $1 GROUP BY 1"
    entries = {line["number"]: line["entry"] for line in await desk.proof()}
    lapsed = {row["to_state"]: row["first"] for row in await bureau.owner.fetch(log, entries["A0003"])}
    let_go = {row["to_state"]: row["first"] for row in await bureau.owner.fetch(log, entries["A0005"])}
    assert lapsed["declined"] < let_go["released"]


async def test_r10_who_was_never_judged_keeps_the_round_open(desk: Desk) -> None:
    """An application on which the university has not spoken is a person's, and not the clock's."""
    bureau = desk.bureau
    await enrolling(desk)
    await bureau.stands("B0003", "review")
    await ended(desk)
    await bureau.goes_on(hours=2)
    assert await stage(bureau) == "supplementing"
    assert "open-applications" in await bureau.tasks()
    assert await bureau.facts("round-over") == []
    # a person has been asked: it is looked at seldom from then on
    assert (await bureau.state()).deadlines["promotion"].due_at == bureau.now + timedelta(hours=1)


async def test_no_list_is_made_without_an_application_under_review(bureau: Bureau) -> None:
    """It would be left out, and nobody would have decided that (R1)."""
    await bureau.fixed()
    for number in SIX:
        await bureau.applies(number)
    await bureau.stands("B0003", "committee")
    await bureau.goes_on((await bureau.state()).closes_at + timedelta(minutes=1))
    await bureau.scores(SIX)
    await bureau.rank()
    assert await stage(bureau) == "gate"
    row = await bureau.owner.fetchrow("SELECT number, about, code FROM iehe.round_missing")
    assert tuple(row) == ("B0003", "application", "undecided")
    await bureau.stands("B0003", "ineligible")
    await bureau.rank()
    assert await stage(bureau) == "judging"


# the registrar --------------------------------------------------------------------------------------------


async def test_r10_who_enrolled_is_handed_over_in_the_registrars_codes(desk: Desk) -> None:
    """Every cell in quotation marks, in the registrar's encoding; each has a number as a student."""
    bureau = desk.bureau
    await settled(desk)
    await bureau.decide(commands.HandOverEnrolled)
    assert (await file(bureau)).decode("cp932").split("\r\n") == [
        '"学科コード","学籍番号","受験番号","入試別","年度"',
        '"LAW","27LAW0001","A0001","","2027"',
        '"LAW","27LAW0002","A0002","","2027"',
        "",
    ]


async def test_r10_nobody_is_handed_over_while_somebody_may_still_enrol(desk: Desk) -> None:
    """And nobody who has no place."""
    bureau = desk.bureau
    await settled(desk)
    await bureau.stands("A0001", "accepted", "paid")
    assert await refused(bureau, "enrolment-open", commands.HandOverEnrolled) == {"applications": "1"}
    await bureau.stands("A0001", "enrolled", "paid")
    await bureau.stands("A0006", "enrolled", "paid")
    assert await refused(bureau, "enrolled-without-place", commands.HandOverEnrolled) == {"applications": "1"}


async def test_a_students_number_is_given_once_and_kept(desk: Desk) -> None:
    """mitodl/micromasters #1399: a second file gives nobody another number, nor a number to somebody else."""
    bureau = desk.bureau
    await settled(desk)
    await bureau.owner.execute(
        "INSERT INTO iehe.round_students VALUES"
        " (2027, '27LAW0007', 'round/2027-OTHER', 'admission/Z1', 'Z0001', 'law', 'LAW', 7, 1)"
    )
    await bureau.decide(commands.HandOverEnrolled)
    given = "SELECT number, student_no FROM iehe.round_students WHERE case_id = $1 ORDER BY 2"
    first = [tuple(row) for row in await bureau.owner.fetch(given, CASE)]
    assert first == [("A0001", "27LAW0008"), ("A0002", "27LAW0009")]
    await bureau.stands("A0001", "withdrawn")
    await bureau.decide(commands.HandOverEnrolled)
    assert [tuple(row) for row in await bureau.owner.fetch(given, CASE)] == first
    assert "A0001" not in (await file(bureau)).decode("cp932")


# what was put out -----------------------------------------------------------------------------------------


async def test_r27_what_was_put_out_is_compared_by_a_second_person(desk: Desk) -> None:
    """By the hash of its rows: another content is refused, and so is who has made the file."""
    bureau = desk.bureau
    await settled(desk)
    both = ANN.model_copy(update={"roles": ("admissions_office", "checker")})
    await bureau.decide(commands.HandOverEnrolled, both)
    shown = await bureau.content("hand-over")
    wrong = {"output": "hand-over", "content": "0" * 64}
    await refused(bureau, "output-differs", commands.CompareOutput, CHECKER, **wrong)
    await refused(bureau, "output-own", commands.CompareOutput, both, output="hand-over", content=shown)
    await bureau.decide(commands.CompareOutput, CHECKER, output="hand-over", content=shown)
    assert "compare-output:hand-over" not in await bureau.tasks()


@pytest.mark.parametrize("output", outputs.OF_RESULTS)
async def test_r27_every_output_comes_from_the_bytes_that_are_out(desk: Desk, output: str) -> None:
    """Board, portal and letters: what stands there is what the lists say, and its task waits for that."""
    bureau = desk.bureau
    await desk.begun(declined=0)
    assert f"compare-output:{output}" in await bureau.tasks()
    shown = await bureau.content(output)
    await bureau.decide(commands.CompareOutput, CHECKER, output=output, content=shown)
    assert f"compare-output:{output}" not in await bureau.tasks()


# the last of it -------------------------------------------------------------------------------------------


async def test_r10_the_summary_is_made_last_and_its_sums_agree(desk: Desk) -> None:
    """Whom the lists and the waitlist gave a place is who enrolled, declined or lapsed."""
    bureau = desk.bureau
    await desk.released(SIX)
    await desk.gives_back("A0001")
    await desk.accepts("A0002")
    await desk.begins()
    await desk.contact("A0003", "accepts")
    await desk.accepts("A0003")
    await bureau.stands("A0001", "declined")
    for number in ("A0002", "A0003"):
        await bureau.stands(number, "enrolled", "paid")
    await ended(desk)
    await refused(bureau, "wrong-stage", commands.CloseRound, HEAD)
    await june(bureau)
    await refused(bureau, "disclosure-running", commands.CloseRound, HEAD)
    await bureau.goes_on(JUNE_OVER)
    await refused(bureau, "round-not-handed-over", commands.CloseRound, HEAD)
    await bureau.decide(commands.HandOverEnrolled)
    await refused(bureau, "round-not-summed-up", commands.CloseRound, HEAD)
    await bureau.compared()
    body = await bureau.owner.fetchval(
        "SELECT convert_from(body, 'UTF8')::jsonb -> 'sums' FROM iehe.round_summaries"
    )
    sums = json.loads(body)
    assert (sums["applicants"], sums["ranked"], sums["admitted"], sums["promoted"]) == (6, 6, 2, 1)
    assert (sums["given"], sums["enrolled"], sums["declined"], sums["lapsed"], sums["open"]) == (
        3,
        2,
        1,
        0,
        0,
    )
    await bureau.decide(commands.CloseRound, HEAD)
    assert await stage(bureau) == "closed"


async def test_r10_sums_that_do_not_agree_keep_the_round_open(desk: Desk) -> None:
    """A place that nobody was given by a list or a call is found at the end."""
    bureau = desk.bureau
    await settled(desk)
    await bureau.decide(commands.HandOverEnrolled)
    await bureau.owner.execute(
        "INSERT INTO iehe.places (place, case_id, process, purpose, state, since, by_case, by_version)"
        " VALUES ($1, $2, 'admission-round', 'admission', 'released', now(), 'x', 1)",
        *(f"{CASE}#Z0009", application("Z0009")),
    )
    shown = await bureau.content("hand-over")
    told = await refused(
        bureau, "sums-differ", commands.CompareOutput, CHECKER, output="hand-over", content=shown
    )
    assert told == {"said": "2", "found": "3"}


async def test_a_round_is_not_closed_while_a_fee_is_to_be_paid_back(desk: Desk) -> None:
    """Nor while something that was put out has not been compared, nor when somebody has left since."""
    bureau = desk.bureau
    await settled(desk)
    await bureau.decide(commands.HandOverEnrolled)
    shown = await bureau.content("hand-over")
    await bureau.decide(commands.CompareOutput, CHECKER, output="hand-over", content=shown)
    await june(bureau)
    await bureau.goes_on(JUNE_OVER)
    told = await refused(bureau, "round-tasks-open", commands.CloseRound, HEAD)
    assert told == {"tasks": "compare-output:board, compare-output:letters, compare-output:portal"}
    await bureau.compared()
    await bureau.stands("A0005", "released", "due-back")
    assert await refused(bureau, "round-refunds-open", commands.CloseRound, HEAD) == {"refunds": "1"}
    await bureau.stands("A0005", "released", "refunded")
    await bureau.stands("A0001", "withdrawn", "paid")
    assert await refused(bureau, "hand-over-outdated", commands.CloseRound, HEAD) == {"applications": "1"}


async def test_what_the_end_is_told_is_kept_in_rows_and_told_once(desk: Desk) -> None:
    """The same standing twice is one; the same fact of a draft's end goes to its case once."""
    bureau = desk.bureau
    await enrolling(desk)
    for _ in range(2):
        await bureau.stands("B0001", "submitted")
    await ended(desk)
    await bureau.goes_on(minutes=6)
    await bureau.goes_on(minutes=6)
    assert await bureau.facts("round-over") == [application("B0001")]
