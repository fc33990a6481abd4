"""Milliseconds of every list of every door on a large database, each with its plan; plans go to a file."""

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final

import asyncpg

from activities.kernel.database import open_pool
from activities.kernel.queries import parse, queries
from cases import list_questions as ask
from cases.list_questions import CaseFilters, Question, TaskFilters
from cases.lists import reading, view_of_tasks
from cases.sight import view_of
from cli.session import leave
from embedded.credentials import Role as DatabaseRole
from embedded.home import Home, postgres_account
from embedded.postgres import PostgresServer
from schemas.admission.roles import Role
from schemas.kernel.case import Actor
from workers.migrations import migrate
from workers.policies import load_defaults
from workers.settings import load_settings
from workflows.admission.process import ADMISSION_REVIEW

FILL: Final = parse(
    "benchmarks/admission/lists.sql", Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
)
PLANS: Final = Path(__file__).with_name("list-plans.txt")
PAGE: Final = 51
"""Rows of a page and the one that tells that more follow."""
PROCESS: Final = ADMISSION_REVIEW.name
OFFICE: Final = Actor(id="office-1", roles=(Role.ADMISSIONS_OFFICE,))
PEOPLE: Final = (
    Actor(id="reviewer-7", roles=(Role.REVIEWER,)),
    Actor(id="committee_member-7", roles=(Role.COMMITTEE_MEMBER,)),
)
STAGES: Final = ("completeness", "review", "committee", "declined", "enrolled", "released", "incomplete")
ROUNDS: Final = ("sample-3", "sample-29")


@dataclass(frozen=True)
class Look:
    """One list as somebody asks for it: the same statement with several values."""

    name: str
    questions: Sequence[Question]
    role: DatabaseRole = "office"


async def fill(connection: asyncpg.Connection, cases: int) -> None:
    """Fill a migrated database, as its owner."""
    for name, statement in FILL.items():
        given = (cases,) if "$1" in statement else ()
        await connection.execute(statement, *given, timeout=3600)
        print(name, file=sys.stderr)
    await connection.execute("VACUUM ANALYZE", timeout=3600)


def every_list(cases: int) -> Iterator[Look]:
    """Every list of every door, first pages and later ones, each filter alone and some together."""
    yield from _cases(cases)
    yield from _tasks()
    yield from _notices(cases)
    yield from _events(cases)
    yield from _others(cases)


def _case_id(number: int) -> str:
    return f"admission/A{number:08}"


