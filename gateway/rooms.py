"""The doors that a room has of its own, by `gateway/<room>/doors.py`: `DOORS`, all under `/<room>/`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.administration import roles_for
from cases.registry import PROCESSES, own_modules
from cases.sight import roles_that_see_whole
from gateway.context import gateway_of
from gateway.door import Asked, Door, GivenFile, ReaderQuery, SourceOf
from gateway.event_modes import Message, Mode, digest_id
from gateway.events import door_of
from gateway.listing import PRIVATE
from gateway.operation import FILE_TYPE
from gateway.problems import problem
from gateway.request_parsing import (
    BODY_LIMIT,
    JSON_TYPE,
    body_of,
    bytes_of,
    check_type,
    checked,
    query_of,
)
from gateway.responses import Answer
from gateway.staff import require_role, staff_of
from gateway.strict_json import parse
from schemas.kernel.case import Actor, ActorKind
from spreadsheets.spool import NamelessFile

FILE_LIMIT: Final = 1024 * 1024
"""Bytes of a file that is sent; a larger one goes in by the command line."""
DOORS: Final[Mapping[str, tuple[Door, ...]]] = {
    name: own.DOORS
    for room, own in own_modules("gateway", "doors").items()
    for name, process in PROCESSES.items()
    if process.room == room
}
"""By process."""
READS: Final = frozenset(door.reads for doors in DOORS.values() for door in doors if door.reads is not None)
"""All that a system can be allowed to read."""
_NOT_KEPT: Final = {"Cache-Control": "no-store"}
"""What a system reads is somebody's, and before an hour and after it something else."""


def routes() -> list[Route]:
    """A route for each door."""
    return [
        Route(_path(door), _answer(process, door), methods=[door.operation.method])
        for process, doors in DOORS.items()
        for door in doors
    ]


def _path(door: Door) -> str:
    """The id of a case has a `/` within it."""
    return door.operation.path.replace("{case_id}", "{case_id:path}")


def _answer(process: str, door: Door) -> Callable[[Request], Awaitable[Response]]:
    operation = door.operation

    async def answer(request: Request) -> Response:
        if door.source is not None:
            asked = await _asked_by_system(request, process, door, door.source)
            return _told(await door.work(asked))
        if door.reads is not None and "source" in request.query_params:
            asked = await _asked_by_reader(request, process, door.reads)
            return _told(await door.work(asked), _NOT_KEPT)
        gateway, actor = gateway_of(request), await staff_of(request)
        if door.act is not None:
            require_role(actor, roles_for(door.act, process))
        if door.whole is not None:
            require_role(actor, roles_that_see_whole(door.whole, process))
        asked = Asked(gateway, process, actor, request.path_params)
        if operation.query is not None:
            asked = replace(asked, query=query_of(request, operation.query))
        if operation.request is not None:
            raw, _ = await body_of(request)
            asked = replace(asked, body=checked(operation.request, raw))
        if operation.file:
            # nameless: it holds what is personal, and is gone with this request whatever ends it
            kept = NamelessFile()
            kept.file.write(await bytes_of(request, FILE_TYPE, FILE_LIMIT))
            kept.file.flush()
            asked = replace(asked, file=kept.path)
        return _told(await door.work(asked))

    return answer


def _told(answer: Answer | GivenFile, headers: Mapping[str, str] = PRIVATE) -> Response:
    if isinstance(answer, GivenFile):
        return answer.response()
    return JSONResponse(answer.model_dump(mode="json"), headers=headers)


def reading_id(path: str, source: str) -> str:
    """The id of a signed question: its body is empty, and a signature covers no path and no query."""
    return digest_id("get", {"path": path, "source": source})


async def _asked_by_reader(request: Request, process: str, reads: str) -> Asked:
    """What a system asks that has shown who it is, for this very path, and was allowed to read it.

    Raises:
        Problem: 400, 401, 429, 503; 403, it may not read this.
    """
    events, gateway = door_of(request), gateway_of(request)
    await events.count_address(request)
    uri = query_of(request, ReaderQuery).source
    question = Message(Mode.STRUCTURED, uri, (), reading_id(request.scope["path"], uri))
    source = await events.let_in(request, question, b"")
    if reads not in source.reads:
        raise problem("reading-not-allowed")
    asked = Asked(gateway, process, Actor(id=source.name, kind=ActorKind.SYSTEM), request.path_params)
    return replace(asked, source=source.uri)


async def _asked_by_system(request: Request, process: str, door: Door, source_of: SourceOf) -> Asked:
    """What a system asks that has shown who it is, by the whole of its body.

    Raises:
        Problem: 400, 401, 408, 413, 415, 429, 503; who is not a source hears what a wrong key hears.
    """
    events, gateway = door_of(request), gateway_of(request)
    await events.count_address(request)
    check_type(request, JSON_TYPE)
    body = await events.body_of(request, BODY_LIMIT)
    uri = await source_of(gateway, request.path_params) or ""
    source = await events.let_in(request, Message(Mode.STRUCTURED, uri, ()), body)
    asked = Asked(gateway, process, Actor(id=source.name, kind=ActorKind.SYSTEM), request.path_params)
    asked = replace(asked, source=source.uri)
    if door.operation.request is None:
        return asked
    parse(body)  # what is given twice is no JSON here
    return replace(asked, body=checked(door.operation.request, body))
