"""The policy of incoming exchange students: windows, documents, clocks, lists of codes."""

from datetime import time
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.exchange.stages import Item
from schemas.kernel.deadlines import DeadlinePolicy
from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload
from schemas.kernel.policies import ProcessPolicy

MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
Codes = Annotated[tuple[Code, ...], Field(min_length=1)]


class Window(Payload):
    """A season's dates: month and day, the year follows from the term; times on the institute's clock."""

    opens: MonthDay
    opens_at: time = time(9)
    closes: MonthDay
    closes_at: time = time(15)
    lock_days: int = Field(default=14, ge=0)
    """Days after the closing at which applications are locked, at the same hour."""
    begins: MonthDay
    ends: MonthDay
    """Last day of the term; the year after where it lies before its beginning."""
    orientation: MonthDay
    results: MonthDay
    """The day on which results are told; the year before where they lie after the beginning."""
    results_at: time = time(10)
    kept_until: MonthDay
    """Until when a bed is kept for who has reported a delay (X32)."""


class ExchangePolicy(ProcessPolicy):
    """What a year may change; a case keeps its version. Rule numbers: docs/processes/exchange.md."""

    seasons: dict[Annotated[str, StringConstraints(pattern="^[SA]$")], Window]
    max_advisors: int = Field(default=3, ge=1)
    """Advisors asked one after the other (X11)."""
    correct: DeadlinePolicy
    """How long the home university has to correct what was returned."""
    verify: DeadlinePolicy
    """Until when the office looks at a nomination."""
    apply: DeadlinePolicy
    """The ladder before the lock."""
    complete: DeadlinePolicy
    """How long the student has for what is missing."""
    advisor: DeadlinePolicy
    screen: DeadlinePolicy
    appeal: DeadlinePolicy
    release: DeadlinePolicy
    answer: DeadlinePolicy
    """How long the student has to accept the result."""
    waiting: DeadlinePolicy
    """How long a waitlisted nomination waits."""
    prepare: DeadlinePolicy
    """The ladder before the beginning of the term, while something is missing for the arrival."""
    coe_data: DeadlinePolicy
    coe_result: DeadlinePolicy
    """The watch over a filed certificate, ending at the orientation (X13)."""
    coe_months: int = Field(default=3, ge=1)
    """Months for which a certificate is valid."""
    more_documents: DeadlinePolicy
    denial: DeadlinePolicy
    """Until when the head chooses after a denial."""
    visa: DeadlinePolicy
    bed: DeadlinePolicy
    """The ladder of an offered bed; its end is the ledger's."""
    housing: DeadlinePolicy
    """Until when another place to live is found."""
    arrival: DeadlinePolicy
    """The ladder around the day of arrival: nobody came (D+0, D+3)."""
    move_in_from: time = time(9)
    move_in_until: time = time(16)
    """Weekday hours in which somebody can be received."""
    ward_office: DeadlinePolicy
    """The legal fourteen days for the address (X15)."""
    courses: DeadlinePolicy
    checklist: DeadlinePolicy
    confirmation: DeadlinePolicy
    """The ladder of a month's confirmation; due on `confirmed_by`."""
    confirmed_by: int = Field(default=10, ge=1, le=28)
    """Day of the month until which it is signed (X19)."""
    absence: DeadlinePolicy
    """A month's absence is reported to the ministry (X16)."""
    no_study: DeadlinePolicy
    """Three months without study endanger the status (X18)."""
    leaving: DeadlinePolicy
    """The ladder before the end of the stay."""
    leaving_days: int = Field(default=28, ge=1)
    """Days before the end of the stay at which the departure begins."""
    ward_office_days: int = Field(default=14, ge=0)
    transcript: DeadlinePolicy
    missing: DeadlinePolicy
    """How long somebody is looked for until the case ends."""
    insurance_months: int = Field(default=3, ge=0)
    """A longer stay asks for health insurance (X15)."""
    documents: Codes
    """What an application consists of."""
    checklist_items: tuple[Item, ...] = tuple(Item)
    return_reasons: Codes
    reject_reasons: Codes
    wait_reasons: Codes
    withdraw_reasons: Codes
    early_grounds: Codes
    """Grounds of force majeure, on which an early return is excused."""
    ports: Codes
    scholarship_months: int = Field(default=6, ge=1)
    """Months for which a scholarship is paid at most (X19)."""

    def window(self, term: str) -> Window:
        """The dates of a term's season."""
        return self.seasons[term[-1]]
