"""Notices by mail: the letter to a reader as they are now, from the sender of its process."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import asyncpg

from activities.kernel.channels import Prepared, RefusedError, WithheldError
from activities.kernel.mailer import Mailer, MailSession
from activities.kernel.message_templates import Office
from activities.kernel.notice_rows import is_answerable, letter_to
from activities.kernel.room import Room


@dataclass(frozen=True)
class MailChannel:
    """Mail by a mail server; `link` makes the address at which a letter that asks is answered."""

    rooms: Mapping[str, Room]
    mailer: Mailer
    link: Callable[[str], str] | None = None
    opened: Callable[[str, str | None], str | None] = lambda _case_id, value: value
    """Opens what the database hands out sealed, of a case."""
    repeatable = False
    """Readers would see the second copy."""

    @asynccontextmanager
    async def session(self, case_id: str) -> AsyncIterator["_Letters"]:
        """Letters of one case, over one connection."""
        mailer = self.mailer.of_case(case_id)
        async with mailer.session() as session:
            yield _Letters(self, mailer, session)


@dataclass(frozen=True)
class _Letters:
    channel: MailChannel
    mailer: Mailer
    session: MailSession

    async def prepare(self, notice: asyncpg.Record, now: datetime) -> Prepared:
        """Write the letter and agree on its envelope."""
        case_id = notice["case_id"]
        name, address = (self.channel.opened(case_id, notice[each]) for each in ("name", "address"))
        if not address:
            raise RefusedError("no-address")
        if not self.mailer.allows(address):
            raise WithheldError("not-on-allow-list")
        make_link = self.channel.link
        link = make_link(notice["notice_id"]) if make_link and is_answerable(notice) else None
        room = self.channel.rooms[notice["process"]]
        row = {**notice, "name": name, "address": address}
        letter = self.mailer.compose(letter_to(row, room, Office(), now, link))
        await self.session.prepare(address)
        return Prepared(self.mailer.message_id(notice["notice_id"]), partial(self.session.hand_over, letter))
