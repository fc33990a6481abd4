"""The real `iehe up` with the sample people, and with cases of every process in the middle of their way."""

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from cli.session import Exit
from embedded.connection import Embedded
from embedded.ports import free_port
from office.sessions import start
from schemas.kernel.japan import TOKYO
from tests.cli.program import Program, clean_environment
from tests.exchange.office import policy_of_today
from tests.folders import server_folder
from workers.settings import Settings

SAMPLES: Final = Path(__file__).parents[2] / "docs" / "samples"
PORTS: Final = (
    *("TEMPORAL_PORT", "UI_PORT", "TEMPORAL_HTTP_PORT", "TEMPORAL_METRICS_PORT"),
    *("SMTP_PORT", "GATEWAY_PORT", "OFFICE_PORT"),
)
LONGEST_START: Final = 60.0
REVIEWERS: Final = ("reviewer-8", "reviewer-9", "reviewer-11")


@dataclass
class Stack:
    """A running installation, and the commands of whoever administers it.

    Args:
        url: of the pages.
        program: commands on this machine; `by` for those of somebody else.
        cases: a case of each kind, by a word for it.
    """

    url: str
    program: Program
    cases: dict[str, str] = field(default_factory=dict)

    async def link(self, staff_id: str) -> str:
        """An address that signs somebody in, once."""
        made = await self.program("office", "login", "--as", staff_id, "--json")
        assert made.code == 0, made
        return str(made.json["link"])

    async def session(self, staff_id: str, language: str) -> str:
        """The cookie of a session that no page has begun, for who asks only what it sees."""
        async with self.owner() as connection:
            shown = await start(connection, staff_id, language, datetime.now(UTC))
        assert shown is not None, staff_id
        return shown

    async def do(self, staff_id: str, *words: object) -> Any:
        """A command by a member of staff; asked again while its case is about to open."""
        program = self.program.by(staff_id)
        async with asyncio.timeout(30):
            while (ended := await program(*words, "--json")).code == Exit.UNAVAILABLE:
                await asyncio.sleep(0.1)
        assert ended.code == 0, (words, ended)
        return ended.json

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """A look into the database, as its owner."""
        settings = Settings(home=Path(self.program.environment["IEHE_HOME"]))
        connection = await asyncpg.connect(Embedded(settings).url("owner"))
        try:
            yield connection
        finally:
            await connection.close()

    async def forward(self, case_id: str, **span: float) -> None:
        """Move a case's time; what falls due on the way happens."""
        temporal = await Client.connect(f"127.0.0.1:{self.program.environment['IEHE_TEMPORAL_PORT']}")
        skipper = TimeSkipper(temporal, config=TimeSkippingConfig(enabled=False))
        await skipper.fast_forward(temporal.get_workflow_handle(case_id), timedelta(**span))

    async def by_day(self, process: str, **changes: Any) -> None:
        """Cases that open from now on have no quiet hours, which are the real clock's, not a moved one's."""
        async with self.owner() as owner:
            newest = "SELECT body FROM iehe.policies WHERE process = $1 ORDER BY valid_from DESC LIMIT 1"
            body = json.loads(await owner.fetchval(newest, process))
            for route in body["routes"].values():
                route.update(changes)
                route["notices"] |= {"quiet_from": "00:00", "quiet_until": "00:00"}
            await owner.execute(
                "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
                " VALUES ($1, 'by-day-1', '2026-04-03', $2, '', 'test') ON CONFLICT DO NOTHING",
                *(process, json.dumps(body)),
            )

    async def until(self, question: str, *values: Any) -> Any:
        """The first answer of the database that is neither nothing nor none."""
        async with self.owner() as connection, asyncio.timeout(20):
            while not (answer := await connection.fetchval(question, *values)):
                await asyncio.sleep(0.02)
            return answer


@asynccontextmanager
async def running_stack() -> AsyncIterator[Stack]:
    """A stack on a home of its own, with its cases; nothing of it is left afterwards."""
    folder = server_folder()
    ports = {f"IEHE_{name}": free_port() for name in PORTS}
    environment = clean_environment(IEHE_HOME=folder / "home", IEHE_LANGUAGE="en", **ports)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "up", "--with-parent"),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        await _until_ready(process)
        stack = Stack(f"http://127.0.0.1:{ports['IEHE_OFFICE_PORT']}", Program(environment))
        await _furnish(stack)
        yield stack
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(10):
                    await process.wait()
            except TimeoutError:
                process.kill()  # its children end with it
                await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def _until_ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    said: list[str] = []
    async with asyncio.timeout(LONGEST_START):
        while line := (await process.stdout.readline()).decode():
            said.append(line)
            if "stop with" in line:
                return
    raise AssertionError("".join(said))


