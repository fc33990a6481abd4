"""A decision on its pages: the question, the check, and done. Nothing is decided here.

A form carries the version that was seen and the key of the decision: sent twice it is decided once, and a
case that changed meanwhile is shown with what changed, and with everything that was typed.
"""

from http import HTTPStatus
from typing import Final

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from activities.kernel.queries import queries
from cases.decisions import decide, made_before, tried, values_field
from cases.drafts import drop_draft, keep_draft, read_draft
from cases.finding import case_seen
from cases.registry import ROOMS
from cases.sight import fields_of, note_reads
from office.case import case_id_of, seen_case, why_not
from office.context import office_of
from office.pages import go, page, reader_of
from office.posted import form_of, key_in, new_key, number_in, step_in
from office.problems import STATUS_OF
from office.question import Question, about, ask_page, changes, checked_inputs, question_of
from office.tasks import following
from schemas.kernel.case import Command, Receipt
from schemas.kernel.refusals import Refusal, RefusalKind
from schemas.kernel.texts import storable
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/office")
STALE: Final = "stale-version"
DECIDES: Final = ("do", "do-next")
"""Buttons of the check page that decide."""
AS_TYPED: Final = frozenset({RefusalKind.INVALID, RefusalKind.NOT_FOUND})
"""Refusals of what was typed: told before it is checked once more."""
DRAFT_LIMIT: Final = 10_000
"""Characters of a draft, all its fields together: as JSON, sealed, no more than its column takes."""


async def ask(request: Request) -> Response:
    """The question, with the draft that was kept of it."""
    question = await question_of(request)
    gateway, actor = office_of(request).gateway, question.reader.actor
    if values_field(question.command) is not None and question.record is None:
        return _which(request, question)
    await note_reads(gateway.pool, [question.seen.case_id], "page")
    draft = await read_draft(gateway.pool, gateway.vault, question.seen.case_id, actor.id, question.name)
    given = FormData([*draft.typed]) if draft is not None else None
    version = question.seen.row["version"]
    changed = await changes(request, question, draft.version) if draft and draft.version != version else []
    return await ask_page(request, question, version, new_key(), given, changed=changed, draft=draft)


async def receive(request: Request) -> Response:  # noqa: PLR0911 - one for each thing that is answered
    """Check what was typed and show it once more; keep it; or make the decision."""
    try:
        question = await question_of(request)
    except Refusal as refusal:
        return await _made_before(request, refusal)
    reader = question.reader
    given = await form_of(request, reader)
    key, version, step = key_in(given), number_in(given, "case_version", 1), step_in(given)
    if step in ("keep", "drop"):
        return await _draft(request, question, version, given, drop=step == "drop")
    if step in DECIDES and (receipt := await _receipt(request, question, key)) is not None:
        return await _after(request, question, receipt, and_next=step == "do-next")
    record = question.record
    if record is not None and not record.changed(given):
        general = (question.reader.tongue("Nothing was typed otherwise than it is."),)
        return await ask_page(
            request, question, version, key, given, status=HTTPStatus.CONFLICT, general=general
        )
    command, faults = _typed(question, given, key, version)
    if command is None:
        return await ask_page(request, question, version, key, given, faults, HTTPStatus.UNPROCESSABLE_ENTITY)
    if step == "change":
        return await ask_page(request, question, version, key, given)
    if step not in DECIDES:
        unfit = await _tried(request, question, command, given)
        if unfit is not None:
            return await _refused(request, question, unfit, version, given, key)
        return await _check(request, question, version, key, given)
    return await _do(request, question, command, version, given, and_next=step == "do-next")


def _typed(
    question: Question, given: FormData, key: str, version: int
) -> tuple[Command | None, dict[str, str]]:
    """The decision as it was typed, or what is wrong with it by field."""
    form, record = question.form, question.record
    faults = form.unreadable(given)
    if version == question.seen.row["version"]:
        faults |= form.unlisted(given)
    if faults:
        return None, faults
    values = form.values(given) | ({"record": record.name} if record is not None else {})
    frame = {"command_id": key, "actor": question.reader.actor, "case_version": version}
    try:
        return question.command.model_validate(frame | values), {}
    except ValidationError as error:
        return None, form.faults(error)


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
    request: Request, question: Question, version: int, given: FormData, *, drop: bool
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
        if isinstance(each, str) and each and name not in ("csrf", "key", "case_version", "step")
    ]
    if sum(len(name) + len(each) for name, each in typed) > DRAFT_LIMIT:
        told = t("At most {limit} characters.", limit=DRAFT_LIMIT)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return await ask_page(
            request, question, version, key_in(given), given, status=status, general=(told,)
        )
    await keep_draft(gateway.pool, gateway.vault, case_id, by, question.name, version, typed)
    return go(f"/cases/{case_id}?said=kept")


