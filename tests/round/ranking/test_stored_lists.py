"""Lists as bytes, hashes over them, what differs between two, why a choice went as it did."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.round.ranking.builder import (
    candidate,
    economics,
    limits_of,
    programme,
    ranked,
    rules,
)
from workflows.round.ranking.canonical import canonical, inputs_hash, list_from, list_hash
from workflows.round.ranking.difference import difference
from workflows.round.ranking.lines import explain


def test_r2_the_hash_is_over_all_inputs_in_any_order():
    """Each score, choice, limit, rule and waitlist changes it; the order in which they come does not."""
    made = rules(programme(), programme("art"))
    some = [candidate("A1", 70, "law", "art"), candidate("A2", 60)]
    limits = limits_of(made)
    whole = inputs_hash(some, limits, made, {"law": 1})
    assert len(whole) == 64
    turned = rules(programme("art"), programme())
    assert inputs_hash(some[::-1], dict(reversed(limits.items())), turned, {"law": 1}) == whole
    exact = candidate("A1", "70.0", "law", "art")
    assert inputs_hash([exact, some[1]], limits, made, {"law": 1}) == whole
    others = {
        inputs_hash([candidate("A1", "70.1", "law", "art"), some[1]], limits, made, {"law": 1}),
        inputs_hash([candidate("A1", 70, "art", "law"), some[1]], limits, made, {"law": 1}),
        inputs_hash(some[:1], limits, made, {"law": 1}),
        inputs_hash(some, limits | {"art": 2}, made, {"law": 1}),
        inputs_hash(some, limits, made.model_copy(update={"version": "2027.2"}), {"law": 1}),
        inputs_hash(some, limits, made, {"law": 2}),
    }
    assert len(others | {whole}) == 7


def test_ustcrank_5_the_order_is_total():
    """Equal totals come in the order of applications, whatever order they came in: no page loses one."""
    made = rules(programme(places=3))
    some = [candidate(f"A{number:02}", 70) for number in range(12)]
    pages = [ranked(made, order).lists["law"].lines for order in (some, some[::-1], some[5:] + some[:5])]
    assert pages[0] == pages[1] == pages[2]
    assert [line.application for line in pages[0]] == sorted(one.application for one in some)


def test_i8_a_list_is_the_same_bytes_always():
    """Also where scores were written in another way; keys sorted, numbers as text, a newline at the end."""
    made = rules(programme(ties=["part:maths"]))
    some = [candidate("A1", "70.50", essay=1), candidate("A2", 0)]
    stored = canonical(ranked(made, some).lists["law"])
    assert (
        canonical(ranked(made, [candidate("A2", "0.0"), candidate("A1", "70.5", essay=1)]).lists["law"])
        == stored
    )
    told = json.loads(stored)
    assert list(told) == sorted(told) == ["counts", "frames", "lines", "programme"]
    assert told["lines"][0]["total"] == "71.5"
    assert (told["lines"][1]["total"], told["lines"][1]["ties"]) == ("0", ["0"])
    assert stored.endswith(b"}\n")
    assert len(list_hash(stored)) == 64
    assert list_hash(stored) != list_hash(stored.replace(b"71.5", b"71.6"))


def test_a_stored_list_is_read_again():
    """And bytes that no list gives are refused."""
    made = ranked(rules(), [candidate("A1", 70), candidate("A2", "absent")]).lists["law"]
    assert list_from(canonical(made)) == made
    other = json.loads(canonical(made))
    for stored in (
        canonical(made)[:-1],
        b"[]",
        json.dumps(other).encode(),
        canonical(made).replace(b'"70"', b'"70.0"'),
        canonical(made).replace(b'"70"', b'"seventy"'),
        canonical(made).replace(b"not-ranked", b"forgotten"),
    ):
        with pytest.raises(ValueError, match=r"bytes|Verdict"):
            list_from(stored)


def test_r7_the_difference_of_two_lists():
    """Who is new, gone, or has another verdict, rank or total."""
    made = rules(programme(places=1))
    before = [candidate("A1", 80), candidate("A2", 70), candidate("A3", 60), candidate("A4", 10)]
    after = [candidate("A1", 80), candidate("A2", 90), candidate("A4", 10), candidate("A5", 50)]
    found = difference(*(ranked(made, each).lists["law"] for each in (before, after)))
    assert [line.application for line in found.new] == ["A5"]
    assert [line.application for line in found.gone] == ["A3"]
    assert [
        (change.after.application, change.verdict, change.rank, change.total) for change in found.changed
    ] == [("A1", True, True, False), ("A2", True, True, True)]
    assert found.verdicts == found.changed
    ahead = [*before, candidate("A0", 75)]
    moved = difference(*(ranked(made, each).lists["law"] for each in (before, ahead)))
    assert [(change.after.application, change.after.rank) for change in moved.changed] == [
        ("A2", 3),
        ("A3", 4),
        ("A4", 5),
    ]
    assert moved.verdicts == ()
    unchanged = ranked(made, before).lists["law"]
    assert difference(unchanged, unchanged).changed == ()
    with pytest.raises(ValueError, match="a list of law and one of art"):
        difference(unchanged, replace(unchanged, programme="art"))


def test_explain_gives_the_cut_that_was_missed():
    """Of the frame that had no room."""
    made = rules(programme(), programme("art"))
    ranking = ranked(made, [candidate("A1", 90), candidate("A2", 80, "law", "art")])
    assert [(each.programme, each.line.reason, each.cut) for each in explain(ranking, "A2")] == [
        ("law", "frame-full", Decimal(90)),
        ("art", None, Decimal(80)),
    ]
    assert explain(ranking, "A9") == ()
    around = [
        candidate("A1", 90, "econ-general"),
        candidate("A2", 80, "econ-special"),
        candidate("A3", 70, "econ-general"),
    ]
    around = ranked(rules(economics()), around, econ_all=2)
    assert [(each.line.full_frame, each.cut) for each in explain(around, "A3")] == [("econ-all", Decimal(80))]
