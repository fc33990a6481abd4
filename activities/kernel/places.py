"""What a step asks the places ledger: each answer stays true until the step is written.

The frames that it is about are locked, with all above them; whoever changes places locks them too.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from activities.kernel.room import Lookup

SQL: Final = queries("kernel/places")


async def _place(connection: Connection, terms: Mapping[str, Any]) -> dict[str, Any] | None:
    """A place by its key, in whatever state; None if there never was one."""
    await connection.execute(SQL["lock_of_place"], terms["place"])
    found = await connection.fetchval(SQL["place"], terms["place"])
    return None if found is None else dict(json.loads(found))


async def _places_of(connection: Connection, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a holder holds, was offered and has had, the latest first."""
    await connection.execute(SQL["lock_of_holder"], terms["holder"])
    return _rows(await connection.fetch(SQL["places_of"], terms["holder"]))


async def _frame(connection: Connection, terms: Mapping[str, Any]) -> dict[str, Any] | None:
    """A frame with its counts as decimal texts, `free` with regard to all frames above; None: unknown."""
    await connection.execute(SQL["lock"], [terms["frame"]])
    found = await connection.fetchval(SQL["frame"], terms["frame"])
    return None if found is None else dict(json.loads(found))


async def _queue(connection: Connection, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who waits for something of a frame, in order; at most `limit`, by default all."""
    await connection.execute(SQL["lock"], [terms["frame"]])
    return _rows(await connection.fetch(SQL["queue"], terms["frame"], terms.get("limit")))


async def _offers_over(connection: Connection, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Holds and offers in the frames under a prefix whose time is over at a moment, the oldest first."""
    moment = datetime.fromisoformat(terms["at"])
    await connection.execute(SQL["lock_of_offers"], terms["prefix"], moment)
    return _rows(await connection.fetch(SQL["offers_over"], terms["prefix"], moment))


async def _next_offer_end(connection: Connection, terms: Mapping[str, Any]) -> str | None:
    """When the next hold or offer in the frames under a prefix ends."""
    found: datetime | None = await connection.fetchval(SQL["next_offer_end"], terms["prefix"])
    return None if found is None else found.isoformat()


async def _units_taken(connection: Connection, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Units under a prefix that somebody has on a day from `first` to before `until`; locks the `frame`."""
    if terms.get("frame") is not None:
        await connection.execute(SQL["lock"], [terms["frame"]])
    span = (date.fromisoformat(terms[day]) if terms.get(day) else None for day in ("first", "until"))
    return _rows(await connection.fetch(SQL["units_taken"], terms["prefix"], *span))


def _rows(found: list[Any]) -> list[dict[str, Any]]:
    return [json.loads(row["found"]) for row in found]


PLACE_LOOKUPS: Final[Mapping[str, Lookup]] = {
    "place": _place,
    "places-of": _places_of,
    "frame": _frame,
    "queue": _queue,
    "offers-over": _offers_over,
    "next-offer-end": _next_offer_end,
    "units-taken": _units_taken,
}
"""By the names that rules look them up by."""
