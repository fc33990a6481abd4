"""Frames: how many there are, how many may be given out, one in another."""

from decimal import Decimal

import asyncpg
import pytest

from schemas.kernel.refusals import Refusal
from tests.places.lending import ALLOCATOR, Lending, line

HALL = "lending/hall"
ANNEX = "lending/annex"
LINE = "INSERT INTO iehe.place_lines (place, state, process, frame, amount)"


async def test_an_amount_counts_in_its_frame_and_in_all_above_it(lending: Lending) -> None:
    """Programme, agreement, faculty: a place in the last is one in each, and comes back from each."""
    await lending.frame("lending/p", 10)
    await lending.frame("lending/p/a", 5, parent="lending/p")
    await lending.frame("lending/p/a/f", 5, parent="lending/p/a")
    await lending.act("lending/A", "claim", place="a", lines=[line("lending/p/a/f", 2)])
    for frame in ("lending/p", "lending/p/a", "lending/p/a/f"):
        assert await lending.counts(frame) == (2, 0, 0)
    await lending.act("lending/A", "take", place="a")
    assert await lending.counts("lending/p") == (0, 0, 2)
    await lending.act("lending/A", "release", place="a", why="withdrawn")
    assert await lending.counts("lending/p") == (0, 0, 0)


async def test_the_frame_above_refuses_what_the_frame_itself_has_left(lending: Lending) -> None:
    """Two agreements of three persons each, of a programme of four: the fifth is named the programme."""
    await lending.frame("lending/p", 4)
    for name in ("a", "b"):
        await lending.frame(f"lending/p/{name}", 3, parent="lending/p")
    await lending.act("lending/A", "claim", place="a", lines=[line("lending/p/a", 3)])
    await lending.act("lending/B", "claim", place="b", lines=[line("lending/p/b")])
    with pytest.raises(Refusal) as refused:
        await lending.act("lending/C", "claim", place="c", lines=[line("lending/p/b")])
    assert (refused.value.code, refused.value.params["frame"]) == ("frame-full", "lending/p")
    assert refused.value.params["free"] == "0"
    assert await lending.counts("lending/p/b") == (1, 0, 0)


async def test_persons_and_decimal_months_are_taken_together_or_not_at_all(lending: Lending) -> None:
    """X8: a place of one person and 4.5 months; where months are short the person is not counted either."""
    await lending.frame("lending/a:persons", 5)
    await lending.frame("lending/a:months", 10, measure="months")

    def lines(months: str) -> list[dict]:
        return [line("lending/a:persons"), line("lending/a:months", months)]

    await lending.act("lending/A", "claim", place="a", lines=lines("4.5"))
    await lending.act("lending/B", "claim", place="b", lines=lines("5.25"))
    with pytest.raises(Refusal, match=r"0\.25 free"):
        await lending.act("lending/C", "claim", place="c", lines=lines("0.3"))
    assert await lending.counts("lending/a:persons") == (2, 0, 0)
    assert await lending.counts("lending/a:months") == (Decimal("9.75"), 0, 0)


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity"])
async def test_an_amount_is_more_than_nothing(lending: Lending, amount: str) -> None:
    """What would give places back, or count for nothing, is no line."""
    await lending.frame(HALL, 5)
    await lending.act("lending/A", "claim", place="a", lines=[line(HALL)])
    place = f"{LINE} VALUES ('a', 'held', 'p', $1, $2)"
    with pytest.raises(asyncpg.CheckViolationError):
        await lending.owner.execute(place, HALL, Decimal(amount))


async def test_more_may_be_given_out_than_there_are(lending: Lending) -> None:
    """2,722 admitted for 2,669 places: the limit is a number of its own, and the one that holds."""
    await lending.frame(HALL, 2, limit="3")
    for name in "ABC":
        await lending.act(f"lending/{name}", "claim", place=name, lines=[line(HALL)])
    with pytest.raises(Refusal, match="Not enough"):
        await lending.act("lending/D", "claim", place="D", lines=[line(HALL)])
    # it does not follow the places any more
    await lending.frame(HALL, 1)
    assert await lending.counts(HALL) == (3, 0, 0)


