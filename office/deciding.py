"""A decision on its pages: the question, the check, and done. Nothing is decided here.

A form carries the version that was seen and the key of the decision: sent twice it is decided once, and a
case that changed meanwhile is shown with what changed, and with everything that was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from activities.kernel.queries import queries
from cases.decisions import decide, made_before, own_fields, text_fields, values_field
from cases.drafts import drop_draft, keep_draft, read_draft
from cases.finding import case_seen
from cases.refusal_words import PAGE
from cases.registry import ROOMS
from cases.sight import fields_of, note_reads
from cases.states import read_state
from gateway.problems import problem
from office.case import Seen, case_id_of, seen_case
from office.context import office_of
from office.correcting import Record, record_of
from office.forms import Form, Input
from office.options import options_of
from office.pages import Reader, go, page, reader_of
from office.posted import form_of, key_in, new_key, number_in, step_in
from office.sides import side_of
from office.tasks import following
from office.words import act_of, first_of, step_of
from schemas.kernel.case import Command
from schemas.kernel.refusals import Refusal, RefusalKind
from schemas.kernel.texts import storable
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/office")
STALE: Final = "stale-version"
DRAFT_LIMIT: Final = 10_000
"""Characters of a draft, all its fields together: as JSON, sealed, no more than its column takes."""


@dataclass(frozen=True)
class _Question:
    """A decision that a reader is about to make."""

    reader: Reader
    seen: Seen
    command: type[Command]
    form: Form
    record: Record | None = None

    @property
    def name(self) -> str:
        return self.command.step

    def inputs(self, given: FormData | None = None, faults: Mapping[str, str] | None = None) -> list[Input]:
        """What is asked, a record's fields first."""
        own = self.record.inputs(self.reader.tongue, given) if self.record is not None else []
        return [*own, *self.form.inputs(given, faults)]


async def ask(request: Request) -> Response:
    """The question, with the draft that was kept of it."""
    question = await _question(request)
    gateway, actor = office_of(request).gateway, question.reader.actor
    if values_field(question.command) is not None and question.record is None:
        return _which(request, question)
    await note_reads(gateway.pool, [question.seen.case_id], "page")
    draft = await read_draft(gateway.pool, gateway.vault, question.seen.case_id, actor.id, question.name)
    given = FormData([*draft.typed]) if draft is not None else None
    version = question.seen.row["version"]
    changed = await _changes(request, question, draft.version) if draft and draft.version != version else []
    return await _ask(request, question, version, new_key(), given, changed=changed, draft=draft)


async def receive(request: Request) -> Response:  # noqa: PLR0911 - one for each thing that is answered
    """Check what was typed and show it once more; keep it; or make the decision."""
    try:
        question = await _question(request)
    except Refusal as refusal:
        return await _made_before(request, refusal)
    reader = question.reader
    given = await form_of(request, reader)
    key, version, step = key_in(given), number_in(given, "version", 1), step_in(given)
    if step in ("keep", "drop"):
        return await _draft(request, question, version, given, drop=step == "drop")
    faults = question.form.unreadable(given)
    record, command = question.record, None
    if record is not None and not record.changed(given):
        general = (question.reader.tongue("Nothing was typed otherwise than it is."),)
        return await _ask(request, question, version, key, given, status=HTTPStatus.CONFLICT, general=general)
    if not faults:
        values = question.form.values(given) | ({"record": record.name} if record is not None else {})
        frame = {"command_id": key, "actor": reader.actor, "case_version": version}
        try:
            command = question.command.model_validate(frame | values)
        except ValidationError as error:
            faults = question.form.faults(error)
    if command is None:
        return await _ask(request, question, version, key, given, faults, HTTPStatus.UNPROCESSABLE_ENTITY)
    if step == "change":
        return await _ask(request, question, version, key, given)
    if step not in ("do", "do-next"):
        return await _check(request, question, version, key, given)
    return await _do(request, question, command, version, given, and_next=step == "do-next")


async def _made_before(request: Request, refusal: Refusal) -> Response:
    """The first answer again for who has lost sight of the case by what they decided.

    Raises:
        Refusal: there is no such case, nor was anything decided by this form.
    """
    reader = await reader_of(request)
    given, pool = await form_of(request, reader), office_of(request).gateway.pool
    row, _ = await case_seen(pool, case_id_of(request), reader.actor)
    cause = f"{reader.actor.id}/{request.path_params['name']}/{key_in(given)}"
    if not storable(cause) or await made_before(pool, row, cause) is None:
        raise refusal
    return go("/?said=repeated")


async def _draft(
    request: Request, question: _Question, version: int, given: FormData, *, drop: bool
) -> Response:
    """Keep what was typed, faulty or not, where it is not more than a draft may be; or drop what was kept."""
    gateway, t = office_of(request).gateway, question.reader.tongue
    case_id, by = question.seen.case_id, question.reader.actor.id
    if drop:
        await drop_draft(gateway.pool, case_id, by, question.name)
        return go(f"/cases/{case_id}")
    typed = [
        (name, each)
        for name, each in given.multi_items()
        if isinstance(each, str) and each and name not in ("csrf", "key", "version", "step")
    ]
    if sum(len(name) + len(each) for name, each in typed) > DRAFT_LIMIT:
        told = t("At most {limit} characters.", limit=DRAFT_LIMIT)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return await _ask(request, question, version, key_in(given), given, status=status, general=(told,))
    await keep_draft(gateway.pool, gateway.vault, case_id, by, question.name, version, typed)
    return go(f"/cases/{case_id}?said=kept")


