"""The pages on a real port with all that stands behind them, for the tests of one module.

A case of each process is in the middle of its way, and there is staff of every role.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette
from temporalio.client import Client

from activities.kernel.database import open_pool
from activities.kernel.document_store import open_store
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.homes import home_of
from cases.registry import ROOMS
from embedded.ports import free_port
from encryption.case_keys import CaseKeys
from gateway.context import Gateway
from gateway.http_server import Server, listen
from office.app import create_app
from office.context import Office
from office.sessions import start
from tests.conftest import Database, served_mail
from tests.exchange.office import BEGINS, LAST, TERM, policy_of_today
from tests.exchange.office import Institute as Exchange
from tests.office import DEFAULT_STAFF
from tests.office import Institute as Admissions
from tests.office_pages.browser import COOKIE
from tests.outreach.schools import Schools
from tests.served import Served
from tests.serving import serving
from tests.support.builder import ROLES as SUPPORT_ROLES
from tests.support.office import Office as Counselling
from tests.words import vault_of
from workers.policies import load_defaults
from workers.relay.relay import CONNECTIONS, running_relay
from workers.worker import running_worker
from workflows.dormitory.process import DORMITORY
from workflows.exchange.process import EXCHANGE
from workflows.kernel.known_policies import POLICIES

STAFF: Final[Mapping[str, tuple[str, ...]]] = {
    **{row.staff_id: tuple(sorted(row.roles)) for row in DEFAULT_STAFF},
    **{f"reviewer-{number}": ("reviewer",) for number in range(7, 13)},
    "checker-1": ("checker",),
    "admin-1": ("administrator",),
    "nobody-1": (),
    "leaver-1": ("admissions_office",),
    "connection-1": ("connection_office",),
    "connection-head": ("head_of_connection",),
    "lecturer-1": ("lecturer",),
    "lecturer-2": ("lecturer",),
    "exchange-1": ("exchange_office",),
    "exchange-head": ("head_of_exchange",),
    "advisor-1": ("advisor",),
    "faculty-1": ("faculty_coordinator",),
    "committee-1": ("exchange_committee",),
    "registrar-1": ("registrar",),
    "tutor-1": ("tutor",),
    **{
        name: tuple(str(role) for role in roles)
        for name, roles in SUPPORT_ROLES.items()
        if name not in ("head-1", "office-1")
    },
    "support-head": ("head_of_support",),
    "house-1": ("house_office",),
    "house-head": ("head_of_houses",),
}
"""By staff id; nobody has roles of two processes."""
OWN: Final = {"Origin": "", "Sec-Fetch-Site": "same-origin"}


class Houses(Served):
    """A house that opens runs."""

    process, source, roles = DORMITORY, "urn:example:house", {}


@dataclass
class Person:
    """Somebody who is signed in, in a browser of their own."""

    url: str
    staff_id: str
    http: httpx2.AsyncClient
    csrf: str

    @property
    def own(self) -> dict[str, str]:
        """The headers by which a browser says that a page of ours sends."""
        return OWN | {"Origin": self.url}

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(urljoin(self.url, path), headers=headers)

    async def post(self, path: str, form: Any = None, **more: Any) -> httpx2.Response:
        """Send a form of this session."""
        given = {"csrf": self.csrf, **(form or {})}
        return await self.http.post(urljoin(self.url, path), data=given, headers=self.own, **more)

    async def form(self, path: str) -> dict[str, str]:
        """What the form of a page carries unseen."""
        page = await self.get(path)
        assert page.status_code == 200, (path, page.status_code, page.text)
        return hidden(page.text)

    async def press(self, answer: httpx2.Response, step: str, **typed: Any) -> httpx2.Response:
        """Press a button of the form on a page, with what is typed there beside what it carries unseen."""
        path = answer.url.path
        return await self.post(path, {**hidden(answer.text), **typed, "step": step})


def hidden(page: str) -> dict[str, Any]:
    """The hidden fields of the last form on a page that has a key."""
    forms = [each for each in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'name="key"' in each]
    assert forms, page
    found: dict[str, Any] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', forms[-1]):
        text = _plain(value)
        found[name] = [*_listed(found[name]), text] if name in found else text
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(text: str) -> str:
    for sign, entity in (('"', "&#34;"), ("'", "&#39;"), ("<", "&lt;"), (">", "&gt;"), ("&", "&amp;")):
        text = text.replace(entity, sign)
    return text


@dataclass
class House:
    """Everything that runs, and the cases by room."""

    url: str
    database: Database
    owner: asyncpg.Pool
    gateway: Gateway
    app: Starlette
    client: Client
    admissions: Admissions
    exchange: Exchange
    schools: Schools
    counselling: Counselling
    houses: Houses
    cases: dict[str, str] = field(default_factory=dict)
    _people: dict[str, Person] = field(default_factory=dict)
    _all: list[httpx2.AsyncClient] = field(default_factory=list)

    @cached_property
    def vault(self) -> CaseKeys:
        """The keys of cases."""
        return self.gateway.vault

    async def person(self, staff_id: str, language: str = "en") -> Person:
        """Somebody in a new browser and session, without the provider."""
        async with self.gateway.pool.acquire() as connection:
            shown = await start(connection, staff_id, language, datetime.now(UTC))
        assert shown is not None, staff_id
        http = httpx2.AsyncClient(timeout=20, trust_env=False, cookies={COOKIE: shown})
        self._all.append(http)
        csrf = await self.owner.fetchval(
            "SELECT csrf FROM iehe.office_sessions WHERE staff_id = $1 ORDER BY number DESC LIMIT 1", staff_id
        )
        return Person(self.url, staff_id, http, csrf)

    async def at(self, staff_id: str) -> Person:
        """The same person in the same browser as before."""
        if staff_id not in self._people:
            self._people[staff_id] = await self.person(staff_id)
        return self._people[staff_id]

    def stranger(self) -> httpx2.AsyncClient:
        """A browser in which nobody is signed in."""
        http = httpx2.AsyncClient(timeout=20, trust_env=False, base_url=self.url)
        self._all.append(http)
        return http

    async def close(self) -> None:
        for each in self._all:
            await each.aclose()

    async def row(self, case_id: str) -> asyncpg.Record:
        row = await self.owner.fetchrow("SELECT * FROM iehe.cases WHERE case_id = $1", case_id)
        assert row is not None, case_id
        return row

    async def steps(self, case_id: str) -> list[str]:
        rows = await self.owner.fetch(
            "SELECT step FROM iehe.case_log WHERE case_id = $1 ORDER BY version", case_id
        )
        return [row["step"] for row in rows]

    async def eligible(self) -> str:
        """An application that waits for the office's word on eligibility."""
        case = await self.admissions.apply()
        await case.complete()
        return case.case_id

    async def fill(self) -> None:
        """A case of each process in the middle of its way."""
        made = await asyncio.gather(
            self._review(), self._offering(), self._assigned(), self._nominated(), self._collecting()
        )
        self.cases |= dict(
            zip(("admission", "outreach", "support", "exchange", "dormitory"), made, strict=True)
        )

    async def _review(self) -> str:
        case = await self.admissions.apply()
        await case.to_review()
        return case.case_id

    async def _offering(self) -> str:
        request = await self.schools.ask()
        await request.to_offering()
        return request.handle.id

    async def _assigned(self) -> str:
        case = await self.counselling.refer()
        await case.assign()
        await case.until_stage("assigned")
        return case.handle.id

    async def _nominated(self) -> str:
        mobility = await self.exchange.nominate()
        await mobility.verify()
        return mobility.handle.id

    async def _collecting(self) -> str:
        reference = f"N{uuid4().hex[:6].upper()}-{TERM}"
        case_id = DORMITORY.case_id(reference)
        await self.owner.execute(
            "INSERT INTO iehe.dormitory_beds (house, bed, room, kind) VALUES ($1, '101-A', '101', 'single')",
            reference.partition("-")[0].lower(),
        )
        cause = await self.houses.tell(
            reference,
            "run-opened",
            first=BEGINS.isoformat(),
            until=LAST.isoformat(),
            collect_until=(datetime.now(UTC) + timedelta(days=60)).isoformat(),
            kept_until=(BEGINS + timedelta(days=20)).isoformat(),
            seed="kyoto-2027",
        )
        said = "SELECT step FROM iehe.case_log WHERE case_id = $1 AND cause = $2"
        async with asyncio.timeout(20):
            while not await self.owner.fetchval(said, case_id, cause):
                await asyncio.sleep(0.01)
        return case_id


