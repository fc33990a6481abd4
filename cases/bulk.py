"""One decision for many cases: stored whole first, then made case by case, each with its own answer.

Each case is decided by the same way as alone, under an id that follows from the run: who dies in between goes
on where it was, and nothing is decided twice. What was typed is sealed with each case's key until its answer.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

import asyncpg
import structlog
from pydantic import ValidationError
from temporalio.client import Client

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.database import FAULTS
from activities.kernel.queries import queries
from cases.apart import Marks
from cases.decisions import decide, made_before
from cases.finding import case_seen
from cases.registry import PROCESSES, ROLES
from cases.texts import key_of
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal, RefusalKind
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/bulk")
OFFICE: Final = queries("kernel/office")
MOST: Final = 500
"""Cases of one run."""
SOME: Final = 20
_PLACES: Final = UUID("7a2f0a0e-7f3e-45a4-8a57-0a6a3df3a2c1")
Connected = Callable[[str], Callable[[], Awaitable[Client]]]
Fault = Callable[[str], Awaitable[None]]

log = structlog.get_logger()


async def _no_fault(_point: str) -> None:
    """Where tests let the process die: decided, answered."""


async def begin(
    pool: asyncpg.Pool,
    vault: Marks,
    bulk_id: UUID,
    actor: Actor,
    process: str,
    decision: str,
    values: Mapping[str, Any],
    texts: Mapping[str, str],
    seen: Sequence[tuple[str, int]],
) -> bool:
    """Store a run whole; False: it is there already, begun by the same form.

    Args:
        pool: connections that act for the person.
        vault: the keys of cases.
        bulk_id: of the run.
        actor: who decides.
        process: of all the cases.
        decision: its name.
        values: of its own fields, as JSON has them.
        texts: what is said in words, by name.
        seen: each case with the version that was seen.
    """
    typed = json.dumps({"values": dict(values), "texts": dict(texts)}, default=str)
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(SQL["begin"], bulk_id, process, decision, actor.id) is None:
            return False
        for place, (case_id, version) in enumerate(seen):
            sealed = (await key_of(connection, vault, case_id)).seal(_place(bulk_id, case_id), typed)
            await connection.execute(SQL["add"], bulk_id, case_id, place, version, sealed)
    return True


def _place(bulk_id: UUID, case_id: str) -> UUID:
    return uuid5(_PLACES, f"{bulk_id}|{case_id}")


async def go_on(
    pool: asyncpg.Pool, connected: Connected, vault: Marks, bulk_id: UUID, fault: Fault = _no_fault
) -> None:
    """Decide the cases of a run that have no answer yet, unless somebody else is at it.

    Args:
        pool: connections of the office.
        connected: by case id what gives the connection to Temporal.
        vault: the keys of cases.
        bulk_id: of the run.
        fault: called at named points so that tests can die there.
    """
    lock = int.from_bytes(bulk_id.bytes[:8], signed=True)
    with acting_for(THE_HOST):
        async with pool.acquire() as connection:
            if not await connection.fetchval(SQL["try_lock"], lock):
                return
            try:
                run = await connection.fetchrow(SQL["run"], bulk_id)
                while run is not None and await _some(pool, connected, vault, run, fault):
                    pass
                await pool.execute(SQL["end"], bulk_id)
            finally:
                await connection.execute(SQL["unlock"], lock)


async def _some(
    pool: asyncpg.Pool, connected: Connected, vault: Marks, run: asyncpg.Record, fault: Fault
) -> bool:
    """Decide some more; False: there are none, or servers are away, and what is left is tried again later.

    A case that nobody can decide now says why and waits a while: it is no reason for the others to wait.
    """
    rows = await pool.fetch(SQL["waiting"], run["bulk_id"], SOME)
    for row in rows:
        away, state, code, params = False, "done", None, dict[str, str]()
        try:
            await _one(pool, connected, vault, run, row)
        except Refusal as refusal:
            away = refusal.kind is RefusalKind.UNAVAILABLE
            state, code, params = "waiting" if away else "refused", refusal.code, dict(refusal.params)
            log.info("bulk-case-not-decided", case_id=row["case_id"], code=code)
        except FAULTS:
            raise
        except Exception:
            log.exception("bulk-case-failed", case_id=row["case_id"])
            state, code = "waiting", "not-decided-yet"
        await fault("decided")
        await pool.execute(SQL["answer"], run["bulk_id"], row["case_id"], state, code, json.dumps(params))
        await fault("answered")
        if away:
            return False
    return bool(rows)


async def _one(
    pool: asyncpg.Pool, connected: Connected, vault: Marks, run: asyncpg.Record, row: asyncpg.Record
) -> None:
    """Decide one case as the person who began the run, with the roles that they have now.

    Raises:
        Refusal: it is not done; or nobody knows yet.
    """
    roles = await pool.fetchval(OFFICE["roles_of_staff"], run["staff_id"])
    actor = Actor(id=run["staff_id"], roles=tuple(role for role in roles or () if role in ROLES))
    case, fields = await case_seen(pool, row["case_id"], actor)
    command_type = PROCESSES[run["process"]].commands.get(run["decision"])
    key = f"bulk-{run['bulk_id'].hex}-{uuid5(_PLACES, row['case_id']).hex[:12]}"
    if command_type is None:
        raise Refusal("no-such-case")
    before = await made_before(pool, case, f"{actor.id}/{command_type.step}/{key}")
    if before is not None:
        return
    if Field.CASE not in fields:
        raise Refusal("no-such-case")
    opened = (await key_of(pool, vault, row["case_id"])).unseal(
        _place(run["bulk_id"], row["case_id"]), row["sealed"]
    )
    if opened is None:
        raise Refusal("invalid-message", faults="sealed")
    typed = json.loads(opened)
    frame = {"command_id": key, "actor": actor, "case_version": row["version"]}
    try:
        command = command_type.model_validate(frame | typed["values"])
    except ValidationError:
        raise Refusal("invalid-message", faults="-") from None
    await decide(pool, connected(row["case_id"]), case, command, typed["texts"], vault)


async def under_way(pool: asyncpg.Pool) -> list[UUID]:
    """The runs that have not ended."""
    with acting_for(THE_HOST):
        return [row["bulk_id"] for row in await pool.fetch(SQL["under_way"])]


async def read_run(pool: asyncpg.Pool, bulk_id: UUID, staff_id: str) -> dict[str, Any] | None:
    """A run with its cases and their answers, for who began it; None for everybody else."""
    run = await pool.fetchrow(SQL["run"], bulk_id)
    if run is None or run["staff_id"] != staff_id:
        return None
    rows = [
        dict(row) | {"params": json.loads(row["params"])} for row in await pool.fetch(SQL["cases"], bulk_id)
    ]
    return {**dict(run), "cases": rows}


async def runs_of(pool: asyncpg.Pool, staff_id: str) -> list[dict[str, Any]]:
    """What somebody has decided for many at once, the last first."""
    return [dict(row) for row in await pool.fetch(SQL["of_somebody"], staff_id)]