async def _question(request: Request) -> _Question:
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
    return _Question(reader, seen, command, Form(t, seen.process.room, fields, words, choices), record)


async def _ask(
    request: Request,
    question: _Question,
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
    shown = question.inputs(given, faults)
    loose = set(faults or ()) - {each.name for each in shown} - {p.name for each in shown for p in each.parts}
    general = (*general, *(f"{name}: {(faults or {})[name]}" for name in sorted(loose)))
    return page(
        request,
        question.reader,
        "decision.html",
        status,
        **_about(question),
        inputs=shown,
        version=version,
        key=key,
        general=general,
        changed=changed or [],
        draft=draft,
        side=await side_of(request, question.reader, question.seen, question.command),
    )


def _about(question: _Question) -> dict[str, Any]:
    t, room = question.reader.tongue, question.seen.process.room
    told = t.sentence(room, first_of(question.command))
    title = act_of(t, question.seen.process, question.name)
    return {"seen": question.seen, "title": title, "rest": told, "name": question.name}


async def _check(request: Request, question: _Question, version: int, key: str, given: FormData) -> Response:
    return page(
        request,
        question.reader,
        "check.html",
        **_about(question),
        inputs=_checked(question, given),
        version=version,
        key=key,
    )


def _checked(question: _Question, given: FormData) -> list[Input]:
    """What will be decided: of a record only what was typed otherwise than it is."""
    changed = question.record.changed(given) if question.record is not None else None
    if changed is None:
        return question.inputs(given)
    record = question.record.inputs(question.reader.tongue, given) if question.record is not None else []
    return [*(each for each in record if each.name in changed), *question.form.inputs(given)]


def _which(request: Request, question: _Question) -> Response:
    """Which record is to be put right."""
    t = question.reader.tongue
    rows = [
        {"href": f"?record={name}", "title": t.pair(each.title)}
        for name, each in question.seen.process.corrections.items()
    ]
    return page(request, question.reader, "which.html", rows=rows, **_about(question))


async def _do(
    request: Request, question: _Question, command: Command, version: int, given: FormData, *, and_next: bool
) -> Response:
    gateway, case_id, reader = office_of(request).gateway, question.seen.case_id, question.reader
    receipt = await made_before(gateway.pool, question.seen.row, command.cause)
    if receipt is None:
        try:
            receipt = await decide(
                gateway.pool,
                gateway.connected_to(case_id),
                question.seen.row,
                command,
                question.form.said(given),
                gateway.vault,
                None if question.record is None else question.record.read(question.record.changed(given)),
            )
        except Refusal as refusal:
            return await _refused(request, question, refusal, version, given)
    await drop_draft(gateway.pool, case_id, reader.actor.id, question.name)
    said = "repeated" if receipt.repeated else "decided"
    if Field.CASE not in await fields_of(gateway.pool, case_id, reader.actor):
        return go(f"/?said={said}")  # by what they decided they have lost sight of it
    if and_next and (url := await following(request, reader, case_id)) is not None:
        return go(f"{url}&said={said}")
    return go(f"/done/{case_id}/{receipt.version}?said={said}")


async def _refused(
    request: Request, question: _Question, refusal: Refusal, version: int, given: FormData
) -> Response:
    """The question again with what was typed; where the case changed, upon its new version and with why."""
    t = question.reader.tongue
    text = PAGE.text(refusal, t.language)
    status = {
        RefusalKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
        RefusalKind.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
        RefusalKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    }.get(refusal.kind, HTTPStatus.CONFLICT)
    if refusal.code != STALE:
        # where nobody knows whether it was made, the same key again asks for the first answer
        key = key_in(given) if refusal.kind is RefusalKind.UNAVAILABLE else new_key()
        return await _ask(request, question, version, key, given, status=status, general=(text,))
    fresh = await _question(request)
    changed = await _changes(request, fresh, version)
    told = t("The case has changed since you looked. Below is what changed; what you typed is still there.")
    current = fresh.seen.row["version"]
    return await _ask(
        request, fresh, current, new_key(), given, status=status, general=(told,), changed=changed
    )


async def _changes(request: Request, question: _Question, since: int) -> list[dict[str, str]]:
    """What happened to the case since a version, as far as the reader sees the work of others there."""
    from office.case import tabs_of  # noqa: PLC0415 - rarely needed

    t, process = question.reader.tongue, question.seen.process
    rows = await office_of(request).gateway.pool.fetch(SQL["log_of_case"], question.seen.case_id)
    whole = "timeline" in tabs_of(question.reader, question.seen)
    return [
        {
            "at": t.moment(row["at"]),
            "what": step_of(t, process, row["step"]) if whole else t("a step of somebody else"),
            "by": row["actor_id"] if whole else "",
            "to": t.stage(process.name, row["stage"]) if row["from_stage"] != row["stage"] else "",
        }
        for row in rows
        if row["version"] > since
    ]


async def done(request: Request) -> Response:
    """What a decision has done: where the case stands now, and on to the next task."""
    reader = await reader_of(request)
    seen = await seen_case(request, reader)
    return page(
        request,
        reader,
        "done.html",
        seen=seen,
        title=reader.tongue.pair(ROOMS[seen.process.name].process.title),
        following=await following(request, reader, seen.case_id),
    )
