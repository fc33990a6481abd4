"""Runs of a house before real servers; time is moved, never slept."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from schemas.dormitory import commands
from tests.dormitory.hall import SEED, furnish
from tests.exchange.office import BEGINS, LAST, TERM
from tests.pure import TOKYO
from tests.served import Served, ServedCase
from workflows.dormitory.process import DORMITORY
from workflows.kernel.links import fact_id

ROLES = {"house-1": ("house_office",), "house-2": ("house_office",)}
COLLECTED = timedelta(days=53)
"""From today until a list can be drawn: by then students have said that they come."""


async def build(owner: asyncpg.Connection) -> None:
    """The staff, and the policy without quiet hours."""
    await furnish(owner, notices={"quiet_until": "00:00", "quiet_from": "00:00"})
    for name, roles in ROLES.items():
        await owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $2, $3)",
            *(name, f"{name}@univ.example.jp", list(roles)),
        )


class Houses(Served):
    """What the house's office does with the system, from outside."""

    process, source, roles = DORMITORY, "urn:example:house-portal", ROLES

    async def open(self) -> "Run":
        """A run for the term in which the tests' students come, in a house of its own with two beds."""
        house = f"h{uuid4().hex[:6]}"
        number = f"{house.upper()}-{TERM}"
        for bed in ("101-A", "102-A"):
            await self.owner.execute(
                "INSERT INTO iehe.dormitory_beds (house, bed, room, kind) VALUES ($1, $2, $3, 'single')",
                *(house, bed, bed[:3]),
            )
        form = {
            "first": BEGINS.isoformat(),
            "until": (LAST + timedelta(days=2)).isoformat(),
            "collect_until": (datetime.now(TOKYO) + COLLECTED).isoformat(),
            "kept_until": (BEGINS + timedelta(days=29)).isoformat(),
            "seed": SEED,
        }
        await self.tell(number, "run-opened", **form)
        run = Run(self, number, self.skipper.client.get_workflow_handle(DORMITORY.case_id(number)))
        await run.until_stage("collecting")
        return run

    async def told(self, kind: str, case: str, data: dict[str, Any]) -> None:
        """A fact of a student's case, as the step of that case tells it."""
        fact = {
            "fact_id": fact_id(case, kind, ""),
            "type": kind,
            "key": "",
            "data": data,
            "withdrawn": False,
            "chain": [],
            "occurred_at": datetime.now(TOKYO).isoformat(),
            "keep_days": 200,
            "expected": [],
        }
        producer = kind.split(".")[-2]
        await self.owner.execute(
            "SELECT iehe.tell_fact($1, $2, 1, $3::jsonb)", case, producer, json.dumps(fact)
        )


@dataclass
class Run(ServedCase):
    """One run, driven as its people would drive it."""

    @property
    def name(self) -> str:
        """Of the house."""
        return self.reference.partition("-")[0].lower()

    async def offered(self) -> None:
        """Drawn, confirmed by a second person, offered."""
        await self.decide(commands.Draw, "house-1", seed=SEED)
        row = await self.until("state ->> 'list_hash' IS NOT NULL")
        of_list = (await self.state_of(row))["list_hash"]
        await self.decide(commands.ConfirmRun, "house-2", hash=of_list)
        await self.decide(commands.Offer, "house-1", hash=of_list)

    async def state_of(self, row: asyncpg.Record) -> dict[str, Any]:
        """What the case remembers."""
        return DORMITORY.state.model_validate_json(row["state"]).model_dump()
