"""A decision for many cases on pages: chosen in a list, asked once, checked, and answered case by case."""

import asyncio
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cases import bulk
from cases.decisions import own_fields, text_fields
from cases.finding import case_seen
from cases.refusal_words import MANY
from cases.registry import PROCESSES
from cases.states import read_state
from office.context import Office, office_of
from office.forms import Form
from office.options import options_of
from office.pages import Reader, go, page, reader_of
from office.posted import form_of, key_in, new_key, small_number, step_in
from office.problems import problem
from office.words import act_of, rest_of
from schemas.kernel.case import Command
from schemas.kernel.refusals import Refusal
from workflows.kernel.process import Process
from workflows.kernel.sight import Field

STATES: Final = {"waiting": "waiting", "done": "done", "refused": "not done"}
LOOK_EVERY: Final = 5.0
"""Seconds after which runs are looked for that another process has left."""


async def choose(request: Request) -> Response:
    """Which decision, of those that are possible for all of the chosen cases."""
    reader = await reader_of(request)
    process, seen, possible = await _chosen(request, reader, request.query_params.getlist("case"))
    acts = [{"name": name, "title": act_of(reader.tongue, process, name)} for name in possible]
    return page(request, reader, "bulk.html", process=process, seen=seen, acts=acts)


async def receive(request: Request) -> Response:
    """The form of the decision, the check, and the beginning of the run."""
    reader = await reader_of(request)
    given = await form_of(request, reader)
    cases = [each for each in given.getlist("case") if isinstance(each, str)]
    name, step = str(given.get("bulk_decision", "")), step_in(given)
    pool = office_of(request).gateway.pool
    if step == "do" and await bulk.read_run(pool, _run_of(given), reader.actor.id) is not None:
        return go(f"/bulk/{_run_of(given)}")  # the same form again: its cases are others by now
    process, seen, _ = await _chosen(request, reader, [each.partition("@")[0] for each in cases])
    command = process.commands.get(name)
    # a case that stands elsewhere by now is no reason to refuse the others: each gets its own answer
    if command is None or process.roles_of(name).isdisjoint(reader.actor.roles):
        raise HTTPException(404)
    form = await _form(request, reader, process, seen[0][0], command)
    # what was seen when the cases were chosen, not what they are now
    versions = dict(each.split("@", 1) for each in cases if "@" in each)
    seen = [(case_id, small_number(versions.get(case_id)) or version) for case_id, version in seen]
    if step == "ask":
        return _ask(request, reader, process, command, form, seen, new_key())
    key, faults, made = key_in(given), form.unreadable(given), None
    if not faults:
        try:
            frame = {"command_id": key, "actor": reader.actor}
            made = command.model_validate(frame | form.values(given))
        except ValidationError as error:
            faults = form.faults(error)
    if made is None or step == "change":
        status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
        return _ask(request, reader, process, command, form, seen, key, given, faults, status)
    if step != "do":
        about = _about(reader, process, command, seen, key)
        return page(request, reader, "bulk_check.html", inputs=form.inputs(given), **about)
    values = made.model_dump(mode="json", exclude_unset=True, include=set(own_fields(command)))
    bulk_id, gateway = _run_of(given), office_of(request).gateway
    made_of = (process.name, name, values, form.said(given), seen)
    await bulk.begin(gateway.pool, gateway.vault, bulk_id, reader.actor, *made_of)
    request.app.state.bulk.look()
    return go(f"/bulk/{bulk_id}")


def _run_of(given: FormData) -> UUID:
    """The run that a form begins: by its key, so that the same form is the same run."""
    return UUID(hex=key_in(given).removeprefix("page-"))


