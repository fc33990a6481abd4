"""`iehe doctor`: everything that a person needs to know to say whether the system is well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cli.case_arguments import carry_out, say
from cli.session import Exit, JsonOption, Session, leave, print_json
from schemas.kernel.patience import CONNECT_WITHIN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from workers.diagnostics.findings import Finding

MARKS = {"ok": "ok     ", "warn": "warn   ", "problem": "PROBLEM"}


def doctor(*, as_json: JsonOption = False) -> None:
    """Check what runs, versions, schema, clocks, queues, stuck cases and what waits for a person.

    Ends with 0, or with 12 when there is a problem; a warning is none.
    """

    async def work(session: Session) -> None:
        findings = await examine(session)
        if session.as_json:
            print_json(
                [
                    {
                        "check": f.check,
                        "state": f.state,
                        "text": f.text,
                        "todo": f.todo,
                        "named": list(f.named),
                        "facts": dict(f.facts),
                    }
                    for f in findings
                ]
            )
        else:
            _show(session, findings)
        if any(each.state == "problem" for each in findings):
            leave(Exit.PROBLEMS)

    carry_out(work, as_json=as_json)


def _show(session: Session, findings: list[Finding]) -> None:
    for each in findings:
        print(f"{MARKS[each.state]}  {each.check}: {each.text}")
        for line in each.named:
            print(f"           {line}")
        if each.todo is not None:
            print(f"         → {each.todo}")
    counts = {state: sum(each.state == state for each in findings) for state in MARKS}
    good, warnings, problems = counts["ok"], counts["warn"], counts["problem"]
    say(
        session,
        f"{good} ok, {warnings} warnings, {problems} problems",
        f"正常 {good} 件、警告 {warnings} 件、問題 {problems} 件",
    )


async def examine(session: Session) -> list[Finding]:
    """Every check that can be made; one that fails is a problem and does not keep the others from it."""
    from workers.diagnostics import machine

    settings = session.settings
    found = [machine.versions(), machine.stack(settings), machine.disk(settings), machine.time_zone()]
    # side by side, so that servers that do not answer are waited for together
    (pool, database), (client, temporal), mail = await asyncio.gather(
        _answering("database", lambda: session.pool("office"), lambda pool: pool.fetchval("SELECT 1")),
        _answering(
            "temporal",
            lambda: session.client(to_look=True),
            lambda client: client.service_client.check_health(),
        ),
        machine.mail(settings),
    )
    database += await _database(session, pool) if pool is not None else []
    temporal += await _engine(client, pool) if client is not None else []
    return [*found, *database, *temporal, mail]


async def _answering(
    name: str, connect: Callable[[], Awaitable[Any]], ask: Callable[[Any], Awaitable[Any]]
) -> tuple[Any, list[Finding]]:
    """The connection to a server that has answered a first question on it; otherwise None and the finding."""
    found: list[Finding] = []

    async def asked() -> Any:
        async with asyncio.timeout(CONNECT_WITHIN.total_seconds()):
            connection = await connect()
            await ask(connection)
            return connection

    return await _reached(found, name, asked), found


async def _database(session: Session, pool: Any) -> list[Finding]:
    from workers.diagnostics import database

    found: list[Finding] = []
    await _checked(found, "migrations", lambda: _migrations(session))
    await _checked(found, "key ring", lambda: _keys(session))
    for name, check in (
        ("postgresql", database.server),
        ("clock", database.clock),
        ("policies", database.policies),
        ("rounds", database.rounds),
        ("staff", database.staff),
        ("waiting", database.waiting),
    ):
        await _checked(found, name, lambda check=check: check(pool))  # type: ignore[misc]
    return found


async def _migrations(session: Session) -> Finding:
    from embedded.connection import Embedded
    from workers.diagnostics import database
    from workers.diagnostics.findings import warn

    settings = session.settings
    if settings.owner_database_url is None and settings.database_url is not None:
        return warn("migrations", "not looked at", "set IEHE_OWNER_DATABASE_URL to have them checked")
    return await database.migrations(Embedded(settings).url("owner"))


async def _keys(session: Session) -> Finding:
    from cli.session import CommandError
    from workers.diagnostics.findings import ok, problem
    from workers.settings import SettingsError

    try:
        await session.check_keys()
    except CommandError as error:
        return problem("key ring", error.english, "docs/ops.md, Keys")
    except SettingsError as error:
        return problem("key ring", str(error), "docs/ops.md, Keys")
    return ok("key ring", "its keys are those of this database")


async def _engine(client: Any, pool: Any) -> list[Finding]:
    from workers.diagnostics import cases, engine

    found: list[Finding] = []
    for name, check in (
        ("temporal", engine.server),
        ("search attributes", engine.search_attributes),
        ("queues", engine.queues),
        ("overload", engine.overload),
    ):
        await _checked(found, name, lambda check=check: check(client))  # type: ignore[misc]
    if pool is not None:
        await _checked(found, "cases", lambda: cases.compared(client, pool))
    return found


async def _reached(found: list[Finding], name: str, connect: Callable[[], Awaitable[Any]]) -> Any:
    from cli.session import CommandError
    from embedded.faults import StackFault
    from workers.diagnostics.findings import problem
    from workers.exception_traces import trail

    try:
        return await connect()
    except StackFault:
        found.append(problem(name, "not looked at: the stack is not running", "make run"))
    except CommandError as error:
        found.append(problem(name, error.english, "check the settings and the server"))
    except Exception as error:  # noqa: BLE001 - whatever keeps us from it is the finding
        found.append(
            problem(name, f"cannot be reached: {trail(error)[0]}", "check the settings and the server")
        )
    return None


async def _checked(found: list[Finding], name: str, check: Callable[[], Awaitable[Any]]) -> None:
    from workers.diagnostics.findings import problem
    from workers.exception_traces import trail

    try:
        result = await check()
    except Exception as error:  # noqa: BLE001 - the other checks go on
        found.append(
            problem(name, f"the check failed: {trail(error)[0]}", "see whether the schema is current")
        )
        return
    found.extend(result if isinstance(result, list) else [result])
