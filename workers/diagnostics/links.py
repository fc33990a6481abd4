"""What stands still between processes: facts that wait, and for whom."""

from datetime import UTC, datetime
from typing import Any, Final

from activities.kernel.queries import queries
from workers.diagnostics.findings import Finding, ok, problem, warn

SQL: Final = queries("kernel/links")
_WHY: Final = {
    "asked": "for a person of the office",
    "nobody": "for a process that is not there",
    "no-case": "for a case",
    "late": "to be delivered",
}


async def links(pool: Any) -> Finding:
    """Facts of other processes that wait: what should have been delivered is a problem, the rest is not."""
    rows, now = await pool.fetch(SQL["standing_still"]), datetime.now(UTC)
    named = [
        f"{row['type']} → {row['process']}: {row['facts']} {_WHY[row['why']]}, {(now - row['since']).days} d"
        for row in rows
    ]
    facts = {why: sum(row["facts"] for row in rows if row["why"] == why) for why in _WHY}
    if facts["late"]:
        todo = "see whether a relay runs (iehe relay)"
        return problem("links", "facts are not delivered", todo, named=named, **facts)
    if facts["asked"]:
        text = f"{facts['asked']} facts wait for a person: {'; '.join(named)}"
        return warn("links", text, "iehe links list --waiting, then iehe links settle", **facts)
    if named:
        return ok("links", "; ".join(named), **facts)
    return ok("links", "no fact waits", **facts)
