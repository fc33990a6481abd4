"""The pages of a whole house: staff of several processes, cases in every room, browsers of staff."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette
from temporalio.client import Client

from activities.admission.applications import store_applications
from activities.kernel.database import open_pool
from cases.apart import party_key
from embedded.ports import free_port
from encryption.case_keys import CaseKeys
from gateway.context import Gateway
from gateway.http_server import Server, listen
from office.app import create_app
from office.bindings import LinkKind, make_link
from office.context import Office
from schemas.kernel.people import NumberedRow
from tests.office import person
from workers.preparation import store_homes

STAFF = {
    "office-1": ["admissions_office"],
    "head-1": ["head_of_admissions"],
    "reviewer-1": ["reviewer"],
    "reviewer-2": ["reviewer"],
    "exchange-1": ["exchange_office"],
    "counsellor-1": ["counsellor"],
    "triage-1": ["triage_officer"],
    "auditor-1": ["auditor"],
    "admin-1": ["administrator"],
    "nobody-1": [],
}
ROUND = (
    "INSERT INTO iehe.rounds (round_id, route, title_ja, title_en, opens_at, closes_at, enrol_by, "
    "waitlist_until) VALUES ($1, 'comprehensive', $1, $1, '2026-09-01', '2026-11-01', '2027-03-31', "
    "'2027-03-31') "
    "ON CONFLICT DO NOTHING"
)


@dataclass
class Reading:
    """A browser in which somebody is signed in."""

    url: str
    http: httpx2.AsyncClient

    async def get(self, path: str) -> httpx2.Response:
        return await self.http.get(self.url + path)

    async def text(self, path: str) -> str:
        answer = await self.get(path)
        assert answer.status_code == 200, (
            answer.status_code,
            answer.headers.get("location"),
            answer.text[:500],
        )
        return answer.text

    async def send(self, path: str, form: dict[str, str], *, token: str | None = None) -> httpx2.Response:
        """Send a form as a page of the office's does."""
        if token is None:
            token = re.search(r'name="csrf" value="([^"]+)"', await self.text("/sessions"))[1]
        headers = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"}
        return await self.http.post(self.url + path, data={"csrf": token, **form}, headers=headers)


