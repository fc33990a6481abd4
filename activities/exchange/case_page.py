"""What the page of a mobility shows beside what every case has."""

from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from schemas.exchange.state import ExchangeState

SQL: Final = queries("exchange/exchange")
SHOWN: Final = {
    *("faculty", "first", "last", "months", "revision", "seen", "reason", "house", "offer_until"),
    *("coe_batch", "coe_until", "arrived_on", "confirmed", "deferred_to", "deferred_from"),
}


async def own_part(pool: asyncpg.Pool, case_id: str, state: ExchangeState, personal: bool) -> dict[str, Any]:
    """The stay, what is done of the checklist, who was asked to advise; the student when `personal`."""
    part: dict[str, Any] = state.model_dump(include=SHOWN, exclude_none=True)
    part["months"] = str(state.months)
    part["agreement"] = state.quota
    if state.arrival is not None:
        part["arrival"] = {"slot": state.arrival.slot, "port": state.arrival.port}
    if state.plan is not None:
        part["plan"] = {
            "plan_version": state.plan.version,
            "sha256": state.plan.content,
            "signed": [str(each) for each in state.plan.signed],
        }
    part["checklist"] = [
        {"item": item, "on": state.checklist[item].on if item in state.checklist else None}
        for item in state.asked_for
    ]
    part["advisors"] = [dict(row) for row in await pool.fetch(SQL["advisors"], case_id)]
    part["documents_wanted"] = [
        {"document": name, "document_state": str(each.state)} for name, each in state.documents.items()
    ]
    if personal:
        part["student"] = dict(await pool.fetchrow(SQL["personal"], case_id) or {})
    return part