async def test_osem_1447_a_limit_below_what_is_given_out_is_refused(lending: Lending) -> None:
    """O14: nothing is changed, and the refusal says how many there are."""
    await lending.frame(HALL, 3)
    for name in "AB":
        await lending.act(f"lending/{name}", "claim", place=name, lines=[line(HALL)])
    with pytest.raises(Refusal) as refused:
        await lending.frame(HALL, 1)
    assert (refused.value.code, refused.value.params["given"]) == ("frame-below", "2")
    assert await lending.owner.fetchval("SELECT limit_ FROM iehe.frames WHERE frame = $1", HALL) == 3
    await lending.frame(HALL, 2)


async def test_a_frame_stays_where_it_is_while_something_of_it_is_given_out(lending: Lending) -> None:
    """Its amounts count above it: another parent or measure waits until they are back. Never a circle."""
    await lending.frame("lending/p", 4)
    await lending.frame(HALL, 4)
    await lending.act("lending/A", "claim", place="a", lines=[line(HALL)])
    for wanted in ({"parent": "lending/p"}, {"measure": "months"}):
        with pytest.raises(Refusal) as refused:
            await lending.frame(HALL, 4, **wanted)
        assert refused.value.code == "frame-in-use"
    await lending.act("lending/A", "release", place="a", why="withdrawn")
    await lending.frame(HALL, 4, parent="lending/p")
    with pytest.raises(Refusal) as refused:
        await lending.frame("lending/p", 4, parent=HALL)
    assert refused.value.code == "frame-within-itself"


@pytest.mark.parametrize("frame", ["lending/none", "nobody/hall", "other/hall"])
async def test_a_frame_that_is_not_there_is_named(lending: Lending, frame: str) -> None:
    """One that was never made, of no process, or of another process, which alone gives it out."""
    await lending.act("other/BOSS", "frame", frame="other/hall", wanted={"places": "5"})
    with pytest.raises(Refusal) as refused:
        await lending.act("lending/A", "claim", place="a", lines=[line(frame)])
    assert (refused.value.code, refused.value.params["frame"]) == ("frame-unknown", frame)


async def test_a_frame_of_another_process_is_not_made(lending: Lending) -> None:
    """A process's frames begin with its room."""
    with pytest.raises(Refusal) as refused:
        await lending.act("other/BOSS", "frame", frame=HALL, wanted={"places": "5"})
    assert refused.value.code == "frame-unknown"


