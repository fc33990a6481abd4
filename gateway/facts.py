"""`POST /cases/{case_id}/facts/{name}`: what another system did not send, by the person of the token."""

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, JsonValue
from starlette.requests import Request
from starlette.responses import Response

from cases import facts
from cases.administration import ENTER, roles_for
from cases.registry import PROCESSES
from gateway.context import gateway_of
from gateway.operation import Operation
from gateway.problems import problem
from gateway.request_parsing import Moment, body_of, checked, key_of, note_request
from gateway.responses import Answer, accepted
from gateway.staff import case_of_path, require_role
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type

SOURCE: Final = "iehe-http"


class FactBody(BaseModel):
    """What happened, as asyncapi.json describes the data of each fact, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data: dict[str, JsonValue] = {}
    happened_at: Moment | None = None


class FactEntered(Answer):
    """A fact that is stored, and cannot be lost; `state` as of every event (`GET /events`)."""

    case_id: str
    source: str
    id: str
    state: Literal["stored", "waiting", "applied", "refused", "dead", "dropped"]


async def enter(request: Request) -> Response:
    """Store a fact for a case that the person sees; the same request again is the same fact."""
    gateway = gateway_of(request)
    row, actor = await case_of_path(request)
    case_id, fact = row["case_id"], request.path_params["name"]
    process = PROCESSES[row["process"]]
    require_role(actor, roles_for(ENTER, process.name))
    kind = process.events.get(fact)
    if kind is None or kind.between_cases:
        raise problem("no-such-fact")
    key = str(key_of(request))
    raw, _ = await body_of(request)
    body = checked(FactBody, raw)
    data: Any = checked(kind.data, json.dumps(body.data).encode(), "data")
    await note_request(gateway.pool, actor, key, f"{fact} {case_id}", raw)
    envelope = EventEnvelope(
        id=key,
        source=f"{SOURCE}:{actor.id}",
        type=event_type(process.name, fact),
        occurred_at=body.happened_at,
        received_at=datetime.now(UTC),
        data=data.model_dump(mode="json", exclude_unset=True),
    )
    if await facts.taken(gateway.pool, case_id, envelope) is None:
        await facts.check(gateway.pool, row, envelope)
        await facts.store(gateway.pool, row, *facts.apart(gateway.vault, row, envelope), gateway.vault)
    state, _ = await facts.fate(gateway.pool, envelope)
    told = FactEntered.model_validate(
        {"case_id": case_id, "source": envelope.source, "id": envelope.id, "state": state}
    )
    return accepted(told, HTTPStatus.ACCEPTED, f"/events?source={envelope.source}&id={envelope.id}")


OPERATION: Final = Operation(
    "POST",
    "/cases/{case_id}/facts/{name}",
    "enter-fact",
    "Enter a fact that another system did not send; it is stored, and the case takes it.",
    request=FactBody,
    headers={"Idempotency-Key": True},
    responses={HTTPStatus.ACCEPTED: FactEntered},
)
