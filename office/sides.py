"""What is shown beside the form of a decision, where a process has something to look at while it is made."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request

from cases.registry import own_modules
from office.case import Seen
from office.pages import Reader
from office.tables import Section
from schemas.kernel.case import Command

Side = Callable[[Request, Reader, Seen], Awaitable[list[Section]]]
SIDES: Final[Mapping[str, Mapping[type[Command], Side]]] = {
    room: own.SIDES for room, own in own_modules("office", "sides").items()
}
"""By room (`office/<room>/sides.py`), by decision."""


async def side_of(request: Request, reader: Reader, seen: Seen, command: type[Command]) -> list[Section]:
    """The sections beside a form; none for most."""
    side: Any = SIDES.get(seen.process.room, {}).get(command)
    return [] if side is None else await side(request, reader, seen)
