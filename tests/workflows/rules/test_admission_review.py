"""Rules of the review: assignment, conflicts, silence, the overdue ladder, scores, consensus, masking."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.admission.applications import ApplicationRow
from schemas.admission.commands import (
    AcceptReview,
    AssignReviewers,
    ChangePolicy,
    ConfirmEligibility,
    DeclineReview,
    PermitLate,
    SubmitScores,
)
from schemas.admission.lookups import ApplicationFacts, ReviewersDrawn
from schemas.admission.policy import Criterion
from schemas.admission.stages import Consensus, Stage, Verdict
from schemas.admission.state import AdmissionState, Review
from schemas.kernel.case import ActorKind, ReassignTask
from schemas.kernel.refusals import Refusal
from tests.workflows.rules.builder import (
    GOOD,
    POOR,
    Pure,
    changed_policy,
    default_policy,
    invited,
    jst,
    new,
    person,
)
from workflows.admission.review import (
    assign_drawn,
    consensus,
    reviewers_wanted,
    weighted_total,
)

THREE = ("reviewer-1", "reviewer-2", "reviewer-3")
POLICY = default_policy().review


def refused(code: str):
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


# A7 assignment


def test_a07_three_are_wanted_and_invited() -> None:
    """Each has a task, a deadline to answer, one to score, and an invitation."""
    case = new().to_review()
    assert set(case.state.reviews) == set(THREE)
    assert reviewers_wanted(case.state) == 0
    assert "assign-reviewers" not in case.state.tasks
    for reviewer in THREE:
        assert case.state.tasks[f"review:{reviewer}"].assignee == reviewer
        assert {f"answer:{reviewer}", f"score:{reviewer}"} <= case.state.deadlines.keys()
        assert ("review-invitation", f"staff:{reviewer}") in case.notices()


def test_a07_the_load_cap_goes_with_each_assignment() -> None:
    """The writer that counts open reviews is told how many are allowed."""
    case = new().to_review()
    assert {row["load_cap"] for row in case.records("reviewer-assigned")} == {6}


def test_a07_too_few_found_is_the_offices_task() -> None:
    """The draw is not repeated until something has changed."""
    case = new().to_review("reviewer-1", "reviewer-2")
    assert "assign-reviewers" in case.state.tasks
    assert case.state.draw_failed
    case.decide(DeclineReview, "reviewer-1")
    assert not case.state.draw_failed


@pytest.mark.parametrize("conflict", [True, False])
def test_a07_a_declared_conflict_or_a_no_calls_a_replacement(conflict) -> None:
    """Everything of the reviewer ends and one more is wanted."""
    case = new().to_review()
    case.decide(DeclineReview, "reviewer-2", conflict=conflict)
    assert case.state.reviews["reviewer-2"].state == ("conflict" if conflict else "declined")
    assert not [key for key in (*case.state.tasks, *case.state.deadlines) if "reviewer-2" in key]
    assert reviewers_wanted(case.state) == 1
    case.draw("reviewer-4")
    assert reviewers_wanted(case.state) == 0


def test_a07_silence_counts_as_a_no_by_the_clock() -> None:
    """Three working days without an answer: released, told, and marked as the clock's."""
    case = invited(new().to_review(), "reviewer-1", "reviewer-2")
    (step,) = case.wait_until(jst(2026, 10, 7))
    assert (step.step, step.actor.kind) == ("replace-silent-reviewer", ActorKind.CLOCK)
    assert case.state.reviews["reviewer-3"].state == "silent"
    assert case.notices("review-released") == [("review-released", "staff:reviewer-3")]
    assert reviewers_wanted(case.state) == 1


def test_a07_who_accepted_is_not_silent() -> None:
    """The deadline to answer ends with the answer."""
    case = invited(new().to_review(), *THREE)
    case.wait(days=5)
    assert "replace-silent-reviewer" not in case.steps
    with refused("review-running"):
        case.decide(AcceptReview, "reviewer-1", no_conflict=True)


@pytest.mark.parametrize("state", ["declined", "conflict", "silent"])
def test_a07_who_is_out_is_out(state) -> None:
    """No score and no second thought of a reviewer who has been replaced."""
    case = new().to_review()
    case.state.reviews["reviewer-1"].state = state
    with refused("not-assigned"):
        case.decide(SubmitScores, "reviewer-1", points=GOOD)


