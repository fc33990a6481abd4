"""What the schedules say: whether each is there, not paused, on time, and has ended well."""

from collections.abc import Iterable
from typing import Any

from temporalio.client import Client

from activities.kernel.scheduled import ScheduledWork
from schemas.kernel.japan import TOKYO
from workers.diagnostics.findings import Finding, ok, problem, warn
from workers.schedules import Status, status_of


async def schedules(client: Client, works: Iterable[ScheduledWork]) -> list[Finding]:
    """A line for each schedule."""
    return [_finding(await status_of(client, work)) for work in works]


def _finding(status: Status) -> Finding:
    check = f"schedule {status.name}"
    facts: dict[str, Any] = {
        "last": status.last,
        "scheduled_at": status.scheduled_at,
        "next_at": status.next_at,
    }
    if status.missing:
        return problem(check, "missing", "a worker's start makes it: make run (iehe worker)", **facts)
    if status.last == "failed":
        todo = f"see {status.run} in the Temporal UI, then iehe schedule run {status.name}"
        return problem(check, "its last run failed", todo, **facts)
    if status.overdue:
        return problem(check, "overdue", "see whether a worker runs (iehe worker)", **facts)
    if status.paused:
        text = f"paused: {status.note or 'no reason given'}"
        return warn(check, text, f"iehe schedule resume {status.name}", **facts)
    after = f", next {status.next_at.astimezone(TOKYO):%Y-%m-%d %H:%M}" if status.next_at else ""
    return ok(check, f"last run {status.last or 'not yet'}{after}", **facts)
