"""What is put right of an allocation: a list confirmed by a slip, while nothing has been offered from it.

What a person has stated is put right by another statement, which undoes a drawn list by itself; an offer is
given up by `revoke`, which frees the bed for the next.
"""

from typing import Final

from schemas.dormitory.roles import Role
from schemas.dormitory.stages import Stage
from schemas.kernel.taking_back import StepTaken
from workflows.dormitory import drawing
from workflows.dormitory.ground import BEDS, DormitoryDraft, policy_of
from workflows.kernel.taking_back import TakesBack

HOUSE: Final = (Role.HOUSE, Role.HEAD)


def confirmed(draft: DormitoryDraft, taken: StepTaken) -> None:
    """The same list is to be looked at again, by somebody who has not drawn it."""
    draft.results.reopen(BEDS)
    draft.goto(taken.from_stage)
    draft.start_deadline(drawing.CONFIRM, policy_of(draft.state).confirm)
    draft.open_task(drawing.CONFIRM, Role.HOUSE, deadline=drawing.CONFIRM)


TAKES_BACK: Final = {
    "confirm-run": TakesBack(confirmed, by=HOUSE, confirms=HOUSE, back={Stage.CONFIRMED: (Stage.FROZEN,)})
}