async def furnish(connection: asyncpg.Connection) -> None:
    """Staff, policies without quiet hours, and what the processes count on."""
    await connection.executemany(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $2, $1 || '@example.ac.jp', $3)",
        [(name, f"見本 {name}", list(roles)) for name, roles in STAFF.items()],
    )
    await load_defaults(connection, *(room for room in _rooms() if room != EXCHANGE.room))
    quiet = {"quiet_from": "00:00", "quiet_until": "00:00"}
    for row in await connection.fetch("SELECT process, version, body FROM iehe.policies"):
        body = json.loads(row["body"])
        for route in body["routes"].values():
            route["notices"] = {**route["notices"], **quiet}
        await connection.execute(
            "UPDATE iehe.policies SET body = $3 WHERE process = $1 AND version = $2",
            *(row["process"], row["version"], json.dumps(body)),
        )
    policy = policy_of_today().model_dump(mode="json") | {"notices": quiet}
    await connection.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " VALUES ($1, 'default-1', '2026-04-01', $2, '', 'test')",
        *(EXCHANGE.name, json.dumps({"routes": {"incoming": policy}})),
    )
    POLICIES._known.clear()
    for topic in ("sea-level", "contracts"):
        await connection.execute(
            "INSERT INTO iehe.outreach_topics (year, topic, field, title_ja, title_en, lecturers)"
            " VALUES (2026, $1, 'geography', $1, $1, $2) ON CONFLICT DO NOTHING",
            *(topic, ["lecturer-2", "lecturer-1"]),
        )
    members = [("counselling", "counsellor-1", False), ("counselling", "lead-1", True)]
    members += [("counselling", "counsellor-2", False), ("health", "nurse-1", False)]
    members += [("harassment", "officer-1", False), ("harassment", "officer-2", False)]
    await connection.executemany("INSERT INTO iehe.support_members VALUES ($1, $2, $3)", members)
    for place, name in (("first", "duty-1"), ("second", "duty-2")):
        await connection.execute(
            "INSERT INTO iehe.support_rota (place, staff_id, during, noted_by) "
            "VALUES ($1, $2, tstzrange('2026-01-01', '2036-01-01'), 'test')",
            *(place, name),
        )
    await connection.execute(
        "INSERT INTO iehe.exchange_partners (partner, name, mail) VALUES ('uni-a', '見本 University A', $1)",
        "coordinator@example.edu",
    )
    for measure, places in (("persons", 100), ("months", 1000)):
        await connection.execute(
            "SELECT iehe.set_frame($1, $2, now())",
            *(f"exchange/{TERM}:{measure}", json.dumps({"places": places, "measure": measure})),
        )
    await connection.execute("SELECT iehe.exchange_set_agreement($1, 'a1', 'uni-a', 'all', 20, 100)", TERM)


