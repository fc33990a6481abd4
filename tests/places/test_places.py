"""Places: held, offered, taken and given back; a unit once a day; answer or lapse, never both."""

from datetime import date, timedelta

import asyncpg
import pytest

from schemas.kernel.refusals import Refusal
from tests.places.lending import ALLOCATOR, NOW, OFFER, Lending, line

HALL = "lending/north/2027S"
BED, OTHER_BED = "lending/north/101-A", "lending/north/101-B"
APRIL, MAY, JUNE = date(2027, 4, 1), date(2027, 5, 1), date(2027, 6, 1)
NEXT = date(2027, 5, 2)


async def give(lending: Lending, name: str, *days: date, unit: str = BED, **given) -> None:
    await lending.act(f"lending/{name}", "claim", place=name, lines=[line(HALL, 1, unit, *days)], **given)


async def refused(code: str, work) -> Refusal:
    with pytest.raises(Refusal) as found:
        await work
    assert found.value.code == code
    return found.value


async def test_librebooking_147_a_bed_is_given_once_a_day(lending: Lending) -> None:
    """X21: whoever comes second is refused in the write, by whatever day the stays share."""
    await lending.frame(HALL, 10)
    await give(lending, "A", APRIL, JUNE)
    found = await refused("unit-taken", give(lending, "B", MAY, date(2028, 1, 1)))
    assert found.params["unit"] == BED
    await give(lending, "B", MAY, JUNE, unit=OTHER_BED)


async def test_the_out_day_is_the_next_ones_in_day(lending: Lending) -> None:
    """X21: half-open days, and the same of a stay without an end."""
    await lending.frame(HALL, 10)
    await give(lending, "A", APRIL, MAY)
    await give(lending, "B", MAY, NEXT)
    await give(lending, "C", NEXT, None)
    await refused("unit-taken", give(lending, "D", date(2030, 1, 1), None))


@pytest.mark.parametrize("days", [(APRIL, APRIL), (MAY, APRIL), (None, MAY), (None, None)])
async def test_an_empty_interval_is_refused(lending: Lending, days) -> None:
    """X21: no day, days the wrong way round, or a bed without any: by the rule and by the database."""
    await lending.frame(HALL, 10)
    await refused("place-span-empty", give(lending, "A", *days))
    with pytest.raises(asyncpg.PostgresError, match=r"range|check"):
        await lending.owner.execute(
            "INSERT INTO iehe.place_lines (place, state, process, frame, amount, unit, during)"
            " VALUES ('a', 'held', 'p', $1, 1, $2, daterange($3, $4))",
            *(HALL, BED, *(days if days[0] else (APRIL, APRIL))),
        )


async def test_a_bed_is_one_whatever_frame_it_is_given_from(lending: Lending) -> None:
    """Stays cross terms: two frames of one house know one bed; and no second writer gets round it."""
    for term in (HALL, "lending/north/2027A"):
        await lending.frame(term, 10)
    await give(lending, "A", APRIL, date(2028, 3, 31))
    autumn = [line("lending/north/2027A", 1, BED, date(2027, 10, 1), date(2028, 3, 31))]
    await refused("unit-taken", lending.act("lending/B", "claim", place="B", lines=autumn))
    await lending.act("lending/B", "claim", place="B", lines=[line("lending/north/2027A")])
    with pytest.raises(asyncpg.ExclusionViolationError):
        await lending.owner.execute(
            "UPDATE iehe.place_lines SET unit = $1, during = daterange('2027-10-01', '2028-01-01')"
            " WHERE place = 'B'",
            BED,
        )


async def test_agendia_268_an_offer_holds(lending: Lending) -> None:
    """X28: what is offered to one is nobody else's until it is answered or lapses, and is then at once."""
    await lending.frame(HALL, 1)
    await give(lending, "A", APRIL, MAY, state="offered", ends_at=NOW + OFFER)
    assert await lending.counts(HALL) == (0, 1, 0)
    await refused("frame-full", give(lending, "B", APRIL, MAY))
    await lending.act("lending/A", "release", place="A", why="declined")
    assert await lending.state("A") == "declined"
    await give(lending, "B", APRIL, MAY)


@pytest.mark.parametrize("first", ["answer", "lapse"])
@pytest.mark.parametrize("minutes", [-1, 0, 1])
async def test_either_the_answer_or_the_lapse_wins(lending: Lending, first: str, minutes: int) -> None:
    """Whichever comes first around the end, by a clock that goes back and forth: one of them counts."""
    await lending.frame(HALL, 1)
    await give(lending, "A", APRIL, MAY, state="offered", ends_at=NOW + OFFER)
    taken = 0
    for act in ("answer", "lapse") if first == "answer" else ("lapse", "answer"):
        lending.now = NOW + OFFER + timedelta(minutes=minutes)
        if act == "lapse":
            await lending.act(ALLOCATOR, "lapse", place="A")
        elif await lending.state("A") == "offered" and lending.now < NOW + OFFER:
            await lending.act("lending/A", "take", place="A")
            taken += 1
        else:
            await refused("place-over", lending.act("lending/A", "take", place="A"))
        # the other one's clock goes the other way
        minutes = -minutes
    state = await lending.state("A")
    assert (state == "taken") is (taken == 1)
    assert state in ("taken", "lapsed", "offered")
    if state == "offered":  # a late answer was refused, and the clock that lapses it was behind
        lending.now = NOW + OFFER
        await lending.act(ALLOCATOR, "lapse", place="A")
        assert await lending.state("A") == "lapsed"
    moves = [to for _, to, _ in await lending.log("lending/A")]
    assert moves.count("taken") + moves.count("lapsed") == 1


