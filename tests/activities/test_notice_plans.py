"""Delivering reads along indexes, however many notices there are."""

from datetime import UTC, datetime

import pytest

from activities.kernel.queries import queries
from tests.activities.letters import CASE, World

SQL = queries("kernel/notices")
AT = datetime(2027, 2, 4, tzinfo=UTC)
MANY = """
INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind, recipient_id, facts,
                          state, attempts, queued_at, sent_at)
SELECT 'many-' || n, $1, 100 + n / 3, 'admission-review', 'm', 'staff', 'r-' || n % 500, '{}',
       'accepted', 1, $2, $2
FROM generate_series(1, 40000) AS n
"""
ASKED = {
    "pending": f"'{CASE}', 3, NULL, '{{}}', NULL",
    "hold": f"'{CASE}', 3, now(), NULL",
    "beside": "'n-1', 'sato', 'admission-review', now(), NULL",
    "claim": "'{n-1}', '{0}', '<m>', NULL, '{0}'",
    "answered": "'n-1', 1, 'accepted', NULL, now(), NULL",
    "left": f"'{CASE}', 3, NULL, NULL",
}


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
async def test_no_delivery_reads_all_notices(world: World, mode: str) -> None:
    """Each of its statements, planned for its values or for any."""
    await world.queue("n-1", "review-released", "staff")
    await world.owner.execute(MANY, CASE, AT)
    await world.owner.execute("ANALYZE iehe.notices")
    await world.owner.execute(f"SET plan_cache_mode = {mode}")
    for name, values in ASKED.items():
        await world.owner.execute(f'PREPARE "{name}" AS {SQL[name]}')
        plan = "\n".join(row[0] for row in await world.owner.fetch(f'EXPLAIN EXECUTE "{name}"({values})'))
        assert "Seq Scan on notices" not in plan, f"{name}\n{plan}"
