"""The demonstration's own servers: nothing of the office's real stack is touched, its clock least of all."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg
from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.kernel.database import one_connection, open_pool
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.homes import home_of, homes
from cases.registry import ROOMS
from embedded.home import Home, postgres_account
from embedded.mail import MailCatcher
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from embedded.processes import Account
from embedded.temporal import TemporalPorts, TemporalServer
from encryption.case_keys import CaseKeys, opened
from encryption.ring import ensure_ring
from schemas.kernel.identifiers import MAIL
from workers.migrations import migrate
from workers.policies import load_defaults
from workers.preparation import store_homes
from workers.relay.relay import CONNECTIONS, running_relay
from workers.settings import Settings
from workers.temporal import encrypted, register_search_attributes
from workers.worker import running_worker

_FORGETFUL: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Nothing of a demonstration is kept, so that no write has to wait for the disk."""


@dataclass(frozen=True)
class Servers:
    """What the play needs: Temporal, the database as its owner, and where ops can look on.

    Cases that are to have their time moved are started by `skipper.client`.
    """

    skipper: TimeSkipper
    pool: asyncpg.Pool
    vault: CaseKeys
    ui: str
    mail: Path
    environment: Mapping[str, str]
    """With which a command of `iehe` acts on these servers, and on no others."""

    @property
    def client(self) -> Client:
        """Temporal."""
        return self.skipper.client


def _temporary_home(account: Account | None) -> Home:
    # the path of a socket must be short, and PostgreSQL's account must get to it
    folder = Path(tempfile.mkdtemp(prefix="iehe-demo-", dir="/tmp"))
    if account is not None:
        folder.chmod(0o711)
    home = Home(folder / "h")
    home.create(account)
    return home


@asynccontextmanager
async def demo_servers(settings: Settings, room: str, *beside: str) -> AsyncIterator[Servers]:
    """Start a stack in a temporary folder on free ports, with a worker and default policies.

    All of it is gone afterwards.
    """
    account = postgres_account(settings.postgres_account)
    home = _temporary_home(account)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, home.root.parent, ignore_errors=True)
        of = home_of(room)
        # commands want those of all homes
        rings = {each.name: ensure_ring(home.secrets / each.ring_file, each) for each in homes().values()}
        ring = rings[of.name]
        mail = MailCatcher(home.mail, free_port())
        await mail.start()
        stack.push_async_callback(mail.stop)
        postgres = PostgresServer(home, account=account, options=_FORGETFUL)
        await postgres.start()
        stack.push_async_callback(postgres.stop)
        ports = TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port(), ui=free_port())
        temporal = TemporalServer(
            ports,
            folder=home.temporal,
            log=home.logs / "temporal.log",
            dynamic_config={"frontend.WorkflowTimeSkippingEnabled": "true"},
        )
        await temporal.start()
        stack.push_async_callback(temporal.stop)
        # as commands write, of which one may start a case before the relay does
        client = await Client.connect(temporal.address, data_converter=encrypted(ring, "default"))
        await register_search_attributes(client)
        async with one_connection(postgres.url("owner"), application="iehe-demo") as connection:
            await migrate(connection)
            for each in (room, *beside):
                await load_defaults(connection, each)
            await store_homes(connection)
            # moved days have no nights to wait through
            await connection.execute(
                "UPDATE iehe.policies SET body = regexp_replace(body::text, "
                """'("quiet_(from|until)": *)"[0-9:]+"', '\\1"00:00"', 'g')::jsonb"""
            )
        owner = await open_pool(postgres.url("owner"), size=8, application="iehe-demo")
        stack.callback(owner.terminate)
        as_worker = postgres.url("worker", of=of.name)
        pool = await open_pool(as_worker, size=16, application="iehe-worker")
        stack.callback(pool.terminate)
        smtp = SmtpSettings("127.0.0.1", mail.port, settings.mail_from, "none", senders=settings.senders)
        letters = MailChannel(ROOMS, Mailer(smtp), opened=partial(opened, CaseKeys(ring)))
        await stack.enter_async_context(
            running_worker(
                *(client, pool, NoticeActivities(pool, ROOMS, {MAIL: letters})),
                home=of,
            )
        )
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        relay = await open_pool(as_worker, size=CONNECTIONS, application="iehe-relay")
        stack.callback(relay.terminate)
        await stack.enter_async_context(running_relay(relay, skipper.client, marks=CaseKeys(ring)))
        environment = _environment(home, postgres, temporal.address)
        ui = f"http://127.0.0.1:{ports.ui}"
        yield Servers(skipper, owner, CaseKeys(ring), ui, home.mail, environment)


def _environment(home: Home, postgres: PostgresServer, address: str) -> dict[str, str]:
    own = {name: each for name, each in os.environ.items() if not name.startswith(("IEHE_", "TEMPORAL_"))}
    return own | {
        "IEHE_HOME": str(home.root),
        "IEHE_TEMPORAL_EMBEDDED": "false",
        "TEMPORAL_ADDRESS": address,
        "IEHE_OFFICE_DATABASE_URL": postgres.url("office"),
        "IEHE_OWNER_DATABASE_URL": postgres.url("owner"),
    }
