"""Check a file of the learning system: who has been absent from which course how often."""

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from schemas.kernel.identifiers import CODE_PATTERN
from spreadsheets.column_words import ColumnWords
from spreadsheets.headers import Form
from spreadsheets.repeats import Repeat
from spreadsheets.rows import Checked, check_table
from spreadsheets.values import key, whole_number

MOST: Final = 200
"""Times that anybody is absent from a course."""


class AlertRow(BaseModel):
    """A student who has been absent from a course."""

    model_config = ConfigDict(frozen=True)

    person: str
    course: str
    absences: int


def check_alerts_file(path: Path) -> Checked[AlertRow]:
    """Validate a file of early alerts without changing anything."""
    same = Repeat("alert-repeated", "person", lambda row: _named(row.values))
    return check_table(path, AlertRow, Form(ALERT_COLUMNS), row_rules=lambda _row: None, repeats=(same,))


def _named(values: dict[str, object]) -> tuple[object, object] | None:
    named = values.get("person"), values.get("course")
    return None if None in named else named


ALERT_COLUMNS: Final = ColumnWords(Path(__file__).with_name("columns.toml")).columns(
    {
        "person": key(r"[A-Za-z0-9][A-Za-z0-9.-]{2,63}", "code-invalid"),
        "course": key(CODE_PATTERN, "code-invalid", fold=str.lower),
        "absences": whole_number(1, MOST),
    }
)
