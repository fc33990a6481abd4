"""Clocks that must not be late: from a referral to its first page, and many breaches in one minute.

Real time on servers of their own; a clock's due time is brought near by the state with which a case is
started, so that it runs out while it is looked at.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from benchmarks.servers import servers
from cases.homes import home_of
from cli.session import leave
from embedded.mail import MailCatcher
from encryption.ring import ensure_ring
from schemas.kernel.step import CaseHandover, CaseStart
from tests.support.conftest import furnish
from tests.support.office import REFERRAL, Case, Office
from tests.words import vault_of
from workers.temporal import encrypted
from workflows.support.process import SUPPORT

HOME: Final = home_of(SUPPORT.room)
OPENING: Final = 16
"""Cases that are started at once."""
LEAD: Final = timedelta(seconds=20)
"""From the last case's start until the first breach."""
SOON: Final = timedelta(minutes=1)
"""In which all breaches fall."""


@dataclass
class Stand:
    """The programs, and the office before them."""

    office: Office
    owner: asyncpg.Pool
    client: Client

    async def refer(self, **changes: Any) -> str:
        """A referral through the inbox, accepted on return; the helpdesk's ticket."""
        reference = f"T{uuid4().hex[:8].upper()}"
        await self.office.tell(reference, "referral-received", **{**REFERRAL, **changes})
        return reference


@asynccontextmanager
async def standing() -> AsyncIterator[Stand]:
    """Worker and relay on servers of their own, with an office in which nobody is asleep."""
    async with servers() as at:
        owner, door = await at.pool("owner", 4), await at.pool("office", 8)
        async with owner.acquire() as connection:
            # the tests' office comes with its own
            await connection.execute("DELETE FROM iehe.policies WHERE process = $1", SUPPORT.name)
            await furnish(connection)
        namespace = HOME.namespace("default")
        ring = ensure_ring(at.home.secrets / HOME.ring_file, HOME)
        client = await Client.connect(
            at.temporal.address, namespace=namespace, data_converter=encrypted(ring, namespace)
        )
        for name in ("worker", "relay"):
            await at.start("cli.main", name)
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        async with owner.acquire() as connection:
            mail = MailCatcher(at.home.mail, at.mail_port)
            yield Stand(Office(skipper, door, connection, vault_of(client), mail, nullcontext), owner, client)


