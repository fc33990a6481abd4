"""Whatever the round: as the slow ways allocate, stable, within the limits, the same in any order."""

from fractions import Fraction
from itertools import groupby
from random import Random
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.round.rules import RankingRules
from schemas.round.scores import Candidate
from tests.round.ranking.builder import PARTS, SEED, admitted
from tests.round.ranking.naive import Naive
from workflows.round.ranking.canonical import canonical
from workflows.round.ranking.judging_lists import rank

EXPLORES = settings().max_examples > 100
ROUNDS = settings(max_examples=1000 if EXPLORES else 250, deadline=None)
SEEDS = (SEED, "fixed on 2027-01-16")


@st.composite
def programmes(draw, *, own_weights):
    """Up to four of one or three frames, with few places."""
    rule = draw(st.sampled_from(["all-tied", "none", "lot"]))
    order = draw(_orders(rule))
    found = []
    for number in range(draw(st.integers(1, 4))):
        key = f"p{number}"
        frames = [{"key": key, "places": 1}]
        if draw(st.booleans()):
            frames += [{"key": f"{key}-{each}", "places": 1, "parent": key} for each in "ab"]
        if own_weights:
            order = draw(_orders(draw(st.sampled_from(["all-tied", "none", "lot"]))))
        floor = draw(st.sampled_from([None, None, 2]))
        found.append({"key": key, "unit": "u", "frames": frames, "floor": floor} | order)
    return found


@st.composite
def _orders(draw, rule):
    weights = draw(st.sampled_from([(1, 1), (1, 2), (2, 1), (1, 0), (0, 1)]))
    return {
        "weights": dict(zip(("maths", "essay"), weights, strict=True)),
        "ties": draw(st.sampled_from([[], ["part:maths"], ["part:essay"]])),
        "at_limit": rule,
        "lot_seed": draw(st.sampled_from(SEEDS)) if rule == "lot" else None,
    }


@st.composite
def rounds(draw, *, own_weights):
    """With few points to have, so that ties are everywhere."""
    declared = draw(programmes(own_weights=own_weights))
    outer = {frame.get("parent") for each in declared for frame in each["frames"]}
    frames = [frame["key"] for each in declared for frame in each["frames"]]
    leaves = [key for key in frames if key not in outer]
    limits = {key: draw(st.integers(0, 3 + (key in outer))) for key in frames}
    people = [
        {
            "application": f"A{number}",
            "choices": draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=5, unique=True)),
            "scores": {"maths": draw(st.integers(0, 2)), "essay": draw(st.integers(0, 2))},
        }
        for number in range(draw(st.integers(1, 12)))
    ]
    return Naive(declared, people, limits)


def rules_of(naive, method):
    unit = {"key": "u", "max_choices": 5, "method": method}
    given = {"version": "1", "parts": PARTS, "units": [unit], "programmes": naive.programmes}
    return RankingRules.model_validate(given)


def ranking_of(naive, method, people=None, waitlist=None):
    candidates = [
        Candidate.model_validate(each | {"person": each["application"]}) for each in people or naive.people
    ]
    return rank(rules_of(naive, method), candidates, naive.limits, waitlist)


@given(naive=rounds(own_weights=False), shuffle=st.randoms(use_true_random=False))
@ROUNDS
def test_r17_as_going_down_the_list_does(naive, shuffle):
    """Programmes that rank alike: serial dictatorship, by groups of those who are fully tied."""
    found = admitted(ranking_of(naive, "score-first"))
    shuffled = shuffle.sample(naive.people, len(naive.people))
    assert found == naive.one_proposal_at_a_time(shuffled)
    if naive.programmes[0]["at_limit"] != "none":
        assert found == naive.down_the_list()


@given(naive=rounds(own_weights=True), shuffle=st.randoms(use_true_random=False))
@ROUNDS
def test_r17_as_one_proposal_at_a_time_does(naive, shuffle):
    """Programmes with own weights, ties and rules at the limit: whoever asks first, the same comes out."""
    shuffled = shuffle.sample(naive.people, len(naive.people))
    assert admitted(ranking_of(naive, "deferred-acceptance")) == naive.one_proposal_at_a_time(shuffled)


@given(naive=rounds(own_weights=True))
@ROUNDS
def test_r17_nobody_prefers_a_place_that_a_lower_rank_holds(naive):
    """Of every place wanted in vain, some frame around it is full of better ones and holds no worse one."""
    placed = admitted(ranking_of(naive, "deferred-acceptance"))
    for person in naive.people:
        acceptable = naive.acceptable(person)
        mine = placed.get(person["application"])
        assert mine is None or mine in acceptable
        for frame in acceptable[: acceptable.index(mine) if mine else None]:
            assert refused_rightly(naive, placed, person, frame), (person["application"], frame)


def refused_rightly(naive, placed, person, frame):
    programme = naive.home[frame]
    tree = naive.tree(programme)
    mine = naive.key(person, programme)
    for around in tree.chain(frame):
        held = [
            naive.key(other, programme)
            for other in naive.people
            if (seat := placed.get(other["application"])) in tree.parents and around in tree.chain(seat)
        ]
        if any(other >= mine for other in held):
            continue
        if programme["at_limit"] == "none" or len(held) >= naive.limits[around]:
            return True
    return False