async def _furnish(stack: Stack) -> None:
    """People first; then what the offices do, side by side."""
    imported = await stack.program("staff", "import", SAMPLES / "staff.csv", "--json")
    assert imported.code == 0, imported
    assert (await stack.program("login", "admin-1")).code == 0
    async with stack.owner() as owner:
        people = [row["staff_id"] for row in await owner.fetch("SELECT staff_id FROM iehe.staff")]
    bound = await stack.program("staff", "bind", *sorted(set(people) - {"admin-1"}))
    assert bound.code == 0, bound
    async with asyncio.TaskGroup() as offices:
        for office in (_admissions, _support, _outreach, _exchange, _dormitory):
            offices.create_task(office(stack))


async def _admissions(stack: Stack) -> None:
    """One case before the reviewers, one before the committee, one to be checked, the rest incomplete."""
    await stack.do("office-1", "admission", "import", SAMPLES / "applications.csv")
    async with asyncio.TaskGroup() as cases:
        for number in (1, 2, 3):
            cases.create_task(complete(stack, f"A2027-{number:06}"))
    stack.cases["incomplete"] = "admission/A2027-000004"
    stack.cases["eligibility"] = "admission/A2027-000003"
    stack.cases["review"] = await _to_reviewers(stack, "A2027-000001")
    stack.cases["committee"] = await _to_committee(stack, await _to_reviewers(stack, "A2027-000002"))


async def complete(stack: Stack, number: str) -> None:
    arrived = datetime.now(TOKYO) - timedelta(hours=2)
    event = ("admission", "event", number)
    await stack.do("office-1", *event, "post-arrived", "--at", f"{arrived:%Y-%m-%d %H:%M}")
    await stack.do("office-1", *event, "document-received", "item=transcript")
    await stack.do("office-1", *event, "fee-paid")
    await stack.do("office-1", *event, "test-score-received")


async def _to_reviewers(stack: Stack, number: str) -> str:
    case_id = f"admission/{number}"
    await stack.do("office-1", "admission", "confirm-eligibility", number, "--eligible")
    return case_id


async def _to_committee(stack: Stack, case_id: str) -> str:
    number = case_id.partition("/")[2]
    async with stack.owner() as owner:
        asked = await owner.fetch(
            "SELECT assignee FROM iehe.tasks WHERE case_id = $1 AND assignee LIKE 'reviewer-%'", case_id
        )
    for reviewer in [row["assignee"] for row in asked]:
        await stack.do(reviewer, "admission", "accept-review", number, "--no-conflict")
        scores = ("academic=8", "motivation=7", "activities=6")
        await stack.do(reviewer, "admission", "submit-scores", number, *scores)
    ballot = ("admission", "cast-vote", number, "admit", "--reason", "審議のとおり")
    await stack.do("committee-2", *ballot)
    return case_id


async def _support(stack: Stack) -> None:
    """A referral that nobody has judged, and a case of a counsellor with a note."""
    await stack.do("support-head-1", "support", "members", "add", "counselling", "counsellor-1")
    start = ("support", "start", "--way", "desk", "--person", "S2026-0042", "--words")
    stack.cases["referral"] = (await stack.do("triage-1", *start, "見本：一週間、授業に来ていません。"))[
        "case_id"
    ]
    made = await stack.do("triage-1", *start, "Has been absent for a week (sample).")
    case_id = stack.cases["support"] = made["case_id"]
    judged = ("--distress", "2", "--distress-reason", "Sleeps badly (sample).")
    await stack.do("triage-1", "support", "triage", case_id, *judged)
    await stack.do("triage-1", "support", "assign", case_id, "counselling", "--owner", "counsellor-1")


async def _outreach(stack: Stack) -> None:
    """A school's request that was checked, and one that was not."""
    year = datetime.now(TOKYO).year
    async with stack.owner() as owner:
        await owner.execute(
            "INSERT INTO iehe.outreach_topics (year, topic, field, title_ja, title_en, lecturers)"
            " SELECT each, 'sea-level', 'geography', '海面の上昇', 'Rising seas', ARRAY['lecturer-1']"
            " FROM generate_series($1::int - 1, $1::int + 1) AS each",
            year,
        )
    form = request_of("D104")
    for word in ("request", "checked"):
        stack.cases[word] = await started(stack, "connection-1", "outreach", form)
    await stack.do("connection-1", "outreach", "check-request", stack.cases["checked"])


