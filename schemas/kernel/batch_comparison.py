"""What a batch says beside another: which values are new or changed, and how its parts are distributed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from schemas.kernel.batches import BatchMapping, BatchRow, PartDistribution, RowState
from schemas.kernel.payload import Payload

FlagCode = Literal["over-full", "mean-moved", "count-changed", "part-new", "part-gone"]
MEAN_SHARE: Final = Decimal("0.1")
"""Of the full marks: a mean that moves by more from one year to the next is looked at."""
COUNT_SHARE: Final = Decimal("0.3")
"""Of last year's numbers, likewise."""
_CENT: Final = 100


class Standing(NamedTuple):
    """What counts of one number and part."""

    state: RowState
    value: Decimal | None
    order: int | None = None


Place = tuple[str, str]
"""A number and a part."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What would become of each value; `changed` has what stood and what would stand.

    `vanished` has what stands and is not in the new rows, or is blank there: it stays as it is.
    """

    new: Mapping[Place, Standing]
    same: frozenset[Place]
    changed: Mapping[Place, tuple[Standing, Standing]]
    vanished: frozenset[Place]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each."""
        fates = {"new": self.new, "same": self.same, "changed": self.changed, "vanished": self.vanished}
        return {name: len(places) for name, places in fates.items()}


def compare(
    before: Mapping[Place, Standing], after: Iterable[BatchRow], parts: frozenset[str] | None = None
) -> Difference:
    """Put rows beside what stands; only values of the `parts` that they are about vanish, None: of all."""
    new: dict[Place, Standing] = {}
    same: set[Place] = set()
    changed: dict[Place, tuple[Standing, Standing]] = {}
    for row in after:
        place, said = (row.number, row.part), Standing(row.state, row.value, row.order)
        stood = before.get(place)
        if stood is None:
            new[place] = said
        elif stood == said:
            same.add(place)
        else:
            changed[place] = (stood, said)
    gone = {
        place
        for place in before.keys() - same - new.keys() - changed.keys()
        if parts is None or place[1] in parts
    }
    return Difference(new, frozenset(same), changed, frozenset(gone))


def distribution(
    rows: Iterable[BatchRow], mapping: BatchMapping, blanks: Mapping[str, int]
) -> dict[str, PartDistribution]:
    """Each part of a mapping that the rows or the blanks have, in the mapping's order."""
    values: dict[str, list[Decimal]] = {}
    states: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.value is not None:
            values.setdefault(row.part, []).append(row.value)
        counts = states.setdefault(row.part, {})
        counts[row.state] = counts.get(row.state, 0) + 1
    found = {}
    for part in mapping.parts:
        counts, numbers = states.get(part.code, {}), values.get(part.code, [])
        if counts or blanks.get(part.code):
            found[part.code] = PartDistribution(
                count=len(numbers),
                zero=sum(not number for number in numbers),
                absent=counts.get("absent", 0),
                exempt=counts.get("exempt", 0),
                present=counts.get("present", 0),
                blank=blanks.get(part.code, 0),
                min=min(numbers, default=None),
                max=max(numbers, default=None),
                mean=mean_of(numbers),
                full=part.full,
            )
    return found


def mean_of(numbers: list[Decimal]) -> Decimal | None:
    """The mean of numbers that are not negative, to two decimals, halves up; None of none."""
    if not numbers:
        return None
    # whole cents, since a mean such as 1/3 has no end; // is exact
    cents = (2 * _CENT * sum(numbers, Decimal(0)) + len(numbers)) // (2 * len(numbers))
    return (cents / _CENT).quantize(Decimal("0.01"))


class Flag(Payload):
    """What looks wrong of a part beside last year's."""

    part: str
    code: FlagCode


def beside(
    this: Mapping[str, PartDistribution],
    last: Mapping[str, PartDistribution],
    *,
    mean_share: Decimal = MEAN_SHARE,
    count_share: Decimal = COUNT_SHARE,
) -> tuple[Flag, ...]:
    """What a person has to look at; with nothing as `last` only what cannot be.

    Means are compared as shares of the full marks, so that a part whose full marks have changed is not
    flagged for that.
    """
    flags: list[tuple[str, FlagCode]] = [
        (part, "over-full")
        for part, now in this.items()
        if now.full is not None and now.max is not None and now.max > now.full
    ]
    if last:
        for part, now in this.items():
            flags += [(part, code) for code in _moved(now, last.get(part), mean_share, count_share)]
        flags += [(part, "part-gone") for part in last if part not in this]
    return tuple(Flag(part=part, code=code) for part, code in flags)


def _moved(
    now: PartDistribution, was: PartDistribution | None, mean_share: Decimal, count_share: Decimal
) -> Iterable[FlagCode]:
    if was is None:
        yield "part-new"
        return
    shares = [each.mean / each.full for each in (now, was) if each.mean is not None and each.full]
    if len(shares) > 1 and abs(shares[0] - shares[1]) > mean_share:
        yield "mean-moved"
    if abs(now.count - was.count) > count_share * was.count:
        yield "count-changed"
