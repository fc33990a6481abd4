"""Rules X20 to X34 of the domain, each by the steps of a run on the real ledger."""

from datetime import date, timedelta

import asyncpg
import pytest

from schemas.dormitory import commands
from schemas.dormitory.stages import Stage
from schemas.kernel.taking_back import TakeBack
from tests.dormitory.hall import ANN, BEN, FIRST, NEXT, SEED, UNTIL, Hall, student, twice
from tests.pure import REASON, jst, refused

A, B, C, D = (student(number) for number in range(1, 5))
WOMAN = {"gender": "woman"}
MAN = {"gender": "man"}


async def test_x20_what_is_given_is_a_bed_of_a_kind_that_was_asked_for(hall: Hall) -> None:
    """Each kind of room goes to who asks for it, bed by bed; nobody gets one of another kind."""
    await hall.build("101-A:single", "201-A:unit", "301-A:shared", "301-B:shared", "501-A:family")
    await hall.open()
    await hall.asks(A, "single")
    await hall.asks(B, "unit", stated=WOMAN)
    await hall.asks(C, "shared", stated=MAN)
    await hall.asks(D, "couple", stated={"partner": A, "partner_proven": True})
    await hall.offered()
    assert await hall.beds(A, B, C, D) == ["101-A", "201-A", "301-A", None]


async def test_x21_the_day_of_leaving_is_the_next_ones_day_of_coming(hall: Hall) -> None:
    """After the cleaning: a stay of the next term begins on the day on which the bed is free again."""
    await hall.build("101-A:single")
    await hall.open()
    await hall.open(NEXT, first=UNTIL, until=date(2028, 2, 20))
    await hall.asks(A)
    await hall.asks(B, run=NEXT, first=UNTIL, until=date(2028, 2, 20))
    await hall.asks(C, run=NEXT, first=UNTIL + timedelta(days=1), until=date(2028, 2, 20))
    await hall.offered()
    await hall.offered(NEXT)
    assert await hall.beds(A, B, C) == ["101-A", None, "101-A"]
    assert (await hall.reasons(NEXT))[B] == "house-full"
    assert not await twice(hall.owner)


class TestFrames:
    """X22."""

    @pytest.fixture
    def policy(self) -> dict[str, object]:
        quota = {"beds": 2, "guaranteed": False, "faculties": {"law": 1}}
        return {"emergency": {"north": 1}, "quotas": {"north": {"a1": quota}}}

    async def test_x22_a_bed_counts_in_all_its_frames_or_in_none(self, hall: Hall) -> None:
        """House, what is open of it, agreement, faculty: the innermost that is full keeps somebody out."""
        await hall.build(*(f"10{number}-A:single" for number in range(1, 6)))
        await hall.open()
        for number in range(1, 4):
            await hall.asks(student(number), quota="a1", faculty="law" if number < 3 else "arts")
        await hall.offered()
        placed = [number for number in range(1, 4) if await hall.bed(student(number))]
        assert 3 in placed
        assert len(placed) == 2
        rows = await hall.owner.fetch("SELECT frame, offered FROM iehe.frames ORDER BY frame")
        counted = {row["frame"].removeprefix("dormitory/north"): int(row["offered"]) for row in rows}
        assert counted == {
            "": 2,
            "/27S": 2,
            "/27S/open": 2,
            "/27S/open/a1": 2,
            "/27S/open/a1/law": 1,
            "/27S/reserve": 0,
        }

    async def test_x22_the_reserve_is_kept_for_emergencies(self, hall: Hall) -> None:
        """The last beds go to nobody by the list, and to somebody by a person's decision."""
        await hall.build("101-A:single", "102-A:single")
        await hall.open()
        await hall.asks(A)
        await hall.asks(B)
        await hall.offered()
        (waits,) = [case for case, _ in await hall.waiting()]
        assert await hall.waiting() == [(waits, "reserve-kept")]
        (free,) = [bed for bed in ("101-A", "102-A") if await hall.holder(bed, FIRST) is None]
        await hall.decide(commands.OfferReserve, mobility=waits, bed=free)
        assert await hall.bed(waits) == free
        with refused("no-request"):
            await hall.decide(commands.OfferReserve, mobility=waits, bed=free)


