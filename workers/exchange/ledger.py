"""What must hold when every sample student has come to an end: each a question that finds nothing."""

from typing import Final

import asyncpg
from temporalio.client import Client

from schemas.kernel.identifiers import SearchAttribute

INVARIANTS: Final = {
    "beds given twice on a day": """
        SELECT count(*) FROM iehe.place_lines a JOIN iehe.place_lines b
        ON a.unit = b.unit AND a.line < b.line AND a.during && b.during WHERE a.live AND b.live""",
    "frames over their limit, or counted otherwise": """
        SELECT count(*) FROM iehe.frames f WHERE iehe.left_of(f) < 0
        OR f.taken + f.held + f.offered <> coalesce((
            SELECT sum(l.amount) FROM iehe.place_lines l
            WHERE l.live AND f.frame IN (SELECT iehe.frames_up(ARRAY[l.frame]))), 0)""",
    "places held or offered for a student who has ended": """
        SELECT count(*) FROM iehe.places p JOIN iehe.cases c USING (case_id)
        WHERE c.closed_at IS NOT NULL AND p.state IN ('held', 'offered') AND c.case_id LIKE 'exchange/%'""",
    "places of an agreement taken by who did not stay": """
        SELECT count(*) FROM iehe.places p JOIN iehe.cases c USING (case_id)
        WHERE p.purpose = 'quota' AND p.state = 'taken' AND c.outcome <> 'completed'""",
    "beds taken by who has ended, beyond the day of leaving": """
        SELECT count(*) FROM iehe.places p JOIN iehe.cases c USING (case_id)
        JOIN iehe.exchange_mobilities m USING (case_id) JOIN iehe.place_lines l USING (place)
        WHERE p.purpose = 'bed' AND p.state = 'taken' AND c.closed_at IS NOT NULL AND l.unit IS NOT NULL
          AND upper(l.during) > coalesce(m.left_on, m.stays_last, c.closed_at::date) + 8""",
    "students who have ended and owe something": """
        SELECT count(*) FROM iehe.cases WHERE closed_at IS NOT NULL AND state -> 'owes' <> '[]'
        AND case_id LIKE 'exchange/%'""",
    "tutors of students who have ended": """
        SELECT count(*) FROM iehe.exchange_tutors t JOIN iehe.cases c USING (case_id)
        WHERE t.until IS NULL AND c.closed_at IS NOT NULL""",
    "scholarships that go on after the end": """
        SELECT count(*) FROM iehe.cases WHERE closed_at IS NOT NULL AND case_id LIKE 'exchange/%'
        AND state #>> '{tracks,scholarship}' IN ('interest', 'nominated', 'substitute-list', 'granted',
                                                 'active', 'suspended', 'return-due')""",
    "months paid and not signed": """
        SELECT count(*) FROM iehe.exchange_payments p LEFT JOIN iehe.exchange_months m USING (case_id, month)
        WHERE m.month IS NULL""",
    "deadlines that run after the end": """
        SELECT count(*) FROM iehe.deadlines d JOIN iehe.cases c USING (case_id)
        WHERE c.closed_at IS NOT NULL AND d.state IN ('running', 'paused')""",
    "steps after an ending that are none of tidying up": """
        SELECT count(*) FROM iehe.case_log l JOIN iehe.cases c USING (case_id)
        WHERE c.case_id LIKE 'exchange/%' AND l.at > c.closed_at AND l.step NOT IN (
            'undo', 'undo-failed', 'complete-task', 'report-immigration', 'return-scholarship',
            'refuse-event', 'report-notices', 'place-freed')""",
    "students who wait in a queue and have ended": """
        SELECT count(*) FROM iehe.place_queue q JOIN iehe.cases c USING (case_id)
        WHERE q.state <> 'ended' AND c.closed_at IS NOT NULL""",
    "notices of one cause, reader and message, twice": """
        SELECT count(*) FROM (SELECT FROM iehe.notices WHERE state = 'accepted'
        GROUP BY case_id, version, message, recipient_kind, recipient_id, channel
        HAVING count(*) > 1) AS twice""",
    "students with two cases of a term": """
        SELECT count(*) FROM (SELECT FROM iehe.exchange_mobilities GROUP BY partner, mobility, term
        HAVING count(*) > 1) AS twice""",
}


async def differing_counts(client: Client, pool: asyncpg.Pool, process: str) -> int:
    """How many stages have another count in Temporal than in the database, of cases that have ended."""
    counted = {
        row["stage"]: row["count"]
        for row in await pool.fetch(
            "SELECT stage, count(*) AS count FROM iehe.cases WHERE process = $1 GROUP BY stage", process
        )
    }
    differing = 0
    for stage, count in counted.items():
        question = f"{SearchAttribute.PROCESS} = '{process}' AND {SearchAttribute.STAGE} = '{stage}'"
        found = await client.count_workflows(question)
        differing += found.count != count
    return differing
