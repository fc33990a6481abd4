"""Noting that somebody is away, with a deputy who then acts in their own name, and that they are back."""

from datetime import UTC, date, datetime, time
from http import HTTPStatus
from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cases.absences import end_absences, note_absence
from cases.administration import note
from cases.people import notes_absences
from cases.refusal_words import PAGE
from office.context import office_of
from office.pages import Reader, go, reader_of
from office.people import person_page
from office.posted import form_of
from office.words import Tongue
from schemas.kernel.japan import TOKYO
from schemas.kernel.refusals import Refusal

_FIELDS: Final = ("from", "until", "substitute")


async def receive(request: Request) -> Response:
    """An absence as it was filled in; what is wrong with it comes back in the form."""
    reader, staff_id, sent = await _sent(request)
    t = reader.tongue
    given = {name: str(sent.get(name, "")).strip() for name in _FIELDS}
    first, last = _day(given["from"]), _day(given["until"])
    faults = {name: t("Give a day.") for name, day in (("from", first), ("until", last)) if day is None}
    if first is None or last is None:
        return await person_page(
            request, reader, staff_id, given=given, faults=faults, status=HTTPStatus.UNPROCESSABLE_ENTITY
        )
    begins, ends = datetime.combine(first, time(), TOKYO), datetime.combine(last, time.max, TOKYO)
    substitute = given["substitute"] or None
    try:
        async with office_of(request).gateway.pool.acquire() as connection, connection.transaction():
            await note_absence(connection, staff_id, begins, ends, substitute, reader.actor.id)
            await note(connection, reader.actor.id, "note-absence", staff_id, substitute=substitute)
    except Refusal as refusal:
        general = (_words(t, refusal),)
        return await person_page(
            request, reader, staff_id, given=given, general=general, status=HTTPStatus.CONFLICT
        )
    return go(f"/people/{staff_id}?said=changed")


async def end(request: Request) -> Response:
    """They are back: what is under way ends now, what is to come is taken away."""
    reader, staff_id, _ = await _sent(request)
    async with office_of(request).gateway.pool.acquire() as connection, connection.transaction():
        ended = await end_absences(connection, staff_id, datetime.now(UTC))
        await note(connection, reader.actor.id, "end-absence", staff_id, ended=ended)
    return go(f"/people/{staff_id}?said=changed")


async def _sent(request: Request) -> tuple[Reader, str, FormData]:
    reader = await reader_of(request)
    sent, staff_id = await form_of(request, reader), request.path_params["staff_id"]
    if not notes_absences(reader.actor, staff_id):
        raise HTTPException(404)
    return reader, staff_id, sent


def _words(t: Tongue, refusal: Refusal) -> str:
    if refusal.code == "absence-overlaps":
        return t(
            "There is another absence in that time. End it first, or begin on the same day to replace it."
        )
    if refusal.code == "absence-ends-first":
        return t("The absence ends before it begins.")
    return PAGE.text(refusal, t.language)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
