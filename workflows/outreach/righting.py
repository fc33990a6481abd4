"""What the office puts right: the contact of a request, and an answer to the school that was a slip."""

from typing import Final

from schemas.kernel.taking_back import StepTaken
from schemas.outreach.corrections import ContactValues
from schemas.outreach.roles import Role
from schemas.outreach.stages import Stage
from workflows.kernel.corrections import Correction
from workflows.kernel.taking_back import TakesBack
from workflows.outreach import intake
from workflows.outreach.intake import OutreachDraft, ahead, policy_of

OFFICE: Final = (Role.OFFICE, Role.HEAD)


def corrections_of(living: tuple[str, ...]) -> dict[str, Correction]:
    """The contact, as long as it is kept: with the last stage it is erased (O28)."""
    return {
        "contact": Correction(
            ("連絡先", "contact"),
            ContactValues,
            {
                "name": ("担当者名", "name of the contact"),
                "email": ("メールアドレス", "e-mail address"),
                "phone": ("電話番号", "telephone number"),
                "language": ("連絡に用いる言語", "language of letters"),
                "school_name": ("学校名", "name of the school"),
            },
            at=living,
            by=OFFICE,
            reader="school",
            address="email",
        )
    }


def checked(draft: OutreachDraft, taken: StepTaken) -> None:
    """To be checked again; the time in which the school has its answer runs on."""
    draft.goto(taken.from_stage)


def _some_ahead(draft: OutreachDraft, taken: StepTaken) -> None:
    draft.require(
        taken.from_stage == Stage.WAITING_DATE or bool(ahead(draft)),
        "take-back-too-late",
        step=taken.step,
        why="dates-over",
    )


def declined(draft: OutreachDraft, taken: StepTaken) -> None:
    """It is looked at again: the school is owed an answer from now on, and its dates are watched."""
    draft.reopen()
    draft.goto(taken.from_stage)
    if taken.from_stage != Stage.WAITING_DATE and intake.DATES not in draft.state.deadlines:
        intake.watch_dates(draft)
    if intake.ANSWER_SCHOOL not in draft.state.deadlines:
        draft.start_deadline(intake.ANSWER_SCHOOL, policy_of(draft.state).answer_school, keep=True)


TAKES_BACK: Final = {
    "check-request": TakesBack(checked, by=OFFICE, confirms=OFFICE, back={Stage.CHECKED: (Stage.REQUESTED,)}),
    "decline-request": TakesBack(
        declined,
        by=OFFICE,
        confirms=OFFICE[::-1],
        back={Stage.DECLINED: (Stage.REQUESTED, Stage.CHECKED, Stage.WAITING_DATE)},
        check=_some_ahead,
        letter=("decline-taken-back", "school"),
    ),
}
