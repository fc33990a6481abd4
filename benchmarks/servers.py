"""Servers of a benchmark's own, as the embedded stack has them; processes beside them, and what all cost."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
import psutil
from temporalio.client import Client

from activities.kernel.database import open_pool
from cases.homes import homes
from embedded.credentials import Role
from embedded.home import Home, postgres_account
from embedded.mail import MailCatcher
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from embedded.processes import Child
from embedded.temporal import TemporalPorts, TemporalServer
from encryption.ring import KeyRing, ensure_ring
from schemas.kernel.homes import CaseHome
from workers.migrations import migrate
from workers.policies import load_defaults
from workers.preparation import store_homes
from workers.settings import load_settings
from workers.temporal import encrypted, register_search_attributes

LOAD: Final = "benchmark"
"""Name of the load's own connections, which are not counted."""


@dataclass
class Servers:
    """What runs, and how a process of the system is told where."""

    home: Home
    postgres: PostgresServer
    temporal: TemporalServer
    ring: KeyRing
    mail_port: int
    environment: dict[str, str]
    stack: AsyncExitStack
    processes: list[Child] = field(default_factory=list)

    async def start(self, *command: str) -> Child:
        """Start a Python module with its arguments; it is ready on return, and ends with us at the latest."""
        reading, writing = os.pipe()
        log = self.home.logs / f"{command[-1]}.log"
        process = await Child.start(
            command[-1],
            [sys.executable, "-m", *command],
            log=log,
            additions={**self.environment, "IEHE_READY_FD": str(writing)},
            pass_fds=(writing,),
        )
        self.processes.append(process)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            if not await asyncio.to_thread(pipe.read):
                raise SystemExit(log.read_text(errors="replace")[-2000:])
        return process

    async def close(self) -> None:
        """End what still runs."""
        for process in self.processes:
            await process.stop()

    async def pool(self, role: Role, size: int = 10, application: str = LOAD) -> asyncpg.Pool:
        """Connections that are closed with the servers."""
        pool = await open_pool(self.postgres.url(role), size=size, application=application)
        self.stack.callback(pool.terminate)
        return pool

    async def client(self, *, encryption: bool = True) -> Client:
        """A client of the system's, or a bare one."""
        if not encryption:
            return await Client.connect(self.temporal.address)
        return await Client.connect(self.temporal.address, data_converter=encrypted(self.ring, "default"))

    @property
    def pids(self) -> Mapping[str, Sequence[int]]:
        """Of each server: PostgreSQL and Temporal."""
        named = {"postgres": self.postgres, "temporal": self.temporal}
        return {name: [server.child.pid] for name, server in named.items() if server.child is not None}


def processor_seconds(pids: Sequence[int]) -> float:
    """What trees of processes have used, those that ended among them too."""
    seconds = 0.0
    for pid in pids:
        root = psutil.Process(pid)
        for each in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                seconds += sum(each.cpu_times()[:4])
    return seconds


def ready() -> None:
    """Said by a benchmark's own process."""
    with os.fdopen(int(os.environ["IEHE_READY_FD"]), "wb") as pipe:
        pipe.write(b"ready\n")


@asynccontextmanager
async def servers(options: Mapping[str, str] | None = None) -> AsyncIterator[Servers]:
    """Start them in a temporary folder; they keep what they have, as in operation. All is gone afterwards.

    Args:
        options: further settings of PostgreSQL.
    """
    account = postgres_account(load_settings().postgres_account)
    # the path of a socket must be short, and PostgreSQL's account must get to it
    folder = Path(tempfile.mkdtemp(prefix="iehe-bench-", dir="/tmp"))
    folder.chmod(0o711)
    home = Home(folder / "h")
    home.create(account)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = PostgresServer(home, account=account, options=options or {})
        await postgres.start()
        stack.push_async_callback(postgres.stop)
        temporal = TemporalServer(
            TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port()),
            folder=home.temporal,
            log=home.logs / "temporal.log",
            namespaces=[each.namespace("default") for each in _others()],
            dynamic_config={"frontend.WorkflowTimeSkippingEnabled": "true"},
        )
        await temporal.start()
        stack.push_async_callback(temporal.stop)
        owner = await asyncpg.connect(postgres.url("owner"))
        await migrate(owner)
        await load_defaults(owner)
        await store_homes(owner)
        await owner.close()
        ring = ensure_ring(home.secrets / "keys.json")
        mail_port = free_port()
        environment = {
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "IEHE_HOME": str(home.root),
            "IEHE_ENVIRONMENT": "staging",
            "IEHE_DATABASE_URL": postgres.url("worker"),
            "IEHE_OFFICE_DATABASE_URL": postgres.url("office"),
            "IEHE_OWNER_DATABASE_URL": postgres.url("owner"),
            "IEHE_KEY_RING": str(ring.path),
            "IEHE_SMTP_PORT": str(mail_port),
            "IEHE_SMTP_TLS": "none",
            "IEHE_MAIL_ALLOW": "*",
            "IEHE_LOG_LEVEL": "warning",
            "TEMPORAL_ADDRESS": temporal.address,
        }
        for each in _others():
            name = each.name.upper()
            environment[f"IEHE_DATABASE_URL_{name}"] = postgres.url("worker", of=each.name)
            environment[f"IEHE_KEY_RING_{name}"] = str(ensure_ring(home.secrets / each.ring_file, each).path)
        made = Servers(home, postgres, temporal, ring, mail_port, environment, stack)
        stack.push_async_callback(made.close)
        await register_search_attributes(await made.client())
        # beside the load, so that its processor time is nobody's
        await made.start("benchmarks.servers")
        yield made


def _others() -> list[CaseHome]:
    """The homes of cases beside the common one."""
    return [each for each in homes().values() if not each.common]


async def catch_mail() -> None:
    """The mail catcher's process."""
    await MailCatcher(Home(Path(os.environ["IEHE_HOME"])).mail, int(os.environ["IEHE_SMTP_PORT"])).start()
    ready()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(catch_mail())
