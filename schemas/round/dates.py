"""Dates of a round that are moved for all at once, as after a disaster."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.kernel.case import Command
from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.japan import TOKYO
from schemas.kernel.payload import Payload


class DisasterDeclared(Payload):
    """A disaster in an area: whether dates are moved for it, a person says."""

    area: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")] = Field(
        description="The area by its code, as that of a prefecture."
    )
    since: date = Field(description="The first day.")
    until: date = Field(description="The last day, as far as it is known.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.since:
            raise ValueError("until comes before since")
        return self


class MoveDates(Command):
    """Move dates of the round that have not come, for everybody: applications are told the new ones."""

    step: ClassVar[str] = "move-dates"
    reason: Code = Field(description="Why, as a code.")
    closes_at: AwareDatetime | None = Field(
        default=None, description="Until when applications count; without, as before."
    )
    exam_on: date | None = Field(default=None, description="The day of the examination; without, as before.")
    make_up_on: date | None = Field(
        default=None, description="The day of a make-up examination, for who could not come."
    )
    common_test_due: date | None = Field(
        default=None, description="By when the scores of the common test are there; without, as before."
    )
    first_stage_at: AwareDatetime | None = Field(
        default=None, description="The hour at which it is out who goes on; without, as before."
    )
    release_at: AwareDatetime | None = Field(
        default=None, description="The hour at which results are meant to be out; without, as before."
    )
    enrol_by: AwareDatetime | None = Field(
        default=None, description="Until when who is admitted enrols; without, as before."
    )
    promote_from: AwareDatetime | None = Field(
        default=None, description="From when who waits is called; without, as before."
    )

    @property
    def dates(self) -> Mapping[str, date | datetime]:
        """Those that are given."""
        found = {name: getattr(self, name) for name in MOVABLE}
        return {name: moment for name, moment in found.items() if moment is not None}


MOVABLE: Final = (
    *("closes_at", "exam_on", "make_up_on", "common_test_due"),
    *("first_stage_at", "release_at", "enrol_by", "promote_from"),
)


class DatesRecorded(Payload):
    """Dates that were moved, each move a row; those that are not named stand as they stood."""

    kind: Literal["dates-moved"] = "dates-moved"
    move: int
    reason: Code
    closes_at: datetime | None = None
    exam_on: date | None = None
    make_up_on: date | None = None
    common_test_due: date | None = None
    first_stage_at: datetime | None = None
    release_at: datetime | None = None
    enrol_by: datetime | None = None
    promote_from: datetime | None = None


class DatesMoved(Payload):
    """All dates of the round that were ever moved, as they stand now; none of them is a result."""

    round: CaseId
    round_id: Code
    """As applications name it."""
    move: int
    """How often some were moved by now: whoever has heard of it hears nothing of an earlier one."""
    closes_at: datetime | None = None
    exam_on: date | None = None
    make_up_on: date | None = None
    first_stage_at: datetime | None = None
    release_at: datetime | None = None
    enrol_by: datetime | None = None
    promote_from: datetime | None = None


def disorder(dates: Mapping[str, date | datetime | None]) -> tuple[str, str] | None:
    """The first two dates that do not follow each other as they have to; None: all do."""
    for earlier, later in (
        ("closes_at", "first_stage_at"),
        ("closes_at", "release_at"),
        ("first_stage_at", "release_at"),
        ("exam_on", "make_up_on"),
        ("exam_on", "release_at"),
        ("make_up_on", "release_at"),
        ("release_at", "enrol_by"),
        ("release_at", "promote_from"),
    ):
        before, after = dates.get(earlier), dates.get(later)
        if before is not None and after is not None and not _follows(before, after):
            return earlier, later
    return None


def _follows(before: date | datetime, after: date | datetime) -> bool:
    if isinstance(before, datetime) and isinstance(after, datetime):
        return before < after
    return _day(before) < _day(after)


def _day(moment: date | datetime) -> date:
    return moment.astimezone(TOKYO).date() if isinstance(moment, datetime) else moment
