"""Milliseconds of the offices' pages on a large database, asked by one client and by several."""

import argparse
import asyncio
import itertools
import json
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx2

from activities.admission.applications import store_applications
from activities.kernel.queries import parse
from activities.kernel.steps import StepActivities
from benchmarks.admission.lists import fill
from benchmarks.servers import Servers, servers
from cases.registry import ROOMS
from cli.session import leave
from embedded.ports import free_port
from office.sessions import start
from schemas.admission.applications import ApplicationRow
from schemas.admission.commands import ConfirmEligibility
from schemas.admission.identifiers import admission_case_id
from schemas.admission.roles import Role
from schemas.kernel.case import Actor, EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.people import NumberedRow
from schemas.kernel.step import Decided, FactTold, Message, Opened, StepRequest
from workflows.admission.process import ADMISSION_REVIEW

FILL: Final = parse("benchmarks/pages.sql", Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
MODEL: Final = "A2027-MODEL"
STAFF: Final = {"office-1": Role.ADMISSIONS_OFFICE, "reviewer-7": Role.REVIEWER}
GOALS: Final = {"tasks": 150.0, "case": 200.0}
"""Milliseconds of the 95th percentile."""
ROUND: Final = "2027-comprehensive"


async def liven(owner: asyncpg.Connection, worker: asyncpg.Pool) -> None:
    """Let every open case of a filled database be one that a page can show, as a real one under review is."""
    await owner.executemany(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $1 || '@example.ac.jp', $2)"
        " ON CONFLICT (staff_id) DO NOTHING",
        [(name, [str(role)]) for name, role in STAFF.items()],
    )
    case_id = await _play(owner, worker)
    for name, statement in FILL.items():
        await owner.execute(statement, *((case_id,) if "$1" in statement else ()), timeout=600)
        print(name, flush=True)
    await owner.execute("VACUUM ANALYZE", timeout=600)


async def _play(owner: asyncpg.Connection, worker: asyncpg.Pool) -> str:
    """One case under review, by real steps; its id."""
    row = ApplicationRow(
        application_no=MODEL,
        round_id=ROUND,
        programme="science",
        family_name="見本",
        given_name="一郎",
        family_kana="ミホン",
        given_kana="イチロウ",
        birth_date=date(2008, 5, 1),
        email="model@example.com",
        postal_code="980-8576",
        address="見本県見本市",
        school_name="見本県立見本高等学校",
        school_contact_email="school@example.ac.jp",
        submitted_on=date(2026, 10, 1),
    )
    await store_applications(
        owner, [NumberedRow(2, row)], file_sha256="0", round_id=ROUND, skipped=0, imported_by="office-1"
    )
    case_id, steps = admission_case_id(MODEL), StepActivities(worker, ROOMS)
    numbers, at = itertools.count(1), datetime.now(UTC)

    async def take(message: Message) -> None:
        version = await owner.fetchval("SELECT version FROM iehe.cases WHERE case_id = $1", case_id)
        request = StepRequest(
            case_id=case_id, process=ADMISSION_REVIEW.name, follows=version or 0, at=at, message=message
        )
        await steps.take_step(request)

    def told(fact: str, **data: Any) -> FactTold:
        kind = event_type(ADMISSION_REVIEW.name, fact)
        return FactTold(event=EventEnvelope(id=str(next(numbers)), source="model", type=kind, data=data))

    await take(Opened())
    for item in ("transcript", "identity"):
        await take(told("document-received", item=item))
    for fact in ("fee-paid", "recommendation-received"):
        await take(told(fact))
    office = Actor(id="office-1", roles=(Role.ADMISSIONS_OFFICE,))
    command = ConfirmEligibility(command_id="c-1", actor=office, eligible=True)
    await take(Decided(step=command.step, command=command.model_dump(mode="json")))
    return case_id