def _cases(cases: int) -> Iterator[Look]:
    places = (None, _case_id(cases // 3), _case_id(cases * 19 // 20))
    filters: dict[str, list[CaseFilters]] = {
        "all": [CaseFilters()],
        "process": [CaseFilters(process=PROCESS)],
        "stage": [CaseFilters(stage=stage) for stage in STAGES],
        "waiting for": [CaseFilters(waiting_for=who) for who in ("applicant", "committee_member", "nobody")],
        "outcome": [CaseFilters(outcome=stage) for stage in ("enrolled", "lapsed", "nothing")],
        "overdue": [CaseFilters(overdue=True)],
        "not overdue": [CaseFilters(overdue=False)],
        "open": [CaseFilters(is_open=True)],
        "closed": [CaseFilters(is_open=False)],
        "overdue, waiting for": [CaseFilters(overdue=True, waiting_for="reviewer")],
    }
    rounds = [{"round_id": name} for name in ROUNDS]
    filters |= {
        "round": [CaseFilters(labels=each) for each in rounds],
        "round, stage": [CaseFilters(labels=a, stage=b) for a, b in product(rounds, STAGES)],
        "round, open": [CaseFilters(labels=each, is_open=True) for each in rounds],
        "round, overdue": [CaseFilters(labels=each, overdue=True) for each in rounds],
        "round, outcome": [CaseFilters(labels=a, outcome=b) for a, b in product(rounds, ("lapsed", "x"))],
    }
    for who in (OFFICE, *PEOPLE):
        for name, wanted in filters.items():
            asked = [
                ask.cases_question(view_of(who), each, after, PAGE) for each, after in product(wanted, places)
            ]
            yield Look(f"cases of {who.roles[0]}: {name}", asked)


def _tasks() -> Iterator[Look]:
    now = datetime.now(UTC)
    places = (None, *((now + timedelta(days=days), _case_id(5), "look:1") for days in (-2, 0, 9, 20)))
    filters = {
        "all": [TaskFilters()],
        "role": [TaskFilters(role=role) for role in ("admissions_office", "reviewer", "head_of_admissions")],
        "assignee": [TaskFilters(assignee=name) for name in ("reviewer-7", "committee_member-9", "nobody")],
        "overdue": [TaskFilters(overdue=True)],
        "not overdue": [TaskFilters(overdue=False)],
        "role, overdue": [TaskFilters(role=role, overdue=True) for role in ("reviewer", "committee_member")],
    }
    for who in (OFFICE, *PEOPLE):
        view = view_of_tasks(who)
        for name, wanted in filters.items():
            asked = [ask.tasks_question(view, each, after, PAGE) for each, after in product(wanted, places)]
            yield Look(f"tasks of {who.roles[0]}: {name}", [each for each in asked if each.text])
            counted = [ask.total_question(view, each) for each in wanted]
            yield Look(f"count of tasks of {who.roles[0]}: {name}", [each for each in counted if each.text])


def _notices(cases: int) -> Iterator[Look]:
    now = datetime.now(UTC)
    places = (None, *((now - timedelta(seconds=30 * cases * part // 10), "f") for part in (1, 5, 9)))
    states = ("queued", "sending", "accepted", "failed", "dead", "unknown", "suppressed")
    for name, case_ids, wanted in (
        ("all", (None,), (None,)),
        ("state", (None,), states),
        ("case", (_case_id(7), _case_id(cases)), (None, "dead")),
    ):
        asked = [
            ask.notices_question([PROCESS], case_id, state, after, PAGE)
            for case_id, state, after in product(case_ids, wanted, places)
        ]
        yield Look(f"notices: {name}", asked)


def _events(cases: int) -> Iterator[Look]:
    places = (None, cases * 9 // 10, cases // 10)
    sources = ("urn:sample:1", "urn:sample:rare", "urn:sample:nobody")
    for state in (None, *ask.EVENT_STATES):
        asked = [ask.events_question([PROCESS], state, None, None, after, PAGE) for after in places]
        yield Look(f"events: {state or 'all'}", asked)
    for name, states, named, case_ids in (
        ("source", (None, "refused", "dead"), sources, (None,)),
        ("case", (None, "applied"), (None,), (_case_id(7), _case_id(cases))),
    ):
        asked = [
            ask.events_question([PROCESS], state, source, case_id, None, PAGE)
            for state, source, case_id in product(states, named, case_ids)
        ]
        yield Look(f"events: {name}", asked)


def _others(cases: int) -> Iterator[Look]:
    office, relay = queries("kernel/office"), queries("kernel/relay")
    numbers = [cases * part // 10 for part in range(1, 11)]
    yield Look("imports", [_asked(queries("admission/imports")["imports"], 50)])
    yield Look("a notice by the beginning of its id", [_asked(office["notices_beginning"], "ab12")])
    duplicates = queries("admission/admission")["possible_duplicates"]
    opening = [_asked(duplicates, f"A{number:08}", 2, False) for number in numbers]
    yield Look("opening a case: who may be the same person", opening, "worker")
    yield Look("an idle relay: what is due", [_asked(relay["claim"], 1, 32, [])], "worker")
    yield Look("an idle relay: when something is", [_asked(relay["next_try"])], "worker")


def _asked(statement: str, *values: Any) -> Question:
    question = Question()
    question.text, question.values = statement, list(values)
    return question


async def measured(pool: asyncpg.Pool, look: Look, times: int) -> tuple[float, float, Question]:
    """Median and 95th percentile in milliseconds, and the question that took longest."""
    taken: list[tuple[float, Question]] = []
    for question in [*look.questions] * max(times, 60 // len(look.questions)):
        started = time.perf_counter()
        async with reading(pool) as connection:
            await connection.fetch(question.text, *question.values)
        taken.append((1000 * (time.perf_counter() - started), question))
    figures = sorted(each for each, _ in taken)
    p95 = figures[min(len(figures) - 1, round(len(figures) * 0.95))]
    return statistics.median(figures), p95, max(taken, key=lambda each: each[0])[1]


async def plan(pool: asyncpg.Pool, question: Question, form: str = "TEXT") -> Any:
    """How PostgreSQL answered a question, with the rows that each part of the plan has read."""
    explain = f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT {form}) "
    async with reading(pool) as connection:
        rows = await connection.fetch(explain + question.text, *question.values)
    return json.loads(rows[0][0]) if form == "JSON" else "\n".join(row[0] for row in rows)


@asynccontextmanager
async def servers() -> AsyncIterator[PostgresServer]:
    """A PostgreSQL of its own, migrated; gone afterwards."""
    account = postgres_account(load_settings().postgres_account)
    folder = Path(tempfile.mkdtemp(prefix="iehe-lists-", dir="/tmp"))
    folder.chmod(0o711)
    home = Home(folder / "h")
    home.create(account)
    quick = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "2GB"}
    postgres = PostgresServer(home, account=account, options=quick)
    try:
        await postgres.start()
        yield postgres
    finally:
        await postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def main(cases: int, times: int, file: Path) -> None:
    """Fill, measure, write the plans and print a table."""
    async with servers() as postgres:
        owner = await asyncpg.connect(postgres.url("owner"))
        await migrate(owner)
        await load_defaults(owner)
        await fill(owner, cases)
        sizes = [await owner.fetchval(f"SELECT count(*) FROM iehe.{name}") for name in ("cases", "events")]  # noqa: S608
        tasks = await owner.fetchval("SELECT count(*) FROM iehe.tasks WHERE closed_at IS NULL")
        await owner.close()
        pools = {
            role: await open_pool(postgres.url(role), size=2, patience=120) for role in ("office", "worker")
        }
        head = (
            f"{sizes[0]:,} cases, {tasks:,} open tasks, {sizes[1]:,} events; each list {times} times or more"
        )
        told = [head, "", f"{'median':>8} {'p95 ms':>8}  list"]
        plans = []
        for look in every_list(cases):
            if not look.questions:
                continue
            median, p95, slowest = await measured(pools[look.role], look, times)
            told.append(f"{median:8.1f} {p95:8.1f}  {look.name}")
            print(told[-1], flush=True)
            plans.append(f"\n## {look.name}\n{await plan(pools[look.role], slowest)}")
        file.write_text("\n".join([*told, *plans]) + "\n", encoding="utf-8")
        for pool in pools.values():
            pool.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--file", type=Path, default=PLANS)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.cases, arguments.times, arguments.file))
    leave(0)
