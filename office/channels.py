"""Keeping the channels of somebody: added, taken away, sent a code, and the code given back."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from activities.kernel.channels import DeferredError, NotDeliveredError, UnansweredError
from cases.refusal_words import PAGE
from cases.staff_channels import (
    ADD,
    CONFIRM,
    REMOVE,
    TEST,
    SendCode,
    add_channel,
    confirm_channel,
    keeps_channels,
    remove_channel,
    send_code,
)
from office.context import Office, office_of
from office.pages import Reader, go, reader_of
from office.people import person_page
from office.posted import form_of
from office.words import Tongue
from schemas.kernel.refusals import Refusal, text_of

SEND_WITHIN: Final = 10.0
"""Seconds that somebody waits for a mail server or a gateway."""


async def add(request: Request) -> Response:
    """Another channel, or another address of one."""
    reader, staff_id, given = await _sent(request, ADD, "channel", "address")
    if not given["channel"]:
        return await _missing(request, reader, staff_id, "channel", given)
    pool, address = office_of(request).gateway.pool, given["address"] or None
    try:
        await add_channel(pool, reader.actor.id, staff_id, given["channel"], address)
    except Refusal as refusal:
        return await _refused(request, reader, staff_id, refusal, given)
    return go(f"/people/{staff_id}?said=changed")


async def remove(request: Request) -> Response:
    """A channel less."""
    reader, staff_id, given = await _sent(request, REMOVE, "channel")
    try:
        await remove_channel(office_of(request).gateway.pool, reader.actor.id, staff_id, given["channel"])
    except Refusal as refusal:
        return await _refused(request, reader, staff_id, refusal)
    return go(f"/people/{staff_id}?said=changed")


async def test(request: Request) -> Response:
    """A code, sent by a channel."""
    reader, staff_id, given = await _sent(request, TEST, "channel")
    office = office_of(request)
    try:
        await send_code(office.gateway.pool, reader.actor.id, staff_id, given["channel"], _patient(office))
    except Refusal as refusal:
        return await _refused(request, reader, staff_id, refusal)
    except NotDeliveredError as fault:
        passes = isinstance(fault, DeferredError | UnansweredError)
        status = HTTPStatus.SERVICE_UNAVAILABLE if passes else HTTPStatus.CONFLICT
        general = (_not_taken(reader.tongue, fault),)
        return await person_page(request, reader, staff_id, general=general, status=status)
    return go(f"/people/{staff_id}?said=code-sent")


async def confirm(request: Request) -> Response:
    """The code that came."""
    reader, staff_id, given = await _sent(request, CONFIRM, "code")
    if not given["code"]:
        return await _missing(request, reader, staff_id, "code")
    try:
        await confirm_channel(office_of(request).gateway.pool, reader.actor.id, staff_id, given["code"])
    except Refusal as refusal:
        return await _refused(request, reader, staff_id, refusal)
    return go(f"/people/{staff_id}?said=channel-tested")


async def _sent(request: Request, act: str, *fields: str) -> tuple[Reader, str, dict[str, str]]:
    reader = await reader_of(request)
    sent, staff_id = await form_of(request, reader), request.path_params["staff_id"]
    if not keeps_channels(reader.actor, act, staff_id):
        raise HTTPException(404)
    return reader, staff_id, {name: str(sent.get(name, "")).strip() for name in fields}


async def _missing(
    request: Request, reader: Reader, staff_id: str, field: str, given: Mapping[str, str] | None = None
) -> Response:
    faults = {field: reader.tongue("Give this.")}
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return await person_page(request, reader, staff_id, given=given or {}, faults=faults, status=status)


async def _refused(
    request: Request, reader: Reader, staff_id: str, refusal: Refusal, given: Mapping[str, str] | None = None
) -> Response:
    """The page with a refusal: beside the field that it is about, if it is about one."""
    text = PAGE.text(refusal, reader.tongue.language)
    told: dict[str, Any] = {"general": (text,), "status": HTTPStatus.CONFLICT}
    if fields := text_of(refusal.code).fields:
        told = {"faults": {fields[0]: text}, "status": HTTPStatus.UNPROCESSABLE_ENTITY}
    return await person_page(request, reader, staff_id, given=given or {}, **told)


def _patient(office: Office) -> SendCode:
    """Sending of a code by these pages, for as long as somebody waits for it."""

    async def send(to: Mapping[str, Any], code: str) -> None:
        if office.send_code is None:
            raise DeferredError("connect-failed")
        try:
            async with asyncio.timeout(SEND_WITHIN):
                await office.send_code(to, code)
        except TimeoutError:
            raise UnansweredError("no-answer") from None

    return send


def _not_taken(t: Tongue, fault: NotDeliveredError) -> str:
    why = t.undelivered(fault.reason)
    if isinstance(fault, DeferredError):
        return t("The code was not taken ({why}). Try again in some minutes; the channel is kept.", why=why)
    if isinstance(fault, UnansweredError):
        return t("No answer came ({why}). If a code arrives, give it back; else have another sent.", why=why)
    return t("The code was refused ({why}). Tell the administrators; the channel is kept.", why=why)
