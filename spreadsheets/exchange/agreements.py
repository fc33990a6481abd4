"""Check a file of agreements: how many persons and months a partner may send in a term, to which faculty."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from schemas.exchange.files import AgreementRow
from schemas.kernel.identifiers import CODE_PATTERN
from spreadsheets.column_words import ColumnWords
from spreadsheets.exchange.nominations import TERM
from spreadsheets.faults import Fault, RefusedError, fault
from spreadsheets.headers import Form
from spreadsheets.read_row import ReadRow
from spreadsheets.repeats import Repeat
from spreadsheets.rows import Checked, check_table
from spreadsheets.values import Cell, as_text, key, whole_number

MOST: Final = 9999
_WORDS: Final = ColumnWords(Path(__file__).with_name("columns.toml"))
_code = key(CODE_PATTERN, "code-invalid", fold=str.lower)


def _months(cell: Cell) -> Decimal:
    try:
        months = Decimal(as_text(cell).strip())
    except InvalidOperation:
        raise RefusedError("number-invalid", low=0, high=MOST) from None
    if not 0 <= months <= MOST:
        raise RefusedError("number-invalid", low=0, high=MOST)
    return months.quantize(Decimal("0.01"))


COLUMNS: Final = tuple(
    # every row names its own here
    replace(column, required=True)
    for column in _WORDS.columns(
        {
            "term": key(TERM, "term-invalid", fold=str.upper),
            "agreement": _code,
            "partner": _code,
            "faculty": _code,
            "persons": whole_number(0, MOST),
            "months": _months,
        }
    )
)
_SAME: Final = Repeat(
    "agreement-repeated",
    "agreement",
    lambda row: tuple(row.values.get(name) for name in ("term", "agreement", "faculty")),
)


def check_agreements_file(path: Path, partners: Collection[str]) -> Checked[AgreementRow]:
    """Validate a file of agreements without changing anything; `partners` are those with an address."""

    def rules(row: ReadRow) -> None:
        partner = row.values.get("partner")
        if isinstance(partner, str) and partner not in partners:
            row.add("partner-without-address", "partner")

    checked = check_table(path, AgreementRow, Form(COLUMNS), row_rules=rules, repeats=(_SAME,))
    whole, owners = set[tuple[str, str]](), defaultdict[tuple[str, str], set[str]](set)
    for row in checked.rows:
        named = row.data.term, row.data.agreement
        owners[named].add(row.data.partner)
        if row.data.faculty == "all":
            whole.add(named)
    found = list[Fault]()
    for row in checked.rows:
        named = row.data.term, row.data.agreement
        if named not in whole:
            found.append(fault("agreement-without-whole", row=row.row))
        if len(owners[named]) > 1:
            found.append(fault("agreement-two-partners", row=row.row))
    return replace(checked, rows=() if found else checked.rows, faults=(*checked.faults, *found))
