"""`iehe doctor`: everything that a person needs to know to say whether the system is well."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from cli.case_arguments import command
from cli.session import CommandError, Exit, Session, print_json
from embedded.faults import StackFault
from schemas.kernel.patience import CONNECT_WITHIN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from schemas.kernel.homes import CaseHome
    from workers.diagnostics.findings import Finding

    Check = Callable[[], Awaitable[Finding | list[Finding]]]

MARKS = {"ok": "ok     ", "warn": "warn   ", "problem": "PROBLEM"}


@command
async def doctor(session: Session) -> Exit:
    """Check what runs, versions, schema, clocks, queues, stuck cases and what waits for a person.

    Ends with 0, or with 12 when there is a problem; a warning is none.
    """
    findings = await examine(session)
    if session.as_json:
        print_json([asdict(each) for each in findings])
    else:
        _show(session, findings)
    return Exit.PROBLEMS if any(each.state == "problem" for each in findings) else Exit.OK


def _show(session: Session, findings: list[Finding]) -> None:
    for each in findings:
        print(f"{MARKS[each.state]}  {each.check}: {each.text}")
        for line in each.named:
            print(f"           {line}")
        if each.todo is not None:
            print(f"         → {each.todo}")
    counts = {state: sum(each.state == state for each in findings) for state in MARKS}
    good, warnings, problems = counts["ok"], counts["warn"], counts["problem"]
    session.say("findings", good=good, warnings=warnings, problems=problems)


async def examine(session: Session) -> list[Finding]:
    """Every check that can be made; one that fails is a problem and does not keep the others from it."""
    from cases.homes import homes
    from workers.diagnostics import machine

    settings = session.settings
    found = [machine.versions(), machine.stack(settings), machine.disk(settings), machine.time_zone()]
    # side by side, so that servers that do not answer are waited for together
    (pool, database), mail, doors, *engines = await asyncio.gather(
        _answering(
            "database", lambda: session.pool("office", of_host=True), lambda pool: pool.fetchval("SELECT 1")
        ),
        machine.mail(settings),
        machine.doors(settings),
        *(_connected(session, home) for home in homes().values()),
    )
    database += await _database(session, pool) if pool is not None else []
    temporal: list[Finding] = []
    for home, (client, unanswered) in zip(homes().values(), engines, strict=True):
        answers = unanswered if client is None else await _engine(client, pool, home)
        temporal += answers if home.common else [_of_home(each, home) for each in answers]
    return [*found, *database, *temporal, *doors, mail]


async def _connected(session: Session, home: CaseHome) -> tuple[Any, list[Finding]]:
    return await _answering(
        "temporal",
        lambda: session.client(home, to_look=True),
        lambda client: client.service_client.check_health(),
    )


def _of_home(finding: Finding, home: CaseHome) -> Finding:
    """The same, saying of which home it is where a queue's name does not."""
    named = finding.check.startswith("queue ")
    return finding if named else replace(finding, check=f"{finding.check} ({home.name})")


async def _answering(
    name: str, connect: Callable[[], Awaitable[Any]], ask: Callable[[Any], Awaitable[Any]]
) -> tuple[Any, list[Finding]]:
    """The connection to a server that has answered a first question on it; otherwise None and the finding."""
    from workers.diagnostics.findings import problem
    from workers.exception_traces import trail

    todo = "check the settings and the server"
    try:
        async with asyncio.timeout(CONNECT_WITHIN.total_seconds()):
            connection = await connect()
            await ask(connection)
    except StackFault:
        return None, [problem(name, "not looked at: the stack is not running", "make run")]
    except CommandError as error:
        return None, [problem(name, error.english, todo)]
    except Exception as error:  # noqa: BLE001 - whatever keeps us from it is the finding
        return None, [problem(name, f"cannot be reached: {trail(error)[0]}", todo)]
    return connection, []


async def _database(session: Session, pool: Any) -> list[Finding]:
    from cases.registry import own_modules
    from workers.diagnostics import database, documents, links

    checks: dict[str, Check] = {
        "migrations": lambda: _migrations(session),
        "key ring": lambda: _keys(session),
        "postgresql": lambda: database.server(pool),
        "clock": lambda: database.clock(pool),
        "policies": lambda: database.policies(pool),
        **{room: partial(own.findings, pool) for room, own in own_modules("workers", "findings").items()},
        "staff": lambda: database.staff(pool),
        "documents": lambda: documents.documents(session.settings, pool),
        "waiting": lambda: database.waiting(pool),
        "links": lambda: links.links(pool),
        "places": lambda: database.places(pool),
    }
    return await _checked(checks)


async def _migrations(session: Session) -> Finding:
    from embedded.connection import Embedded
    from workers.diagnostics import database
    from workers.diagnostics.findings import warn

    settings = session.settings
    if settings.owner_database_url is None and settings.database_url is not None:
        return warn("migrations", "not looked at", "set IEHE_OWNER_DATABASE_URL to have them checked")
    return await database.migrations(Embedded(settings).url("owner"))


async def _keys(session: Session) -> Finding:
    from workers.diagnostics.findings import ok, problem
    from workers.settings import SettingsError

    try:
        await session.check_keys()
    except (CommandError, SettingsError) as error:
        return problem("key ring", str(error), "docs/ops.md, Keys")
    return ok("key ring", "its keys are those of this database")


async def _engine(client: Any, pool: Any, home: CaseHome) -> list[Finding]:
    from workers.diagnostics import cases, engine
    from workers.diagnostics.schedules import schedules
    from workers.schedules import works_in

    checks: dict[str, Check] = {
        "temporal": lambda: engine.server(client),
        "search attributes": lambda: engine.search_attributes(client),
        "queues": lambda: engine.queues(client, home),
        "overload": lambda: engine.overload(client),
        "schedules": lambda: schedules(client, works_in(home).values()),
    }
    if pool is not None:
        checks["cases"] = lambda: cases.compared(client, pool, home)
    return await _checked(checks)


async def _checked(checks: Mapping[str, Check]) -> list[Finding]:
    from workers.diagnostics.findings import problem
    from workers.exception_traces import trail

    found: list[Finding] = []
    for name, check in checks.items():
        try:
            result = await check()
        except Exception as error:  # noqa: BLE001 - the other checks go on
            text = f"the check failed: {trail(error)[0]}"
            result = problem(name, text, "see whether the schema is current")
        found.extend(result if isinstance(result, list) else [result])
    return found