def told(what: str, seconds: Sequence[float]) -> None:
    """Print a distribution."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    print(
        f"{what}: count={len(ordered)} p50_s={statistics.median(ordered):.2f} p95_s={p95:.2f}"
        f" max_s={ordered[-1]:.2f}",
        flush=True,
    )


async def first_page(stand: Stand, count: int) -> None:
    """Referrals that tell of danger, one by one: from the acceptance until the page is handed over."""
    paged = (
        "SELECT count(*) FROM iehe.notices WHERE message = 'page' AND channel = 'mail' AND state = 'accepted'"
    )
    took: list[float] = []
    for number in range(count):
        await stand.refer(danger=True)
        accepted = time.perf_counter()
        async with asyncio.timeout(60):
            while await stand.owner.fetchval(paged) <= number:
                await asyncio.sleep(0.01)
        took.append(time.perf_counter() - accepted)
    told("first page after acceptance", took)


async def breaches(stand: Stand, count: int, due: int) -> None:
    """Open cases with three clocks each, of which some miss one in one minute: how late that is told."""
    template = await _template(stand)
    numbers = [f"support/{uuid4().hex[:24].upper()}" for _ in range(count)]
    began = time.perf_counter()
    await _start(stand, template, dict.fromkeys(numbers[due:]))
    first = datetime.now(UTC) + LEAD
    times = {case_id: first + SOON * number / due for number, case_id in enumerate(numbers[:due])}
    await _start(stand, template, times)
    clocks = await stand.owner.fetchval("SELECT count(*) FROM iehe.deadlines WHERE state = 'running'")
    print(f"open={count} clocks={clocks} started_s={time.perf_counter() - began:.0f}", flush=True)
    seen = (
        "SELECT extract(epoch FROM n.sent_at - (n.facts ->> 'due_at')::timestamptz)::float AS late"
        " FROM iehe.notices n WHERE n.message = 'overdue' AND n.state = 'accepted'"
    )
    async with asyncio.timeout((LEAD + SOON).total_seconds() + 120):
        while len(rows := await stand.owner.fetch(seen)) < due:
            await asyncio.sleep(0.2)
    told("breach told after it was due", [row["late"] for row in rows])


async def _template(stand: Stand) -> str:
    """A case with an owner and its clocks, of which the others are copies."""
    reference = await stand.refer()
    case = Case(stand.office, reference, stand.client.get_workflow_handle(stand.office.case_id(reference)))
    await case.until_stage("referred")
    await case.assign()
    await case.until_stage("assigned")
    return case.handle.id


COPIED: Final = ("cases", "deadlines", "tasks", "support_referrals", "support_ownership", "case_people")


async def _start(stand: Stand, template: str, due: Mapping[str, datetime | None]) -> None:
    """Start copies of a case, some with another due time of the first response."""
    row = await stand.owner.fetchrow("SELECT version, state FROM iehe.cases WHERE case_id = $1", template)
    states = {case_id: _state(json.loads(row["state"]), case_id, at) for case_id, at in due.items()}
    async with stand.owner.acquire() as connection, connection.transaction():
        for table in COPIED:
            columns = [
                each["column_name"]
                for each in await connection.fetch(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'iehe'"
                    " AND table_name = $1 AND is_generated = 'NEVER' AND column_name <> 'case_id'",
                    table,
                )
            ]
            own = ", ".join(f'"{each}"' for each in columns)
            await connection.execute(
                f"INSERT INTO iehe.{table} (case_id, {own})"  # noqa: S608 - names from here and the catalogue
                f" SELECT made, {own} FROM iehe.{table}, unnest($2::text[]) AS made WHERE case_id = $1",
                *(template, list(due)),
            )
        await connection.executemany(
            "UPDATE iehe.cases SET state = $2 WHERE case_id = $1",
            [(case_id, json.dumps(state)) for case_id, state in states.items()],
        )
    gate = asyncio.Semaphore(OPENING)

    async def start(case_id: str) -> None:
        handover = CaseHandover(version=row["version"], state=states[case_id], restarted=True)
        async with gate:
            await stand.client.start_workflow(
                SUPPORT.name,
                CaseStart(case_id=case_id, handover=handover),
                id=case_id,
                task_queue=HOME.cases_queue,
            )

    await asyncio.gather(*map(start, due))
    # a query is answered once the case has begun: what is measured is no backlog of starts
    handles = [stand.client.get_workflow_handle(case_id) for case_id in due]
    for at in range(0, len(handles), OPENING):
        await asyncio.gather(*(handle.query("case") for handle in handles[at : at + OPENING]))


def _state(state: dict[str, Any], case_id: str, due: datetime | None) -> dict[str, Any]:
    state["case_id"] = case_id
    if due is not None:
        clock = state["deadlines"]["first-response"]
        moved = due - datetime.fromisoformat(clock["due_at"])
        clock["due_at"] = due.isoformat()
        for rung in clock["rungs"]:
            rung["at"] = (datetime.fromisoformat(rung["at"]) + moved).isoformat()
            if rung["key"] == "warning":
                rung["fired"] = rung["to"]
    return state


async def run(what: str, count: int, due: int) -> None:
    """Measure on servers of its own."""
    async with standing() as stand:
        await (first_page(stand, count) if what == "page" else breaches(stand, count, due))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["page", "breaches"])
    parser.add_argument("--count", type=int, help="Referrals (20), or open cases (2,000).")
    parser.add_argument("--due", type=int, default=200, help="Of which so many are due within the minute.")
    given = parser.parse_args()
    asyncio.run(run(given.what, given.count or (20 if given.what == "page" else 2_000), given.due))
    leave(0)
