"""What is given out: frames, who has something of them, who waits and why; how many there are is set here."""

import re
from copy import copy
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, get_args

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cases import places
from cases.administration import roles_for
from cases.refusal_words import PAGE
from cases.registry import PROCESSES
from cases.sight import whole_processes
from office.context import office_of
from office.forms import Form
from office.once import once
from office.pages import Reader, go, page, reader_of
from office.posted import form_of, key_in, new_key, step_in
from office.tables import Section
from schemas.kernel.case import Actor
from schemas.kernel.places import FrameName, FrameWanted
from schemas.kernel.refusals import Refusal
from schemas.kernel.texts import storable

FRAMES_SHOWN: Final = 500
_NAME: Final = re.compile(get_args(FrameName)[1].metadata[0].pattern)
_HINTS: Final = {
    "places": "How many there are.",
    "limit": "How many may be given out: follows the places until it is set to another number.",
    "parent": "Frame around it: each of its amounts counts there too.",
    "measure": "Measure: a code, such as persons or months.",
    "allocator": "Case that is told when something falls free.",
}


async def index(request: Request) -> Response:
    """The frames of the processes whose work the reader sees."""
    reader = await reader_of(request)
    actor, frame = reader.actor, request.query_params.get("frame", "")
    if not whole_processes(actor) and roles_for(places.SET_PLACES).isdisjoint(actor.roles):
        raise HTTPException(404)
    if _NAME.fullmatch(frame):
        return go(f"/places/{frame}")
    prefix = request.query_params.get("prefix") or None
    rows = await places.list_frames(office_of(request).gateway.pool, reader.actor, prefix, FRAMES_SHOWN)
    t = reader.tongue
    names = [name for name in (rows[0] if rows else ()) if any(row.get(name) is not None for row in rows)]
    shown = [
        {"frame": row["frame"], "cells": [_said(t, row.get(name)) for name in names if name != "frame"]}
        for row in rows
    ]
    columns = [t.word("", name) for name in names if name != "frame"]
    return page(request, reader, "places.html", columns=columns, rows=shown, prefix=prefix or "")


def _said(t: Any, value: Any) -> str:
    return str(t.value("", value))


async def show(request: Request) -> Response:
    """Who has something of a frame, and who waits in which order; and the form that sets it."""
    reader = await reader_of(request)
    return _show(request, reader, await _told(request, reader), None, {}, new_key())


async def _told(request: Request, reader: Reader) -> dict[str, Any]:
    """A frame as the reader sees it; who may set it and sees none of it can set it all the same.

    Raises:
        Refusal: there is none that the reader sees or sets.
    """
    frame = request.path_params["frame"]
    if not storable(frame):
        raise Refusal("frame-unknown", frame="")
    try:
        return await places.show_frame(office_of(request).gateway.pool, reader.actor, frame)
    except Refusal:
        if not _NAME.fullmatch(frame) or not _may_set(reader.actor, frame):
            raise
        return {"frame": frame, "process": places.process_of_frame(frame), "holders": [], "queue": []}


async def receive(request: Request) -> Response:
    """Set how many of a frame there are: checked once more, then done."""
    reader = await reader_of(request)
    frame, pool = request.path_params["frame"], office_of(request).gateway.pool
    told = await _told(request, reader)
    if not _may_set(reader.actor, frame):
        raise HTTPException(404)
    form, given = _form(reader), await form_of(request, reader)
    key, faults, wanted = key_in(given), form.unreadable(given), None
    if not faults:
        try:
            wanted = FrameWanted.model_validate(form.values(given))
        except ValidationError as error:
            faults = form.faults(error)
    if wanted is None or step_in(given) == "change":
        return _show(request, reader, told, given, faults, key)
    if not wanted.model_dump(exclude_none=True):
        general = (reader.tongue("Nothing was filled in."),)
        return _show(request, reader, told, given, {}, key, general)
    if step_in(given) != "do":
        inputs = [each for each in form.inputs(given) if each.shown]
        values = {"inputs": inputs, "key": key, "title": frame, "back": f"/places/{frame}"}
        return page(request, reader, "act_check.html", **values)
    sent = wanted.model_dump_json(exclude_none=True).encode()
    try:
        async with once(pool, reader.actor.id, key, f"{places.SET_PLACES} {frame}", sent) as fresh:
            if fresh:
                await places.set_frame(pool, reader.actor, frame, wanted)
    except Refusal as refusal:
        general = (PAGE.text(refusal, reader.tongue.language),)
        return _show(request, reader, told, given, {}, new_key(), general)
    return go(f"/places/{frame}?said=changed")


