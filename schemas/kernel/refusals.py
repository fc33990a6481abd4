"""Refusals: the closed list of reasons why a step is not done, each saying what to do, in both languages."""

from enum import StrEnum
from typing import Any, Final


class RefusalKind(StrEnum):
    """What sort of no it is; the command line's exit code and later the HTTP status follow from it."""

    INVALID = "invalid"
    WRONG_STAGE = "wrong_stage"
    STALE = "stale"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """A step that the rules do not allow. Nothing has been changed.

    Args:
        code: a key of `TEXTS`.
        params: codes, counts and dates for the text; never personal data.
    """

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params = {key: str(value) for key, value in params.items()}
        super().__init__(refusal_text(code, self.params, "en"))

    @property
    def kind(self) -> RefusalKind:
        """The sort of no."""
        return TEXTS[self.code][0]


def refusal_text(code: str, params: dict[str, str], language: str) -> str:
    """The sentence for a person, in `ja` or `en`."""
    _, english, japanese = TEXTS[code]
    return (japanese if language == "ja" else english).format(**params)


_I, _W, _S, _N, _F, _C = (
    RefusalKind.INVALID,
    RefusalKind.WRONG_STAGE,
    RefusalKind.STALE,
    RefusalKind.NOT_ALLOWED,
    RefusalKind.NOT_FOUND,
    RefusalKind.CONFLICT,
)

