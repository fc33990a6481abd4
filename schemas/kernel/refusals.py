"""Refusals: why a step is not done, or not known to be done; each says what to do, in both languages.

Here are the reasons that every process knows; a process registers its own.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple


class RefusalKind(StrEnum):
    """What sort of no it is; the command line's exit code and the HTTP status follow from it."""

    INVALID = "invalid"
    WRONG_STAGE = "wrong_stage"
    STALE = "stale"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    NOT_YET = "not_yet"
    UNAVAILABLE = "unavailable"
    """Servers are away: only of these may the outcome be unknown."""


class RefusalText(NamedTuple):
    """A reason in words; `sent` names the parameter that says back what was sent and is on no record."""

    kind: RefusalKind
    english: str
    japanese: str
    sent: str = ""


Texts = Mapping[str, tuple[RefusalKind, str, str] | tuple[RefusalKind, str, str, str]]


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """A step that the rules do not allow. Nothing has been changed.

    Args:
        code: one that `text_of` knows.
        params: codes, counts and dates for the text; never personal data.
    """

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params = {key: str(value) for key, value in params.items()}
        super().__init__(self.text("en"))

    @property
    def kind(self) -> RefusalKind:
        """The sort of no."""
        return text_of(self.code).kind

    def text(self, language: str, **words: str) -> str:
        """The sentence for a person, in `ja` or `en`; `words` are what only a door can say.

        A value that nobody knows any more, as when a log keeps the code alone, is an ellipsis.
        """
        values = _Known(self.params)
        values.update({name: word.format_map(values) for name, word in words.items()})
        text = text_of(self.code)
        return (text.japanese if language == "ja" else text.english).format_map(values)


class _Known(dict[str, str]):
    def __missing__(self, _name: str) -> str:
        return "…"


_I, _W, _S, _N, _F, _C, _U = (
    RefusalKind.INVALID,
    RefusalKind.WRONG_STAGE,
    RefusalKind.STALE,
    RefusalKind.NOT_ALLOWED,
    RefusalKind.NOT_FOUND,
    RefusalKind.CONFLICT,
    RefusalKind.UNAVAILABLE,
)
_texts: Final[dict[str, RefusalText]] = {}


def register(texts: Texts) -> None:
    """Make the reasons of a process known, as its package does when it is imported.

    Raises:
        ValueError: a code has another text already.
    """
    for code, entry in texts.items():
        text = RefusalText(*entry)
        if _texts.setdefault(code, text) != text:
            raise ValueError(f"refusal {code} has two texts")


def is_refusal(code: str) -> bool:
    """Whether a code has a text here."""
    return code in _texts


def text_of(code: str) -> RefusalText:
    """The text of a code, whosever it is. Raises KeyError."""
    return _texts[code]