async def test_no_other_writer_gets_round_the_limit(lending: Lending, worker_pool: asyncpg.Pool) -> None:
    """The worker may not write the tables at all; whoever may is held by the constraint, in whatever way."""
    await lending.frame(HALL, 1)
    await lending.act("lending/A", "claim", place="a", lines=[line(HALL)])
    for statement in (
        f"{LINE} SELECT 'a', 'held', 'p', $1, 1",
        "UPDATE iehe.frames SET held = 0 WHERE frame = $1",
        "DELETE FROM iehe.place_lines WHERE frame = $1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await worker_pool.execute(statement, HALL)
    for statement in (
        f"{LINE} VALUES ('a', 'held', 'p', $1, 0.001)",
        "UPDATE iehe.place_lines SET amount = 2 WHERE frame = $1",
        "UPDATE iehe.frames SET limit_ = 0 WHERE frame = $1",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await lending.owner.execute(statement, HALL)
    # what it may do is counted
    await lending.owner.execute("UPDATE iehe.place_lines SET amount = 0.5 WHERE frame = $1", HALL)
    assert await lending.counts(HALL) == (Decimal("0.5"), 0, 0)
    await lending.owner.execute("UPDATE iehe.places SET state = 'taken' WHERE place = 'a'")
    assert await lending.counts(HALL) == (0, 0, Decimal("0.5"))
    await lending.owner.execute("DELETE FROM iehe.places WHERE place = 'a'")
    assert await lending.counts(HALL) == (0, 0, 0)


async def test_noq_448_a_request_alone_does_not_count(lending: Lending) -> None:
    """Two who wait for the last place leave it free: there are never −1 places."""
    await lending.frame(HALL, 1)
    for name in "AB":
        await lending.act(f"lending/{name}", "queue", frame=HALL, rank=["1"])
    assert await lending.counts(HALL) == (0, 0, 0)
    await lending.act("lending/A", "claim", place="a", lines=[line(HALL)])
    assert await lending.waiting(HALL) == ["lending/B"]


async def test_pretix_1238_a_deleted_reserve_frees_no_places_that_never_were(lending: Lending) -> None:
    """An unused reserve below a full house taken down to nothing gives the house nothing."""
    await lending.frame("lending/house", 1)
    await lending.frame("lending/house/reserve", 60, parent="lending/house")
    await lending.frame("lending/house/rest", 1, parent="lending/house")
    await lending.act("lending/A", "claim", place="a", lines=[line("lending/house/rest")])
    await lending.frame("lending/house/reserve", 0)
    await lending.frame("lending/house/rest", 60)
    with pytest.raises(Refusal) as refused:
        await lending.act("lending/B", "claim", place="b", lines=[line("lending/house/rest")])
    assert refused.value.params["frame"] == "lending/house"


async def test_a_step_that_is_refused_leaves_no_part_of_what_it_gives(lending: Lending) -> None:
    """One act of three does not fit: the case is where it was, and so is the ledger."""
    await lending.frame(HALL, 1)
    with pytest.raises(Refusal):
        await lending.do(
            "lending/A",
            ("claim", {"place": "a", "lines": [line(HALL)]}),
            ("queue", {"frame": HALL, "rank": ["1"]}),
            ("claim", {"place": "b", "lines": [line(HALL)]}),
        )
    assert await lending.counts(HALL) == (0, 0, 0)
    assert await lending.log("lending/A") == []
    assert await lending.owner.fetchval("SELECT version FROM iehe.cases WHERE case_id = 'lending/A'") == 1
    assert ALLOCATOR in lending.opened


async def full(lending: Lending) -> None:
    """Three places given out of two: the limit was three, and is two from now on."""
    await lending.frame(HALL, 2, limit="3")
    for name in ("a", "b", "c"):
        await lending.act(f"lending/{name.upper()}", "claim", place=name, lines=[line(HALL)], state="offered")
    await lending.frame(HALL, 2, limit="2", below=True)


async def test_a_limit_lowered_below_what_is_given_out_gives_nothing_until_enough_has_come_back(
    lending: Lending,
) -> None:
    """R3: a first release may exceed the places; later offers wait until fewer are held than there are."""
    await full(lending)
    for place in ("a", "b"):
        with pytest.raises(Refusal, match=HALL):
            await lending.act("lending/D", "claim", place="d", lines=[line(HALL)])
        await lending.act(f"lending/{place.upper()}", "release", place=place, why="declined")
    await lending.act("lending/D", "claim", place="d", lines=[line(HALL)])
    assert await lending.counts(HALL) == (1, 1, 0)


async def test_whatever_code_writes_what_comes_back_beyond_the_limit_is_not_given_again(
    lending: Lending, owner: asyncpg.Connection
) -> None:
    """I1: the constraint holds the excess too, and it only falls."""
    await full(lending)
    await lending.act("lending/A", "take", place="a")
    assert await lending.counts(HALL) == (0, 2, 1)
    await lending.act("lending/B", "release", place="b", why="declined")
    places = "SELECT place, state, process, $1, 1 FROM iehe.places WHERE place = 'a'"
    again = f"{LINE} {places}"
    with pytest.raises(asyncpg.CheckViolationError, match="frames_within_limit"):
        await owner.execute(again, HALL)


async def test_a_place_that_the_university_owes_consumes_one_and_frees_none(lending: Lending) -> None:
    """R7, pretix/pretix #1238: given beyond a full frame it is nobody's when it comes back."""
    await lending.frame(HALL, 1)
    await lending.act("lending/A", "claim", place="a", lines=[line(HALL)], state="taken")
    await lending.act("lending/W", "queue", frame=HALL, rank=[1])
    await lending.act("lending/B", "claim", place="b", lines=[line(HALL)], state="offered", beyond=True)
    assert await lending.counts(HALL) == (0, 1, 1)
    await lending.act("lending/B", "release", place="b", why="declined")
    with pytest.raises(Refusal) as refused:
        await lending.act("lending/W", "claim", place="w", lines=[line(HALL)])
    assert refused.value.code == "frame-full"
    await lending.act("lending/A", "release", place="a", why="withdrawn")
    await lending.act("lending/W", "claim", place="w", lines=[line(HALL)])
    assert await lending.counts(HALL) == (1, 0, 0)


async def test_a_place_owed_in_a_frame_with_room_leaves_that_room_and_frees_none(lending: Lending) -> None:
    """R7: it is counted, and is extra whether something is free or not; so is what falls free meanwhile."""
    await lending.frame(HALL, 2)
    await lending.act("lending/A", "claim", place="a", lines=[line(HALL)], state="offered", beyond=True)
    assert await free(lending) == 2
    await lending.act("lending/B", "claim", place="b", lines=[line(HALL)])
    await lending.act("lending/C", "claim", place="c", lines=[line(HALL)], state="taken")
    assert await lending.counts(HALL) == (1, 1, 1)
    await lending.act("lending/A", "take", place="a")
    await lending.act("lending/B", "release", place="b", why="withdrawn")
    assert await free(lending) == 1
    await lending.act("lending/D", "claim", place="d", lines=[line(HALL)])
    await lending.act("lending/A", "release", place="a", why="withdrawn")
    with pytest.raises(Refusal) as refused:
        await lending.act("lending/E", "claim", place="e", lines=[line(HALL)])
    assert (refused.value.code, await lending.counts(HALL)) == ("frame-full", (1, 0, 1))


async def test_what_is_owed_is_extra_in_all_frames_above_and_no_limit_is_held_against_it(
    lending: Lending,
) -> None:
    """A sibling has what is left above; the limit may be as low as what was given within it."""
    await lending.frame(HALL, 1)
    for name in ("a", "b"):
        await lending.frame(f"{HALL}/{name}", 1, parent=HALL)
    await lending.act("lending/A", "claim", place="a", lines=[line(f"{HALL}/a")], beyond=True)
    assert (await free(lending), await free(lending, f"{HALL}/b")) == (1, 1)
    await lending.act("lending/B", "claim", place="b", lines=[line(f"{HALL}/b")])
    assert (await free(lending), await lending.counts(HALL)) == (0, (2, 0, 0))
    await lending.frame(f"{HALL}/a", 0)
    assert await free(lending, f"{HALL}/a") == 0


async def test_what_is_owed_and_moves_is_extra_no_more_and_exchanged_it_stays_so(lending: Lending) -> None:
    """Another place has to be free for who has one that is owed, as for anybody."""
    await lending.frame(HALL, 1)
    await lending.frame(ANNEX, 1)
    await lending.act("lending/A", "claim", place="a", lines=[line(HALL)], beyond=True)
    await lending.act("lending/B", "claim", place="b", lines=[line(HALL)])
    await lending.act("lending/A", "swap", place="a", other="b")
    await lending.act("lending/A", "release", place="a", why="withdrawn")
    assert await free(lending) == 1
    await lending.act("lending/B", "move", place="b", lines=[line(ANNEX)])
    assert (await free(lending), await free(lending, ANNEX)) == (1, 0)


async def free(lending: Lending, frame: str = HALL) -> int:
    """What may still be given out, of the frame and of all above it."""
    return int(await lending.owner.fetchval("SELECT iehe.free_in($1)", frame))
