"""What a policy file may not declare, and the numbers that it may not write."""

import json
from decimal import Decimal

import pytest
from pydantic import ValidationError

from schemas.round.exact_numbers import exact, plain, rounded
from schemas.round.rules import RankingRules
from schemas.round.scores import Candidate
from tests.round.ranking.builder import PARTS, SEED, candidate, declared, economics, programme, rules


@pytest.mark.parametrize("value", [3, "3", "3.0", "3.000", Decimal("3.0"), Decimal("0.3E+1")])
def test_an_exact_number(value):
    """An int, a text and a Decimal are the same number, and go out as the same text."""
    assert exact(value) == 3
    assert plain(exact(value)) == "3"


@pytest.mark.parametrize(
    "value",
    [0.5, 3.0, True, None, "1e3", "３", " 3", "1_000", "NaN", "", ".5", Decimal("NaN"), "0." + "3" * 11],
)
def test_no_exact_number(value):
    """A binary fraction has lost its digits; full-width digits, blanks and exponents are no plain number."""
    with pytest.raises(ValueError, match=r"binary fraction|is no number|a number is"):
        exact(value)


def test_half_goes_up():
    """2.5 is 3 and not the nearest even number; 0.125 with two places is 0.13."""
    assert [plain(rounded(Decimal(text), 0)) for text in ("2.5", "3.5", "2.4999")] == ["3", "4", "2"]
    assert plain(rounded(Decimal("0.125"), 2)) == "0.13"


def test_a_float_in_a_weight_is_refused():
    """The fault names it and says how to write it."""
    with pytest.raises(ValidationError, match=r"1\.5 is a binary fraction: write it as text"):
        rules(programme(weights={"maths": 1.5}))


@pytest.mark.parametrize("score", ["77.7", '"７７.7"', '"away 77.7"', "null", "true", '""'])
def test_what_is_no_score_is_refused_and_not_told(score):
    """A fault may be logged, a score may not; nothing and true are no 0 and no 1."""
    given = f'{{"application": "A1", "person": "p", "choices": ["law"], "scores": {{"maths": {score}}}}}'
    with pytest.raises(ValidationError, match="a score is a number") as raised:
        Candidate.model_validate_json(given)
    assert "7.7" not in str(raised.value)


def test_rules_and_candidates_are_told_as_text():
    """JSON gives each number as text, and reads it again as the same number."""
    made = rules(programme(weights={"maths": "1.50", "essay": 1}, floor="10.0"))
    told = json.loads(made.model_dump_json())
    assert told["programmes"][0]["weights"] == {"maths": "1.5", "essay": "1"}
    assert RankingRules.model_validate(told) == made
    somebody = candidate("A1", "70.50", essay="absent")
    assert json.loads(somebody.model_dump_json())["scores"] == {"maths": "70.5", "essay": "absent"}
    assert Candidate.model_validate_json(somebody.model_dump_json()) == somebody


LOOP = [
    {"key": "x", "parent": "y", "places": 1},
    {"key": "y", "parent": "x", "places": 1},
    {"key": "z", "places": 1},
]
SUBJECTS = {"part": "maths", "rows": [{"subject": "028563", "full_marks": 100, "factor": 1}]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (declared(programme(weights={"maths": 1, "art": 1})), "programme law: its weights name art"),
        (declared(programme(ties=["part:art"])), "programme law: its tie order names part:art"),
        (declared(programme(ties=["exam:oral"])), "its tie order names exam:oral"),
        (declared(programme(ties=["part:maths", "total"])), "the total comes first"),
        (declared(programme(ties=["part:maths", "part:maths"])), "part:maths is twice in its tie order"),
        (declared(programme(unit="v")), "programme law: there is no unit v"),
        (declared(programme(frames=LOOP)), "frames lie in each other: x in y in x"),
        (declared(programme(frames=[{"key": "x", "parent": "w", "places": 1}])), "lies in w, which is none"),
        (declared(programme(frames=[{"key": "x", "places": 1}] * 2)), "frame x is there twice"),
        (declared(programme(frames=[])), "at least 1 item"),
        (declared(programme(), programme()), "programme law is there twice"),
        (declared(programme(), programme("art", frames=[{"key": "law", "places": 1}])), "frame law is there"),
        (
            declared(programme(frames=[{"key": "l", "places": 1}]), programme("l", frames=LOOP[2:])),
            "programme l: a frame of programme law has its name",
        ),
        (declared(programme(at_limit="lot")), "a lot needs a lot_seed"),
        (declared(programme(lot_seed=SEED)), "a lot needs a lot_seed, and nothing else has one"),
        (declared(programme(flor=10)), "Extra inputs"),
        (
            declared(programme(first_stage={"exam": "oral", "multiple": 3})),
            "its first stage goes by oral, which it never weighs",
        ),
        (declared(parts=[PARTS[0], PARTS[0]]), "part maths is there twice"),
        (
            declared(parts=[PARTS[0] | {"exempt_as": 101}]),
            "part maths: exempt_as is more than its full marks",
        ),
        (
            declared(programme(), programme("art", weights={"maths": 2})),
            "unit u: score-first needs one order",
        ),
        (declared(programme(), programme("art", ties=["part:maths"])), "unit u: score-first needs one order"),
        (
            declared(units=[{"key": key, "max_choices": 1, "method": "score-first"} for key in "uv"]),
            "unit v: no",
        ),
        (declared(moves=[{"source": "law", "target": "art"}]), "a move names art, which is no frame"),
        (declared(moves=[{"source": "law", "target": "law"}]), "one lies in the other"),
        (
            declared(economics(), moves=[{"source": "econ-all", "target": "econ-general"}]),
            "a move goes from econ-all to econ-general, and one lies in the other",
        ),
        (declared(conversions=[SUBJECTS | {"part": "art"}]), "conversion of art: there is no such part"),
        (declared(conversions=[SUBJECTS, SUBJECTS]), "conversion of maths is there twice"),
        (declared(conversions=[SUBJECTS | {"count": 2}]), "2 count, 1 have rows"),
        (declared(conversions=[SUBJECTS | {"rows": SUBJECTS["rows"] * 2}]), "028563 has two rows"),
        (declared(conversions=[SUBJECTS | {"combinations": [["28563"]]}]), "a combination names 28563"),
        (declared(conversions=[SUBJECTS | {"combinations": [[]]}]), "is less than counts"),
        (
            declared(conversions=[{"part": "maths", "rows": [SUBJECTS["rows"][0] | {"factor": "1.01"}]}]),
            "conversion of maths: it can give more than full marks",
        ),
        (
            declared(conversions=[{"part": "maths", "rows": [SUBJECTS["rows"][0] | {"subject": "essay"}]}]),
            "essay is a part and cannot be a subject",
        ),
        (
            declared(
                conversions=[
                    SUBJECTS,
                    {"part": "essay", "rows": [SUBJECTS["rows"][0] | {"full_marks": 50}]},
                ]
            ),
            "subject 028563 has different full marks",
        ),
    ],
)
def test_rules_that_are_refused(given, message):
    """Whatever names something that is not there, or cannot be meant, is refused when it is loaded."""
    with pytest.raises(ValidationError, match=message):
        RankingRules.model_validate(given)


def test_orders_of_own_are_for_deferred_acceptance():
    """Programmes with own weights are in one unit there."""
    made = rules(programme(), programme("art", weights={"maths": 2}), method="deferred-acceptance")
    assert [each.key for each in made.programmes] == ["law", "art"]
