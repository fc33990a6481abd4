"""Rounds and their places: shown to who works in the process, added and set by who may."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from activities.admission.rounds import Round
from cases.admission.rounds import (
    ADD_ROUND,
    MOST_PLACES,
    SET_PLACES,
    RoundError,
    add_round,
    list_rounds,
    places_of,
    require_round,
    routes,
    set_places,
)
from cases.sight import whole_processes
from office.context import office_of
from office.forms import Form
from office.once import once
from office.pages import Reader, go, page, reader_of
from office.posted import form_of, key_in, new_key, step_in
from office.rights import may_act
from schemas.admission.applications import Programme, RoundId
from schemas.kernel.case import Actor
from workflows.admission.process import ADMISSION_REVIEW
from workflows.kernel.choices import Choice

ROOM: Final = "admission"
MAY_ADD: Final = may_act(ADD_ROUND, ADMISSION_REVIEW.name)
MAY_SET: Final = may_act(SET_PLACES, ADMISSION_REVIEW.name)
Count = Annotated[int, Field(ge=0, le=MOST_PLACES)]
REFUSED: Final = {
    "round-closes-early": "It has to close after it opens.",
    "round-without-route": "No policy has this route.",
    "round-exists": "There is a round of this code already; nothing was changed.",
    "no-such-round": "There is no such round.",
}


def MAY_SEE(actor: Actor) -> bool:  # noqa: N802 - one of the rights of a page
    """Whether an actor works in the process, or may change its rounds."""
    return ADMISSION_REVIEW.name in whole_processes(actor) or MAY_ADD(actor) or MAY_SET(actor)


class PlacesForm(BaseModel):
    """How many places programmes have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    places: dict[Programme, Count] = Field(default_factory=dict, description="Places of each programme.")
    programme: Programme | None = Field(
        default=None, description="One more programme: its code, in small letters, digits and hyphens."
    )
    count: Count | None = Field(default=None, description="Its places.")

    @property
    def wanted(self) -> dict[str, int]:
        """By programme."""
        more = {self.programme: self.count} if self.programme and self.count is not None else {}
        return {**self.places, **more}


class RoundForm(PlacesForm):
    """A new round."""

    round_id: RoundId = Field(
        description="Code of the round: small letters, digits and hyphens, such as 2027-general."
    )
    route: str = Field(description="Route of the policy that its applications follow.")
    title_ja: str = Field(min_length=1, max_length=100, description="Name in Japanese.")
    title_en: str = Field(min_length=1, max_length=100, description="Name in English.")
    opens_at: AwareDatetime = Field(description="Applications from.")
    closes_at: AwareDatetime = Field(description="Applications until.")
    post_cutoff_at: AwareDatetime | None = Field(
        default=None, description="Post until: what arrives later does not count."
    )
    enrol_by: date = Field(description="Last day of enrolment.")
    waitlist_until: date = Field(description="Last day of the waitlist.")

    @property
    def round(self) -> Round:
        """The round without its places."""
        return Round(**{name: getattr(self, name) for name in Round.model_fields})


async def index(request: Request) -> Response:
    """The rounds with places and applications."""
    reader = await _reader(request)
    rows = await list_rounds(office_of(request).gateway.pool)
    return page(request, reader, "admission/rounds.html", rows=rows, may_add=MAY_ADD(reader.actor))


async def show(request: Request) -> Response:
    """A round: its places, what is taken of them, and the form that sets them."""
    reader = await _reader(request)
    return await _show(request, reader, await _form(request, reader, PlacesForm), None, {}, new_key())


async def change(request: Request) -> Response:
    """Set places: checked once more, then done."""
    reader = await _reader(request)
    if not MAY_SET(reader.actor):
        raise HTTPException(404)
    form, given = await _form(request, reader, PlacesForm), await form_of(request, reader)
    made, faults = _made(PlacesForm, form, given)
    round_id, key = request.path_params["round_id"], key_in(given)
    if made is None or step_in(given) == "change":
        return await _show(request, reader, form, given, faults, key)
    title = reader.tongue("Places of {name}", name=round_id)
    if step_in(given) != "do":
        return _check(request, reader, form, given, key, title)
    pool = office_of(request).gateway.pool
    async with once(pool, reader.actor.id, key, SET_PLACES, _sent(given)) as wanted:
        if wanted and made.wanted:
            await set_places(pool, reader.actor, round_id, made.wanted)
    return go(f"/admission/rounds/{round_id}?said=changed")