class TestOrder:
    """X23."""

    @pytest.fixture
    def policy(self) -> dict[str, object]:
        return {"quotas": {"north": {"a1": {"beds": 9, "guaranteed": True}}}}

    async def test_x23_need_guarantee_new_then_staying_on(self, hall: Hall) -> None:
        """In this order, whatever the draw says; the draw decides within a class alone."""
        await hall.build("101-A:single", "102-A:accessible")
        await hall.open()
        await hall.asks(A, stated={"stays_on": True})
        await hall.asks(B)
        await hall.asks(C, quota="a1")
        await hall.asks(D, stated={"needs": ["accessible"]})
        await hall.drawn()
        assert list(await hall.reasons()) == [D, C, B, A]

    async def test_x23_the_seed_is_the_one_that_was_published(self, hall: Hall) -> None:
        """No other is taken, and the same seed draws the same list."""
        await hall.build("101-A:single")
        await hall.open()
        for number in range(1, 9):
            await hall.asks(student(number))
        first = await hall.drawn()
        order = list(await hall.reasons())
        assert order != sorted(order)
        with refused("seed-unpublished"):
            await hall.decide(commands.Draw, seed="another-one")
        assert await hall.drawn() == first
        assert list(await hall.reasons()) == order


async def test_x24_who_is_out_gets_no_bed_and_is_told_why(hall: Hall) -> None:
    """Former rule-breaking, three months of arrears, no status; two months keep nobody out."""
    await hall.build(*(f"10{number}-A:single" for number in range(1, 6)))
    await hall.open()
    await hall.asks(A, stated={"broke_rules": True})
    await hall.asks(B, stated={"arrears_months": 3})
    await hall.asks(C, stated={"status": "none"})
    await hall.asks(D, stated={"arrears_months": 2})
    await hall.offered()
    assert await hall.beds(A, B, C, D) == [None, None, None, "101-A"]
    for case, reason in ((A, "conduct"), (B, "arrears"), (C, "no-status")):
        assert await hall.heard(case) == [("unplaced", reason)]


async def test_x24_a_request_made_before_the_acceptance_falls_with_it(hall: Hall) -> None:
    """It gets no bed while nothing is accepted; a rejection ends it, an acceptance lets it wait."""
    await hall.build("101-A:single", "102-A:single")
    await hall.open()
    await hall.asks(A, accepted=False)
    await hall.asks(B, accepted=False)
    await hall.offered()
    assert await hall.reasons() == {A: "not-accepted", B: "not-accepted"}
    await hall.released(A, "case-ended")
    await hall.asks(B)
    assert await hall.beds(A, B) == [None, "101-A"]


class TestGender:
    """X25."""

    async def test_x25_who_discloses_nothing_gets_a_single_room_or_is_asked(self, hall: Hall) -> None:
        """Never a shared one by a guess; with the answer to the question, a shared one."""
        await hall.build("101-A:single", "201-A:shared", "201-B:shared")
        await hall.open()
        await hall.asks(A, "shared", "single")
        await hall.asks(B, "shared", stated={"gender": "undisclosed", "shares_with": "woman"})
        await hall.asks(C, "shared")
        await hall.offered()
        assert await hall.beds(A, B, C) == ["101-A", "201-A", None]
        assert (await hall.reasons())[C] == "gender-asked"

    async def test_x25_a_shared_room_fits_who_lives_there(self, hall: Hall) -> None:
        """Also who lives there by a run of another term."""
        await hall.build("201-A:shared", "201-B:shared")
        await hall.open()
        await hall.open(NEXT, first=date(2027, 8, 1), until=date(2028, 2, 20))
        await hall.asks(A, "shared", stated=WOMAN, first=date(2027, 8, 1), until=date(2027, 12, 1))
        await hall.offered()
        await hall.says_yes(A)
        later = {"first": date(2027, 9, 1), "until": date(2028, 2, 1), "run": NEXT}
        await hall.asks(B, "shared", stated=MAN, **later)
        await hall.asks(C, "shared", stated=WOMAN, **later)
        await hall.offered(NEXT)
        assert await hall.beds(B, C) == [None, "201-B"]
        assert (await hall.reasons(NEXT))[B] == "gender-unfit"


