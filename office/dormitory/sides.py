"""What is looked at while somebody decides about a house: what a run gives out, swaps, closings."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from activities.kernel.queries import queries
from office.case import Seen
from office.case_parts import Side, beside, parts
from office.context import office_of
from office.pages import Reader
from office.tables import Section, table
from schemas.dormitory import commands
from schemas.kernel.case import Command
from workflows.kernel.sight import Field

SQL: Final = queries("dormitory/boards")
ROOM: Final = "dormitory"


async def _list(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """The list as it was drawn last: who gets which bed, in order, or why none."""
    if Field.WORK not in seen.fields:
        return []
    rows = await office_of(request).gateway.pool.fetch(SQL["list_drawn"], seen.case_id)
    t = reader.tongue
    if not rows:
        return []
    return [table(t, ROOM, t("What the run gives out"), [dict(row) for row in rows])]


_DRAWN: Final = beside(
    parts("house", "term", "seed", "list_hash", "drawn_by", "confirmed_by", "placed", "unplaced"), _list
)
_MOVES: Final = parts("house", "term", "first", "until", "swaps", "closings")

SIDES: Final[Mapping[type[Command], Side]] = {
    commands.Draw: parts("house", "term", "collect_until", "seed"),
    commands.ConfirmRun: _DRAWN,
    commands.Offer: _DRAWN,
    commands.OfferReserve: _MOVES,
    commands.SwapBeds: _MOVES,
    commands.AnswerSwap: _MOVES,
    commands.Relocate: _MOVES,
    commands.CloseRoom: _MOVES,
    commands.Revoke: _MOVES,
}
