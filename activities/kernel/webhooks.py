"""Notices by a signed webhook (Standard Webhooks), to a gateway that pages or writes to its reader.

What leaves the house says that there is something, not what: codes and numbers that the message names for it.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import asyncpg

from activities.kernel.channels import DeferredError, Prepared, RefusedError
from activities.kernel.message_templates import NotRenderedError
from activities.kernel.outgoing import Answered, Outgoing
from activities.kernel.queries import queries
from activities.kernel.room import Room
from schemas.kernel.identifiers import CODE, event_type

SQL: Final = queries("kernel/webhooks")
Row = asyncpg.Record | Mapping[str, Any]
Signing = Callable[[str, Sequence[tuple[str, Sequence[bytes]]], str, int, bytes], str]
"""Signs for a webhook with each of its keys (id, sealed for each home): message id, seconds, body.

Empty: none opens."""
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True)
class Webhooks:
    """Sends signed messages to registered gateways."""

    pool: asyncpg.Pool
    outgoing: Outgoing
    sign: Signing

    async def prepare(self, name: str, url: str, message_id: str, at: datetime, body: bytes) -> Prepared:
        """A message, signed by every key of its webhook. Raises RefusedError, or DeferredError `no-key`."""
        headers = await self._signed(name, url, message_id, at, body)
        return Prepared(message_id, partial(self._hand_over, name, url, headers, body))

    async def ask(self, name: str, url: str, message_id: str, body: bytes, limit: int) -> bytes:
        """The answer to a question, signed by every key of the webhook; no more of it than `limit` bytes.

        Raises:
            RefusedError: it leads where no request may go, is too large, or is none: a redirect, a 4xx.
            WithheldError: outside production, to a host that is not listed.
            DeferredError: there is none now.
        """
        headers = await self._signed(name, url, message_id, datetime.now(UTC), body)
        unpacked = {**headers, "Accept": "application/json", "Accept-Encoding": "identity"}
        answer = await self.outgoing.post(url, unpacked, body, limit=limit)
        understand(answer)
        return answer.body

    async def _signed(
        self, name: str, url: str, message_id: str, at: datetime, body: bytes
    ) -> dict[str, str]:
        self.outgoing.check(url)
        rows = await self.pool.fetch(SQL["keys"], name)
        keys = [(row["key_id"], row["sealed"]) for row in rows]
        seconds = int(at.timestamp())
        signature = self.sign(name, keys, message_id, seconds, body)
        if not signature:
            raise DeferredError("no-key")
        return {
            "Content-Type": "application/json",
            "User-Agent": "iehe",
            "webhook-id": message_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature,
        }

    async def _hand_over(self, name: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        answer = await self.outgoing.post(url, headers, body)
        if answer.status == HTTPStatus.GONE:
            await self.pool.execute(SQL["gone"], name, datetime.now(UTC))
            raise RefusedError("webhook-gone")
        understand(answer)


def understand(answer: Answered) -> None:
    """Return when it is accepted. Raises RefusedError or DeferredError with the status as `http-<number>`."""
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP
        return
    reason = f"http-{status}"
    if status in _BUSY:
        raise DeferredError(reason, answer.after)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise DeferredError(reason)
    raise RefusedError(reason)


@dataclass(frozen=True)
class WebhookChannel:
    """Notices to members of staff at a gateway where they have a tested address."""

    rooms: Mapping[str, Room]
    webhooks: Webhooks
    repeatable = True
    """Receivers drop what comes again under the same webhook-id."""

    @asynccontextmanager
    async def session(self, _case_id: str) -> AsyncIterator["WebhookChannel"]:
        """There is nothing to keep between notices."""
        yield self

    async def prepare(self, notice: asyncpg.Record, now: datetime) -> Prepared:
        """Find the reader's address and sign what the gateway is told."""
        to = await address_of(self.webhooks.pool, notice)
        if to is None:
            raise RefusedError("no-address")
        if to["gone_at"] is not None:
            raise RefusedError("webhook-gone")
        body = body_of(notice, self.rooms[notice["process"]], to["address"])
        return await self.webhooks.prepare(to["name"], to["url"], notice["notice_id"], now, body)


async def address_of(connection: Any, notice: Row) -> Any:
    """Where the reader of a notice by webhook is reached, as a row; None when nowhere."""
    if notice["recipient_kind"] != "staff":
        return None
    return await connection.fetchrow(SQL["of_reader"], notice["recipient_id"], notice["channel"])


def body_of(notice: Row, room: Room, address: str) -> bytes:
    """What a gateway is told of a notice: nothing but its id, codes, and the reader's address there.

    Raises:
        NotRenderedError: no such message, or a fact of it is missing or neither a code nor a number.
    """
    message = room.messages.get(notice["message"])
    if message is None:
        raise NotRenderedError("unknown-message")
    facts = {**json.loads(notice["facts"]), "case": notice["case_id"]}
    if missing := message.outside - facts.keys():
        raise NotRenderedError("missing-fact") from KeyError(*missing)
    told = {name: facts[name] for name in sorted(message.outside)}
    if not all(name == "case" or isinstance(value, int) or _is_code(value) for name, value in told.items()):
        raise NotRenderedError("not-a-code")
    data = {"notice": notice["notice_id"], "message": notice["message"], "address": address, "facts": told}
    return envelope(event_type(room.process.name, notice["message"]), notice["queued_at"], data)


def envelope(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """A message as Standard Webhooks lay it out: type, timestamp, data."""
    body = {"type": kind, "timestamp": at.astimezone(UTC).isoformat(), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and CODE.fullmatch(value) is not None
