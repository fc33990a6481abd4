"""A decision that somebody is about to make: what is asked, upon which version, and what changed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from activities.kernel.queries import queries
from cases.decisions import own_fields, text_fields, values_field
from cases.states import read_state
from gateway.problems import problem
from office.case import Seen, seen_case, tabs_of
from office.context import office_of
from office.correcting import Record, record_of
from office.forms import Form, Input
from office.options import options_of
from office.pages import Reader, page, reader_of
from office.sides import side_of
from office.words import act_of, rest_of, step_of
from schemas.kernel.case import Command

SQL: Final = queries("kernel/office")


@dataclass(frozen=True)
class Question:
    """A decision that a reader is about to make."""

    reader: Reader
    seen: Seen
    command: type[Command]
    form: Form
    record: Record | None = None

    @property
    def name(self) -> str:
        """The decision's."""
        return self.command.step

    def inputs(self, given: FormData | None = None, faults: Mapping[str, str] | None = None) -> list[Input]:
        """What is asked, a record's fields first."""
        own = self.record.inputs(self.reader.tongue, given) if self.record is not None else []
        return [*own, *self.form.inputs(given, faults)]


async def question_of(request: Request) -> Question:
    """The decision of the address, for who may take its step somewhere.

    Raises:
        Refusal: there is no such case that they see.
        Problem: 404, there is no such decision for them.
    """
    reader = await reader_of(request)
    seen = await seen_case(request, reader)
    command = seen.process.commands.get(request.path_params["name"])
    if command is None or seen.process.roles_of(command.step).isdisjoint(reader.actor.roles):
        raise problem("no-such-decision")
    pool, t = office_of(request).gateway.pool, reader.tongue
    state = await read_state(pool, seen.row)
    choices = await options_of(pool, t, seen.process, seen.case_id, state, command)
    words = {
        name: command.model_fields[refers].description or "" for name, refers in text_fields(command).items()
    }
    record = await record_of(request, seen, command)
    fields = own_fields(command)
    if values_field(command) is not None:
        fields.pop("record")
    return Question(reader, seen, command, Form(t, seen.process.room, fields, words, choices), record)


async def ask_page(
    request: Request,
    question: Question,
    version: int,
    key: str,
    given: FormData | None,
    faults: dict[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    general: tuple[str, ...] = (),
    changed: list[dict[str, str]] | None = None,
    draft: Any = None,
) -> Response:
    """The page of the question: empty, or with what was typed and what is wrong with it."""
    shown = question.inputs(given, faults)
    loose = set(faults or ()) - {each.name for each in shown} - {p.name for each in shown for p in each.parts}
    general = (*general, *(f"{name}: {(faults or {})[name]}" for name in sorted(loose)))
    return page(
        request,
        question.reader,
        "decision.html",
        status,
        **about(question),
        inputs=shown,
        version=version,
        key=key,
        general=general,
        changed=changed or [],
        draft=draft,
        side=await side_of(request, question.reader, question.seen, question.command),
    )


def about(question: Question) -> dict[str, Any]:
    """What every page of the decision says of it."""
    t, process, name = question.reader.tongue, question.seen.process, question.name
    title, rest = act_of(t, process, name), rest_of(t, process, name)
    return {"seen": question.seen, "title": title, "rest": rest, "name": name}


def checked_inputs(question: Question, given: FormData) -> list[Input]:
    """What will be decided: of a record only what was typed otherwise than it is."""
    changed = question.record.changed(given) if question.record is not None else None
    if changed is None:
        return question.inputs(given)
    record = question.record.inputs(question.reader.tongue, given) if question.record is not None else []
    return [*(each for each in record if each.name in changed), *question.form.inputs(given)]


async def changes(request: Request, question: Question, since: int) -> list[dict[str, str]]:
    """What happened to the case since a version, as far as the reader sees the work of others there."""
    t, process = question.reader.tongue, question.seen.process
    rows = await office_of(request).gateway.pool.fetch(SQL["log_of_case"], question.seen.case_id)
    whole = "timeline" in tabs_of(question.reader, question.seen)
    return [
        {
            "at": t.moment(row["at"]),
            "what": step_of(t, process, row["step"]) if whole else t("a step of somebody else"),
            "by": question.reader.who(row["actor_id"]) if whole else "",
            "to": t.stage(process.name, row["stage"]) if row["from_stage"] != row["stage"] else "",
        }
        for row in rows
        if row["version"] > since
    ]
