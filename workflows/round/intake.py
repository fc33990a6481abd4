"""From the announcement of a round to the gate: rules are fixed, then applications and scores come in."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from schemas.kernel.deadlines import Deadline, DeadlinePolicy
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from schemas.round.commands import AcceptBatch, CancelRound, ConfirmScore, CorrectScore, FixRules
from schemas.round.facts import InputsRanked
from schemas.round.links import RoundOpened
from schemas.round.lookups import RoundFacts
from schemas.round.records import BatchAccepted, RulesFixed, ScoreConfirmed
from schemas.round.roles import Role
from schemas.round.stages import Stage
from workflows.round.ground import RoundDraft, policy_of, set_frames

FIX: Final = "fix-rules"
APPLICATIONS: Final = "applications"
COMMON_TEST: Final = "common-test"
EXAM_SCORES: Final = "exam-scores"
RESOLVE: Final = "resolve-row"
MAKE_UP: Final = "make-up-scores"
"""Those of a make-up examination: until they come, whoever sits it is absent in the file of the first."""
DISTRIBUTION: Final = "check-distribution"
CONFIRM_SCORE: Final = "confirm-score"
RANKING: Final = (Stage.SCORING, Stage.GATE, Stage.JUDGING, Stage.CONFIRMED)
"""In which lists are made, or made anew."""


def open_round(draft: RoundDraft) -> None:
    """The round as it was announced; its rules are fixed by a person before anything comes in."""
    state = draft.state
    found = RoundFacts.model_validate(draft.look_up("round", case_id=state.case_id))
    draft.follow_policy(found.policy_ref)
    draft.learn_closures()
    state.received_at, state.year, state.route = found.received_at, found.year, found.route
    state.closes_at, state.exam_on, state.common_test_due = (
        found.closes_at,
        found.exam_on,
        found.common_test_due,
    )
    state.release_at, state.enrol_by = found.release_at, found.enrol_by
    state.first_stage_at = found.first_stage_at
    draft.goto(Stage.PLANNED)
    draft.start_deadline(FIX, policy_of(state).fix_rules)
    draft.open_task(FIX, Role.HEAD_OF_ADMISSIONS, deadline=FIX)


def fix_rules(draft: RoundDraft, command: FixRules) -> None:
    """From now on nothing of the rules changes, whatever policy is loaded later.

    Raises:
        Refusal: there is no such version, or the round's applications are closed already.
    """
    state = draft.state
    if state.closes_at is not None:
        draft.require(draft.now < state.closes_at, "round-over")
    draft.follow_policy(PolicyRef(version=command.version, route=policy_of(state).route))
    state.fixed = True
    draft.details.update(policy=command.version, rules=policy_of(state).rules.version)
    set_frames(draft)
    lists = (programme.first_stage_list for programme in policy_of(state).rules.programmes)
    state.first_stage = tuple(name for name in lists if name is not None)
    draft.record(RulesFixed(programmes=state.programmes, first_stage=state.first_stage))
    opened = RoundOpened(round=state.case_id, round_id=state.case_id.partition("/")[2].lower())
    draft.facts.tell("round-opened", opened, key=opened.round_id)
    draft.goto(Stage.OPEN)
    draft.start_deadline(APPLICATIONS, policy_of(state).applications, due_at=state.closes_at)


def applications_over(draft: RoundDraft, _deadline: Deadline) -> None:
    """No application comes any more; where there is a first stage, it is decided first who goes on."""
    draft.goto(Stage.FIRST_STAGE if draft.state.first_stage else Stage.SCORING)


def ask_for_common_test(draft: RoundDraft) -> None:
    """Its scores are waited for, with a ladder of their own."""
    state = draft.state
    if state.common_test_due is not None:
        due = draft.calendar.end_of(state.common_test_due)
        _ask_for(draft, COMMON_TEST, policy_of(state).common_test, due)


def enter_scoring(draft: RoundDraft) -> None:
    """Scores are waited for, each kind with a ladder of its own; a first stage has had its own."""
    if not draft.state.first_stage:
        ask_for_common_test(draft)
    ask_for_exam_scores(draft)


def ask_for_exam_scores(draft: RoundDraft) -> None:
    """Those of the examination, some days after it."""
    if draft.state.exam_on is not None:
        _ask_after(draft, EXAM_SCORES, draft.state.exam_on)


def ask_for_make_up(draft: RoundDraft) -> None:
    """A person says when those of the make-up examination are all there; no list is confirmed before."""
    if draft.state.make_up_on is not None:
        _ask_after(draft, MAKE_UP, draft.state.make_up_on)


def require_made_up(draft: RoundDraft) -> None:
    """Whoever could not come to the examination has been examined, and their scores are there.

    Raises:
        Refusal: somebody has still to say so.
    """
    draft.require(MAKE_UP not in draft.state.tasks, "make-up-open", task=MAKE_UP)


def made_up(draft: RoundDraft) -> None:
    """A person says that the scores of the make-up examination are there, after its day.

    Raises:
        Refusal: its day has not come.
    """
    day = draft.state.make_up_on
    over = day is None or draft.calendar.day_of(draft.now) > day
    draft.require(over, "make-up-to-come", day="" if day is None else day.isoformat())
    draft.stop_deadline(MAKE_UP)


def _ask_after(draft: RoundDraft, kind: str, day: date) -> None:
    policy = policy_of(draft.state)
    due = draft.calendar.end_of(day + timedelta(days=policy.exam_score_days))
    _ask_for(draft, kind, policy.exam_scores, due)


def _ask_for(draft: RoundDraft, kind: str, policy: DeadlinePolicy, due: datetime) -> None:
    draft.start_deadline(kind, policy, due_at=max(due, draft.now), keep=True)
    draft.open_task(kind, Role.ADMISSIONS_OFFICE, deadline=kind, keep=True)


def accept_batch(draft: RoundDraft, command: AcceptBatch) -> None:
    """The file counts; somebody looks at its distribution beside last year's before a list is confirmed."""
    draft.details.update(batch=str(command.batch), hash=command.hash)
    draft.state.batches += 1
    draft.record(BatchAccepted(batch=command.batch, hash=command.hash))
    draft.open_task(DISTRIBUTION, Role.CHECKER, whose=command.batch.hex[:8], keep=True)


