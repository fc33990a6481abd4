"""Which home a case has, and which processes live in a home: by the descriptors of the processes."""

from collections.abc import Mapping

from activities.kernel.room import Room
from cases.registry import ROOMS
from schemas.kernel.homes import COMMON, CaseHome


def homes() -> dict[str, CaseHome]:
    """Every home by its name, the common one first, whether or not a process has it."""
    names = dict.fromkeys((COMMON, *(room.process.home for room in ROOMS.values())))
    return {name: CaseHome(name) for name in names}


def home_of(case_id: str) -> CaseHome:
    """The home of a case, or of a room by its name; the common one for what is of no process."""
    of_room = case_id.partition("/")[0]
    names = (room.process.home for room in ROOMS.values() if room.process.room == of_room)
    return CaseHome(next(names, COMMON))


def rooms_in(home: CaseHome) -> Mapping[str, Room]:
    """The processes that live in a home, by their names."""
    return {name: room for name, room in ROOMS.items() if room.process.home == home.name}