@given(naive=rounds(own_weights=True))
@ROUNDS
def test_i1_limits_are_exceeded_by_those_tied_at_them_only(naive):
    """A frame that is over its limit has room without its last group, or lies around one that is over."""
    placed = admitted(ranking_of(naive, "deferred-acceptance"))
    for frame, programme in naive.home.items():
        tree = naive.tree(programme)
        held = sorted(
            naive.key(person, programme)
            for person in naive.people
            if (seat := placed.get(person["application"])) in tree.parents and frame in tree.chain(seat)
        )
        if len(held) > naive.limits[frame]:
            assert programme["at_limit"] == "all-tied"
            inner_over = any(
                placed_in(naive, placed, each) > naive.limits[each] for each in tree.inner(frame)
            )
            assert inner_over or sum(each < held[-1] for each in held) < naive.limits[frame]


def placed_in(naive, placed, frame):
    return sum(
        frame in naive.tree(naive.home[frame]).chain(seat)
        for seat in placed.values()
        if naive.home[seat] is naive.home[frame]
    )


@given(naive=rounds(own_weights=True), shuffle=st.randoms(use_true_random=False), most=st.integers(0, 4))
@ROUNDS
def test_i8_any_order_of_input_gives_the_same_bytes(naive, shuffle, most):
    """Of every list, waitlist and reasons with it."""
    waitlist = {each["key"]: most for each in naive.programmes}
    shuffled = shuffle.sample(naive.people, len(naive.people))
    lists = ranking_of(naive, "deferred-acceptance", waitlist=waitlist).lists
    again = ranking_of(naive, "deferred-acceptance", shuffled, waitlist).lists
    assert {key: canonical(each) for key, each in lists.items()} == {
        key: canonical(each) for key, each in again.items()
    }


@given(naive=rounds(own_weights=True), most=st.integers(0, 4))
@ROUNDS
def test_the_first_of_those_who_could_wait_do(naive, most):
    """The waitlist is a prefix, by rank, of those refused for want of room; ties are together or drawn."""
    ranking = ranking_of(
        naive, "deferred-acceptance", waitlist={each["key"]: most for each in naive.programmes}
    )
    for programme in naive.programmes:
        people = {person["application"]: person for person in naive.people}
        lines = ranking.lists[programme["key"]].lines
        room = {"frame-full", "tied-at-limit", "lot-lost"}
        able = sorted(
            (naive.key(people[each], programme), each)
            for each in {line.application for line in lines if line.reason in room}
        )
        waiting, before = {}, 0
        for _, group in groupby(able, key=lambda pair: pair[0]):
            names = [name for _, name in group]
            if before >= most or (programme["at_limit"] == "none" and before + len(names) > most):
                break
            waiting |= dict.fromkeys(names, before + 1)
            before += len(names)
        assert {
            line.application: line.waitlist_place for line in lines if line.verdict == "waitlisted"
        } == waiting


@given(naive=rounds(own_weights=True))
@ROUNDS
def test_ranks_count_persons(naive):
    """A rank is one more than there are persons before; the same for a full tie; totals are right."""
    ranking = ranking_of(naive, "deferred-acceptance")
    people = {person["application"]: person for person in naive.people}
    for programme in naive.programmes:
        lines = ranking.lists[programme["key"]].lines
        orders = {line.application: naive.order(people[line.application], programme)[0] for line in lines}
        for line in lines:
            mine = orders[line.application]
            assert line.rank == 1 + sum(other < mine for other in orders.values())
            assert Fraction(line.total) == naive.total(people[line.application], programme)


def test_r17_a_big_round_in_time():
    """10,000 candidates of 20 parts and 5 choices among 40 programmes with own weights: under 5 s of work."""
    chance = Random(2027)  # noqa: S311 - a repeatable mixture
    parts = [
        {"key": f"part{each}", "ja": "科目", "en": "Part", "full_marks": 100, "exam": "written"}
        for each in range(20)
    ]
    declared = [
        {
            "key": f"p{number}",
            "unit": "u",
            "weights": {f"part{each}": f"{chance.randrange(1, 40) * 5 / 100:.2f}" for each in range(20)},
            "ties": ["exam:written", "part:part0"],
            "frames": [{"key": f"p{number}", "places": 60}],
        }
        for number in range(40)
    ]
    unit = {"key": "u", "max_choices": 5, "method": "deferred-acceptance"}
    big = RankingRules.model_validate(
        {"version": "1", "parts": parts, "units": [unit], "programmes": declared}
    )
    people = [
        Candidate.model_validate(
            {
                "application": f"A{number:05}",
                "person": str(number),
                "choices": [f"p{each}" for each in chance.sample(range(40), 5)],
                "scores": {f"part{each}": f"{chance.randrange(1001) / 10}" for each in range(20)},
            }
        )
        for number in range(10_000)
    ]
    limits = {each["key"]: 60 for each in declared}
    before = process_time()
    ranking = rank(big, people, limits, dict.fromkeys(limits, 30))
    took = process_time() - before
    assert took < 5
    assert len(admitted(ranking)) >= 2400
