"""Cases per second from import to enrolment, beside a bare workflow with as many messages."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from activities.admission.applications import store_applications, store_staff
from cases.starting import start_case
from cli.session import leave
from schemas.admission.commands import (
    AcceptReview,
    CastVote,
    ConfirmEligibility,
    RecordDecision,
    RecordEnrolment,
    SubmitScores,
)
from schemas.admission.identifiers import PROCESS, admission_case_id
from schemas.admission.roles import Role
from schemas.admission.stages import Choice
from schemas.kernel.case import Actor, Command, EventEnvelope
from schemas.kernel.identifiers import EVENT_SIGNAL, event_type
from spreadsheets.admission.checking import check_file
from spreadsheets.admission.sample_files import write_csv, write_staff_csv
from spreadsheets.admission.samples import sample_applications, sample_staff
from spreadsheets.staff import check_staff_file
from workers.demo.people import HEAD, ITEMS, OFFICE
from workers.demo.servers import Servers, demo_servers
from workers.logs import configure
from workers.settings import load_settings

ROUND = "2027-comprehensive"
POINTS = {"academic": 8.0, "motivation": 8.0, "activities": 8.0}
SIGNALS, UPDATES = 5, 10


@workflow.defn(name="bare", sandboxed=False)
class Bare:
    """As many messages as a case gets, and nothing else."""

    @workflow.init
    def __init__(self) -> None:
        self.signals = self.updates = 0

    @workflow.run
    async def run(self) -> None:
        """Wait for the messages."""
        await workflow.wait_condition(lambda: self.signals >= SIGNALS and self.updates >= UPDATES)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.signal
    def signal(self) -> None:
        """Count."""
        self.signals += 1

    @workflow.update
    def update(self) -> int:
        """Count and answer."""
        self.updates += 1
        return self.updates


async def bare(client: Client, number: int) -> None:
    """One bare workflow from start to end."""
    handle = await client.start_workflow(Bare.run, id=f"bare-{number}", task_queue="bare")
    for _ in range(SIGNALS):
        await handle.signal(Bare.signal)
    for _ in range(UPDATES):
        await handle.execute_update(Bare.update)
    await handle.result()


async def case(servers: Servers, number: str) -> None:
    """One application from start to enrolment."""
    case_id = admission_case_id(number)
    await start_case(servers.client, number, ROUND)
    handle = servers.client.get_workflow_handle(case_id)

    async def event(fact: str, data: dict[str, str]) -> None:
        kind = event_type(PROCESS, fact)
        envelope = EventEnvelope(id=uuid4().hex, source="benchmark", type=kind, data=data)
        await handle.signal(EVENT_SIGNAL, envelope)

    async def decide(command: type[Command], by: Actor, **values: object) -> None:
        message = command.model_validate({"command_id": uuid4().hex, "actor": by, **values})
        await handle.execute_update(command.step, message, id=message.command_id)

    async def until(query: str) -> list[str]:
        while True:
            found: str = await servers.pool.fetchval(
                f"SELECT ({query})::text FROM iehe.cases WHERE case_id = $1",  # noqa: S608
                case_id,
            )
            if found and (value := json.loads(found)):
                return list(value)
            await asyncio.sleep(0.02)

    for fact, data in ITEMS:
        await event(fact, data)
    await until("to_jsonb(ARRAY(SELECT 1 WHERE stage = 'eligibility'))")
    await decide(ConfirmEligibility, OFFICE, eligible=True)
    for reviewer in await until("SELECT jsonb_agg(k) FROM jsonb_object_keys(state -> 'reviews') k"):
        actor = Actor(id=reviewer, roles=(Role.REVIEWER,))
        await decide(AcceptReview, actor, no_conflict=True)
        await decide(SubmitScores, actor, points=POINTS)
    reason = str(uuid4())
    await servers.pool.execute(
        "INSERT INTO iehe.texts (text_id, case_id, author, body) VALUES ($1, $2, 'b', 'b')", reason, case_id
    )
    members = await until(
        "SELECT jsonb_agg(m ->> 'member') FROM jsonb_array_elements(state -> 'committee') m "
        "WHERE NOT (m ->> 'conflict')::boolean"
    )
    await until("to_jsonb(ARRAY(SELECT 1 WHERE jsonb_array_length(state -> 'ballots') > 0))")
    for member in members:
        by = Actor(id=member, roles=(Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR))
        await decide(CastVote, by, choice=Choice.ADMIT, reason_id=reason)
    await decide(RecordDecision, HEAD, decision="offered")
    await event("offer-answered", {"answer": "accepted"})
    await until("to_jsonb(ARRAY(SELECT 1 WHERE stage = 'accepted'))")
    await decide(RecordEnrolment, OFFICE, result="enrolled")
    await handle.result()


async def timed(count: int, at_once: int, work: Callable[[int], Awaitable[None]]) -> float:
    """Seconds for `count` pieces of work, so many at once."""
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with gate:
            await work(number)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(one(number))
    return time.perf_counter() - started


async def main(count: int, at_once: int) -> None:
    """Measure both in one run and print JSON."""
    with tempfile.TemporaryDirectory() as name:
        async with demo_servers(load_settings(), lambda line: print(line, file=sys.stderr)) as servers:
            numbers = await _prepare(servers, count, Path(name))
            cases = await timed(count, at_once, lambda number: case(servers, numbers[number]))
            memory = _memory()
            async with Worker(servers.client, task_queue="bare", workflows=[Bare]):
                empty = await timed(count, at_once, lambda number: bare(servers.client, number))
            steps = await servers.pool.fetchval("SELECT count(*) FROM iehe.case_log")
            notices = await servers.pool.fetchval(
                "SELECT count(*) FROM iehe.notices WHERE state = 'accepted'"
            )
            print(
                json.dumps(
                    {
                        "cases": count,
                        "at_once": at_once,
                        "cases_per_second": round(count / cases, 2),
                        "bare_per_second": round(count / empty, 2),
                        "ratio": round(empty / cases, 3),
                        "steps_per_case": round(steps / count, 1),
                        "mails_per_case": round(notices / count, 1),
                        "memory_mb": memory,
                    },
                    indent=2,
                )
            )


async def _prepare(servers: Servers, count: int, folder: Path) -> list[str]:
    file, staff = folder / "a.csv", folder / "s.csv"
    write_csv(file, sample_applications(count + count // 5 + 5, 1, ROUND), encoding="cp932")
    write_staff_csv(staff, sample_staff())
    checked = check_file(file, round_id=ROUND, known_programmes=None, today=date(2026, 12, 31))
    async with servers.pool.acquire() as connection:
        await store_staff(connection, [row.data for row in check_staff_file(staff).rows])
        await connection.execute("UPDATE iehe.staff SET load_cap = NULL, employers = '[]', relations = '{}'")
        await connection.execute("UPDATE iehe.round_places SET places = 100000")
        await connection.execute(
            "UPDATE iehe.policies SET body = regexp_replace(body::text, "
            """'"load_cap": *6', '"load_cap": 100000', 'g')::jsonb"""
        )
        # one person's second application would end with the first one's acceptance
        rows = list({row.data.email: row for row in checked.rows}.values())[:count]
        await store_applications(
            connection, rows, file_sha256="-" * 64, round_id=ROUND, skipped=0, imported_by="benchmark"
        )
    return [row.data.application_no for row in rows]


def _memory() -> dict[str, int]:
    """Resident memory in MB: this process with its worker, the Temporal server, PostgreSQL's processes."""
    found: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            pages = int((entry / "statm").read_text().split()[1])
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        mine = parent == _self() or int(entry.name) == _self()
        if mine:
            name = "temporal" if "start-dev" in command else "postgres" if "postgres" in command else "worker"
            found[name] = found.get(name, 0) + pages * 4096 // 1_000_000
    return found


def _self() -> int:
    return int(Path("/proc/self").resolve().name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=32)
    arguments = parser.parse_args()
    configure("json", "error")
    asyncio.run(main(arguments.cases, arguments.at_once))
    leave(0)
