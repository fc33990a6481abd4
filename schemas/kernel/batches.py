"""Files of numbers that are read by a declared mapping of the year: mapping, what a batch names, its rows.

A mapping is a TOML file that a person has written and another has read; whatever it does not say is refused.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Final, Literal, NamedTuple, Self
from unicodedata import normalize

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload

RowState = Literal["scored", "absent", "exempt", "present"]
"""A number; not there; excused; there, where no number is given, as in a list of who has come."""
PART_MARK: Final = "/"
"""Stands between the code of a subject and that of its part."""


class MappingError(ValueError):
    """A mapping that cannot be used; a line for each fault, with its place in the file."""


def _exact(value: object) -> object:
    """A float is another number than the one that somebody wrote: 0.1 is none."""
    if isinstance(value, float):
        raise ValueError("write it as text, in quotation marks")  # noqa: TRY004 - pydantic takes a ValueError
    return value


Marks = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, lt=10**9, max_digits=12, decimal_places=3)]
"""Full marks, exact."""
Header = Annotated[str, Field(min_length=1, max_length=80)]
Headers = Annotated[tuple[Header, ...], Field(min_length=1)]


class Declared(Payload):
    """A table of a mapping file. What it does not know is a slip of the pen and not of a newer release."""

    model_config = ConfigDict(extra="forbid")


class MappedColumn(Declared):
    """A column by its headers."""

    headers: Headers


class NumberColumn(MappedColumn):
    """The column that says whom a row is about; numbers are text."""

    width: int | None = Field(default=None, ge=1, le=32)
    """So many characters, leading zeros among them."""
    pad: bool = False
    """Whether zeros that a spreadsheet has cut off are put back without a word."""


class BatchColumns(Declared):
    """What the columns are that are no parts. `kana` and `total` are compared and not taken."""

    number: NumberColumn
    other_number: MappedColumn | None = None
    subject: MappedColumn | None = None
    part: MappedColumn | None = None
    value: MappedColumn | None = None
    status: MappedColumn | None = None
    order: MappedColumn | None = None
    """In which order somebody answered, from 1."""
    year: MappedColumn | None = None
    exam: MappedColumn | None = None
    kana: MappedColumn | None = None
    total: MappedColumn | None = None


class MappedPart(Declared):
    """A part for which there is one value a number: of a wide file its column, of a long one its code."""

    code: Code
    headers: tuple[Header, ...] = ()
    codes: tuple[Header, ...] = ()
    """As the file writes it, compared as text; `subject/part` where it has a column for each."""
    subject: Code | None = None
    full: Marks | None = None
    """The most that there is for it; None where no number is given."""
    decimals: int = Field(default=0, ge=0, le=3)
    """Digits after the point at most."""


class StateWords(Declared):
    """What stands for a state, in place of a number or in the column of states."""

    absent: tuple[Header, ...] = ()
    exempt: tuple[Header, ...] = ()
    present: tuple[Header, ...] = ()
    """Of the column of states alone: there is a number, or whoever the row is about has come."""


class HeadLabels(Declared):
    """Labels in the rows above the header, each with what it names in the next cell that is not blank."""

    year: tuple[Header, ...] = ()
    exam: tuple[Header, ...] = ()
    part: tuple[Header, ...] = ()
    rows: tuple[Header, ...] = ()
    sum: tuple[Header, ...] = ()


class BatchMapping(Declared):
    """How the files of one kind are read in one year."""

    key: Code
    year: int = Field(ge=2000, le=2999)
    kind: Code
    exam: Code
    year_words: tuple[Header, ...] = ()
    """How files write the year beside its digits, such as 令和9年度."""
    exam_words: tuple[Header, ...] = ()
    subject: Header | None = None
    """The subject, as text, of a file that has a column of parts alone."""
    columns: BatchColumns
    parts: tuple[MappedPart, ...] = Field(min_length=1, max_length=100)
    states: StateWords = StateWords()
    head: HeadLabels = HeadLabels()

    @property
    def wide(self) -> bool:
        """Whether each part has a column of its own."""
        return bool(self.parts[0].headers)

    @property
    def counted(self) -> bool:
        """Whether the file brings numbers, and so a sum."""
        return self.wide or self.columns.value is not None

    @property
    def every_part(self) -> frozenset[str]:
        """The codes of all parts."""
        return frozenset(part.code for part in self.parts)

    def named_part(self, name: str) -> frozenset[str]:
        """The codes of the parts that a head means by the code of a part or of a subject."""
        return frozenset(part.code for part in self.parts if name in (part.code, part.subject))

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        faults = [*_faults_of_shape(self), *_faults_of_words(self)]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def _faults_of_shape(mapping: BatchMapping) -> Iterable[str]:
    columns, parts = mapping.columns, mapping.parts
    if columns.number.pad and columns.number.width is None:
        yield "columns.number: pad needs a width"
    coded = columns.subject is not None or columns.part is not None
    if mapping.wide:
        for name in ("subject", "part", "value", "order"):
            if getattr(columns, name) is not None:
                yield f"columns.{name}: not where each part has a column"
    elif not coded and len(parts) > 1:
        yield "parts: without a column of subjects or parts there is one"
    if any(bool(part.headers) != mapping.wide or bool(part.codes) != coded for part in parts):
        yield "parts: all of them have headers and no codes, or all have codes"
    yield from _faults_of_numbers(mapping)


def _faults_of_numbers(mapping: BatchMapping) -> Iterable[str]:
    if mapping.counted and any(part.full is None for part in mapping.parts):
        yield "parts: full is missing"
    if not mapping.counted and mapping.columns.total is not None:
        yield "columns.total: there are no values to compare it with"


def _faults_of_words(mapping: BatchMapping) -> Iterable[str]:
    named = {
        "parts": [part.code for part in mapping.parts],
        "parts.codes": [code for part in mapping.parts for code in part.codes],
        "states": [*mapping.states.absent, *mapping.states.exempt, *mapping.states.present],
        "headers": [
            *(header for part in mapping.parts for header in part.headers),
            *(
                header
                for name in BatchColumns.model_fields
                for header in getattr(getattr(mapping.columns, name), "headers", ())
            ),
        ],
    }
    for place, words in named.items():
        plain = [normalize("NFKC", word).strip() for word in words]
        if twice := sorted({word for word in plain if plain.count(word) > 1}):
            yield f"{place}: twice: {', '.join(twice)}"


def read_mapping(text: str) -> BatchMapping:
    """Read a mapping file.

    Raises:
        MappingError: no TOML, a table or a field that is not known or is missing, or parts that do not fit
            together.
    """
    try:
        return BatchMapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"no TOML: {error}") from None
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, fault['loc'])) or 'mapping'}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise MappingError("\n".join(lines)) from None


class BatchHead(Payload):
    """What a batch names of itself; what is None is named by the file's own head rows, or by nobody."""

    year: int | None = None
    exam: Code | None = None
    part: Code | None = None
    """The one part, or the one subject, that the file is about; None: any that the mapping has."""
    rows: int | None = Field(default=None, ge=0)
    """Rows of the file that are not blank."""
    sum: Annotated[Decimal, BeforeValidator(_exact)] | None = None
    """Of all numbers of the file, without its check columns."""


