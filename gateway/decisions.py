"""`POST /cases/{case_id}/decisions/{name}`: every decision of every process, by the person of the token."""

from functools import cache
from http import HTTPStatus
from typing import Annotated, Any, Final

import asyncpg
from pydantic import BaseModel, ConfigDict, StringConstraints, create_model
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from temporalio.client import Client

from cases.decisions import TEXT_FIELDS, NotDecided, decide, made_before, text_field
from cases.registry import PROCESSES
from gateway.access import find_case, may_read, no_such_case, stage_text
from gateway.context import gateway_of
from gateway.problems import Fault, Problem, invalid, unavailable
from gateway.request_parsing import body_of, checked, key_of, note_request, version_of
from gateway.responses import Decided
from gateway.staff import staff_of
from schemas.kernel.case import Command, Receipt
from schemas.kernel.identifiers import ProcessName
from schemas.kernel.refusals import RefusalKind

STATUS_OF: Final = {
    RefusalKind.INVALID: HTTPStatus.BAD_REQUEST,
    RefusalKind.WRONG_STAGE: HTTPStatus.CONFLICT,
    RefusalKind.STALE: HTTPStatus.PRECONDITION_FAILED,
    RefusalKind.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    RefusalKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalKind.CONFLICT: HTTPStatus.CONFLICT,
}
NOT_FROM_OUTSIDE: Final = frozenset({"command_id", "actor", "case_version", "policy", *TEXT_FIELDS})
"""Fields of commands that no body may have: the frame, ids of texts, and what the workflow looks up."""
_SENT: Final = {
    "unknown-task": "task",
    "unknown-deadline": "deadline",
    "unknown-item": "item",
    "unknown-duplicate": "duplicate",
    "unknown-reason": "reason",
    "score-unknown": "criteria",
    "reviewer-unknown": "reviewer",
    "assignee-unfit": "assignee",
    "policy-unknown": "policy",
    "invalid-message": "faults",
}
"""Parameters of refusals that say back what was sent and is on no record."""
_WORDS: Final = {
    "stale-version": (
        (
            "The case has changed since you looked: you saw version {seen}, it is now {current}. "
            "Get the case again and repeat with its ETag."
        ),
        (
            "表示後に案件が更新されています（確認した版 {seen}、現在の版 {current}）。"
            "案件を再取得し、その ETag を付けて再送してください。"
        ),
    ),
    "duplicate-unnamed": (
        "There is more than one candidate ({candidates}); name whose applicant it is in duplicate_of.",
        "候補が複数あります（{candidates}）。同一の志願者の案件を duplicate_of に指定してください。",
    ),
    "reason-required": ("'{step}' needs a reason in words.", "「{step}」には理由の記入が必要です。"),
    "no-such-case": ("There is no such case.", "該当する案件はありません。"),
}
"""Where the rules' own sentence speaks of the command line."""
_AWAY: Final = {
    "no-answer": (
        (
            "No worker answered in time. The decision may still be made: repeating the same request with "
            "the same Idempotency-Key is safe and tells."
        ),
        (
            "時間内に応答がありませんでした。処理される可能性がありますが、"
            "同じ Idempotency-Key での再送は安全です。"
        ),
    ),
    "not-sent": (
        "Temporal did not take the decision; nothing was changed. Send the same request again.",
        "Temporal に送信できませんでした。変更はありません。同じリクエストを再送してください。",
    ),
    "outcome-unknown": (
        (
            "Temporal's answer was lost. The decision may have been made, or may still be: repeating the "
            "same request with the same Idempotency-Key is safe and tells."
        ),
        (
            "Temporal の応答を受け取れませんでした。処理された、またはこれから処理される可能性がありますが、"
            "同じ Idempotency-Key での再送は安全で、結果が得られます。"
        ),
    ),
    "workflow-lost": (
        (
            "The case is open, its workflow is gone. Operations must restart it (iehe case restart); then "
            "repeat the same request with the same Idempotency-Key: the decision is made once."
        ),
        (
            "案件は継続中ですがワークフローがありません。運用担当による再開（iehe case restart）の後、"
            "同じ Idempotency-Key で再送してください。二重に処理されることはありません。"
        ),
    ),
}
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


@cache
def body_model(command: type[Command]) -> type[BaseModel]:
    """The body of a decision: the command's own fields, and its text in words instead of an id."""
    fields: dict[str, Any] = {
        name: (field.annotation, field)
        for name, field in command.model_fields.items()
        if name not in NOT_FROM_OUTSIDE
    }
    if (reference := text_field(command)) is not None:
        fields[TEXT_FIELDS[reference]] = (Words | None, None)
    model: type[BaseModel] = create_model(
        f"{command.__name__}Body",
        __config__=ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True),
        __doc__=command.__doc__,
        **fields,
    )
    return model


async def decide_over_http(request: Request) -> Response:
    """Make a decision; the same request again is answered with the first receipt."""
    gateway = gateway_of(request)
    actor = await staff_of(request)
    case_id, name = request.path_params["case_id"], request.path_params["name"]
    readable = await may_read(gateway.pool, case_id, actor)
    row = await _row(gateway.pool, case_id, readable=readable)
    command_type = PROCESSES[ProcessName(row["process"])].commands.get(name)
    if command_type is None:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "no-such-decision",
            "The process of this case has no such decision.",
            "この手続きにそのような決定はありません。",
        )
    key = key_of(request)
    version = version_of(request)
    raw, _ = await body_of(request)
    values = checked(body_model(command_type), raw).model_dump(exclude_unset=True)
    reference = text_field(command_type)
    text = values.pop(TEXT_FIELDS[reference], None) if reference else None
    frame = {"command_id": key, "actor": actor, "case_version": version}
    command = command_type.model_validate(frame | values)
    await note_request(gateway.pool, actor, str(key), f"{name} {case_id}", raw)
    receipt = await made_before(gateway.pool, row, command.cause)
    if not readable:
        # who was released from a case may ask again what was answered then, and not how it goes on
        if receipt is None:
            raise no_such_case()
        receipt = receipt.model_copy(update={"outcome": None, "waiting_for": None, "due_at": None})
    if receipt is None:

        async def client() -> Client:
            return gateway.client

        try:
            receipt = await decide(gateway.pool, client, row, command, text)
        except NotDecided as refused:
            raise as_problem(refused) from None
    return _answer(row["process"], receipt)


async def _row(pool: asyncpg.Pool, case_id: str, *, readable: bool) -> asyncpg.Record:
    try:
        return await find_case(pool, case_id)
    except Problem:
        if readable:
            raise
        raise no_such_case() from None


def as_problem(refused: NotDecided) -> Problem:
    """A refusal as a problem, without anything that was sent."""
    code = refused.code
    if refused.kind is None:
        english, japanese = _AWAY[code]
        return unavailable(code, english, japanese)
    params = dict(refused.params)
    if code in _SENT:
        params[_SENT[code]] = "…"
    if code == "invalid-message":
        return invalid([Fault("", "invalid_message")])
    masked = NotDecided(code, refused.kind, params)
    if code in _WORDS:
        english, japanese = (words.format(**params) for words in _WORDS[code])
    else:
        english, japanese = masked.text("en"), masked.text("ja")
    return Problem(STATUS_OF[refused.kind], code, english, japanese, params=params)


def _answer(process: str, receipt: Receipt) -> Response:
    words = stage_text(PROCESSES[ProcessName(process)], receipt.stage)
    told = Decided.model_validate({**receipt.model_dump(), "stage_text": words})
    return JSONResponse(told.model_dump(mode="json"), headers={"ETag": f'"{receipt.version}"'})
