"""Who waits: in order, before any newcomer, passed over with a reason and never forgotten."""

from datetime import timedelta

import pytest

from schemas.kernel.refusals import Refusal
from tests.places.lending import ALLOCATOR, LENDING, NOW, OFFER, Lending, line

HALL = "lending/hall"


async def full(lending: Lending, seats: int = 1) -> None:
    """A hall with an allocator, whose seats are all taken by X0, X1, ..."""
    await lending.frame(HALL, seats, allocator=ALLOCATOR)
    for number in range(seats):
        await lending.apply(f"lending/X{number}", HALL)


async def wait(lending: Lending, name: str, rank: int, amount: int = 1, **wanted) -> None:
    await lending.act(
        f"lending/{name}", "queue", frame=HALL, rank=[str(rank)], amount=str(amount), wanted=wanted
    )


async def leave(lending: Lending, name: str) -> None:
    await lending.act(f"lending/{name}", "release", place=f"lending/{name}#seat", why="withdrawn")


async def offered(lending: Lending) -> list[str]:
    rows = await lending.owner.fetch("SELECT case_id FROM iehe.places WHERE state = 'offered' ORDER BY 1")
    return [row["case_id"] for row in rows]


async def refuse_newcomer(lending: Lending, name: str = "NEW", amount: int = 1) -> None:
    with pytest.raises(Refusal) as refused:
        await lending.act(f"lending/{name}", "claim", place=name, lines=[line(HALL, amount)])
    assert refused.value.code == "place-waited-for"


async def test_mod_booking_693_a_freed_place_is_kept_from_newcomers(lending: Lending) -> None:
    """O11, D8: who comes between cancelling and calling waits; the first of the queue is offered it."""
    await full(lending)
    await wait(lending, "A", 1)
    await leave(lending, "X0")
    await refuse_newcomer(lending)
    await lending.deliver()
    assert await offered(lending) == ["lending/A"]
    assert await lending.waiting(HALL) == []


async def test_wca_12486_nobody_behind_is_served_while_somebody_in_front_fits(lending: Lending) -> None:
    """K2: who waits themselves is before newcomers, but not before who is first."""
    await full(lending)
    await wait(lending, "B", 2)
    await wait(lending, "A", 1)
    await leave(lending, "X0")
    await refuse_newcomer(lending, "B")
    await lending.act("lending/A", "claim", place="A", lines=[line(HALL)])


async def test_of_equal_ranks_who_came_first_is_first(lending: Lending) -> None:
    """Ranks are compared number by number, the shorter list first; then by entry."""
    await full(lending)
    for name, rank in (("E", [2]), ("D", [1, 5]), ("C", [1, "4.5"]), ("B", [1, 5]), ("A", [1])):
        await lending.act(f"lending/{name}", "queue", frame=HALL, rank=[str(each) for each in rank])
    assert await lending.waiting(HALL) == [f"lending/{name}" for name in "ACDBE"]


async def test_an_entry_too_large_is_passed_over_and_keeps_its_position(lending: Lending) -> None:
    """O11: a group of three does not block one seat; when three are free it is first, before newcomers."""
    await full(lending, 3)
    await wait(lending, "GROUP", 1, 3)
    await wait(lending, "B", 2)
    await leave(lending, "X0")
    await lending.deliver()
    assert await offered(lending) == ["lending/B"]
    assert await lending.waiting(HALL) == ["lending/GROUP"]
    assert ("waiting", "passed-over", "too-large") in await lending.log("lending/GROUP")
    # the seat is B's offer; a newcomer finds nothing, and once three are free the group alone does
    for name in ("X1", "X2"):
        await leave(lending, name)
    await lending.act("lending/B", "release", place="lending/B#seat", why="declined")
    await refuse_newcomer(lending)
    await lending.deliver()
    assert await offered(lending) == ["lending/GROUP"]


async def test_pretix_3628_a_blocked_head_of_the_list_does_not_stop_the_others(lending: Lending) -> None:
    """D8, X29: who cannot take it now is passed over with the reason, keeps the rank, and is asked again."""
    await full(lending)
    await wait(lending, "A", 1, lacks="unapproved")
    await wait(lending, "B", 2)
    await leave(lending, "X0")
    await lending.deliver()
    assert await offered(lending) == ["lending/B"]
    assert ("waiting", "passed-over", "unapproved") in await lending.log("lending/A")
    await wait(lending, "A", 1)  # approved meanwhile
    await lending.act("lending/B", "release", place="lending/B#seat", why="declined")
    await lending.deliver()
    assert await offered(lending) == ["lending/A"]


async def test_who_was_passed_over_blocks_again_when_something_falls_free(lending: Lending) -> None:
    """The reason holds for the places that were free then: of the next one it has to be said again."""
    await full(lending, 2)
    await wait(lending, "A", 1, lacks="clash")
    await leave(lending, "X0")
    await lending.deliver()
    await lending.act("lending/NEW1", "claim", place="NEW1", lines=[line(HALL)])
    await leave(lending, "X1")
    await refuse_newcomer(lending)
    await lending.deliver()
    await lending.act("lending/NEW2", "claim", place="NEW2", lines=[line(HALL)])


