"""Why a step of a request is not done: in English and in Japanese, each saying what to do."""

from typing import Final

from schemas.kernel.refusals import RefusalKind, Texts

_I, _N, _F, _C = (
    RefusalKind.INVALID,
    RefusalKind.NOT_ALLOWED,
    RefusalKind.NOT_FOUND,
    RefusalKind.CONFLICT,
)

TEXTS: Final[Texts] = {
    "request-too-soon": (
        _C,
        "{date} is too soon, before {first}: permit it (permit-late) or agree other dates (reschedule).",
        "{date} は受付可能な最初の日 {first} より前です。permit-late または reschedule が必要です。",
    ),
    "dates-over": (
        _C,
        "None of the dates lies ahead. Agree others with the school (reschedule).",
        "希望日がすべて過ぎています。学校と別の日程を調整してください（reschedule）。",
    ),
    "unknown-topic": (
        _F,
        "'{topic}' is not registered for the year {year}; choose one of that year's topics, or name a field.",
        "「{topic}」は {year} 年度に登録されていません。その年度のテーマを選ぶか、分野を指定してください。",
    ),
    "request-known": (
        _C,
        "Another request is stored under the number {request}; give this one a number of its own.",
        "番号 {request} では別の依頼が登録されています。別の番号を付けてください。",
    ),
    "no-lecturer": (
        _F,
        "Nobody free has registered for it: name lecturers, or use change-topic, reschedule or go-online.",
        "対応できる登録講師がいません。講師の指名、または change-topic・reschedule・go-online が必要です。",
    ),
    "lecturer-unknown": (
        _F,
        "{lecturer} is not an active lecturer at these dates; name another.",
        "{lecturer} はこの日程に出講できる講師として登録されていません。別の講師を指名してください。",
    ),
    "lecturer-asked": (
        _C,
        "{lecturer} has been asked already; name another, or agree other dates first (reschedule).",
        "{lecturer} には依頼済みです。別の講師を指名するか、先に日程を変更してください（reschedule）。",
    ),
    "lecturer-busy": (
        _C,
        "{lecturer} has another lecture at that time.",
        "{lecturer} はその時間に別の出講が決まっています。",
    ),
    "lecturer-full": (
        _C,
        "{lecturer} gives {cap} lectures in that term already, as many as one may.",
        "{lecturer} のその学期の出講は上限の {cap} 件に達しています。",
    ),
    "not-asked": (
        _N,
        "You are not asked to give this lecture.",
        "この出講の依頼先ではありません。",
    ),
    "lecture-answered": (
        _C,
        "You have answered already; if something has changed, tell the connection office.",
        "回答済みです。変更がある場合は高大接続担当へご連絡ください。",
    ),
    "lecture-taken": (
        _C,
        "Another lecturer has accepted meanwhile; nothing is asked of you any more.",
        "別の講師がお引き受けになりました。ご対応は不要です。",
    ),
    "unknown-date": (
        _I,
        "There is no date {date} to choose; possible: {possible}.",
        "日程 {date} は選択できません。選択できる日程: {possible}",
    ),
    "not-agreed": (
        _C,
        "{side} has not agreed. A date moves only when both sides have; say so with the decision.",
        "{side} の同意がありません。日程の変更には双方の同意が必要です。同意を得てから決定してください。",
    ),
    "one-date": (
        _I,
        "A date that is settled moves to one other date; name one.",
        "決定済みの日程の変更先は一つだけ指定してください。",
    ),
    "date-moved": (
        _C,
        "The date has changed since: it is {date} now.",
        "日程が変更されています（現在 {date}）。",
    ),
    "not-yet-held": (
        _C,
        "It begins at {date}; record it afterwards.",
        "開始は {date} です。実施後に記録してください。",
    ),
    "report-missing": (
        _I,
        "Give the report in words (remark).",
        "報告の内容を入力してください（所見）。",
    ),
    "cause-unknown": (
        _I,
        "'{cause}' is not on the list: {known}.",
        "「{cause}」は一覧にありません: {known}",
    ),
}
