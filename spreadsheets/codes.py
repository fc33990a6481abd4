"""The fault codes of an import, and the fault itself."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Severity = Literal["error", "warning"]


class Code(StrEnum):
    """What can be wrong with a file; documented in `docs/import-format.md`."""

    FILE_UNREADABLE = "file-unreadable"
    FILE_EMPTY = "file-empty"
    FILE_TOO_LARGE = "file-too-large"
    FILE_UNSUPPORTED = "file-unsupported"
    FILE_BINARY = "file-binary"
    ENCODING_UNKNOWN = "encoding-unknown"
    CSV_BROKEN = "csv-broken"
    WORKBOOK_BROKEN = "workbook-broken"
    WORKBOOK_TOO_DEMANDING = "workbook-too-demanding"
    TABLE_TOO_LARGE = "table-too-large"
    HEADER_MISSING = "header-missing"
    NO_ROWS = "no-rows"
    COLUMN_MISSING = "column-missing"
    COLUMN_DUPLICATE = "column-duplicate"
    COLUMN_UNKNOWN = "column-unknown"
    COLUMN_HIDDEN = "column-hidden"
    MAPPED_COLUMN_MISSING = "mapped-column-missing"
    SHEETS_IGNORED = "sheets-ignored"
    ROW_HIDDEN = "row-hidden"
    CELL_ERROR = "cell-error"
    TOO_MANY_CELLS = "too-many-cells"
    CELL_TOO_LONG = "cell-too-long"
    REQUIRED = "required"
    TEXT_TOO_LONG = "text-too-long"
    CONTROL_CHARACTER = "control-character"
    CHARACTER_LOST = "character-lost"
    GAIJI_CHARACTER = "gaiji-character"
    FORMULA_CHARACTER = "formula-character"
    NUMBER_NOT_TEXT = "number-not-text"
    NUMBER_INVALID = "number-invalid"
    APPLICATION_NO_INVALID = "application-no-invalid"
    APPLICATION_NO_WITHOUT_DIGIT = "application-no-without-digit"
    APPLICATION_NO_REPEATED = "application-no-repeated"
    ROUND_INVALID = "round-invalid"
    ROUND_MISMATCH = "round-mismatch"
    PROGRAMME_INVALID = "programme-invalid"
    PROGRAMME_UNKNOWN = "programme-unknown"
    CODE_INVALID = "code-invalid"
    CHOICE_UNKNOWN = "choice-unknown"
    NAME_NOT_SPLIT = "name-not-split"
    KANA_INVALID = "kana-invalid"
    EMAIL_INVALID = "email-invalid"
    PHONE_INVALID = "phone-invalid"
    POSTAL_CODE_INVALID = "postal-code-invalid"
    DATE_INVALID = "date-invalid"
    WEEKDAY_MISMATCH = "weekday-mismatch"
    ERA_OUT_OF_BOUNDS = "era-out-of-bounds"
    DATE_IN_FUTURE = "date-in-future"
    DATE_ORDER = "date-order"
    AGE_IMPLAUSIBLE = "age-implausible"
    ACCOMMODATION_DATE_MISSING = "accommodation-date-missing"
    ACCOUNT_CONTRADICTION = "account-contradiction"
    PERSON_REPEATED = "person-repeated"
    STAFF_ID_REPEATED = "staff-id-repeated"


WARNINGS = frozenset(
    {
        *(Code.COLUMN_UNKNOWN, Code.COLUMN_HIDDEN, Code.SHEETS_IGNORED),
        *(Code.GAIJI_CHARACTER, Code.PERSON_REPEATED),
    }
)
"""Faults that a person should see but that keep no row out."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file. It names the place, never the value that stands there.

    `row` is the number that Excel shows, None for the whole file. `column` is the header as the file has it
    followed by the column's letter, e.g. `生年月日 (H)`; `position` is the same column counted from 0.
    """

    row: int | None
    column: str | None
    code: Code
    message_ja: str
    message_en: str
    severity: Severity
    position: int | None = None


class RefusedError(ValueError):
    """A value or a file that cannot be taken, with the code that says why and the message's parameters."""

    def __init__(self, code: Code, *, row: int | None = None, **parameters: object) -> None:
        super().__init__(code.value)
        self.code = code
        self.row = row
        self.parameters = parameters
