"""Waitlist and supplementary admission: one test for each rule, invariant and reported defect."""

from datetime import timedelta

import asyncpg
import pytest

from activities.round.waitlist import is_prefix, skipped
from schemas.kernel.refusals import Refusal
from schemas.round import commands
from schemas.round.waitlist import Entry, EntryState, PlaceFound
from tests.pure import jst
from tests.round.bureau import CASE, HEAD, Bureau, application
from tests.round.calling import BEGINS, ENROL_UNTIL, LAST_DAYS, SIX, Desk
from workflows.round.waitlist import frees, needs

HOUR = timedelta(hours=1)


@pytest.fixture
def policy() -> dict[str, object]:
    return {"waitlist": {"law": 9, "mech": 9, "elec": 9}}


@pytest.fixture
def desk(bureau: Bureau) -> Desk:
    return Desk(bureau)


async def test_r3_nobody_is_called_while_as_many_hold_places_as_there_are(desk: Desk) -> None:
    """Three were offered two places: the first who declines frees none, the second one."""
    await desk.bureau.judging(SIX)
    await desk.bureau.decide(commands.SetOfferLimit, HEAD, frame="law", number=3, minute_no="2027-11")
    await desk.bureau.rank()
    await desk.bureau.released()
    await desk.gives_back("A0001")
    await desk.begins()
    assert set((await desk.entries()).values()) == {"waiting"}
    await desk.gives_back("A0002")
    assert await desk.entries() == {"A0004": "calling", "A0005": "waiting", "A0006": "waiting"}


def test_r7_who_moves_up_from_an_extra_place_needs_one_in_all_frames_above_too() -> None:
    """A place within the limit is one above already; an extra one is none anywhere."""
    parents = {"law": None, "law-a": "law", "law-b": "law"}
    entry = Entry(
        entry="e",
        frame="law-a",
        programme="law",
        number="A0001",
        application=application("A0001"),
        choice=1,
        waits_at=1,
        state=EntryState.WAITING,
    )
    found = {"place": f"{CASE}#A0001", "state": "taken", "frame": "law-b", "choice": 2}
    within = entry.model_copy(update={"place": PlaceFound(**found)})
    extra = entry.model_copy(update={"place": PlaceFound(**found, extra=True)})
    assert (needs(within, parents), frees(within, parents)) == (("law-a",), ("law-b", "law"))
    assert (needs(extra, parents), frees(extra, parents)) == (("law-a", "law"), ())
    assert (needs(entry, parents), frees(entry, parents)) == (("law-a", "law"), ())


async def test_r6_the_proof_shows_in_order_every_call_and_why_who_was_passed_over(desk: Desk) -> None:
    """And its check fails as soon as a rank was skipped without evidence."""
    await desk.begun()
    await desk.contact("A0003", "busy")
    await desk.over(BEGINS + HOUR)
    await desk.contact("A0003", "declines")
    await desk.contact("A0004", "accepts")
    lines = await desk.proof()
    assert [(line["waits_at"], line["number"], line["state"]) for line in lines] == [
        (1, "A0003", "declined"),
        (2, "A0004", "offered"),
        (3, "A0005", "waiting"),
        (4, "A0006", "waiting"),
    ]
    assert [each["outcome"] for each in lines[0]["contacts"]] == ["busy", "declines"]
    assert lines[0]["evidence"]["code"] == "declines"
    assert lines[1]["offered_until"] == ENROL_UNTIL
    assert is_prefix(lines)
    later = {**lines[0], "called_at": None, "evidence": {}}
    assert skipped([later, *lines[1:]]) == [lines[0]["entry"]]
    assert not is_prefix([{**lines[0], "called_at": None, "ended_at": None}, *lines[1:]])


async def test_r22_who_waits_stands_on_the_list_that_the_meeting_decided_on(desk: Desk) -> None:
    """Each entry is a line of a judged list, in its order; nobody is put on a waitlist afterwards."""
    await desk.released(SIX)
    rows = await desk.bureau.owner.fetch(
        "SELECT w.number, n.result ->> 'waitlist' AS place, j.minute_no FROM iehe.round_waitlist w"
        " JOIN iehe.result_lines n USING (list, line) JOIN iehe.round_judgements j ON j.list = w.list"
        " ORDER BY w.waits_at"
    )
    assert [tuple(row) for row in rows] == [
        (f"A000{number}", str(number - 2), "2027-12") for number in range(3, 7)
    ]
    queue = await desk.bureau.owner.fetch(
        "SELECT case_id FROM iehe.place_queue WHERE state = 'waiting' ORDER BY rank, entry"
    )
    assert [row["case_id"] for row in queue] == [application(f"A000{number}") for number in range(3, 7)]


