"""Lists by hand: order, ties, frames, moves, the first stage, what does not fit."""

from decimal import ROUND_DOWN, localcontext

import pytest

from tests.round.ranking.builder import (
    SEED,
    admitted,
    candidate,
    economics,
    places,
    programme,
    ranked,
    reasons,
    rules,
)
from workflows.round.ranking.faults import FaultyInputError
from workflows.round.ranking.first_stage import first_stage
from workflows.round.ranking.judging_lists import rank
from workflows.round.ranking.lines import explain
from workflows.round.ranking.totals import lot


def frame(ranking, key, programme_key="law"):
    return next(each for each in ranking.lists[programme_key].frames if each.frame == key)


def codes(made, *candidates, waitlist=None, **limits):
    with pytest.raises(FaultyInputError) as raised:
        ranked(made, candidates, waitlist, **limits)
    return [(fault.application, fault.code, fault.about) for fault in raised.value.faults]


def test_r2_totals_are_exact():
    """0.1 + 0.2 is 0.3, whatever precision whoever calls works with."""
    made = rules(programme(weights={"maths": "0.1", "essay": "0.2"}, places=9))
    with localcontext(prec=2, rounding=ROUND_DOWN):
        lines = (
            ranked(made, [candidate("A1", 1, essay=1), candidate("A2", "99.99", essay="99.97")])
            .lists["law"]
            .lines
        )
    assert [str(line.total) for line in lines] == ["29.993", "0.3"]


def test_r2_a_total_is_rounded_only_as_declared():
    """Half up, once, after the sum: before that 59.5 and 59.4 are two, after it 60 and 59."""
    weights = {"maths": "0.5", "essay": "0.2"}
    some = [candidate("A1", 99, essay=50), candidate("A2", 98, essay=52)]
    lists = [
        ranked(rules(programme(weights=weights, decimals=each)), some).lists["law"] for each in (None, 0)
    ]
    assert [[str(line.total) for line in each.lines] for each in lists] == [["59.5", "59.4"], ["60", "59"]]


def test_r3_the_first_release_may_exceed_the_places():
    """Five places, a limit of seven: seven are admitted, and not one more."""
    made = rules(programme(places=5))
    ranking = ranked(made, [candidate(f"A{number}", 50 + number) for number in range(9)], law=7)
    assert sorted(admitted(ranking)) == ["A2", "A3", "A4", "A5", "A6", "A7", "A8"]
    assert frame(ranking, "law").cut == 52


def test_matching_112_a_programme_without_places_admits_none():
    """It has a list, and whoever chose it is placed at the next choice."""
    for rule in ("all-tied", "none"):
        made = rules(programme(places=0, at_limit=rule), programme("art", at_limit=rule))
        ranking = ranked(made, [candidate("A1", 70, "law", "art"), candidate("A2", 70, "law")])
        assert admitted(ranking) == {"A1": "art"}
        assert reasons(ranking) == {"A1": "frame-full", "A2": "frame-full"}
        assert frame(ranking, "law").cut is None


def test_r16_between_equal_totals_the_declared_keys_decide():
    """First the written examination, weighted, then mathematics; and who is still tied has the same rank."""
    made = rules(programme(places=9, ties=["total", "exam:written", "part:maths"]))
    some = [candidate("A1", 60, essay=40), candidate("A2", 40, essay=60), candidate("A3", 60, essay=40)]
    lines = ranked(made, [*some, candidate("A4", 10)]).lists["law"].lines
    assert [(line.application, line.rank, line.ties) for line in lines] == [
        ("A2", 1, (60, 40)),
        ("A1", 2, (40, 60)),
        ("A3", 2, (40, 60)),
        ("A4", 4, (0, 10)),
    ]


TIED = [candidate("A1", 80), candidate("A2", 70), candidate("A3", 70), candidate("A4", 60)]


