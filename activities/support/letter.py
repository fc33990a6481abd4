"""A letter of referral on paper, in Japanese and English: what its writer has chosen and nothing else."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, Final

from activities.support.extract import COLUMNS, TITLES, said
from schemas.support.access import Part
from schemas.support.letters import LetterPart

_ROWS: Final = {
    LetterPart.CONTACTS: Part.CONTACTS,
    LetterPart.APPOINTMENTS: Part.APPOINTMENTS,
    LetterPart.SCORES: Part.SCORES,
}


def letter(
    page: Mapping[str, Any],
    receiver: str,
    parts: Collection[LetterPart],
    *,
    person: str | None,
    words: str | None,
    today: date,
) -> str:
    """The text of the letter.

    Args:
        page: of the case, with what its process adds.
        receiver: a unit, or a code such as `hospital`.
        parts: what it tells.
        person: the student's number, where it is known.
        words: of who writes.
        today: its date.
    """
    lines = [
        f"{today:%Y-%m-%d}",
        "紹介状 / Letter of referral",
        f"宛先 / To: {receiver}",
        "差出 / From: 学生支援室 / Student Support",
        "",
    ]
    for part in (each for each in LetterPart if each in parts):
        lines += list(_part(part, page, person))
    if words:
        lines += ["■ 紹介の内容 / What we write to you about", *(f"  {line}" for line in words.splitlines())]
    lines += [
        "",
        "この文書の情報は、記載の目的以外に使用しないでください。",
        "Please use what is written here for this purpose alone.",
        "",
    ]
    return "\n".join(lines)


def _part(part: LetterPart, page: Mapping[str, Any], person: str | None) -> Iterator[str]:
    if part is LetterPart.PERSON:
        yield f"■ 学籍番号 / Student: {person or '-'}"
    elif part is LetterPart.CASE:
        stage = page["stage_text"]
        yield f"■ 対応状況 / Where it stands: {stage['ja']} / {stage['en']}"
        yield f"  受付 / since {said(page['opened_at'])}"
    else:
        kind = _ROWS[part]
        yield f"■ {TITLES[kind]}"
        for row in page[kind]:
            yield "  " + "; ".join(f"{name}: {said(row[name])}" for name in COLUMNS[kind])
