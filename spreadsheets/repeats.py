"""Rows that repeat one another: the same key is an error, the same person a question for a person."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Final

from spreadsheets.faults import Fault, fault
from spreadsheets.headers import Layout
from spreadsheets.read_row import ReadRow

NAMED_ROWS: Final = 10


RowKey = Callable[[ReadRow], Hashable | None]


@dataclass(frozen=True, slots=True)
class Repeat:
    """What no two rows may share: a key, None being none.

    Rows that, as far as it is known, also share the key `unless` may share the first.
    """

    code: str
    column: str
    key: RowKey
    unless: RowKey | None = None


class Repeats:
    """Rows that share a key with others, found while the rows pass by; of each only its keys are kept."""

    def __init__(self, rule: Repeat) -> None:
        self._rule = rule
        self._first: dict[Hashable, int] = {}
        self._others: defaultdict[Hashable, list[int]] = defaultdict(list)
        self._apart: dict[int, Hashable] = {}

    def add(self, row: ReadRow) -> None:
        """Note a row."""
        if (key := self._rule.key(row)) is None:
            return
        if self._first.setdefault(key, row.number) != row.number:
            self._others[key].append(row.number)
        if self._rule.unless is not None and (apart := self._rule.unless(row)) is not None:
            self._apart[row.number] = hash(apart)

    def faults(self, layout: Layout) -> Iterator[Fault]:
        """A fault for every row that shares its key with others, naming the first ten."""
        column, position = layout.label(self._rule.column)
        for key, others in self._others.items():
            group = [self._first[key], *others]
            if self._rule.unless is not None and len({self._apart.get(row) for row in group} - {None}) <= 1:
                continue
            named = group[: NAMED_ROWS + 1]
            for number in group:
                text = ", ".join(map(str, [row for row in named if row != number][:NAMED_ROWS]))
                rows = {"rows": f"{text}, …" if len(group) > NAMED_ROWS + 1 else text}
                yield fault(self._rule.code, row=number, column=column, position=position, parameters=rows)


def same_value(column: str) -> RowKey:
    """The key of rows that have the same value in a column."""

    def key(row: ReadRow) -> Hashable | None:
        value = row.values.get(column)
        return value if isinstance(value, Hashable) else None

    return key


def same_email(row: ReadRow) -> Hashable | None:
    """The key of rows with the same mailbox, whatever its capital letters."""
    value = row.values.get("email")
    return value.casefold() if isinstance(value, str) else None
