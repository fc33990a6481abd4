"""A partner with its system, our door, and what our workers do, on a real database."""

import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any

import asyncpg
import httpx2

from activities.exchange.fetching import fetch_some, reconcile
from activities.exchange.room import ROOM
from activities.exchange.telling import tell_some
from activities.kernel.outgoing import Outgoing, Reach
from activities.kernel.scheduled import Tools
from activities.kernel.steps import StepActivities
from activities.kernel.webhooks import Webhooks
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from encryption.source_secrets import seal
from encryption.webhook_secrets import NewSecret, Signer, new_secret, written
from schemas.kernel.case import Actor, Command, EventEnvelope
from schemas.kernel.schedules import Occasion
from schemas.kernel.step import Decided, FactTold, Message, Opened, StepOutcome, StepRequest
from tests.exchange.builder import IN_WINDOW, ROLES, default_policy
from tests.exchange.partner_server import NOTICE, PartnerServer
from workflows.exchange.process import EXCHANGE

_numbers = count(1)
Fault = Callable[[str], Awaitable[None]]
FETCH_SECONDS = 1.0


class DiedError(Exception):
    """The worker died."""


@dataclass
class Partnership:
    """One partner."""

    server: PartnerServer
    owner: asyncpg.Connection
    pool: asyncpg.Pool
    office: asyncpg.Pool
    ring: KeyRing
    door: httpx2.AsyncClient
    now: datetime = IN_WINDOW
    die_at: list[str] = field(default_factory=list)

    # what our workers do

    @property
    def tools(self) -> Tools:
        hooks = Webhooks(self.pool, Outgoing(Reach(local=True), seconds=FETCH_SECONDS), Signer(self.ring))
        tools = Tools(self.pool, None, {EXCHANGE.name: ROOM}, webhooks=hooks, mark=CaseKeys(self.ring).mark)
        return replace(tools, fault=self._fault)

    async def _fault(self, point: str) -> None:
        if self.die_at and self.die_at[0] == point:
            self.die_at.pop(0)
            raise DiedError(point)

    async def work(self) -> None:
        """What is due is asked and told, until nothing more is."""
        while await fetch_some(self.tools):
            pass
        while await tell_some(self.tools):
            pass

    async def later(self, hours: float) -> None:
        """Time passes: what was put off is due so much earlier, and everything is so much older."""
        for table, columns in (
            ("exchange_fetches", ("next_try_at", "asked_at")),
            ("exchange_outbox", ("next_try_at", "changed_at")),
            ("exchange_mobilities", ("confirmed_at", "stale_since")),
        ):
            moved = ", ".join(f"{each} = {each} - make_interval(secs => $1)" for each in columns)
            await self.owner.execute(f"UPDATE iehe.{table} SET {moved}", hours * 3600)  # noqa: S608 - our own names

    async def night(self) -> None:
        """The nightly comparison, a day later."""
        await self.later(24)
        occasion = Occasion(work="reconcile-partners", scheduled_at=self.now, run="run")
        await reconcile(self.tools, occasion, None)
        await self.work()

    # what the case does with it

    async def take(self, case_id: str, message: Message) -> StepOutcome:
        version = await self.owner.fetchval("SELECT version FROM iehe.cases WHERE case_id = $1", case_id)
        request = StepRequest(
            case_id=case_id, process=EXCHANGE.name, follows=version or 0, at=self.now, message=message
        )
        return await StepActivities(self.pool, {EXCHANGE.name: ROOM}).take_step(request)

    async def decide(self, case_id: str, command: type[Command], by: str, **values: Any) -> StepOutcome:
        actor = Actor(id=by, roles=ROLES[by])
        made = command(command_id=f"c{next(_numbers)}", actor=actor, **values)
        told = await self.take(case_id, Decided(step=made.step, command=made.model_dump(mode="json")))
        assert told.refused is None, told.refused
        return told

    async def event(self, case_id: str, fact: str, **data: Any) -> StepOutcome:
        told = EventEnvelope(
            id=f"e{next(_numbers)}", source="portal", type=f"jp.ac.iehe.{EXCHANGE.name}.{fact}", data=data
        )
        return await self.take(case_id, FactTold(event=told))

    async def deliver(self) -> list[StepOutcome]:
        """What a relay and a workflow do: cases are opened, and take their facts in order."""
        started = await self.owner.fetch(
            "UPDATE iehe.case_starts SET started_at = now() WHERE started_at IS NULL RETURNING case_id"
        )
        for row in started:
            await self.owner.execute(
                "UPDATE iehe.exchange_mobilities SET received_at = $2 WHERE case_id = $1",
                *(row["case_id"], self.now),
            )
            await self.take(row["case_id"], Opened())
        facts = await self.owner.fetch(
            "UPDATE iehe.events SET state = 'delivered', ended_at = now() WHERE state = 'stored'"
            " RETURNING seq, case_id, envelope"
        )
        told = []
        for row in sorted(facts, key=lambda row: row["seq"]):
            event = EventEnvelope.model_validate_json(row["envelope"])
            event = event.model_copy(update={"received_at": self.now})
            told.append(await self.take(row["case_id"], FactTold(event=event)))
        return told

    async def nominated(self, mobility: str = "m-1", **changes: Any) -> str:
        """A mobility that was notified, fetched and opened; its case."""
        self.server.put(mobility, **changes)
        assert (await self.server.notify(self.door, mobility)).status_code == 202
        await self.work()
        await self.deliver()
        case_id: str = await self.owner.fetchval(
            "SELECT case_id FROM iehe.exchange_mobilities WHERE mobility = $1", mobility
        )
        return case_id

    # what tests ask

    async def copy(self, mobility: str = "m-1") -> asyncpg.Record:
        return await self.owner.fetchrow(
            "SELECT * FROM iehe.exchange_mobilities WHERE mobility = $1", mobility
        )

    async def state(self, case_id: str) -> dict[str, Any]:
        return json.loads(
            await self.owner.fetchval("SELECT state FROM iehe.cases WHERE case_id = $1", case_id)
        )

    async def facts(self, kind: str) -> list[dict[str, Any]]:
        rows = await self.owner.fetch(
            "SELECT envelope FROM iehe.events WHERE type = $1 ORDER BY seq",
            f"jp.ac.iehe.{EXCHANGE.name}.{kind}",
        )
        return [json.loads(row["envelope"])["data"] for row in rows]

    async def tasks(self) -> list[str]:
        """Open work of no case, by kind."""
        rows = await self.owner.fetch(
            "SELECT kind FROM iehe.office_tasks WHERE closed_at IS NULL ORDER BY kind"
        )
        return [row["kind"] for row in rows]

    async def count(self, table: str) -> int:
        return await self.owner.fetchval(f"SELECT count(*) FROM iehe.{table}")  # noqa: S608 - our own names


