"""`/answers/{token}`: who was asked by a letter answers on a small page, by the link in it and nothing else.

Whoever has the link answers, so it stands in no log. Looking changes nothing: mail scanners follow links.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

import asyncpg
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activities.kernel.acting import THE_HOST, act_for
from activities.kernel.message_templates import LANGUAGES, Office, Reader, Rendered, render
from activities.kernel.queries import queries
from activities.kernel.wording import blocks
from cases.decisions import NotDecided, decide, made_before, text_fields
from cases.refusal_words import PAGE
from cases.registry import ROOMS
from encryption.answer_links import notice_of
from gateway import own_page, upload_page
from gateway.answer_form import Input, Words, inputs_of
from gateway.context import gateway_of
from gateway.decisions import body_model
from gateway.events import door_of
from gateway.pages import INCOMPLETE, page
from schemas.kernel.case import Actor, Command
from schemas.kernel.refusals import RefusalKind
from schemas.kernel.texts import storable

SQL: Final = queries("kernel/answers")
VALID_FOR: Final = timedelta(days=180)
"""However long a policy may leave for an answer."""
_FORM_LIMIT: Final = 64 * 1024
_FIELDS_LIMIT: Final = 50
_TRIES: Final = 3
"""For a case that changes between our look at it and the decision."""
_RECORDED: Final[Words] = ("ご回答を記録しました。", "Your answer is recorded.")
_RECORDED_BEFORE: Final[Words] = (
    "このご回答は記録済みです。その後に届いたご連絡がある場合は、そちらをご覧ください。",
    "This answer was recorded before. If you have received another message since, that one counts.",
)
_OVER: Final[Words] = (
    "このご依頼への回答の受付は終了しました。再度のご依頼が届いている場合は、そのリンクからご回答ください。",
    "This question is over. If you have been asked again since, answer by the link in that message.",
)
_NO_SUCH: Final[Words] = (
    "ページが見つかりません。メールのリンク全体を開いてください。",
    "There is no such page. Open the whole link in the message.",
)
_AWAY: Final[Words] = (
    "ただいま記録を確認できません。しばらくしてから再度送信してください（二重に記録されません）。",
    "It is not known now whether it was recorded. Send it again in a while; it is recorded once.",
)
_NOT_RECORDED: Final[Words] = ("回答は記録されませんでした。", "Your answer was not recorded.")


class NoSuchPage(Exception):  # noqa: N818 - an answer, which does not say why
    """A link that is not of our making, or of too long ago; or its reader has left."""


@dataclass(frozen=True)
class _Asked:
    """What a letter asks, of whom."""

    row: asyncpg.Record
    command: type[Command]
    actor: Actor
    facts: Mapping[str, Any]

    @property
    def form(self) -> list[Input]:
        return inputs_of(self.command, ROOMS[self.row["process"]].process.room, self.facts)

    def letter(self, language: str) -> Rendered:
        """The letter without its reader's name."""
        room = ROOMS[self.row["process"]]
        reader = Reader("staff", "", language)
        told = room.messages[self.row["message"]].facts
        return render(room.process.room, self.row["message"], told, self.facts, reader, Office())


