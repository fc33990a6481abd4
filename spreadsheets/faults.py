"""What can be wrong with a file: codes, their words in both languages, and the place of each fault."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

Severity = Literal["error", "warning"]
_HERE: Final = Path(__file__).parent
WORDS: Final[Mapping[str, Mapping[str, Any]]] = {
    code: words
    for path in (_HERE / "faults.toml", *sorted(_HERE.glob("*/faults.toml")))
    for code, words in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
"""By code: what every file can have, and what those of each process can have beside it."""
WARNINGS: Final = frozenset(code for code, words in WORDS.items() if words.get("warning"))
"""Faults that a person should see but that keep no row out."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file. It names the place, never the value that stands there.

    `row` is the number that Excel shows, None for the whole file. `column` is the header as the file has it
    followed by the column's letter, e.g. `生年月日 (H)`; `position` is the same column counted from 0.
    """

    row: int | None
    column: str | None
    code: str
    message_ja: str
    message_en: str
    severity: Severity
    position: int | None = None


class RefusedError(ValueError):
    """A value or a file that cannot be taken, with the code that says why and the message's parameters."""

    def __init__(self, code: str, *, row: int | None = None, **parameters: object) -> None:
        super().__init__(code)
        self.code = code
        self.row = row
        self.parameters = parameters


@lru_cache(maxsize=256)
def _filled(code: str, parameters: tuple[tuple[str, object], ...]) -> tuple[str, str]:
    # A file of 200,000 rows can have millions of faults: they share their texts.
    words, values = WORDS[code], dict(parameters)
    return words["ja"].format(**values), words["en"].format(**values)


def fault(
    code: str,
    *,
    row: int | None = None,
    column: str | None = None,
    position: int | None = None,
    parameters: Mapping[str, object] | None = None,
) -> Fault:
    """Make the fault of a code at a place, its messages filled with the parameters."""
    japanese, english = _filled(code, tuple((parameters or {}).items()))
    severity: Severity = "warning" if code in WARNINGS else "error"
    return Fault(row, column, code, japanese, english, severity, position)
