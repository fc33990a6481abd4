"""Files at the boards: what one has done or would do, and what is wrong with it, in the reader's words."""

import re
from collections.abc import Sequence
from typing import Any

from gateway.problems import Fault
from office.forms import Shown
from office.tables import Section, sections_of_answer
from office.words import Tongue
from spreadsheets.faults import WORDS as FAULT_WORDS


def of_file(t: Tongue, room: str, told: dict[str, Any]) -> list[Section]:
    """What a file did or would do, with what it was warned of in words."""
    warnings = told.pop("warnings", ())
    told.pop("checked_only", None)
    sections = sections_of_answer(t, room, told)
    if warnings:
        sections.append(by_code(t, [Fault(each["at"], each["code"]) for each in warnings], "Warning"))
    return sections


def by_code(t: Tongue, faults: Sequence[Fault], kind: str) -> Section:
    """Faults of a file of which only place and code are known: row, column, words."""
    rows = tuple(
        {
            "place": _place(t, each),
            "kind": t(kind),
            "what": t.pair((words["ja"], words["en"])).format_map(Shown()) if words else each.code,
            "code": each.code,
        }
        for each in faults
        for words in (FAULT_WORDS.get(each.code),)
    )
    columns = (
        ("place", t("Where")),
        ("kind", t("Kind")),
        ("what", t("What is wrong")),
        ("code", t("Code")),
    )
    return Section(t("Faults"), columns=columns, rows=rows)


def _place(t: Tongue, fault: Fault) -> str:
    """Where a fault is: of a file its row and column, else its field."""
    row = re.fullmatch(r"row:(\d+)(?::([A-Z]+))?", fault.at)
    if row is None:
        return fault.at.strip("/") or t("the whole")
    return t("row {row}", row=row[1]) + (f", {t('column {column}', column=row[2])}" if row[2] else "")
