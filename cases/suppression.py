"""Counts that may be published: small ones are hidden, and with them what would tell them by subtraction."""

from collections.abc import Mapping
from typing import Final

LEAST: Final = 5
"""The smallest count that is shown."""
SEVERAL: Final = 2
"""So many cells of a table are hidden, or none: one alone is the total less the others."""

Counts = Mapping[str, Mapping[str, int]]
"""Tables by their names: cells by theirs. The cells of each table are the same people, each once."""
Published = dict[str, dict[str, int | None]]


def published(tables: Counts, least: int = LEAST) -> tuple[int | None, Published]:
    """The total and the tables with None for what is hidden.

    No hidden count follows from what is shown, by sums over one table or over several: where one is hidden
    another one of its table is too, and together they are so many that it could be either. The smallest of
    the others is taken for it.

    Raises:
        ValueError: the tables have different totals.
    """
    totals = {sum(cells.values()) for cells in tables.values()}
    if len(totals) != 1:
        raise ValueError("each table counts the same people")
    (total,) = totals
    hidden = {
        name: cells.keys() if total < least else _hidden(cells, least) for name, cells in tables.items()
    }
    shown = {
        name: {cell: None if cell in hidden[name] else count for cell, count in cells.items()}
        for name, cells in tables.items()
    }
    return (total if total >= least else None), shown


def _hidden(cells: Mapping[str, int], least: int) -> set[str]:
    hidden = {cell for cell, count in cells.items() if count < least}
    others = sorted(cells.keys() - hidden, key=lambda cell: (cells[cell], cell))
    while hidden and others and (len(hidden) < SEVERAL or sum(cells[cell] for cell in hidden) < least):
        hidden.add(others.pop(0))
    return hidden