async def test_r22_fully_tied_examinees_wait_in_the_order_of_their_numbers(desk: Desk) -> None:
    """The order is total: the same waitlist is called in the same order each time."""
    marks = {"A0001": (99, 9), "A0002": (98, 9), "B0010": (50, 50), "A0020": (50, 50), "B0009": (50, 50)}
    await desk.released(marks)
    await desk.gives_back("A0001")
    await desk.begins()
    assert list((await desk.entries()).items()) == [
        ("A0020", "calling"),
        ("B0009", "waiting"),
        ("B0010", "waiting"),
    ]


async def test_r23_the_first_k_are_called_and_never_one_more(desk: Desk) -> None:
    """Whoever is not among them is refused; the next is called after an answer alone."""
    await desk.begun(declined=2)
    states = await desk.entries()
    assert list(states.values()) == ["calling", "calling", "waiting", "waiting"]
    assert await desk.calls() == 2
    told = await desk.refused("not-among-first", "A0005", "accepts")
    assert told.params["why"] == "frame-full law"
    await desk.contact("A0004", "accepts")
    assert (await desk.entries())["A0005"] == "waiting"
    await desk.contact("A0003", "declines")
    assert (await desk.entries())["A0005"] == "calling"
    assert await desk.calls() == 1


async def test_r23_who_was_called_waits_again_when_there_is_one_place_less(desk: Desk) -> None:
    """The last of them, with the reason; called again they have as long to reply as anybody."""
    await desk.begun(declined=2)
    await desk.unreached("A0004", BEGINS + HOUR)
    await desk.contact("A0004", "message-left")
    limit = "SELECT iehe.set_frame($1, jsonb_build_object('limit', $2::int), now())"
    await desk.bureau.owner.execute(limit, f"{CASE}/law", 1)
    await desk.lists()
    assert list((await desk.entries()).values()) == ["calling", "waiting", "waiting", "waiting"]
    line = await desk.line("A0004")
    assert (line["evidence"]["code"], line["reply_by"]) == ("frame-full law", None)
    assert await desk.calls() == 1
    await desk.over(jst(2027, 3, 30))
    await desk.bureau.owner.execute(limit, f"{CASE}/law", 2)
    await desk.lists()
    assert list((await desk.entries()).values()) == ["calling", "calling", "waiting", "waiting"]
    assert is_prefix(await desk.proof())


async def test_r23_nobody_is_called_before_the_day(desk: Desk) -> None:
    """A place that falls free earlier waits for it, and nobody else gets it."""
    await desk.released(SIX)
    await desk.gives_back("A0001")
    await desk.bureau.goes_on(BEGINS - timedelta(minutes=1))
    assert set((await desk.entries()).values()) == {"waiting"}
    await desk.begins()
    assert (await desk.bureau.state()).stage == "supplementing"
    assert (await desk.entries())["A0003"] == "calling"


async def test_a_round_may_say_another_day(desk: Desk) -> None:
    """In its announcement; without, the policy does."""
    bureau = desk.bureau
    await bureau.open(promote_from=jst(2027, 3, 20, 9))
    await bureau.decide(commands.FixRules, HEAD, version="default-1")
    bureau.fixed = _done  # type: ignore[method-assign]
    await desk.released(SIX)
    await desk.over(jst(2027, 3, 20, 9))
    assert (await bureau.state()).stage == "supplementing"


async def _done() -> None:
    """The round is announced already."""


