"""What every rule of a round stands on: its draft, its policy, its frames, its lists."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from schemas.kernel.places import FrameWanted
from schemas.round.policy import RoundPolicy
from schemas.round.rules import FrameRule, Programme
from schemas.round.state import RoundState
from workflows.kernel.draft import Draft

RoundDraft = Draft[RoundState]
NO_LIMIT: Final = Decimal(1_000_000)
"""Of the round as a whole: its programmes limit what is offered."""
REJUDGE: Final = "rejudge"
"""The task of who looks whether there is an error in what is out."""
CONFIRMED_BY: Final = time(17)
"""On the working day before a release its lists are confirmed."""


def policy_of(state: RoundState) -> RoundPolicy:
    """The case's policy, which every case has that is open."""
    if state.policy is None:
        raise RuntimeError("a case without its policy")
    return state.policy


def list_called(draft: RoundDraft, name: str) -> str:
    """A list that is made where the round stands.

    Raises:
        Refusal: it has none of that name.
    """
    known = draft.state.lists
    draft.require(name in known, "programme-unknown", programme=name, known=", ".join(known))
    return name


def frame_called(draft: RoundDraft, name: str) -> tuple[Programme, FrameRule]:
    """A frame of the round, with the programme whose it is.

    Raises:
        Refusal: it has none of that name.
    """
    frames = {
        frame.key: (programme, frame)
        for programme in policy_of(draft.state).rules.programmes
        for frame in programme.frames
    }
    draft.require(name in frames, "round-frame-unknown", frame=name, known=", ".join(frames))
    return frames[name]


def root_of(state: RoundState) -> str:
    """The frame of the whole round in the ledger; its name is that of the case."""
    return state.case_id


def frame_in_ledger(state: RoundState, frame: str) -> str:
    """A frame of the round's rules as the ledger calls it."""
    return f"{root_of(state)}/{frame}"


def set_frames(draft: RoundDraft) -> None:
    """Round ⊇ programme ⊇ frames within it; as many are offered as there are, until the meeting says more."""
    state = draft.state
    programmes = policy_of(state).rules.programmes
    whole = Decimal(sum(programme.places for programme in programmes))
    draft.places.frame(root_of(state), FrameWanted(places=whole, limit=NO_LIMIT))
    for programme in programmes:
        for frame in _outer_first(programme):
            places = Decimal(frame.places)
            above = frame_in_ledger(state, frame.parent) if frame.parent is not None else root_of(state)
            wanted = FrameWanted(places=places, limit=places, parent=above, allocator=state.case_id)
            draft.places.frame(frame_in_ledger(state, frame.key), wanted)


def _outer_first(programme: Programme) -> list[FrameRule]:
    depth = {frame.key: 0 for frame in programme.frames}
    parents = {frame.key: frame.parent for frame in programme.frames}
    for key in depth:
        above = parents[key]
        while above is not None:
            depth[key] += 1
            above = parents[above]
    return sorted(programme.frames, key=lambda frame: depth[frame.key])


def confirmed_by(draft: RoundDraft, release: datetime) -> datetime:
    """Until when the lists of a release are confirmed: the working day before it, 17:00."""
    calendar = draft.calendar
    day: date = calendar.day_of(release) - timedelta(days=1)
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return datetime.combine(day, CONFIRMED_BY, calendar.zone)
