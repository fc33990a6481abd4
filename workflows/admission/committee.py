"""Admission rules of the committee: a collegial decision, with quorum, reasons and further ballots (A12)."""

from schemas.admission.commands import CastVote, CloseBallot, JudgeConflict
from schemas.admission.lookups import Committee, CommitteeMember
from schemas.admission.records import VoteRecorded
from schemas.admission.roles import Role
from schemas.admission.stages import Choice, Stage
from schemas.admission.state import Ballot
from schemas.kernel.deadlines import Deadline
from schemas.kernel.refusals import Refusal
from workflows.admission.intake import AdmissionDraft, policy_of

JUDGE_TASK = "judge-conflict"


def enter_committee(draft: AdmissionDraft) -> None:
    """The members are looked up next; their tasks open then."""
    draft.state.committee, draft.state.ballots = [], []


def convene(draft: AdmissionDraft, committee: Committee) -> None:
    """Open the first ballot to the members as they are now; too few of them is the office's task."""
    state, policy = draft.state, policy_of(draft.state).committee
    state.committee, state.ties = [_as_judged(member, state.judged) for member in committee.members], 0
    draft.details.update(members=len(state.committee), conflicts=sum(m.conflict for m in state.committee))
    if sum(not member.conflict for member in state.committee) < policy.quorum:
        draft.open_task("appoint-committee", Role.ADMISSIONS_OFFICE)
        return
    _open_ballot(draft)
    for member in state.committee:
        if member.near is not None:
            draft.open_task(JUDGE_TASK, Role.ADMISSIONS_OFFICE, whose=member.member, deadline="vote")


def judge_conflict(draft: AdmissionDraft, command: JudgeConflict) -> None:
    """The office has looked at what is nearly the same (A7): the member votes, or can only abstain."""
    state = draft.state
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    near = {member.member: member.near for member in state.committee if member.near is not None}
    draft.require(command.member in near, "no-near-conflict", member=command.member)
    draft.details.update(
        member=command.member,
        near=near[command.member],
        conflict=command.conflict,
        reason_id=command.reason_id,
    )
    state.judged[command.member] = command.conflict
    state.committee = [_as_judged(member, state.judged) for member in state.committee]
    draft.close_task(f"{JUDGE_TASK}:{command.member}")
    if "appoint-committee" in state.tasks or "casting-vote" in state.tasks:
        return
    votes = state.ballots[-1].votes
    if not command.conflict and command.member not in votes:
        _ask_to_vote(draft, next(m for m in state.committee if m.member == command.member))
    elif all(m.conflict or m.member in votes for m in state.committee):
        _tally(draft)


def _as_judged(member: CommitteeMember, judged: dict[str, bool]) -> CommitteeMember:
    if member.near is None or member.member not in judged:
        return member
    return member.model_copy(update={"conflict": judged[member.member], "near": None})


def convene_again(draft: AdmissionDraft) -> None:
    """The office has appointed more members: look them up again, votes start anew."""
    for task in [
        task for task in draft.state.tasks.values() if task.kind in ("vote", "casting-vote", JUDGE_TASK)
    ]:
        draft.close_task(task.key, how="moved_on")
    draft.stop_deadline("vote", how="cancelled")
    draft.state.committee = []


def ballot_overdue(draft: AdmissionDraft, _deadline: Deadline) -> None:
    """Members are silent: votes still count, and the office may convene the committee as it is now."""
    draft.open_task("reconvene", Role.ADMISSIONS_OFFICE)


def _open_ballot(draft: AdmissionDraft) -> None:
    state = draft.state
    state.ballots.append(Ballot())
    draft.start_deadline("vote", policy_of(state).committee.vote)
    for member in state.committee:
        if not member.conflict and member.near is None:
            _ask_to_vote(draft, member)


def _ask_to_vote(draft: AdmissionDraft, member: CommitteeMember) -> None:
    deadline = draft.state.deadlines.get("vote")
    if deadline is None:
        # the office has ended it by hand; who is asked late has the time that the others had
        deadline = draft.start_deadline("vote", policy_of(draft.state).committee.vote)
    role = Role.COMMITTEE_CHAIR if member.chair else Role.COMMITTEE_MEMBER
    draft.open_task("vote", role, whose=member.member, assignee=member.member, deadline="vote")
    draft.notify(
        "vote-request",
        f"staff:{member.member}",
        due_at=deadline.due_at.isoformat(),
        ballot=len(draft.state.ballots),
    )


