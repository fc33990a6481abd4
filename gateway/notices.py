"""`/notices/{notice_id}`: a notice as it will be sent, and what the office does to it before it goes."""

from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.notice_acts import Act, Asked, act_on
from cases.notices import notice_seen, read_notice
from cases.sight import roles_that_see_whole
from encryption.case_keys import opened
from gateway.context import gateway_of
from gateway.listing import PRIVATE
from gateway.operation import Operation
from gateway.request_parsing import Prose, body_of, checked, key_of, note_request, query_of, version_of
from gateway.responses import Answer
from gateway.staff import require_role, staff_of
from workflows.kernel.sight import Field

_CONFIG: Final = ConfigDict(
    frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
)


class NoticeQuery(BaseModel):
    """How much of it."""

    model_config = _CONFIG

    personal: Annotated[str, StringConstraints(pattern="^(true|false)$")] = "false"
    """`true`: with its letters, reasons and words, for who sees what is personal of the case."""


class NoticeReasonBody(BaseModel):
    """Why it is done."""

    model_config = _CONFIG

    reason: Prose


class NoticeReleaseBody(BaseModel):
    """Why it is released, if there is something to say."""

    model_config = _CONFIG

    reason: Prose | None = None


class NoticeWordsBody(NoticeReasonBody):
    """Plain text that stands before the letter's own; in neither language: the letter alone again."""

    ja: Prose | None = None
    en: Prose | None = None


class NoticeActTold(Answer):
    """What somebody did to a notice; what they said only with what is personal."""

    revision: int
    act: Act
    staff_id: str
    at: datetime
    reason: str | None
    ja: str | None
    en: str | None


class LetterTold(Answer):
    """A notice as it would be written now; `sent`: it is this one that goes. A dash: it cannot be written."""

    language: str | None
    sent: bool
    address: str | None
    subject: str
    text: str


class NoticeTold(Answer):
    """A notice and its history; `held_since`: a person holds it; `held_long`: for over a day."""

    notice_id: str
    case_id: str | None
    process: str
    message: str
    channel: str
    urgent: bool
    recipient_kind: str
    state: str
    reason: str | None
    attempts: int
    queued_at: datetime
    held_until: datetime | None
    held_since: datetime | None
    held_long: bool
    sent_at: datetime | None
    revision: int
    changed: bool
    """The office has put words before its own."""
    history: tuple[NoticeActTold, ...]
    letters: tuple[LetterTold, ...] | None


class NoticeDone(Answer):
    """A notice as an act has left it; `repeated`: this is the first answer again."""

    notice_id: str
    case_id: str
    act: Act
    revision: int
    state: str
    held_since: datetime | None
    repeated: bool


def routes() -> list[Route]:
    """Its routes."""
    path = "/notices/{notice_id}"
    return [
        Route(path, show_notice, methods=["GET"]),
        *(Route(f"{path}/{name}", act_over_http, methods=["POST"], name=name) for name in _BODIES),
    ]


_BODIES: Final[dict[str, type[BaseModel]]] = {
    "hold": NoticeReasonBody,
    "release": NoticeReleaseBody,
    "cancel": NoticeReasonBody,
    "words": NoticeWordsBody,
}


async def show_notice(request: Request) -> Response:
    """A notice, its history, and with what is personal the letter as it will be sent; the read is noted."""
    gateway, actor = gateway_of(request), await staff_of(request)
    personal = query_of(request, NoticeQuery).personal == "true"
    row, seen = await notice_seen(gateway.pool, request.path_params["notice_id"], actor)
    if personal and Field.PERSONAL not in seen:
        require_role(actor, roles_that_see_whole(Field.PERSONAL, row["process"]) - set(actor.roles))
    keys = gateway.vault
    told = await read_notice(gateway.pool, row, actor, (keys, partial(opened, keys)) if personal else None)
    shown = NoticeTold.model_validate(told, extra="ignore")
    return _answer(shown)


async def act_over_http(request: Request) -> Response:
    """Do an act to it; the same request again is answered as the first."""
    gateway, actor = gateway_of(request), await staff_of(request)
    notice_id, name = request.path_params["notice_id"], request.url.path.rpartition("/")[2]
    await notice_seen(gateway.pool, notice_id, actor)
    key, seen = str(key_of(request)), version_of(request)
    raw, _ = await body_of(request)
    said: dict[str, Any] = checked(_BODIES[name], raw).model_dump(exclude_none=True)
    reason = said.pop("reason", None)
    act = Act(name) if name != "words" else Act.CHANGE if said else Act.RESTORE
    await note_request(gateway.pool, actor, key, f"{name} {notice_id}", raw)
    asked = Asked(act, key, reason, seen, said)
    return _answer(
        NoticeDone.model_validate(
            await act_on(gateway.pool, notice_id, actor, asked, gateway.vault), from_attributes=True
        )
    )


def _answer(told: NoticeTold | NoticeDone) -> Response:
    headers = {**PRIVATE, "ETag": f'"{told.revision}"'}
    return JSONResponse(told.model_dump(mode="json"), headers=headers)


_SUMMARIES: Final = {
    "hold": "Hold a notice that is queued: it does not leave until it is released.",
    "release": "Release a notice that is held: it goes at its next time, quiet hours counted.",
    "cancel": "Cancel a notice that is queued: it is never sent.",
    "words": "Put words of the office before those of a letter, or put it back to the letter alone.",
}
OPERATIONS: Final = (
    Operation(
        "GET",
        "/notices/{notice_id}",
        "show-notice",
        "Show a notice with its history, and the letter as it will be sent.",
        query=NoticeQuery,
        responses={HTTPStatus.OK: NoticeTold},
    ),
    *(
        Operation(
            "POST",
            f"/notices/{{notice_id}}/{name}",
            f"{name}-notice" if name != "words" else "change-notice",
            _SUMMARIES[name],
            request=body,
            headers={"Idempotency-Key": True, "If-Match": True},
            responses={HTTPStatus.OK: NoticeDone},
        )
        for name, body in _BODIES.items()
    ),
)
