"""What every ending has in common: who is told, and how what is owed is given back, last first."""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.exchange.records import SeenByPartner
from schemas.exchange.stages import Stage
from schemas.exchange.state import ExchangeState
from schemas.kernel.case import Owed
from workflows.exchange import arrival, housing, intake, money, status, tutors
from workflows.exchange.dates import ExchangeDraft

TOLD: Final = (
    Stage.WITHDRAWN,
    Stage.DECLINED,
    Stage.EXPIRED,
    Stage.DEFERRED,
    Stage.COE_DENIED,
    Stage.VISA_REFUSED,
    Stage.NO_SHOW,
    Stage.EARLY_RETURN,
)
"""Endings that the home university is told of, beside those that tell it themselves."""


def give_back_place(draft: ExchangeDraft, _owed: Owed) -> None:
    """The place under the agreement is somebody else's."""
    draft.places.release(intake.quota_of(draft.state), "case-ended")
    draft.state.place_held = False


UNDOES: Final[Mapping[str, Callable[[ExchangeDraft, Owed], None]]] = {
    intake.QUOTA: give_back_place,
    status.COE_OWED: status.withdraw_coe,
    housing.BED_OWED: housing.give_back,
    money.SCHOLARSHIP: money.give_back,
    tutors.TUTOR: tutors.give_back,
    arrival.SLOT: arrival.free_slot,
    "register": arrival.take_off_register,
}


def ended(draft: ExchangeDraft) -> None:
    """The home university hears that it has ended, and how; the student where it was not their word."""
    state: ExchangeState = draft.state
    for frame in state.waits_for:
        draft.places.leave_queue(frame, "case-ended")
    state.waits_for = []
    state.seen = "rejected" if state.seen == "pending" else state.seen
    draft.record(SeenByPartner(status=state.seen))
    draft.notify("mobility-ended", "coordinator", ending=state.stage)
    if state.stage in (Stage.EXPIRED, Stage.DEFERRED, Stage.COE_DENIED, Stage.VISA_REFUSED):
        draft.notify("mobility-over", "student", ending=state.stage)


ENTERED: Final[Mapping[str, Callable[[ExchangeDraft], None]]] = dict.fromkeys(map(str, TOLD), ended)