async def _check(request: Request, question: Question, version: int, key: str, given: FormData) -> Response:
    return page(
        request,
        question.reader,
        "check.html",
        **about(question),
        inputs=checked_inputs(question, given),
        version=version,
        key=key,
    )


def _which(request: Request, question: Question) -> Response:
    """Which record is to be put right."""
    t = question.reader.tongue
    rows = [
        {"href": f"?record={name}", "title": t.pair(each.title)}
        for name, each in question.seen.process.corrections.items()
    ]
    return page(request, question.reader, "which.html", rows=rows, **about(question))


async def _receipt(request: Request, question: Question, key: str) -> Receipt | None:
    """The first answer to this form; None: it has not decided anything."""
    cause = f"{question.reader.actor.id}/{question.name}/{key}"
    return await made_before(office_of(request).gateway.pool, question.seen.row, cause)


async def _tried(request: Request, question: Question, command: Command, given: FormData) -> Refusal | None:
    """Why what was typed cannot be decided as it is, by the rule that decides in the end."""
    gateway, record = office_of(request).gateway, question.record
    said = question.form.said(given)
    try:
        values = None if record is None else record.read(record.changed(given))
        refusal = await tried(gateway.pool, question.seen.row, command, said, gateway.vault, values)
    except Refusal as error:
        refusal = error
    return refusal if refusal is not None and refusal.kind in AS_TYPED else None


async def _do(
    request: Request, question: Question, command: Command, version: int, given: FormData, *, and_next: bool
) -> Response:
    gateway = office_of(request).gateway
    try:
        receipt = await decide(
            gateway.pool,
            gateway.connected_to(question.seen.case_id),
            question.seen.row,
            command,
            question.form.said(given),
            gateway.vault,
            None if question.record is None else question.record.read(question.record.changed(given)),
        )
    except Refusal as refusal:
        return await _refused(request, question, refusal, version, given)
    return await _after(request, question, receipt, and_next=and_next)


async def _after(request: Request, question: Question, receipt: Receipt, *, and_next: bool) -> Response:
    """On to where it is said what was done, or to the next task."""
    pool, case_id, reader = office_of(request).gateway.pool, question.seen.case_id, question.reader
    await drop_draft(pool, case_id, reader.actor.id, question.name)
    said = "repeated" if receipt.repeated else "decided"
    if Field.CASE not in await fields_of(pool, case_id, reader.actor):
        return go(f"/?said={said}")  # by what they decided they have lost sight of it
    if and_next and (url := await following(request, reader, case_id)) is not None:
        return go(f"{url}&said={said}")
    return go(f"/done/{case_id}/{receipt.version}?said={said}")


async def _refused(
    request: Request,
    question: Question,
    refusal: Refusal,
    version: int,
    given: FormData,
    key: str | None = None,
) -> Response:
    """The question again with what was typed; where the case changed, upon its new version and with why."""
    t = question.reader.tongue
    status = STATUS_OF[refusal.kind]
    if refusal.code != STALE:
        # where nobody knows whether it was made, the same key again asks for the first answer
        if refusal.kind is RefusalKind.UNAVAILABLE:
            key = key_in(given)
        place, text = question.form.refused(refusal, given)
        told = why_not(question.reader, question.seen.process, refusal)
        faults, general = ({place: text}, ()) if place is not None else (None, (told,))
        return await ask_page(
            request, question, version, key or new_key(), given, faults, status, general=general
        )
    fresh = await question_of(request)
    changed = await changes(request, fresh, version)
    told = t("The case has changed since you looked. Below is what changed; what you typed is still there.")
    current = fresh.seen.row["version"]
    return await ask_page(
        request, fresh, current, new_key(), given, status=status, general=(told,), changed=changed
    )


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
