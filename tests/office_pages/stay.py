"""Exchange students on the pages: what the days of several tests have in common."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from schemas.kernel.japan import TOKYO
from tests.office_pages.day import at_stage
from tests.office_pages.stack import Stack, started

TODAY: Final = datetime.now(TOKYO).date()
BEGINS: Final = TODAY + timedelta(days=130)
LAST: Final = BEGINS + timedelta(days=140)
TERM: Final = f"{BEGINS:%y}S"
SEED: Final = "osaka-sample"


async def by_a_short_list(stack: Stack) -> None:
    """A policy that asks for few documents and few proofs: one more is one more of the same."""
    documents, items = (
        ("passport", "transcript", "photo", "language"),
        ("residence-card", "address", "courses"),
    )
    await stack.by_day("exchange-onboarding", documents=documents, checklist_items=items)


async def open_house(stack: Stack) -> str:
    """A run of a house of which nobody else knows."""
    form = {
        "first": f"{BEGINS}",
        "until": f"{LAST + timedelta(days=20)}",
        "collect_until": (datetime.now(TOKYO) + timedelta(days=60)).replace(microsecond=0).isoformat(),
        "kept_until": f"{BEGINS + timedelta(days=30)}",
        "seed": SEED,
    }
    return await started(
        stack, "house-1", "dormitory", form, "--number", f"W{uuid4().hex[:6].upper()}-{TERM}"
    )


@dataclass
class Stay:
    """A student whose way others go by commands, up to where a test looks at the pages.

    Args:
        stack: where.
        case_id: the student's.
    """

    stack: Stack
    case_id: str

    async def do(self, staff_id: str, name: str, *words: object) -> Any:
        """A decision."""
        return await self.stack.do(staff_id, "exchange", name, self.case_id, *words)

    async def tell(self, fact: str, *words: object) -> None:
        """What another system did not send."""
        await self.do("exchange-1", "event", fact, *words)

    async def screening(self) -> None:
        """Verified, without documents, and applied for."""
        await self.do("exchange-1", "verify", 1)
        async with self.stack.owner() as owner:
            asked = await owner.fetchval(
                "SELECT ARRAY(SELECT jsonb_object_keys(state -> 'documents')) FROM iehe.cases"
                " WHERE case_id = $1",
                self.case_id,
            )
        for name in asked:
            waive = ("case", "waive-document", self.case_id, name, "--reason", "A sample.")
            await self.stack.do("exchange-1", *waive)
        await self.tell("application-submitted")
        await at_stage(self.stack, self.case_id, "screening")

    async def coming(self) -> None:
        """From the advisor's yes to the student's own."""
        await self.do("coordinator-1", "validate", 1)
        await self.do("exchange-1", "accept", 1)
        await self.stack.forward(self.case_id, days=51)
        told = "SELECT true FROM iehe.cases WHERE case_id = $1 AND (state ->> 'released')::boolean"
        await self.stack.until(told, self.case_id)
        await self.do("exchange-1", "answer-offer", "place", "--answer", "yes")
        await at_stage(self.stack, self.case_id, "pre-arrival")

    async def ready(self, slot: datetime) -> None:
        """With certificate, visa, a place to live and the hour at which somebody waits at the airport."""
        on = f"{TODAY + timedelta(days=51)}"
        await self.do("exchange-1", "record-coe-data")
        await self.do("exchange-1", "file-coe", "b1")
        await self.do("exchange-1", "record-coe-result", "issued", "--on", on)
        await self.do("exchange-1", "record-visa-result", "granted", "--on", on)
        await self.do("exchange-1", "plan-arrival", f"{slot:%Y-%m-%dT%H:%M}+09:00", "--port", "nrt")
        await at_stage(self.stack, self.case_id, "ready")

    async def in_term(self) -> None:
        """Arrived, with every proof."""
        await self.do("exchange-1", "record-arrival", f"{BEGINS}")
        async with self.stack.owner() as owner:
            items = await owner.fetchval(
                "SELECT state -> 'asked_for' FROM iehe.cases WHERE case_id = $1", self.case_id
            )
        for item in json.loads(items):
            await self.do("exchange-1", "record-proof", item, "--on", f"{BEGINS}")
        await at_stage(self.stack, self.case_id, "in-term")


async def nominated(stack: Stack) -> Stay:
    """A nomination that came by letter."""
    number = uuid4().hex[:8].upper()
    form = {
        "term": TERM,
        "partner": "uni-a",
        "mobility": f"{TERM}-{number}".lower(),
        "agreement": "a1",
        "faculty": "law",
        "student": {
            "family": "Sample",
            "born": "2004-02-13",
            "nationality": "DE",
            "number": "W-2",
            "mail": "other@example.com",
        },
        "first": f"{BEGINS}",
        "last": f"{LAST}",
        "months": "5",
    }
    case_id = await started(stack, "exchange-1", "exchange", form, "--number", f"{TERM}-{number}")
    await at_stage(stack, case_id, "nominated")
    return Stay(stack, case_id)
