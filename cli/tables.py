"""Lists for a terminal, as plain tables in which Japanese characters take two columns, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from unicodedata import combining, east_asian_width

import typer

from cli.japanese import word
from cli.session import CommandError, local, print_json

if TYPE_CHECKING:
    from cases.cursors import P
    from cases.lists import Page
    from cli.session import Session

Columns = Sequence[tuple[str, str | Callable[[Mapping[str, Any]], object]]]
"""Headings, and what stands below them: a row's value of that name, or what a function makes of the row."""
AfterOption = Annotated[
    str | None, typer.Option("--after", help="Go on after this place, as the page before has told it.")
]


def place_after(after: str | None, shape: type[P]) -> P | None:
    """The place that `--after` means. Raises CommandError."""
    from cases.cursors import UnknownCursorError, place_of

    try:
        return None if after is None else place_of(after, shape)
    except UnknownCursorError:
        raise CommandError("unknown-place") from None


def print_page(session: Session, name: str, page: Page, columns: Columns, **told: Any) -> None:
    """Print a page of a list and where it goes on; as JSON with what else is `told` of the whole list."""
    from cases.cursors import cursor_of

    following = page.next and (page.next[0] if name == "cases" else cursor_of(page.next))
    print_rows(session, page.rows, columns, {name: page.rows, "next": following, **told})
    if following and not session.as_json:
        session.say("more", option="--after", following=following)


def print_rows(
    session: Session, rows: Sequence[Mapping[str, Any]], columns: Columns, told: Any = None
) -> None:
    """Print rows as a table; as JSON `told`, or else the rows as they are."""
    if session.as_json:
        print_json(rows if told is None else told)
    else:
        print(table_of(columns, rows))


def print_values(session: Session, values: Mapping[str, Any]) -> None:
    """Print the values of one thing, a line each, or as JSON."""
    if session.as_json:
        print_json(values)
        return
    size = max(map(len, values)) + 2
    for name, value in values.items():
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else _text(value)
        print(f"{name:<{size}}{shown}")


def table_of(columns: Columns, rows: Iterable[Mapping[str, Any]]) -> str:
    """A table of rows by its columns."""
    cells = [cell for _, cell in columns]
    shown = ([row[cell] if isinstance(cell, str) else cell(row) for cell in cells] for row in rows)
    return table([header for header, _ in columns], shown)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lines of columns two spaces apart, headings in the reader's language; nothing shows as a dash."""
    texts = [[word(header) for header in headers], *([_text(cell) for cell in row] for row in rows)]
    widths = [max(width(line[place]) for line in texts) for place in range(len(headers))]
    return "\n".join(
        "  ".join(cell + " " * (size - width(cell)) for cell, size in zip(line, widths, strict=True)).rstrip()
        for line in texts
    )


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return local(cell)
    if isinstance(cell, list | tuple):
        cell = ", ".join(map(str, cell))
    return "-" if cell in (None, "") else str(cell)


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(0 if combining(mark) else 2 if east_asian_width(mark) in "WF" else 1 for mark in text)