async def found(
    owner: asyncpg.Connection, ring: KeyRing, code: str = "uni-a"
) -> tuple[PartnerServer, NewSecret]:
    """People, policy, agreement; the partner with its source and its gateway, both with keys."""
    for name, roles in ROLES.items():
        await owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $2, $3)"
            " ON CONFLICT DO NOTHING",
            *(name, f"{name}@example.ac.jp", [str(each) for each in roles]),
        )
    await owner.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " VALUES ($1, 'default-1', '2026-04-01', $2, '', 'test') ON CONFLICT DO NOTHING",
        *(EXCHANGE.name, json.dumps({"routes": {"incoming": default_policy().model_dump(mode="json")}})),
    )
    for measure, places in (("persons", 100), ("months", 1000)):
        wanted = json.dumps({"places": places, "measure": measure})
        await owner.execute("SELECT iehe.set_frame($1, $2, now())", f"exchange/27S:{measure}", wanted)
    await owner.execute("SELECT iehe.exchange_set_agreement('27S', 'a1', $1, 'all', 100, 1000)", code)
    own = os.urandom(32)
    secret = new_secret(ring, code)
    server = PartnerServer(code, ours=secret.text, own=written(own))
    await owner.execute(
        "INSERT INTO iehe.sources (name, uri, types, per_minute) VALUES ($1, $2, $3, 100000)",
        *(code, server.uri, [NOTICE]),
    )
    await owner.execute(
        "INSERT INTO iehe.source_keys (key_id, source, kind, sealed) VALUES ($1 || '-k', $1, 'v1', $2)",
        *(code, seal(ring, f"{code}-k", code, own)),
    )
    return server, secret


async def register(owner: asyncpg.Connection, server: PartnerServer, secret: NewSecret) -> None:
    """The partner, once the port of its server is known."""
    code = server.code
    await owner.execute(
        "INSERT INTO iehe.webhooks (name, url) VALUES ($1, $2)", code, f"{server.base}/notices"
    )
    await owner.execute(
        "INSERT INTO iehe.webhook_keys (key_id, webhook, sealed) VALUES ($1, $2, $3)",
        *(secret.key_id, code, secret.sealed),
    )
    await owner.execute(
        "INSERT INTO iehe.exchange_partners (partner, name, mail, base, source, webhook)"
        " VALUES ($1, $1, $2, $3, $1, $1)",
        *(code, f"office@{code}.example.edu", server.base),
    )