def test_r16_all_who_are_tied_at_the_limit_get_in():
    """By default; nobody behind them does."""
    ranking = ranked(rules(programme(places=2)), TIED)
    assert reasons(ranking) == {"A1": None, "A2": None, "A3": None, "A4": "frame-full"}
    assert (frame(ranking, "law").admitted, frame(ranking, "law").capacity) == (3, 2)


def test_r16_none_who_is_tied_at_the_limit_gets_in():
    """And the place that is left goes to nobody behind them."""
    ranking = ranked(rules(programme(places=2, at_limit="none")), TIED)
    assert reasons(ranking) == {"A1": None, "A2": "tied-at-limit", "A3": "tied-at-limit", "A4": "frame-full"}
    fitting = ranked(rules(programme(places=3, at_limit="none")), TIED)
    assert reasons(fitting) == {"A1": None, "A2": None, "A3": None, "A4": "frame-full"}


def test_r16_a_lot_is_drawn_from_the_seed():
    """One gets in, and it follows from seed and application alone who; all keep their rank."""
    made = rules(programme(places=2, at_limit="lot", lot_seed=SEED))
    ranking = ranked(made, TIED, {"law": 9})
    first, second = sorted(["A2", "A3"], key=lambda application: lot(SEED, "places", application))
    assert reasons(ranking) == {"A1": None, first: None, second: "lot-lost", "A4": "frame-full"}
    assert [line.rank for line in ranking.lists["law"].lines] == [1, 2, 2, 4]
    assert places(ranking) == {second: 1, "A4": 2}
    drawn = {
        lot(f"{SEED} {number}", "places", "A2") < lot(f"{SEED} {number}", "places", "A3")
        for number in range(9)
    }
    assert drawn == {True, False}


def test_r17_down_one_list_each_gets_the_best_choice_still_free():
    """The fourth finds law and art full and gets the third choice; the fifth finds none."""
    made = rules(programme(), programme("art"), programme("music"))
    some = [candidate(f"A{number}", 90 - number, "law", "art", "music") for number in range(3)]
    some[1] = candidate("A1", 89, "art", "law")
    some.append(candidate("A3", 10, "law", "art", "music"))
    ranking = ranked(made, some)
    assert admitted(ranking) == {"A0": "law", "A1": "art", "A2": "music"}
    assert reasons(ranking, "music") == {"A0": "placed-higher", "A2": None, "A3": "frame-full"}


def test_r17_programmes_with_own_weights():
    """Law goes by mathematics, art by the essay: each wants who wants the other, and choices decide."""
    some = [
        candidate("A1", 90, "art", "law", essay=10),
        candidate("A2", 10, "law", "art", essay=90),
        candidate("A3", 50, "law", "art", essay=50),
    ]
    own = {"method": "deferred-acceptance"}
    made = rules(programme(weights={"maths": 1}), programme("art", weights={"essay": 1}), **own)
    assert admitted(ranked(made, some[:2])) == {"A1": "art", "A2": "law"}
    # A3 takes law from A2, who takes art from A1, who takes law from A3, who finds art full
    assert admitted(ranked(made, some)) == {"A1": "law", "A2": "art"}


def test_roth_peranson_5_a_chain_that_meets_itself_fills_a_seat_once():
    """A chain of three displacements ends at the seat where it began: each seat has one person in the end."""
    weights = [{"maths": 1}, {"essay": 1}, {"maths": 1, "essay": 1}]
    made = rules(
        *(programme(key, weights=each) for key, each in zip(["law", "art", "music"], weights, strict=True)),
        method="deferred-acceptance",
    )
    some = [
        candidate("A1", 80, "art", "law", essay=20),
        candidate("A2", 30, "music", "art", essay=60),
        candidate("A3", 70, "law", "music", essay=40),
        candidate("A4", 75, "law", "art", "music", essay=0),
        candidate("A5", 60, "music", essay=55),
    ]
    for order in (some, some[::-1], some[2:] + some[:2]):
        ranking = ranked(made, order)
        assert admitted(ranking) == {"A1": "law", "A2": "art", "A5": "music"}
        assert all(each.admitted == 1 for one in ranking.lists.values() for each in one.frames)


