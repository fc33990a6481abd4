"""Small rounds: two parts of 100 points, programmes of one frame unless it matters."""

from schemas.round.rules import RankingRules
from schemas.round.scores import Candidate
from workflows.round.ranking.judging_lists import rank

PARTS = (
    {"key": "maths", "ja": "数学", "en": "Mathematics", "full_marks": 100, "exam": "common-test"},
    {"key": "essay", "ja": "小論文", "en": "Essay", "full_marks": 100, "exam": "written", "exempt_as": 50},
)
SEED = "fixed on 2027-01-15"


def programme(key="law", places=1, **changes):
    """By both parts alike, in unit `u`, with a frame of its own name."""
    given = {
        "key": key,
        "unit": "u",
        "weights": {"maths": 1, "essay": 1},
        "frames": [{"key": key, "places": places}],
    }
    return given | changes


def economics(**changes):
    """Two frames in one."""
    frames = [
        {"key": "econ-all", "places": 3},
        {"key": "econ-general", "parent": "econ-all", "places": 2},
        {"key": "econ-special", "parent": "econ-all", "places": 1},
    ]
    return programme("econ", frames=frames, **changes)


def declared(*programmes, method="score-first", parts=PARTS, **changes):
    """The rules as a file would give them."""
    return {
        "version": "2027.1",
        "parts": parts,
        "units": [{"key": "u", "max_choices": 5, "method": method}],
        "programmes": programmes or (programme(),),
    } | changes


def rules(*programmes, **changes):
    return RankingRules.model_validate(declared(*programmes, **changes))


def candidate(application, maths, *choices, essay=0, **changes):
    scores = {"maths": maths, "essay": essay} | changes.pop("scores", {})
    given = {
        "application": application,
        "person": f"person of {application}",
        "choices": choices or ("law",),
        "scores": {key: score for key, score in scores.items() if score is not None},
    }
    return Candidate.model_validate(given | changes)


def limits_of(declared_rules, **changes):
    """The places of each frame, unless said otherwise."""
    found = {frame.key: frame.places for each in declared_rules.programmes for frame in each.frames}
    return found | {key.replace("_", "-"): number for key, number in changes.items()}


def ranked(declared_rules, candidates, waitlist=None, **limits):
    return rank(declared_rules, candidates, limits_of(declared_rules, **limits), waitlist)


def admitted(ranking):
    """Application → frame."""
    return {
        line.application: line.frame
        for each in ranking.lists.values()
        for line in each.lines
        if line.verdict == "admitted"
    }


def reasons(ranking, programme_key="law"):
    """Application → why not, in the order of the list."""
    return {line.application: line.reason for line in ranking.lists[programme_key].lines}


def places(ranking, key="law"):
    """Application → place on the waitlist."""
    return {
        line.application: line.waitlist_place
        for line in ranking.lists[key].lines
        if line.verdict == "waitlisted"
    }
