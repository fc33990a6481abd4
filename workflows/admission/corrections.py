"""Admission rules of corrections: what may be put right until when, and what is looked at again then."""

from typing import Final

from schemas.admission.corrections import ApplicantValues, ApplicationValues, FoundAfter
from schemas.admission.roles import Role
from schemas.admission.stages import Stage
from schemas.kernel.corrections import CorrectionAsked
from workflows.admission.intake import AdmissionDraft, policy_of
from workflows.kernel.corrections import Correction

CHECK_CONFLICT = "check-conflict"
BEFORE_REVIEW: Final = (Stage.SUBMITTED, Stage.COMPLETENESS, Stage.ELIGIBILITY)
WITH_THE_OFFICE: Final = (Role.ADMISSIONS_OFFICE, Role.HEAD_OF_ADMISSIONS)
TELLS_APART: Final = frozenset(
    {"family_name", "given_name", "family_kana", "given_kana", "birth_date", "email", "phone"}
)
"""Fields by which applicants are found to be one person, and staff to be related to one."""
RELATES: Final = frozenset({"address", "guardian_name", "school_name", "related_staff"})
"""Fields beside these by which staff are found to be related."""
_WHO: Final = {
    "family_name": ("氏", "family name"),
    "given_name": ("名", "given name"),
    "family_kana": ("氏（カナ）", "family name in katakana"),
    "given_kana": ("名（カナ）", "given name in katakana"),
    "birth_date": ("生年月日", "date of birth"),
    "sex": ("性別", "sex"),
    "email": ("メールアドレス", "e-mail address"),
    "phone": ("電話番号", "telephone number"),
    "postal_code": ("郵便番号", "postal code"),
    "address": ("住所", "address"),
    "guardian_name": ("保護者氏名", "name of the guardian"),
    "language": ("連絡に用いる言語", "language of letters"),
}
_WHAT: Final = {
    "programme": ("志望課程", "programme"),
    "school_name": ("在籍校・出身校", "school"),
    "school_code": ("学校コード", "code of the school"),
    "school_contact_email": ("学校のメールアドレス", "e-mail address of the school"),
    "related_staff": ("本学教職員との関係", "relation to our staff"),
    "statement": ("志望理由", "statement of purpose"),
}


def applicant_corrected(draft: AdmissionDraft, asked: CorrectionAsked, correction_id: str) -> None:
    """Whose name or birth is another one may be found elsewhere, or be related to who judges (A7, A14)."""
    fields = set(asked.fields)
    if fields & TELLS_APART:
        _look_for_duplicates(draft, correction_id)
    if fields & (TELLS_APART | RELATES):
        _look_for_conflicts(draft, correction_id)


def application_checked(draft: AdmissionDraft, asked: CorrectionAsked) -> None:
    """What is judged is fixed when the judging begins."""
    late = {"programme", "statement"} & set(asked.fields)
    early = draft.state.stage in BEFORE_REVIEW
    draft.require(early or not late, "review-has-begun", fields=", ".join(sorted(late)))


def application_corrected(draft: AdmissionDraft, asked: CorrectionAsked, correction_id: str) -> None:
    """Another programme has its own places, and may be the same person's second application for it."""
    if "programme" in asked.told:
        draft.state.programme = str(asked.told["programme"])
        _look_for_duplicates(draft, correction_id)
    if RELATES & set(asked.fields):
        _look_for_conflicts(draft, correction_id)


def _found(draft: AdmissionDraft, correction_id: str) -> FoundAfter:
    state = draft.state
    judges = sorted(
        {key for key, review in state.reviews.items() if review.active}
        | {each.member for each in state.committee if not each.conflict}
    )
    found = draft.look_up(
        "found-after-correction",
        case_id=state.case_id,
        application_no=state.application_no,
        correction_id=correction_id,
        judges=judges,
        conflict_years=policy_of(state).review.conflict_years,
        most=policy_of(state).applications_per_person,
        at=draft.now.isoformat(),
    )
    return FoundAfter.model_validate(found)


def _look_for_duplicates(draft: AdmissionDraft, correction_id: str) -> None:
    state = draft.state
    if state.stage not in (*BEFORE_REVIEW, Stage.REVIEW, Stage.COMMITTEE, Stage.RANKED):
        return
    known = set(state.duplicates)
    new = [each for each in _found(draft, correction_id).possible_duplicates if each not in known]
    if new:
        # those that a person has looked at are asked about again with them: the person is another one now
        state.duplicates = [*state.duplicates, *new]
        draft.details["duplicates"] = list(new)
        draft.open_task("resolve-duplicate", Role.ADMISSIONS_OFFICE, keep=True)


def _look_for_conflicts(draft: AdmissionDraft, correction_id: str) -> None:
    conflicts = _found(draft, correction_id).conflicts
    if conflicts:
        draft.details["conflicts"] = dict(conflicts)
    for judge in conflicts:
        draft.open_task(CHECK_CONFLICT, Role.ADMISSIONS_OFFICE, whose=judge, keep=True)


def conflict_checked(_draft: AdmissionDraft) -> None:
    """The office has looked at it, and released the reviewer where it had to."""


def corrections_of(living: tuple[Stage, ...]) -> dict[str, Correction]:
    """What can be corrected in an admission review, by the stages that are not its last."""
    return {
        "applicant": Correction(
            ("志願者", "applicant"),
            ApplicantValues,
            _WHO,
            at=living,
            by=WITH_THE_OFFICE,
            reader="applicant",
            address="email",
            follows=applicant_corrected,
        ),
        "application": Correction(
            ("出願内容", "application"),
            ApplicationValues,
            _WHAT,
            at=living,
            by=WITH_THE_OFFICE,
            told=frozenset({"programme"}),
            reader="applicant",
            check=application_checked,
            follows=application_corrected,
        ),
    }
