"""New cases: the form with which a case of a process begins, asked, checked and stored."""

import json
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cases.forms import form_of as start_of
from cases.forms import may_start, store_form
from cases.refusal_words import PAGE
from cases.registry import PROCESSES
from cases.starting import start_now
from gateway.problems import Problem
from gateway.starting import OWN_WAYS
from office.context import office_of
from office.forms import Form
from office.pages import Reader, page, reader_of
from office.posted import form_of, key_in, new_key, step_in
from office.room_pages import ways_to_start
from schemas.kernel.refusals import Refusal
from workflows.kernel.process import Process

APART: Final = frozenset({"process"})


async def choose(request: Request) -> Response:
    """Of which process."""
    reader = await reader_of(request)
    t = reader.tongue
    rows = [
        {"href": f"/start/{process.room}", "title": t.pair(process.title)}
        for name, process in PROCESSES.items()
        if may_start(reader.actor, name) and _model(process) is not None
    ]
    rows += [{"href": each.path, "title": t(each.title)} for each in ways_to_start(reader.actor)]
    return page(request, reader, "start.html", rows=rows)


async def ask(request: Request) -> Response:
    """The form."""
    reader = await reader_of(request)
    process, model = _process(request, reader)
    return _ask(request, reader, process, _form(reader, process, model), new_key())


async def receive(request: Request) -> Response:
    """Check, and start the case; the same form again is the same case."""
    reader = await reader_of(request)
    process, model = _process(request, reader)
    form, given = _form(reader, process, model), await form_of(request, reader)
    key, step = key_in(given), step_in(given)
    faults, made = form.unreadable(given), None
    if not faults:
        try:
            made = model.model_validate({"process": process.name, **form.values(given)})
        except ValidationError as error:
            faults = form.faults(error)
    if made is None or step == "change":
        status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
        return _ask(request, reader, process, form, key, given, faults, status)
    if step != "do":
        about = _about(reader, process)
        return page(request, reader, "start_check.html", inputs=form.inputs(given), key=key, **about)
    try:
        case_id, repeated, receipt = await _store(request, reader, process, made, key)
    except Refusal as refusal:
        general: tuple[str, ...] = (PAGE.text(refusal, reader.tongue.language),)
        return _ask(request, reader, process, form, new_key(), given, None, HTTPStatus.CONFLICT, general)
    except Problem as fault:
        faults = {
            each.at.strip("/").replace("/", "."): reader.tongue.word(process.room, each.code)
            for each in fault.faults
        }
        general = () if faults else (fault.japanese if reader.tongue.language == "ja" else fault.english,)
        return _ask(request, reader, process, form, new_key(), given, faults, fault.status, general)
    started = await start_now(
        office_of(request).gateway.pool, office_of(request).gateway.client_of(case_id), case_id
    )
    told: dict[str, Any] = {"case_id": case_id, "repeated": repeated, "receipt": receipt, "started": started}
    return page(request, reader, "started.html", HTTPStatus.CREATED, **told, **_about(reader, process))


async def _store(
    request: Request, reader: Reader, process: Process[Any], made: Any, key: str
) -> tuple[str, bool, str | None]:
    own = OWN_WAYS.get(process.room)
    if own is not None:
        raw = json.dumps(made.model_dump(mode="json", exclude_unset=True)).encode()
        case_id, repeated = await own.store_one(request, reader.actor, raw)
        return case_id, repeated, None
    gateway = office_of(request).gateway
    stored = await store_form(
        gateway.pool, process, made.form, actor=reader.actor, key=key, number=made.number, marks=gateway.vault
    )
    return stored.case_id, stored.repeated, stored.receipt


def _model(process: Process[Any]) -> type[BaseModel] | None:
    own = OWN_WAYS.get(process.room)
    model: type[BaseModel] | None = start_of(process.name) if own is None else own.START
    return model


def _process(request: Request, reader: Reader) -> tuple[Process[Any], type[BaseModel]]:
    room = request.path_params["room"]
    process = next((each for each in PROCESSES.values() if each.room == room), None)
    model = _model(process) if process is not None else None
    if process is None or model is None or not may_start(reader.actor, process.name):
        raise HTTPException(404)
    return process, model


def _form(reader: Reader, process: Process[Any], model: type[BaseModel]) -> Form:
    fields = {name: each for name, each in model.model_fields.items() if name not in APART}
    return Form(reader.tongue, process.room, fields, opened=True)


def _about(reader: Reader, process: Process[Any]) -> dict[str, Any]:
    title = reader.tongue("New case: {title}", title=reader.tongue.pair(process.title))
    return {"title": title, "room": process.room}


def _ask(
    request: Request,
    reader: Reader,
    process: Process[Any],
    form: Form,
    key: str,
    given: FormData | None = None,
    faults: dict[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    general: tuple[str, ...] = (),
) -> Response:
    values: dict[str, Any] = {"inputs": form.inputs(given, faults), "key": key, "general": general}
    return page(request, reader, "start_form.html", status, **values, **_about(reader, process))
