"""`POST /cases/{case_id}/decisions/{name}`: every decision of every process, by the person of the token."""

from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, create_model
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cases.decisions import VALUES, decide, made_before, own_fields, text_fields, values_field
from cases.finding import case_seen
from cases.page import stage_text
from cases.registry import PROCESSES
from gateway.context import gateway_of
from gateway.problems import problem
from gateway.request_parsing import body_of, checked, key_of, note_request, version_of
from gateway.responses import Decided
from gateway.staff import staff_of
from schemas.kernel.case import Command, Receipt
from schemas.kernel.refusals import Refusal
from spreadsheets.corrections import read_values
from workflows.kernel.sight import Field

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


@cache
def body_model(command: type[Command]) -> type[BaseModel]:
    """The body of a decision: the command's own fields, and its texts in words instead of ids."""
    fields: dict[str, Any] = {name: (each.annotation, each) for name, each in own_fields(command).items()}
    fields |= dict.fromkeys(text_fields(command), (Words | None, None))
    if (values := values_field(command)) is not None:
        fields[VALUES] = (values.annotation, values)
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
    row, fields = await case_seen(gateway.pool, case_id, actor)
    if Field.CASE not in fields:
        # who was released from a case may ask again what was answered then; to anybody else there is none
        key_then = request.headers.get("idempotency-key", "")
        if await made_before(gateway.pool, row, f"{actor.id}/{name}/{key_then}") is None:
            raise Refusal("no-such-case")
    command_type = PROCESSES[row["process"]].commands.get(name)
    if command_type is None:
        raise problem("no-such-decision")
    key = key_of(request)
    version = version_of(request)
    raw, _ = await body_of(request)
    values = checked(body_model(command_type), raw).model_dump(exclude_unset=True)
    words = {name: values.pop(name, None) for name in text_fields(command_type)}
    texts = {name: each for name, each in words.items() if each is not None}
    given = values.pop(VALUES, None)
    frame = {"command_id": key, "actor": actor, "case_version": version}
    command = command_type.model_validate(frame | values)
    await note_request(gateway.pool, actor, str(key), f"{name} {case_id}", raw)
    receipt = await made_before(gateway.pool, row, command.cause)
    if Field.CASE not in fields:
        # and not how it goes on
        if receipt is None:
            raise Refusal("no-such-case")
        receipt = receipt.model_copy(update={"outcome": None, "waiting_for": None, "due_at": None})
    if receipt is None:
        new = None if given is None else read_values(PROCESSES[row["process"]], values["record"], given)
        connected = gateway.connected_to(row["case_id"])
        receipt = await decide(gateway.pool, connected, row, command, texts, gateway.vault, new)
    return _answer(row["process"], receipt)


def _answer(process: str, receipt: Receipt) -> Response:
    words = stage_text(process, receipt.stage)
    told = Decided.model_validate({**receipt.model_dump(), "stage_text": words})
    return JSONResponse(told.model_dump(mode="json"), headers={"ETag": f'"{receipt.version}"'})