def test_a07_nobody_is_asked_twice() -> None:
    """Who was named by hand while others were drawn keeps the review as it stands."""
    case = invited(new().to_review("reviewer-1", "reviewer-2"), "reviewer-1")
    case.draw("reviewer-1", "reviewer-4")
    assert case.state.reviews["reviewer-1"].state == "accepted"
    assert [row["reviewer"] for row in case.log[-1].records] == ["reviewer-4"]


def test_a07_no_more_than_wanted() -> None:
    """A draw that comes when enough were found changes nothing but the log."""
    case = new().to_review()
    case.draw("reviewer-5")
    assert set(case.state.reviews) == set(THREE)


@pytest.mark.parametrize(
    ("reviewers", "code"),
    [
        (("reviewer-4", "reviewer-5"), "reviewers-too-many"),
        (("reviewer-1",), "reviewer-assigned-already"),
        (("reviewer-2",), "reviewer-assigned-already"),
    ],
)
def test_a07_naming_by_hand_is_checked(reviewers, code) -> None:
    """Not more than are wanted, nobody who is or has been a reviewer of the case."""
    case = new().to_review()
    case.decide(DeclineReview, "reviewer-1")
    with refused(code):
        case.decide(AssignReviewers, "office-1", reviewers=reviewers)


def test_a07_one_name_twice_is_refused() -> None:
    """The same reviewer does not fill two places."""
    case = new().to_review()
    case.decide(DeclineReview, "reviewer-1")
    case.decide(DeclineReview, "reviewer-2")
    with refused("reviewers-too-many"):
        case.decide(AssignReviewers, "office-1", reviewers=("reviewer-4", "reviewer-4"))


def test_a07_a_conflict_found_by_the_lookup_refuses() -> None:
    """The refusal of the place that knows the staff is passed on."""
    case = new().to_review("reviewer-1")
    drawn = ReviewersDrawn(
        refusal="reviewer-conflict", refusal_params={"reviewer": "reviewer-4", "reason": "same-school"}
    )
    with refused("reviewer-conflict"):
        case.take("assign-reviewers", lambda draft: assign_drawn(draft, drawn), actor=person("office-1"))


def test_a07_near_conflicts_are_told_with_the_draw() -> None:
    """Whom the draw passed over, or a person named all the same, stands in the history with the reason."""
    case = new().complete()
    case.decide(ConfirmEligibility, "office-1", eligible=True)
    drawn = ReviewersDrawn(reviewers=("reviewer-1",), near={"reviewer-2": "same-school"})
    taken = case.take("draw-reviewers", lambda draft: assign_drawn(draft, drawn))
    assert taken.details["near_conflicts"] == {"reviewer-2": "same-school"}
    assert "assign-reviewers" in case.state.tasks


def test_a07_no_score_before_the_declaration() -> None:
    """Who has not declared to have no conflict of interest is told how, and then scores."""
    case = new().to_review()
    with refused("declaration-missing"):
        case.decide(SubmitScores, "reviewer-1", points=GOOD)
    with refused("declaration-missing"):
        case.decide(AcceptReview, "reviewer-1")
    case.decide(AcceptReview, "reviewer-1", no_conflict=True)
    assert case.last.details["declared"] == "no-conflict"
    case.decide(SubmitScores, "reviewer-1", points=GOOD)
    assert case.state.reviews["reviewer-1"].state == "scored"


def test_a07_who_declares_nothing_is_replaced() -> None:
    """A score that was refused is no answer: the clock draws another reviewer."""
    case = invited(new().to_review(), "reviewer-1", "reviewer-2")
    with refused("declaration-missing"):
        case.decide(SubmitScores, "reviewer-3", points=GOOD)
    case.wait_until(jst(2026, 10, 7))
    assert case.state.reviews["reviewer-3"].state == "silent"


# A8 the overdue ladder


def test_a08_the_ladder_climbs() -> None:
    """A reminder before, then reviewer on day 1, reviewer and chair on day 7, the head on day 30."""
    case = invited(new().to_review(), *THREE)
    case.decide(SubmitScores, "reviewer-1", points=GOOD)
    case.decide(SubmitScores, "reviewer-2", points=GOOD)
    due = case.due("score:reviewer-3").date()
    told = [
        ((step.at.date() - due).days, notice.message, notice.to)
        for step in case.wait(days=60)
        for notice in step.notices
    ]
    assert told == [
        (-3, "review-reminder", "staff:reviewer-3"),
        (1, "review-overdue", "staff:reviewer-3"),
        (7, "review-overdue", "staff:reviewer-3"),
        (7, "review-overdue-chair", "role:committee_chair"),
        (30, "review-overdue-head", "role:head_of_admissions"),
    ]


