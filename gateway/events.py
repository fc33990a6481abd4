"""`POST /events`: other systems' facts, stored before they are answered and delivered afterwards.

The order of the checks is the order of their cost to us: media type, requests a minute of an address, length,
and only then cryptography; what an event says is judged last, for senders that are known. An unknown source
and a wrong signature get the same answer, however often they come.
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from pydantic_core import to_jsonable_python
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.cloudevents import Arrival, known_type
from gateway.context import Gateway
from gateway.event_modes import Message, Mode, mode_of, read_message
from gateway.inbox import Contradiction, Inbox, Kept
from gateway.limits import (
    BODY_LIMIT,
    PEER_PER_MINUTE,
    REFUSED_PER_MINUTE,
    Rates,
    Reading,
    address,
    read_body,
)
from gateway.problems import Fault, Invalid, Problem, problem
from gateway.responses import EventStored
from gateway.sources import Source, Sources


class EventDoor:
    """What the endpoint keeps between requests."""

    def __init__(self, gateway: Gateway) -> None:
        pool = gateway.inbox_pool or gateway.pool
        self.sources = Sources(pool, gateway.ring)
        self.inbox = Inbox(pool, gateway.vault)
        self.rates = Rates()
        self.reading = Reading()
        self._finding: dict[str, asyncio.Task[Source | None]] = {}

    async def count_address(self, request: Request) -> None:
        """Count a request by its address alone.

        Raises:
            Problem: 429.
        """
        await self.rates.count(PEER_PER_MINUTE, "peer", _peer(request))

    async def count_refused(self, request: Request) -> None:
        """Count by its address what was shown to be nobody's.

        Raises:
            Problem: 429.
        """
        await self.rates.count(REFUSED_PER_MINUTE, "refused", _peer(request))

    async def body_of(self, request: Request, limit: int = BODY_LIMIT) -> bytes:
        """The body of a request by somebody who may be anybody.

        Raises:
            Problem: 408, 413, or 503 when the address sends too many at once.
        """
        with self.reading.by(_peer(request)):
            return await read_body(request, limit)

    async def let_in(self, request: Request, message: Message, body: bytes) -> Source:
        """Who sent it.

        What is not shown to be a source's is counted by its address alone: the answer does not say whether
        there is such a source, and nobody else's requests use up what a source may send.

        Raises:
            Problem: 401, or 429 after many of these; 429 for a source that sends too much, 403.
        """
        found = await self._find(message.source)
        try:
            source = await self.sources.authenticate(found, request.headers, body)
        except Problem as refused:
            if refused.status is HTTPStatus.UNAUTHORIZED:
                await self.count_refused(request)
            raise
        await self.rates.count(source.per_minute, "source", source.name, cost=max(1, len(message.values)))
        signed = "webhook-signature" in request.headers
        if signed and not message.may_be_signed_as(request.headers["webhook-id"]):
            raise problem("attributes-not-signed")
        places = []
        for place, value in enumerate(message.values):
            known = known_type(value.get("type"))
            if known is not None and (known[1].between_cases or value["type"] not in source.types):
                places.append(place)
        if places:
            raise _may_not_send(message, places)
        return source

    async def is_own_token(self, uri: str, token: str) -> bool:
        """Whether a bearer token says to be the source's; it is not verified yet."""
        source = await self._find(uri)
        return source is not None and source.is_named_by(token)

    async def _find(self, uri: str) -> Source | None:
        finding = self._finding.get(uri)
        if finding is None:  # a flood asks the database once
            finding = self._finding[uri] = asyncio.create_task(self.sources.find(uri))
            finding.add_done_callback(lambda _: self._finding.pop(uri))
        return await asyncio.shield(finding)


async def receive(request: Request) -> Response:
    """Store one event or a batch of one source."""
    door = door_of(request)
    mode = mode_of(*(",".join(request.headers.getlist(f"content-{name}")) for name in ("type", "encoding")))
    await door.count_address(request)
    body = await door.body_of(request)
    message = read_message(mode, request.headers.raw, body)
    source = await door.let_in(request, message, body)
    try:
        arrivals = message.arrivals()
        kept = await door.inbox.store(source.uri, arrivals)
    except Invalid as fault:
        raise _not_taken(message, fault) from None
    except Contradiction as contradiction:
        raise _id_used(message, contradiction) from None
    return _stored(mode, source.uri, arrivals, kept)


def door_of(request: Request) -> EventDoor:
    """The door that a request came to."""
    door: EventDoor = request.app.state.event_door
    return door


def _peer(request: Request) -> str:
    return address(request.client.host) if request.client else "-"


def _stored(mode: Mode, source: str, arrivals: Sequence[Arrival], kept: Sequence[Kept]) -> Response:
    """202, or 200 when all of them had been stored before."""
    status = HTTPStatus.ACCEPTED if any(each.new for each in kept) else HTTPStatus.OK
    receipts = [
        EventStored(
            id=arrival.event.id,
            source=source,
            status="stored" if each.new else "duplicate",
            stored_at=each.stored_at,
            # in a path `..` and `%2F` would be read in more than one way
            location="/events?" + urlencode({"source": source, "id": arrival.event.id}, safe=":/"),
            differs=("time",) if each.other_time else (),
        )
        for arrival, each in zip(arrivals, kept, strict=True)
    ]
    told = [each.model_dump(mode="json", exclude_defaults=True) for each in receipts]
    if mode is Mode.BATCH:
        return JSONResponse(told, status_code=status)
    return JSONResponse(told[0], status_code=status, headers={"Location": receipts[0].location})


def _not_taken(message: Message, fault: Invalid) -> Problem:
    """400 when something is no event as documented; 422 when only data do not fit."""
    events = message.named(fault.places)
    code = "invalid-data" if fault.data_only else "invalid-request"
    return problem(code, faults=fault.faults, params={"events": events} if events else None)


def _id_used(message: Message, contradiction: Contradiction) -> Problem:
    """409: the first one stays, and who sends the same fact under another id would have it count twice."""
    places = contradiction.places
    named = {each["index"]: each for each in message.named(places)}
    since = [moment for _, moment in places.values() if moment is not None]
    events = [
        named.get(place, {}) | {"differs": differs, "stored_at": to_jsonable_python(moment)}
        for place, (differs, moment) in places.items()
    ]
    return problem(
        "id-used-for-another-event",
        words=None if since else "id-used-twice",
        received=since[0].isoformat(timespec="seconds") if since else None,
        faults=[Fault(message.placed("id", place), "id_used_for_another_event") for place in places],
        params={"events": events},
    )


def _may_not_send(message: Message, places: Sequence[int]) -> Problem:
    """403: a type that the source has not declared."""
    events = message.named(places)
    return problem(
        "type-not-allowed",
        faults=[Fault(message.placed("type", place), "type_not_allowed") for place in places],
        params={"events": events} if events else None,
    )
