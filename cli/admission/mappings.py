"""What an office says at the command line of its files' headers, and what was recognised of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.session import CommandError, Session

if TYPE_CHECKING:
    from spreadsheets.headers import Layout

MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="HEADER=FIELD",
        help="What a column holds: a field or its usual header, two joined by +, or - for nothing; kept for "
        "files with the same header.",
    ),
]


def read_mapping(words: list[str] | None) -> dict[str, str]:
    """The mapping that a person typed: header → field.

    Raises:
        CommandError: no such form, or no such field.
    """
    from spreadsheets.admission.application_columns import application_columns
    from spreadsheets.headers import NOT_IMPORTED

    columns = application_columns(round_required=True)
    known = {column.headers[0]: column.field for column in columns}
    known |= {column.field: column.field for column in columns} | {NOT_IMPORTED: NOT_IMPORTED}
    mapping = {}
    for word in words or ():
        header, _, target = word.rpartition("=")
        parts = [part.strip() for part in target.split("+")]
        if not header.strip() or len(parts) > 2 or not all(part in known for part in parts):  # noqa: PLR2004
            names = ", ".join(column.field for column in columns)
            raise CommandError("mapping-unusable", names=names)
        mapping[header.strip()] = "+".join(known[part] for part in parts)
    return mapping


def columns_as_json(layout: Layout | None) -> list[dict[str, Any]]:
    """What each column of the file was recognised as; no field where it is not imported."""
    return [{"column": label, "fields": list(fields)} for label, fields in layout.held()] if layout else []


def show_columns(session: Session, layout: Layout | None) -> None:
    """Tell what was recognised under other names than the usual ones, and by which mapping."""
    from spreadsheets.admission.application_columns import application_columns

    if layout is None:
        return
    usual = {column.field: column.headers[0] for column in application_columns(round_required=True)}
    for label, fields in layout.held():
        names = "+".join(usual[name] for name in fields)
        if fields and label.rpartition(" (")[0] != names:
            print(f"{label} → {names} ({'+'.join(fields)})")
    if layout.mapping:
        count = len(layout.mapping)
        session.say("columns-by-mapping", count=count)