def request_of(school: str) -> dict[str, Any]:
    """What a school asks for, with three dates."""
    first = datetime.now(TOKYO).replace(hour=13, minute=0, second=0, microsecond=0) + timedelta(days=90)
    return {
        "school": school,
        "school_name": "見本高等学校",
        "contact": {"name": "見本 花子", "email": "sample@school.example.jp"},
        "kind": "lecture",
        "topic": "sea-level",
        "purpose": "探究学習の導入",
        "grade": "2",
        "persons": 40,
        "dates": [(first + timedelta(days=7 * week)).isoformat() for week in range(3)],
        "place": "体育館",
        "equipment": "プロジェクター",
        "travel_cost": "school",
    }


async def _exchange(stack: Stack) -> None:
    """A nomination that waits to be verified, and a letter about it that has not gone yet."""
    begins, now = datetime.now(TOKYO).date() + timedelta(days=130), datetime.now(TOKYO)
    term = f"{begins:%y}S"
    # nominations are taken today, and mails are not sent for the next hours: one waits for the office
    quiet = {
        "quiet_from": f"{now - timedelta(hours=1):%H:%M}",
        "quiet_until": f"{now + timedelta(hours=9):%H:%M}",
    }
    policy = policy_of_today().model_dump(mode="json")
    policy["notices"] |= quiet
    async with stack.owner() as owner:
        await owner.execute(
            "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
            " VALUES ('exchange-onboarding', 'sample-1', '2026-04-02', $1, '', 'test')",
            json.dumps({"routes": {"incoming": policy}}),
        )
        await owner.execute(
            "INSERT INTO iehe.exchange_partners (partner, name, mail)"
            " VALUES ('uni-a', '見本 University A', 'coordinator@example.edu')"
        )
        for measure, places in (("persons", 100), ("months", 1000)):
            frame = json.dumps({"places": places, "measure": measure})
            await owner.execute("SELECT iehe.set_frame($1, $2, now())", f"exchange/{term}:{measure}", frame)
        await owner.execute("SELECT iehe.exchange_set_agreement($1, 'a1', 'uni-a', 'all', 20, 100)", term)
    stack.cases["frame"] = f"exchange/{term}:persons"
    form = {
        "term": term,
        "partner": "uni-a",
        "mobility": f"{term}-SAMPLE01".lower(),
        "agreement": "a1",
        "faculty": "law",
        "student": {
            "family": "見本",
            "given": "Sample",
            "born": "2004-02-13",
            "nationality": "DE",
            "number": "S-1",
            "mail": "student@example.com",
            "language": "en",
        },
        "first": begins.isoformat(),
        "last": (begins + timedelta(days=140)).isoformat(),
        "months": "5",
    }
    stack.cases["mobility"] = await started(
        stack, "exchange-1", "exchange", form, "--number", f"{term}-SAMPLE01"
    )
    queued = "SELECT notice_id FROM iehe.notices WHERE case_id = $1 AND state = 'queued'"
    stack.cases["notice"] = str(await stack.until(queued, stack.cases["mobility"]))


async def _dormitory(stack: Stack) -> None:
    """A house that collects requests."""
    today = datetime.now(TOKYO).date()
    form = {
        "first": f"{today + timedelta(days=130)}",
        "until": f"{today + timedelta(days=270)}",
        "collect_until": (datetime.now(TOKYO) + timedelta(days=50)).replace(microsecond=0).isoformat(),
        "kept_until": f"{today + timedelta(days=160)}",
        "seed": "kyoto-sample",
    }
    number = f"NORTH-{today + timedelta(days=130):%y}S"
    stack.cases["house"] = await started(stack, "house-1", "dormitory", form, "--number", number)


async def started(
    stack: Stack, staff_id: str, room: str, form: dict[str, Any], *more: Sequence[str] | str
) -> str:
    """A case by its form, kept in a file for the command."""
    file = Path(stack.program.environment["IEHE_HOME"]).parent / f"{room}-{uuid4().hex}.json"
    file.write_text(json.dumps(form), encoding="utf-8")
    file.chmod(0o600)
    made = await stack.do(staff_id, room, "start", "--file", file, *more)
    return str(made["case_id"])
