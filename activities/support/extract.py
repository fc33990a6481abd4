"""What of a case is handed to the student who has asked to see it (P8), without anybody else's name."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from schemas.kernel.japan import TOKYO
from schemas.support.access import Part

CUT: Final = "＊＊＊"
"""What stands for whoever is not the student."""
SHORTEST: Final = 2
"""Letters of a part of a name that is cut by itself."""
COLUMNS: Final[Mapping[Part, tuple[str, ...]]] = {
    Part.CONTACTS: ("at", "channel", "outcome"),
    Part.APPOINTMENTS: ("at", "ends_at", "channel", "state"),
    Part.SCORES: ("at", "distress", "hostility", "level"),
    Part.CONSENTS: ("unit", "content", "purpose", "form", "since", "until", "ended_at", "ended_how"),
    Part.DISCLOSURES: ("at", "ground", "receiver"),
}
"""What is disclosed of a row: never which person has acted."""
TITLES: Final = {
    Part.CASE: "対応の経過 / How it went",
    Part.REFERRAL: "受付 / How it came",
    Part.CONTACTS: "連絡の記録 / Contacts",
    Part.APPOINTMENTS: "面談の予約 / Appointments",
    Part.SCORES: "評定 / Scores",
    Part.CONSENTS: "同意の記録 / Consents",
    Part.DISCLOSURES: "第三者への提供 / Told to others",
    Part.TEXTS: "記録の文面 / Words on record",
}


def without_names(words: str, names: Collection[str]) -> str:
    """Words in which nobody's name stands any more, nor a part of it, nor an address; the longest goes first.

    Who is told of in other ways, such as by what they do, is for the office to see: it names each text.
    """
    parts = {part for name in names for part in (name, *name.split()) if len(part) >= SHORTEST}
    for part in sorted(parts, key=len, reverse=True):
        words = re.sub(re.escape(part), CUT, words, flags=re.IGNORECASE)
    return words


def extract(
    page: Mapping[str, Any],
    answer: Mapping[str, Any],
    texts: Collection[Mapping[str, Any]],
    names: Collection[str],
) -> str:
    """The extract as a text: the parts of the answer and no others.

    Args:
        page: of the case, with what its process adds.
        answer: its `parts`, the ids of the `texts` that are disclosed, and its `ground`.
        texts: the words of the case, opened.
        names: of everybody but the student.
    """
    lines = ["個人情報の開示 / Personal information on record", f"{page['case_id']}", ""]
    chosen = [Part(each) for each in answer["parts"]]
    told = {str(each) for each in answer["texts"]}
    for part in (each for each in Part if each in chosen):
        lines += [f"■ {TITLES[part]}"]
        if part is Part.TEXTS:
            for each in (each for each in texts if str(each["text_id"]) in told):
                body = without_names(each["body"] or CUT, names)
                lines += [said(each["created_at"]), *(f"  {line}" for line in body.splitlines())]
        else:
            lines += list(_rows(part, page))
        lines += [""]
    if answer["ground"] != "all":
        lines += [f"不開示の部分の根拠 / Ground of what is kept back: {answer['ground']}", ""]
    return "\n".join(lines)


def _rows(part: Part, page: Mapping[str, Any]) -> Iterator[str]:
    if part is Part.CASE:
        for name in ("opened_at", "closed_at", "level", "unit"):
            yield f"  {name}: {said(page[name])}"
        yield f"  {' → '.join(page['path'])}"
    elif part is Part.REFERRAL:
        for name in ("opened_at", "way"):
            yield f"  {name}: {said(page[name])}"
    else:
        for row in page[part]:
            yield "  " + "; ".join(f"{name}: {said(row[name])}" for name in COLUMNS[part])


def said(value: Any) -> str:
    """A value of a row as a person in Japan reads it."""
    if isinstance(value, datetime):
        return f"{value.astimezone(TOKYO):%Y-%m-%d %H:%M}"
    return "-" if value is None else str(value)
