"""The nightly sweep of documents: what goes before its case, and what lies in the store and no row names.

The second is one way for all that is left behind: a content whose row was never written because somebody
died in between, one whose case was erased, one whose row was marked while the store was away. Nobody is shown
any of these: what is in no row is not handed out, and without its case's key it cannot be read.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from pydantic import BaseModel, JsonValue

from activities.kernel.queries import queries
from activities.kernel.scheduled import Batch, ScheduledWork, Tools
from schemas.kernel.schedules import Occasion

SQL: Final = queries("kernel/documents")
AT_ONCE: Final = 200
GRACE: Final = timedelta(hours=24)
"""What is younger may be an upload whose row is being written."""


class _Position(BaseModel):
    """How many of the kinds with days of their own are done."""

    kinds: int = 0


async def sweep(tools: Tools, occasion: Occasion, position: JsonValue) -> Batch:
    """One batch of a kind; after the last kind the store itself."""
    if tools.documents is None:
        return Batch()
    here = _Position.model_validate(position or {})
    kinds = [
        (room.process.name, name, kind.keep_days_after_end)
        for room in tools.rooms.values()
        for name, kind in room.process.documents.items()
        if kind.keep_days_after_end is not None
    ]
    if here.kinds >= len(kinds):
        return await _clear(tools)
    rows = await tools.pool.fetch(SQL["expire"], occasion.run, *kinds[here.kinds], AT_ONCE)
    gone = [row["place"] for row in rows]
    await tools.fault("documents-marked")
    await tools.documents.delete(gone)
    following = here if len(gone) == AT_ONCE else _Position(kinds=here.kinds + 1)
    return Batch(counts={"documents": len(gone)} if gone else {}, position=following.model_dump())


async def _clear(tools: Tools) -> Batch:
    assert tools.documents is not None  # noqa: S101 - its caller has looked
    before, count = datetime.now(UTC) - GRACE, 0
    async for lying in tools.documents.lying(tools.home):
        old = [key for key, since in lying.items() if since < before]
        rows = await tools.pool.fetch(SQL["not_kept"], old)
        await tools.documents.delete([row["place"] for row in rows])
        count += len(rows)
    return Batch(counts={"left-behind": count} if count else {})


DOCUMENTS_WORK: Final = ScheduledWork(
    name="documents",
    title=("保存期間の過ぎた書類の消去", "Erases documents whose time is over"),
    at=time(4, 10),
    run=sweep,
)
