"""Check a file of staff: who they are, what they may do, and what conflicts of interest are computed from."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

from schemas.admission.roles import Role
from schemas.kernel.people import (
    LINE_LIMIT,
    LOAD_CAP_LIMIT,
    NAME_LIMIT,
    STAFF_ID_PATTERN,
    Employment,
    StaffRow,
)
from schemas.kernel.roles import ADMINISTRATOR
from schemas.kernel.texts import tidy
from spreadsheets.admission.application_columns import LANGUAGES
from spreadsheets.admission.repeats import Repeat, same_email, same_value
from spreadsheets.dates import parse_date, read_date
from spreadsheets.faults import RefusedError
from spreadsheets.headers import Column, Form
from spreadsheets.read_row import ReadRow
from spreadsheets.rows import Checked, Told, check_table, tell_nobody
from spreadsheets.values import Cell, as_text, choice, email, key, line, phone, whole_number

ROLES: Final = {
    **{role.value: role for role in Role},
    "入試課": Role.ADMISSIONS_OFFICE,
    "審査員": Role.REVIEWER,
    "評価者": Role.REVIEWER,
    "委員": Role.COMMITTEE_MEMBER,
    "委員長": Role.COMMITTEE_CHAIR,
    "点検者": Role.CHECKER,
    "入試統括": Role.HEAD_OF_ADMISSIONS,
    "監査": Role.AUDITOR,
    ADMINISTRATOR: ADMINISTRATOR,
    "システム管理": ADMINISTRATOR,
}
_SEPARATORS: Final = re.compile(r"[;\uff1b、\n]")
_ROLE_SEPARATORS: Final = re.compile(r"[;\uff1b、,\uff0c\n]")
_UNTIL: Final = re.compile(
    r"(?P<name>.+?)\s*[(（](?:until\s+)?(?P<until>[^()（）]*[\d元][^()（）]*?)\s*(?:まで)?[)）]"
)
_name = line(NAME_LIMIT)
_role = choice(ROLES)


def check_staff_file(path: Path, told: Told = tell_nobody) -> Checked[StaffRow]:
    """Validate a staff file without changing anything; the same formats as for applications.

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


def _parts(cell: Cell, separators: re.Pattern[str] = _SEPARATORS) -> list[str]:
    return [part.strip() for part in separators.split(as_text(cell)) if part.strip()]


def _roles(cell: Cell) -> frozenset[str]:
    found = frozenset(str(_role(part)) for part in _parts(cell, _ROLE_SEPARATORS))
    if not found:
        raise RefusedError("choice-unknown")
    return found


def _employment(text: str) -> Employment:
    if len(text) > LINE_LIMIT:
        # The pattern's time grows with the square of the length.
        raise RefusedError("text-too-long", limit=LINE_LIMIT)
    match = _UNTIL.fullmatch(text)
    if match is None:
        return Employment(name=str(_name(text)))
    return Employment(name=str(_name(match["name"])), until=parse_date(tidy(match["until"])))


def _each(read: Callable[[str], object]) -> Callable[[Cell], tuple[object, ...]]:
    return lambda cell: tuple(read(part) for part in _parts(cell))


STAFF_COLUMNS: Final = (
    Column(
        "staff_id",
        key(STAFF_ID_PATTERN, "code-invalid"),
        ("教職員ID", "staff id", "職員番号", "職員ID"),
        required=True,
    ),
    Column("name", _name, ("氏名", "name", "名前"), required=True),
    Column("email", email, ("メールアドレス", "email", "e-mail", "メール"), required=True),
    Column("language", choice(LANGUAGES), ("連絡言語", "language", "言語")),
    Column("roles", _roles, ("役割", "roles", "role", "権限"), required=True),
    Column("load_cap", whole_number(1, LOAD_CAP_LIMIT), ("担当上限", "load cap", "上限件数")),
    Column("available_from", read_date, ("担当可能開始日", "available from", "開始日")),
    Column("available_to", read_date, ("担当可能終了日", "available to", "終了日")),
    Column("employers", _each(_employment), ("所属歴", "employers", "所属", "勤務先")),
    Column("relations", _each(_name), ("関係者", "relations", "利害関係者")),
    Column("phone", phone, ("電話番号", "phone", "telephone", "電話")),
    Column("address", line(LINE_LIMIT, break_is_space=True), ("住所", "address")),
)