async def ask(request: Request) -> Response:
    """The form of a new round."""
    reader = await _reader(request)
    return await _ask(request, reader, None, {}, new_key())


async def receive(request: Request) -> Response:
    """Add a round: checked once more, then done."""
    reader = await _reader(request)
    form, given = await _form(request, reader, RoundForm), await form_of(request, reader)
    if not MAY_ADD(reader.actor):
        raise HTTPException(404)
    made, faults = _made(RoundForm, form, given)
    key, pool = key_in(given), office_of(request).gateway.pool
    if made is None or step_in(given) == "change":
        return await _ask(request, reader, given, faults, key)
    if step_in(given) != "do":
        return _check(request, reader, form, given, key, reader.tongue("Add a round"))
    try:
        async with once(pool, reader.actor.id, key, ADD_ROUND, _sent(given)) as wanted:
            if wanted:
                await add_round(pool, reader.actor, made.round, made.wanted)
    except RoundError as error:
        general = (reader.tongue(REFUSED[error.code]),)
        return await _ask(request, reader, given, {}, new_key(), general)
    return go(f"/admission/rounds/{made.round_id}?said=changed")


async def _reader(request: Request) -> Reader:
    reader = await reader_of(request)
    if not MAY_SEE(reader.actor):
        raise HTTPException(404)
    if (round_id := request.path_params.get("round_id")) is not None:
        try:
            await require_round(office_of(request).gateway.pool, round_id)
        except RoundError:
            raise HTTPException(404) from None
    return reader


async def _form(request: Request, reader: Reader, model: type[BaseModel]) -> Form:
    """The form, with the programmes and routes that are known."""
    pool, round_id = office_of(request).gateway.pool, request.path_params.get("round_id")
    rounds = [round_id] if round_id else [row["round_id"] for row in await list_rounds(pool)]
    known = {row["programme"]: row["places"] for each in rounds for row in await places_of(pool, each)}
    now = {name: f"{count}" if round_id else "" for name, count in known.items()}
    t = reader.tongue
    choices = {
        "places": [
            Choice(name, name, name, note=(f"現在 {now[name]}", f"now {now[name]}") if round_id else ("", ""))
            for name in sorted(known)
        ],
        "route": [Choice(each, each, each) for each in await routes(pool)],
    }
    fields = dict(sorted(model.model_fields.items(), key=lambda each: each[0] in PlacesForm.model_fields))
    return Form(t, ROOM, fields, choices={name: choices[name] for name in choices if name in fields})


def _made(model: type[Any], form: Form, given: FormData) -> tuple[Any, dict[str, str]]:
    if faults := form.unreadable(given):
        return None, faults
    try:
        return model.model_validate(form.values(given)), {}
    except ValidationError as error:
        return None, form.faults(error)


async def _show(
    request: Request, reader: Reader, form: Form, given: FormData | None, faults: dict[str, str], key: str
) -> Response:
    round_id, pool = request.path_params["round_id"], office_of(request).gateway.pool
    told = next(row for row in await list_rounds(pool) if row["round_id"] == round_id)
    values: dict[str, Any] = {
        "round": told,
        "rows": await places_of(pool, round_id),
        "may_set": MAY_SET(reader.actor),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
    shown = form.inputs(given, faults)
    return page(request, reader, "admission/round.html", status, inputs=shown, key=key, **values)


async def _ask(
    request: Request,
    reader: Reader,
    given: FormData | None,
    faults: dict[str, str],
    key: str,
    general: tuple[str, ...] = (),
) -> Response:
    if not MAY_ADD(reader.actor):
        raise HTTPException(404)
    form = await _form(request, reader, RoundForm)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.CONFLICT if general else HTTPStatus.OK
    values: dict[str, Any] = {"inputs": form.inputs(given, faults), "key": key, "general": general}
    return page(request, reader, "admission/round_new.html", status, **values)


def _check(request: Request, reader: Reader, form: Form, given: FormData, key: str, title: str) -> Response:
    inputs = [each for each in form.inputs(given) if each.shown]
    values: dict[str, Any] = {"inputs": inputs, "key": key, "title": title, "back": "/admission/rounds"}
    return page(request, reader, "act_check.html", **values)


def _sent(given: FormData) -> bytes:
    """What was sent, to know it again."""
    kept = [(name, value) for name, value in given.multi_items() if isinstance(value, str) and name != "csrf"]
    return repr(sorted(kept)).encode()
