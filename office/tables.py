"""What a model or a page of a process holds, as sections: lines of label and value, and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cases.words import process_words
from office.words import Tongue
from spreadsheets.faults import Fault

ON_A_PAGE: Final = 2_000
"""Rows of a table that a page has: more than any list that is read on one."""


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Args:
        title: above it.
        lines: labels with values; of a table none.
        columns: names of the columns of a table, with their words.
        rows: their cells in words, by name.
        raw: the rows as they are, for what follows from them.
    """

    title: str
    lines: tuple[tuple[str, str], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    rows: tuple[Mapping[str, str], ...] = ()
    raw: tuple[Mapping[str, Any], ...] = ()
    links: tuple[tuple[tuple[str, str], ...], ...] = ()
    """For each row the ways on from it: address and words."""
    left_out: int = 0
    """Rows that a page has not: a file has them."""


def sections_of(tongue: Tongue, room: str, own: Mapping[str, Any]) -> list[Section]:
    """What a process adds to the page of a case, in the order and with the titles of its `words.toml`."""
    titles: dict[str, list[str]] = next(
        (words["page"] for words in process_words().values() if words["cases"] == room), {}
    )
    lines, sections = [], []
    for name, words in titles.items():
        value = own.get(name)
        title = words[1] if tongue.language == "ja" else words[0]
        if value in (None, [], {}, "") or value is False:
            continue
        if is_table(value):
            sections.append(table(tongue, room, title, value))
        elif isinstance(value, dict) and value.keys() != {"en", "ja"}:
            inside = tuple(
                (tongue.word(room, key), tongue.cell(room, key, each)) for key, each in value.items()
            )
            sections.append(Section(title, lines=inside))
        else:
            lines.append((title, tongue.cell(room, name, value)))
    head = [Section("", lines=tuple(lines))] if lines else []
    return [*head, *sections]


def sections_of_answer(
    tongue: Tongue, room: str, told: Mapping[str, Any], most: int = ON_A_PAGE
) -> list[Section]:
    """What a door answers: its lines, and a table for each list of rows, of each so many at most."""
    lines, sections = [], []
    for name, value in told.items():
        title = tongue.word(room, name)
        if is_table(value):
            sections.append(table(tongue, room, title, value, most))
        elif isinstance(value, dict) and value and all(isinstance(each, dict) for each in value.values()):
            sections += [
                Section(
                    f"{title}: {tongue.word(room, str(key))}",
                    lines=tuple(
                        (tongue.word(room, str(n)), tongue.value(room, each)) for n, each in part.items()
                    ),
                )
                for key, part in value.items()
            ]
        elif isinstance(value, list | tuple) and not value:
            sections.append(Section(title, lines=((tongue("How many"), "0"),)))
        else:
            lines.append((title, tongue.cell(room, name, value)))
    head = [Section("", lines=tuple(lines))] if lines else []
    return [*head, *sections]


def is_table(value: Any) -> bool:
    """Whether a value is rows."""
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)


def table(
    tongue: Tongue, room: str, title: str, rows: Sequence[Mapping[str, Any]], most: int = ON_A_PAGE
) -> Section:
    """Rows as a table, so many at most; what none of them all has is no column."""
    shown = rows[:most]
    names = [name for name in rows[0] if any(row.get(name) not in (None, (), []) for row in rows)]
    return Section(
        title,
        columns=tuple((name, tongue.word(room, name)) for name in names),
        rows=tuple({name: tongue.cell(room, name, row.get(name)) for name in names} for row in shown),
        raw=tuple(shown),
        left_out=len(rows) - len(shown),
    )


def faults_of(tongue: Tongue, faults: Sequence[Fault]) -> Section:
    """What is wrong with a file, by row and column, in the reader's words; never with what stands there."""
    rows = tuple(
        {
            "row": "" if each.row is None else str(each.row),
            "column": each.column or "",
            "severity": tongue("Error") if each.severity == "error" else tongue("Warning"),
            "what": tongue.pair((each.message_ja, each.message_en)),
            "code": each.code,
        }
        for each in faults
    )
    columns = (
        ("row", tongue("Row")),
        ("column", tongue("Column")),
        ("severity", tongue("Kind")),
        ("what", tongue("What is wrong")),
        ("code", tongue("Code")),
    )
    return Section(tongue("Faults"), columns=columns, rows=rows)