def test_a08_the_ladder_stops_the_moment_the_score_arrives() -> None:
    """Overdue on day 2, submitted, and nobody hears of it again."""
    case = invited(new().to_review(), *THREE)
    case.wait_until(jst(2026, 10, 18))
    before = len(case.notices())
    case.decide(SubmitScores, "reviewer-3", points=GOOD)
    later = [to for _, to in case.notices()[before:]]
    case.wait(days=60)
    assert "staff:reviewer-3" not in later + [to for _, to in case.notices()[before:]]


def test_a08_the_days_overdue_are_told() -> None:
    """The message says by how many days."""
    case = invited(new().to_review(), *THREE)
    steps = case.wait(days=60)
    told = {
        notice.facts["overdue_days"]
        for step in steps
        for notice in step.notices
        if notice.message == "review-overdue-head"
    }
    assert told == {30}


# A9 masking


def test_a09_a_case_learns_nothing_personal() -> None:
    """Of what an applicant writes, only numbers, codes and the days of its requests open a case."""
    shared = ApplicationFacts.model_fields.keys() & ApplicationRow.model_fields.keys()
    codes = {"application_no", "programme", "further_choices", "accommodation_sudden"}
    assert shared <= codes | {"submitted_on", "accommodation_requested_on"}
    assert not {"age", "name", "school", "email"} & set(AdmissionState.model_fields)


def test_a09_a_reviewer_is_told_dates_alone() -> None:
    """The invitation carries two due times and nothing of the applicant."""
    case = new().to_review()
    facts = [n.facts for step in case.log for n in step.notices if n.message == "review-invitation"]
    assert [sorted(each) for each in facts] == [["answer_by", "due_at"]] * 3


# A10 the form


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ({**GOOD, "academic": 10.01}, "score-out-of-bounds"),
        ({**GOOD, "academic": -0.01}, "score-out-of-bounds"),
        ({**GOOD, "academic": float("nan")}, "score-out-of-bounds"),
        ({**GOOD, "academic": float("inf")}, "score-out-of-bounds"),
        ({**GOOD, "charm": 5.0}, "score-unknown"),
        ({"academic": 5.0}, "score-missing"),
        ({}, "score-missing"),
    ],
)
def test_a10_a_form_filled_in_wrongly_is_refused(points, code) -> None:
    """Every criterion, no other, within its bounds."""
    with refused(code):
        weighted_total(POLICY, points)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a10_what_is_no_number_is_no_score(value) -> None:
    """Not even the message can be made."""
    with pytest.raises(ValidationError):
        SubmitScores(command_id="c", actor=person("reviewer-1"), points={**GOOD, "academic": value})


@given(st.fixed_dictionaries(dict.fromkeys(GOOD, st.floats(0, 10))))
def test_a10_the_total_is_a_percentage(points) -> None:
    """Bounds give a total between 0 and 100 that grows with every criterion."""
    total = weighted_total(POLICY, points)
    assert 0 <= total <= 100
    for key in points:
        assert weighted_total(POLICY, {**points, key: 10.0}) >= total


@pytest.mark.parametrize(
    ("points", "total"),
    [
        ({"academic": 10, "motivation": 10, "activities": 10}, 100),
        ({"academic": 0, "motivation": 0, "activities": 0}, 0),
        ({"academic": 10, "motivation": 0, "activities": 0}, 50),
        ({"academic": 0, "motivation": 0, "activities": 6}, 10),
    ],
)
def test_a10_weights_count(points, total) -> None:
    """Academic 3, motivation 2, activities 1."""
    assert weighted_total(POLICY, points) == total


def test_a10_a_range_that_does_not_begin_at_zero() -> None:
    """The lowest mark of a criterion is nothing, whatever its number."""
    policy = POLICY.model_copy(
        update={"criteria": (Criterion(key="c", name_ja="評", name_en="c", weight=1, minimum=1, maximum=5),)}
    )
    assert weighted_total(policy, {"c": 1}) == 0
    assert weighted_total(policy, {"c": 3}) == 50


@pytest.mark.parametrize(("points", "verdict"), [(6.0, Verdict.POSITIVE), (5.99, Verdict.NEGATIVE)])
def test_a10_the_threshold_itself_is_positive(points, verdict) -> None:
    """Sixty per cent and more."""
    case = invited(new().to_review(), "reviewer-1")
    case.decide(SubmitScores, "reviewer-1", points=dict.fromkeys(GOOD, points))
    assert case.state.reviews["reviewer-1"].verdict is verdict


