"""What points come from: parts of examinations, the subjects that count as them, adjustments."""

from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload
from schemas.round.exact_numbers import EXACT, Exact, plain, rounded


class Declared(Payload):
    """A table of the rules: a key that nobody knows is a slip of the pen, and refused."""

    model_config = ConfigDict(extra="forbid")


class Part(Declared):
    """A part of what is examined, in points."""

    key: Code
    ja: str
    en: str
    full_marks: Exact = Field(gt=0)
    exam: Code
    """Which examination it belongs to, such as `common-test` or `written`."""
    exempt_as: Exact | None = Field(default=None, ge=0)
    """Points of who is exempt; without, nobody may be."""

    @model_validator(mode="after")
    def _exempt_within_full_marks(self) -> Self:
        if self.exempt_as is not None and self.exempt_as > self.full_marks:
            raise ValueError(f"part {self.key}: exempt_as is more than its full marks")
        return self


class SubjectRow(Declared):
    """A selectable subject, by its code as it is written: 028563 and 28563 are two."""

    subject: Code
    full_marks: Exact = Field(gt=0)
    factor: Exact = Field(gt=0)
    """Its points times this are points of the part."""


class Conversion(Declared):
    """Which subjects count as a part, how many of them, and which where more were answered (R12)."""

    part: Code
    rows: tuple[SubjectRow, ...] = Field(min_length=1)
    count: int = Field(default=1, ge=1)
    choose: Literal["first-answered", "best"] = "best"
    combinations: tuple[tuple[Code, ...], ...] = ()
    """Sets of subjects that may have been answered together; empty: any of its rows."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        subjects = [row.subject for row in self.rows]
        if double := repeated(subjects):
            raise ValueError(f"conversion of {self.part}: {double} has two rows")
        if self.count > len(subjects):
            raise ValueError(f"conversion of {self.part}: {self.count} count, {len(subjects)} have rows")
        for combination in self.combinations:
            if unknown := sorted(set(combination) - set(subjects)):
                raise ValueError(f"conversion of {self.part}: a combination names {', '.join(unknown)}")
            if len(set(combination)) < self.count:
                raise ValueError(f"conversion of {self.part}: {'+'.join(combination)} is less than counts")
        return self

    @property
    def most(self) -> Decimal:
        """Points of the part that can be reached at most."""
        with localcontext(EXACT):
            reached = sorted((row.full_marks * row.factor for row in self.rows), reverse=True)
            return sum(reached[: self.count], Decimal(0))


class CheckedValue(Declared):
    """A value worked out by hand: what a formula has to make of it."""

    raw: Exact
    adjusted: Exact


class Branch(Declared):
    """A straight piece of an adjustment: raw × factor + offset."""

    since: Exact
    """The lowest raw points it is for."""
    until: Exact
    """The raw points below which it is for; the last branch is for these too."""
    factor: Exact
    offset: Exact = Decimal(0)
    values: tuple[CheckedValue, ...]

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.since >= self.until:
            raise ValueError(f"a branch from {plain(self.since)} until {plain(self.until)} is for nothing")
        return self

    def of(self, raw: Decimal, places: int) -> Decimal:
        """What it makes of raw points."""
        with localcontext(EXACT):
            return rounded(raw * self.factor + self.offset, places)


class Adjustment(Declared):
    """A score adjustment, which proves itself by values worked out by hand before it is used (R15)."""

    formula: Code
    version: str = Field(min_length=1)
    of: Code
    """A subject, before it is converted, or a part, after that."""
    branches: tuple[Branch, ...] = Field(min_length=1)
    places: int = Field(ge=0, le=10)
    rounding: Literal["half-up"]

    @property
    def name(self) -> str:
        """As faults call it."""
        return f"formula {self.formula} version {self.version}"

    @model_validator(mode="after")
    def _proven(self) -> Self:
        for before, after in pairwise(self.branches):
            if before.until != after.since:
                kind = "a gap" if before.until < after.since else "an overlap"
                raise ValueError(
                    f"{self.name}: {kind} between {plain(before.until)} and {plain(after.since)}"
                )
        for branch in self.branches:
            if not branch.values:
                raise ValueError(f"{self.name}: the branch from {plain(branch.since)} has no test value")
            for value in branch.values:
                self._check(branch, value)
        return self

    def _check(self, branch: Branch, value: CheckedValue) -> None:
        raw = plain(value.raw)
        if not self.branches[0].since <= value.raw <= self.branches[-1].until or (
            self.branch_of(value.raw) is not branch
        ):
            raise ValueError(f"{self.name}: test value {raw} is not in the branch from {plain(branch.since)}")
        found = self.adjusted(value.raw)
        if found != value.adjusted:
            raise ValueError(
                f"{self.name}: test value {raw} gives {plain(found)}, not {plain(value.adjusted)}"
            )

    def branch_of(self, raw: Decimal) -> Branch:
        """The branch that raw points fall into."""
        return next((branch for branch in self.branches if raw < branch.until), self.branches[-1])

    def adjusted(self, raw: Decimal) -> Decimal:
        """Points after the adjustment, rounded as declared."""
        return self.branch_of(raw).of(raw, self.places)

    def fault_over(self, full_marks: Decimal) -> str | None:
        """Why it is not for something of so many full marks; none: it is."""
        if self.branches[0].since != 0 or self.branches[-1].until != full_marks:
            since, until = plain(self.branches[0].since), plain(self.branches[-1].until)
            return f"{self.name}: its branches go from {since} to {until}, not from 0 to {plain(full_marks)}"
        ends = [
            branch.of(raw, self.places) for branch in self.branches for raw in (branch.since, branch.until)
        ]
        if min(ends) < 0 or max(ends) > full_marks:
            return f"{self.name}: it leaves 0 to {plain(full_marks)}"
        return None


def repeated(keys: list[str]) -> str | None:
    """The first key that is there twice; none: none is."""
    return next((key for number, key in enumerate(keys) if key in keys[:number]), None)