async def test_pretix_1163_who_was_offered_a_place_is_off_the_list(lending: Lending) -> None:
    """O13, D10: taken, declined, lapsed: each ends the entry; the seat goes on to the next."""
    for number, end in enumerate(("take", "declined", "lapse")):
        frame = f"{HALL}/{end}"
        await lending.frame(frame, 1, allocator=ALLOCATOR)
        first, second = f"lending/A{number}", f"lending/B{number}"
        await lending.apply(f"lending/X{number}", frame)
        for case_id in (first, second):
            await lending.apply(case_id, frame)
        await leave(lending, f"X{number}")
        await lending.deliver()
        place = f"{first}#seat"
        assert await lending.state(place) == "offered"
        if end == "take":
            await lending.act(first, "take", place=place)
            await lending.act(first, "release", place=place, why="withdrawn")
        elif end == "declined":
            await lending.act(first, "release", place=place, why="declined")
        else:
            lending.now = NOW + OFFER
            await lending.act(first, "lapse", place=place)
        await lending.deliver()
        assert await lending.state(f"{second}#seat") == "offered"
        assert await lending.waiting(frame) == []
        ended = await lending.owner.fetchval(
            "SELECT how FROM iehe.place_queue WHERE case_id = $1 AND state = 'ended'", first
        )
        assert ended == {"take": "taken", "declined": "declined", "lapse": "lapsed"}[end]
        lending.now = NOW


async def test_mod_booking_1073_a_raised_limit_calls_the_queue_in_order(lending: Lending) -> None:
    """O14, D11: two seats more: the first two are offered them, the third waits, no newcomer slips in."""
    await full(lending)
    for rank, name in enumerate("ABC"):
        await wait(lending, name, rank)
    await lending.owner.execute("SELECT iehe.set_frame($1, '{\"places\": 3}', now())", HALL)
    await refuse_newcomer(lending)
    assert await lending.deliver() == 1
    assert await offered(lending) == ["lending/A", "lending/B"]
    assert await lending.waiting(HALL) == ["lending/C"]


async def test_mod_booking_899_a_raised_limit_gives_nothing_to_the_unapproved(lending: Lending) -> None:
    """D11: a larger room never promotes past an approval."""
    await full(lending)
    await wait(lending, "A", 1, lacks="unapproved")
    await lending.owner.execute("SELECT iehe.set_frame($1, '{\"places\": 9}', now())", HALL)
    await lending.deliver()
    assert await offered(lending) == []
    assert await lending.waiting(HALL) == ["lending/A"]


async def test_one_freed_place_is_one_call_however_often_it_is_told(lending: Lending) -> None:
    """K3: the fact twice, or the allocator by itself before it: one seat, one offer."""
    await full(lending)
    for rank, name in enumerate("AB"):
        await wait(lending, name, rank)
    await leave(lending, "X0")
    assert await lending.deliver() == 1
    await lending.owner.execute("UPDATE iehe.events SET state = 'stored'")
    await lending.deliver()
    assert await offered(lending) == ["lending/A"]
    assert await lending.waiting(HALL) == ["lending/B"]


async def test_what_falls_free_above_is_told_to_who_allocates_below(lending: Lending) -> None:
    """A seat of a sister frame freed the house: their allocator hears where somebody waits; no other."""
    await lending.frame("lending/house", 1)
    for name, allocator in (("one", None), ("two", "lending/TWO"), ("three", "lending/THREE")):
        wanted = {"allocator": allocator} if allocator else {}
        await lending.frame(f"lending/house/{name}", 1, parent="lending/house", **wanted)
    await lending.apply("lending/X0", "lending/house/one")
    await lending.apply("lending/A", "lending/house/two")
    await leave(lending, "X0")
    events = await lending.owner.fetch("SELECT case_id, process, cause_case, envelope FROM iehe.events")
    assert [(row["case_id"], row["process"], row["cause_case"]) for row in events] == [
        ("lending/TWO", LENDING.name, "lending/X0")
    ]
    await lending.deliver()
    assert await offered(lending) == ["lending/A"]


async def test_who_moves_out_of_a_frame_frees_it_like_who_leaves(lending: Lending) -> None:
    """The allocator is told, newcomers wait, and who was passed over before is asked again."""
    await full(lending, 2)
    await lending.frame("lending/elsewhere", 1)
    await wait(lending, "A", 1, lacks="clash")
    await leave(lending, "X0")
    await lending.deliver()
    await lending.act("lending/X2", "claim", place="X2", lines=[line(HALL)])
    await lending.act("lending/X1", "move", place="lending/X1#seat", lines=[line("lending/elsewhere")])
    await refuse_newcomer(lending)
    assert await lending.deliver() == 1
    assert [why for _, _, why in await lending.log("lending/A")].count("clash") == 2


async def test_who_has_an_offer_waits_no_second_time(lending: Lending) -> None:
    """A late `queue` does not make two of one person; who left is asked no more."""
    await full(lending)
    await wait(lending, "A", 1)
    await wait(lending, "B", 2)
    await leave(lending, "X0")
    await lending.deliver()
    await wait(lending, "A", 0)
    assert await lending.waiting(HALL) == ["lending/B"]
    await lending.act("lending/B", "leave_queue", frame=HALL, how="withdrawn")
    await lending.act("lending/B", "leave_queue", frame=HALL, how="again")
    assert (await lending.log("lending/B"))[-1] == ("waiting", "ended", "withdrawn")
    lending.now = NOW + OFFER + timedelta(hours=1)
    await lending.act(ALLOCATOR, "lapse", place="lending/A#seat")
    await lending.act("lending/NEW", "claim", place="NEW", lines=[line(HALL)])
