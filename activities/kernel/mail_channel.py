"""Notices by mail: the letter to a reader as they are now, from the sender of its process."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import asyncpg

from activities.kernel.channels import Prepared, RefusedError, WithheldError
from activities.kernel.mailer import Mailer, MailSession
from activities.kernel.message_templates import Office
from activities.kernel.notice_rows import is_answerable, letter_of
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
        make_link = self.channel.link
        link = (
            make_link(notice["notice_id"])
            if make_link and is_answerable(notice, self.channel.rooms)
            else None
        )
        return await self._prepare([notice], now, link)

    async def prepare_together(self, notices: Sequence[asyncpg.Record], now: datetime) -> Prepared:
        """The same for what is told in one letter."""
        return await self._prepare(notices, now, None)

    async def _prepare(self, notices: Sequence[asyncpg.Record], now: datetime, link: str | None) -> Prepared:
        first = notices[0]
        # what is told with others has no words of the office's own
        sealed = ("name", "address", *(("own_words",) if len(notices) == 1 else ()))
        opened = {each: self.channel.opened(first["case_id"], first[each]) for each in sealed}
        address = opened["address"]
        if not address:
            raise RefusedError("no-address")
        if not self.mailer.allows(address):
            raise WithheldError("not-on-allow-list")
        rows = [{**each, **opened} for each in notices]
        letter = letter_of(rows, self.channel.rooms, Office(), now, link)
        composed = self.mailer.compose(letter)
        await self.session.prepare(address)
        return Prepared(self.mailer.message_id(letter.notice_id), partial(self.session.hand_over, composed))
