"""What is wrong with applications that come over HTTP: the rules of an import without its spreadsheet."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from activities.admission.application_rules import contradictions, normalised, unfit_texts
from schemas.admission.applications import ApplicationRow
from schemas.kernel.people import NumberedRow

Rows = list[NumberedRow[ApplicationRow]]
FaultAt = tuple[int, str, str]
"""Place in the list (from 0), field, code of docs/import-format.md."""


def faults_among(
    applications: Sequence[ApplicationRow], declared: Mapping[str, frozenset[str]], today: date
) -> tuple[Rows, list[FaultAt]]:
    """The applications as an import would have read them, and every fault.

    Args:
        applications: of one request.
        declared: programmes of each round.
        today: the day in Tokyo.
    """
    rows = [NumberedRow(place, normalised(each)) for place, each in enumerate(applications)]
    faults = [found for row in rows for found in _own_faults(row, declared, today)]
    first = rows[0].data.round_id
    faults += [(row.row, "round_id", "round-mismatch") for row in rows if row.data.round_id != first]
    return rows, sorted({*faults, *_between(rows)})


def _own_faults(
    row: NumberedRow[ApplicationRow], declared: Mapping[str, frozenset[str]], today: date
) -> Iterator[FaultAt]:
    data = row.data
    values = {name: getattr(data, name) for name in ApplicationRow.model_fields}
    for found in (*contradictions(values, today), *unfit_texts(data)):
        yield row.row, found.name, found.code
    if data.round_id not in declared:
        yield row.row, "round_id", "round-unknown"
    elif data.programme not in declared[data.round_id]:
        yield row.row, "programme", "programme-unknown"


def _between(rows: Rows) -> Iterator[FaultAt]:
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    accounts: defaultdict[str, dict[tuple[str, str, date], list[int]]] = defaultdict(dict)
    for row in rows:
        data = row.data
        numbers[data.application_no].append(row.row)
        if data.applicant_account:
            person = (data.family_kana, data.given_kana, data.birth_date)
            accounts[data.applicant_account].setdefault(person, []).append(row.row)
    for places in numbers.values():
        if len(places) > 1:
            yield from ((place, "application_no", "application-no-repeated") for place in places)
    for persons in accounts.values():
        if len(persons) > 1:
            for places in persons.values():
                yield from ((place, "applicant_account", "account-contradiction") for place in places)
