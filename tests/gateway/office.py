"""The gateway's routes about cases in this process, on the fixtures' servers, asked with staff tokens."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.client import Client

from activities.kernel.database import open_pool
from gateway.app import create_app
from gateway.context import Gateway
from tests.conftest import rings_in
from workers.settings import Settings
from workers.staff_tokens import issue_token, staff_tokens

_keys = itertools.count(1)


@dataclass
class Desk:
    """Staff at their systems."""

    http: httpx2.AsyncClient
    settings: Settings

    def token(self, staff_id: str) -> str:
        return issue_token(self.settings, staff_id, 1)[0]

    async def get(self, path: str, by: str = "office-1", **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token(by)}"} | more.pop("headers", {})
        return await self.http.get(path, headers=headers, **more)

    async def post(self, path: str, body: Any, by: str = "office-1", **headers: str) -> httpx2.Response:
        given = {"Authorization": f"Bearer {self.token(by)}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(path, json=body, headers=given)

    async def decide(
        self,
        case_id: str,
        name: str,
        body: Any,
        by: str = "office-1",
        key: str | None = None,
        version: str = "*",
    ) -> httpx2.Response:
        headers = {"Idempotency_Key": key or f"key-{next(_keys)}", "If_Match": version}
        return await self.post(f"/cases/{case_id}/decisions/{name}", body, by, **headers)


def settings_for(home: Path) -> Settings:
    (home / "secrets").mkdir(parents=True, exist_ok=True)
    return Settings(home=home, environment="embedded")


async def open_desk(database: Any, client: Client, home: Path) -> AsyncIterator[Desk]:
    settings = settings_for(home)
    pool = await open_pool(database.url("office"), size=8, for_people=True)
    inbox = await open_pool(database.url("office"), size=2)
    gateway = Gateway(
        pool=pool,
        inbox_pool=inbox,
        client=client,
        ring=rings_in(database.server.home),
        staff=staff_tokens(settings),
        url="http://gateway",
        ui_origin="http://ui",
    )
    door = httpx2.ASGITransport(create_app(gateway))
    async with httpx2.AsyncClient(transport=door, base_url="http://gateway") as http:
        yield Desk(http, settings)
    await pool.close()
    await inbox.close()


@pytest.fixture
async def desk(database, client, tmp_path) -> AsyncIterator[Desk]:
    """The gateway while Temporal answers."""
    async for each in open_desk(database, client, tmp_path):
        yield each


@pytest.fixture
async def lonely_desk(database, client, tmp_path) -> AsyncIterator[Desk]:
    """The gateway while Temporal is away."""
    away = await Client.connect("127.0.0.1:1", lazy=True, data_converter=client.data_converter)
    async for each in open_desk(database, away, tmp_path):
        yield each
