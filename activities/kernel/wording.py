"""Forms of words: moments as a reader's language writes them, and plain text as the parts of a page."""

import re
from datetime import date, datetime
from typing import Final

from markupsafe import Markup, escape

from schemas.kernel.japan import TOKYO

_WEEKDAYS_JA: Final = "月火水木金土日"
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_LINK: Final = re.compile(r"https?://[^\s<>\"'（）()、。]+")


def when(moment: str, language: str) -> str:
    """An ISO moment as the reader's language writes it, without eras, on the clock of Japan.

    Raises ValueError for a moment without an offset.
    """
    at = datetime.fromisoformat(moment)
    if at.tzinfo is None:
        raise ValueError("a moment without an offset")
    at = at.astimezone(TOKYO)
    clock = f"{at:%H:%M}" if language == "ja" else f", {at:%H:%M} (Japan time)"
    return f"{_day(at.date(), language)}{clock}"


def day(value: str, language: str) -> str:
    """An ISO date as the reader's language writes it, without eras."""
    return _day(date.fromisoformat(value), language)


def _day(on: date, language: str) -> str:
    if language == "ja":
        return f"{on.year}年{on.month}月{on.day}日（{_WEEKDAYS_JA[on.weekday()]}）"
    return f"{_WEEKDAYS[on.weekday()]}, {on.day} {_MONTHS[on.month - 1]} {on.year}"


def linked(line: str) -> Markup:
    """A line of text as HTML, its addresses of pages made links."""
    found = _LINK.split(line)
    links = _LINK.findall(line)
    parts = [escape(found[0])]
    for link, rest in zip(links, found[1:], strict=True):
        parts += [Markup('<a href="{0}">{0}</a>').format(link), escape(rest)]
    return Markup().join(parts)


def blocks(text: str) -> list[tuple[str, list[str]]]:
    """Paragraphs ("p") and lists ("ul") of a plain text with their lines."""
    found: list[tuple[str, list[str]]] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        last = ""
        for line in paragraph.split("\n"):
            kind = "ul" if line.startswith("- ") else "p"
            if kind != last:
                found.append((kind, []))
            found[-1][1].append(line.removeprefix("- "))
            last = kind
    return found