def routes() -> list[Route]:
    """The page and its form."""
    return [
        Route("/answers/{token}", show, methods=["GET"]),
        Route("/answers/{token}", answer, methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    """What is asked, with a form; or that it is over."""
    await door_of(request).count_address(request)
    if (own := await _own(request)) is not None:
        return own_page.show(own)
    if (wanted := await _wanted(request)) is not None:
        return upload_page.show(wanted)
    asked = await _asked(request)
    if asked.row["over"]:
        return _page(HTTPStatus.GONE, asked, _OVER)
    return _page(HTTPStatus.OK, asked, form=True)


async def answer(request: Request) -> Response:
    """Decide as the reader of the letter; pressed twice it is one decision."""
    door = door_of(request)
    await door.count_address(request)
    if (own := await _own(request)) is not None:
        return await own_page.receive(request, own)
    if (wanted := await _wanted(request)) is not None:
        return await upload_page.receive(request, wanted)
    asked = await _asked(request)
    try:
        given = parse_qs((await door.body_of(request, _FORM_LIMIT)).decode(), max_num_fields=_FIELDS_LIMIT)
        values = {
            each.name: chosen for each in asked.form if (chosen := given.get(each.name, [""])[0].strip())
        }
        if not all(storable(each) for each in values.values()):
            return _page(HTTPStatus.BAD_REQUEST, asked, INCOMPLETE, form=True)
        body_model(asked.command).model_validate(values)
    except (ValidationError, ValueError):
        return _page(HTTPStatus.BAD_REQUEST, asked, INCOMPLETE, form=True)
    for last in (False,) * (_TRIES - 1) + (True,):
        try:
            return await _decide(request, asked, values)
        except NotDecided as refusal:
            if refusal.kind is not RefusalKind.STALE or last:
                return _refused(asked, refusal)
    raise AssertionError("the last try has an answer")


async def _own(request: Request) -> own_page.Own | None:
    """The page of a reader who is no staff, where their process has one; else None."""
    return await own_page.own_of(request, notice_of(gateway_of(request).ring, request.path_params["token"]))


async def _wanted(request: Request) -> upload_page.Asked | None:
    """Which documents the link of a request asks for; None where it asks for a decision."""
    notice_id = notice_of(gateway_of(request).ring, request.path_params["token"])
    return await upload_page.asked_by(request, notice_id, VALID_FOR)


async def _asked(request: Request) -> _Asked:
    """What the link of a request asks.

    Raises:
        NoSuchPage: nothing.
    """
    gateway = gateway_of(request)
    act_for(THE_HOST)  # the link proves who decides, and shows what it asks and no more
    notice_id = notice_of(gateway.ring, request.path_params["token"])
    row = await gateway.pool.fetchrow(SQL["asked"], notice_id, VALID_FOR) if notice_id else None
    process = ROOMS[row["process"]].process if row is not None and row["process"] in ROOMS else None
    if row is None or process is None or row["decision"] not in process.commands:
        raise NoSuchPage
    may = process.roles_of(row["decision"])
    # a link is good for what it asks, and not for whatever else its reader may do
    actor = Actor(id=row["recipient_id"], roles=tuple(role for role in row["roles"] if role in may))
    facts = json.loads(row["facts"])
    return _Asked(row, process.commands[row["decision"]], actor, facts)


async def _decide(request: Request, asked: _Asked, values: Mapping[str, str]) -> Response:
    gateway = gateway_of(request)
    case = await gateway.pool.fetchrow(queries("kernel/office")["case"], asked.row["case_id"])
    # looked at again after the case's version is known, by which the decision is refused if that has changed
    asked = await _asked(request)
    if case is None or asked.row["over"]:
        return _page(HTTPStatus.GONE, asked, _OVER)
    said = json.dumps([asked.row["notice_id"], sorted(values.items())])
    frame = {
        "command_id": f"link-{hashlib.sha256(said.encode()).hexdigest()[:40]}",
        "actor": asked.actor,
        "case_version": case["version"],
    }
    words = text_fields(asked.command)
    own = {name: value for name, value in values.items() if name not in words}
    command = asked.command.model_validate(frame | own)
    if await made_before(gateway.pool, case, command.cause) is not None:
        return _page(HTTPStatus.OK, asked, _RECORDED_BEFORE, values=values)
    said_too = {name: value for name, value in values.items() if name in words}
    receipt = await decide(
        gateway.pool, gateway.connected_to(case["case_id"]), case, command, said_too, gateway.vault
    )
    return _page(HTTPStatus.OK, asked, _RECORDED_BEFORE if receipt.repeated else _RECORDED, values=values)


def _refused(asked: _Asked, refusal: NotDecided) -> Response:
    if refusal.kind in (RefusalKind.UNAVAILABLE, RefusalKind.STALE):
        return _page(HTTPStatus.SERVICE_UNAVAILABLE, asked, _AWAY, form=True)
    why = PAGE.text(refusal, "ja"), PAGE.text(refusal, "en")
    if refusal.kind is RefusalKind.WRONG_STAGE:
        return _page(HTTPStatus.GONE, asked, _OVER, why)
    return _page(HTTPStatus.CONFLICT, asked, _NOT_RECORDED, why, form=True)


async def no_such_page(request: Request, _error: Exception) -> Response:
    """404, without saying why.

    Raises:
        Problem: 429 after many of these.
    """
    await door_of(request).count_refused(request)
    return _page(HTTPStatus.NOT_FOUND, None, _NO_SUCH)


def _page(
    status: HTTPStatus,
    asked: _Asked | None,
    *said: Words,
    form: bool = False,
    values: Mapping[str, str] | None = None,
) -> Response:
    """The page: what is said, what was asked, and the form or the answer that was given."""
    letters = {each: asked.letter(each) for each in LANGUAGES} if asked else {}
    inputs = asked.form if asked else []
    chosen = [
        (each.label, (each.choices or {}).get(values[each.name], (values[each.name],) * 2))
        for each in inputs
        if values and each.name in values
    ]
    return page(
        status,
        "answer_page.html",
        said=said,
        letters={name: (each.subject, blocks(each.body)) for name, each in letters.items()},
        inputs=inputs if form else [],
        chosen=chosen,
    )