class BatchRow(NamedTuple):
    """One value, with the row of the file that it stands in. A blank cell is none: it changes nothing."""

    number: str
    part: str
    state: RowState
    value: Decimal | None
    order: int | None
    row: int


class PartDistribution(Payload):
    """What a batch holds of a part: counts and marks, nothing of anybody."""

    count: int = 0
    """Numbers, zeros among them."""
    zero: int = 0
    absent: int = 0
    exempt: int = 0
    present: int = 0
    blank: int = 0
    """Cells without anything: nobody has said what is true."""
    min: Decimal | None = None
    max: Decimal | None = None
    mean: Decimal | None = None
    """With two decimals, halves up; None where there is no number."""
    full: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """A batch without a fault, ready to be stored. `head` has nothing open but perhaps the part."""

    mapping: BatchMapping
    head: BatchHead
    rows: Sequence[BatchRow] = field(repr=False)
    distribution: Mapping[str, PartDistribution]
    file_sha256: str
    hash: str

    @property
    def parts(self) -> frozenset[str]:
        """The parts that it is about: what stands of others does not vanish."""
        part = self.head.part
        return self.mapping.every_part if part is None else self.mapping.named_part(part)


def decimal_text(value: Decimal) -> str:
    """A number as all parts write it: no exponent, no zeros at the end of its decimals."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rows_hash(rows: Iterable[BatchRow]) -> str:
    """SHA-256 (hexadecimal) over rows as read, whatever their order; the database makes the same of them."""
    lines = sorted(
        (
            *(row.number, row.part, row.state),
            "" if row.value is None else decimal_text(row.value),
            "" if row.order is None else str(row.order),
        )
        for row in rows
    )
    return hashlib.sha256("\n".join(map("\t".join, lines)).encode()).hexdigest()
