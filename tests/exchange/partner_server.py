"""A home university's own system for tests: real HTTP on loopback, with the faults that such systems have."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.http_server import Server, listen

NOTICE = "jp.ac.iehe.exchange-onboarding.mobility-notice"


@dataclass
class PartnerServer:
    """What it holds, what it was asked and told, and how the next requests are answered.

    A fault is a status, or: `slow` (no answer), `redirect` (to `elsewhere`), `large`, `not-json`,
    `not-as-agreed`. An empty list: as agreed.
    """

    code: str
    ours: str
    """The secret by which it knows us."""
    own: str
    """The secret by which we know it."""
    port: int = 0
    elsewhere: str = ""
    mobilities: dict[str, dict[str, Any]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    """Left out of every answer."""
    faults: list[str] = field(default_factory=list)
    notice_faults: list[str] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    told: list[tuple[str, list[str]]] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def put(self, mobility: str, **changes: Any) -> dict[str, Any]:
        """Nominate, or change what was nominated: another revision."""
        before = self.mobilities.get(mobility, {"mobility": mobility, "revision": 0} | usual(self.code))
        student = before["student"] | changes.pop("student", {})
        after = before | {"revision": before["revision"] + 1, "student": student} | changes
        self.mobilities[mobility] = after
        return after

    # what it is asked

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        Webhook(self.ours).verify(body, dict(request.headers))
        asked = json.loads(body)
        self.asked.append((request.url.path, asked.get("mobilities")))
        fault = self.faults.pop(0) if self.faults else ""
        if fault:
            return await self._faulty(fault)
        wanted = asked.get("mobilities") or list(self.mobilities)
        found = [
            self.mobilities[each] for each in wanted if each in self.mobilities and each not in self.hidden
        ]
        if request.url.path.endswith("/index"):
            found = [{"mobility": each["mobility"], "revision": each["revision"]} for each in found]
        return JSONResponse({"mobilities": found})

    async def _faulty(self, fault: str) -> Response:
        if fault == "slow":
            await self.released.wait()
        if fault == "redirect":
            return RedirectResponse(self.elsewhere, status_code=307)
        if fault == "large":
            return JSONResponse({"mobilities": [], "padding": "x" * 5_000_000})
        if fault == "not-json":
            return Response(b"<html>maintenance</html>", media_type="text/html")
        if fault == "not-as-agreed":
            return JSONResponse({"mobilities": {"all": True}})
        return Response(status_code=int(fault) if fault.isdigit() else 200)

    async def _notice(self, request: Request) -> Response:
        body = await request.body()
        Webhook(self.ours).verify(body, dict(request.headers))
        told = json.loads(body)
        assert set(told) == {"type", "timestamp", "data"}
        assert set(told["data"]) == {"mobilities"}
        fault = self.notice_faults.pop(0) if self.notice_faults else ""
        if fault == "taken-unanswered":
            self.told.append((request.headers["webhook-id"], told["data"]["mobilities"]))
            return Response(status_code=503)
        if fault:
            return await self._faulty(fault)
        self.told.append((request.headers["webhook-id"], told["data"]["mobilities"]))
        return Response(status_code=202)

    @property
    def heard(self) -> set[str]:
        """Notices by their ids, each once, as it keeps them."""
        return {message for message, _ in self.told}

    # what it says by itself

    @property
    def uri(self) -> str:
        return f"urn:example:{self.code}"

    def signed(self, body: bytes, message: str) -> dict[str, str]:
        """The headers by which it shows who it is."""
        now = datetime.now(UTC)
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.own).sign(message, now, body.decode()),
        }

    async def notify(self, door: httpx2.AsyncClient, *mobilities: str, **changes: Any) -> httpx2.Response:
        """Send a notice; with an id of its own unless one is given."""
        self.numbers += 1
        event = {
            "specversion": "1.0",
            "id": f"notice-{self.numbers}",
            "source": self.uri,
            "type": NOTICE,
            "subject": self.code,
            "data": {"mobilities": list(mobilities)},
        } | changes
        body = json.dumps(event).encode()
        headers = {"content-type": "application/cloudevents+json"} | self.signed(body, f"m-{event['id']}")
        return await door.post("/events", content=body, headers=headers)

    async def ask(self, door: httpx2.AsyncClient, what: str, **said: Any) -> httpx2.Response:
        """Ask the host for its side, or answer it."""
        body = json.dumps(said).encode()
        self.numbers += 1
        headers = {"content-type": "application/json"} | self.signed(body, f"ask-{self.numbers}")
        return await door.post(f"/exchange/partner/{self.code}/{what}", content=body, headers=headers)

    # up and down

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["PartnerServer"]:
        """Up, on the same port each time; before and after connections are refused."""
        routes = [
            Route("/api/index", self._answer, methods=["POST"]),
            Route("/api/mobilities", self._answer, methods=["POST"]),
            Route("/api/notices", self._notice, methods=["POST"]),
        ]
        listener = listen("127.0.0.1", self.port)
        self.port = listener.getsockname()[1]
        server = Server(Starlette(routes=routes), finish_within=0.2)
        work = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield self
        finally:
            self.released.set()
            server.should_exit = True
            await work


def usual(code: str) -> dict[str, Any]:
    """A nomination as it mostly is."""
    return {
        "partner": code,
        "host": "iehe.example.ac.jp",
        "status": "live",
        "term": "27S",
        "agreement": "a1",
        "faculty": "law",
        "student": {
            "family": "Muster",
            "given": "Kim",
            "born": "2004-05-31",
            "nationality": "DE",
            "number": "S-4711",
            "mail": "kim.muster@example.edu",
        },
        "first": "2027-04-01",
        "last": "2027-08-20",
        "months": "5",
    }
