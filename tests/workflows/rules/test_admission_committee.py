"""Rules of the committee: quorum, ties, further ballots, the casting vote, abstention, reasons."""

import pytest

from schemas.admission.commands import CastVote, CloseBallot, JudgeConflict
from schemas.admission.stages import Choice, Stage
from schemas.kernel.case import CompleteTask
from schemas.kernel.refusals import Refusal
from tests.workflows.rules.builder import GOOD, Pure, new

EVEN = {"chair_1": "admit", "member_1": "admit", "member_2": "reject", "member_3": "reject"}


def refused(code: str):
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


def before_committee() -> Pure:
    return new().to_review().score(GOOD, GOOD, GOOD)


def tied() -> Pure:
    """Two ballots, both even: only the chair can end it."""
    return new().to_committee().vote(**EVEN).vote(**EVEN)


def test_a12_every_member_is_asked() -> None:
    """A task with the ballot's deadline and a message each; the chair's is the chair's."""
    case = new().to_committee()
    assert {(task.key, task.role) for task in case.state.tasks.values()} == {
        ("vote:chair-1", "committee_chair"),
        ("vote:member-1", "committee_member"),
        ("vote:member-2", "committee_member"),
        ("vote:member-3", "committee_member"),
    }
    assert len(case.notices("vote-request")) == 4


@pytest.mark.parametrize(
    ("choices", "result"),
    [
        (("admit", "admit", "admit", "admit"), Choice.ADMIT),
        (("admit", "admit", "admit", "reject"), Choice.ADMIT),
        (("reject", "reject", "admit", "abstain"), Choice.REJECT),
        (("admit", "admit", "reject", "abstain"), Choice.ADMIT),
    ],
)
def test_a12_the_majority_of_the_votes_decides(choices, result) -> None:
    """Abstentions count for nobody."""
    case = new().to_committee()
    case.vote(**dict(zip(EVEN, choices, strict=True)))
    assert (case.state.stage, case.state.result) == (Stage.RANKED, result)


def test_a12_no_single_person_decides() -> None:
    """Before all have voted nothing follows from a vote."""
    case = new().to_committee().vote(chair_1="admit", member_1="admit", member_2="admit")
    assert (case.state.stage, case.state.result) == (Stage.COMMITTEE, None)


def test_a12_a_vote_needs_a_reason() -> None:
    """For or against; an abstention needs none."""
    case = new().to_committee()
    with refused("reason-required"):
        case.decide(CastVote, "member-1", choice="admit")
    case.decide(CastVote, "member-1", choice="abstain")
    assert case.records("vote")[-1]["choice"] == "abstain"


def test_a12_one_member_one_vote() -> None:
    """The second vote in a ballot is refused."""
    case = new().to_committee().vote(member_1="admit")
    with refused("already-voted"):
        case.vote(member_1="reject")


def test_a12_who_is_not_of_this_committee_has_no_vote() -> None:
    """The role alone is not enough."""
    with refused("not-a-member"):
        new().to_committee().vote(member_9="admit")


def test_a12_a_conflict_leaves_abstention_alone() -> None:
    """No task, no message; a vote is refused, an abstention is taken."""
    case = before_committee()
    case.convene(conflicts=("member-3",))
    assert "vote:member-3" not in case.state.tasks
    assert ("vote-request", "staff:member-3") not in case.notices()
    with refused("must-abstain"):
        case.vote(member_3="admit")
    case.decide(CastVote, "member-3", choice="abstain")


def test_a12_nobody_waits_for_whom_a_conflict_binds() -> None:
    """The ballot ends with the last of those who may vote."""
    case = before_committee()
    case.convene(conflicts=("member-3",))
    case.vote(chair_1="admit", member_1="admit", member_2="admit")
    assert case.state.stage == Stage.RANKED


def nearly_bound(*others: str) -> Pure:
    """Of member-3 nearly the same school is on record."""
    case = before_committee()
    case.convene(*others, near={"member-3": "same-school"})
    return case


def judge(case: Pure, *, conflict: bool, member: str = "member-3") -> Pure:
    case.decide(JudgeConflict, "office-1", member=member, conflict=conflict, reason_id="r1")
    return case


