"""`GET /events`: what became of an event, for the source that sent it and for the office."""

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cases.sight import fields_of, note_reads, roles_that_see_whole
from gateway.cloudevents import is_event_id
from gateway.context import gateway_of
from gateway.event_modes import Message, Mode, digest_id
from gateway.events import door_of
from gateway.problems import Fault, invalid, problem
from gateway.request_parsing import query_of
from gateway.responses import EventFate
from gateway.staff import require_role, staff_of
from schemas.kernel.case import Actor
from workflows.kernel.sight import Field

WHOLE = roles_that_see_whole()


class EventQuery(BaseModel):
    """Which event."""

    model_config = ConfigDict(frozen=True)

    source: str
    id: str


def question_id(source: str, event_id: str) -> str:
    """The id of a signed question for an event's fate: its body is empty, and a signature covers no query."""
    return digest_id("get", {"source": source, "id": event_id})


async def show(request: Request) -> Response:
    """What became of an event, without what it says."""
    query = query_of(request, EventQuery)
    source, event_id = query.source, query.id
    actor = await _who_asks(request, source, event_id)
    if not is_event_id(event_id):
        raise invalid([Fault("query:id", "string_pattern_mismatch")])
    row = await door_of(request).inbox.look_up(source, event_id)
    if row is None:
        raise problem("event-not-found")
    if actor is not None:
        pool = gateway_of(request).pool
        if Field.WORK not in await fields_of(pool, row["case_id"], actor):
            raise problem("event-not-found")
        await note_reads(pool, [row["case_id"]], "event", Field.WORK)
    return JSONResponse(EventFate.model_validate(dict(row)).model_dump(mode="json"))


async def _who_asks(request: Request, source: str, event_id: str) -> Actor | None:
    """The member of staff who asks for an event; None: the source itself, which shows what it sends by.

    Raises:
        Problem: 401, 403, 429, 503.
    """
    door = door_of(request)
    await door.count_address(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    signed = "webhook-signature" in request.headers or scheme.lower() != "bearer"
    if signed or await door.is_own_token(source, token.strip()):
        question = Message(Mode.STRUCTURED, source, (), question_id(source, event_id))
        await door.let_in(request, question, b"")
        return None
    actor = await staff_of(request)
    require_role(actor, WHOLE)
    return actor
