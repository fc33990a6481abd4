"""What the office puts right: the student's name and address, and a slip in answering a nomination."""

from typing import Final

from schemas.exchange.corrections import StudentValues
from schemas.exchange.records import SeenByPartner
from schemas.exchange.roles import Role
from schemas.exchange.stages import Stage
from schemas.kernel.taking_back import StepTaken
from workflows.exchange import intake
from workflows.exchange.dates import ExchangeDraft
from workflows.kernel.corrections import Correction
from workflows.kernel.taking_back import TakesBack

OFFICE: Final = (Role.OFFICE, Role.HEAD)
APPLIED: Final = (Stage.APPLYING, Stage.INCOMPLETE, Stage.SCREENING)
"""Stages in which a place under the agreement is held."""


def corrections_of(living: tuple[str, ...]) -> dict[str, Correction]:
    """The student, until the mobility has ended."""
    return {
        "student": Correction(
            ("学生", "student"),
            StudentValues,
            {
                "family": ("姓", "family name"),
                "given": ("名", "given name"),
                "nationality": ("国籍", "nationality"),
                "mail": ("メールアドレス", "e-mail address"),
                "language": ("連絡に用いる言語", "language of letters"),
            },
            at=living,
            by=OFFICE,
            reader="student",
            address="mail",
        )
    }


def returned(draft: ExchangeDraft, taken: StepTaken) -> None:
    """The nomination is good as it was."""
    draft.state.reason = None
    draft.goto(taken.from_stage)


def rejected(draft: ExchangeDraft, taken: StepTaken) -> None:
    """Where it was, with a place if it had one.

    Raises:
        Refusal: the places have been given to others since.
    """
    state = draft.state
    draft.reopen()
    state.reason = state.rejected_by = None
    for owed in state.owes:
        # not given back yet, and kept now
        owed.due, owed.next_at, owed.tries = False, None, 0
    if taken.from_stage in APPLIED:
        if not state.place_held:
            intake.hold_place(draft)
        state.seen = "verified"
        draft.record(SeenByPartner(status="verified"))
    draft.goto(taken.from_stage)


TAKES_BACK: Final = {
    "return": TakesBack(
        returned,
        by=OFFICE,
        confirms=OFFICE[::-1],
        back={Stage.RETURNED: (Stage.NOMINATED,)},
        letter=("decision-taken-back", "coordinator"),
    ),
    "reject": TakesBack(
        rejected,
        by=OFFICE,
        confirms=OFFICE[::-1],
        back={Stage.REJECTED: (Stage.NOMINATED, *APPLIED)},
        letter=("decision-taken-back", "coordinator"),
    ),
}
