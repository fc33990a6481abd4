"""An office whose cases have documents, with its store; schools before running servers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

import workers.worker
from activities.kernel.acting import acting_for
from activities.kernel.database import open_pool
from activities.kernel.document_store import DocumentStore, open_store
from cases import documents
from cases.finding import find_case
from cases.registry import PROCESSES, ROOMS
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from gateway.app import create_app
from gateway.context import Gateway
from schemas.kernel.case import EventEnvelope
from schemas.kernel.step import FactTold, StepOutcome
from tests.conftest import Database
from tests.documents.desk import DOCUMENTED, DOCUMENTED_ROOM, LETTER, DocumentedWorkflow, pdf
from tests.gateway.office import Desk as Door
from tests.gateway.office import settings_for
from tests.outreach import desk as outreach_desk
from tests.outreach.conftest import owner, schools, worker_pool  # noqa: F401 - fixtures
from tests.outreach.desk import Desk
from tests.pure import TOKYO
from workers.preparation import store_homes
from workers.staff_tokens import staff_tokens

# ruff: noqa: F811 - fixtures are imported and asked for by name


@pytest.fixture(autouse=True)
def documented(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of schools have documents in every process of this test."""
    monkeypatch.setitem(ROOMS, DOCUMENTED.name, DOCUMENTED_ROOM)
    monkeypatch.setitem(PROCESSES, DOCUMENTED.name, DOCUMENTED)
    others = [each for each in workers.worker.WORKFLOWS if each.process.name != DOCUMENTED.name]
    monkeypatch.setattr(workers.worker, "WORKFLOWS", (*others, DocumentedWorkflow))
    monkeypatch.setattr(outreach_desk, "ROOM", DOCUMENTED_ROOM)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "documents"


@pytest.fixture
def store(folder: Path) -> DocumentStore:
    return open_store(folder.as_uri(), {})


@dataclass
class Office:
    """An office before its database and its store, with no Temporal: facts are told by the test."""

    desk: Desk
    pool: asyncpg.Pool
    store: DocumentStore
    keys: CaseKeys
    owner: asyncpg.Connection
    folder: Path
    told: set[str] = field(default_factory=set)

    async def request(self, number: str = "S26-0001") -> str:
        """A request that asks for its documents."""
        today = self.desk.now.replace(hour=13, minute=0, second=0, microsecond=0)
        dates = [(today + timedelta(days=days)).isoformat() for days in (60, 67, 74)]
        return await self.desk.store(number, dates=dates)

    async def put(
        self, case_id: str, name: str = LETTER, content: bytes = b"", **more: Any
    ) -> documents.Kept:
        """Keep a document, by default a PDF, as office-1."""
        with acting_for("*"):
            case = await find_case(self.pool, case_id)
        sent = content or pdf()
        return await documents.put(self.pool, self.store, self.keys, case, name, sent, "office-1", **more)

    async def get(
        self, case_id: str, name: str = LETTER, version: int | None = None, by: str = "office-1"
    ) -> documents.HandedOut:
        """Have it handed out."""
        with acting_for("*"):
            case = await find_case(self.pool, case_id)
        with acting_for(by):
            return await documents.get(self.pool, self.store, self.keys, case, name, version)

    async def deliver(self, case_id: str) -> list[StepOutcome]:
        """What the relay does: the facts that are stored reach the case, in their order."""
        rows = await self.owner.fetch(
            "SELECT id, envelope::text AS told FROM iehe.events WHERE case_id = $1 ORDER BY seq", case_id
        )
        fresh = [row for row in rows if row["id"] not in self.told]
        self.told |= {row["id"] for row in fresh}
        facts = [FactTold(event=EventEnvelope.model_validate_json(row["told"])) for row in fresh]
        return [await self.desk.take(case_id, each) for each in facts]

    async def received(self, case_id: str, name: str = LETTER, content: bytes = b"") -> documents.Kept:
        """Kept, and its case knows."""
        kept = await self.put(case_id, name, content)
        await self.deliver(case_id)
        return kept

    async def state(self, case_id: str, name: str = LETTER) -> dict[str, Any]:
        """What the case knows of a document."""
        with acting_for("*"):
            listed = await documents.listed(self.pool, await find_case(self.pool, case_id))
        return next(each for each in listed if each["name"] == name)

    def objects(self) -> list[Path]:
        """What lies in the store."""
        return sorted(each for each in self.folder.rglob("*") if each.is_file())


@pytest.fixture
async def office(
    worker_pool: asyncpg.Pool,
    owner: asyncpg.Connection,
    database: Database,
    ring: KeyRing,
    store: DocumentStore,
    folder: Path,
) -> AsyncIterator[Office]:
    await store_homes(owner)
    pool = await open_pool(database.url("office"), size=4, for_people=True)
    desk = Desk(worker_pool, owner, datetime.now(TOKYO))
    yield Office(desk, pool, store, CaseKeys(ring), owner, folder)
    await pool.close()


@pytest.fixture
async def door(
    database: Database,
    client: Any,
    ring: KeyRing,
    store: DocumentStore,
    tmp_path: Path,
    owner: asyncpg.Connection,
) -> AsyncIterator[Door]:
    """The gateway, asked with staff tokens."""
    await store_homes(owner)
    settings = settings_for(tmp_path / "home")
    pool = await open_pool(database.url("office"), size=8, for_people=True)
    gateway = Gateway(
        pool, client, ring, staff_tokens(settings), "http://gateway", "http://ui", documents=store
    )
    app = httpx2.ASGITransport(create_app(gateway), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=app, base_url="http://gateway") as http:
        yield Door(http, settings)
    await pool.close()


Dying = Callable[[str], Awaitable[None]]


def dying_at(point: str) -> Dying:
    """A process that ends at a point, as by a power switch."""

    async def die(here: str) -> None:
        if here == point:
            raise asyncio.CancelledError

    return die
