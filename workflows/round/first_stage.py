"""The first stage (第1段階選抜, R20): who goes on, by one examination and a multiple of the places.

Its lists are made, prepared, confirmed and released as those of the results are, at an hour of their own; no
meeting decides on them, since they follow from the rules alone. Cases are told some at a time, and then the
round scores: who did not pass for a programme is not considered there, and at other choices as before.
"""

from collections.abc import Iterable
from typing import Final

from schemas.round.facts import InputsRanked
from schemas.round.links import OutcomeReleased
from schemas.round.records import FirstStageOver
from schemas.round.roles import Role
from schemas.round.stages import Stage
from workflows.round import judging
from workflows.round.ground import RoundDraft
from workflows.round.intake import COMMON_TEST, RESOLVE, ask_for_common_test

OF_LISTS: Final = (judging.PREPARE, judging.CONFIRM, judging.SCHEDULE)
"""What is asked for about lists that count no more once something has changed."""
RELEASE: Final = "release"


def enter(draft: RoundDraft) -> None:
    """The scores of the common test are waited for."""
    ask_for_common_test(draft)


def looked_at(draft: RoundDraft, fact: InputsRanked) -> None:
    """Lists were made, or a value of the examination is missing; what was asked of earlier ones is over (I9).

    An earlier look tells nothing any more, and none tells anything once it is out who goes on.
    """
    state = draft.state
    if fact.revision < state.inputs:
        return
    state.inputs, state.missing, state.applications = fact.revision, fact.missing, fact.applications
    if fact.missing and not state.batches:
        return
    lists = draft.results.lists()
    states = {name: lists[name].state for name in state.first_stage if name in lists}
    if len(states) == len(state.first_stage) and set(states.values()) <= {"scheduled", "out"}:
        return
    state.release = None  # a release of what counts no more was held with it
    for name in (RELEASE, judging.CONFIRMATION):
        draft.stop_deadline(name, how="cancelled")
    for task in [task for task in state.tasks.values() if task.kind in OF_LISTS]:
        draft.close_task(task.key, how="moved_on")
    if fact.missing:
        draft.open_task(RESOLVE, Role.ADMISSIONS_OFFICE)
        return
    draft.close_task(RESOLVE)
    draft.finish(COMMON_TEST)
    judging.expect_confirmation(draft, state.first_stage_at)
    judging.ask_about(draft, states)


def told(draft: RoundDraft, subjects: Iterable[str]) -> None:
    """These hear that it is out whether they go on; they hear of their result apart from it."""
    for subject in subjects:
        fact = OutcomeReleased(case=subject, round=draft.state.case_id)
        draft.facts.tell("outcome-released", fact, key=f"{subject}/first-stage")


def end(draft: RoundDraft) -> None:
    """Everybody has heard: the round waits for the scores of those who go on."""
    state = draft.state
    state.release, state.batches = None, 0
    draft.record(FirstStageOver())
    draft.goto(Stage.SCORING)