async def test_what_lapsed_or_was_taken_is_answered_no_more(lending: Lending) -> None:
    """O13: a second answer, an answer to what was given back, an extension afterwards."""
    await lending.frame(HALL, 3)
    await give(lending, "A", APRIL, MAY, state="offered", ends_at=NOW + OFFER)
    await lending.act("lending/A", "take", place="A")
    for method, more in (("take", {}), ("extend", {"ends_at": NOW + OFFER})):
        found = await refused("place-over", lending.act("lending/A", method, place="A", **more))
        assert found.params["state"] == "taken"
    await lending.act("lending/A", "release", place="A", why="withdrawn")
    for method in ("take", "move"):
        given = {"lines": [line(HALL)]} if method == "move" else {}
        await refused("place-over", lending.act("lending/A", method, place="A", **given))
    await refused("place-unknown", lending.act("lending/A", "take", place="nobodys"))


async def test_openlinker_2346_a_hold_that_is_extended_is_not_freed(lending: Lending) -> None:
    """X32: reported late, the bed is kept: what would have expired it does nothing; what is taken stays."""
    await lending.frame(HALL, 2)
    await give(lending, "A", APRIL, MAY, ends_at=NOW + OFFER)
    await give(lending, "B", APRIL, MAY, unit=OTHER_BED, ends_at=NOW + OFFER)
    await lending.act("lending/A", "extend", place="A", ends_at=NOW + 2 * OFFER)
    await lending.act("lending/B", "take", place="B")
    lending.now = NOW + OFFER + timedelta(minutes=1)
    for name in "AB":
        await lending.act(ALLOCATOR, "lapse", place=name)
    assert (await lending.state("A"), await lending.state("B")) == ("held", "taken")
    lending.now = NOW + 2 * OFFER
    await lending.act(ALLOCATOR, "lapse", place="A")
    assert await lending.state("A") == "lapsed"


async def test_giving_back_twice_changes_nothing_the_second_time(lending: Lending) -> None:
    """A compensation may be repeated: neither counts nor evidence change, and nobody is told again."""
    await lending.frame(HALL, 1)
    await give(lending, "A", APRIL, MAY)
    await lending.act("lending/A", "release", place="A", why="withdrawn")
    await give(lending, "B", APRIL, MAY)
    await lending.act("lending/A", "release", place="A", why="again")
    await lending.act("lending/A", "lapse", place="A")
    assert await lending.counts(HALL) == (1, 0, 0)
    assert await lending.log("lending/A") == [(None, "held", "place"), ("held", "released", "withdrawn")]


@pytest.mark.parametrize("how", [("release", "withdrawn"), ("release", "refused"), ("lapse", None)])
async def test_qlo_1054_what_ends_gives_its_place_back_in_the_same_step(lending: Lending, how) -> None:
    """Cancelled, refused, lapsed: bed and quota are free when the step is written."""
    await lending.frame(HALL, 1)
    await give(lending, "A", APRIL, MAY, ends_at=NOW)
    method, why = how
    await lending.act("lending/A", method, place="A", **({"why": why} if why else {}))
    assert await lending.counts(HALL) == (0, 0, 0)
    await give(lending, "B", APRIL, MAY)


async def test_indico_4315_a_cancelled_stay_clashes_with_nothing(lending: Lending) -> None:
    """Cancelled against accepted: whoever comes first ends it, and no day of it is anybody's."""
    await lending.frame(HALL, 1)
    await give(lending, "A", APRIL, JUNE, state="offered", ends_at=NOW + OFFER)
    await lending.act(ALLOCATOR, "release", place="A", why="cancelled")
    await refused("place-over", lending.act("lending/A", "take", place="A"))
    await give(lending, "B", APRIL, JUNE)
    assert await lending.counts(HALL) == (1, 0, 0)


async def test_vertical_hotel_10_leaving_early_frees_the_rest_at_once(lending: Lending) -> None:
    """X33: the last days are the next one's; staying longer only while they are nobody's."""
    await lending.frame(HALL, 2)
    await give(lending, "A", APRIL, JUNE)
    await lending.act("lending/A", "move", place="A", lines=[line(HALL, 1, BED, APRIL, MAY)])
    await give(lending, "B", MAY, JUNE)
    longer = [line(HALL, 1, BED, APRIL, NEXT)]
    await refused("unit-taken", lending.act("lending/A", "move", place="A", lines=longer))
    days = await lending.owner.fetchval("SELECT upper(during) FROM iehe.place_lines WHERE place = 'A'")
    assert days == MAY