def cast_vote(draft: AdmissionDraft, command: CastVote) -> None:
    """One member, one vote a ballot, with a reason; whoever has a conflict can only abstain."""
    state = draft.state
    member = next((m for m in state.committee if m.member == command.actor.id), None)
    draft.require(member is not None and bool(state.ballots), "not-a-member")
    # between two committees there is no ballot to vote in, only the last one's votes
    draft.require("appoint-committee" not in state.tasks, "no-ballot")
    conflicted = member is not None and member.conflict and command.choice is not Choice.ABSTAIN
    draft.require(not conflicted, "must-abstain")
    if command.choice is not Choice.ABSTAIN:
        _require_judged(member)
    reasoned = command.reason_id is not None or command.choice is Choice.ABSTAIN
    draft.require(reasoned, "reason-required", step=command.step)
    ballot = state.ballots[-1]
    if command.casting or "casting-vote" in state.tasks:
        rounds = policy_of(state).committee.ballots
        decides = "casting-vote" in state.tasks and member is not None and member.chair
        draft.require(decides and command.choice is not Choice.ABSTAIN, "no-tie", rounds=rounds)
    else:
        new = command.actor.id not in ballot.votes
        draft.require(new, "already-voted", round=len(state.ballots))
        ballot.votes[command.actor.id] = command.choice
    casting = "casting-vote" in state.tasks
    draft.record(
        VoteRecorded(
            member=command.actor.id,
            ballot=len(state.ballots),
            choice=command.choice,
            casting=casting,
            reason_id=command.reason_id,
        )
    )
    draft.details.update(ballot=len(state.ballots), casting=casting)
    draft.close_task(f"vote:{command.actor.id}")
    if casting:
        _result(draft, command.choice)
    elif all(m.conflict or m.member in ballot.votes for m in state.committee):
        _tally(draft)


def close_ballot(draft: AdmissionDraft, command: CloseBallot) -> None:
    """The chair counts before everybody has voted, if the quorum has."""
    state = draft.state
    chair = next((m for m in state.committee if m.member == command.actor.id), None)
    draft.require(chair is not None and chair.chair, "not-a-member")
    waits = "casting-vote" in state.tasks or "appoint-committee" in state.tasks
    draft.require(bool(state.ballots) and not waits, "no-ballot")
    draft.require(not (chair is not None and chair.conflict), "must-abstain")
    _require_judged(chair)
    count = _votes_so_far(draft)
    draft.require(count["cast"] >= count["quorum"], "quorum-missing", **count)
    _tally(draft)


def _require_judged(member: CommitteeMember | None) -> None:
    if member is not None and member.near is not None:
        raise Refusal("conflict-unjudged", member=member.member, reason=member.near)


def _votes_so_far(draft: AdmissionDraft) -> dict[str, int]:
    votes = draft.state.ballots[-1].votes.values() if draft.state.ballots else ()
    cast = sum(choice is not Choice.ABSTAIN for choice in votes)
    return {"cast": cast, "quorum": policy_of(draft.state).committee.quorum}


def _tally(draft: AdmissionDraft) -> None:
    state, policy = draft.state, policy_of(draft.state).committee
    votes = list(state.ballots[-1].votes.values())
    admit, reject = votes.count(Choice.ADMIT), votes.count(Choice.REJECT)
    draft.details.update(admit=admit, reject=reject, abstain=len(votes) - admit - reject)
    for key in [key for key in state.tasks if key.startswith("vote:")]:
        draft.close_task(key, how="moved_on")
    draft.close_task("reconvene", how="moved_on")
    draft.stop_deadline("vote")
    if admit + reject < policy.quorum:
        draft.open_task("appoint-committee", Role.ADMISSIONS_OFFICE)
    elif admit != reject:
        _result(draft, Choice.ADMIT if admit > reject else Choice.REJECT)
    elif (ties := state.ties + 1) < policy.ballots:
        state.ties = ties
        _open_ballot(draft)
    elif chairs := [m.member for m in state.committee if m.chair and not m.conflict and m.near is None]:
        draft.start_deadline("vote", policy.vote)
        draft.open_task("casting-vote", Role.COMMITTEE_CHAIR, assignee=chairs[0], deadline="vote")
    else:
        # nobody may cast the deciding vote: the office appoints a chair without a conflict
        draft.open_task("appoint-committee", Role.ADMISSIONS_OFFICE)


def _result(draft: AdmissionDraft, result: Choice) -> None:
    draft.state.result = result
    draft.details["result"] = result
    draft.goto(Stage.RANKED)
