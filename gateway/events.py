"""`POST /events`: other systems' facts, stored before they are answered and delivered afterwards.

The order of the checks is the order of their cost to us: media type, requests a minute, length, and only then
cryptography; what an event says is judged last, for senders that are known. An unknown source and a wrong
signature get the same answer.
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activities.database import is_transient
from gateway.cloudevents import EVENT_TYPES, Arrival, Invalid, between_cases
from gateway.context import Gateway, gateway_of
from gateway.event_modes import Message, Mode, mode_of, read_message
from gateway.inbox import Inbox
from gateway.limits import PEER_PER_MINUTE, STRANGER_PER_MINUTE, Rates, Reading, read_body
from gateway.problems import Problem, invalid, unavailable
from gateway.sources import Source, Sources
from gateway.staff import require_role, staff_of
from schemas.identifiers import Role

URI_LIMIT: Final = 128
READERS = frozenset({Role.ADMISSIONS_OFFICE, Role.HEAD_OF_ADMISSIONS, Role.AUDITOR})


class EventDoor:
    """What the endpoint keeps between requests."""

    def __init__(self, gateway: Gateway) -> None:
        pool = gateway.inbox_pool or gateway.pool
        self.sources = Sources(pool, gateway.ring)
        self.inbox = Inbox(pool)
        self.rates = Rates()
        self.reading = Reading()
        self._finding: dict[str, asyncio.Task[Source | None]] = {}

    async def let_in(self, request: Request, message: Message, body: bytes) -> Source:
        """Who sent it.

        Raises:
            Problem: 429 before any cryptography, then 401, then 403.
        """
        peer = _peer(request)
        source = await self._find(message.source)
        if source is None:
            await self.rates.count(STRANGER_PER_MINUTE, "stranger", peer)
        else:
            await self.rates.count(source.per_minute, "source-and-peer", source.name, peer)
        source = await self.sources.authenticate(source, request.headers, body)
        await self.rates.count(source.per_minute, "source", source.name, cost=len(message.values))
        signed = "webhook-signature" in request.headers
        if signed and not message.may_be_signed_as(request.headers["webhook-id"]):
            raise _attributes_not_signed()
        for value in message.values:
            kind = value.get("type")
            known = isinstance(kind, str) and kind in EVENT_TYPES
            if known and (between_cases(kind) or not source.may_send(kind)):
                raise _may_not_send()
        return source

    async def _find(self, uri: str) -> Source | None:
        if len(uri) > URI_LIMIT:
            return None  # nobody has it, and it is not worth remembering
        finding = self._finding.get(uri)
        if finding is None:  # a flood asks the database once
            finding = self._finding[uri] = asyncio.create_task(self.sources.find(uri))
            finding.add_done_callback(lambda _: self._finding.pop(uri))
        try:
            return await asyncio.shield(finding)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            if not is_transient(error):
                raise
            raise unavailable(
                "inbox-unavailable",
                "Nothing can be stored at the moment; send the same event again.",
                "現在保存できません。同じ通知を再送してください。",
            ) from None


def routes() -> list[Route]:
    """The endpoints of this module."""
    return [
        Route("/events", receive, methods=["POST"]),
        Route("/events/{name}/{event_id:path}", show, methods=["GET"]),
    ]


async def receive(request: Request) -> Response:
    """Store one event or a batch of one source."""
    gateway, door = gateway_of(request), _door(request)
    mode = mode_of(*(",".join(request.headers.getlist(f"content-{name}")) for name in ("type", "encoding")))
    await door.rates.count(PEER_PER_MINUTE, "peer", _peer(request))
    with door.reading.by(_peer(request)):
        body = await read_body(request)
    try:
        message = read_message(mode, request.headers.raw, body)
        source = await door.let_in(request, message, body)
        arrivals = message.arrivals()
    except Invalid as fault:
        raise _not_taken(fault) from None
    stored = await door.inbox.store(source.uri, arrivals)
    if gateway.fault is not None:
        await gateway.fault("stored")
    return _answer(mode, source, arrivals, stored)


async def show(request: Request) -> Response:
    """Where an event stands: for the office, and without what it says."""
    require_role(await staff_of(request), READERS)
    name, event_id = request.path_params["name"], request.path_params["event_id"]
    row = None
    if "\0" not in name + event_id:
        row = await _door(request).inbox.look_up(name, event_id)
    if row is None:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "event-not-found",
            "No event of this source has this id.",
            "この送信元・ID の通知はありません。",
        )
    times = {key: row[key].isoformat() if row[key] else None for key in ("stored_at", "ended_at")}
    rest = {key: row[key] for key in ("id", "type", "process", "case_id", "state", "reason", "attempts")}
    return JSONResponse({"source": name, **rest, **times})


def location_of(name: str, event_id: str) -> str:
    """Where an event's state can be read."""
    return f"/events/{quote(name, safe='')}/{quote(event_id, safe='/:')}"


def _peer(request: Request) -> str:
    return request.client.host if request.client else "-"


def _door(request: Request) -> EventDoor:
    door: EventDoor = request.app.state.event_door
    return door


def _answer(mode: Mode, source: Source, arrivals: Sequence[Arrival], stored: Sequence[bool]) -> Response:
    status = HTTPStatus.ACCEPTED if any(stored) else HTTPStatus.OK
    told = [
        {
            "id": arrival.event.id,
            "source": source.name,
            "status": "stored" if new else "duplicate",
            "location": location_of(source.name, arrival.event.id),
        }
        for arrival, new in zip(arrivals, stored, strict=True)
    ]
    if mode is Mode.BATCH:
        return JSONResponse(told, status_code=status)
    return JSONResponse(told[0], status_code=status, headers={"Location": told[0]["location"]})


def _not_taken(fault: Invalid) -> Problem:
    if not fault.data_only:
        return invalid(fault.faults)
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-data",
        "The event is well-formed, but its data are not those of its type; `faults` names each place.",
        "通知の形式は正しいですが、データが種別に合いません。faults に該当箇所を示します。",
        faults=fault.faults,
    )


def _may_not_send() -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN,
        "type-not-allowed",
        "This source may not send this type of event (iehe source list).",
        "この送信元はこの種別の通知を送信できません（iehe source list）。",
    )


def _attributes_not_signed() -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "attributes-not-signed",
        "In binary mode a signature covers the attributes only through webhook-id, which must be 'ce_' and "
        "the SHA-256 of all of them as a JSON object (RFC 8785), and in no other mode may be of that form. "
        "Send structured mode unless you must (docs/api.md).",
        "バイナリーモードの webhook-id は「ce_」＋全属性の JSON オブジェクト（RFC 8785）の SHA-256 とし、"
        "他のモードではこの形式を使用できません。通常は structured モードをご利用ください（docs/api.md）。",
    )