def test_r18_frames_nest():
    """Two general places and one special within three: persons count in both, and the full one is named."""
    made = rules(economics())
    some = [candidate(f"A{number}", 90 - number, "econ-general", "econ-special") for number in range(4)]
    ranking = ranked(made, some)
    assert admitted(ranking) == {"A0": "econ-general", "A1": "econ-general", "A2": "econ-special"}
    whole = frame(ranking, "econ-all", "econ")
    assert (whole.admitted, whole.cut) == (3, 88)
    narrow = ranked(made, some, econ_all=2)
    assert [(each.line.frame, each.line.reason, each.line.full_frame) for each in explain(narrow, "A2")] == [
        ("econ-general", "frame-full", "econ-general"),
        ("econ-special", "frame-full", "econ-all"),
    ]
    counts = narrow.lists["econ"].counts
    assert (counts.applicants, counts.ranked, counts.admitted) == (4, 4, 2)
    assert [line.rank for line in narrow.lists["econ"].lines] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_r18_unfilled_places_move_by_a_declared_rule_only():
    """The special place that nobody wants stays empty, or goes to the general ones."""
    some = [candidate(f"A{number}", 90 - number, "econ-general") for number in range(4)]
    assert sorted(admitted(ranked(rules(economics()), some))) == ["A0", "A1"]
    moving = rules(economics(), moves=[{"source": "econ-special", "target": "econ-general"}])
    ranking = ranked(moving, some)
    assert sorted(admitted(ranking)) == ["A0", "A1", "A2"]
    assert [(each.frame, each.limit, each.capacity) for each in ranking.lists["econ"].frames] == [
        ("econ-all", 3, 3),
        ("econ-general", 2, 3),
        ("econ-special", 1, 0),
    ]


def test_r18_a_move_between_programmes_takes_the_frames_around_along():
    """What is free in the special frame, but not in the whole, is not free."""
    moves = [{"source": "econ-special", "target": "law"}]
    made = rules(economics(), programme(), moves=moves)
    lawyers = [candidate(f"L{number}", 50 - number) for number in range(3)]
    some = [candidate(f"A{number}", 90 - number, "econ-general") for number in range(2)]
    ranking = ranked(made, [*lawyers, *some])
    assert sorted(admitted(ranking)) == ["A0", "A1", "L0", "L1"]
    assert frame(ranking, "econ-all", "econ").capacity == 2
    assert sorted(admitted(ranked(made, [*lawyers, *some], econ_all=2))) == ["A0", "A1", "L0"]


def test_r18_what_ties_take_beyond_a_limit_is_taken_from_nobody():
    """A frame that is over its limit has nothing unfilled, and its move leaves the other frame as it is."""
    made = rules(programme(), programme("art"), moves=[{"source": "law", "target": "art"}])
    some = [candidate("A1", 70), candidate("A2", 70), candidate("B1", 60, "art")]
    ranking = ranked(made, some)
    assert admitted(ranking) == {"A1": "law", "A2": "law", "B1": "art"}
    assert (frame(ranking, "law").capacity, frame(ranking, "art", "art").capacity) == (1, 1)


def test_r19_below_the_floor_nobody_is_admitted():
    """Places stay free, nobody waits for them, and the floor itself is enough."""
    made = rules(programme(places=3, floor=60))
    ranking = ranked(made, [candidate("A1", 60), candidate("A2", "59.9")], {"law": 5})
    assert reasons(ranking) == {"A1": None, "A2": "below-floor"}
    assert ranking.lists["law"].lines[1].rank == 2
    assert places(ranking) == {}


