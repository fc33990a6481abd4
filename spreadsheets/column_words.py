"""The words of columns and of the choices in them, from the tables in which a kind of file has them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spreadsheets.headers import Column, Split
from spreadsheets.values import Reader


class ColumnWords:
    """A table of columns.

    Each of `columns` has the `headers` that offices give it, `spare` ones that count where a file has none of
    these, and those of columns that hold `pieces` of its value, or pieces `added` after a space, or `listed`
    as several values. `splits` are columns that hold two fields, `choices` the spellings of a value.
    """

    def __init__(self, path: Path) -> None:
        self._words: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))

    def columns(self, readers: Mapping[str, Reader]) -> tuple[Column, ...]:
        """The columns of the fields that have a reader, in their order.

        Raises:
            KeyError: one of them has no words.
        """
        return tuple(self._column(name, read) for name, read in readers.items())

    def splits(self) -> tuple[Split, ...]:
        """The columns that hold two fields."""
        return tuple(Split(tuple(each["fields"]), tuple(each["headers"])) for each in self._words["splits"])

    def groups(self) -> frozenset[str]:
        """The upper headers that say no more than whom the file is about."""
        return frozenset(self._words["groups"])

    def choices(self, name: str) -> dict[str, str]:
        """The spellings of a choice, each with the value that it stands for."""
        words = self._words["choices"][name].items()
        return {spelling: value for value, spellings in words for spelling in spellings}

    def _column(self, name: str, read: Reader) -> Column:
        words = self._words["columns"][name]
        pieces = dict.fromkeys(words.get("pieces", ()), "") | dict.fromkeys(words.get("added", ()), " ")
        pieces |= dict.fromkeys(words.get("listed", ()), ";")
        headers, spare = tuple(words["headers"]), tuple(words.get("spare", ()))
        return Column(name, read, headers, words.get("required", False), spare, pieces)