async def ask(
    url: str, shown: str, paths: Sequence[str], count: int, at_once: int
) -> tuple[list[float], int]:
    """Ask for pages in turns, so many at a time: milliseconds of each, and bytes of the largest."""
    took: list[float] = []
    largest, turns = 0, iter(itertools.islice(itertools.cycle(paths), count))
    limits = httpx2.Limits(max_keepalive_connections=at_once)

    async def work(http: httpx2.AsyncClient) -> None:
        nonlocal largest
        for path in turns:
            began = time.perf_counter()
            answer = await http.get(path)
            took.append(1000 * (time.perf_counter() - began))
            if answer.status_code != httpx2.codes.OK:
                raise SystemExit(f"{path}: {answer.status_code}")
            largest = max(largest, len(answer.content))

    async with httpx2.AsyncClient(
        base_url=url, cookies={"iehe-office": shown}, timeout=30, limits=limits
    ) as http:
        await asyncio.gather(*(work(http) for _ in range(at_once)))
    return took, largest


async def measure(at: Servers, owner: asyncpg.Connection, count: int) -> bool:
    """Print the figures of each page; whether all of them hold."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    at.environment |= {"IEHE_OFFICE_PORT": str(port), "IEHE_OFFICE_URL": url}
    await at.start("cli.main", "office")
    offered = "SELECT case_id FROM iehe.cases WHERE closed_at IS NULL ORDER BY hashtext(case_id) LIMIT 100"
    cases = [row["case_id"] for row in await owner.fetch(offered)]
    own = "SELECT DISTINCT case_id FROM iehe.tasks WHERE assignee = $1 AND closed_at IS NULL LIMIT 100"
    mine = [row["case_id"] for row in await owner.fetch(own, "reviewer-7")]
    pages = {
        ("office-1", "tasks"): ("/", "/?whose=role", "/?due=later", "/?due=overdue"),
        ("reviewer-7", "tasks"): ("/", "/?whose=mine"),
        ("office-1", "case"): [f"/cases/{each}" for each in cases],
        ("reviewer-7", "case"): [f"/cases/{each}" for each in mine],
        ("office-1", "timeline"): [f"/cases/{each}?tab=timeline" for each in cases],
        ("office-1", "question"): [f"/cases/{each}/do/withdraw" for each in cases],
        ("office-1", "cases"): ("/cases", "/cases?state=all", f"/cases?process={ADMISSION_REVIEW.name}"),
    }
    holds = True
    print(f"{'p50 ms':>8} {'p95 ms':>8} {'KB':>5}  at once, who, page")
    for (who, name), paths in pages.items():
        shown = await start(owner, who, "en", datetime.now(UTC))
        if shown is None:
            raise SystemExit(who)
        await ask(url, shown, paths, 20, 1)  # to warm up
        for at_once in (1, 4):
            took, size = await ask(url, shown, paths, count, at_once)
            p95 = statistics.quantiles(took, n=20)[18]
            late = p95 > GOALS.get(name, p95)
            holds = holds and not late
            told = f"{statistics.median(took):8.1f} {p95:8.1f} {size / 1024:5.0f}  {at_once} {who} {name}"
            print(told, "TOO SLOW" if late else "", flush=True)
    return holds


async def main(cases: int, count: int) -> bool:
    """Fill, measure, print."""
    async with servers({"fsync": "off"}) as at:
        owner, worker = await asyncpg.connect(at.postgres.url("owner")), await at.pool("worker", 2)
        await fill(owner, cases)
        await liven(owner, worker)
        figures = [
            await owner.fetchval(f"SELECT count(*) FROM iehe.{table} WHERE closed_at IS NULL")  # noqa: S608
            for table in ("cases", "tasks")
        ]
        print(json.dumps({"cases": cases, "open cases": figures[0], "open tasks": figures[1]}))
        holds = await measure(at, owner, count)
        await owner.close()
        return holds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=200)
    given = parser.parse_args()
    leave(0 if asyncio.run(main(given.cases, given.requests)) else 1)
