"""What came from other systems and what processes told each other, where a person has to look at it."""

from http import HTTPStatus
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cases import inbox, links, lists
from cases.refusal_words import PAGE
from cases.registry import PROCESSES
from cases.sight import whole_processes
from office.context import office_of
from office.pages import Reader, go, page, reader_of
from office.posted import form_of
from schemas.kernel.refusals import Refusal
from schemas.kernel.texts import storable
from workflows.kernel.sight import Field

LIMIT: Final = 100
STATES: Final = ("dead", "waiting", "stored", "refused", "applied", "dropped")
WORDS: Final = 4000


async def index(request: Request) -> Response:
    """Events by what became of them, those that cannot be delivered first; facts that ask for a person."""
    reader = await reader_of(request)
    pool, seen = office_of(request).gateway.pool, sorted(whole_processes(reader.actor, Field.WORK))
    if not seen:
        raise HTTPException(404)
    state = request.query_params.get("state", "dead")
    if state not in STATES:
        state = "dead"
    found = await lists.list_events(pool, seen, state=state, limit=LIMIT)
    facts = await links.list_links(pool, reader.actor, waiting=True, limit=LIMIT)
    return page(
        request,
        reader,
        "inbox.html",
        state=state,
        states=STATES,
        events=[_event(row) for row in found.rows],
        facts=[row | {"room": PROCESSES[row["process"]].room} for row in facts.rows],
    )


def _event(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"room": PROCESSES[row["process"]].room, "kind": row["type"].rpartition(".")[2]}


async def show(request: Request) -> Response:
    """One event, without what it says."""
    return await _show(request, await reader_of(request))


async def receive(request: Request) -> Response:
    """Deliver it again, or say that it is not wanted; done twice it is one."""
    reader = await reader_of(request)
    given = await form_of(request, reader)
    source, event_id = _which(request)
    pool, t = office_of(request).gateway.pool, reader.tongue
    words = str(given.get("reason", "")).strip()
    try:
        if given.get("act") == "retry":
            await inbox.retry(pool, reader.actor, source, event_id)
        elif 0 < len(words) <= WORDS:
            await inbox.drop(pool, reader.actor, source, event_id, words)
        else:
            told = t("Say why, in at most {limit} characters.", limit=WORDS)
            return await _show(request, reader, (told,), HTTPStatus.UNPROCESSABLE_ENTITY)
    except Refusal as refusal:
        if refusal.code == "no-such-event":
            raise
        return await _show(request, reader, (PAGE.text(refusal, t.language),), HTTPStatus.CONFLICT)
    return go("/inbox?said=changed")


async def settle(request: Request) -> Response:
    """Say that what the office was asked about a fact of another process is done."""
    reader = await reader_of(request)
    given = await form_of(request, reader)
    fact, process = str(given.get("fact", "")), str(given.get("process", ""))
    if not (storable(fact) and storable(process)):
        raise HTTPException(404)
    await links.settle(office_of(request).gateway.pool, reader.actor, fact, process)
    return go("/inbox?said=changed")


async def _show(
    request: Request,
    reader: Reader,
    general: tuple[str, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    source, event_id = _which(request)
    row = await inbox.event_seen(office_of(request).gateway.pool, reader.actor, source, event_id)
    return page(request, reader, "event.html", status, event=_event(row), general=general)


def _which(request: Request) -> tuple[str, str]:
    source, event_id = (request.query_params.get(name, "") for name in ("source", "id"))
    if not (source and event_id and storable(source) and storable(event_id)):
        raise HTTPException(404)
    return source, event_id