async def test_a_move_is_checked_like_a_claim(lending: Lending) -> None:
    """OCA/pms PR 442: another frame that is full, another bed that is taken: the old one stays theirs."""
    await lending.frame(HALL, 5)
    await lending.frame("lending/south", 0)
    await give(lending, "A", APRIL, JUNE)
    await give(lending, "B", APRIL, JUNE, unit=OTHER_BED)
    for code, lines in (
        ("frame-full", [line("lending/south")]),
        ("frame-full", [line(HALL, 6)]),
        ("unit-taken", [line(HALL, 1, OTHER_BED, MAY, JUNE)]),
    ):
        await refused(code, lending.act("lending/A", "move", place="A", lines=lines))
    assert await lending.counts(HALL) == (2, 0, 0)
    bed = await lending.owner.fetchval("SELECT unit FROM iehe.place_lines WHERE place = 'A'")
    assert bed == BED


async def test_qlo_256_a_swap_is_one_step_and_doubles_nothing(lending: Lending) -> None:
    """X30: two beds, also of one held and one taken place, change hands; each bed has one line."""
    await lending.frame(HALL, 2)
    await give(lending, "A", APRIL, JUNE)
    await lending.act("lending/A", "take", place="A")
    await give(lending, "B", MAY, JUNE, unit=OTHER_BED)
    await lending.act(ALLOCATOR, "swap", place="A", other="B")
    rows = await lending.owner.fetch(
        "SELECT place, unit, state, lower(during) AS first FROM iehe.place_lines WHERE live ORDER BY place"
    )
    assert [tuple(row) for row in rows] == [
        ("A", OTHER_BED, "taken", MAY),
        ("B", BED, "held", APRIL),
    ]
    assert await lending.counts(HALL) == (1, 0, 1)
    await lending.act("lending/B", "release", place="B", why="withdrawn")
    await refused("place-over", lending.act(ALLOCATOR, "swap", place="A", other="B"))


async def test_a_closed_bed_is_nobodys_until_it_is_opened(lending: Lending) -> None:
    """X31: closing shows who has it instead of closing over them; it ends by its day or by hand."""
    await lending.frame(HALL, 5)
    await give(lending, "A", APRIL, MAY)
    closed = {"place": "repair-1", "lines": [line(HALL, 1, BED, date(2027, 4, 20), JUNE)]}
    await refused("unit-taken", lending.do(ALLOCATOR, ("block", closed)))
    closed["lines"] = [line(HALL, 1, BED, MAY, JUNE)]
    await lending.do(ALLOCATOR, ("block", closed))
    await refused("unit-taken", give(lending, "B", NEXT, JUNE))
    await give(lending, "C", JUNE, date(2027, 7, 1))
    await lending.act(ALLOCATOR, "release", place="repair-1", why="repaired")
    await give(lending, "B", NEXT, JUNE)


async def test_one_key_is_one_live_place(lending: Lending) -> None:
    """One live offer a person: the same key is refused while it lives, and is a new place afterwards."""
    await lending.frame(HALL, 5)
    await give(lending, "A", APRIL, MAY, state="offered", ends_at=NOW + OFFER)
    await refused("place-held", give(lending, "A", APRIL, MAY, unit=OTHER_BED))
    await lending.act("lending/A", "release", place="A", why="declined")
    await give(lending, "A", MAY, JUNE, unit=OTHER_BED)
    assert await lending.counts(HALL) == (1, 0, 0)


async def test_a_place_of_another_process_is_changed_by_its_holder_alone(lending: Lending) -> None:
    """Who was offered something answers it; other cases of other processes leave it alone."""
    await lending.frame(HALL, 5)
    for name in "AB":
        await lending.act(
            ALLOCATOR,
            "claim",
            place=name,
            lines=[line(HALL)],
            state="offered",
            holder=f"other/{name}",
            ends_at=NOW + OFFER,
        )
    await lending.act("other/A", "take", place="A")
    for method, given in (("take", {}), ("release", {"why": "x"}), ("swap", {"other": "A"})):
        await refused("place-not-yours", lending.act("other/A", method, place="B", **given))
    await refused("place-not-yours", lending.act("other/A", "swap", place="A", other="B"))
    assert await lending.state("B") == "offered"


async def test_the_log_of_places_only_grows(lending: Lending) -> None:
    """It is evidence: nobody changes or takes away a line."""
    await lending.frame(HALL, 5)
    await give(lending, "A", APRIL, MAY)
    for statement in ("UPDATE iehe.place_log SET reason = 'x'", "DELETE FROM iehe.place_log"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await lending.owner.execute(statement)
