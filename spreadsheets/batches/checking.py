"""Check a batch of numbers against its mapping, what it names of itself, and who is known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

from schemas.kernel.batch_comparison import distribution
from schemas.kernel.batches import BatchHead, BatchMapping, ReadBatch, rows_hash
from spreadsheets.batches.columns import form_of, missing_parts
from spreadsheets.batches.gathering import PLACE, Gathering, KanaKey, KnownPerson, plain_kana
from spreadsheets.batches.heads import complete_head
from spreadsheets.faults import Fault, RefusedError, fault
from spreadsheets.headers import Layout
from spreadsheets.repeats import Repeat, same_value
from spreadsheets.rows import Checked, Told, check_table, tell_nobody


class BatchLine(BaseModel):
    """A row of the file as the annotated copy knows it; its values are gathered elsewhere."""

    number: str


@dataclass(frozen=True, slots=True)
class CheckedBatch:
    """What a check found. `batch` is None while anything is wrong: nothing of a faulty file is taken.

    `rows` counts the data rows and `sum` their numbers, as far as they could be read; `checked` is the file
    as it came, for the annotated copy.
    """

    batch: ReadBatch | None
    faults: tuple[Fault, ...]
    rows: int
    sum: Decimal
    checked: Checked[BatchLine] = field(repr=False)

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults that keep the batch out."""
        return tuple(found for found in self.faults if found.severity == "error")


def check_batch(
    path: Path,
    mapping: BatchMapping,
    head: BatchHead,
    known: Mapping[str, KnownPerson],
    *,
    kana_key: KanaKey = plain_kana,
    told: Told = tell_nobody,
) -> CheckedBatch:
    """Check a whole file; faults come in the order of the file, and those of the whole before them.

    Args:
        path: the file.
        mapping: how files of this kind are read this year.
        head: what was given with the file; the file's own head rows say the rest, as the mapping declares.
        known: everybody whom the file may be about, by number.
        kana_key: makes of a kana what `known` has of it.
        told: hears of the progress, from the thread that checks.
    """
    gathering = Gathering(mapping, _named(mapping, head), head.part, known, kana_key)
    repeat = Repeat("batch-repeated", "number", same_value(PLACE))
    try:
        form = form_of(mapping)
    except RefusedError as refused:
        found = fault(refused.code, parameters=refused.parameters)
        empty: Checked[BatchLine] = Checked((), (found,), None, None, 0)
        return CheckedBatch(None, (found,), 0, Decimal(0), empty)
    checked = check_table(path, BatchLine, form, row_rules=gathering, repeats=(repeat,), told=told)
    if checked.layout is None:
        return CheckedBatch(None, checked.faults, 0, Decimal(0), checked)
    layout = checked.layout
    whole, faults = complete_head(mapping, head, checked.table, layout.header_row)
    faults += _faults_of_columns(mapping, _named(mapping, whole), layout)
    of_all = gathering.faults_of_rows(layout, _named(mapping, whole), whole.part)
    in_rows = sorted([*checked.faults, *of_all], key=lambda each: each.row or 0)
    if whole.rows is not None and whole.rows != checked.total:
        faults.append(fault("batch-rows-differ", parameters={"named": whole.rows, "found": checked.total}))
    rows_are_good = all(each.severity == "warning" for each in (*faults, *in_rows))
    # of rows that could not all be read there is no sum
    if rows_are_good and whole.sum is not None and whole.sum != gathering.sum:
        faults.append(fault("batch-sum-differs"))
    all_faults = (*faults, *in_rows)
    batch, good = None, all(each.severity == "warning" for each in all_faults)
    whole_file = replace(checked, rows=checked.rows if good else (), faults=all_faults)
    if checked.sha256 is not None and good:
        rows = tuple(gathering.rows)
        held = distribution(rows, mapping, gathering.blanks)
        batch = ReadBatch(mapping, whole, rows, held, checked.sha256, rows_hash(rows))
    return CheckedBatch(batch, all_faults, checked.total, gathering.sum, whole_file)


def _named(mapping: BatchMapping, head: BatchHead) -> frozenset[str]:
    """The parts that the batch may be about; all of them where it names none, or one that is not there."""
    named = None if head.part is None else mapping.named_part(head.part)
    return named or mapping.every_part


def _faults_of_columns(mapping: BatchMapping, named: frozenset[str], layout: Layout) -> Iterator[Fault]:
    for part in missing_parts(mapping, frozenset(layout.places)):
        if part.code in named:
            yield fault("column-missing", row=layout.header_row + 1, column=part.headers[0])
