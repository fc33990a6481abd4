"""Which kinds of concerns repeat: counted each night over all cases, and told once a band (docs/links.md).

By the clock and not with the step of a case: no case counts others, two at once cannot both be the fifth,
what was linked that day is counted as one, and the moment tells nothing of who came last.
"""

import json
from datetime import UTC, datetime, time
from typing import Final

from pydantic import JsonValue

from activities.kernel.links import tell_of_none
from activities.kernel.queries import queries
from activities.kernel.scheduled import Batch, ScheduledWork, Tools
from schemas.kernel.schedules import Occasion
from schemas.support.links import Band, KindRepeated
from schemas.support.policy import SupportPolicy
from workflows.support.links import KIND_REPEATED
from workflows.support.process import SUPPORT

SQL: Final = queries("support/kinds")
LEAST: Final = 5
"""Of fewer nothing is told, whatever a policy says."""
_BANDS: Final[tuple[tuple[int, Band], ...]] = ((20, "20+"), (10, "10-19"), (LEAST, "5-9"))


def band_of(count: int) -> Band | None:
    """The band of a count; None: it is not told."""
    return next((name for least, name in _BANDS if count >= least), None)


async def tell_repeated(tools: Tools, _occasion: Occasion, _position: JsonValue) -> Batch:
    """Tell of each kind that has come to another band in a term; a band that was told is not told again."""
    told = 0
    async with tools.pool.acquire() as connection, connection.transaction():
        body = await connection.fetchval(SQL["policy"])
        never = SupportPolicy.model_validate(json.loads(body)).crisis_kinds if body is not None else ()
        for row in await connection.fetch(SQL["count_kinds"], LEAST):
            band = band_of(row["cases"])
            if band is None or row["kind"] in never:
                continue
            data = KindRepeated(kind=row["kind"], term=row["term"], band=band)
            key = f"{data.kind}/{data.term}/{data.of}/{data.band}"
            if await connection.fetchval(SQL["is_told"], SUPPORT.name, key):
                continue
            await tell_of_none(connection, SUPPORT, KIND_REPEATED, data, key, datetime.now(UTC))
            told += 1
    return Batch(counts={KIND_REPEATED: told} if told else {})


KINDS_WORK: Final = ScheduledWork(
    name="kinds-repeated",
    title=("繰り返される相談の種類を知らせる", "Tells which kinds of concerns repeat"),
    at=time(4, 10),
    run=tell_repeated,
)
