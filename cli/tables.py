"""Lists for a terminal, as plain tables in which Japanese characters take two columns, or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from unicodedata import combining, east_asian_width

import typer

from cli.case_arguments import say
from cli.japanese import word
from cli.session import print_json
from cli.typed import usage

if TYPE_CHECKING:
    from cases.cursors import P
    from cases.lists import Page
    from cli.session import Session

Columns = Sequence[tuple[str, Callable[[dict[str, Any]], object]]]
"""Headings, and what stands below them for a row."""
AfterOption = Annotated[
    str | None, typer.Option("--after", help="Go on after this place, as the page before has told it.")
]


def place_after(after: str | None, shape: type[P]) -> P | None:
    """The place that `--after` means. Raises CommandError."""
    from cases.cursors import UnknownCursorError, place_of

    try:
        return None if after is None else place_of(after, shape)
    except UnknownCursorError:
        raise usage(
            "unknown-place",
            "--after: this is no place that a list has told.",
            "--after: 一覧に表示された位置ではありません。",
        ) from None


def print_page(session: Session, name: str, page: Page, columns: Columns, **told: Any) -> None:
    """Print a page of a list and where it goes on; as JSON with what else is `told` of the whole list."""
    from cases.cursors import cursor_of

    following = page.next and (page.next[0] if name == "cases" else cursor_of(page.next))
    if session.as_json:
        print_json({name: page.rows, "next": following, **told})
        return
    headers, cells = [header for header, _ in columns], [cell for _, cell in columns]
    print(table(headers, ([cell(row) for cell in cells] for row in page.rows)))
    if following:
        say(session, f"more: --after {following}", f"続き: --after {following}")


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