class TestCouples:
    """X26."""

    @staticmethod
    def of(partner: str, *, proven: bool = True) -> dict[str, object]:
        return {"partner": partner, "partner_proven": proven}

    async def test_x26_a_couple_gets_both_beds_or_none(self, hall: Hall) -> None:
        """Proven by both; with one room, the second couple has none of it."""
        await hall.build("401-A:couple", "401-B:couple")
        await hall.open()
        for case, partner in ((A, B), (B, A), (C, D), (D, C)):
            await hall.asks(case, "couple", stated=self.of(partner))
        await hall.offered()
        beds = await hall.beds(A, B, C, D)
        assert sorted(filter(None, beds)) == ["401-A", "401-B"]
        assert (beds[0] is None) == (beds[1] is None)
        assert (beds[2] is None) == (beds[3] is None)

    async def test_x26_a_partner_is_proven(self, hall: Hall) -> None:
        """A name alone, or one that the other does not name, is nobody's couple."""
        await hall.build("401-A:couple", "401-B:couple")
        await hall.open()
        await hall.asks(A, "couple", stated=self.of(B, proven=False))
        await hall.asks(B, "couple", stated=self.of(A))
        await hall.asks(C, "couple", stated=self.of(A))
        await hall.drawn()
        assert await hall.reasons() == {A: "partner-unproven", B: "partner-unproven", C: "partner-missing"}

    async def test_x26_who_loses_the_partner_does_not_keep_half_a_room(self, hall: Hall) -> None:
        """One says no: the offer of the other is over in the look that follows."""
        await hall.build("401-A:couple", "401-B:couple")
        await hall.open()
        await hall.asks(A, "couple", stated=self.of(B))
        await hall.asks(B, "couple", stated=self.of(A))
        await hall.offered()
        await hall.says_no(A)
        await hall.freed()
        assert await hall.beds(A, B) == [None, None]
        assert ("lapsed", "partner-left") in await hall.heard(B)

    async def test_x26_a_family_room_is_for_families_and_not_for_ever(self, hall: Hall) -> None:
        """Who states no family, or stays longer than the policy has it, gets none."""
        await hall.build("501-A:family", "502-A:family", "503-A:family")
        await hall.open()
        await hall.asks(A, "family", stated={"needs": ["family"]})
        await hall.asks(B, "family")
        await hall.asks(C, "family", stated={"needs": ["family"]}, until=date(2028, 6, 1))
        await hall.drawn()
        assert await hall.reasons() == {A: None, B: "family-unknown", C: "stay-too-long"}

    async def test_x26_how_long_a_family_room_lasts_is_told_with_it(self, hall: Hall) -> None:
        """The student's case is not extended past it; another room has no such end."""
        await hall.build("101-A:single", "501-A:family")
        await hall.open()
        await hall.asks(A)
        await hall.asks(B, "family", stated={"needs": ["family"]})
        await hall.offered()
        rows = await hall.owner.fetch(
            "SELECT data ->> 'case' AS case_id, data ->> 'latest' AS latest FROM iehe.facts"
            " WHERE type LIKE '%bed-offered'"
        )
        assert {row["case_id"]: row["latest"] for row in rows} == {A: None, B: "2028-03-31"}


async def test_x27_an_accessible_bed_goes_to_others_only_late_and_by_a_promise(hall: Hall) -> None:
    """Thirty days before the stay, by the clock, to who has promised to move."""
    await hall.build("101-A:accessible")
    await hall.open()
    await hall.asks(A)
    await hall.asks(B, stated={"promises_to_move": True})
    await hall.offered()
    assert dict(await hall.waiting()) == {A: "move-not-promised", B: "accessible-kept"}
    (deadline,) = [each for each in (await hall.state()).deadlines.values() if each.name == "next-offer"]
    assert deadline.due_at == jst(2027, 3, 2)
    await hall.let_time_pass(days=(jst(2027, 3, 2, 1) - hall.now).days + 1)
    assert await hall.beds(A, B) == [None, "101-A"]