def _may_set(actor: Actor, frame: str) -> bool:
    return not places.roles_that_set(frame).isdisjoint(actor.roles)


def _form(reader: Reader) -> Form:
    """The fields of a frame, each with what it means."""
    fields = {}
    for name, told in _HINTS.items():
        fields[name] = copy(FrameWanted.model_fields[name])
        fields[name].description = told
    return Form(reader.tongue, "", fields)


def _show(
    request: Request,
    reader: Reader,
    told: dict[str, Any],
    given: FormData | None,
    faults: dict[str, str],
    key: str,
    general: tuple[str, ...] = (),
) -> Response:
    t, frame = reader.tongue, told["frame"]
    room = PROCESSES[told["process"]].room
    lines = tuple(
        (t.word(room, name), t.value(room, value))
        for name, value in told.items()
        if name not in ("holders", "queue", "frame") and value not in (None, [], {})
    )
    sections = [
        Section("", lines=lines),
        _holders(reader, room, told["holders"]),
        _queue(reader, room, told["queue"]),
    ]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.CONFLICT if general else HTTPStatus.OK
    return page(
        request,
        reader,
        "place.html",
        status,
        frame=frame,
        sections=sections,
        may_set=_may_set(reader.actor, frame),
        inputs=_form(reader).inputs(given, faults),
        general=general,
        key=key,
    )


def _holders(reader: Reader, room: str, rows: list[dict[str, Any]]) -> Section:
    """Who has something of a frame, since when and until when; whose it is leads to the case."""
    t = reader.tongue
    columns = ("case_id", "state", "what", "since", "ends_at", "purpose")
    shown = [
        {
            "case_id": row["holder"] or "",
            "state": t.word(room, row["state"]),
            "what": places.what_of(row["lines"]),
            "since": _moment(reader, row["since"]),
            "ends_at": _moment(reader, row["ends_at"]),
            "purpose": t.word(room, row["purpose"]),
        }
        for row in rows
    ]
    return _table(reader, room, t("Who has something of it"), columns, shown)


def _queue(reader: Reader, room: str, rows: list[dict[str, Any]]) -> Section:
    """Who waits, in the order in which they are served, and why they were passed over."""
    t = reader.tongue
    columns = ("case_id", "rank", "amount", "since", "reason")
    shown = [
        {
            "case_id": row["holder"] or "",
            "rank": " / ".join(row["rank"]),
            "amount": row["amount"],
            "since": _moment(reader, row["since"]),
            "reason": t.word(room, row["passed_over"]["reason"]) if row["passed_over"] else "",
        }
        for row in rows
    ]
    return _table(reader, room, t("Who waits, in order"), columns, shown)


def _table(
    reader: Reader, room: str, title: str, columns: tuple[str, ...], rows: list[dict[str, str]]
) -> Section:
    t = reader.tongue
    if not rows:
        return Section(title, lines=((t("How many"), "0"),))
    return Section(title, columns=tuple((name, t.word(room, name)) for name in columns), rows=tuple(rows))


def _moment(reader: Reader, at: str | None) -> str:
    return "" if at is None else reader.tongue.moment(datetime.fromisoformat(at))
