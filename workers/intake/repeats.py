"""Rows that repeat one another: the same key is an error, the same person a question for a person."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Final

from workers.intake.codes import Code
from workers.intake.rows import ReadRow

NAMED_ROWS: Final = 10


RowKey = Callable[[ReadRow], Hashable | None]


def mark_repeats(
    rows: Sequence[ReadRow],
    code: Code,
    column: str,
    key: RowKey,
    *,
    unless: RowKey | None = None,
) -> None:
    """Add a fault to every row that shares its key with others, naming the first ten; None is no key.

    A group whose rows, as far as it is known, also share the key `unless` is passed over.
    """
    groups: defaultdict[Hashable, list[ReadRow]] = defaultdict(list)
    for row in rows:
        if (value := key(row)) is not None:
            groups[value].append(row)
    for group in groups.values():
        if len(group) == 1 or (unless is not None and _all_share(group, unless)):
            continue
        named = group[: NAMED_ROWS + 1]
        for row in group:
            others = [other.number for other in named if other is not row]
            text = ", ".join(map(str, others[:NAMED_ROWS]))
            row.add(code, column, rows=f"{text}, …" if len(group) > NAMED_ROWS + 1 else text)


def _all_share(group: Sequence[ReadRow], key: RowKey) -> bool:
    return len({key(row) for row in group} - {None}) <= 1


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


def same_person(row: ReadRow) -> Hashable | None:
    """The key of rows whose reading and date of birth are the same."""
    values = row.values
    key = (values.get("family_kana"), values.get("given_kana"), values.get("birth_date"))
    return None if None in key else key
