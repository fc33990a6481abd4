"""`POST /cases`: a case is started by its form, or as `gateway/<room>/start_routes.py` does it."""

from http import HTTPStatus
from typing import Annotated, Any, Final, Union

from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model
from starlette.requests import Request
from starlette.responses import Response

from cases.forms import form_of, store_form
from cases.registry import PROCESSES, own_modules
from cases.starting import start_now
from gateway.context import gateway_of
from gateway.problems import Fault, invalid
from gateway.request_parsing import body_of, checked, key_of, note_request
from gateway.responses import CaseAccepted, accepted
from gateway.staff import staff_of

OWN_WAYS: Final = own_modules("gateway", "start_routes")
"""By room, where cases begin otherwise than by a form: `START` (model of the body), `store_one`, `routes` and
`OPERATIONS`."""


def _model_of(name: str) -> type[BaseModel] | None:
    own = OWN_WAYS.get(PROCESSES[name].room)
    return form_of(name) if own is None else own.START


_MODELS: Final = {name: model for name in PROCESSES if (model := _model_of(name)) is not None}
_EACH: Final[Any] = Annotated[Union[tuple(_MODELS.values())], Field(discriminator="process")]  # noqa: UP007
_ROOT: Final[Any] = RootModel.__class_getitem__(_EACH)
StartCase: Final[type[BaseModel]] = create_model("StartCase", __base__=_ROOT)
StartCase.__doc__ = "What a case is about, by its process."


class _Which(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    process: str


async def start_over_http(request: Request) -> Response:
    """Store what a case is about and start it; the same again changes nothing."""
    gateway, actor = gateway_of(request), await staff_of(request)
    raw, _ = await body_of(request)
    name = checked(_Which, raw).process
    if name not in _MODELS:
        raise invalid([Fault("/process", "literal_error")])
    process = PROCESSES[name]
    own, receipt = OWN_WAYS.get(process.room), None
    if own is not None:
        case_id, repeated = await own.store_one(request, actor, raw)
    else:
        key = str(key_of(request))
        given: Any = checked(_MODELS[name], raw)
        await note_request(gateway.pool, actor, key, f"start {name}", raw)
        stored = await store_form(
            gateway.pool, process, given.form, actor=actor, key=key, number=given.number, marks=gateway.vault
        )
        case_id, repeated, receipt = stored
    started = await start_now(gateway.pool, gateway.client_of(case_id), case_id)
    status = HTTPStatus.OK if repeated else HTTPStatus.CREATED
    state: Any = "started" if started else "stored"
    told = CaseAccepted(case_id=case_id, state=state, repeated=repeated, receipt=receipt)
    return accepted(told, status if started else HTTPStatus.ACCEPTED, f"/cases/{case_id}")
