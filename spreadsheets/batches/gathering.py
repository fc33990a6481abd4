"""The rows of a batch while its file is read: what each says, and what only all of them together tell."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from schemas.kernel.batches import PART_MARK, BatchMapping, BatchRow, MappedPart, RowState
from spreadsheets.batches.columns import Said, check_value, half_width, part_field
from spreadsheets.faults import Fault, RefusedError, fault
from spreadsheets.headers import Layout
from spreadsheets.read_row import ReadRow
from spreadsheets.repeats import NAMED_ROWS

PLACE: Final = "place"
"""In the values of a row that was read: whom and what it is about."""
FEWEST_SHIFTED: Final = 3
"""Rows from which on totals that are all wrong speak of the columns and not of the rows."""
_ZERO: Final = Decimal(0)


class KnownPerson(NamedTuple):
    """What is known of a number: the kana, plain or as a keyed hash, and the other number."""

    kana: str | None = None
    other_number: str | None = None


KanaKey = Callable[[str], str]
"""Makes of a kana in katakana what `KnownPerson.kana` holds."""


def plain_kana(kana: str) -> str:
    """A kana without its spaces, for who knows kana in clear."""
    return "".join(kana.split())


def words_of(code: str, words: tuple[str, ...]) -> frozenset[str]:
    """How files may write a code."""
    return frozenset(half_width(word)[0] for word in (code, *words))


def year_words(mapping: BatchMapping) -> frozenset[str]:
    """How files may write the year of a mapping."""
    return words_of(str(mapping.year), (f"{mapping.year}年度", *mapping.year_words))


def listed(rows: list[int]) -> str:
    """The first ten rows."""
    text = ", ".join(map(str, rows[:NAMED_ROWS]))
    return f"{text}, …" if len(rows) > NAMED_ROWS else text


class Gathering:
    """Takes each row as it is read; `parts` are those that the batch may be about."""

    def __init__(
        self,
        mapping: BatchMapping,
        parts: frozenset[str],
        named: str | None,
        known: Mapping[str, KnownPerson],
        kana_key: KanaKey,
    ) -> None:
        self.rows: list[BatchRow] = []
        self.blanks: Counter[str] = Counter()
        self.sum = _ZERO
        self._mapping = mapping
        self._parts = parts
        self._named = named
        self._known = known
        self._kana_key = kana_key
        self._years = year_words(mapping)
        self._exams = words_of(mapping.exam, mapping.exam_words)
        self._by_code = {half_width(code)[0]: part for part in mapping.parts for code in part.codes}
        self._sums: defaultdict[Hashable, Decimal] = defaultdict(Decimal)
        self._totals: list[tuple[Hashable, int, Decimal]] = []
        self._unsummed: set[Hashable] = set()
        self._kana_rows: list[int] = []
        self._kana_seen = 0
        self._noted: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    def __call__(self, row: ReadRow) -> None:
        """Take a row, and note its faults in it."""
        said = row.values
        for name, each in said.items():
            if isinstance(each, Said) and each.wide:
                self._noted["batch-full-width", name].append(row.number)
        number = self._number(row)
        self._compare_words(row)
        if number is None:
            return
        said["number"] = number
        self._compare_person(row, number)
        group: Hashable = row.number if self._mapping.wide else number
        state = said.get("status")
        status = state.state if isinstance(state, Said) else None
        if self._mapping.wide:
            said[PLACE] = number
            for part in self._mapping.parts:
                self._take(row, number, part, part_field(part.code), status, group)
        elif (meant := self._part(row)) is not None:
            said[PLACE] = number, meant.code
            self._take(row, number, meant, "value", status, group)
        if not row.good:
            self._unsummed.add(group)
        total = said.get("total")
        if isinstance(total, Said) and total.value is not None:
            self._totals.append((group, row.number, total.value))

    def _number(self, row: ReadRow) -> str | None:
        said = row.values.get("number")
        if not isinstance(said, Said):
            return None
        text, column = said.text, self._mapping.columns.number
        if column.width is not None and len(text) < column.width:
            padded = text.zfill(column.width)
            if padded in self._known and (not column.pad or text in self._known):
                row.add("batch-zeros-lost", "number", width=column.width)
                return None
            if padded in self._known:
                self._noted["batch-zeros-added", "number"].append(row.number)
                return padded
        if text not in self._known:
            row.add("batch-number-unknown", "number")
            return None
        return text

    def _compare_words(self, row: ReadRow) -> None:
        year, exam = row.values.get("year"), row.values.get("exam")
        if isinstance(year, Said) and year.text not in self._years:
            row.add("batch-year-wrong", "year", year=self._mapping.year)
        if isinstance(exam, Said) and exam.text not in self._exams:
            row.add("batch-exam-wrong", "exam", exam=self._mapping.exam)

    def _compare_person(self, row: ReadRow, number: str) -> None:
        person = self._known[number]
        other, kana = row.values.get("other_number"), row.values.get("kana")
        if isinstance(other, Said) and person.other_number is not None and other.text != person.other_number:
            row.add("batch-other-number-differs", "other_number")
        if isinstance(kana, str) and person.kana is not None:
            self._kana_seen += 1
            if self._kana_key(kana) != person.kana:
                self._kana_rows.append(row.number)

    def _part(self, row: ReadRow) -> MappedPart | None:
        columns = self._mapping.columns
        names = [name for name in ("subject", "part") if getattr(columns, name) is not None]
        if not names:
            return self._mapping.parts[0]
        said = [each for name in names if isinstance(each := row.values.get(name), Said)]
        if len(said) < len(names):
            return None  # blank: it is required, and so a fault already
        texts = [each.text for each in said]
        if columns.subject is None and self._mapping.subject is not None:
            texts.insert(0, half_width(self._mapping.subject)[0])
        part = self._by_code.get(PART_MARK.join(texts))
        if part is None:
            row.add("batch-part-unknown", names[-1])
        elif part.code not in self._parts:
            row.add("batch-part-wrong", names[-1], part=self._named)
            return None
        return part

    def _take(
        self,
        row: ReadRow,
        number: str,
        part: MappedPart,
        field: str,
        status: RowState | None,
        group: Hashable,
    ) -> None:
        said = row.values.get(field)
        cell = said if isinstance(said, Said) else None
        if part.code not in self._parts:
            if cell is not None:
                row.add("batch-part-wrong", field, part=self._named)
            return
        try:
            state, value = self._meant(cell, status, part)
        except RefusedError as refused:
            row.add(refused.code, field, **refused.parameters)
            return
        if state is None:
            self.blanks[part.code] += 1
            return
        order = row.values.get("order")
        answered = order if isinstance(order, int) else None
        self.rows.append(BatchRow(number, part.code, state, value, answered, row.number))
        if value is not None:
            self.sum += value
            self._sums[group] += value

    def _meant(
        self, cell: Said | None, status: RowState | None, part: MappedPart
    ) -> tuple[RowState | None, Decimal | None]:
        """State and number of a cell beside the state of its row; no state: blank."""
        if not self._mapping.counted:
            return status or (None if self._mapping.columns.status else "present"), None
        if cell is None:
            return (None if status == "present" else status), None
        if cell.state is not None:
            if status not in (None, cell.state):
                raise RefusedError("batch-state-contradicts")
            return cell.state, None
        if status not in (None, "present"):
            raise RefusedError("batch-state-contradicts")
        if cell.value is not None and not self._mapping.wide:
            check_value(cell.value, part)
        return "scored", cell.value

    def faults_of_rows(self, layout: Layout, parts: frozenset[str], named: str | None) -> Iterator[Fault]:
        """What the rows tell together: totals, kana, what was read leniently; and parts that are not `parts`.

        Those are known last, since the file itself may name what it is about.
        """
        yield from self._faults_of_totals(layout)
        for row in self.rows:
            if row.part not in parts:
                column = part_field(row.part) if self._mapping.wide else "part"
                label, position = layout.label(column)
                yield fault(
                    "batch-part-wrong",
                    row=row.row,
                    column=label,
                    position=position,
                    parameters={"part": named},
                )
        if self._kana_rows:
            label, position = layout.label("kana")
            told = {"count": len(self._kana_rows), "total": self._kana_seen, "rows": listed(self._kana_rows)}
            yield fault(
                "batch-kana-differs",
                row=layout.header_row + 1,
                column=label,
                position=position,
                parameters=told,
            )
        for (code, name), rows in self._noted.items():
            label, position = layout.label(name)
            told = {"count": len(rows), "rows": listed(rows)}
            yield fault(code, row=layout.header_row + 1, column=label, position=position, parameters=told)

    def _faults_of_totals(self, layout: Layout) -> Iterator[Fault]:
        compared = [each for each in self._totals if each[0] not in self._unsummed]
        wrong = [row for group, row, total in compared if self._sums.get(group, _ZERO) != total]
        label, position = layout.label("total")
        if len(wrong) == len(compared) >= FEWEST_SHIFTED:
            yield fault(
                "batch-columns-shifted",
                row=layout.header_row + 1,
                column=label,
                position=position,
                parameters={"count": len(wrong)},
            )
            return
        for row in wrong:
            yield fault("batch-total-differs", row=row, column=label, position=position)
