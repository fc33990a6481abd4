"""What is put right of a support case: who is written to, and a referral that was turned away by a slip.

A case that was resolved too early needs none of this: it is reopened.
"""

from collections.abc import Collection
from typing import Final

from schemas.kernel.corrections import CorrectionAsked
from schemas.kernel.taking_back import StepTaken
from schemas.support.corrections import PartiesValues
from schemas.support.roles import Role
from schemas.support.stages import Stage
from workflows.kernel.corrections import Correction
from workflows.kernel.taking_back import TakesBack
from workflows.support.clocks import SupportDraft


def _parties_corrected(draft: SupportDraft, asked: CorrectionAsked, _correction_id: str) -> None:
    """Who has referred hears of the case as long as there is an address."""
    if "referrer_email" in asked.fields:
        draft.state.referrer = "referrer_email" not in asked.emptied


def corrections_of(living: Collection[str], by: Collection[Role]) -> dict[str, Correction]:
    """Nobody is told of it: a letter about a correction would say that there is a case (P5)."""
    return {
        "parties": Correction(
            ("連絡先", "who is written to"),
            PartiesValues,
            {
                "contact": ("本人のメールアドレス", "the student's e-mail address"),
                "language": ("本人への連絡に用いる言語", "language of letters to the student"),
                "referrer_name": ("紹介者の氏名", "name of who has referred"),
                "referrer_email": ("紹介者のメールアドレス", "e-mail address of who has referred"),
                "referrer_language": (
                    "紹介者への連絡に用いる言語",
                    "language of letters to the referrer",
                ),
            },
            at=living,
            by=by,
            sealed=frozenset({"contact", "referrer_name", "referrer_email"}),
            address="contact",
            follows=_parties_corrected,
        )
    }


def _from_the_start(draft: SupportDraft, taken: StepTaken) -> None:
    """Later its clocks have run for somebody: it is referred anew."""
    known = taken.from_stage == Stage.REFERRED
    draft.require(known, "take-back-too-late", step=taken.step, why=taken.from_stage)


def turned_away(draft: SupportDraft, taken: StepTaken) -> None:
    """It waits to be judged again, with the clocks that run since it came."""
    draft.reopen()
    draft.goto(taken.from_stage)


def takes_back(triage: Collection[Role], advice: Collection[Role]) -> dict[str, TakesBack]:
    """Who may turn a referral away takes it back; a senior confirms where the referrer has a letter."""
    confirms: Final = (Role.HEAD, Role.LEAD, Role.HARASSMENT)
    return {
        "misdirect": TakesBack(
            turned_away,
            by=triage,
            confirms=confirms,
            back={Stage.MISDIRECTED: (Stage.REFERRED,)},
            check=_from_the_start,
            letter=("referral-taken-up", "referrer"),
        ),
        "advise": TakesBack(
            turned_away,
            by=advice,
            confirms=confirms,
            back={Stage.ADVICE_ONLY: (Stage.REFERRED,)},
            check=_from_the_start,
        ),
    }
