"""Dates of a file from abroad: one form of date a file, proven by a day over the twelfth, else asked for."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from unicodedata import normalize

from spreadsheets.dates import read_date
from spreadsheets.faults import RefusedError
from spreadsheets.values import Cell
from workflows.exchange.comparing import Order

MOST_MONTHS: Final = 12
_YEAR_LAST: Final = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", re.ASCII)
_SERIAL: Final = re.compile(r"[1-9]\d{4}", re.ASCII)


@dataclass
class DayOrder:
    """Which of two numbers is the day in the dates of one file: read once to see it, and once by it.

    Dates that Excel has already read stand for themselves; beside ones that it has not, it has swapped those
    whose day is no more than twelve, and such a file is refused whole.
    """

    order: Order | None = None
    _proofs: set[Order] = field(default_factory=set)
    _written: bool = False
    _understood: bool = False

    def settled(self) -> "DayOrder":
        """How the file is read after it was looked through; `order` where it was given."""
        if self.order is not None or len(self._proofs) != 1:
            return DayOrder(self.order, set(self._proofs), self._written, self._understood)
        return DayOrder(next(iter(self._proofs)), set(self._proofs), self._written, self._understood)

    def read(self, cell: Cell) -> date:
        """Read a date.

        Raises:
            RefusedError: `date-forms-mixed` or `date-ambiguous`, beside what the host's dates have.
        """
        match = _YEAR_LAST.fullmatch(normalize("NFKC", cell).strip()) if isinstance(cell, str) else None
        if match is None:
            self._understood |= not isinstance(cell, str) or bool(_SERIAL.fullmatch(cell.strip()))
            return read_date(cell)
        self._written = True
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if first > MOST_MONTHS >= second:
            self._proofs.add("dmy")
        elif second > MOST_MONTHS >= first:
            self._proofs.add("mdy")
        if self._understood or len(self._proofs) > 1:
            raise RefusedError("date-forms-mixed")
        if self.order is None and first != second:
            raise RefusedError("date-ambiguous")
        day, month = (second, first) if self.order == "mdy" else (first, second)
        try:
            return date(year, month, day)
        except ValueError:
            raise RefusedError("date-invalid") from None
