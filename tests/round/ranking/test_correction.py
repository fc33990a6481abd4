"""Putting right what is out, as a function (R7): nobody loses, the wronged get what is right."""

from hypothesis import given
from hypothesis import strategies as st

from tests.round.ranking.builder import candidate, economics, programme, ranked, rules
from tests.round.ranking.test_allocation import ROUNDS
from workflows.round.ranking.canonical import canonical, list_from
from workflows.round.ranking.correction import as_considered, correct
from workflows.round.waitlist import parents_of

RULES = rules(programme("law", 2), economics(), programme("arts", 1))
PARENTS = parents_of(RULES)
WAITLIST = {"law": 2, "econ": 2}
CHOICES = st.lists(
    st.sampled_from(["law", "econ-general", "econ-special", "arts"]), unique=True, min_size=1, max_size=4
)
PEOPLE = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 8), CHOICES, st.booleans()), min_size=1, max_size=9
)


def rankings(people):
    """What came out, and what is right, of the same applications."""
    made = []
    for at in (0, 1):
        found = [candidate(f"A{who}", person[at] * 10, *person[2]) for who, person in enumerate(people)]
        made.append(ranked(RULES, found, WAITLIST))
    return made


def choices_of(lists):
    """Application → the choice to which it is admitted."""
    return {
        line.application: line.choice
        for made in lists.values()
        for line in made.lines
        if line.verdict == "admitted"
    }


@given(people=PEOPLE)
@ROUNDS
def test_r7_nobody_loses_and_everybody_has_what_is_right_or_better(people):
    """Whatever was wrong: by choices, and with no verdict of anybody else touched."""
    before, right = rankings(people)
    found = correct(before.lists, right, {}, PARENTS)
    had, ought, have = (choices_of(each) for each in (before.lists, right.lists, before.lists | found.lists))
    assert have == {
        who: min(found for found in (had.get(who), ought.get(who)) if found is not None)
        for who in had | ought
    }
    wronged = {each.now.application for each in found.wronged}
    assert wronged == {who for who, choice in ought.items() if choice < had.get(who, 99)}
    for name, made in found.lists.items():
        kept = {(line.application, line.frame): line for line in before.lists[name].lines}
        changed = {line for line in made.lines if kept[line.application, line.frame] != line}
        assert {line.application for line in changed} <= wronged
        assert changed <= set(found.lines[name])
        assert len(made.lines) == len(kept)


@given(people=PEOPLE)
@ROUNDS
def test_r7_a_correction_list_is_whole_and_its_counts_follow_from_its_lines(people):
    """It can be read back, nobody is in two frames, and frames count who is in them and in those within."""
    before, right = rankings(people)
    found = correct(before.lists, right, {}, PARENTS)
    for made in found.lists.values():
        assert list_from(canonical(made)) == made
        inside = [line for line in made.lines if line.verdict == "admitted"]
        assert made.counts.admitted == len(inside) == len({line.application for line in inside})
        counts = {frame.frame: frame.admitted for frame in made.frames}
        for frame, parent in PARENTS.items():
            if parent is None and frame in counts:
                assert counts[frame] == len(inside)
        ranks = [line.rank for line in made.lines if line.rank is not None]
        assert ranks == sorted(ranks)


@given(people=PEOPLE)
@ROUNDS
def test_r7_who_claims_nothing_gets_nothing_and_is_named(people):
    """Their lines stay as they were, and all others get what they would have got."""
    before, right = rankings(people)
    apart = {f"A{who}": "declined" for who, person in enumerate(people) if person[3]}
    found, all_of_them = (correct(before.lists, right, each, PARENTS) for each in (apart, {}))
    assert [each.now for each in found.wronged] == [each.now for each in all_of_them.wronged]
    assert {each.apart for each in found.wronged if each.now.application in apart} <= {"declined"}
    changed = {line.application for lines in found.lines.values() for line in lines}
    assert changed == {each.now.application for each in found.wronged} - apart.keys()


def test_r7_whoever_was_considered_still_counts():
    """Who has left since keeps their rank, who had left before has none, who came later is not in it."""
    there = [
        candidate("A1", 90),
        candidate("A2", 80, not_considered="withdrawn"),
        candidate("A3", "absent"),
        candidate("A4", 70),
    ]
    law = rules(programme("law", 1))
    released = ranked(law, there).lists
    now = [
        candidate("A1", 90, not_considered="withdrawn"),
        candidate("A2", 80),
        candidate("A3", "absent", not_considered="withdrawn"),
        candidate("A4", 70),
        candidate("A5", 99),
    ]
    found = as_considered(now, released)
    assert {each.application: each.not_considered for each in found} == {
        "A1": None,
        "A2": "withdrawn",
        "A3": None,
        "A4": None,
    }
    assert correct(released, ranked(law, found), {}, parents_of(law)).wronged == ()