class TestOffers:
    """X28 and X29."""

    async def test_x28_an_offer_holds_a_bed_for_ten_days_and_then_goes_to_the_next(self, hall: Hall) -> None:
        """Who has not answered is at the list's end."""
        await hall.build("101-A:single")
        await hall.open()
        for case in (A, B, C):
            await hall.asks(case)
        await hall.offered()
        (first,) = [case for case in (A, B, C) if await hall.bed(case)]
        second, third = [case for case, _ in await hall.waiting()]
        until = await hall.owner.fetchval("SELECT ends_at FROM iehe.places WHERE state = 'offered'")
        assert until == hall.now + timedelta(days=10)
        await hall.let_time_pass(days=10)
        assert await hall.bed(second) == "101-A"
        assert [case for case, _ in await hall.waiting()] == [third, first]
        assert ("lapsed", "not-answered") in await hall.heard(first)

    async def test_x28_an_offer_ends_three_days_before_the_stay(self, hall: Hall) -> None:
        """At latest; who comes sooner still has a day to answer."""
        await hall.build("101-A:single", "102-A:single")
        hall.now = jst(2027, 3, 25, 12)
        await hall.open()
        await hall.asks(A)
        await hall.asks(B, first=date(2027, 4, 20))
        await hall.offered()
        rows = await hall.owner.fetch("SELECT case_id, ends_at FROM iehe.places")
        ends = {row["case_id"]: row["ends_at"] for row in rows}
        assert ends == {A: jst(2027, 3, 29, 23, 59, 59), B: jst(2027, 4, 4, 12)}
        hall.now = jst(2027, 4, 18, 9)
        await hall.says_no(B)
        await hall.freed()
        await hall.asks(C, first=date(2027, 4, 19))
        until = await hall.owner.fetchval("SELECT ends_at FROM iehe.places WHERE case_id = $1", C)
        assert until == jst(2027, 4, 19, 9)

    async def test_x28_what_was_answered_in_time_does_not_lapse(self, hall: Hall) -> None:
        """The ledger decides: the clock's step finds a yes, and leaves it."""
        await hall.build("101-A:single")
        await hall.open()
        await hall.asks(A)
        await hall.offered()
        await hall.says_yes(A)
        await hall.let_time_pass(days=11)
        assert await hall.bed(A) == "101-A"
        assert (await hall.state()).stage == Stage.SETTLED
        hall.now += timedelta(days=1)
        with pytest.raises(asyncpg.PostgresError, match="place-over"):
            await hall.in_the_ledger(A, how="take", place=await hall.place(A))

    async def test_x28_who_has_never_answered_is_not_offered_a_bed_for_ever(self, hall: Hall) -> None:
        """Found by a play: alone on the list, one was offered a bed each day, months after the stay began."""
        await hall.build("101-A:single")
        await hall.open()
        await hall.asks(A)
        await hall.offered()
        for _ in range(4):
            await hall.let_time_pass(days=11)
        heard = await hall.heard(A)
        assert heard.count(("lapsed", "not-answered")) == 3
        assert heard[-1] == ("unplaced", "not-answered")
        assert await hall.owner.fetchval("SELECT count(*) FROM iehe.places WHERE state = 'lapsed'") == 3
        assert (await hall.bed(A), await hall.waiting()) == (None, [])
        assert (await hall.state()).stage == Stage.SETTLED

    async def test_x28_an_offer_that_the_end_of_the_run_overtakes_is_over_for_the_student_too(
        self, hall: Hall
    ) -> None:
        """No case goes on as if a bed were offered when there is no house any more to offer it."""
        await hall.build("101-A:single", "102-A:single")
        await hall.open()
        await hall.asks(A)
        await hall.asks(B)
        await hall.offered()
        await hall.says_yes(B)
        hall.now = jst(2027, 8, 20, 20)
        await hall.says_no(B)
        await hall.freed()
        assert await hall.bed(A)
        await hall.let_time_pass(days=2)
        assert (await hall.state()).stage == Stage.CLOSED
        assert (await hall.heard(A))[-1] == ("unplaced", "waitlist-over")

    async def test_x29_the_first_whom_it_fits_gets_it_and_who_is_passed_over_keeps_the_rank(
        self, hall: Hall
    ) -> None:
        """With the reason; the bed of a shared room goes past who would not fit there."""
        await hall.build("201-A:shared", "201-B:shared")
        await hall.open()
        await hall.asks(A, "shared", stated=WOMAN)
        await hall.asks(B, "shared", stated=WOMAN)
        await hall.offered()
        await hall.says_yes(A)
        await hall.asks(C, "shared", stated=MAN)
        hall.now += timedelta(minutes=1)
        await hall.asks(D, "shared", stated=WOMAN)
        await hall.says_no(B)
        assert await hall.freed() == 1
        assert await hall.bed(D) in ("201-A", "201-B")
        assert await hall.waiting() == [(C, "gender-unfit")]