async def show(request: Request) -> Response:
    """How far a run is, and the answer of each case."""
    reader = await reader_of(request)
    t, bulk_id = reader.tongue, request.path_params["bulk_id"]
    run = await bulk.read_run(office_of(request).gateway.pool, bulk_id, reader.actor.id)
    if run is None:
        raise HTTPException(404)
    process = PROCESSES[run["process"]]
    rows = [
        {
            "case_id": row["case_id"],
            "state": t(STATES[row["state"]]),
            "why": MANY.text(Refusal(row["code"], **row["params"]), t.language) if row["code"] else "",
        }
        for row in run["cases"]
    ]
    answered = sum(row["state"] != "waiting" for row in run["cases"])
    return page(
        request,
        reader,
        "bulk_run.html",
        title=act_of(t, process, run["decision"]),
        decision=run["decision"],
        bulk_id=bulk_id,
        rows=rows,
        answered=answered,
        refused=sum(row["state"] == "refused" for row in run["cases"]),
        ended=answered == len(rows),
    )


async def _chosen(
    request: Request, reader: Reader, case_ids: list[str]
) -> tuple[Process[Any], list[tuple[str, int]], list[str]]:
    """The process of the chosen cases, each with its version, and what is possible for all of them.

    Raises:
        HTTPException: 404, none was chosen, or not of one process.
        Refusal: there is one that the reader does not see.
        Problem: 422, they are too many for one run.
    """
    pool, seen, states = office_of(request).gateway.pool, [], []
    chosen = dict.fromkeys(case_ids)
    if len(chosen) > bulk.MOST:
        raise problem("too-many-chosen", most=bulk.MOST)
    for case_id in chosen:
        row, fields = await case_seen(pool, case_id, reader.actor)
        if Field.CASE not in fields:
            raise Refusal("no-such-case")
        seen.append((case_id, row["version"]))
        states.append((PROCESSES[row["process"]], await read_state(pool, row)))
    if not states or len({process.name for process, _ in states}) > 1:
        raise HTTPException(404)
    process = states[0][0]
    possible = [
        name
        for name in process.possible(states[0][1], reader.actor.roles)
        if all(name in process.possible(state, reader.actor.roles) for _, state in states)
    ]
    return process, seen, possible


async def _form(
    request: Request, reader: Reader, process: Process[Any], case_id: str, command: type[Command]
) -> Form:
    """The form, with what may be chosen for the first of the cases; each rule decides about its own."""
    pool = office_of(request).gateway.pool
    row, _ = await case_seen(pool, case_id, reader.actor)
    choices = await options_of(pool, reader.tongue, process, case_id, await read_state(pool, row), command)
    words = {
        name: command.model_fields[refers].description or "" for name, refers in text_fields(command).items()
    }
    return Form(reader.tongue, process.room, own_fields(command), words, choices)


def _about(
    reader: Reader, process: Process[Any], command: type[Command], seen: list[tuple[str, int]], key: str
) -> dict[str, Any]:
    title = act_of(reader.tongue, process, command.step)
    rest = rest_of(reader.tongue, process, command.step)
    return {
        "title": title,
        "rest": rest,
        "seen": seen,
        "key": key,
        "decision": command.step,
        "process": process,
    }


def _ask(
    request: Request,
    reader: Reader,
    process: Process[Any],
    command: type[Command],
    form: Form,
    seen: list[tuple[str, int]],
    key: str,
    given: FormData | None = None,
    faults: dict[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    about = _about(reader, process, command, seen, key)
    shown = form.inputs(given, faults)
    return page(request, reader, "bulk_form.html", status, inputs=shown, **about)


class BulkRunner:
    """Makes the decisions of runs, also of those that another process has begun and left."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._wanted = asyncio.Event()

    def look(self) -> None:
        """Look for runs now."""
        self._wanted.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.work()
            self._wanted.clear()
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def work(self) -> None:
        """Go on with every run that has not ended."""
        gateway = self._office.gateway
        for bulk_id in await bulk.under_way(gateway.pool):
            await bulk.go_on(gateway.pool, gateway.connected_to, gateway.vault, bulk_id)
