"""What every rule of a run stands on: its draft, its policy, its frames, its house as it is now."""

from datetime import date
from decimal import Decimal
from typing import Final

from schemas.dormitory.links import BedChanged
from schemas.dormitory.lookups import HouseFound
from schemas.dormitory.policy import DormitoryPolicy
from schemas.dormitory.run import Request
from schemas.dormitory.stages import Reason, RoomKind
from schemas.dormitory.state import DormitoryState
from schemas.kernel.places import FrameWanted, PlaceLine
from workflows.dormitory.allocation import House
from workflows.kernel.draft import Draft

DormitoryDraft = Draft[DormitoryState]
BEDS: Final = "beds"
"""The name of a run's list among results."""
NO_LIMIT: Final = Decimal(1_000_000)
"""Of what beds limit, by their days: one bed may be several persons' in a term, one after the other."""


def policy_of(state: DormitoryState) -> DormitoryPolicy:
    """The case's policy, which every case has that is open."""
    if state.policy is None:
        raise RuntimeError("a case without its policy")
    return state.policy


def root_of(state: DormitoryState) -> str:
    """The frame of a house over all terms."""
    return f"dormitory/{state.house}"


def frame_of_term(state: DormitoryState) -> str:
    """The frame of a run; its queue is that of all who wait."""
    return f"{root_of(state)}/{state.term}"


def unit_of(state: DormitoryState, bed: str) -> str:
    """A bed, by the key that all terms share (X21)."""
    return f"{root_of(state)}/{bed}"


def found_of(draft: DormitoryDraft) -> HouseFound:
    """The house as it stands, until the step is written."""
    state = draft.state
    terms = {"case_id": state.case_id, "house": state.house, "frame": frame_of_term(state)}
    return HouseFound.model_validate(draft.look_up("house", **terms))


def house_of(draft: DormitoryDraft, found: HouseFound | None = None) -> House:
    """The same, to be worked on."""
    state = draft.state
    return House(
        found or found_of(draft), policy_of(state), state.house, frame_of_term(state), today_of(draft)
    )


def today_of(draft: DormitoryDraft) -> date:
    """The day in Japan."""
    return draft.calendar.day_of(draft.now)


def set_frames(draft: DormitoryDraft, found: HouseFound) -> None:
    """House ⊇ term ⊇ reserve, open ⊇ agreement ⊇ faculty (X22)."""
    state, policy = draft.state, policy_of(draft.state)
    beds = len(found.beds)
    emergency = min(policy.emergency.get(state.house, 0), beds)
    accessible = sum(bed.kind is RoomKind.ACCESSIBLE for bed in found.beds)
    root, term = root_of(state), frame_of_term(state)

    def frame(name: str, places: int, parent: str | None, limit: int | Decimal) -> None:
        wanted = FrameWanted(places=Decimal(places), limit=Decimal(limit), parent=parent)
        if name == term:
            wanted = wanted.model_copy(update={"allocator": state.case_id})
        draft.places.frame(name, wanted)

    frame(root, beds, None, NO_LIMIT)
    frame(term, beds, root, NO_LIMIT)
    frame(f"{term}/reserve", emergency + accessible, term, NO_LIMIT)
    frame(f"{term}/open", beds - emergency, term, NO_LIMIT)
    for agreement, quota in policy.quotas.get(state.house, {}).items():
        frame(f"{term}/open/{agreement}", quota.beds, f"{term}/open", quota.beds)
        for faculty, count in quota.faculties.items():
            frame(f"{term}/open/{agreement}/{faculty}", count, f"{term}/open/{agreement}", count)


def line_of(state: DormitoryState, frame: str, bed: str | None, first: date, until: date | None) -> PlaceLine:
    """A bed for some days, counted in a frame."""
    unit = None if bed is None else unit_of(state, bed)
    return PlaceLine(frame=frame, unit=unit, first=first, until=until)


def tell_changed(
    draft: DormitoryDraft,
    case: str,
    what: str,
    reason: Reason | str | None,
    place: str | None = None,
    *,
    latest: date | None = None,
) -> None:
    """The student's case hears what became of its request."""
    told = {"case": case, "what": what, "reason": reason, "place": place, "latest": latest}
    draft.facts.tell("bed-changed", BedChanged.model_validate(told), key=case)


def request_of(house: House, case: str) -> Request | None:
    """Of somebody, in this run."""
    return house.requests.get(case)


def short(case: str) -> str:
    """What a task or a place calls a student's case."""
    return case.partition("/")[2]