def _rooms() -> Iterable[str]:
    return (room.process.room for room in ROOMS.values())


@asynccontextmanager
async def _counselling(
    client: Client, database: Database, door: asyncpg.Pool, owner: Any, skipper: Any, mail: Any
) -> AsyncIterator[Counselling]:
    """The home of support: a worker and a relay of its own."""
    home = home_of("support")
    worker = await open_pool(database.url("worker", home.name), size=6)
    relay = await open_pool(database.url("worker", home.name), size=CONNECTIONS)
    keys = vault_of(client)
    settings = SmtpSettings(host="127.0.0.1", port=mail.port, tls="none", sender="support@example.ac.jp")
    notices = NoticeActivities(worker, ROOMS, {"mail": MailChannel(ROOMS, Mailer(settings))})

    @asynccontextmanager
    async def processes() -> AsyncIterator[None]:
        async with (
            running_worker(client, worker, notices, home=home),
            running_relay(relay, skipper.client, marks=keys),
        ):
            yield

    office = Counselling(skipper, door, owner, keys, mail, processes)
    await office.open()
    try:
        yield office
    finally:
        await office.close()
        for pool in (worker, relay):
            await pool.close()


@asynccontextmanager
async def open_house(
    postgres: Any, template: str, client: Client, ring: Any, folder: Path
) -> AsyncIterator[House]:
    """A house with everything running; gone afterwards."""
    database = Database(postgres, f"house_{uuid4().hex[:12]}")
    await postgres.create_database(database.name, template=template)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(postgres.drop_database, database.name)
        connection = await asyncpg.connect(database.url("owner"))
        await furnish(connection)
        await connection.close()
        owner = await open_pool(database.url("owner"), size=4)
        stack.callback(owner.terminate)
        mail = await stack.enter_async_context(served_mail(folder))
        skipper, door = await stack.enter_async_context(serving(client, database, mail, ring))
        counselling = await stack.enter_async_context(
            _counselling(client, database, door, owner, skipper, mail)
        )
        pool = await open_pool(database.url("office"), size=8, for_people=True)
        stack.callback(pool.terminate)
        store = open_store((folder / "documents").as_uri(), {})
        gateway = Gateway(pool, client, ring, None, "http://door", "http://ui", documents=store)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        app = create_app(Office(gateway, url, None, links=True, temporal_ui="http://ui"))
        server = Server(app)
        serving_pages = asyncio.create_task(server.serve(sockets=[listen("127.0.0.1", port)]))
        house = House(
            url,
            database,
            owner,
            gateway,
            app,
            client,
            Admissions(client, owner),
            Exchange(skipper, door, owner, None),
            Schools(skipper, door, owner, None),
            counselling,
            Houses(skipper, door, owner, None),
        )
        try:
            await house.fill()
            yield house
        finally:
            await house.close()
            server.should_exit = True
            await serving_pages


@pytest.fixture(scope="module")
async def house(postgres, template, client, ring, tmp_path_factory) -> AsyncIterator[House]:
    """One for all tests of a module."""
    async with open_house(postgres, template, client, ring, tmp_path_factory.mktemp("house")) as made:
        yield made
