"""Whether documents can be kept and are there: a probe of the store, and a look for what rows name."""

from typing import Any, Final

from activities.kernel.document_store import StoreAway, new_key
from activities.kernel.queries import queries
from workers.diagnostics.findings import Finding, ok, problem
from workers.documents import document_store
from workers.settings import Settings, SettingsError

SQL: Final = queries("kernel/documents")
_PROBES: Final = "probes"
"""No home is called so, by the form of its documents' keys."""
_LOOKED_FOR: Final = 200
"""The newest documents that are looked for, of however many there are."""


async def documents(settings: Settings, pool: Any) -> Finding:
    """Write, read and take away a probe; then look for the newest documents."""
    where = settings.documents or "the home"
    try:
        store = document_store(settings)
        probe = new_key(_PROBES)
        await store.put(probe, b"probe")
        whole = await store.get(probe) == b"probe"
        await store.delete([probe])
    except (StoreAway, SettingsError):
        return problem(
            "documents",
            f"the store at {where} cannot be read and written; no document is kept or shown",
            "check IEHE_DOCUMENTS and its siblings, and the folder or server",
        )
    rows = await pool.fetch(SQL["some"], _LOOKED_FOR)
    lost = [row["place"] for row in rows if await store.get(row["stored_as"]) is None]
    facts = {"looked_for": len(rows), "lost": len(lost)}
    if lost or not whole:
        return problem(
            "documents",
            f"of the newest {len(rows)} documents {len(lost)} are not in the store at {where}",
            "bring the store back from its copy; whoever sent them can send them again (revoke-document)",
            named=lost,
            **facts,
        )
    return ok("documents", f"kept at {where}; the newest {len(rows)} are there", **facts)
