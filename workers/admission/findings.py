"""What `iehe doctor` says of admission."""

from typing import Any

from workers.diagnostics.findings import Finding, ok


async def findings(connection: Any) -> list[Finding]:
    """Which rounds are open now."""
    rows = await connection.fetch(
        "SELECT round_id FROM iehe.rounds WHERE now() BETWEEN opens_at AND closes_at ORDER BY 1"
    )
    names = [row["round_id"] for row in rows]
    return [ok("rounds", f"open: {', '.join(names) or 'none'}", open=names)]
