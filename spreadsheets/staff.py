"""Check a file of staff: who they are, what they may do, and what conflicts of interest are computed from."""

import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

from cases.registry import ROLES
from schemas.kernel.people import (
    LINE_LIMIT,
    LOAD_CAP_LIMIT,
    NAME_LIMIT,
    STAFF_ID_PATTERN,
    Employment,
    StaffRow,
)
from schemas.kernel.texts import tidy
from spreadsheets.column_words import ColumnWords
from spreadsheets.dates import parse_date, read_date
from spreadsheets.faults import RefusedError
from spreadsheets.headers import Form
from spreadsheets.read_row import ReadRow
from spreadsheets.repeats import Repeat, same_email, same_value
from spreadsheets.rows import Checked, Told, check_table, tell_nobody
from spreadsheets.values import Cell, choice, email, key, line, parts, phone, whole_number

_WORDS: Final = ColumnWords(Path(__file__).with_name("staff.toml"))
LANGUAGES: Final = _WORDS.choices("language")
_ALSO_CALLED: Final = {
    also: role
    for path in sorted(Path(__file__).parent.glob("*/roles.toml"))
    for role, others in tomllib.loads(path.read_text(encoding="utf-8")).items()
    for also in others
}
"""What offices call the roles of their processes beside the names that these have."""
_ROLES: Final = {
    **{spelling: role for role, (japanese, _) in ROLES.items() for spelling in (role, japanese)},
    **_ALSO_CALLED,
}
_UNTIL: Final = re.compile(
    r"(?P<name>.+?)\s*[(（](?:until\s+)?(?P<until>[^()（）]*[\d元][^()（）]*?)\s*(?:まで)?[)）]"
)
_name = line(NAME_LIMIT)
_role = choice(_ROLES)


def check_staff_file(path: Path, told: Told = tell_nobody) -> Checked[StaffRow]:
    """Validate a staff file without changing anything; in every format that files may have.

    `told` is called with the rows done and those in all.
    """
    form = Form(STAFF_COLUMNS)
    return check_table(path, StaffRow, form, row_rules=_row_rules, repeats=_REPEATS, told=told)


def _row_rules(row: ReadRow) -> None:
    start, end = row.values.get("available_from"), row.values.get("available_to")
    if isinstance(start, date) and isinstance(end, date) and end < start:
        row.add("date-order", "available_to")


_REPEATS: Final = (
    Repeat("staff-id-repeated", "staff_id", same_value("staff_id")),
    Repeat("person-repeated", "email", same_email),
)


def _roles(cell: Cell) -> frozenset[str]:
    # separators alone are none of the roles either
    return frozenset(str(_role(part)) for part in parts(cell, comma=True) or [""])


def _employment(text: str) -> Employment:
    if len(text) > LINE_LIMIT:
        # The pattern's time grows with the square of the length.
        raise RefusedError("text-too-long", limit=LINE_LIMIT)
    match = _UNTIL.fullmatch(text)
    if match is None:
        return Employment(name=str(_name(text)))
    return Employment(name=str(_name(match["name"])), until=parse_date(tidy(match["until"])))


def _each(read: Callable[[str], object]) -> Callable[[Cell], tuple[object, ...]]:
    return lambda cell: tuple(read(part) for part in parts(cell))


STAFF_COLUMNS: Final = _WORDS.columns(
    {
        "staff_id": key(STAFF_ID_PATTERN, "code-invalid"),
        "name": _name,
        "email": email,
        "language": choice(LANGUAGES),
        "roles": _roles,
        "load_cap": whole_number(1, LOAD_CAP_LIMIT),
        "available_from": read_date,
        "available_to": read_date,
        "employers": _each(_employment),
        "relations": _each(_name),
        "phone": phone,
        "address": line(LINE_LIMIT, break_is_space=True),
    }
)
