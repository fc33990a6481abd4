"""Plain tables for a terminal, in which Japanese characters take the two columns that they are wide."""

from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width

from cli.japanese import word


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lines of columns two spaces apart, headings in the reader's language; nothing shows as a dash."""
    texts = [
        [word(header) for header in headers],
        *(["-" if cell in (None, "") else str(cell) for cell in row] for row in rows),
    ]
    widths = [max(width(line[place]) for line in texts) for place in range(len(headers))]
    return "\n".join(
        "  ".join(cell + " " * (size - width(cell)) for cell, size in zip(line, widths, strict=True)).rstrip()
        for line in texts
    )


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(0 if combining(mark) else 2 if east_asian_width(mark) in "WF" else 1 for mark in text)