TEXTS: Final[Texts] = {
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
            "Look at it again and {look_again}."
        ),
        (
            "表示後に案件が更新されています（確認した版 {seen}、現在の版 {current}）。"
            "案件を再度確認し、{look_again}。"
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
        "task",
    ),
    "assignee-unfit": (
        _F,
        "'{assignee}' is not an active member of staff in the role {role}.",
        "「{assignee}」は役割 {role} の有効な職員ではありません。",
        "assignee",
    ),
    "task-not-completable": (
        _C,
        "Task '{task}' is closed by its own step, not by hand.",
        "作業「{task}」は該当する操作によってのみ完了します。",
    ),
    "task-personal": (
        _C,
        (
            "Task '{task}' belongs to that person and is not handed on; replace the person by a decision of "
            "the process, such as the release, and another task is opened."
        ),
        (
            "作業「{task}」は担当者本人に固有のもので、引き継げません。解任など、手続きの操作で担当者を替えると、"
            "新しい作業が作られます。"
        ),
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
        "deadline",
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
    "reason-required": (_I, "'{step}' needs a reason in words.", "「{step}」には理由の記入が必要です。"),
    "unknown-reason": (
        _I,
        "'{reason}' is not on the list: {known}.",
        "「{reason}」は一覧にありません: {known}",
        "reason",
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
    "policy-unknown": (
        _F,
        "There is no policy version '{policy}'.",
        "方針の版「{policy}」はありません。",
        "policy",
    ),
    "invalid-message": (
        _I,
        "The message is not valid: {faults}.",
        "入力内容に誤りがあります: {faults}",
        "faults",
    ),
    "unreadable-message": (
        _I,
        "The message says to be encrypted and does not open.",
        "暗号化されたはずの内容を復号できません。",
    ),
    "no-such-case": (
        _F,
        "There is no such case, or it is not one of yours (the list of cases has yours).",
        "該当する案件がないか、閲覧権限がありません（案件の一覧で確認できます）。",
    ),
    "case-not-open": (
        RefusalKind.NOT_YET,
        (
            "What the case is about is stored and the case about to open; ask again. What holds it up, "
            "iehe doctor says."
        ),
        (
            "登録済みで、案件はまもなく開始されます。再度お試しください"
            "（開始されない場合は iehe doctor で原因を確認できます）。"
        ),
    ),
    "event-dropped": (
        _C,
        (
            "{source} {id} was dropped (iehe events show); if the fact counts after all, enter it under a "
            "new --event-id."
        ),
        "{source} {id} は破棄済みです（iehe events show）。必要なら新しい --event-id で入力してください。",
    ),
    "id-used-for-another-event": (
        _C,
        (
            "{source} {id} is stored with another content, which stays (iehe events show). If it is the same "
            "fact, it need not be entered again; only another fact has another --event-id."
        ),
        (
            "{source} {id} は別の内容で保存済みです（iehe events show）。同じ事実であれば再入力は不要です。"
            "--event-id を変えるのは別の事実の場合だけです。"
        ),
    ),
    "event-not-delivered": (
        _C,
        (
            "The event is stored, but could not be delivered ({reason}): it is an open task of the office "
            "(iehe events show {source} {id})."
        ),
        (
            "通知は保存されましたが、配信できませんでした（{reason}）。事務局の作業となっています"
            "（iehe events show {source} {id}）。"
        ),
    ),
    "not-taken-yet": (
        _U,
        (
            "The event is stored and will be applied, but the case has not taken it within {wait} s "
            "(iehe doctor; to see: iehe events show {source} {id})."
        ),
        (
            "通知は保存されており失われませんが、{wait} 秒以内に処理されませんでした（iehe doctor。"
            "確認: iehe events show {source} {id}）。"
        ),
    ),
    "no-answer": (
        _U,
        (
            "No worker answered in time. The decision may still be made: {repeat}; it is made once, and the "
            "answer tells."
        ),
        (
            "時間内に応答がありませんでした。処理される可能性があります。{repeat}。"
            "二重に処理されることはなく、結果が得られます。"
        ),
    ),
    "not-sent": (
        _U,
        "Temporal did not take the decision ({status}); nothing was changed. Send the same again.",
        "Temporal に送信できませんでした（{status}）。変更はありません。再度送信してください。",
    ),
    "outcome-unknown": (
        _U,
        (
            "The answer was lost ({status}): whether the decision is made is not known; it may still be: "
            "{repeat}; it is made once, and the answer tells."
        ),
        (
            "応答を受け取れませんでした（{status}）。処理されたかどうかは不明で、これから処理される可能性もあります。"
            "{repeat}。二重に処理されることはなく、結果が得られます。"
        ),
    ),
    "workflow-lost": (
        _U,
        (
            "The case is open and its workflow is gone. It must be restarted (iehe case restart); then "
            "{repeat}: it is made once, even if it had been accepted before."
        ),
        (
            "案件は継続中ですがワークフローがありません。再開（iehe case restart）の後、{repeat}"
            "（受付済みの場合も二重に処理されません）。"
        ),
    ),
}
register(TEXTS)
