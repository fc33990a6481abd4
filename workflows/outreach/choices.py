"""What a person may choose in decisions and facts about a school's request: for doors that let them choose.

Topics and fields of the year stand in the database alone: `office/outreach/options.py` looks them up.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from schemas.kernel.japan import TOKYO
from schemas.kernel.payload import Payload
from schemas.outreach.commands import (
    AnswerLecture,
    CancelRequest,
    DeclineRequest,
    NameLecturers,
    Reschedule,
)
from schemas.outreach.facts import LecturerAnswered, SchoolConfirmed, WarningIssued
from schemas.outreach.roles import Role
from schemas.outreach.stages import Answer
from schemas.outreach.state import OutreachState
from workflows.kernel.choices import Choice, Choices, StaffOf, coded, named
from workflows.outreach.intake import policy_of
from workflows.outreach.lecturers import ASKABLE


def _lecturers(state: OutreachState) -> Choices:
    """Who can be asked; who has had the question keeps it."""
    asked = frozenset(name for name, answer in state.asked.items() if answer not in ASKABLE)
    return {"lecturers": StaffOf((Role.LECTURER,), asked)}


def _dates(state: OutreachState) -> Choices:
    return {"date": [_date(at) for at in state.dates]}


def _answers(state: OutreachState) -> Choices:
    """Who was asked and may still answer."""
    waiting = (name for name, each in state.asked.items() if each in (Answer.ASKED, Answer.SILENT))
    return {"lecturer": named(waiting), **_dates(state)}


def _date(at: datetime) -> Choice:
    local = at.astimezone(TOKYO)
    words = f"{local:%Y-%m-%d %H:%M}"
    return Choice(local.isoformat(), words, words)


CHOICES: Final[Mapping[type[Payload], Callable[[OutreachState], Choices]]] = {
    AnswerLecture: _dates,
    CancelRequest: lambda state: {"reason": coded(policy_of(state).causes)},
    DeclineRequest: lambda state: {"reason": coded(policy_of(state).decline_reasons)},
    NameLecturers: _lecturers,
    LecturerAnswered: _answers,
    SchoolConfirmed: lambda state: {"date": [_date(state.date)] if state.date else []},
    WarningIssued: lambda state: {"level": coded(policy_of(state).warning_levels)},
    Reschedule: lambda state: {"reason": coded(policy_of(state).causes)},
}
