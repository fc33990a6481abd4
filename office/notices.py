"""A notice on its page: the letter as it will be sent, and what the office does to it before it goes."""

from functools import partial
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from cases.notice_acts import WAITING, Act, Asked, act_on, may_change
from cases.notices import notice_seen, read_notice
from cases.refusal_words import PAGE
from cases.registry import PROCESSES
from encryption.case_keys import opened
from office.context import office_of
from office.pages import Reader, go, page, reader_of
from office.posted import form_of, key_in, new_key, number_in
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field

ACTS: Final = {
    "hold": "Hold it: it does not leave until it is released",
    "release": "Release it: it goes at its next time",
    "cancel": "Cancel it: it is never sent",
    "change": "Put words of the office before the letter",
    "restore": "Put it back to the letter alone",
}
LIMIT: Final = 4000


async def show(request: Request) -> Response:
    """The notice, its letters where the reader may see them, and what was done to it."""
    return await _show(request, await reader_of(request), {}, new_key())


async def receive(request: Request) -> Response:
    """Do an act to it; the same form again does nothing more."""
    reader = await reader_of(request)
    given = await form_of(request, reader)
    key, seen, t = key_in(given), number_in(given, "revision"), reader.tongue
    typed = {name: str(given.get(name, "")).replace("\r\n", "\n").strip() for name in ("reason", "ja", "en")}
    if any(len(each) > LIMIT for each in typed.values()):
        told = t("At most {limit} characters.", limit=LIMIT)
        return await _show(request, reader, typed, key, (told,), HTTPStatus.UNPROCESSABLE_ENTITY)
    gateway, notice_id = office_of(request).gateway, request.path_params["notice_id"]
    await notice_seen(gateway.pool, notice_id, reader.actor)
    name = str(given.get("act", ""))
    act = Act(name) if name in ACTS else Act.HOLD
    words = {name: typed[name] for name in ("ja", "en") if typed[name]} if act is Act.CHANGE else {}
    asked = Asked(act, key, typed["reason"] or None, seen, words)
    try:
        await act_on(gateway.pool, notice_id, reader.actor, asked, gateway.vault)
    except Refusal as refusal:
        told = PAGE.text(refusal, t.language)
        return await _show(request, reader, typed, new_key(), (told,), HTTPStatus.CONFLICT)
    return go(f"/notices/{notice_id}?said=changed")


async def _show(
    request: Request,
    reader: Reader,
    typed: dict[str, str],
    key: str,
    general: tuple[str, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    gateway = office_of(request).gateway
    row, seen = await notice_seen(gateway.pool, request.path_params["notice_id"], reader.actor)
    keys = gateway.vault
    personal = (keys, partial(opened, keys)) if Field.PERSONAL in seen else None
    told = await read_notice(gateway.pool, row, reader.actor, personal)
    may = not may_change(row["process"]).isdisjoint(reader.actor.roles) and row["case_id"] is not None
    values: dict[str, Any] = {
        "notice": told,
        "process": PROCESSES[row["process"]],
        "acts": _acts(told) if may and told["state"] in WAITING else [],
        "typed": {name: typed.get(name, "") for name in ("reason", "ja", "en")},
        "key": key,
        "general": general,
    }
    return page(request, reader, "notice.html", status, **values)


def _acts(told: dict[str, Any]) -> list[tuple[str, str]]:
    held = told["held_since"] is not None
    names = ["release" if held else "hold", "cancel", "change", *(["restore"] if told["changed"] else [])]
    return [(name, ACTS[name]) for name in names]
