"""What the doors of a disclosure answer. Numbers of points are text, exact."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from gateway.responses import Answer


class SubjectScore(Answer):
    """A subject that somebody answered; its score times the factor are points of the part."""

    subject: str
    full_marks: str
    factor: str
    score: str | None


class PartScore(Answer):
    """A part as it was used: its score, `absent` or `exempt`, or its subjects; then its points."""

    part: str
    ja: str
    en: str
    full_marks: str
    state: Literal["told", "being-checked"]
    score: str | None
    points: str | None
    subjects: tuple[SubjectScore, ...]


class WeightTold(Answer):
    """What of a part's points a programme counts."""

    part: str
    weight: str
    counted: str | None


class ProgrammeScore(Answer):
    """A choice by the list that is out; `rank` only where the policy has it told."""

    programme: str
    frame: str
    choice: int
    list: int
    hash: str
    total: str | None
    rank: int | None
    weights: tuple[WeightTold, ...]


class DisclosureTold(Answer):
    """The scores of one application; while a column is being checked neither it nor a total is told."""

    case_id: str
    application: str
    number: str
    state: Literal["requested", "disclosed", "refused", "being-checked"]
    reason: str | None
    requested_at: datetime
    disclosed_at: datetime | None
    until: datetime
    parts: tuple[PartScore, ...]
    programmes: tuple[ProgrammeScore, ...]


class ColumnValue(Answer):
    """A value that counts, and what its file has in that row; `proposal`: it was put right by two persons."""

    number: str
    kind: str
    value: str | None
    batch: UUID | None
    row: int | None
    file_value: str | None
    proposal: UUID | None


class ColumnTold(Answer):
    """A whole column; `doubted`: whose score somebody doubts, while it is checked."""

    case_id: str
    part: str
    checked: bool
    doubted: str | None
    doubted_by: str | None
    values: tuple[ColumnValue, ...]
