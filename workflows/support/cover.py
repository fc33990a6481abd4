"""Closures: clocks counted again, and who has an urgent case while its owner is not there (S19).

Rule numbers are those of docs/processes/support.md.
"""

from datetime import date, datetime, time, timedelta
from typing import Final

from schemas.kernel.deadlines import Deadline, DeadlinePolicy
from schemas.support.commands import NameCover
from schemas.support.facts import CalendarChanged
from schemas.support.records import Covered
from schemas.support.roles import Role
from schemas.support.stages import URGENT_LEVEL
from schemas.support.state import Cover, SupportState
from workflows.support.clocks import SupportDraft, policy_of
from workflows.support.ownership import require_fit

NAME_COVER: Final = "name-cover"
COVER: Final = "cover"
LONG: Final = 3
"""Days of a closure in which an urgent case is not left alone."""
_DAY: Final = timedelta(days=1)


def calendar_changed(draft: SupportDraft, _fact: CalendarChanged) -> None:
    """What runs is counted again, never later than was promised."""
    draft.learn_closures()
    draft.recount_deadlines()


def _long_closures(state: SupportState) -> dict[str, date]:
    """First day, as a text, to last day: of days in a row on which the owner's calendar is closed by them."""
    calendar = policy_of(state).idle.calendar
    days = sorted(
        {
            each.first + _DAY * number
            for each in state.closures or ()
            if not each.hours and each.calendar in (None, calendar)
            for number in range(((each.last or each.first) - each.first).days + 1)
        }
    )
    found = list[list[date]]()
    for day in days:
        if found and day == found[-1][-1] + _DAY:
            found[-1].append(day)
        else:
            found.append([day])
    return {run[0].isoformat(): run[-1] for run in found if len(run) >= LONG}


def _wanted(state: SupportState) -> dict[str, tuple[date, str | None]]:
    if state.closures is None or state.level > URGENT_LEVEL:
        return {}
    return {first: (last, state.owner) for first, last in _long_closures(state).items()}


def is_to_ask(state: SupportState) -> bool:
    """Whether closures, level or owner are others than those for which covers were asked."""
    asked = {first: (each.last, each.owner) for first, each in state.covers.items()}
    return not state.closed and _wanted(state) != asked


def ask_for_covers(draft: SupportDraft) -> None:
    """Each closure of some days gets a task; what was agreed for another owner or other days is void."""
    state, wanted = draft.state, _wanted(draft.state)
    for first, cover in list(state.covers.items()):
        if wanted.get(first) != (cover.last, cover.owner):
            draft.close_task(f"{NAME_COVER}:{first}", how="moved_on")
            _end(draft, first)
            del state.covers[first]
    for first, (last, owner) in wanted.items():
        if first in state.covers:
            continue
        state.covers[first] = Cover(last=last, owner=owner)
        begins_at, ends_at = _days(draft, first)
        if draft.now < ends_at:
            draft.open_task(
                NAME_COVER,
                Role.LEAD if owner is None else Role.COUNSELLOR,
                whose=first,
                assignee=owner,
                due_at=begins_at if draft.now < begins_at else None,
                keep=True,
            )
    draft.details["closures"] = list(wanted)


def name_cover(draft: SupportDraft, command: NameCover) -> None:
    """On these days the cover gets what the owner would, and sees the case."""
    state = draft.state
    unnamed = sorted(first for first in state.covers if f"{NAME_COVER}:{first}" in state.tasks)
    first = command.closure.isoformat() if command.closure is not None else next(iter(unnamed), "-")
    draft.require(
        first in state.covers and draft.now < _days(draft, first)[1], "no-such-closure", first=first
    )
    owner = state.owner
    draft.require(owner is not None, "no-owner")
    draft.require(command.staff_id != owner, "own-cover")
    require_fit(draft, state.unit, command.staff_id)
    _end(draft, first)
    state.covers[first].by = command.staff_id
    begins_at, ends_at = _days(draft, first)
    _record(draft, first, over=False)
    draft.start_deadline(COVER, DeadlinePolicy(days=0), whose=first, due_at=ends_at, keep=True)
    draft.close_task(f"{NAME_COVER}:{first}")
    draft.details.update(cover=command.staff_id, closure=first)
    draft.notify(
        "cover-named", f"staff:{command.staff_id}", since=begins_at.isoformat(), until=ends_at.isoformat()
    )


def cover_over(draft: SupportDraft, deadline: Deadline) -> None:
    """The owner is back: the cover sees no more of it."""
    _record(draft, deadline.name.partition(":")[2], over=True)


def _end(draft: SupportDraft, first: str) -> None:
    if f"{COVER}:{first}" in draft.state.deadlines:
        draft.stop_deadline(f"{COVER}:{first}", how="cancelled")
        _record(draft, first, over=True)


def _record(draft: SupportDraft, first: str, *, over: bool) -> None:
    cover = draft.state.covers[first]
    if cover.owner is not None and cover.by is not None:
        begins_at, ends_at = _days(draft, first)
        draft.record(Covered(owner=cover.owner, by=cover.by, begins_at=begins_at, ends_at=ends_at, over=over))


def _days(draft: SupportDraft, first: str) -> tuple[datetime, datetime]:
    zone, last = draft.calendar.zone, draft.state.covers[first].last
    begins, ends = date.fromisoformat(first), last + _DAY
    return datetime.combine(begins, time(), zone), datetime.combine(ends, time(), zone)