class TestSwaps:
    """X30."""

    async def two(self, hall: Hall, **stated: object) -> None:
        await hall.build("201-A:shared", "201-B:shared", "202-A:shared", "202-B:shared")
        await hall.open()
        for case in (A, B):
            await hall.asks(case, "shared", stated=WOMAN)
        for case in (C, D):
            await hall.asks(case, "shared", stated=MAN)
        await hall.offered()
        for case in (A, B, C, D):
            await hall.says_yes(case)

    async def test_x30_two_yeses_swap_in_one_step(self, hall: Hall) -> None:
        """Nothing changes with the first; each keeps their own days and frames."""
        await hall.build("101-A:single", "102-A:single")
        await hall.open()
        await hall.asks(A, until=date(2027, 6, 1))
        await hall.asks(B)
        await hall.offered()
        await hall.says_yes(A)
        await hall.says_yes(B)
        one, other = await hall.beds(A, B)
        await hall.decide(commands.SwapBeds, mobility=A, other=B)
        (swap,) = (await hall.state()).swaps
        await hall.decide(commands.AnswerSwap, swap=swap, mobility=A, answer="yes")
        await hall.decide(commands.AnswerSwap, swap=swap, mobility=A, answer="yes")
        assert await hall.beds(A, B) == [one, other]
        await hall.decide(commands.AnswerSwap, swap=swap, mobility=B, answer="yes")
        assert await hall.beds(A, B) == [other, one]
        assert await hall.holder(other, date(2027, 6, 2)) is None
        assert await hall.holder(one, date(2027, 8, 1)) == (B, "bed")
        assert await hall.heard(A) == [("offered", None), ("moved", "swapped")]

    async def test_x30_a_swap_that_nobody_answers_ends_after_seventy_two_hours(self, hall: Hall) -> None:
        """One yes is none."""
        await self.two(hall)
        await hall.decide(commands.SwapBeds, mobility=A, other=B)
        (swap,) = (await hall.state()).swaps
        await hall.decide(commands.AnswerSwap, swap=swap, mobility=A, answer="yes")
        await hall.let_time_pass(hours=72)
        with refused("swap-unknown"):
            await hall.decide(commands.AnswerSwap, swap=swap, mobility=B, answer="yes")

    async def test_oca_pms_442_a_swap_passes_every_check_that_an_offer_has(self, hall: Hall) -> None:
        """OCA/pms PR 442, Qlo PR 256: a swap that would put a man among women is refused for both."""
        await self.two(hall)
        before = await hall.beds(A, C)
        await hall.decide(commands.SwapBeds, mobility=A, other=C)
        (swap,) = (await hall.state()).swaps
        await hall.decide(commands.AnswerSwap, swap=swap, mobility=A, answer="yes")
        with refused("bed-unfit"):
            await hall.decide(commands.AnswerSwap, swap=swap, mobility=C, answer="yes")
        assert await hall.beds(A, C) == before
        with refused("bed-unfit"):
            await hall.decide(commands.Relocate, mobility=A, bed=before[1], reason="other")


