"""An institute for one test: real database, real Temporal, real mail server; time is moved, never slept."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.admission.applications import store_applications
from activities.kernel.staff import store_staff
from cases.starting import start_case
from schemas.admission.applications import ApplicationRow
from schemas.admission.commands import (
    AcceptReview,
    CastVote,
    ConfirmEligibility,
    RecordDecision,
    SubmitScores,
)
from schemas.admission.identifiers import ROUND_ATTRIBUTE, admission_case_id
from schemas.admission.roles import Role
from schemas.kernel.case import Actor, Command, EventEnvelope, Receipt
from schemas.kernel.identifiers import EVENT_SIGNAL, event_type
from schemas.kernel.people import NumberedRow, StaffRow
from tests.words import keep

_numbers = itertools.count(1)


def person(**changes: Any) -> ApplicationRow:
    """An application of somebody who has applied for nothing else."""
    number = next(_numbers)
    unique = uuid4().hex[:8]
    values: dict[str, Any] = {
        "application_no": f"T{unique.upper()}-{number}",
        "round_id": "2027-comprehensive",
        "programme": "science",
        "family_name": "見本",
        "given_name": f"志願者{unique}",
        "family_kana": "ミホン",
        "given_kana": "シガンシャ" + "アイウエオカキクケコサシスセソタ"[number % 16] * (number % 7 + 1),
        "birth_date": date(2008, 4, 2) + timedelta(days=number % 300),
        "email": f"{unique}@example.com",
        "postal_code": "980-8576",
        "address": f"見本県見本市{unique}",
        "school_name": "見本県立見本高等学校",
        "school_contact_email": f"school-{unique}@example.ac.jp",
        "submitted_on": date(2026, 10, 1),
    }
    return ApplicationRow(**(values | changes))


def staff(staff_id: str, *roles: Role, **changes: Any) -> StaffRow:
    """A member of staff without any relation to an applicant."""
    values = {"staff_id": staff_id, "name": f"職員{staff_id}", "email": f"{staff_id}@example.ac.jp"}
    return StaffRow(roles=frozenset(roles), **(values | changes))


DEFAULT_STAFF: Sequence[StaffRow] = (
    staff("office-1", Role.ADMISSIONS_OFFICE),
    staff("head-1", Role.HEAD_OF_ADMISSIONS),
    staff("auditor-1", Role.AUDITOR),
    *(staff(f"reviewer-{n}", Role.REVIEWER) for n in range(1, 7)),
    staff("chair-1", Role.COMMITTEE_CHAIR),
    *(staff(f"member-{n}", Role.COMMITTEE_MEMBER) for n in range(1, 5)),
)
ROLES = {
    "office-1": Role.ADMISSIONS_OFFICE,
    "head-1": Role.HEAD_OF_ADMISSIONS,
    "auditor-1": Role.AUDITOR,
    "chair-1": Role.COMMITTEE_CHAIR,
    **{f"reviewer-{n}": Role.REVIEWER for n in range(1, 13)},
    **{f"member-{n}": Role.COMMITTEE_MEMBER for n in range(1, 5)},
}
GOOD = {"academic": 9.0, "motivation": 8.0, "activities": 7.0}
POOR = {"academic": 2.0, "motivation": 3.0, "activities": 4.0}


def actor(staff_id: str) -> Actor:
    """A person acting with the role that the test's staff list gives."""
    return Actor(id=staff_id, roles=(ROLES[staff_id],))


class Refused(Exception):
    """An update that was not done."""

    def __init__(self, kind: str, message: str, details: Sequence[Any]) -> None:
        super().__init__(kind, message, details)
        self.kind, self.message, self.details = kind, message, details

    @property
    def code(self) -> str:
        assert self.kind == "Refused", self
        return self.details[0]


@dataclass
class Institute:
    """What a test does with the system, from outside."""

    client: Client
    pool: asyncpg.Pool
    events: itertools.count = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.skipper = TimeSkipper(self.client, config=TimeSkippingConfig(enabled=False))

    async def employ(self, *rows: StaffRow) -> None:
        async with self.pool.acquire() as connection:
            await store_staff(connection, rows)

    async def apply(self, row: ApplicationRow | None = None, *, start: bool = True) -> "Case":
        row = row or person()
        async with self.pool.acquire() as connection:
            await store_applications(
                connection,
                [NumberedRow(2, row)],
                file_sha256=uuid4().hex,
                round_id=row.round_id,
                skipped=0,
                imported_by="office-1",
            )
        case_id = admission_case_id(row.application_no)
        if start:
            await start_case(self.skipper.client, case_id, {ROUND_ATTRIBUTE: row.round_id})
        return Case(self, row, self.client.get_workflow_handle(case_id))


