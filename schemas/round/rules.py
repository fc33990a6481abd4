"""The rules by which a round is ranked, as a policy file declares them; checked as a whole when loaded."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.kernel.identifiers import Code
from schemas.round.exact_numbers import Exact
from schemas.round.parts import Adjustment, Conversion, Declared, Part, repeated

AtLimit = Literal["all-tied", "none", "lot"]
"""Who is taken of those who are fully tied where places end: all, none, or by a lot (R16)."""
TieKey = Annotated[
    str, StringConstraints(pattern=r"^(total|(exam|part):[a-z0-9][a-z0-9_.:-]{0,63})$", max_length=70)
]
"""What decides between equal totals: `exam:<code>` in weighted points, `part:<key>` in points."""


class FrameRule(Declared):
    """A frame (枠) of places, which may lie in another one of its programme (R18)."""

    key: Code
    parent: Code | None = None
    places: int = Field(ge=0)


class FirstStage(Declared):
    """Who may go on after the first stage: so many times the places, by one examination (R20)."""

    exam: Code
    multiple: Exact = Field(gt=0)
    at_limit: AtLimit = "all-tied"


class Programme(Declared):
    """What has a list of its own: how its totals are made, who is first, which places it has."""

    key: Code
    unit: Code
    weights: dict[Code, Annotated[Exact, Field(ge=0)]] = Field(min_length=1)
    """By part: its points times this count. Every part named here is required."""
    decimals: int | None = Field(default=None, ge=0, le=10)
    """Places behind the point to which a total is rounded, half up; without: it is not."""
    floor: Exact | None = Field(default=None, ge=0)
    """Below this total nobody is admitted (R19)."""
    ties: tuple[TieKey, ...] = ()
    """After the total, which comes first whether it is named or not (R16)."""
    at_limit: AtLimit = "all-tied"
    lot_seed: str | None = Field(default=None, min_length=8)
    """From which the lot is drawn; fixed before scores are known."""
    frames: tuple[FrameRule, ...] = Field(min_length=1)
    first_stage: FirstStage | None = None

    @property
    def first_stage_list(self) -> str | None:
        """The name of the list of its first stage, beside that of its own; none: it has no first stage."""
        return None if self.first_stage is None else f"first-{self.key}"

    @property
    def order(self) -> tuple[object, ...]:
        """Stands for who is before whom: alike in programmes that have one list in common."""
        weights = tuple(sorted(self.weights.items()))
        seed = self.lot_seed if self.at_limit == "lot" else None
        return weights, self.decimals, self.tie_keys, self.at_limit, seed

    @property
    def tie_keys(self) -> tuple[str, ...]:
        """What is compared after the total."""
        return tuple(key for key in self.ties if key != "total")

    @property
    def leaves(self) -> tuple[str, ...]:
        """Frames in which no other lies: those that can be chosen."""
        parents = {frame.parent for frame in self.frames}
        return tuple(frame.key for frame in self.frames if frame.key not in parents)

    @property
    def places(self) -> int:
        """Places of the whole programme."""
        return sum(frame.places for frame in self.frames if frame.parent is None)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        here = f"programme {self.key}"
        if "total" in self.ties[1:]:
            raise ValueError(f"{here}: in its tie order the total comes first")
        if double := repeated(list(self.ties)):
            raise ValueError(f"{here}: {double} is twice in its tie order")
        stage = self.first_stage
        drawn = self.at_limit == "lot" or (stage is not None and stage.at_limit == "lot")
        if drawn != (self.lot_seed is not None):
            raise ValueError(f"{here}: a lot needs a lot_seed, and nothing else has one")
        parents = {frame.key: frame.parent for frame in self.frames}
        if double := repeated([frame.key for frame in self.frames]):
            raise ValueError(f"{here}: frame {double} is there twice")
        for frame in self.frames:
            if frame.parent is not None and frame.parent not in parents:
                raise ValueError(f"{here}: frame {frame.key} lies in {frame.parent}, which is none of its")
            above, seen = frame.parent, [frame.key]
            while above is not None:
                if above in seen:
                    raise ValueError(f"{here}: frames lie in each other: {' in '.join([*seen, above])}")
                seen.append(above)
                above = parents[above]
        return self


class Unit(Declared):
    """Programmes among which one application chooses (R17)."""

    key: Code
    max_choices: int = Field(ge=1)
    method: Literal["score-first", "deferred-acceptance"]
    """score-first: down one list, for programmes that rank alike; the other for those with own weights."""


class Move(Declared):
    """What is unfilled in one frame goes to another, and all is allocated again (R18)."""

    source: Code
    target: Code


class RankingRules(Declared):
    """All that makes a list besides scores, choices and limits; a list is made under one version of it."""

    version: str = Field(min_length=1)
    parts: tuple[Part, ...] = Field(min_length=1)
    conversions: tuple[Conversion, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    units: tuple[Unit, ...] = Field(min_length=1)
    programmes: tuple[Programme, ...] = Field(min_length=1)
    moves: tuple[Move, ...] = ()

    @property
    def subjects(self) -> dict[str, Decimal]:
        """Full marks of every selectable subject."""
        return {row.subject: row.full_marks for each in self.conversions for row in each.rows}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _once("part", (part.key for part in self.parts))
        _once("conversion of", (each.part for each in self.conversions))
        _once("adjustment of", (each.of for each in self.adjustments))
        _once("unit", (unit.key for unit in self.units))
        _once("programme", (programme.key for programme in self.programmes))
        _once("frame", (frame.key for programme in self.programmes for frame in programme.frames))
        self._check_sources()
        for programme in self.programmes:
            self._check_programme(programme)
        for unit in self.units:
            of_unit = [programme for programme in self.programmes if programme.unit == unit.key]
            if not of_unit:
                raise ValueError(f"unit {unit.key}: no programme is in it")
            if unit.method == "score-first" and len({programme.order for programme in of_unit}) > 1:
                raise ValueError(
                    f"unit {unit.key}: score-first needs one order, but its programmes have their own"
                )
        self._check_moves()
        return self

    def _check_sources(self) -> None:
        full_marks = {part.key: part.full_marks for part in self.parts}
        marks: dict[str, Decimal] = {}
        for conversion in self.conversions:
            if conversion.part not in full_marks:
                raise ValueError(f"conversion of {conversion.part}: there is no such part")
            if conversion.most > full_marks[conversion.part]:
                raise ValueError(f"conversion of {conversion.part}: it can give more than full marks")
            for row in conversion.rows:
                if row.subject in full_marks:
                    raise ValueError(f"{row.subject} is a part and cannot be a subject")
                if marks.setdefault(row.subject, row.full_marks) != row.full_marks:
                    raise ValueError(f"subject {row.subject} has different full marks in its rows")
        for adjustment in self.adjustments:
            whole = full_marks.get(adjustment.of, marks.get(adjustment.of))
            if whole is None:
                raise ValueError(f"{adjustment.name}: {adjustment.of} is neither part nor subject")
            if fault := adjustment.fault_over(whole):
                raise ValueError(fault)

    def _check_programme(self, programme: Programme) -> None:
        here = f"programme {programme.key}"
        exams = {part.key: part.exam for part in self.parts}
        if programme.unit not in {unit.key for unit in self.units}:
            raise ValueError(f"{here}: there is no unit {programme.unit}")
        if unknown := sorted(programme.weights.keys() - exams.keys()):
            raise ValueError(f"{here}: its weights name {', '.join(unknown)}, which is no part")
        weighed = {exams[part] for part in programme.weights}
        for key in programme.tie_keys:
            kind, _, name = key.partition(":")
            if name not in (weighed if kind == "exam" else programme.weights):
                raise ValueError(f"{here}: its tie order names {key}, which has no weight in it")
        if programme.first_stage is not None and programme.first_stage.exam not in weighed:
            raise ValueError(
                f"{here}: its first stage goes by {programme.first_stage.exam}, which it never weighs"
            )
        if programme.first_stage_list in {each.key for each in self.programmes}:
            raise ValueError(f"{here}: the list of its first stage has the name of another programme's")
        for other in self.programmes:
            if other is not programme and any(frame.key == programme.key for frame in other.frames):
                raise ValueError(f"{here}: a frame of programme {other.key} has its name")

    def _check_moves(self) -> None:
        parents = {frame.key: frame.parent for each in self.programmes for frame in each.frames}
        for move in self.moves:
            for key in (move.source, move.target):
                if key not in parents:
                    raise ValueError(f"a move names {key}, which is no frame")
            if move.source in chain(parents, move.target) or move.target in chain(parents, move.source):
                raise ValueError(
                    f"a move goes from {move.source} to {move.target}, and one lies in the other"
                )


def chain(parents: dict[str, str | None], frame: str) -> tuple[str, ...]:
    """A frame and all those that it lies in, from the inside out."""
    found = [frame]
    while (above := parents[found[-1]]) is not None:
        found.append(above)
    return tuple(found)


def _once(kind: str, keys: Iterable[str]) -> None:
    if double := repeated(list(keys)):
        raise ValueError(f"{kind} {double} is there twice")