class TestClosings:
    """X31."""

    async def test_x31_a_closing_gives_another_bed_first_or_a_task(self, hall: Hall) -> None:
        """It shows who is there; a bed that nobody can leave waits; it ends by itself."""
        await hall.build("101-A:single", "102-A:single", "103-A:single")
        await hall.open()
        await hall.asks(A)
        await hall.asks(B)
        await hall.offered()
        await hall.says_yes(A)
        await hall.says_yes(B)
        closing = {"first": date(2027, 5, 1), "until": date(2027, 6, 1), "reason": "repair"}
        first, second = await hall.beds(A, B)
        await hall.decide(commands.CloseRoom, room=first[:3], **closing)
        assert await hall.bed(A) == "103-A"
        assert await hall.holder(first, date(2027, 4, 30)) == (A, "bed")
        assert await hall.holder(first, date(2027, 5, 1)) == (None, "closed")
        assert await hall.holder(first, date(2027, 6, 1)) is None
        assert await hall.heard(A) == [("offered", None), ("moved", "room-closed")]
        await hall.decide(commands.CloseRoom, room=second[:3], **closing)
        assert f"relocate:{B.partition('/')[2]}" in await hall.tasks()
        assert await hall.holder(second, date(2027, 5, 2)) == (B, "bed")

    async def test_yale_562_nobody_keeps_a_bed_of_a_closed_room_without_being_told(self, hall: Hall) -> None:
        """YaleSTC/reservations #562, Qlo PR 259: offered or promised, each hears of it; then it is open."""
        await hall.build("101-A:single", "102-A:single")
        await hall.open()
        await hall.asks(A)
        await hall.offered()
        bed = await hall.bed(A)
        await hall.decide(
            commands.CloseRoom, room=bed[:3], first=FIRST, until=date(2027, 5, 1), reason="inspection"
        )
        assert await hall.bed(A) not in (bed, None)
        assert ("lapsed", "room-closed") in await hall.heard(A)
        await hall.asks(B, first=date(2027, 5, 1))
        assert await hall.bed(B) == bed

    async def test_x31_who_is_relocated_by_a_person_lets_the_room_close(self, hall: Hall) -> None:
        """The closing that waited for them holds from that step on, and the task is done."""
        await hall.build("101-A:single", "102-A:accessible")
        await hall.open()
        await hall.asks(A, stated={"promises_to_move": True})
        await hall.offered()
        await hall.says_yes(A)
        await hall.decide(
            commands.CloseRoom, room="101", first=FIRST, until=date(2027, 5, 1), reason="repair"
        )
        task = f"relocate:{A.partition('/')[2]}"
        assert task in await hall.tasks()
        hall.now = jst(2027, 3, 5, 9)
        await hall.decide(commands.Relocate, mobility=A, bed="102-A", reason="repair")
        assert task not in await hall.tasks()
        assert await hall.holder("101-A", FIRST) == (None, "closed")
        assert await hall.bed(A) == "102-A"


class TestLate:
    """X32."""

    async def promised(self, hall: Hall) -> None:
        await hall.build("101-A:single")
        await hall.open()
        await hall.asks(A)
        await hall.asks(B)
        await hall.offered()
        first = A if await hall.bed(A) else B
        await hall.says_yes(first)
        self.late, self.other = first, B if first == A else A

    async def test_openlinker_2346_no_clock_frees_what_is_promised(self, hall: Hall) -> None:
        """Of openlinker: after the last day for which a bed is kept a person is asked, and it is theirs."""
        await self.promised(hall)
        await hall.arrival(self.late, "delayed", date(2027, 4, 25))
        await hall.let_time_pass(days=120)
        assert await hall.bed(self.late) == "101-A"
        assert f"late-arrival:{self.late.partition('/')[2]}" in await hall.tasks()

    async def test_x32_a_reported_delay_keeps_the_bed_and_a_person_revokes(self, hall: Hall) -> None:
        """Not while the delay is reported and the day has not come; not from who has moved in."""
        await self.promised(hall)
        await hall.arrival(self.late, "delayed", date(2027, 4, 25))
        hall.now = jst(2027, 4, 20, 9)
        with refused("delay-reported"):
            await hall.decide(commands.Revoke, mobility=self.late, reason="not-arrived")
        hall.now = jst(2027, 5, 2, 9)
        await hall.decide(commands.Revoke, mobility=self.late, reason="not-arrived")
        assert await hall.beds(self.late, self.other) == [None, "101-A"]
        assert ("revoked", "not-arrived") in await hall.heard(self.late)

    async def test_x32_nothing_is_revoked_from_who_lives_there(self, hall: Hall) -> None:
        """They are relocated, or leave."""
        await self.promised(hall)
        await hall.arrival(self.late, "moved-in", FIRST)
        hall.now = jst(2027, 5, 2, 9)
        with refused("lives-there"):
            await hall.decide(commands.Revoke, mobility=self.late, reason="conduct")
        await hall.let_time_pass(hours=1)
        assert not any(task.startswith("late-arrival") for task in await hall.tasks())


