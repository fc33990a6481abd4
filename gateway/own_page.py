"""The page of a reader who is no staff, behind the link in each of their letters: what is still to be done.

It shows what the process's `own_views` give of the case and nothing else; what the reader does there is a
fact of the case like any other. Looking changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

import asyncpg
from pydantic import AwareDatetime, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from activities.kernel.acting import THE_HOST, act_for
from activities.kernel.queries import queries
from cases.fields import choices_of, kind_of
from cases.own_pages import Outcome, Said, Words, tell, told, told_before, words_of
from cases.refusal_words import PAGE
from cases.registry import ROOMS
from cases.states import read_state
from gateway import upload_page
from gateway.context import gateway_of
from gateway.events import door_of
from gateway.pages import INCOMPLETE, page
from schemas.kernel.japan import TOKYO
from schemas.kernel.payload import Payload
from schemas.kernel.refusals import Refusal, RefusalKind
from schemas.kernel.texts import storable
from workflows.kernel.own_view import Act, Ask, OwnView, ToDo

SQL: Final = queries("kernel/answers")
AFTER_THE_END: Final = timedelta(days=30)
"""For which a page is shown after its case has ended."""
_MOMENTS: Final = (datetime, AwareDatetime)
_FORM_LIMIT: Final = 16 * 1024
_FIELDS_LIMIT: Final = 20
_LONGEST_NUMBER: Final = 9
_TAKEN: Final[Words] = ("受け付けました。", "Done. It is recorded.")
_KNOWN: Final[Words] = ("すでに受け付けています。", "This was recorded before.")
_WAITING: Final[Words] = (
    "受け付けました。反映まで少し時間がかかります。しばらくしてからこのページを開き直してください。",
    "Received. It takes a moment until it shows: open this page again in a while.",
)
_NOT_TAKEN: Final[Words] = ("受け付けられませんでした。", "It was not recorded.")
_NOT_NOW: Final[Words] = (
    "この手続きは現在受け付けていません。期限が過ぎたか、状況が変わりました。",
    "This is not possible now: the time for it is over, or something has changed.",
)
_AWAY: Final[Words] = (
    "ただいま受け付けられません。しばらくしてから再度送信してください（二重に記録されません）。",
    "It cannot be recorded now. Send it again in a while; it is recorded once.",
)
_SURE: Final[Words] = (
    "取り消せません。よろしければもう一度ボタンを押してください。",
    "This cannot be undone. Press the button again if you are sure.",
)


@dataclass(frozen=True)
class _Field:
    """A field of a form: a choice, a moment, or a line."""

    name: str
    label: Words
    type: str
    choices: Mapping[str, Words]


@dataclass(frozen=True)
class _Form:
    """What the reader may do, as the page offers it; `values`: of what is asked for a second time."""

    act: str
    title: Words
    note: Words | None
    fields: tuple[_Field, ...]
    values: Mapping[str, str] | None = None


@dataclass(frozen=True)
class _Line:
    """One thing to do, in words."""

    title: Words
    done: bool
    until: Words | None
    why: Words | None
    where: Words | None
    proof: Words | None
    then: Words | None


@dataclass(frozen=True)
class Own:
    """The page of a link: whose, of which case, and what it shows now."""

    row: asyncpg.Record
    view: OwnView

    @property
    def reader(self) -> str:
        """The kind of reader."""
        return str(self.row["recipient_kind"])

    @property
    def room(self) -> str:
        """Whose words it speaks."""
        return ROOMS[self.row["process"]].process.room

    @cached_property
    def uploads(self) -> upload_page.Asked:
        """The documents that its reader may send now."""
        return upload_page.wanted_of(self.row)

    def act(self, name: str) -> Act | None:
        """What the reader may do now, by its name; None: not that."""
        return next((act for act in self.view.acts if act.name == name), None)

    def fact(self, act: Act) -> type[Payload]:
        """The model of what an act tells."""
        return ROOMS[self.row["process"]].process.events[act.fact].data


async def own_of(request: Request, notice_id: str | None) -> Own | None:
    """The page that the link of a request opens; None: it opens none of these."""
    act_for(THE_HOST)  # the link proves who reads, and the page shows what is theirs and no more
    pool = gateway_of(request).pool
    row = await pool.fetchrow(SQL["own"], notice_id, AFTER_THE_END) if notice_id else None
    if row is None or row["process"] not in ROOMS:
        return None
    view = ROOMS[row["process"]].process.own_views.get(row["recipient_kind"])
    if view is None:
        return None
    return Own(row, view(await read_state(pool, row), datetime.now(UTC)))


def show(own: Own) -> Response:
    """What is to be done, with a form for each thing that can be done here."""
    return _page(HTTPStatus.OK, own)


async def receive(request: Request, own: Own) -> Response:
    """Take a document or what a form says; the same form again is one fact."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        status, said, headers = await upload_page.take(request, own.uploads)
        fresh = await own_of(request, own.row["notice_id"]) or own
        return _page(status, fresh, *said, headers=headers)
    try:
        raw = await door_of(request).body_of(request, _FORM_LIMIT)
        given = {
            name: values[0].strip()
            for name, values in parse_qs(raw.decode(), max_num_fields=_FIELDS_LIMIT).items()
        }
        seen = _number(given.pop("seen", ""))
        name, sure = given.pop("act", ""), given.pop("sure", "") == "yes"
        if seen is None or not all(storable(each) for each in given.values()):
            return _page(HTTPStatus.BAD_REQUEST, own, INCOMPLETE)
    except ValueError:
        return _page(HTTPStatus.BAD_REQUEST, own, INCOMPLETE)
    return await _do(request, own, name, given, seen, sure=sure)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


