"""Which column holds what: headers in Japanese or English, in one row or two, in any order, below titles."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_
from itertools import pairwise
from typing import Final
from unicodedata import normalize

from schemas.kernel.texts import HIRAGANA
from spreadsheets.faults import Fault, fault
from spreadsheets.values import Cell, Reader

SEARCHED_ROWS: Final = 20
FEWEST_HEADERS: Final = 2
NOT_IMPORTED: Final = "-"
"""What a mapping gives to a column that the office does not want imported."""
ANNOTATION_HEADERS: Final = ("確認結果", "Check result")
"""The two columns that an annotated copy adds; what follows is said of the whole file.

Columns whose headers begin so are ignored when the copy is handed in again."""

_NOTES: Final = re.compile(
    r"[(\[【](?:西暦|和暦|任意|必須|漢字|全角|半角|optional|required|y{2,4}[-/]?m{1,2}[-/]?d{1,2})[)\]】]"
)
_IGNORED: Final = re.compile(r"[\s_*※・.()\[\]【】「」〔〕-]+")
_READING: Final = re.compile("(?:フリガナ|振リ?仮名|[ヨ読]ミ(?:ガナ|仮名)?|カナ)$")
_NEUTRAL: Final = frozenset(
    (
        *("氏名", "氏名等", "名前", "申請者", "本人", "本人情報", "基本情報", "個人情報", "連絡先"),
        *("本人連絡先", "住所", "現住所", "name", "contact"),
        *("フリガナ", "ふりがな", "カナ", "よみ", "よみがな", "氏名フリガナ"),
    )
)
"""Upper headers below which a lower one means what it means alone; below 保護者 a 電話番号 is another one."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the import: its field, how its cells are read, and the headers that name it.

    The first header is the one that the office sees in messages and samples. `spare` headers count where the
    file has none of `headers`. `pieces` are headers of columns that hold a part of the value, each with what
    stands before it when the parts are put together in the file's order.
    """

    field: str
    read: Reader
    headers: tuple[str, ...]
    required: bool = False
    spare: tuple[str, ...] = ()
    pieces: Mapping[str, str] = field_(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Split:
    """A column that holds two fields with a space between them; it counts where they have no own columns."""

    fields: tuple[str, str]
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """What a kind of file may hold. `groups` are upper headers that say no more than whom it is about.

    `given` is the office's mapping for this file: header → field or `-`.

    `kept` are mappings given earlier, each by the `signature` of the header that it was given for.
    """

    columns: Sequence[Column]
    splits: Sequence[Split] = ()
    groups: frozenset[str] = frozenset()
    given: Mapping[str, str] = field_(default_factory=dict)
    kept: Mapping[str, Mapping[str, str]] = field_(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where (a part of) a value stands: the column from 0, which half of it, what stands before it."""

    at: int
    half: int | None = None
    glue: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a table's header is and what each column holds; positions and `header_row` count from 0.

    `mapping` is the one that was used, under the `signature` of the header.
    """

    header_row: int
    width: int
    places: Mapping[str, tuple[Place, ...]]
    labels: tuple[str, ...]
    annotations: frozenset[int]
    faults: tuple[Fault, ...]
    signature: str
    mapping: Mapping[str, str]

    def label(self, name: str) -> tuple[str | None, int | None]:
        """The name and position of a field's (first) column, for a fault."""
        places = self.places.get(name)
        return (None, None) if not places else (self.labels[places[0].at], places[0].at)

    def held(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each column's label with the fields that are read from it, in the order of the file."""
        for at, label in enumerate(self.labels):
            if label and at not in self.annotations:
                yield (
                    label,
                    tuple(
                        name
                        for name, places in self.places.items()
                        if any(place.at == at for place in places)
                    ),
                )


@dataclass(frozen=True, slots=True)
class _Title:
    """A column's header as the file has it, and the names to look it up by, the likeliest first."""

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a header may stand for; of several columns that may hold a field the lowest rank does."""

    field: str
    rank: int
    half: int | None = None
    piece: str | None = None


def letter(position: int) -> str:
    """Excel's letters for a column counted from 0."""
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


class Names:
    """What each header of a form can mean."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.given = {_squeeze(name): target for name, target in form.given.items()}
        self.meanings: defaultdict[str, list[_Meaning]] = defaultdict(list)
        for column in form.columns:
            for rank, headers in ((1, (*column.headers, column.field)), (2, column.spare)):
                for name in dict.fromkeys(map(_squeeze, headers)):
                    self.meanings[name].append(_Meaning(column.field, rank))
            for name, glue in column.pieces.items():
                self.meanings[_squeeze(name)].append(_Meaning(column.field, 1, piece=glue))
        for split in form.splits:
            for name in split.headers:
                for half, part in enumerate(split.fields):
                    self.meanings[_squeeze(name)].append(_Meaning(part, 3, half))

    def score(self, titles: Sequence[_Title]) -> int:
        """How many columns headers name: those that name most are it, or those of a kept mapping."""
        if _signature(titles) in self.form.kept:
            return len(titles) + FEWEST_HEADERS
        known = {
            self.given.get(name) or self.meanings[name][0].field
            for title in titles
            for name in title.names
            if name in self.given or name in self.meanings
        }
        # a name that takes two rows is no accident: 保護者 above 氏名 beats 保護者 alone
        return len(known) + any(
            name in self.meanings for title in titles if len(title.names) > 1 for name in title.names
        )

    def meant(self, title: _Title, mapping: Mapping[str, str]) -> list[_Meaning]:
        """What a column may hold, by the mapping or else by its likeliest known name."""
        for name in title.names:
            if name in mapping:
                fields = mapping[name].split("+")
                halves = range(len(fields)) if len(fields) > 1 else (None,)
                return [_Meaning(part, 0, half) for part, half in zip(fields, halves, strict=True)]
        return next((self.meanings[name] for name in title.names if name in self.meanings), [])


def locate(rows: Sequence[Sequence[Cell]], form: Form) -> Layout | None:
    """Find the header among the first rows and match its columns; None when there is none."""
    names = Names(form)
    found = [(at, titles_of(row)) for at, row in enumerate(rows[:SEARCHED_ROWS])]
    found += [
        (at, _double(*pair, groups=_NEUTRAL | form.groups))
        for at, pair in enumerate(pairwise(rows[: SEARCHED_ROWS + 1]), 1)
    ]
    header_row, titles = max(found, key=lambda each: names.score(each[1]), default=(0, []))
    return _match(header_row, titles, names) if names.score(titles) >= FEWEST_HEADERS else None


def _match(header_row: int, titles: Sequence[_Title], names: Names) -> Layout:
    labels = tuple(
        f"{' '.join(title.text.split())} ({letter(at)})".lstrip() for at, title in enumerate(titles)
    )
    annotations = frozenset(
        at for at, title in enumerate(titles) if title.text.startswith(ANNOTATION_HEADERS)
    )
    signature = _signature(titles)
    given = names.form.given or names.form.kept.get(signature, {})
    mapping = {_squeeze(name): target for name, target in given.items()}
    claims: defaultdict[str, list[tuple[_Meaning, int]]] = defaultdict(list)
    for at, title in enumerate(titles):
        if at not in annotations:
            for meaning in names.meant(title, mapping):
                claims[meaning.field].append((meaning, at))
    unused = {at for _, at in claims.pop(NOT_IMPORTED, [])} | annotations
    places: dict[str, tuple[Place, ...]] = {}
    doubled: set[int] = set()
    for column in names.form.columns:
        chosen = _choose(claims.get(column.field, []))
        if column.pieces or len(chosen) < 2:  # noqa: PLR2004 - one column or more
            places |= {column.field: chosen} if chosen else {}
        else:
            places[column.field] = chosen[:1]
            doubled |= {place.at for place in chosen[1:]}
    for first, second in (split.fields for split in names.form.splits):
        # 名前 is the given name beside 姓, and the whole name without it
        if (place := places.get(first, (Place(-1),))[0]).half == 0 and places[second] == (Place(place.at),):
            places[second] = (Place(place.at, 1),)
    unused |= {place.at for chosen in places.values() for place in chosen}
    row = header_row + 1
    faults = [
        fault(
            "column-duplicate" if at in doubled else "column-unknown",
            row=row,
            column=label,
            position=at,
        )
        for at, label in enumerate(labels)
        if at not in unused
    ]
    faults += [
        fault("column-missing", row=row, column=column.headers[0])
        for column in names.form.columns
        if column.required and column.field not in places
    ]
    there = {name for title in titles for name in title.names}
    faults += [
        fault("mapped-column-missing", row=row, column=name)
        for name in names.form.given
        if _squeeze(name) not in there
    ]
    return Layout(header_row, len(titles), places, labels, annotations, tuple(faults), signature, given)


def _choose(claims: Sequence[tuple[_Meaning, int]]) -> tuple[Place, ...]:
    """The columns that hold a field: of the lowest rank, in the file's order."""
    rank = min((meaning.rank for meaning, _ in claims), default=0)
    best = [(meaning, at) for meaning, at in claims if meaning.rank == rank]
    if all(meaning.piece == " " for meaning, _ in best):
        return ()  # the name of a building alone is no address
    return tuple(Place(at, meaning.half, " " if rank == 0 else meaning.piece or "") for meaning, at in best)


def titles_of(row: Sequence[Cell]) -> list[_Title]:
    """The headers of a row, if it is one."""
    texts = [cell.strip() if isinstance(cell, str) else str(cell) for cell in row]
    while texts and not texts[-1]:
        texts.pop()
    return [_Title(text, (_squeeze(text),)) for text in texts]


def _double(upper: Sequence[Cell], lower: Sequence[Cell], groups: frozenset[str]) -> list[_Title]:
    above, below = ([title.text for title in titles_of(row)] for row in (upper, lower))
    width = max(len(above), len(below))
    titles = []
    group = ""
    for at, (top, text) in enumerate(
        zip(above + [""] * (width - len(above)), below + [""] * (width - len(below)), strict=True)
    ):
        # a merged upper header stands in its first cell alone
        group = top or (group if text and at and at <= len(below) and below[at - 1] else "")
        if not text or not group or text.startswith(ANNOTATION_HEADERS):
            titles.append(_Title(text or top, (_squeeze(text or top),)))
            continue
        names = [_squeeze(group + text), _squeeze(text + group)]
        if group.casefold() in groups:
            names.append(_squeeze(text))
        titles.append(_Title(f"{group} {text}", tuple(names)))
    return titles


def _signature(titles: Sequence[_Title]) -> str:
    names = [title.names[0] for title in titles if not title.text.startswith(ANNOTATION_HEADERS)]
    return hashlib.sha256("\n".join(names).rstrip("\n").encode(errors="replace")).hexdigest()


def _squeeze(text: str) -> str:
    text = normalize("NFKC", text).casefold()
    text = _IGNORED.sub("", _NOTES.sub("", text)).translate(HIRAGANA)
    return _READING.sub("カナ", text)