async def test_r24_calls_are_made_by_day_and_an_hour_apart_and_then_a_message_is_left(desk: Desk) -> None:
    """Three tries; what is not a try of the office, as an applicant's calling back, has no hour."""
    await desk.begun()
    await desk.refused("message-too-early", "A0003", "message-left")
    await desk.refused("not-among-first", "A0003", "accepts", called_back=True, at=BEGINS - HOUR)
    await desk.contact("A0003", "no-answer", at=BEGINS)
    await desk.bureau.goes_on(BEGINS + timedelta(minutes=59))
    await desk.refused("contact-too-soon", "A0003", "busy")
    await desk.over(BEGINS + HOUR)
    await desk.contact("A0003", "busy")
    assert (await desk.line("A0003"))["reply_by"] is None
    await desk.bureau.goes_on(jst(2027, 3, 28, 19))
    await desk.refused("calling-hours", "A0003", "no-answer")
    await desk.contact("A0003", "no-answer", at=jst(2027, 3, 28, 18, 59))
    assert (await desk.line("A0003"))["reply_by"] == jst(2027, 3, 30)
    await desk.contact("A0003", "accepts", called_back=True)
    assert (await desk.entries())["A0003"] == "offered"


async def test_r24_who_does_not_reply_is_unreachable_by_the_clock_and_the_next_is_called(desk: Desk) -> None:
    """At the end of the day after; marked as the clock's, and nothing of it can be recorded later."""
    await desk.begun()
    await desk.unreached("A0003", BEGINS + HOUR)
    await desk.contact("A0003", "message-left")
    await desk.bureau.goes_on(jst(2027, 3, 29, 23, 59))
    assert (await desk.entries())["A0003"] == "calling"
    await desk.lists()
    await desk.over(jst(2027, 3, 30))
    states = await desk.entries()
    assert (states["A0003"], states["A0004"]) == ("unreachable", "calling")
    line = await desk.line("A0003")
    assert line["evidence"] == {"code": "no-reply", "clock": True}
    kind = await desk.bureau.owner.fetchval(
        "SELECT actor_kind FROM iehe.case_log WHERE step = 'look-at-waitlist' ORDER BY version DESC LIMIT 1"
    )
    assert kind == "clock"
    await desk.refused("entry-unknown", "A0003", "accepts", called_back=True)


async def test_r24_on_the_last_days_a_reply_comes_within_three_hours(desk: Desk) -> None:
    """30 and 31 March."""
    await desk.begun()
    await desk.bureau.goes_on(LAST_DAYS)
    await desk.lists()
    await desk.unreached("A0003", LAST_DAYS + HOUR)
    assert (await desk.line("A0003"))["reply_by"] == LAST_DAYS + 6 * HOUR
    await desk.over(LAST_DAYS + 6 * HOUR)
    assert (await desk.entries())["A0003"] == "unreachable"


