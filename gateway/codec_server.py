"""`POST /codec/decode`: payloads made readable for the Temporal UI, for who may read them, and noted before.

Who asks shows the token of a member of staff, or the browser's session of one (`codec_session`). What
somebody may not read, and what does not open, comes back as it came: the UI shows the rest. Nothing is
encoded here: what is typed into the UI would name neither the person who acts nor their right to.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from http import HTTPStatus
from typing import Any, Final

import asyncpg
import structlog
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload

from activities.kernel.database import FAULTS
from activities.kernel.queries import queries
from cases.sight import readable_classes
from encryption.codec import class_of, is_sealed, unseal
from encryption.ring import CLASSES, KeyRing, KeyRingError
from gateway.codec_session import signed_in
from gateway.context import gateway_of
from gateway.limits import read_body
from gateway.problems import Fault, Problem, answer_problem, invalid, pointer, problem
from gateway.staff import staff_of
from gateway.strict_json import parse
from schemas.kernel.case import Actor
from schemas.kernel.unreadable import UnreadablePayloadError

SQL: Final = queries("kernel/codec")
BODY_LIMIT: Final = 4 * 1024 * 1024
PAYLOADS_LIMIT: Final = 10_000
UNKNOWN: Final = "unknown"
"""Noted as the class of what names none of ours; the name itself was made up by who sent it."""
NOTE_SECONDS: Final = 5.0
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, authorization-extras, content-type, x-namespace",
    "Access-Control-Max-Age": "600",
}

log = structlog.get_logger()
Counts = Counter[tuple[str, bool]]
Endpoint = Callable[[Request], Awaitable[Response]]
Open = Callable[[Payload], Payload | None]


def routes() -> list[Route]:
    """The codec server; a UI or the `temporal` command adds `/decode` to the endpoint it is given."""
    return [
        Route(path, _for_the_ui(endpoint), methods=[method])
        for path, answer in (("/codec/decode", decode), ("/codec/encode", encode))
        for method, endpoint in (("POST", answer), ("OPTIONS", preflight))
    ]


def _for_the_ui(endpoint: Endpoint) -> Endpoint:
    """Browsers of one origin only, which may read a refusal too; without an origin it is no page's."""

    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        allowed, origins = gateway_of(request).ui_origin, request.headers.getlist("origin")
        try:
            if origins not in ([], [allowed]):
                raise problem("origin-not-allowed", origin=allowed)
            response = await endpoint(request)
        except Problem as refused:
            response = await answer_problem(request, refused)
        response.headers["Vary"] = "Origin"
        if origins == [allowed]:
            response.headers["Access-Control-Allow-Origin"] = allowed
            response.headers["Access-Control-Allow-Credentials"] = "true"
        return response

    return answer


async def preflight(_request: Request) -> Response:
    """What a browser asks before it sends; it shows no token yet."""
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_PREFLIGHT)


async def decode(request: Request) -> Response:
    """Payloads as JSON protobuf, each readable or as it came.

    A UI's `preserveStorageRefs` is always kept: a reference to a stored payload is not encrypted by us.
    """
    gateway = gateway_of(request)
    try:
        reader = None if "authorization" in request.headers else await signed_in(request)
        reader = reader or await staff_of(request)
        named = request.headers.getlist("x-namespace")
        if len(named) != 1 or named[0] not in gateway.namespaces:
            raise problem("namespace-not-served")
        body = await read_body(request, BODY_LIMIT)
        open_one = partial(_opened, gateway.ring, named[0])
        payloads, counts = await asyncio.to_thread(decoded, open_one, readable_classes(reader), body)
        await _note(gateway.pool, reader, counts)
    except FAULTS:
        log.exception("decoding-not-noted")
        raise problem("database-unreachable") from None
    return JSONResponse({"payloads": payloads})


async def encode(_request: Request) -> Response:
    """Refuse, in words that the UI can show: a decision goes where the person who acts is known.

    Raises:
        Problem: 403, always.
    """
    raise problem("encoding-not-offered")


def decoded(open_one: Open, readable: frozenset[str], body: bytes) -> tuple[list[Any], Counts]:
    """What is answered to who may read some classes of data, with what opens a payload.

    Also how many payloads of which class were made readable, or refused, for it.

    Raises:
        Problem: 400, it is not JSON protobuf `Payloads`.
    """
    answer, counts = [], Counts()
    for number, given in enumerate(_payloads_of(body)):
        try:
            payload = _payload_of(given)
        except ParseError:
            raise invalid([Fault(pointer("payloads", number), "not_a_payload")]) from None
        opened = None
        if is_sealed(payload):
            named = class_of(payload)
            data_class = named if named in CLASSES else UNKNOWN
            if data_class in readable:
                opened = open_one(payload)
            counts[data_class, opened is None] += 1
        answer.append(given if opened is None else MessageToDict(opened))
    return answer, counts


def _payloads_of(body: bytes) -> list[Any]:
    content = parse(body)
    if not isinstance(content, dict):
        raise invalid([Fault("", "not_an_object")])
    payloads = content.get("payloads", [])
    if not isinstance(payloads, list) or len(payloads) > PAYLOADS_LIMIT:
        raise invalid([Fault("/payloads", "too_many" if isinstance(payloads, list) else "not_a_list")])
    return payloads


def _payload_of(given: Any) -> Payload:
    if not isinstance(given, dict):
        raise ParseError  # the library takes other values for an empty payload
    return ParseDict(given, Payload(), ignore_unknown_fields=True)


def _opened(ring: KeyRing, namespace: str, payload: Payload) -> Payload | None:
    try:
        return unseal(ring, namespace, payload)
    except (UnreadablePayloadError, KeyRingError):
        return None


async def _note(pool: asyncpg.Pool, reader: Actor, counts: Counts) -> None:
    if not counts:
        return
    noted = ((data_class, count, refused) for (data_class, refused), count in counts.items())
    columns = zip(*noted, strict=True)
    async with pool.acquire(timeout=NOTE_SECONDS) as connection:
        await connection.execute(SQL["note_decodings"], reader.id, *columns, timeout=NOTE_SECONDS)