def correct_score(draft: RoundDraft, command: CorrectScore) -> None:
    """What is to be put right stands in rows, with its reason; nothing changes before another person agrees.

    Raises:
        Refusal: there is no such correction of this person's, or it is over.
    """
    found = _proposed(draft, str(command.proposal))
    draft.require(found["proposed_by"] == draft.actor.id, "proposal-unknown")
    draft.open_task(CONFIRM_SCORE, Role.CHECKER, whose=command.proposal.hex, keep=True)


def confirm_score(draft: RoundDraft, command: ConfirmScore) -> None:
    """By another person than who has proposed it; lists are made anew with it (R14).

    Raises:
        Refusal: it is the same person, or the score has changed since.
    """
    found = _proposed(draft, str(command.proposal))
    draft.require(found["proposed_by"] != draft.actor.id, "value-second-person")
    draft.require(not found["overtaken"], "value-overtaken")
    draft.record(ScoreConfirmed(proposal=command.proposal))
    draft.close_task(f"{CONFIRM_SCORE}:{command.proposal.hex}")


def _proposed(draft: RoundDraft, proposal: str) -> dict[str, Any]:
    found = draft.look_up("proposed-value", proposal=proposal, case_id=draft.state.case_id)
    if found is None or found["confirmed_by"] is not None:
        raise Refusal("proposal-unknown")
    draft.details.update(proposal=proposal, part=found["part"])
    return dict(found)


def distribution_checked(_draft: RoundDraft) -> None:
    """A person has looked at it and says so."""


def inputs_ranked(draft: RoundDraft, fact: InputsRanked) -> None:
    """What lists are made from was looked at: they were made, or something is missing (R1).

    An earlier look tells nothing any more. What was prepared or confirmed of other inputs counts no more.
    """
    state = draft.state
    draft.details.update(revision=fact.revision, missing=fact.missing, applications=fact.applications)
    if fact.revision < state.inputs or state.stage not in RANKING:
        return
    state.inputs, state.missing, state.applications = fact.revision, fact.missing, fact.applications
    # after a first stage all may be there before the round asks for it
    awaited = fact.missing > 0 or not state.first_stage
    if state.stage == Stage.SCORING and not state.batches and awaited:
        return
    state.release = None  # a release of what counts no more was held with it
    if state.stage != Stage.GATE:
        draft.goto(Stage.GATE)
    if fact.missing == 0:
        draft.goto(Stage.JUDGING)


def enter_gate(draft: RoundDraft) -> None:
    """Somebody finds what is missing; with the last of it the lists are made by themselves."""
    if draft.state.missing:
        draft.open_task(RESOLVE, Role.ADMISSIONS_OFFICE)


def cancel(draft: RoundDraft, command: CancelRound) -> None:
    """Before results are out: applications wait for nothing any more.

    Raises:
        Refusal: no reason is given, or some are out and cases are being told.
    """
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    draft.details["reason_id"] = command.reason_id
    _release_nothing(draft)
    draft.goto(Stage.CANCELLED)


def _release_nothing(draft: RoundDraft) -> None:
    """Otherwise lists of a round that is called off would be out at their hour."""
    state, lists = draft.state, draft.results.lists()
    coming = any(name in lists and lists[name].state in ("scheduled", "out") for name in state.lists)
    if coming and state.release is not None:
        draft.results.hold(state.release, "round-cancelled")
    state.release = None
