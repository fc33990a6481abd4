"""The tutor: assigned before the arrival, met, replaced, given free at the end."""

from typing import Final

from schemas.exchange.commands import AssignTutor, RecordGuidance
from schemas.exchange.records import TutorNamed
from schemas.exchange.stages import Track, Tutor
from schemas.kernel.case import Owed
from workflows.exchange.dates import ExchangeDraft

TUTOR: Final = "tutor"


def assign(draft: ExchangeDraft, command: AssignTutor) -> None:
    """A tutor of the staff list, with room for one more; the one before is free again."""
    state = draft.state
    draft.require(command.tutor != state.tutor, "tutor-assigned", tutor=command.tutor)
    free = draft.look_up("tutor", staff_id=command.tutor, term=state.term)
    draft.require(bool(free), "tutor-not-free", tutor=command.tutor)
    if state.tutor is not None:
        draft.record(TutorNamed(tutor=state.tutor, what="ended"))
        draft.notify("tutor-released", f"staff:{state.tutor}")
    state.tutor = command.tutor
    draft.details["tutor"] = command.tutor
    draft.record(TutorNamed(tutor=command.tutor, what="assigned"))
    draft.go_track(Track.TUTOR, Tutor.ASSIGNED)
    draft.owe(TUTOR)
    draft.notify("tutor-assigned", f"staff:{command.tutor}")


def guided(draft: ExchangeDraft, _command: RecordGuidance) -> None:
    """They have met."""
    draft.go_track(Track.TUTOR, Tutor.GUIDED)


def give_back(draft: ExchangeDraft, _owed: Owed) -> None:
    """Free for somebody else; the tutor hears of it once."""
    end(draft)


def end(draft: ExchangeDraft) -> None:
    """The same at the proper end."""
    state = draft.state
    if state.tutor is None:
        return
    draft.record(TutorNamed(tutor=state.tutor, what="ended"))
    draft.notify("tutor-released", f"staff:{state.tutor}")
    state.tutor = None
    draft.settle(TUTOR)
    if state.tracks.get(Track.TUTOR) != Tutor.ENDED:
        draft.go_track(Track.TUTOR, Tutor.ENDED)
