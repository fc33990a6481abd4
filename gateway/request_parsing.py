"""What a staff system's request must be: JSON of a known form, an idempotency key, the version seen."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar, get_origin
from unicodedata import category

import asyncpg
from pydantic import AfterValidator, AwareDatetime, BaseModel, StringConstraints, ValidationError
from starlette.requests import ClientDisconnect, Request

from activities.kernel.queries import queries
from gateway.cloudevents import YEARS
from gateway.limits import BODY_SECONDS, read_body
from gateway.problems import Fault, faults_of, invalid, problem
from gateway.strict_json import parse
from schemas.kernel.case import Actor
from schemas.kernel.texts import storable

SQL: Final = queries("kernel/office")
BODY_LIMIT: Final = 64 * 1024
JSON_TYPE: Final = "application/json"
KEY_PATTERN: Final = r"^[A-Za-z0-9._:/-]{1,100}$"
ANY_VERSION: Final = "*"
_VERSION: Final = re.compile(r'"([0-9]{1,9})"')
_KEY: Final = re.compile(KEY_PATTERN)


def _in_years(moment: datetime) -> datetime:
    if moment.year not in YEARS:
        raise ValueError("a year that no calendar here has")
    return moment


def _readable(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if any(category(mark) == "Cc" and mark not in "\n\t" for mark in text):
        raise ValueError("a control character")
    return text


Prose = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000),
    AfterValidator(_readable),
]
"""Words of a person, line by line, that go into a letter or are read by others."""
Moment = Annotated[AwareDatetime, AfterValidator(_in_years)]
"""A moment with its offset, of the years that events have."""
M = TypeVar("M", bound=BaseModel)


async def body_of(request: Request, limit: int = BODY_LIMIT) -> tuple[bytes, Any]:
    """The body as it came, and its JSON value.

    Raises:
        Problem: 408, 413, 415, or 400 for what is not JSON.
    """
    raw = await bytes_of(request, JSON_TYPE, limit)
    return raw, parse(raw)


async def bytes_of(request: Request, media_type: str, limit: int, seconds: float = BODY_SECONDS) -> bytes:
    """The body as it came.

    Raises:
        Problem: 408, 413, 415, or 400 for what is cut off.
    """
    check_type(request, media_type)
    try:
        return await read_body(request, limit, seconds)
    except ClientDisconnect:
        raise invalid([Fault("", "incomplete")]) from None


def check_type(request: Request, media_type: str) -> None:
    """Refuse a body of another type.

    Raises:
        Problem: 415.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != media_type:
        raise problem("unsupported-media-type", types=media_type, headers={"Accept": media_type})


def checked(model: type[M], raw: bytes, *prefix: str | int) -> M:
    """The body as a model; JSON types are taken as they are.

    Raises:
        Problem: 400 with each fault by its pointer.
    """
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise invalid(faults_of(error, *prefix)) from None


def query_of(request: Request, model: type[M]) -> M:
    """The query parameters as a model, whose tuples are given value by value.

    Raises:
        Problem: 400; an unknown parameter is a fault too, and so is one given twice that is no tuple.
    """
    given: dict[str, Any] = {}
    faults = []
    names = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    for name, value in request.query_params.multi_items():
        several = get_origin(names.get(name)) is tuple
        if name not in names:
            faults.append(Fault("query", "unknown_parameter"))
        elif name in given and not several:
            faults.append(Fault(f"query:{name}", "given_twice"))
        elif not storable(value):
            faults.append(Fault(f"query:{name}", "unstorable_text"))
        given[name] = (*given.get(name, ()), value) if several else value
    if faults:
        raise invalid(faults)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise invalid(Fault(f"query:{each['loc'][0]}", each["type"]) for each in error.errors()) from None


def key_of(request: Request, *, required: bool = True) -> str | None:
    """The `Idempotency-Key`.

    Raises:
        Problem: 400, it is missing or not of its form.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        if required:
            raise invalid([Fault("header:idempotency-key", "missing")])
        return None
    if not _KEY.fullmatch(key):
        raise invalid([Fault("header:idempotency-key", "string_pattern_mismatch")])
    return key


def version_of(request: Request) -> int | None:
    """The version that the person saw, from `If-Match`; None for any.

    Raises:
        Problem: 428 without one, 400 when it is not of its form.
    """
    seen = request.headers.get("if-match")
    if seen is None:
        raise problem("version-missing")
    if seen.strip() == ANY_VERSION:
        return None
    match = _VERSION.fullmatch(seen.strip())
    if match is None:
        raise invalid([Fault("header:if-match", "string_pattern_mismatch")])
    return int(match[1])


def seen_already(request: Request, tag: str) -> bool:
    """Whether `If-None-Match` names the representation (RFC 9110, weak comparison)."""
    given = request.headers.get("if-none-match", "")
    tags = [each.strip().removeprefix("W/") for each in given.split(",")]
    return ANY_VERSION in tags or tag in tags


async def note_request(pool: asyncpg.Pool, actor: Actor, key: str, operation: str, raw: bytes) -> None:
    """Bind an idempotency key to one request for good.

    Raises:
        Problem: 422, the key was used for another request.
    """
    values = (actor.id, key, operation, hashlib.sha256(raw).hexdigest())
    if (await pool.execute(SQL["note_request"], *values)).endswith(" 1"):
        return
    if not await pool.fetchval(SQL["is_same_request"], *values):
        raise problem("key-used-otherwise")


def link_header(links: Mapping[str, str]) -> dict[str, str]:
    """The `Link` header (RFC 8288) of relations to addresses."""
    return {"Link": ", ".join(f'<{url}>; rel="{name}"' for name, url in links.items())} if links else {}