class TestLeaving:
    """X33."""

    async def test_vertical_hotel_10_who_leaves_early_leaves_the_rest_at_once(self, hall: Hall) -> None:
        """OCA/vertical-hotel #10: after the cleaning it is the next one's; nobody is said to live there."""
        await hall.build("101-A:single")
        await hall.open()
        await hall.asks(A)
        await hall.offered()
        await hall.says_yes(A)
        hall.now = jst(2027, 6, 10, 9)
        await hall.asks(B, first=date(2027, 6, 11))
        assert await hall.bed(B) is None
        await hall.leaves(A, date(2027, 6, 10))
        assert await hall.bed(B) == "101-A"
        assert await hall.holder("101-A", date(2027, 6, 10)) == (None, "cleaning")
        assert await hall.holder("101-A", date(2027, 6, 11)) == (B, "bed")

    async def test_x33_longer_only_if_it_is_free(self, hall: Hall) -> None:
        """The ledger refuses a longer stay when the next one has the bed."""
        await hall.build("101-A:single")
        await hall.open()
        await hall.asks(A, until=date(2027, 6, 1))
        await hall.asks(B, first=date(2027, 6, 2))
        await hall.offered()
        assert await hall.beds(A, B) == ["101-A", "101-A"]
        await hall.says_yes(A)
        with pytest.raises(asyncpg.PostgresError, match="unit-taken"):
            await hall.stays_until(A, date(2027, 6, 20))
        await hall.says_no(B)
        await hall.stays_until(A, date(2027, 6, 20))
        assert await hall.holder("101-A", date(2027, 6, 19)) == (A, "bed")


class TestRun:
    """X34."""

    async def drawn(self, hall: Hall) -> str:
        await hall.build("101-A:single")
        await hall.open()
        await hall.asks(A)
        return await hall.drawn()

    async def test_x34_a_second_person_confirms(self, hall: Hall) -> None:
        """Who has drawn does not; the list that is confirmed is the one that was seen."""
        of_list = await self.drawn(hall)
        with refused("list-own"):
            await hall.decide(commands.ConfirmRun, hash=of_list)
        with refused("list-other"):
            await hall.decide(commands.ConfirmRun, BEN, hash="0" * 64)
        await hall.decide(commands.ConfirmRun, BEN, hash=of_list)
        assert (await hall.state()).stage == Stage.CONFIRMED

    async def test_x34_a_confirmation_is_taken_back_before_the_offers(self, hall: Hall) -> None:
        """Nobody outside has seen it: the list is to be confirmed again, by somebody who has not drawn it."""
        of_list = await self.drawn(hall)
        await hall.decide(commands.ConfirmRun, BEN, hash=of_list)
        confirmed = (await hall.state()).version
        await hall.decide(TakeBack, BEN, taken=confirmed, reason_id=REASON)
        state = await hall.state()
        assert (state.stage, state.list_hash) == (Stage.FROZEN, of_list)
        assert await hall.answered_for() == ("prepared", ANN.id, None)
        assert "confirm" in " ".join(await hall.tasks())
        await hall.decide(commands.ConfirmRun, BEN, hash=of_list)

    async def test_x34_a_changed_input_undoes_the_list_and_its_confirmation(self, hall: Hall) -> None:
        """A request, a statement, the end of a request: it is drawn again, and confirmed again."""
        of_list = await self.drawn(hall)
        await hall.decide(commands.ConfirmRun, BEN, hash=of_list)
        await hall.states(A, gender="woman")
        state = await hall.state()
        assert (state.stage, state.list_hash) == (Stage.COLLECTING, None)
        assert (await hall.answered_for())[0] == "withdrawn"
        assert "draw" in await hall.tasks()
        again = await hall.drawn()
        assert again != of_list
        await hall.released(A, "withdrawn")
        assert (await hall.state()).stage == Stage.COLLECTING

    async def test_x34_what_changes_beside_the_run_is_found_when_it_is_confirmed(self, hall: Hall) -> None:
        """A bed of the house that nobody has told the run of."""
        of_list = await self.drawn(hall)
        await hall.build("102-A:single")
        with refused("input-changed"):
            await hall.decide(commands.ConfirmRun, BEN, hash=of_list)

    async def test_x34_nobody_draws_before_the_end_of_the_collecting(self, hall: Hall) -> None:
        """Who asks until the last minute is of equal rank; who asks after it is behind."""
        await hall.build("101-A:single")
        await hall.open()
        with refused("still-collecting"):
            await hall.decide(commands.Draw, seed=SEED)

    async def test_x34_every_unplaced_has_a_reason(self, hall: Hall) -> None:
        """On the list and in what their cases hear."""
        await hall.build("101-A:single")
        await hall.open()
        await hall.asks(A)
        await hall.asks(B)
        await hall.asks(C, "shared", stated=WOMAN)
        await hall.offered()
        reasons = await hall.reasons()
        assert reasons[C] == "no-bed-of-kind"
        (out,) = [case for case in (A, B) if reasons[case]]
        assert reasons[out] == "house-full"
        assert await hall.heard(out) == [("waitlisted", "house-full")]
