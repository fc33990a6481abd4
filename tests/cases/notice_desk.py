"""The office at a case's queued notices: real database, real mail server, connections that act for people."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
from temporalio.testing import ActivityEnvironment

from activities.kernel.channels import Channel
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer
from activities.kernel.notices import NoticeActivities
from cases.notice_acts import Act, Asked, Done, act_on
from cases.notices import notice_seen, read_notice
from cases.registry import ROOMS
from encryption.case_keys import CaseKeys, opened
from schemas.kernel.case import Actor
from schemas.kernel.transition import DeliveryReport
from tests.activities.letters import DELIVERY, World

OFFICE = Actor(id="office-1", roles=("admissions_office",))
HEAD = Actor(id="head-1", roles=("head_of_admissions",))
AUDITOR = Actor(id="auditor-1", roles=("auditor",))
REVIEWER = Actor(id="sato", roles=("reviewer",))
PEOPLE = (OFFICE, HEAD, AUDITOR)


def quiet_process(_point: str) -> None:
    """Nothing dies."""


@dataclass
class NoticeDesk:
    """The office, and the delivery with the keys of cases."""

    world: World
    pool: asyncpg.Pool
    vault: CaseKeys
    wrapped: Callable[[Channel], Channel] = field(default=lambda channel: channel)

    async def act(
        self,
        act: Act,
        notice_id: str = "n-1",
        *,
        by: Actor = OFFICE,
        key: str | None = None,
        reason: str | None = "住所を確認中",
        seen: int | None = None,
        fault: Callable[[str], None] = quiet_process,
        **words: str,
    ) -> Done:
        asked = Asked(act, key or uuid4().hex, reason, seen, words)
        return await act_on(self.pool, notice_id, by, asked, self.vault, fault)

    async def deliver(self) -> DeliveryReport:
        channel = MailChannel(ROOMS, Mailer(self.world.settings), opened=partial(opened, self.vault))
        channels = {"mail": self.wrapped(channel)}
        activities = NoticeActivities(self.world.pool, ROOMS, channels, self.world.clock)
        return await ActivityEnvironment().run(activities.deliver, DELIVERY)

    async def read(self, notice_id: str = "n-1", by: Actor = OFFICE) -> dict[str, Any]:
        row, _ = await notice_seen(self.pool, notice_id, by)
        return await read_notice(self.pool, row, by, (self.vault, partial(opened, self.vault)))

    @property
    def sent(self) -> list[str]:
        """The texts of the letters that have left."""
        bodies = [each.get_body(("plain",)) for each in self.world.office.accepted]
        return [body.get_content().replace("\r\n", "\n") for body in bodies if body is not None]
