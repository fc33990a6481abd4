"""What is looked at while somebody decides about a school's request: what it asks for, who was asked."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from cases.states import read_state
from office.case import Seen
from office.case_parts import Side, parts
from office.context import office_of
from office.pages import Reader
from office.tables import Section
from schemas.kernel.case import Command
from schemas.outreach import commands
from schemas.outreach.state import OutreachState

ROOM: Final = "outreach"
_WANTED: Final = ("title", "kind", "grade", "persons", "minutes", "dates")
_REQUEST: Final = parts(*_WANTED, "date", "lecturer", "asked", "request", personal=True)
_AGREED: Final = parts("title", "kind", "date", "lecturer", "request", personal=True)


async def _question(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """What a lecturer who was asked is told in the letter: numbers, grade, title and dates."""
    state: OutreachState = await read_state(office_of(request).gateway.pool, seen.row)
    if reader.actor.id not in state.asked:
        return []
    t = reader.tongue
    lines = (
        (t.word(ROOM, "title"), t.pair((state.title.ja, state.title.en))),
        (t.word(ROOM, "kind"), t.word(ROOM, str(state.kind))),
        (t.word(ROOM, "grade"), t.word(ROOM, state.grade)),
        (t.word(ROOM, "persons"), str(state.persons)),
        (t.word(ROOM, "minutes"), str(state.minutes)),
        (t.word(ROOM, "dates"), "\n".join(t.moment(at) for at in state.dates)),
    )
    return [Section(t("What is asked for"), lines=lines)]


SIDES: Final[Mapping[type[Command], Side]] = {
    commands.CheckRequest: _REQUEST,
    commands.DeclineRequest: _REQUEST,
    commands.PermitLate: _REQUEST,
    commands.ChangeTopic: _REQUEST,
    commands.NameLecturers: _REQUEST,
    commands.Reschedule: _REQUEST,
    commands.GoOnline: _REQUEST,
    commands.ReleaseLecturer: _REQUEST,
    commands.CancelRequest: _AGREED,
    commands.ConfirmByPhone: _AGREED,
    commands.RecordPrepared: _AGREED,
    commands.RecordHeld: parts(*_WANTED, "date", "lecturer"),
    commands.AnswerLecture: _question,
}
