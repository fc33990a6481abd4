"""The first stage (第1段階選抜, R20): who goes on, by one examination and a multiple of the places.

Its lists are made, prepared, confirmed and released as those of the results are, at an hour of their own; no
meeting decides on them, since they follow from the rules alone. Cases are told some at a time, and then the
round scores: who did not pass for a programme is not considered there, and at other choices as before.

What is put right afterwards may show that somebody ought to have gone on. The round stands in the first
stage again then, with lists that have them too, prepared, confirmed and released as the first ones; nobody
who was told that they go on loses that.
"""

from collections.abc import Iterable
from typing import Final

from schemas.round.facts import InputsRanked
from schemas.round.links import OutcomeReleased
from schemas.round.records import FirstStageOver
from schemas.round.rejudgment import Rejudged
from schemas.round.roles import Role
from schemas.round.stages import Stage
from workflows.round import judging
from workflows.round.ground import RoundDraft
from workflows.round.intake import COMMON_TEST, RESOLVE, ask_for_common_test, inputs_ranked

OF_LISTS: Final = (judging.PREPARE, judging.CONFIRM, judging.SCHEDULE)
"""What is asked for about lists that count no more once something has changed."""
RELEASE: Final = "release"


def enter(draft: RoundDraft) -> None:
    """The scores of the common test are waited for; where somebody was wronged they are there."""
    if not draft.state.first_stages:
        ask_for_common_test(draft)


def looked_at(draft: RoundDraft, fact: InputsRanked) -> None:
    """Lists were made, or a value of the examination is missing; what was asked of earlier ones is over (I9).

    An earlier look tells nothing any more, and none tells anything once it is out who goes on.
    """
    state = draft.state
    if fact.revision < state.inputs:
        return
    state.inputs, state.missing, state.applications = fact.revision, fact.missing, fact.applications
    if fact.missing and not state.batches and not state.first_stages:
        return
    states = _states(draft)
    over = len(states) == len(state.first_stage) and set(states.values()) <= {"scheduled", "out"}
    if over and state.release is not None:
        return
    state.release = None  # a release of what counts no more was held with it
    for name in (RELEASE, judging.CONFIRMATION):
        draft.stop_deadline(name, how="cancelled")
    for task in [task for task in state.tasks.values() if task.kind in OF_LISTS]:
        draft.close_task(task.key, how="moved_on")
    if state.first_stages:
        _ask_again(draft, fact)
        return
    if fact.missing:
        draft.open_task(RESOLVE, Role.ADMISSIONS_OFFICE)
        return
    draft.close_task(RESOLVE)
    draft.finish(COMMON_TEST)
    judging.expect_confirmation(draft, state.first_stage_at)
    judging.ask_about(draft, states)


def _states(draft: RoundDraft) -> dict[str, str]:
    lists = draft.results.lists()
    return {name: lists[name].state for name in draft.state.first_stage if name in lists}


def wronged(draft: RoundDraft) -> bool:
    """Whether somebody ought to have gone on: then there is a list of theirs which is not out."""
    return draft.state.first_stages > 0 and any(state != "out" for state in _states(draft).values())


def again(draft: RoundDraft, fact: InputsRanked) -> None:
    """What was wrong in the first stage is put right by the same two persons and hour as itself (R7)."""
    state = draft.state
    state.inputs, state.missing, state.applications = fact.revision, fact.missing, fact.applications
    state.release = None
    draft.goto(Stage.FIRST_STAGE)
    _ask_again(draft, fact)


def _ask_again(draft: RoundDraft, fact: InputsRanked) -> None:
    """About the lists with the wronged; if nobody is wronged any more, the round goes on as it stood."""
    wrong = {name: state for name, state in _states(draft).items() if state != "out"}
    if wrong:
        judging.ask_about(draft, wrong)
    else:
        draft.goto(Stage.SCORING)
        inputs_ranked(draft, fact)


def told(draft: RoundDraft, subjects: Iterable[str]) -> None:
    """These hear that it is out whether they go on; they hear of their result apart from it."""
    state = draft.state
    for subject in subjects:
        if state.first_stages:
            wronged_one = Rejudged(case=subject, round=state.case_id)
            draft.facts.tell("rejudged", wronged_one, key=f"{subject}/first-stage/{state.first_stages}")
        else:
            fact = OutcomeReleased(case=subject, round=state.case_id)
            draft.facts.tell("outcome-released", fact, key=f"{subject}/first-stage")


def end(draft: RoundDraft) -> None:
    """Everybody has heard: the round waits for the scores of those who go on."""
    state = draft.state
    if not state.first_stages:
        state.batches = 0
    state.release = None
    state.first_stages += 1
    draft.record(FirstStageOver())
    draft.goto(Stage.SCORING)