TEXTS: Final[dict[str, tuple[RefusalKind, str, str]]] = {
    "wrong-stage": (
        _W,
        "'{step}' is not possible while the case is in stage '{stage}'. Possible now: {possible}.",
        "案件は現在「{stage}」段階にあり、「{step}」はできません。現在可能な操作: {possible}",
    ),
    "case-closed": (
        _W,
        "The case is closed ({stage}); '{step}' can no longer be done.",
        "案件は終了しています（{stage}）。「{step}」はできません。",
    ),
    "stale-version": (
        _S,
        (
            "The case has changed since you looked: you saw version {seen}, it is now {current}. "
            "Show the case again and repeat with --version {current}."
        ),
        (
            "表示後に案件が更新されています（確認した版 {seen}、現在の版 {current}）。"
            "案件を表示し直し、--version {current} を付けて再実行してください。"
        ),
    ),
    "role-missing": (
        _N,
        "'{step}' needs one of the roles {roles}; you act with: {held}.",
        "「{step}」には役割 {roles} のいずれかが必要です（現在の役割: {held}）。",
    ),
    "unknown-task": (
        _F,
        "There is no open task '{task}'. Open: {open}.",
        "未完了の作業「{task}」はありません。未完了: {open}",
    ),
    "assignee-unfit": (
        _F,
        "'{assignee}' is not an active member of staff in the role {role}.",
        "「{assignee}」は役割 {role} の有効な職員ではありません。",
    ),
    "task-not-completable": (
        _C,
        "Task '{task}' is closed by its own step, not by hand.",
        "作業「{task}」は該当する操作によってのみ完了します。",
    ),
    "task-personal": (
        _C,
        (
            "Task '{task}' belongs to that person. Release the reviewer (iehe admissions release-reviewer), "
            "then another is drawn; a ballot is convened anew when its time is over."
        ),
        (
            "作業「{task}」は担当者本人に固有のものです。審査員は解任（iehe admissions release-reviewer）"
            "すると再選任されます。投票は期限後に委員会を再招集できます。"
        ),
    ),
    "no-other-offer": (
        _C,
        "No other offer of this round has been accepted by the applicant.",
        "志願者はこの選抜回の他の合格を受諾していません。",
    ),
    "long-past": (
        _I,
        "It is said to have happened years ago; check date and time.",
        "発生日時が数年前になっています。日時を確認してください。",
    ),
    "before-cause": (
        _I,
        "It is said to have happened before that began which it answers ({since}); check date and time.",
        "発生日時が、対象となる手続の開始（{since}）より前になっています。日時を確認してください。",
    ),
    "in-future": (
        _I,
        "It is said to have happened in the future; check date and time.",
        "発生日時が未来になっています。日時を確認してください。",
    ),
    "unknown-deadline": (
        _F,
        "There is no running deadline '{deadline}'. Running: {open}.",
        "進行中の期限「{deadline}」はありません。進行中: {open}",
    ),
    "deadline-paused": (
        _C,
        "Deadline '{deadline}' is paused; resume it first.",
        "期限「{deadline}」は停止中です。先に再開してください。",
    ),
    "deadline-not-paused": (
        _C,
        "Deadline '{deadline}' is running, not paused.",
        "期限「{deadline}」は停止していません。",
    ),
    "deadline-too-far": (
        _I,
        "A time can be set at most {days} days ahead; check the year.",
        "設定できるのは {days} 日先までです。年を確認してください。",
    ),
    "deadline-in-past": (
        _I,
        "A deadline cannot be moved to the past; it is now {now}.",
        "期限を過去の日時にすることはできません（現在 {now}）。",
    ),
    "not-assigned": (
        _N,
        "You are not a reviewer of this case.",
        "あなたはこの案件の審査員に割り当てられていません。",
    ),
    "already-scored": (
        _C,
        "You have already submitted the scores for this case.",
        "この案件の採点は提出済みです。",
    ),
    "score-missing": (
        _I,
        "Every criterion needs a score; missing: {criteria}.",
        "すべての評価項目に点数が必要です。未入力: {criteria}",
    ),
    "score-unknown": (
        _I,
        "The form has no criterion {criteria}; it has {known}.",
        "評価項目 {criteria} はありません。項目: {known}",
    ),
    "score-out-of-bounds": (
        _I,
        "The score for '{criterion}' must be between {minimum} and {maximum}.",
        "評価項目「{criterion}」の点数は {minimum} から {maximum} の範囲で入力してください。",
    ),
    "too-late": (
        _C,
        (
            "The deadline was {due}. A late one counts only when the office has permitted it "
            "(iehe admissions permit-late)."
        ),
        "期限は {due} でした。遅延を認めるには事務局の許可が必要です（iehe admissions permit-late）。",
    ),
    "not-a-member": (
        _N,
        "You are not a member of the committee for this case.",
        "あなたはこの案件の委員会の構成員ではありません。",
    ),
    "must-abstain": (
        _N,
        "A conflict of interest is on record for you; you can only abstain.",
        "利益相反が登録されているため、棄権のみ可能です。",
    ),
    "already-voted": (
        _C,
        "You have already voted in this ballot (round {round}).",
        "この投票（第 {round} 回）では投票済みです。",
    ),
    "quorum-missing": (
        _C,
        "{cast} of the {quorum} votes needed have been cast (abstentions do not count).",
        "定足数に達していません（必要 {quorum} 票、現在 {cast} 票。棄権は含みません）。",
    ),
    "no-ballot": (
        _C,
        "No ballot is open now; see the case's tasks for what it waits for.",
        "現在、進行中の投票はありません。案件の作業一覧を確認してください。",
    ),
    "no-tie": (
        _C,
        "The chair's casting vote is only for a tie after {rounds} ballots.",
        "議長の決裁票は、{rounds} 回の投票で可否同数の場合に限ります。",
    ),
    "reason-required": (
        _I,
        "'{step}' needs a reason (--reason).",
        "「{step}」には理由が必要です（--reason）。",
    ),
    "against-committee": (
        _C,
        "The committee's result is '{result}'; the decision '{decision}' would contradict it.",
        "委員会の結論は「{result}」です。「{decision}」はこれに反します。",
    ),
    "parts-missing": (
        _C,
        "Required parts are missing: {missing}. No decision is possible before they are in.",
        "必要な書類等が不足しています: {missing}。揃うまで決定できません。",
    ),
    "places-full": (
        _C,
        "All {places} places of this programme are offered or taken. Waitlist the applicant instead.",
        "この課程の定員 {places} 名はすべて提示済みまたは確定済みです。補欠としてください。",
    ),
    "places-undeclared": (
        _C,
        "No places are declared for this programme and round (iehe round places).",
        "この課程・選抜回の定員が登録されていません（iehe round places）。",
    ),
    "other-offer-accepted": (
        _C,
        "The applicant has already accepted another offer of this round.",
        "志願者はこの選抜回の別の合格を既に受諾しています。",
    ),
    "reviewer-conflict": (
        _C,
        "{reviewer} has a conflict of interest with this application ({reason}); choose another.",
        "{reviewer} には利益相反（{reason}）があります。別の審査員を選んでください。",
    ),
    "reviewer-near-conflict": (
        _C,
        (
            "{reviewer} may have a conflict of interest with this application ({reason}): what is on record "
            "is nearly the same. Compare both; name the reviewer again with --looked-at when there is none."
        ),
        (
            "{reviewer} には利益相反（{reason}）の可能性があります（登録内容がほぼ一致）。"
            "両者を確認し、利益相反がなければ --looked-at を付けて再度指名してください。"
        ),
    ),
    "declaration-missing": (
        _C,
        (
            "First declare that you have no conflict of interest (iehe admissions accept-review CASE "
            "--no-conflict); if you have one: iehe admissions decline-review CASE --conflict."
        ),
        (
            "先に利益相反がないことを申告してください（iehe admissions accept-review CASE --no-conflict）。"
            "利益相反がある場合は iehe admissions decline-review CASE --conflict を行ってください。"
        ),
    ),
    "conflict-unjudged": (
        _C,
        (
            "Whether {member} has a conflict of interest ({reason}) is still to be judged by the office "
            "(iehe admissions judge-conflict)."
        ),
        ("{member} の利益相反（{reason}）の有無は事務局が確認中です（iehe admissions judge-conflict）。"),
    ),
    "no-near-conflict": (
        _C,
        "No possible conflict of interest of {member} is to be judged; see the case's tasks.",
        "{member} について確認すべき利益相反の可能性はありません。案件の作業一覧を確認してください。",
    ),
    "reviewer-unknown": (
        _F,
        "{reviewer} is not an active reviewer.",
        "{reviewer} は有効な審査員ではありません。",
    ),
    "reviewer-full": (
        _C,
        "{reviewer} already has {cap} open reviews.",
        "{reviewer} の担当件数は上限 {cap} 件に達しています。",
    ),
    "reviewer-assigned-already": (
        _C,
        "{reviewer} is, or has been, a reviewer of this case.",
        "{reviewer} は既にこの案件に割り当てられています（または割り当てられていました）。",
    ),
    "reviewers-too-many": (
        _C,
        "The case needs {wanted} more reviewers; {given} were named.",
        "必要な審査員はあと {wanted} 名です（指定 {given} 名）。",
    ),
    "review-running": (
        _C,
        "You have accepted this review already.",
        "この審査は受諾済みです。",
    ),
    "unknown-reason": (
        _I,
        "'{reason}' is not on the list: {known}.",
        "「{reason}」は一覧にありません: {known}",
    ),
    "no-duplicate": (
        _C,
        "No possible duplicate is open for this case.",
        "この案件に確認待ちの重複候補はありません。",
    ),
    "duplicate-unnamed": (
        _I,
        "There is more than one candidate ({candidates}); name whose applicant it is (--of).",
        "候補が複数あります（{candidates}）。同一の志願者の案件を指定してください（--of）。",
    ),
    "unknown-duplicate": (
        _F,
        "'{duplicate}' is not among the candidates: {candidates}.",
        "「{duplicate}」は重複候補にありません。候補: {candidates}",
    ),
    "no-finding": (
        _C,
        "Nothing has been found about a duplicate of this case that could be taken back.",
        "この案件に取り消せる重複確認の結果はありません。",
    ),
    "finding-followed": (
        _C,
        "An offer of the same applicant's has been accepted since; the finding can no longer be taken back.",
        "同一志願者の合格受諾が既に行われているため、重複確認の結果は取り消せません。",
    ),
    "duplicate-open": (
        _C,
        "A possible duplicate must be resolved first (iehe admissions resolve-duplicate).",
        "先に重複候補を確認してください（iehe admissions resolve-duplicate）。",
    ),
    "no-accommodation": (
        _C,
        "No accommodation request is waiting for a decision.",
        "審査待ちの受験上の配慮申請はありません。",
    ),
    "accommodation-late": (
        _C,
        "The request came after {due} without a sudden cause; permit it first (iehe admissions permit-late).",
        (
            "申請は期限 {due} 後で、突発的な事由もありません。先に遅延を許可してください"
            "（iehe admissions permit-late）。"
        ),
    ),
    "unknown-item": (
        _F,
        "This route asks for no '{item}'; it asks for {known}.",
        "この選抜では「{item}」は不要です。必要なもの: {known}",
    ),
    "unknown-event": (
        _I,
        "This process knows no event '{type}'.",
        "この手続きに「{type}」という通知はありません。",
    ),
    "unknown-text": (
        _F,
        "The reason or remark referred to is not stored.",
        "参照された理由・所見が登録されていません。",
    ),
    "unknown-application": (
        _F,
        "There is no application '{application}'.",
        "出願「{application}」はありません。",
    ),
    "policy-unknown": (
        _F,
        "There is no policy version '{policy}'.",
        "方針の版「{policy}」はありません。",
    ),
    "invalid-message": (
        _I,
        "The message is not valid: {faults}.",
        "入力内容に誤りがあります: {faults}",
    ),
    "unreadable-message": (
        _I,
        "The message says to be encrypted and does not open.",
        "暗号化されたはずの内容を復号できません。",
    ),
    "round-closed": (
        _C,
        "The round does not accept this any more (since {due}).",
        "この選抜回では受け付けていません（{due} まで）。",
    ),
}
