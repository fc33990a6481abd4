"""Check a file of what immigration says of a batch (X13): each row against whom it was filed for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from schemas.exchange.files import CoeRow
from spreadsheets.column_words import ColumnWords
from spreadsheets.dates import read_date
from spreadsheets.exchange.names import read_name
from spreadsheets.faults import fault
from spreadsheets.headers import Form
from spreadsheets.read_row import ReadRow
from spreadsheets.repeats import Repeat, same_value
from spreadsheets.rows import Checked, check_table
from spreadsheets.values import choice, key
from workflows.exchange.comparing import Filed, folded

_WORDS: Final = ColumnWords(Path(__file__).with_name("columns.toml"))
COLUMNS: Final = _WORDS.columns(
    {
        "key": key(r"[0-9]{2}[SA]-[A-Z0-9]{4,20}", "code-invalid", fold=str.upper),
        "name": read_name,
        "born": read_date,
        "result": choice(_WORDS.choices("result")),
        "on": read_date,
    }
)


def check_coe_file(path: Path, filed: Mapping[str, Filed]) -> Checked[CoeRow]:
    """Validate results without changing anything; `filed`: the persons of the batch by their row keys.

    The order of the rows says nothing. Who is missing in it is told, and so is who has withdrawn.
    """

    def rules(row: ReadRow) -> None:
        named = row.values.get("key")
        if not isinstance(named, str):
            return
        person = filed.get(named)
        if person is None:
            row.add("row-key-unknown", "key")
            return
        name, born = row.values.get("name"), row.values.get("born")
        if (isinstance(name, str) and folded(name) != folded(person.name)) or (
            isinstance(born, date) and born != person.born
        ):
            row.add("row-of-another", "name")
        if person.ended:
            row.add("row-of-ended", "key")
        elif (row.values.get("result"), row.values.get("on")) == (person.result, person.on):
            row.add("result-known", "result")

    same = Repeat("person-repeated-in-batch", "key", same_value("key"))
    checked = check_table(path, CoeRow, Form(COLUMNS), row_rules=rules, repeats=(same,))
    named = {row.data.key for row in checked.rows}
    missing = [name for name, each in filed.items() if name not in named and not each.ended]
    if not missing or checked.errors:
        return checked
    told = fault("rows-missing", parameters={"keys": ", ".join(sorted(missing))})
    return replace(checked, faults=(*checked.faults, told))