def test_r20_first_stage():
    """Twice one place, by the common test alone: both who are tied at the line go on, or none."""
    some = [candidate(f"A{number}", 90 - number // 2, essay=None) for number in range(1, 6)]
    some += [
        candidate("B1", "absent", essay=None),
        candidate("B2", 99, essay=None, not_considered="withdrawn"),
    ]

    def listed(**changes):
        stage = {"exam": "common-test", "multiple": "2.5"} | changes
        seed = SEED if "lot" in changes.values() else None
        made = rules(programme(first_stage=stage, lot_seed=seed))
        return first_stage(made, some)["law"]

    whole = listed()
    assert [(line.application, line.rank, line.passed, line.reason) for line in whole.lines] == [
        ("A1", 1, True, None),
        ("A2", 2, True, None),
        ("A3", 2, True, None),
        ("A4", 4, False, "first-stage"),
        ("A5", 4, False, "first-stage"),
        ("B1", None, False, "absent"),
        ("B2", None, False, "withdrawn"),
    ]
    assert (whole.at_most, whole.cut) == (2, 89)
    # the two who are tied do not fit, and then neither does anybody behind them
    assert sum(line.passed for line in listed(at_limit="none").lines) == 1
    some[4] = candidate("A5", 10, essay=None)
    assert sum(line.passed for line in listed(at_limit="none", multiple=4).lines) == 4
    assert sum(line.passed for line in listed(at_limit="none").lines) == 1
    assert sum(line.passed for line in listed(at_limit="lot").lines) == 2


def test_r20_who_did_not_pass_is_not_considered_there():
    """But at the other choices, and needs no other examination of the programme."""
    made = rules(programme(), programme("art"))
    somebody = candidate("A1", 70, "law", "art", not_considered_at={"law": "first-stage"})
    ranking = ranked(made, [somebody])
    assert [each.line.reason for each in explain(ranking, "A1")] == ["first-stage", None]


def test_first_stage_faults():
    """A missing score of that examination is refused, one of another is not missed."""
    made = rules(programme(first_stage={"exam": "common-test", "multiple": 3}))
    with pytest.raises(FaultyInputError, match="application A1: maths is missing"):
        first_stage(made, [candidate("A1", None, essay=None)])


def test_i5_one_place_a_person():
    """One admitted line an applicant; two applications of a person are refused, unless one is withdrawn."""
    made = rules(programme(places=5), programme("art", places=5))
    two = [candidate("A1", 70, "law", "art"), candidate("A2", 60, "art", person="person of A1")]
    assert codes(made, *two) == [("A2", "person-twice", "A1")]
    two[1] = candidate("A2", 60, "art", person="person of A1", not_considered="withdrawn")
    ranking = ranked(made, two)
    lines = [line for each in ranking.lists.values() for line in each.lines if line.application == "A1"]
    assert sorted(line.verdict for line in lines) == ["admitted", "not-admitted"]


def test_choices_that_do_not_fit():
    """All of it at once, with no list."""
    units = [{"key": key, "max_choices": 2, "method": "score-first"} for key in "uv"]
    made = rules(programme(), economics(), programme("art", unit="v"), units=units)
    some = [
        candidate("A1", 70, "econ"),
        candidate("A2", 70, "law", "law"),
        candidate("A3", 70, "law", "art"),
        candidate("A4", 70, "law", "econ-general", "econ-special"),
        candidate("A5", 70, not_considered_at={"music": "first-stage"}),
        candidate("A6", 70),
        candidate("A6", 70, person="another"),
    ]
    assert codes(made, *some) == [
        ("A1", "unknown-choice", "econ"),
        ("A2", "choice-twice", "law"),
        ("A3", "units-mixed", "v"),
        ("A4", "too-many-choices", "u"),
        ("A5", "unknown-programme", "music"),
        ("A6", "application-twice", "A6"),
    ]


def test_limits_that_do_not_fit():
    """Each frame needs one, and none is less than 0."""
    made = rules()
    assert codes(made, candidate("A1", 70), waitlist={"art": 1}, law=-1, art=2) == [
        ("", "unknown-frame", "art"),
        ("", "unknown-programme", "art"),
        ("", "negative-number", "law"),
    ]
    with pytest.raises(FaultyInputError, match="frame law has no limit"):
        rank(made, [], {})