def test_a12_a_near_conflict_is_put_to_the_office() -> None:
    """A task with the ballot's deadline; until it is judged the member has no vote, and the ballot waits."""
    case = nearly_bound()
    task = case.state.tasks["judge-conflict:member-3"]
    assert (task.role, task.due_at) == ("admissions_office", case.due("vote"))
    assert "vote:member-3" not in case.state.tasks
    with refused("conflict-unjudged"):
        case.vote(member_3="admit")
    case.vote(chair_1="admit", member_1="admit", member_2="admit")
    assert case.state.stage == Stage.COMMITTEE


def test_a12_a_near_conflict_that_is_none_leaves_the_vote() -> None:
    """The member is asked as the others were, and the reason stands in the history."""
    case = judge(nearly_bound(), conflict=False)
    assert case.last.details["near"] == "same-school"
    assert case.last.details["reason_id"] == "r1"
    assert "judge-conflict:member-3" not in case.state.tasks
    assert ("vote-request", "staff:member-3") in case.notices()
    case.vote(member_3="admit", chair_1="admit", member_1="admit", member_2="reject")
    assert case.state.stage == Stage.RANKED


def test_a12_a_near_conflict_that_is_one_leaves_abstention() -> None:
    """Judged last, it ends the ballot that waited for it."""
    case = nearly_bound().vote(chair_1="admit", member_1="admit", member_2="admit")
    judge(case, conflict=True)
    assert case.state.stage == Stage.RANKED
    case = judge(nearly_bound(), conflict=True)
    with refused("must-abstain"):
        case.vote(member_3="admit")


def test_a12_a_near_conflict_is_judged_once() -> None:
    """Not without a reason, not twice, not of anybody else; and a committee convened anew remembers it."""
    case = nearly_bound()
    with refused("reason-required"):
        case.decide(JudgeConflict, "office-1", member="member-3", conflict=False)
    with refused("no-near-conflict"):
        judge(case, conflict=True, member="member-1")
    judge(case, conflict=True)
    with refused("no-near-conflict"):
        judge(case, conflict=False)
    case.vote(chair_1="admit", member_1="admit", member_2="abstain")
    case.decide(CompleteTask, "office-1", task="appoint-committee")
    case.convene("chair-1", "member-1", "member-2", "member-3", "member-4", near={"member-3": "same-school"})
    assert "judge-conflict:member-3" not in case.state.tasks
    assert "vote:member-3" not in case.state.tasks
    with refused("must-abstain"):
        case.vote(member_3="admit")


def test_a12_a_chair_with_a_near_conflict_closes_no_ballot() -> None:
    """Not before it is judged; then as every chair."""
    case = before_committee()
    case.convene("chair-1", "member-1", "member-2", "member-4", "member-5", near={"chair-1": "same-contact"})
    case.vote(member_1="admit", member_2="admit", member_4="admit")
    with refused("conflict-unjudged"):
        case.decide(CloseBallot, "chair-1")
    judge(case, conflict=False, member="chair-1").decide(CloseBallot, "chair-1")
    assert case.state.stage == Stage.RANKED


def test_a12_too_small_a_committee_is_the_offices_task() -> None:
    """Without enough members free of conflict no ballot opens; when appointed, they are asked."""
    case = before_committee()
    case.convene(conflicts=("member-2", "member-3"))
    assert case.state.tasks.keys() == {"appoint-committee"}
    assert not case.state.ballots
    case.decide(CompleteTask, "office-1", task="appoint-committee")
    case.convene("chair-1", "member-1", "member-4")
    assert len(case.state.ballots) == 1


def test_a12_without_quorum_there_is_no_result() -> None:
    """Too many abstain: the office appoints, and all vote anew."""
    case = (
        new().to_committee().vote(chair_1="abstain", member_1="abstain", member_2="admit", member_3="admit")
    )
    assert case.state.tasks.keys() == {"appoint-committee"}
    assert case.state.result is None
    case.decide(CompleteTask, "office-1", task="appoint-committee")
    case.convene("chair-1", "member-1", "member-2", "member-3", "member-4")
    assert (len(case.state.ballots), case.state.ballots[-1].votes) == (2, {})
    assert "vote:member-1" in case.state.tasks