async def test_r25_no_call_no_promotion_and_no_call_is_ever_changed(desk: Desk) -> None:
    """Whoever writes: an entry is offered with its call alone, and so is a place of the ledger."""
    await desk.begun()
    await desk.contact("A0003", "other-person")
    owner = desk.bureau.owner
    for statement in (
        "UPDATE iehe.round_contacts SET outcome = 'accepts'",
        "DELETE FROM iehe.round_contacts",
        "TRUNCATE iehe.round_contacts",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)
    for state in ("offered", "accepted"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await owner.execute(
                f"UPDATE iehe.round_waitlist SET state = '{state}' WHERE number = 'A0003'"  # noqa: S608
            )
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await desk.is_claimed("A0003")
    assert await desk.place("A0003") is None


async def test_r26_nobody_is_called_without_the_newest_list_of_who_enrolled_elsewhere(desk: Desk) -> None:
    """The office is asked for it; when it is too old nobody new is called, and nobody is telephoned."""
    await desk.released(SIX)
    await desk.gives_back("A0001")
    await desk.over(BEGINS)
    assert set((await desk.entries()).values()) == {"waiting"}
    assert "load-elsewhere" in await desk.bureau.tasks()
    await desk.lists("A0004")
    assert await desk.entries() == {
        "A0003": "calling",
        "A0004": "elsewhere",
        "A0005": "waiting",
        "A0006": "waiting",
    }
    assert "load-elsewhere" not in await desk.bureau.tasks()
    await desk.bureau.goes_on(BEGINS + timedelta(days=1, hours=1))
    await desk.refused("elsewhere-list-old", "A0003", "no-answer")
    await desk.gives_back("A0002")
    assert (await desk.entries())["A0005"] == "waiting"
    await desk.lists("A0003", "A0004")
    states = await desk.entries()
    assert (states["A0003"], states["A0005"], states["A0006"]) == ("elsewhere", "calling", "calling")


async def test_r26_who_enrolled_elsewhere_after_accepting_gives_the_place_back(desk: Desk) -> None:
    """The round tells the case, once; what it gives back goes to the next, and the evidence is the batch."""
    await desk.begun()
    await desk.contact("A0003", "accepts")
    await desk.accepts("A0003")
    batch = await desk.lists("A0003", "A0002")
    await desk.lists("A0003")
    assert sorted(await desk.bureau.facts("enrolled-elsewhere")) == [
        application("A0002"),
        application("A0003"),
    ]
    assert (await desk.entries())["A0003"] == "accepted"
    await desk.gives_back("A0003", "enrolled-elsewhere")
    states = await desk.entries()
    assert (states["A0003"], states["A0004"]) == ("elsewhere", "calling")
    assert (await desk.line("A0003"))["evidence"]["batch"] == batch


async def test_r26_a_file_of_scores_is_not_accepted_while_people_enrol(desk: Desk) -> None:
    """Only who enrolled elsewhere counts then."""
    await desk.released(SIX)
    batch = await desk.bureau.load({"A0001": (1, 1)})
    with pytest.raises(Refusal) as told:
        await desk.bureau.decide(commands.AcceptBatch, batch=batch["batch"], hash=batch["hash"])
    assert told.value.code == "no-such-batch"


async def test_i1_later_offers_stay_within_the_places_whoever_writes(desk: Desk) -> None:
    """The database holds it: two accept, a third is refused by the rule and would be by the ledger."""
    await desk.begun(declined=2)
    await desk.contact("A0003", "accepts")
    await desk.contact("A0004", "accepts")
    assert await desk.bureau.frame("law") == (2, 0, 2, 0)
    await desk.refused("not-among-first", "A0005", "accepts")
    with pytest.raises(asyncpg.PostgresError, match="frame-full"):
        await desk.is_claimed("A0005")


async def test_i2_those_called_are_a_prefix_less_those_gone(desk: Desk) -> None:
    """Whoever withdrew, enrolled elsewhere or declined stands there with the evidence."""
    await desk.released(SIX)
    await desk.gives_back("A0001")
    await desk.bureau.leaves("A0003")
    await desk.begins("A0004")
    states = await desk.entries()
    assert states == {"A0003": "withdrawn", "A0004": "elsewhere", "A0005": "calling", "A0006": "waiting"}
    assert (await desk.line("A0003"))["evidence"]["code"] == "withdrawn"
    assert is_prefix(await desk.proof())


async def test_i3_a_freed_place_is_given_once_however_often_it_is_told(desk: Desk) -> None:
    """The same fact again, and a look of the clock at the same moment, call nobody more."""
    await desk.begun()
    await desk.bureau.owner.execute("UPDATE iehe.events SET state = 'stored' WHERE type LIKE '%place-freed'")
    await desk.bureau.hear()
    await desk.bureau.goes_on(seconds=5)
    assert await desk.calls() == 1
    await desk.contact("A0003", "accepts")
    await desk.refused("not-among-first", "A0003", "accepts")
    assert await desk.bureau.frame("law") == (2, 0, 2, 0)


async def test_i5_a_better_choice_gives_back_the_lower_one_in_the_same_step(desk: Desk) -> None:
    """And what it frees goes to the next there; the person has one place and is told of it."""
    marks = {"A0001": (90, 50), "A0002": (80, 50), "A0003": (70, 50)}
    await desk.released(marks, *([("mech", "elec")] * 3))
    assert await desk.place("A0002") == ("elec", "offered")
    await desk.accepts("A0002")
    await desk.gives_back("A0001")
    await desk.begins()
    assert await desk.entries("mech") == {"A0002": "calling", "A0003": "waiting"}
    await desk.contact("A0002", "accepts", programme="mech")
    assert await desk.place("A0002") == ("mech", "taken")
    assert await desk.bureau.facts("place-offered") == [application("A0002")]
    assert (await desk.bureau.frame("mech"), await desk.bureau.frame("elec")) == ((1, 0, 0, 1), (1, 0, 0, 0))
    assert await desk.entries("elec") == {"A0003": "calling"}
    await desk.contact("A0003", "accepts", programme="elec")
    assert (await desk.entries("mech"))["A0003"] == "waiting"
    assert await desk.place("A0003") == ("elec", "offered")
