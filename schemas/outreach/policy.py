"""The policy of school requests."""

from datetime import time
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.kernel.deadlines import DeadlinePolicy
from schemas.kernel.identifiers import Code
from schemas.kernel.policies import ProcessPolicy
from schemas.outreach.stages import Kind

MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$")]


class OutreachPolicy(ProcessPolicy):
    """What a year may change; a case keeps its version.

    Of the deadlines that hang on the lecture's day D only the reminders are counted here, their days from
    the due day.
    """

    lead_days: dict[Kind, int]
    """Calendar days between a request and its earliest date (O2)."""
    load_cap: int = Field(default=4, ge=1)
    """Lectures that one lecturer gives in a term (O4)."""
    terms: tuple[MonthDay, ...] = ("04-01", "10-01")
    """First days of the terms, in the year's order."""
    answer_school: DeadlinePolicy
    lecturer_answer: DeadlinePolicy
    confirm_days: int = Field(default=14, ge=1)
    """Days before D until which the school confirms (O6)."""
    phone_days: int = Field(default=7, ge=1)
    """Days before D at which a person decides when it has not."""
    confirm: DeadlinePolicy
    prepare_days: int = Field(default=5, ge=0)
    """Days before D until which everything is prepared."""
    prepare: DeadlinePolicy
    lecture: DeadlinePolicy
    survey_days: int = Field(default=14, ge=0)
    """Days after D at which the school is asked how it was (O28)."""
    report_days: int = Field(default=30, ge=0)
    report: DeadlinePolicy
    erase_days: int = Field(default=90, ge=1)
    """Days after D, or after a request has ended without it, at which the contact is erased (O28)."""
    decide_by: time = time(7)
    """Until when on the day itself a person decides about a warning (O16)."""
    decide_minutes: int = Field(default=60, ge=1)
    """How long a person has for a warning that comes later than that."""
    warning_levels: tuple[Code, ...] = ("warning", "emergency", "lines-stopped")
    """Levels at which somebody has to decide; others are noted."""
    decline_reasons: tuple[Code, ...]
    causes: tuple[Code, ...]
    """Why a date is moved or a request cancelled."""