@dataclass
class Case:
    """One application, driven as its people and systems would drive it."""

    institute: Institute
    row: ApplicationRow
    handle: WorkflowHandle[Any, Any]

    @property
    def case_id(self) -> str:
        return self.handle.id

    async def event(self, fact: str, *, at: datetime | None = None, **data: Any) -> None:
        """Send a fact and wait until the case has taken or refused it."""
        cause = await self.send(fact, at=at, **data)
        async with asyncio.timeout(15):
            while cause not in [entry["cause"] for entry in await self.log()]:
                await asyncio.sleep(0.01)

    async def send(
        self, fact: str, *, at: datetime | None = None, event_id: str | None = None, **data: Any
    ) -> str:
        """Send a fact; the answer is its cause in the log."""
        envelope = EventEnvelope(
            id=event_id or f"e{next(self.institute.events)}",
            source="test",
            type=event_type("admission-review", fact),
            occurred_at=at,
            data=data,
        )
        await self.handle.signal(EVENT_SIGNAL, envelope)
        return f"test#{envelope.id}"

    async def decide(self, command: type[Command], by: str, **values: Any) -> Receipt:
        values.setdefault("command_id", f"c-{uuid4().hex}")
        values.setdefault("actor", actor(by))
        message = command(**values)
        try:
            return await self.handle.execute_update(
                command.step, message, id=message.cause, result_type=Receipt
            )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            assert isinstance(cause, ApplicationError)
            raise Refused(cause.type or "", cause.message, cause.details) from None

    async def text(self, body: str = "理由") -> str:
        return await keep(self.institute.pool, self.institute.client, self.case_id, body)

    async def forward(self, **span: float) -> None:
        """Move this case's time; what falls due on the way happens."""
        await self.institute.skipper.fast_forward(self.handle, timedelta(**span))

    async def now(self) -> datetime:
        return await self.institute.skipper.get_current_time(self.handle)

    async def row_(self) -> asyncpg.Record | None:
        return await self.institute.pool.fetchrow("SELECT * FROM iehe.cases WHERE case_id = $1", self.case_id)

    async def version(self) -> int:
        row = await self.row_()
        return row["version"] if row else 0

    async def stage(self) -> str:
        row = await self.row_()
        assert row is not None
        return row["stage"]

    async def state(self) -> dict[str, Any]:
        row = await self.row_()
        assert row is not None
        return json.loads(row["state"])

    async def until(self, holds: Any, limit: float = 15) -> asyncpg.Record:
        """The case's row as soon as something holds for it."""
        async with asyncio.timeout(limit):
            while True:
                row = await self.row_()
                if row is not None and holds(row):
                    return row
                await asyncio.sleep(0.01)

    async def until_stage(self, stage: str) -> asyncpg.Record:
        return await self.until(lambda row: row["stage"] == stage)

    async def until_task(self, key: str, limit: float = 15) -> None:
        async with asyncio.timeout(limit):
            while key not in await self.tasks():
                await asyncio.sleep(0.01)

    async def until_task_kind(self, kind: str, limit: float = 15) -> None:
        async with asyncio.timeout(limit):
            while kind not in [task["kind"] for task in (await self.tasks()).values()]:
                await asyncio.sleep(0.01)

    async def tasks(self) -> dict[str, asyncpg.Record]:
        rows = await self.institute.pool.fetch(
            "SELECT * FROM iehe.tasks WHERE case_id = $1 AND closed_at IS NULL", self.case_id
        )
        return {row["key"]: row for row in rows}

    async def deadlines(self) -> dict[str, asyncpg.Record]:
        rows = await self.institute.pool.fetch(
            "SELECT * FROM iehe.deadlines WHERE case_id = $1", self.case_id
        )
        return {row["name"]: row for row in rows}

    async def log(self) -> list[asyncpg.Record]:
        return await self.institute.pool.fetch(
            "SELECT * FROM iehe.case_log WHERE case_id = $1 ORDER BY version", self.case_id
        )

    async def steps(self) -> list[str]:
        return [entry["step"] for entry in await self.log()]

    async def notices(self, message: str | None = None) -> list[asyncpg.Record]:
        return await self.institute.pool.fetch(
            "SELECT * FROM iehe.notices WHERE case_id = $1 AND ($2::text IS NULL OR message = $2) "
            "ORDER BY version, message",
            self.case_id,
            message,
        )

    async def until_notices(self, count: int, limit: float = 15) -> None:
        """Wait until so many messages have reached a final state."""
        async with asyncio.timeout(limit):
            while True:
                notices = await self.notices()
                if sum(n["state"] not in ("queued", "sending", "failed") for n in notices) >= count:
                    return
                await asyncio.sleep(0.01)

    # the usual way through

    async def complete(self) -> None:
        """Everything required arrives."""
        await self.until(lambda row: row["stage"] == "completeness")
        await self.send("document-received", item="transcript")
        await self.send("document-received", item="identity")
        await self.send("fee-paid")
        await self.send("recommendation-received")
        await self.until_stage("eligibility")

    async def to_review(self) -> list[str]:
        """Eligible, with three reviewers invited; their ids."""
        await self.complete()
        await self.decide(ConfirmEligibility, "office-1", eligible=True)
        await self.until(lambda row: len(json.loads(row["state"])["reviews"]) >= 3)
        return sorted((await self.state())["reviews"])

    async def score(self, reviewer: str, points: dict[str, float] | None = None) -> Receipt:
        """The reviewer declares to have no conflict, and scores."""
        await self.decide(AcceptReview, reviewer, no_conflict=True)
        return await self.decide(SubmitScores, reviewer, points=points or GOOD)

    async def to_committee(self) -> None:
        for reviewer in await self.to_review():
            await self.score(reviewer)
        await self.until_task("vote:chair-1")

    async def to_ranked(self, choice: str = "admit") -> None:
        await self.to_committee()
        reason = await self.text()
        for member in ("chair-1", "member-1", "member-2", "member-3", "member-4"):
            await self.decide(CastVote, member, choice=choice, reason_id=reason)
        await self.until_stage("ranked")

    async def to_offered(self) -> None:
        await self.to_ranked()
        await self.decide(RecordDecision, "head-1", decision="offered")

    async def result(self) -> Any:
        return await self.handle.result()
