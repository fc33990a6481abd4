"""A database with a case, its people and a mail server, whose notices are delivered."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.kernel.channels import Channel
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.registry import ROOMS
from schemas.kernel.policies import NoticePolicy
from schemas.kernel.transition import Delivery, DeliveryReport
from tests.activities.post_office import PostOffice

CASE = "admission/A27-0001"
NO_QUIET = NoticePolicy(quiet_from=time(0), quiet_until=time(0))
DELIVERY = Delivery(case_id=CASE, version=3, notices=NO_QUIET)
NOON = datetime(2027, 2, 4, 3, 0, tzinfo=UTC)
DUE = {"due_at": "2027-02-18T23:59:59+09:00"}


class Died(BaseException):
    """The process is gone: no handler for errors runs."""


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    """A database with a case, its people and a mail server."""

    pool: asyncpg.Pool
    owner: asyncpg.Connection
    office: PostOffice
    settings: SmtpSettings
    clock: Clock = field(default_factory=Clock)
    others: dict[str, Channel] = field(default_factory=dict)
    """Channels beside mail."""

    async def queue(self, notice_id="n-1", message="rejected", to="applicant", **changes) -> str:
        row = {
            "recipient_id": "A27-0001" if to != "staff" else "sato",
            "facts": {},
            "state": "queued",
            "attempts": 0,
            "queued_at": self.clock.now,
            "version": 3,
        } | changes
        await self.owner.execute(
            "INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind,"
            " recipient_id, facts, state, attempts, queued_at)"
            " VALUES ($1, $2, $3, 'admission-review', $4, $5, $6, $7, $8, $9, $10)",
            *(notice_id, CASE, row["version"], message, to, row["recipient_id"], json.dumps(row["facts"])),
            *(row["state"], row["attempts"], row["queued_at"]),
        )
        return notice_id

    async def notice(self, notice_id="n-1") -> asyncpg.Record:
        row = await self.owner.fetchrow("SELECT * FROM iehe.notices WHERE notice_id = $1", notice_id)
        assert row is not None
        return row

    async def state(self, notice_id="n-1") -> tuple[str, str | None]:
        row = await self.notice(notice_id)
        return row["state"], row["reason"]

    def activities(self, fault: Callable[[str], None] = lambda _point: None) -> NoticeActivities:
        channels = {"mail": MailChannel(ROOMS, Mailer(self.settings)), **self.others}
        return NoticeActivities(self.pool, ROOMS, channels, self.clock, fault=fault)

    async def deliver(
        self, delivery: Delivery = DELIVERY, fault: Callable[[str], None] = lambda _point: None
    ) -> DeliveryReport:
        return await ActivityEnvironment().run(self.activities(fault).deliver, delivery)

    async def refused(self, delivery: Delivery = DELIVERY) -> ApplicationError:
        with pytest.raises(ApplicationError) as caught:
            await self.deliver(delivery)
        return caught.value


def reasons(report: DeliveryReport) -> dict[str, str]:
    """What reached nobody, when nothing else is left to be sent."""
    assert report.again_after is None
    return {notice_id: each.reason for notice_id, each in report.failed.items()}


def die_at(point: str) -> Callable[[str], None]:
    def fault(reached: str) -> None:
        if reached == point:
            raise Died(point)

    return fault
