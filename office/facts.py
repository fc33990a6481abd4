"""A fact that another system did not send, entered on a page: asked, checked, stored, what became of it."""

import asyncio
import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from cases import facts
from cases.administration import ENTER, roles_for
from cases.finding import case_seen
from cases.states import read_state
from gateway.problems import problem
from gateway.staff import require_role
from office.case import Seen, seen_case, why_not
from office.context import office_of
from office.forms import Form
from office.options import options_of
from office.pages import Reader, go, page, reader_of
from office.posted import form_of, key_in, new_key, step_in
from office.problems import STATUS_OF
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from workflows.kernel.process import EventKind

SOURCE: Final = "iehe-office"
WAIT: Final = 3.0
"""Seconds until a person is told to look again."""
_PAUSE: Final = 0.05
_REFUSED: Final = "refuse-event"


class _When(BaseModel):
    """When it happened, as every fact may say."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    happened_at: Annotated[AwareDatetime | None, Field(description="When it happened.")] = None


async def ask(request: Request) -> Response:
    """What happened."""
    reader = await reader_of(request)
    seen, kind = await _kind(request, reader)
    return _ask(request, reader, seen, await _form(request, reader, seen, kind), new_key())


async def receive(request: Request) -> Response:
    """Check, and store for the case to take."""
    reader = await reader_of(request)
    seen, kind = await _kind(request, reader)
    given = await form_of(request, reader)
    key, step, form = key_in(given), step_in(given), await _form(request, reader, seen, kind)
    faults, data, when = form.unreadable(given), None, None
    if step != "do":
        # what was checked is taken or refused by the rule: it may have been taken before
        faults |= form.unlisted(given)
    if not faults:
        values = form.values(given)
        try:
            when = _When.model_validate({"happened_at": values.pop("happened_at", None)})
            data = kind.data.model_validate(values)
        except ValidationError as error:
            faults = form.faults(error)
    if data is None or when is None or step == "change":
        status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
        return _ask(request, reader, seen, form, key, given, faults, status)
    envelope = EventEnvelope(
        id=key,
        source=f"{SOURCE}:{reader.actor.id}",
        type=event_type(seen.process.name, request.path_params["name"]),
        occurred_at=when.happened_at,
        received_at=datetime.now(UTC),
        data=data.model_dump(mode="json", exclude_unset=True),
    )
    if step == "do":
        return await _store(request, reader, seen, form, envelope, given)
    try:
        await facts.check(office_of(request).gateway.pool, seen.row, envelope)
    except Refusal as refusal:
        return _refused(request, reader, seen, form, refusal, key, given)
    about = _about(reader, seen, request.path_params["name"])
    return page(request, reader, "fact_check.html", inputs=form.inputs(given), key=key, **about)


async def _store(
    request: Request,
    reader: Reader,
    seen: Seen,
    form: Form,
    envelope: EventEnvelope,
    given: FormData,
) -> Response:
    gateway = office_of(request).gateway
    try:
        if await facts.taken(gateway.pool, seen.case_id, envelope) is None:
            await facts.check(gateway.pool, seen.row, envelope)
            await facts.store(
                gateway.pool, seen.row, *facts.apart(gateway.vault, seen.row, envelope), gateway.vault
            )
        entry = await _taken(request, seen, envelope)
        refusal = await _refusal(request, reader, seen, envelope, entry)
    except Refusal as error:
        refusal = error
    if refusal is not None:
        return _refused(request, reader, seen, form, refusal, new_key(), given)
    return go(f"/cases/{seen.case_id}?said={'decided' if entry is not None else 'stored'}")


def _refused(
    request: Request, reader: Reader, seen: Seen, form: Form, refusal: Refusal, key: str, given: FormData
) -> Response:
    place, text = form.refused(refusal, given)
    told = why_not(reader, seen.process, refusal)
    faults, general = ({place: text}, ()) if place is not None else (None, (told,))
    return _ask(request, reader, seen, form, key, given, faults, STATUS_OF[refusal.kind], general)


async def _taken(request: Request, seen: Seen, envelope: EventEnvelope) -> Any:
    """What the case's log says of it, as soon as it says something."""
    pool = office_of(request).gateway.pool
    try:
        async with asyncio.timeout(WAIT):
            while (entry := await facts.taken(pool, seen.case_id, envelope)) is None:  # noqa: ASYNC110 - the worker takes it
                await asyncio.sleep(_PAUSE)
            return entry
    except TimeoutError:
        return None


async def _refusal(
    request: Request, reader: Reader, seen: Seen, envelope: EventEnvelope, entry: Any
) -> Refusal | None:
    """Why the case could not use it; the log keeps the code, the same rule gives the sentence its values."""
    if entry is None or entry["step"] != _REFUSED:
        return None
    pool, code = office_of(request).gateway.pool, json.loads(entry["details"])["code"]
    row, _ = await case_seen(pool, seen.case_id, reader.actor)
    now = await facts.tried(pool, row, envelope)
    return now if now is not None and now.code == code else Refusal(code)


async def _kind(request: Request, reader: Reader) -> tuple[Seen, EventKind]:
    seen = await seen_case(request, reader)
    require_role(reader.actor, roles_for(ENTER, seen.process.name))
    kind = seen.process.events.get(request.path_params["name"])
    if kind is None or kind.between_cases or kind.starts or kind.reaches is not None:
        raise problem("no-such-fact")
    return seen, kind


async def _form(request: Request, reader: Reader, seen: Seen, kind: EventKind) -> Form:
    pool, t, process = office_of(request).gateway.pool, reader.tongue, seen.process
    state = await read_state(pool, seen.row)
    choices = await options_of(pool, t, process, seen.case_id, state, kind.data)
    fields = {**kind.data.model_fields, **_When.model_fields}
    return Form(t, process.room, fields, choices=choices)


def _about(reader: Reader, seen: Seen, name: str) -> dict[str, Any]:
    return {"seen": seen, "title": reader.tongue.word(seen.process.room, name)}


def _ask(
    request: Request,
    reader: Reader,
    seen: Seen,
    form: Form,
    key: str,
    given: FormData | None = None,
    faults: dict[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    general: tuple[str, ...] = (),
) -> Response:
    about = _about(reader, seen, request.path_params["name"])
    return page(
        request,
        reader,
        "fact.html",
        status,
        inputs=form.inputs(given, faults),
        key=key,
        general=general,
        **about,
    )
