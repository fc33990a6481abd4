"""The gateway and the relay as the processes that they are in operation, each of which may be killed."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx2
from standardwebhooks.webhooks import Webhook

from tests.cli.program import Program, token_file

READY = b"ready\n"
SOURCE = "urn:example:portal"


@dataclass
class Stand:
    """Starts `iehe` commands with one environment, and ends what is left at the end of the test."""

    environment: Mapping[str, str]
    folder: Path
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def start(self, command: str, log_to: Path | None = None) -> asyncio.subprocess.Process:
        """Start a process and return when it says that it is ready."""
        reading, writing = os.pipe()
        with (log_to or self.folder / f"{command}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "cli.main", command),
                env=os.environ | dict(self.environment) | {"IEHE_READY_FD": str(writing)},
                stdout=log,
                stderr=log,
                pass_fds=(writing,),
            )
        self.processes.append(process)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = await asyncio.to_thread(pipe.read)
        assert said == READY, f"see {command}.log"
        return process

    async def run(self, *words: str) -> str:
        """What a command prints to an administrator."""
        environment = os.environ | dict(self.environment) | await self._shown()
        ended = await Program(environment)(*words)
        assert ended.code == 0, ended
        return ended.out

    async def _shown(self) -> dict[str, str]:
        connection = await asyncpg.connect(self.environment["IEHE_OWNER_DATABASE_URL"])
        await connection.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES "
            "('admin-1', 'admin-1', 'admin-1@example.ac.jp', '{administrator}') ON CONFLICT DO NOTHING"
        )
        await connection.close()
        home = self.folder / "home"
        token = str(token_file(home, "admin-1"))
        # tokens are issued by an embedded stack alone
        return {"IEHE_HOME": str(home), "IEHE_ENVIRONMENT": "embedded", "IEHE_TOKEN_FILE": token}

    async def source(self, *types: str, per_minute: int = 1_000_000) -> str:
        """Register the portal; its secret."""
        words = [word for each in types for word in ("--type", each)]
        out = await self.run(
            *("source", "add", "portal", "--uri", SOURCE, "--webhook", "v1", *words),
            *("--per-minute", str(per_minute), "--json"),
        )
        secret: str = json.loads(out)["secret"]
        return secret

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        """End a process as by a power switch."""
        process.kill()
        await process.wait()

    async def close(self) -> None:
        """End what still runs."""
        for close in self.closing:
            await close()
        for process in self.processes:
            if process.returncode is None:
                await self.kill(process)


@dataclass
class Portal:
    """Another system: it signs with the public library and sends again until it has an answer."""

    url: str
    secret: str
    client: httpx2.AsyncClient = field(default_factory=lambda: httpx2.AsyncClient(timeout=10))
    answers: dict[str, list[int]] = field(default_factory=dict)
    """Event id to every answer it got; 0 for a connection that broke."""

    def request(self, event: dict[str, object]) -> httpx2.Request:
        """A signed request in structured mode."""
        body = json.dumps(event, ensure_ascii=False)
        now = datetime.now(UTC)
        signature = Webhook(self.secret).sign(f"msg-{event['id']}", now, body)
        return self.client.build_request(
            "POST",
            f"{self.url}/events",
            content=body.encode(),
            headers={
                "content-type": "application/cloudevents+json",
                "webhook-id": f"msg-{event['id']}",
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": signature,
            },
        )

    async def send(self, event: dict[str, object], patience: float = 60.0) -> httpx2.Response:
        """Send until it is accepted, as a sender is told to."""
        log = self.answers.setdefault(str(event["id"]), [])
        async with asyncio.timeout(patience):
            while True:
                try:
                    answer = await self.client.send(self.request(event))
                except httpx2.TransportError:
                    log.append(0)
                else:
                    log.append(answer.status_code)
                    if answer.is_success:
                        return answer
                    assert answer.status_code in {429, 503}, answer.text
                await asyncio.sleep(0.05)


def event(event_id: str, fact: str, subject: str, **data: object) -> dict[str, object]:
    """An event of the admission process."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": f"jp.ac.iehe.admission-review.{fact}",
        "subject": subject,
        "data": data,
    }
