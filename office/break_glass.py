"""Opening a case that one does not see, on a page: why, and for how long it is open then."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from cases.break_glass import break_glass
from cases.refusal_words import PAGE
from cases.registry import PROCESSES
from gateway.reads import BreakGlassBody
from office.context import office_of
from office.pages import Reader, page, reader_of
from office.posted import form_of, key_in, new_key
from office.sessions import require_fresh
from schemas.kernel.refusals import Refusal


async def ask(request: Request) -> Response:
    """Which case, and why."""
    return _ask(request, await reader_of(request), request.query_params.get("case", ""), "", new_key())


async def receive(request: Request) -> Response:
    """Open it; the same form again opens nothing more."""
    reader = await reader_of(request)
    given = await form_of(request, reader)
    require_fresh(reader.session)
    case_id, reason, key = (
        str(given.get("case", "")).strip(),
        str(given.get("reason", "")).strip(),
        key_in(given),
    )
    t, gateway = reader.tongue, office_of(request).gateway
    limit = BreakGlassBody.model_fields["reason"].metadata[0].max_length
    if not case_id or not 0 < len(reason) <= limit:
        told = t("Say which case, and why you have to see it at once.")
        return _ask(request, reader, case_id, reason, key, (told,), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        until = await break_glass(gateway.pool, case_id, reader.actor, reason, key, gateway.vault)
    except Refusal as refusal:
        told = PAGE.text(refusal, t.language)
        return _ask(request, reader, case_id, reason, new_key(), (told,), HTTPStatus.CONFLICT)
    return page(request, reader, "glass_broken.html", case_id=case_id, until=t.moment(until))


def _ask(
    request: Request,
    reader: Reader,
    case_id: str,
    reason: str,
    key: str,
    general: tuple[str, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    rooms = [
        (reader.tongue.pair(each.title), each.break_glass.minutes)
        for each in PROCESSES.values()
        if each.break_glass is not None and not each.break_glass.roles.isdisjoint(reader.actor.roles)
    ]
    values: dict[str, Any] = {
        "case_id": case_id,
        "reason": reason,
        "key": key,
        "rooms": rooms,
        "general": general,
    }
    return page(request, reader, "break_glass.html", status, **values)
