"""The processes that this system runs: one line for each."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from activities.admission.room import ROOM as ADMISSION
from activities.dormitory.room import ROOM as DORMITORY
from activities.exchange.room import ROOM as EXCHANGE
from activities.kernel.room import Room
from activities.outreach.room import ROOM as OUTREACH
from activities.round.room import ROOM as ROUND
from activities.support.room import ROOM as SUPPORT
from schemas.kernel.roles import HOST_ROLES
from workflows.kernel.process import Process

ROOMS: Final[Mapping[str, Room]] = {
    room.process.name: room for room in (ADMISSION, OUTREACH, SUPPORT, EXCHANGE, DORMITORY, ROUND)
}
"""By the names of their processes."""

PROCESSES: Final[Mapping[str, Process[Any]]] = {name: room.process for name, room in ROOMS.items()}
"""The same, for who needs the rules alone."""

LABELS: Final = tuple(dict.fromkeys(name for process in PROCESSES.values() for name in process.labels))
"""By what cases can be found beside where they stand."""

OWN_ATTRIBUTES: Final = tuple(name for process in PROCESSES.values() for name in process.own_attributes)
"""Search attributes that processes have beside those of every case."""

CASE_ROOMS: Final = tuple(process.room for process in PROCESSES.values())
"""First parts of case ids."""


def own_modules(part: str, name: str) -> dict[str, Any]:
    """The modules of a name that processes have in their rooms of a part, by room."""
    rooms = [room for room in CASE_ROOMS if find_spec(f"{part}.{room}")]
    modules = {room: f"{part}.{room}.{name}" for room in rooms}
    return {room: import_module(each) for room, each in modules.items() if find_spec(each)}


ROLES: Final[Mapping[str, tuple[str, str]]] = {
    name: words
    for each in (*(room.process.roles for room in ROOMS.values()), HOST_ROLES)
    for name, words in each.items()
}
"""Every role that somebody can have, by name: in Japanese and in English."""
