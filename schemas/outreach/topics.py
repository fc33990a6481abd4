"""A topic as a row of the year's file (O1)."""

from typing import Annotated

from pydantic import Field

from schemas.kernel.identifiers import Code, StaffId
from schemas.kernel.people import Line, Record

FIRST_YEAR = 2020
LAST_YEAR = 2099


class TopicRow(Record):
    """A topic that teachers have registered for a school year."""

    told = ("year", "topic")
    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
    topic: Code
    field: Code
    title_ja: Line
    title_en: Line
    lecturers: Annotated[tuple[StaffId, ...], Field(min_length=1)]
    """In the order in which they are asked."""
