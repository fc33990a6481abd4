"""From scores to points: what is missing, absent or exempt, subjects that count as a part, adjustments."""

import pytest
from pydantic import ValidationError

from tests.round.ranking.builder import PARTS, candidate, programme, ranked, rules
from workflows.round.ranking.faults import Fault, FaultyInputError

PHYSICS, CHEMISTRY, BIOLOGY = "028563", "028571", "028580"


def found_faults(made, *candidates, **limits):
    with pytest.raises(FaultyInputError) as raised:
        ranked(made, candidates, **limits)
    return [(fault.application, fault.code, fault.about) for fault in raised.value.faults]


def total(made, somebody):
    return ranked(made, [somebody]).lists["law"].lines[0].total


def science(count=1, **changes):
    """A part of 100 points, for which one of three subjects counts: of 100, 100 and 50 points."""
    rows = [
        {"subject": subject, "full_marks": marks, "factor": factor}
        for subject, marks, factor in ((PHYSICS, 100, 1), (CHEMISTRY, 100, "0.5"), (BIOLOGY, 50, "1.2"))
    ]
    part = {"key": "science", "ja": "理科", "en": "Science", "full_marks": 200, "exam": "common-test"}
    conversion = {"part": "science", "rows": rows, "count": count} | changes
    return rules(programme(weights={"science": 1}), parts=[*PARTS, part], conversions=[conversion])


def scientist(application="A1", answered=(), **scores):
    given = {subject.removeprefix("s"): score for subject, score in scores.items()}
    return candidate(application, None, essay=None, scores=given, answered=answered)


def test_r1_all_that_is_missing_is_named():
    """By application and part, all of it at once, and there is no list."""
    made = rules()
    some = [candidate("A2", None, essay=None), candidate("A1", 70, essay=None), candidate("A3", 70)]
    with pytest.raises(FaultyInputError, match="application A1: essay is missing; application A2") as raised:
        ranked(made, some)
    assert raised.value.faults == (
        Fault("part-missing", "A1", "essay", "application A1: essay is missing"),
        Fault("part-missing", "A2", "essay", "application A2: essay is missing"),
        Fault("part-missing", "A2", "maths", "application A2: maths is missing"),
    )


def test_r1_only_what_a_chosen_programme_requires_may_be_missing():
    """And nothing of who is not considered."""
    made = rules(programme(weights={"maths": 1}))
    away = candidate("A2", None, essay=None, not_considered="withdrawn")
    lists = ranked(made, [candidate("A1", 70, essay=None), away]).lists["law"]
    assert [(line.application, line.verdict, line.reason) for line in lists.lines] == [
        ("A1", "admitted", None),
        ("A2", "not-ranked", "withdrawn"),
    ]


def test_r1_absent_is_neither_nothing_nor_0():
    """Absent in a required part is not ranked, with the reason; 0 is ranked."""
    lines = ranked(rules(), [candidate("A1", "absent", essay=90), candidate("A2", 0)]).lists["law"].lines
    assert [(line.application, line.verdict, line.reason, line.total) for line in lines] == [
        ("A2", "admitted", None, 0),
        ("A1", "not-ranked", "absent", None),
    ]


def test_r1_exempt_counts_as_declared():
    """It gives the part's declared points, and is refused where none are declared."""
    assert total(rules(), candidate("A1", 70, essay="exempt")) == 120
    assert found_faults(rules(), candidate("A1", "exempt")) == [("A1", "exempt-undeclared", "maths")]


def test_r11_more_than_full_marks_and_less_than_0_are_refused():
    """Named by application and part; the fault does not tell the score."""
    some = [candidate("A1", "100.5"), candidate("A2", -1), candidate("A3", 100, essay=100)]
    assert found_faults(rules(), *some) == [
        ("A1", "over-full-marks", "maths"),
        ("A2", "negative-score", "maths"),
    ]
    with pytest.raises(FaultyInputError) as raised:
        ranked(rules(), some)
    assert "100.5" not in str(raised.value)


def test_r11_a_total_over_the_maximum_is_an_error():
    """Even when a table that nobody has checked makes it."""
    part = rules().parts[1].model_copy(update={"exempt_as": 101})
    made = rules().model_copy(update={"parts": (rules().parts[0], part)})
    assert found_faults(made, candidate("A1", 100, essay="exempt")) == [("A1", "over-maximum", "total")]


def test_r12_a_subject_counts_by_its_row():
    """Its points times the factor of its row."""
    assert total(science(), scientist(s028563=81)) == 81
    assert str(total(science(), scientist(s028571=81))) == "40.5"
    assert str(total(science(), scientist(s028580=41))) == "49.2"


def test_r12_the_best_or_the_first_answered_counts():
    """As the policy says, whichever has more points."""
    both = scientist(answered=(CHEMISTRY, PHYSICS), s028563=60, s028571=80)
    assert total(science(choose="best"), both) == 60
    assert total(science(choose="first-answered"), both) == 40
    assert total(science(count=2, choose="first-answered"), both) == 100


