"""Check a file of the topics that teachers have registered for a school year (O1)."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from schemas.kernel.identifiers import CODE_PATTERN
from schemas.kernel.people import LINE_LIMIT, STAFF_ID_PATTERN
from schemas.outreach.topics import FIRST_YEAR, LAST_YEAR, TopicRow
from spreadsheets.column_words import ColumnWords
from spreadsheets.faults import RefusedError
from spreadsheets.headers import Form
from spreadsheets.read_row import ReadRow
from spreadsheets.repeats import Repeat
from spreadsheets.rows import Checked, check_table
from spreadsheets.values import Cell, key, line, parts, whole_number

_code = key(CODE_PATTERN, "code-invalid")
_staff_id = key(STAFF_ID_PATTERN, "code-invalid")


def check_topics_file(path: Path, lecturers: Collection[str]) -> Checked[TopicRow]:
    """Validate a file of topics without changing anything; `lecturers` are those on the staff."""

    def known_lecturers(row: ReadRow) -> None:
        named = row.values.get("lecturers")
        if isinstance(named, tuple) and not set(named) <= set(lecturers):
            row.add("lecturer-not-on-staff", "lecturers")

    return check_table(path, TopicRow, Form(TOPIC_COLUMNS), row_rules=known_lecturers, repeats=_REPEATS)


def _lecturers(cell: Cell) -> tuple[object, ...]:
    named = parts(cell, comma=True)
    if not named:
        raise RefusedError("required")
    return tuple(dict.fromkeys(map(_staff_id, named)))


TOPIC_COLUMNS: Final = ColumnWords(Path(__file__).with_name("columns.toml")).columns(
    {
        "year": whole_number(FIRST_YEAR, LAST_YEAR),
        "topic": _code,
        "field": _code,
        "title_ja": line(LINE_LIMIT),
        "title_en": line(LINE_LIMIT),
        "lecturers": _lecturers,
    }
)
_REPEATS: Final = (
    Repeat("topic-repeated", "topic", lambda row: (row.values.get("year"), row.values.get("topic"))),
)