def test_a12_between_two_committees_nobody_votes() -> None:
    """A new member's vote is not counted together with the votes of a ballot that is over."""
    case = before_committee()
    case.convene("chair-1", "member-1", "member-2")
    case.vote(chair_1="admit", member_1="admit", member_2="abstain")
    case.decide(CompleteTask, "office-1", task="appoint-committee")
    case.convene("chair-1", "member-4")
    assert "appoint-committee" in case.state.tasks
    with refused("no-ballot"):
        case.vote(member_4="admit")


def test_a12_the_chair_may_close_when_the_quorum_has_voted() -> None:
    """Three of four votes are in: counted without the fourth."""
    case = new().to_committee().vote(chair_1="admit", member_1="admit")
    with refused("quorum-missing"):
        case.decide(CloseBallot, "chair-1")
    case.vote(member_2="reject").decide(CloseBallot, "chair-1")
    assert (case.state.stage, case.state.result) == (Stage.RANKED, Choice.ADMIT)


def test_a12_a_chair_with_a_conflict_closes_no_ballot() -> None:
    """Choosing the moment of the count is a say in the result."""
    case = before_committee()
    case.convene("chair-1", "member-1", "member-2", "member-3", "member-4", conflicts=("chair-1",))
    case.vote(member_1="admit", member_2="admit", member_3="reject")
    with refused("must-abstain"):
        case.decide(CloseBallot, "chair-1")


def test_a12_a_tie_goes_to_a_further_ballot() -> None:
    """All vote again, and the second ballot may decide."""
    case = new().to_committee().vote(**EVEN)
    assert len(case.state.ballots) == 2
    assert "vote:member-1" in case.state.tasks
    case.vote(**EVEN | {"member_2": "admit"})
    assert case.state.result is Choice.ADMIT


@pytest.mark.parametrize("choice", ["admit", "reject"])
def test_a12_after_the_last_tie_the_chair_decides(choice) -> None:
    """The casting vote is recorded as one, with its reason, and is the result."""
    case = tied()
    assert case.state.tasks.keys() == {"casting-vote"}
    case.decide(CastVote, "chair-1", choice=choice, reason_id="r1", casting=True)
    assert case.state.result is Choice(choice)
    assert [(row["ballot"], row["member"]) for row in case.records("vote") if row["casting"]] == [
        (2, "chair-1")
    ]


def test_a12_nobody_else_has_the_casting_vote() -> None:
    """Nor can the chair abstain from it."""
    case = tied()
    with refused("no-tie"):
        case.decide(CastVote, "member-1", choice="admit", reason_id="r1", casting=True)
    with refused("no-tie"):
        case.decide(CastVote, "chair-1", choice="abstain", casting=True)


def test_a12_no_casting_vote_without_a_tie() -> None:
    """While a ballot runs the chair has one vote like everybody."""
    with refused("no-tie"):
        new().to_committee().decide(CastVote, "chair-1", choice="admit", reason_id="r1", casting=True)


@pytest.mark.parametrize(
    ("members", "conflicts"),
    [
        (("chair-1", "member-1", "member-2", "member-3", "member-4"), ("chair-1",)),
        (("member-1", "member-2", "member-3", "member-4"), ()),
    ],
    ids=["chair with a conflict", "no chair"],
)
def test_a12_a_tie_without_a_free_chair_goes_to_the_office(members, conflicts) -> None:
    """Nobody may cast the deciding vote, so nobody is waited for who cannot: a chair is appointed."""
    case = before_committee()
    case.convene(*members, conflicts=conflicts)
    for _ in range(2):
        case.vote(member_1="admit", member_2="admit", member_3="reject", member_4="reject")
    assert case.state.tasks.keys() == {"appoint-committee"}


def test_a12_the_count_is_in_the_record() -> None:
    """How many for, against, abstaining."""
    case = new().to_committee()
    case.vote(chair_1="admit", member_1="admit", member_2="reject", member_3="abstain")
    assert {key: case.last.details[key] for key in ("admit", "reject", "abstain")} == {
        "admit": 2,
        "reject": 1,
        "abstain": 1,
    }


def test_a12_the_chair_is_reminded_before_the_end() -> None:
    """One working day before the votes are due."""
    case = new().to_committee()
    case.wait(days=10)
    assert case.notices("vote-reminder") == [("vote-reminder", "role:committee_chair")]
