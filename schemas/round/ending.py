"""The end of a round: what is still open, who is handed over to the registrar, what all of it sums up to."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field, model_validator

from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import Payload
from schemas.round.waitlist import Number

DRAFTS: Final = ("submitted",)
"""Stages of an application that is registered, and not handed in."""
INCOMPLETE: Final = ("completeness",)
"""Stages of an application of which a part is missing."""
UNDECIDED: Final = ("eligibility", "review", "committee")
"""Stages in which the university has not spoken: no list is made while an application stands there."""
ENROLLING: Final = ("accepted",)
ORDER: Final = (
    *("drafts", "incomplete", "undecided", "offers", "waiting"),
    *("enrolling", "not_handed_over", "refunds"),
)
"""What may be open at the end of a round, in the order in which it is over (R10)."""
Cell = Literal["programme", "student-number", "examinee-number", "entry", "year"]


class Column(Payload):
    """A column of the registrar's file."""

    header: str = Field(min_length=1, max_length=40)
    field: Cell


class HandOverPolicy(Payload):
    """How the registrar wants who has enrolled: in its own codes."""

    entry: str = Field(default="", pattern=r"^[0-9A-Za-z]{0,8}$")
    """The registrar's code of the kind of entry (入試別)."""
    programmes: dict[Code, str] = Field(default_factory=dict)
    """By programme, the registrar's code (学科コード); without one the programme's own key."""
    serial_digits: int = Field(default=4, ge=2, le=6)
    """A student's number (学籍番号): two digits of the year, the programme's code, a serial number."""
    columns: tuple[Column, ...] = (
        Column(header="学科コード", field="programme"),
        Column(header="学籍番号", field="student-number"),
        Column(header="受験番号", field="examinee-number"),
        Column(header="入試別", field="entry"),
        Column(header="年度", field="year"),
    )
    encoding: Literal["cp932", "utf-8"] = "cp932"
    newline: Literal["crlf", "lf"] = "crlf"

    def code_of(self, programme: str) -> str:
        """The registrar's code of a programme."""
        return self.programmes.get(programme, programme.upper())

    @model_validator(mode="after")
    def _codes_differ(self) -> "HandOverPolicy":
        if len({column.header for column in self.columns}) != len(self.columns):
            raise ValueError("two columns have one header")
        return self


# what a step is told --------------------------------------------------------------------------------------


class EndFound(Payload):
    """How much is still open, in the order in which a round ends (R10)."""

    drafts: int
    incomplete: int
    undecided: int
    offers: int
    """Places that are offered and not answered."""
    waiting: int
    """Entries of the waitlist that wait or are called."""
    enrolling: int
    refunds: int
    """Admission fees that are to be paid back."""
    not_handed_over: int
    """Who has enrolled and is not in the newest file for the registrar, or the other way round."""


class EnrolledFound(Payload):
    """Somebody who has enrolled."""

    application: CaseId
    number: Number
    frame: Code | None = None
    """In which the ledger has their place; None: it has none."""
    student_no: str | None = None
    """As an earlier file gave it."""
    serial: int | None = None


class EnrolledAll(Payload):
    """All who have enrolled; the year's student numbers are locked until the step is written."""

    enrolled: tuple[EnrolledFound, ...] = ()
    last_serials: dict[str, int] = Field(default_factory=dict)
    """By the registrar's code of a programme, the highest serial number of the year, in any round."""


class Sums(Payload):
    """What a round comes to, in persons: of all that the lists and the ledger say."""

    applicants: int
    ranked: int
    admitted: int
    """By the lists that are out, each person once; those among them who were wronged at first."""
    promoted: int
    """Given a place from the waitlist without having had one by a list."""
    rejudged: int
    """Of those admitted, whom an error of the university's had kept from it at first."""
    given: int
    """Places that the ledger has given, whatever became of them."""
    enrolled: int
    declined: int
    lapsed: int
    open: int
    """Places that are still offered, or accepted without enrolment."""


# what a step writes ---------------------------------------------------------------------------------------


class HandedOver(Payload):
    """A file for the registrar: who has enrolled, with the numbers that they get as students."""

    kind: Literal["handed-over"] = "handed-over"
    students: tuple["Student", ...]
    body: str
    """The file's bytes in hexadecimal."""
    content: str


class Student(Payload):
    """One line of it."""

    application: CaseId
    number: Number
    programme: Code
    code: str
    serial: int
    student_no: str


class OutputCompared(Payload):
    """What was put out says what is out, line by line."""

    kind: Literal["output-compared"] = "output-compared"
    output: Code
    content: str


class SummaryMade(Payload):
    """What the round has come to, by the bytes of its summary."""

    kind: Literal["summary-made"] = "summary-made"
    body: str
    sums: Sums


class RoundOverTold(Payload):
    """Cases that have been told that their round ends."""

    kind: Literal["round-over-told"] = "round-over-told"
    applications: tuple[CaseId, ...]


# what other processes are told ----------------------------------------------------------------------------


class RoundOver(Payload):
    """The round ends: what was never handed in whole is no application of it."""

    case: CaseId
    round: CaseId


class RoundSummary(Payload):
    """What is kept of a round when it has ended; figures alone."""

    year: int
    route: str
    rules: str
    made_at: datetime
    programmes: tuple[dict[str, int | str], ...]
    sums: Sums
