"""What the doors of the exchange office are asked, and answer."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.file_doors import FileQuery
from gateway.listing import Flag
from gateway.responses import Answer

Term = Annotated[str, Field(pattern=r"^[0-9]{2}[SA]$")]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}$")]


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TermQuery(_Query):
    """Of one term, or of all."""

    term: Term | None = None


class BoardQuery(TermQuery):
    """Of one track."""

    track: Code


class DayQuery(_Query):
    """As of a day."""

    as_of: date


class MatchesQuery(_Query):
    """Whether with those that are decided."""

    decided: Flag = False


class NominationsQuery(FileQuery):
    """What rows have in common whose file has no such column, and which part of a date is the day."""

    term: Term | None = None
    partner: Code | None = None
    faculty: Code | None = None
    dates: Literal["dmy", "mdy"] | None = None
    names_swapped: Flag = False


class BatchQuery(FileQuery):
    """Of which batch."""

    batch: Code


class AgreementTold(Answer):
    """An agreement in a term, for all faculties or one, with what of it is given."""

    term: str
    agreement: str
    partner: str
    faculty: str
    persons: int
    months: str
    persons_given: str | None
    months_given: str | None


class AgreementsTold(Answer):
    """Agreements by term and home university."""

    agreements: tuple[AgreementTold, ...]


class PipelineRow(Answer):
    """How many students of a home university stand at a stage."""

    term: str
    partner: str
    stage: str
    students: int


class PipelineTold(Answer):
    """Students by term, home university and stage."""

    pipeline: tuple[PipelineRow, ...]


class BoardRow(Answer):
    """Where a student stands on a track; `days`: of the certificate, to the orientation."""

    case_id: str
    term: str
    partner: str
    faculty: str
    stage: str
    at: str
    since: datetime
    batch: str | None
    first: date
    days: int | None


class BoardTold(Answer):
    """Who stands where on a track."""

    board: tuple[BoardRow, ...]


class StudentHere(Answer):
    """A student who is here on the day."""

    case_id: str
    student_no: str | None
    family: str | None
    given: str | None
    born: date | None
    nationality: str | None
    partner: str
    faculty: str
    arrived_on: date
    until: date
    absent: bool


class ImmigrationList(Answer):
    """Who is here on a day."""

    as_of: date
    students: tuple[StudentHere, ...]


class ReportList(BaseModel):
    """As of which day the list was handed in."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    as_of: date


class ListReported(Answer):
    """Whether that has ended a task: False when none was open."""

    as_of: date
    ended: bool


class MatchTold(Answer):
    """Two mobilities that may be of one person; `same`: what a person has decided."""

    one: str
    other: str
    suggested_at: datetime
    same: bool | None
    decided_by: str | None
    decided_at: datetime | None
    one_family: str | None
    one_given: str | None
    one_born: date | None
    one_partner: str | None
    other_family: str | None
    other_given: str | None
    other_born: date | None
    other_partner: str | None


class MatchesTold(Answer):
    """Who may be one person, undecided first."""

    matches: tuple[MatchTold, ...]


class DecideMatch(BaseModel):
    """Whether two mobilities are of one person."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    one: Annotated[str, Field(max_length=64)]
    other: Annotated[str, Field(max_length=64)]
    same: bool


class MatchDecided(Answer):
    """What is decided; `repeated`: it had been before."""

    one: str
    other: str
    same: bool
    repeated: bool


class SendLink(BaseModel):
    """To which kind of reader."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    to: Code = "student"


class LinkSent(Answer):
    """The link is on its way."""

    case_id: str
    to: str
