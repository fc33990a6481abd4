"""Who waits for a place, by hand."""

import pytest

from tests.round.ranking.builder import (
    SEED,
    admitted,
    candidate,
    economics,
    places,
    programme,
    ranked,
    rules,
)
from workflows.round.ranking.totals import lot


def test_a_waitlist_is_in_rank_order():
    """The first two behind the admitted; who is placed higher or below the floor does not wait."""
    made = rules(programme(floor=20), programme("art", floor=20))
    some = [
        candidate("A1", 90, "art", "law"),
        candidate("A2", 80),
        candidate("A3", 70),
        candidate("A4", 60),
        candidate("A5", 50),
        candidate("A6", 10),
    ]
    assert places(ranked(made, some, {"law": 2})) == {"A3": 1, "A4": 2}
    assert places(ranked(made, some, {"law": 9})) == {"A3": 1, "A4": 2, "A5": 3}
    assert places(ranked(made, some)) == {}


def test_who_is_admitted_at_a_later_choice_waits_for_a_better_one():
    """And does not wait for a worse one."""
    made = rules(programme(), programme("art"), programme("music"))
    some = [candidate("A1", 90), candidate("A2", 80, "law", "art", "music"), candidate("A3", 95, "music")]
    ranking = ranked(made, some, {"law": 1, "music": 1})
    assert admitted(ranking)["A2"] == "art"
    assert places(ranking) == {"A2": 1}
    assert places(ranking, "music") == {}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("all-tied", {"A2": 1, "A3": 2, "A4": 2}), ("none", {"A2": 1}), ("lot", {"A2": 1, "drawn": 2})],
)
def test_ties_at_the_end_of_a_waitlist(rule, expected):
    """Where it ends between two who are tied, the same rule holds as at the limit."""
    made = rules(programme(at_limit=rule, lot_seed=SEED if rule == "lot" else None))
    some = [candidate("A1", 90), candidate("A2", 80), candidate("A3", 70), candidate("A4", 70)]
    drawn = min(("A3", "A4"), key=lambda application: lot(SEED, "places", application))
    expected = {drawn if key == "drawn" else key: place for key, place in expected.items()}
    assert places(ranked(made, some, {"law": 2})) == expected


def test_a_person_waits_once_however_many_frames_of_a_programme_were_chosen():
    """Persons count, not choices: with room for two, two persons wait."""
    made = rules(economics())
    some = [candidate(f"A{number}", 90 - number, "econ-general", "econ-special") for number in range(6)]
    ranking = ranked(made, some, {"econ": 2})
    waiting = [
        (line.application, line.frame, line.waitlist_place)
        for line in ranking.lists["econ"].lines
        if line.verdict == "waitlisted"
    ]
    assert waiting == [
        ("A2", "econ-general", 1),
        ("A3", "econ-general", 2),
        ("A3", "econ-special", 2),
    ]
    assert ranking.lists["econ"].counts.waitlisted == 2
