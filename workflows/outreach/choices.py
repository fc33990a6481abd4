"""What a person may choose in the decisions about a school's request: for doors that let them choose.

Topics and fields of the year stand in the database alone: `office/outreach/options.py` looks them up.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from schemas.kernel.case import Command
from schemas.kernel.japan import TOKYO
from schemas.outreach.commands import (
    AnswerLecture,
    CancelRequest,
    DeclineRequest,
    NameLecturers,
    Reschedule,
)
from schemas.outreach.roles import Role
from schemas.outreach.state import OutreachState
from workflows.kernel.choices import Choice, Choices, StaffOf, coded
from workflows.outreach.intake import policy_of
from workflows.outreach.lecturers import ASKABLE


def _lecturers(state: OutreachState) -> Choices:
    """Who can be asked; who has had the question keeps it."""
    asked = frozenset(name for name, answer in state.asked.items() if answer not in ASKABLE)
    return {"lecturers": StaffOf((Role.LECTURER,), asked)}


def _dates(state: OutreachState) -> Choices:
    return {"date": [_date(at) for at in state.dates]}


def _date(at: datetime) -> Choice:
    local = at.astimezone(TOKYO)
    words = f"{local:%Y-%m-%d %H:%M}"
    return Choice(local.isoformat(), words, words)


CHOICES: Final[Mapping[type[Command], Callable[[OutreachState], Choices]]] = {
    AnswerLecture: _dates,
    CancelRequest: lambda state: {"reason": coded(policy_of(state).causes)},
    DeclineRequest: lambda state: {"reason": coded(policy_of(state).decline_reasons)},
    NameLecturers: _lecturers,
    Reschedule: lambda state: {"reason": coded(policy_of(state).causes)},
}