def test_a10_the_form_stays_when_the_policy_changes() -> None:
    """The criteria were fixed before the round opened."""
    case = invited(new().to_review(), "reviewer-1")
    other = POLICY.criteria[0].model_copy(update={"key": "other"})
    policy = changed_policy(**{"review.criteria": (other,)}, version="v2")
    case.decide(ChangePolicy, "head-1", version=case.know(policy))
    case.decide(SubmitScores, "reviewer-1", points=GOOD)


def test_a10_one_form_each() -> None:
    """A reviewer submits once."""
    case = invited(new().to_review(), "reviewer-1")
    case.decide(SubmitScores, "reviewer-1", points=GOOD)
    for command, values in ((SubmitScores, {"points": GOOD}), (DeclineReview, {})):
        with refused("already-scored"):
            case.decide(command, "reviewer-1", **values)


def test_a04_a_late_score_is_soft_and_marked() -> None:
    """It counts, with its mark."""
    case = invited(new().to_review(), *THREE)
    case.wait(days=30)
    case.decide(SubmitScores, "reviewer-1", points=GOOD)
    assert case.state.reviews["reviewer-1"].late


def test_a04_a_late_score_under_a_hard_deadline_needs_a_permit() -> None:
    """Refused, and with a permit for that reviewer marked late."""
    hard = POLICY.score.model_copy(update={"hard": True})
    case = invited(new(**{"review.score": hard}).to_review(), *THREE)
    case.wait(days=30)
    with refused("too-late"):
        case.decide(SubmitScores, "reviewer-1", points=GOOD)
    case.decide(PermitLate, "office-1", item="score:reviewer-1", until=jst(2026, 12, 1), reason_id="r1")
    case.decide(SubmitScores, "reviewer-1", points=GOOD)
    with refused("too-late"):
        case.decide(SubmitScores, "reviewer-2", points=GOOD)


# A11 consensus


def reviewed(*verdicts: Verdict | None, wanted: int = 3) -> AdmissionState:
    state = AdmissionState(case_id="c", process="p", stage=Stage.REVIEW, wanted_reviewers=wanted)
    for number, verdict in enumerate(verdicts):
        scored = "scored" if verdict else "accepted"
        state.reviews[f"reviewer-{number}"] = Review(state=scored, verdict=verdict)
    return state


@pytest.mark.parametrize("verdicts", list(product([Verdict.POSITIVE, Verdict.NEGATIVE, None], repeat=3)))
def test_a11_the_table_of_consensus(verdicts) -> None:
    """Incomplete while one is missing, one voice is that voice, two are a conflict."""
    if None in verdicts:
        expected = Consensus.INCOMPLETE
    elif len(set(verdicts)) == 2:
        expected = Consensus.CONFLICTING
    else:
        expected = Consensus(verdicts[0].value)
    assert consensus(reviewed(*verdicts)) is expected


def test_a11_a_conflict_goes_to_one_more_reviewer() -> None:
    """Once: the fourth opinion, whatever it is, leads to the committee."""
    case = new().to_review().score(GOOD, GOOD, POOR)
    assert (case.state.stage, reviewers_wanted(case.state)) == (Stage.REVIEW, 1)
    case.draw("reviewer-4")
    invited(case, "reviewer-4").decide(SubmitScores, "reviewer-4", points=POOR)
    assert case.last.details["consensus"] == "conflicting"
    assert case.state.stage == Stage.COMMITTEE


def test_a11_a_conflict_goes_straight_to_committee_by_policy() -> None:
    """Where the policy says so."""
    case = new(**{"review.on_conflicting": "committee"}).to_review().score(GOOD, GOOD, POOR)
    assert case.state.stage == Stage.COMMITTEE


@pytest.mark.parametrize("points", [GOOD, POOR])
def test_a11_one_voice_goes_to_committee(points) -> None:
    """Positive or negative, no single reviewer decides: the committee does."""
    case = new().to_review().score(points, points, points)
    assert case.state.stage == Stage.COMMITTEE
    assert not case.state.tasks
    assert not case.state.deadlines


def test_a_task_can_be_handed_on() -> None:
    """The new assignee is in the record."""
    case = new().complete()
    case.decide(ReassignTask, "office-1", task="check-eligibility", assignee="office-2")
    assert case.state.tasks["check-eligibility"].assignee == "office-2"
    assert [task.assignee for task in case.last.tasks_reassigned] == ["office-2"]


def test_an_empty_case_wants_nobody() -> None:
    """Outside the review no reviewers are looked for."""
    assert reviewers_wanted(Pure().open().state) == 0
