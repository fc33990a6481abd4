"""What a sheet's XML says beside the values: errors in cells, formulas never calculated, what is hidden."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

NEVER_CALCULATED: Final = "#UNCALCULATED!"
"""What stands for the missing value of a formula that no program has calculated."""
_HIDDEN: Final = ("1", "true")


@dataclass(slots=True)
class SheetMarks:
    """Rows and columns count from 0; `texts` are those of error cells, by row and column."""

    texts: dict[int, dict[int, str]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)


def sheet_marks(chunks: Iterable[bytes], *, columns: int) -> SheetMarks:
    """Read a sheet's XML for what the reader of its values does not tell.

    Raises:
        xml.parsers.expat.ExpatError: it is no XML.
    """
    scan = _Scan(columns)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = scan.start, scan.end
    parser.CharacterDataHandler = scan.text
    for chunk in chunks:
        parser.Parse(chunk, False)
    parser.Parse(b"", True)
    return scan.marks


class _Scan:
    def __init__(self, columns: int) -> None:
        self.marks = SheetMarks()
        self._columns = columns
        self._row = self._column = -1
        self._kind = ""
        self._formula = self._in_value = False
        self._value = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        match tag.rpartition(":")[2]:
            case "row":
                self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
                self._column = -1
                if attributes.get("hidden") in _HIDDEN:
                    self.marks.hidden_rows.add(self._row)
            case "c":
                self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
                self._kind, self._formula, self._value = attributes.get("t", "n"), False, ""
            case "f":
                self._formula = True
            case "v":
                self._in_value = True
            case "col" if attributes.get("hidden") in _HIDDEN:
                first, last = int(attributes["min"]) - 1, int(attributes["max"])
                self.marks.hidden_columns.update(range(first, min(last, self._columns)))

    def text(self, text: str) -> None:
        if self._in_value:
            self._value += text

    def end(self, tag: str) -> None:
        match tag.rpartition(":")[2]:
            case "v":
                self._in_value = False
            case "c" if self._kind == "e":
                self._mark(self._value or "#N/A")
            case "c" if self._formula and self._kind != "str" and not self._value:
                self._mark(NEVER_CALCULATED)

    def _mark(self, text: str) -> None:
        self.marks.texts.setdefault(self._row, {})[self._column] = text


def _column(reference: str) -> int:
    number = 0
    for letter in reference.rstrip("0123456789"):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