async def _do(
    request: Request, own: Own, name: str, given: Mapping[str, str], seen: int, *, sure: bool
) -> Response:
    pool, act = gateway_of(request).pool, own.act(name)
    if act is None:
        before = await told_before(pool, own.row, own.reader, name, given, seen)
        if before is None:
            return _page(HTTPStatus.CONFLICT, own, _NOT_NOW)
        return await _answered(request, own, before)
    try:
        asked = {ask.name: _value(own.fact(act), ask, given[ask.name]) for ask in act.asks}
        data = (
            own.fact(act).model_validate({**act.given, **asked}).model_dump(mode="json", exclude_unset=True)
        )
    except (KeyError, ValueError, ValidationError):
        return _page(HTTPStatus.BAD_REQUEST, own, INCOMPLETE)
    if act.confirm and not sure:
        return _page(HTTPStatus.OK, own, _SURE, sure_of=_form(own, act, given))
    try:
        outcome = await tell(pool, own.row, own.reader, act, Said(given, data), seen)
    except Refusal as refusal:
        return _refused(own, refusal)
    return await _answered(request, own, outcome)


def _value(model: type[Payload], ask: Ask, text: str) -> Any:
    if ask.choices and text not in ask.choices:
        raise ValueError(ask.name)
    if kind_of(model.model_fields[ask.name]) in _MOMENTS:
        # the clock of the place to which they come
        return datetime.fromisoformat(text).replace(tzinfo=TOKYO)
    return text


async def _answered(request: Request, own: Own, outcome: Outcome) -> Response:
    fresh = await own_of(request, own.row["notice_id"]) or own
    if outcome.refusal is not None:
        return _refused(fresh, outcome.refusal)
    said = {"taken": _TAKEN, "known": _KNOWN, "waiting": _WAITING}[outcome.state]
    return _page(HTTPStatus.OK, fresh, said)


def _refused(own: Own, refusal: Refusal) -> Response:
    if refusal.kind is RefusalKind.UNAVAILABLE:
        return _page(HTTPStatus.SERVICE_UNAVAILABLE, own, _AWAY)
    why = PAGE.text(refusal, "ja"), PAGE.text(refusal, "en")
    return _page(HTTPStatus.CONFLICT, own, _NOT_TAKEN, why)


def _line(room: str, todo: ToDo) -> _Line:
    ja, en = words_of(room, "todos", todo.code)
    if todo.about is not None:
        about = told(room, "about", todo.about)
        ja, en = f"{ja}（{about[0]}）", f"{en} ({about[1]})"
    return _Line(
        (ja, en),
        todo.done,
        None if todo.until is None else told(room, "until", todo.until),
        None if todo.why is None else words_of(room, "why", todo.why),
        _maybe(room, "where", todo.code),
        _maybe(room, "proof", todo.code),
        None if todo.then is None else words_of(room, "then", todo.then),
    )


def _maybe(room: str, kind: str, code: str) -> Words | None:
    try:
        return words_of(room, kind, code)
    except KeyError:
        return None


def _form(own: Own, act: Act, values: Mapping[str, str] | None = None) -> _Form:
    room = own.room
    fields = tuple(_field(room, own.fact(act), ask) for ask in act.asks)
    return _Form(
        act.name, words_of(room, "acts", act.name), _maybe(room, "act_notes", act.name), fields, values
    )


def _field(room: str, model: type[Payload], ask: Ask) -> _Field:
    kind = kind_of(model.model_fields[ask.name])
    choices = {each: told(room, ask.name, each) for each in ask.choices or choices_of(kind)}
    return _Field(
        ask.name,
        words_of(room, "fields", ask.name),
        "datetime-local" if kind in _MOMENTS else "text",
        choices,
    )


def _page(
    status: HTTPStatus,
    own: Own,
    *said: Words,
    sure_of: _Form | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    room, view = own.room, own.view
    lines = [_line(room, each) for each in view.todos]
    return page(
        status,
        "own_page.html",
        headers or {},
        said=said,
        stands=words_of(room, "stands", view.stands),
        why=None if view.why is None else words_of(room, "why", view.why),
        facts=[
            (words_of(room, "facts", name), told(room, name, value)) for name, value in view.facts.items()
        ],
        waiting=[each for each in lines if not each.done],
        done=[each for each in lines if each.done],
        forms=[sure_of] if sure_of is not None else [_form(own, act) for act in view.acts],
        uploads=[] if sure_of is not None else list(own.uploads.wanted.values()),
        seen=own.row["version"],
    )