def test_r12_without_the_order_the_first_answered_is_not_guessed():
    """Unless only as many were answered as count."""
    made = science(choose="first-answered")
    for answered in ((), (PHYSICS,)):
        both = scientist(answered=answered, s028563=60, s028571=80)
        assert found_faults(made, both) == [("A1", "order-unknown", "science")]
    assert total(made, scientist(s028563=60)) == 60
    assert found_faults(made, scientist(answered=(CHEMISTRY,), s028563=60)) == [
        ("A1", "answered-without-score", CHEMISTRY)
    ]


def test_r12_an_unknown_combination_is_refused():
    """Where combinations are declared, no other one counts."""
    made = science(combinations=[[PHYSICS, CHEMISTRY], [BIOLOGY]])
    assert total(made, scientist(s028563=60, s028571=80)) == 60
    assert found_faults(made, scientist(s028563=60, s028580=40)) == [("A1", "unknown-combination", "science")]


def test_r12_too_few_subjects():
    """One of two is a part that is missing; absent in the other is absent."""
    made = science(count=2)
    assert found_faults(made, scientist(s028563=60)) == [("A1", "part-missing", "science")]
    absent = scientist(s028563=60, s028571="absent")
    assert ranked(made, [absent]).lists["law"].lines[0].reason == "absent"


def test_r12_a_part_of_subjects_has_no_points_of_its_own():
    """They would be counted past the table; and who is exempt is so in a part."""
    assert found_faults(science(), candidate("A1", None, essay=None, scores={"science": 90})) == [
        ("A1", "part-missing", "science"),
        ("A1", "points-of-subjects", "science"),
    ]
    assert ("A1", "exempt-subject", PHYSICS) in found_faults(science(), scientist(s028563="exempt"))


def test_ipu_ranklist_66_codes_are_text():
    """028563 and 28563 are two: the one without a row is refused, not taken for the other."""
    assert found_faults(science(), scientist(s28563=60)) == [
        ("A1", "unknown-subject", "28563"),
        ("A1", "part-missing", "science"),
    ]


def adjustment(**changes):
    """Up to 60 half as much again, from there to 100 flattened; 0 → 0, 60 → 90, 100 → 100."""
    branches = [
        {"since": 0, "until": 60, "factor": "1.5", "values": [{"raw": 33, "adjusted": 50}]},
        {"since": 60, "until": 100, "factor": "0.25", "offset": 75, "values": [{"raw": 60, "adjusted": 90}]},
    ]
    given = {"formula": "spread", "version": "3", "of": "maths", "branches": branches, "places": 0}
    return given | {"rounding": "half-up"} | changes


def adjusted(**changes):
    return rules(adjustments=[adjustment(**changes)])


def branch(number, **changes):
    branches = adjustment()["branches"]
    branches[number] |= changes
    return branches


@pytest.mark.parametrize(
    ("raw", "points"), [(0, 0), (1, 2), (59, 89), (60, 90), (62, 91), (100, 100), ("0.2", 0)]
)
def test_r15_points_are_adjusted_by_the_branch_they_fall_into(raw, points):
    """The lower end belongs to a branch, the upper to the next; rounded half up as declared."""
    assert total(adjusted(), candidate("A1", raw)) == points


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"branches": branch(0, until=59)}, "formula spread version 3: a gap between 59 and 60"),
        ({"branches": branch(0, until=61)}, "formula spread version 3: an overlap between 61 and 60"),
        ({"branches": branch(1, values=[])}, "version 3: the branch from 60 has no test value"),
        (
            {"branches": branch(1, values=[{"raw": 80, "adjusted": 96}])},
            "formula spread version 3: test value 80 gives 95, not 96",
        ),
        (
            {"branches": branch(1, values=[{"raw": 59, "adjusted": 89}])},
            "test value 59 is not in the branch from 60",
        ),
        ({"branches": branch(1, until=99)}, "its branches go from 0 to 99, not from 0 to 100"),
        ({"branches": branch(0, since=1)}, "its branches go from 1 to 100, not from 0 to 100"),
        ({"branches": branch(0, since=60)}, "a branch from 60 until 60 is for nothing"),
        ({"branches": branch(0, offset=1000, values=[{"raw": 0, "adjusted": 1000}])}, "it leaves 0 to 100"),
        ({"of": "art"}, "formula spread version 3: art is neither part nor subject"),
        ({"rounding": "half-even"}, "half-up"),
    ],
)
def test_r15_a_formula_that_does_not_prove_itself_is_refused(changes, message):
    """By its name and version, with the value and both numbers."""
    with pytest.raises(ValidationError, match=message):
        adjusted(**changes)


def test_r15_a_subject_is_adjusted_before_it_is_converted():
    """Then the best of the converted counts."""
    made = science()
    given = made.model_dump(mode="json") | {"adjustments": [adjustment(of=CHEMISTRY)]}
    made = type(made).model_validate(given)
    assert total(made, scientist(s028563=44, s028571=60)) == 45
