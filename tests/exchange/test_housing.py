"""The bed: each state of its track as a mobility knows it; the house alone gives."""

from datetime import date, timedelta

from schemas.exchange import commands
from schemas.exchange.stages import Housing, Stage, Track
from tests.exchange.builder import Pure, jst, refused

PLACE = "dormitory/north/27S#bed-1"


def test_a_request_is_told_to_the_house() -> None:
    """Codes and days alone; it is owed back from then on."""
    case = Pure().coming().request_bed()
    (told,) = case.told_facts("bed-requested")
    assert told == {
        "case": case.case_id,
        "house": "north",
        "term": "27S",
        "types": ["single"],
        "first": "2027-04-01",
        "until": "2027-08-21",
        "quota": "a1",
        "faculty": "law",
        "accepted": True,
    }
    assert "bed" in case.owed()


def test_x24_a_request_made_before_the_acceptance_falls_with_it() -> None:
    """Rejected: the house hears that nothing is wanted any more."""
    case = Pure().apply().request_bed()
    assert case.told_facts("bed-requested")[0]["accepted"] is False
    case.decide(commands.Reject, "office-1", version=1, reason="level")
    assert case.on(Track.DORMITORY) == Housing.RELEASED
    assert [each["reason"] for each in case.told_facts("bed-released")] == ["case-ended"]


def test_x28_an_offer_holds_one_bed_until_its_moment() -> None:
    """Reminded 7, 3 and 1 day before; the yes takes it in the same step."""
    case = Pure().coming().request_bed().offer_bed()
    assert case.on(Track.DORMITORY) == Housing.OFFERED
    case.wait(days=9, hours=12)
    assert len(case.notices("bed-please-answer")) == 3
    case.event("offer-answered", offer="bed", answer="yes")
    assert (case.on(Track.DORMITORY), case.places[PLACE]["state"]) == (Housing.CONFIRMED, "taken")
    assert "answer-bed" not in case.state.deadlines


def test_x28_a_lapsed_offer_is_at_the_lists_end() -> None:
    """Told by the house: the student waits again, and hears it."""
    case = Pure().coming().request_bed().offer_bed()
    case.bed_told("bed-changed", what="lapsed")
    assert case.on(Track.DORMITORY) == Housing.WAITLISTED
    assert case.notices("bed-lapsed") == [("bed-lapsed", "student")]
    with refused("no-offer-open"):
        case.event("offer-answered", offer="bed", answer="yes")


def test_an_answer_after_the_lapse_is_refused_by_the_ledger() -> None:
    """Whichever of the two comes first wins; the other changes nothing."""
    case = Pure().coming().request_bed().offer_bed()
    case.places[PLACE]["state"] = "lapsed"
    with refused("place-over"):
        case.decide(commands.AnswerOffer, "office-1", offer="bed", answer="yes")


def test_a_no_gives_the_bed_back_and_another_place_is_looked_for() -> None:
    """A task of the office with its time; found, the gate is open."""
    case = Pure().coming().request_bed().offer_bed()
    case.event("offer-answered", offer="bed", answer="no")
    assert (case.places[PLACE]["state"], "bed" in case.owed()) == ("released", False)
    assert "alternative-housing" in case.tasks()
    case.decide(commands.FindHousing, "office-1")
    assert case.on(Track.DORMITORY) == Housing.ALTERNATIVE
    assert "alternative-housing" not in case.tasks()


def test_a_full_house_leads_to_the_list_or_elsewhere() -> None:
    """Each with its reason, and told."""
    case = Pure().coming().request_bed()
    case.bed_told("bed-changed", what="waitlisted", reason="house-full")
    assert case.sent("bed-waitlisted")[0].facts["reason"] == "house-full"
    case.offer_bed()
    assert case.on(Track.DORMITORY) == Housing.OFFERED
    other = Pure().coming().request_bed()
    other.bed_told("bed-changed", what="unplaced", reason="not-fitting")
    assert (other.on(Track.DORMITORY), "alternative-housing" in other.tasks()) == (Housing.RELEASED, True)
    other.wait(days=20)
    assert "find-housing" in other.tasks()


def test_x31_a_closed_room_moves_its_student_before_the_old_bed_goes() -> None:
    """Another bed: told, and still confirmed; living there it stays so."""
    case = Pure().coming().with_bed()
    case.bed_told("bed-changed", what="moved", place="dormitory/north/27S#bed-9", reason="room-closed")
    assert (case.on(Track.DORMITORY), case.state.offer) == (
        Housing.CONFIRMED,
        "dormitory/north/27S#bed-9",
    )
    assert case.notices("bed-moved") == [("bed-moved", "student")]


def test_x32_a_bed_that_was_revoked_makes_the_arrival_uncertain_again() -> None:
    """A person of the house decides that; the office hears what is missing."""
    case = Pure().ready()
    case.bed_told("bed-changed", what="revoked", reason="excluded")
    assert case.state.stage == Stage.PRE_ARRIVAL
    assert {"gate-fell", "alternative-housing"} <= case.tasks()
    assert case.process.missing(case.state) == {Stage.READY: ["housing"]}


def test_x33_leaving_early_frees_the_rest_at_once() -> None:
    """The bed ends on the day of leaving, with the days of its cleaning."""
    case = Pure().in_term()
    case.wait_until(jst(2027, 6, 1, 12))
    case.decide(commands.Shorten, "office-1", last=date(2027, 6, 30), home_agrees=True)
    assert case.places[PLACE]["lines"][0]["until"] == "2027-07-04"
    case.event("checked-out", on=date(2027, 6, 20))
    assert case.places[PLACE]["lines"][0]["until"] == "2027-06-23"
    assert case.told_facts("bed-released")[-1]["reason"] == "checked-out"
    assert case.on(Track.DORMITORY) == Housing.CHECKED_OUT


def test_x33_longer_only_if_the_bed_is_free() -> None:
    """And only with the home university's yes."""
    case = Pure().in_term()
    with refused("home-not-asked"):
        case.decide(commands.Extend, "office-1", last=date(2027, 9, 20))
    case.decide(commands.Extend, "office-1", last=date(2027, 9, 20), home_agrees=True)
    assert case.places[PLACE]["lines"][0]["until"] == "2027-09-24"
    assert case.state.stay[1] == date(2027, 9, 20)


def test_x26_a_room_that_is_given_for_so_long_ends_then() -> None:
    """Longer than the house gives a room for families is refused; after a move to another one it is not."""
    case = Pure()
    case.room_latest = date(2027, 9, 15)
    case.in_term()
    with refused("room-limited"):
        case.decide(commands.Extend, "office-1", last=date(2027, 9, 15), home_agrees=True)
    case.decide(commands.Extend, "office-1", last=date(2027, 9, 14), home_agrees=True)
    case.bed_told("bed-changed", what="moved", place=PLACE, reason="house-full")
    case.decide(commands.Extend, "office-1", last=date(2027, 9, 20), home_agrees=True)
    assert case.state.stay[1] == date(2027, 9, 20)


def test_a_stay_that_begins_later_than_its_bed_ends_is_no_stay() -> None:
    """Days outside the stay are refused."""
    case = Pure().coming()
    _, last = case.days
    with refused("dates-outside"):
        case.request_bed(first=last + timedelta(days=1), until=last + timedelta(days=9))
