"""The end of a run: who is late is a person's question; it closes when nobody of it lives there any more."""

from typing import Final

from schemas.dormitory.roles import Role
from schemas.dormitory.stages import Reason, Stage
from schemas.kernel.deadlines import Deadline
from workflows.dormitory.ground import DormitoryDraft, policy_of, short, today_of
from workflows.dormitory.intake import TERM
from workflows.dormitory.offers import Serving, refuse

LATE: Final = "late-arrival"


def late_arrivals(draft: DormitoryDraft, _deadline: Deadline) -> None:
    """Whoever has not come by the last day for which a bed is kept: a person decides, no clock (X32)."""
    serving = Serving.of(draft)
    kept = draft.state.kept_until
    for held in serving.own:
        request = serving.house.requests.get(held.holder or "")
        if request is None or held.state != "taken" or request.moved_in:
            continue
        if kept is not None and held.first <= kept:
            draft.open_task(LATE, Role.HOUSE, whose=short(request.case), keep=True)


def term_over(draft: DormitoryDraft, _deadline: Deadline) -> None:
    """Whoever still waits or has not answered is told; stays that go on keep the run open until they end."""
    serving = Serving.of(draft)
    today = today_of(draft)
    stays = [held.until for held in serving.own if held.until is not None and held.until > today]
    if stays and draft.state.stage != Stage.COLLECTING:
        until = draft.calendar.end_of(max(stays))
        draft.start_deadline(TERM, policy_of(draft.state).term, due_at=until, keep=True)
        return
    asked = {held.holder or "" for held in serving.own if held.place in serving.ends}
    offered = [request for case, request in serving.house.requests.items() if case in asked]
    for request in (*serving.queue, *offered):
        refuse(draft, request, Reason.WAITLIST_OVER)
    for place in dict.fromkeys(held.place for held in serving.own):
        draft.places.release(place, "stay-over")
    draft.goto(Stage.CLOSED)