@dataclass
class House:
    """The pages, and the database behind them as its owner sees it."""

    url: str
    office: Office
    rows: asyncpg.Pool
    app: Starlette
    open: list[httpx2.AsyncClient] = field(default_factory=list)

    @property
    def vault(self) -> CaseKeys:
        return self.office.gateway.vault

    async def reader(self, staff_id: str, *, shown: datetime | None = None, language: str = "en") -> Reading:
        """A browser of somebody; `shown`: when they showed who they are, otherwise just now."""
        http = httpx2.AsyncClient(timeout=20, trust_env=False)
        self.open.append(http)
        async with self.office.gateway.pool.acquire() as connection:
            link = await make_link(connection, LinkKind.SIGN_IN, staff_id, "account:test")
        assert (await http.get(f"{self.url}/sign-in/link/{link}")).status_code == 303
        change = (
            "UPDATE iehe.office_sessions SET language = $2, signed_in_at = coalesce($3, signed_in_at) "
            "WHERE staff_id = $1"
        )
        await self.rows.execute(change, staff_id, language, shown)
        return Reading(self.url, http)

    async def applies(self, number: str, **changes: object) -> str:
        """An application with its open case."""
        row = person(application_no=number, **changes)
        async with self.rows.acquire() as connection:
            await connection.execute(ROUND, row.round_id)
            await store_applications(
                connection,
                [NumberedRow(2, row)],
                file_sha256=uuid4().hex,
                round_id=row.round_id,
                skipped=0,
                imported_by="office-1",
            )
        return await self.case(f"admission/{number}", "admission-review", "review")

    async def case(
        self, case_id: str, process: str, stage: str, *, closed: bool = False, opened: datetime | None = None
    ) -> str:
        """The row of a case."""
        await self.rows.execute(
            "INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, waiting_for, "
            "due_at, outcome, closed_at, state) VALUES ($1, $2, 1, $3, $4, $4, 'reviewer', $5, $6, $7, '{}')",
            *(case_id, process, stage, opened or datetime.now(UTC), datetime.now(UTC) + timedelta(days=3)),
            *(stage if closed else None, datetime.now(UTC) if closed else None),
        )
        return case_id

    async def log(
        self, case_id: str, version: int, step: str, by: str, stages: tuple[str, str] = ("", "")
    ) -> None:
        """A step in the log of a case."""
        await self.rows.execute(
            "INSERT INTO iehe.case_log (case_id, version, at, step, from_stage, stage, actor_kind, actor_id, "
            "details, prev_hash, hash) VALUES ($1, $2, now(), $3, $4, $5, 'person', $6, '{}', '', '')",
            *(case_id, version, step, *stages, by),
        )

    async def task(self, case_id: str, key: str, role: str, assignee: str | None, due: timedelta) -> None:
        """An open task."""
        await self.rows.execute(
            "INSERT INTO iehe.tasks (case_id, key, opened_version, kind, role, assignee, opened_at, "
            "due_at) VALUES ($1, $2, 1, $3, $4, $5, now() - interval '2 days', now() + $6)",
            *(case_id, key, key.partition(":")[0], role, assignee, due),
        )

    async def concern(self, case_id: str, staff_id: str, role: str) -> None:
        """Somebody whom a case concerns."""
        note = "INSERT INTO iehe.case_people (staff_id, case_id, role) VALUES ($1, $2, $3)"
        await self.rows.execute(note, staff_id, case_id, role)

    async def nominated(self, subject: str, family: str, given: str, mail: str, student_no: str) -> str:
        """A mobility with its open case."""
        case_id = f"exchange/{subject}"
        await self.rows.execute(
            "INSERT INTO iehe.exchange_mobilities (case_id, term, partner, mobility, agreement, faculty, "
            "family, given, mail, student_no, language, first, last, months, needs_coe) "
            "VALUES ($1, '27S', 'p', $1, 'a', 'f', $2, $3, $4, $5, 'en', $6, $7, 5, true)",
            *(case_id, family, given, mail, student_no, date(2027, 4, 1), date(2027, 9, 1)),
        )
        return await self.case(case_id, "exchange-onboarding", "nominated")

    async def referred(self, subject: str, number: str, *counsellors: str) -> str:
        """A confidential case about a person."""
        case_id = f"support/{subject}"
        await self.rows.execute(
            "INSERT INTO iehe.support_referrals (case_id, way, person, language, danger, urgent, words) "
            "VALUES ($1, 'desk', $2, 'ja', false, false, gen_random_uuid())",
            *(case_id, party_key(self.vault, "support", number)),
        )
        await self.case(case_id, "support-case", "referred")
        for each in counsellors:
            await self.concern(case_id, each, "counsellor")
        return case_id


@pytest.fixture
async def house(database, ring) -> AsyncIterator[House]:
    """A house with its staff and no cases yet."""
    rows = await open_pool(database.url("owner"), size=2)
    async with rows.acquire() as owner:
        await store_homes(owner)
    await rows.executemany(
        "INSERT INTO iehe.staff (staff_id, name, email, roles, load_cap) "
        "VALUES ($1, '見本 ' || $1, $1 || '@example.ac.jp', $2, $3)",
        [(staff_id, roles, 4 if roles == ["reviewer"] else None) for staff_id, roles in STAFF.items()],
    )
    pool, port = await open_pool(database.url("office"), size=6, for_people=True), free_port()
    url = f"http://127.0.0.1:{port}"
    gateway = Gateway(
        pool, await Client.connect("127.0.0.1:1", lazy=True), ring, None, "http://door", "http://ui"
    )
    office = Office(gateway, url, None, links=True, temporal_ui="http://ui")
    app = create_app(office)
    server = Server(app)
    serving = asyncio.create_task(server.serve(sockets=[listen("127.0.0.1", port)]))
    house = House(url, office, rows, app)
    try:
        yield house
    finally:
        for http in house.open:
            await http.aclose()
        server.should_exit = True
        await serving
        pool.terminate()
        rows.terminate()


Reader = Callable[[str], Awaitable[Reading]]


def main_of(page: str) -> str:
    """What a page shows, without what is around it."""
    return page.partition("<main")[2].partition("</main>")[0]


def cases_on(page: str) -> set[str]:
    """The cases that a page leads to."""
    return set(re.findall(r'href="/cases/([a-z]+/[A-Z0-9-]+)["?]', main_of(page)))
