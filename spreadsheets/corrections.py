"""Values of a correction as a person types them, read as a file's cells are: widths, eras, spellings.

A process says how in `spreadsheets/<room>/corrections.py`: `READERS` by record and field, and `CHECKS` by
record, which name what cannot be. What has no reader is taken as it comes; the record's model checks it all
the same.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from cases.registry import own_modules
from schemas.kernel.refusals import Refusal
from spreadsheets.faults import RefusedError
from workflows.kernel.process import Process


@cache
def _rooms() -> dict[str, Any]:
    return own_modules("spreadsheets", "corrections")


def read_values(process: Process[Any], record: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values normalised; an empty one is none.

    Raises:
        Refusal: one that a file would not have brought in either, by its field and code, never by the value.
    """
    room = _rooms().get(process.room)
    readers = room.READERS.get(record, {}) if room is not None else {}
    check: Callable[[Mapping[str, Any]], Iterator[tuple[str, str]]] | None
    check = room.CHECKS.get(record) if room is not None else None
    read, faults = dict[str, Any](), list[tuple[str, str]]()
    for name, value in given.items():
        if value is None or value == "":
            read[name] = None
            continue
        try:
            read[name] = readers[name](value) if name in readers else value
        except RefusedError as error:
            faults.append((name, error.code))
    faults += check(read) if check is not None else ()
    if faults:
        known = process.corrections[record].model.model_fields if record in process.corrections else ()
        told = "; ".join(f"{name}: {code}" for name, code in faults)
        raise Refusal("values-unfit", faults=told, known=", ".join(known) or "-")
    return read
