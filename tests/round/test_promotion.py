"""Promotion where other systems have failed, where frames nest, and how it ends."""

import copy
from datetime import timedelta
from typing import Any, Final

import asyncpg
import pytest

from activities.round.waitlist import is_prefix
from schemas.kernel.refusals import Refusal
from schemas.round import commands
from tests.round.bureau import HEAD, RULES, Bureau, application
from tests.round.calling import ENDS, ENROL_UNTIL, SIX, Desk

HOUR: Final = timedelta(hours=1)
NESTED: dict[str, Any] = copy.deepcopy(RULES)
NESTED["programmes"][0]["frames"] = [
    {"key": "law", "places": 2},
    {"key": "law-a", "parent": "law", "places": 2},
    {"key": "law-b", "parent": "law", "places": 1},
]


@pytest.fixture
def policy() -> dict[str, object]:
    return {"waitlist": {"law": 9, "mech": 9, "elec": 9}}


@pytest.fixture
def desk(bureau: Bureau) -> Desk:
    return Desk(bureau)


async def test_roth_peranson_5_a_chain_of_promotions_fills_no_seat_twice(desk: Desk) -> None:
    """J-DM/Roth-Peranson #5: who moves up frees a place that the next one has, and nobody has two."""
    marks = {f"A000{number}": (100 - number, 50) for number in range(1, 6)}
    await desk.released(
        marks, *([("mech", "elec"), ("mech", "elec"), ("elec", "mech")] + [("mech", "elec")] * 2)
    )
    await desk.gives_back("A0001")
    await desk.begins()
    await desk.contact("A0002", "accepts", programme="mech")
    calls = [line for line in await desk.proof() if line["state"] == "calling"]
    assert [(line["programme"], line["number"]) for line in calls] == [("elec", "A0003")]
    await desk.contact("A0003", "accepts", programme="elec")
    row = await desk.bureau.owner.fetchrow(
        "SELECT count(*) AS places, count(DISTINCT case_id) AS persons FROM iehe.places"
        " WHERE state IN ('offered', 'taken')"
    )
    assert tuple(row) == (2, 2)
    assert (await desk.entries("mech"))["A0003"] == "withdrawn"


async def test_eventra_13345_a_stale_head_is_passed_over_with_evidence(desk: Desk) -> None:
    """SandeepVashishtha/Eventra #13345: promotion stopped at a head that could not be served."""
    await desk.released(SIX)
    await desk.gives_back("A0001")
    for number in ("A0003", "A0004", "A0005"):
        await desk.bureau.leaves(number)
    await desk.begins()
    assert (await desk.entries())["A0006"] == "calling"
    assert is_prefix(await desk.proof())


async def test_wca_12486_a_vacancy_wakes_the_leader_before_anybody_new(desk: Desk) -> None:
    """thewca/worldcubeassociation.org #12486: nobody was told, and a newcomer got it."""
    await desk.begun(declined=0)
    assert await desk.calls() == 0
    await desk.gives_back("A0002")
    assert (await desk.entries())["A0003"] == "calling"
    with pytest.raises(asyncpg.PostgresError, match="place-waited-for"):
        await desk.is_claimed("A0009")


async def test_wca_12486_who_only_waited_and_withdraws_wakes_the_next(desk: Desk) -> None:
    """That frees no place in the ledger, and yet somebody else is among the first."""
    await desk.begun()
    await desk.withdraws("A0003")
    states = await desk.entries()
    assert (states["A0003"], states["A0004"]) == ("withdrawn", "calling")


@pytest.mark.parametrize("policy", [{"waitlist": {"law": 9}, "rules": NESTED}])
async def test_pretix_3628_where_frames_nest_nobody_is_called_without_a_reason(desk: Desk) -> None:
    """pretix/pretix #3628: the frame that is full is named, and one place calls one person of two frames."""
    frames = ("law-a", "law-b", "law-a", "law-b", "law-a")
    await desk.released(dict(list(SIX.items())[:5]), *((frame,) for frame in frames))
    await desk.begins()
    assert await desk.calls() == 0
    told = await desk.refused("not-among-first", "A0003", "no-answer")
    assert told.params["why"] == "frame-full law"
    await desk.gives_back("A0002")
    calls = [line["number"] for line in await desk.proof() if line["state"] == "calling"]
    assert calls == ["A0003"]
    told = await desk.refused("not-among-first", "A0004", "no-answer")
    assert told.params["why"] == "frame-full law"
    await desk.contact("A0003", "accepts")
    assert await desk.bureau.frame("law") == (2, 0, 2, 0)
    assert await desk.place("A0003") == ("law-a", "offered")


@pytest.mark.parametrize("policy", [{"waitlist": {"law": 9}, "rules": NESTED}])
async def test_r16_who_is_tied_where_places_end_is_offered_one_beyond_the_frame_above_too(desk: Desk) -> None:
    """Three for two places of the outer frame: two give theirs back before one is called."""
    marks = {"A0001": (90, 50), "A0002": (80, 50), "A0003": (80, 50), "A0004": (70, 50)}
    await desk.released(marks, ("law-b",), ("law-a",), ("law-a",), ("law-a",))
    assert await desk.bureau.frame("law") == (2, 0, 3, 0)
    await desk.gives_back("A0001")
    await desk.begins()
    assert await desk.calls() == 0
    await desk.gives_back("A0002")
    assert await desk.entries() == {"A0004": "calling"}


async def test_what_lapses_goes_to_the_next_by_calling(desk: Desk) -> None:
    """A promotion that is not taken until its hour ends by the round's own clock."""
    await desk.begun()
    await desk.contact("A0003", "accepts")
    await desk.bureau.goes_on(ENROL_UNTIL - HOUR)
    await desk.lists()
    assert (await desk.entries())["A0003"] == "offered"
    await desk.over(ENROL_UNTIL)
    states = await desk.entries()
    assert (states["A0003"], states["A0004"]) == ("declined", "calling")
    assert (await desk.line("A0003"))["evidence"]["code"] == "lapsed"
    await desk.contact("A0004", "accepts")
    assert (await desk.line("A0004"))["offered_until"] == ENDS


async def test_at_the_end_who_waits_is_released_by_the_clock_and_told(desk: Desk) -> None:
    """R10: those who waited in vain and have no place; the round is settled."""
    await desk.released(SIX)
    await desk.gives_back("A0001")
    await desk.accepts("A0002")
    await desk.begins()
    await desk.contact("A0003", "accepts")
    await desk.accepts("A0003")
    await desk.bureau.goes_on(ENDS - timedelta(minutes=1))
    await desk.lists()
    with pytest.raises(Refusal) as told:
        await desk.bureau.decide(commands.CloseRound, HEAD)
    assert told.value.code == "wrong-stage"
    await desk.over(ENDS)
    for _ in range(5):
        await desk.bureau.goes_on(seconds=2)
    assert await desk.entries() == {
        "A0003": "accepted",
        "A0004": "released",
        "A0005": "released",
        "A0006": "released",
    }
    assert (await desk.bureau.state()).stage == "settled"
    assert sorted(await desk.bureau.facts("waitlist-released")) == [
        application(f"A000{number}") for number in (4, 5, 6)
    ]
    waiting = "SELECT count(*) FROM iehe.place_queue WHERE state = 'waiting'"
    assert await desk.bureau.owner.fetchval(waiting) == 0
    assert await desk.calls() == 0
