"""Import of applications: upload, faults, what will happen, start; after that the database tells the rest."""

import asyncio
from http import HTTPStatus
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from activities.kernel.queries import queries
from cases.administration import ENTER
from gateway.case_documents import UPLOADS
from gateway.limits import address
from office.admission.import_progress import address_of, batch_rows, imports_table
from office.admission.kept_files import KeptFile, kept_files
from office.context import office_of
from office.pages import Reader, go, page, reader_of
from office.posted import file_in, form_of, step_in
from office.progress import Progress
from office.rights import may_act
from office.tables import Section, faults_of
from spreadsheets.admission.imports import (
    ChangedMeanwhileError,
    RoundUnknownError,
    check_import,
    known_of,
    store_import,
)
from spreadsheets.annotate import annotated
from spreadsheets.table_files import MAX_BYTES
from workflows.admission.process import ADMISSION_REVIEW

SQL: Final = queries("admission/imports")
MAY_IMPORT: Final = may_act(ENTER, ADMISSION_REVIEW.name)
MEGABYTE: Final = 1024 * 1024
AT_ONCE: Final = 2.0
"""Seconds for which a page waits for a check or an import before it shows how far it is."""
FAULTS_SHOWN: Final = 200
TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
TROUBLES: Final = {
    "changed-meanwhile": "Somebody else imported some of these applications just now; nothing was stored. "
    "Check the file again.",
    "servers-away": "The servers do not answer. Nothing was stored, or the whole file: check it again, which "
    "stores nothing twice.",
    "unknown-round": "There is no such round any more.",
}


async def index(request: Request) -> Response:
    """The imports, newest first, and one's own files that are checked and not imported."""
    reader = await _reader(request)
    rows = await imports_table(office_of(request).gateway.pool, reader.tongue)
    waiting = kept_files(request).waiting(reader.actor.id)
    return page(request, reader, "admission/imports.html", rows=rows, waiting=waiting)


async def ask(request: Request) -> Response:
    """Which file, and of which round."""
    return await _ask(request, await _reader(request))


async def _ask(
    request: Request, reader: Reader, fault: str = "", status: HTTPStatus = HTTPStatus.OK, note: str = ""
) -> Response:
    rounds = [
        (row["round_id"], reader.tongue.pair((row["title_ja"], row["title_en"])))
        for row in await office_of(request).gateway.pool.fetch(SQL["rounds"])
    ]
    values: dict[str, Any] = {
        "rounds": rounds,
        "fault": fault,
        "note": note,
        "megabytes": MAX_BYTES // MEGABYTE,
    }
    return page(request, reader, "admission/import_new.html", status, **values)


async def receive(request: Request) -> Response:
    """Take a file and begin to check it; nothing of it is stored."""
    reader = await _reader(request)
    with UPLOADS.by(address(request.client.host if request.client else "")):
        form = await form_of(request, reader, file_bytes=MAX_BYTES)
        sent, round_id = await file_in(form), form.get("round", "")
    if sent is None:
        fault = reader.tongue("Choose a file.")
        return await _ask(request, reader, fault, HTTPStatus.UNPROCESSABLE_ENTITY)
    name, kept = sent
    chosen = round_id if isinstance(round_id, str) and round_id else None
    file = KeptFile(reader.actor.id, name[:100], chosen, kept)
    kept_files(request).keep(file)
    await _check(request, file)
    return go(_at(file))


async def _check(request: Request, file: KeptFile) -> None:
    """Check it (again), and wait a little for the end of that."""
    pool, kept = office_of(request).gateway.pool, file.file

    async def work() -> None:
        if kept is None:
            return
        try:
            file.found = await check_import(pool, kept.path, file.round_id, told=file.tell)
            file.known = await known_of(pool, file.found)
        except RoundUnknownError:
            file.trouble = "unknown-round"

    file.found, file.done, file.total = None, 0, 0
    file.begin(work())
    await file.wait(AT_ONCE)


async def show(request: Request) -> Response:
    """How far the check is, what it has found, and what would happen."""
    reader = await _reader(request)
    file = _file(request, reader)
    if file is None:
        return await _gone(request, reader)
    if file.batches is not None:
        return go(address_of(file.batches))
    if file.busy or file.found is None:
        return _shown_busy(request, reader, file)
    t, found = reader.tongue, file.found
    faults = sorted(found.checked.faults, key=lambda each: each.severity != "error")
    values: dict[str, Any] = {
        "file": file,
        "errors": len(found.checked.errors),
        "warnings": len(faults) - len(found.checked.errors),
        "faults": faults_of(t, faults[:FAULTS_SHOWN]),
        "shown": min(len(faults), FAULTS_SHOWN),
        "columns": _columns(reader, file),
        "trouble": t(TROUBLES[file.trouble]) if file.trouble else "",
        "rounds": [(name, len(rows)) for name, rows in sorted(found.rounds.items())],
    }
    agreed = not found.checked.errors or request.query_params.get("leave-out") == "yes"
    if found.valid and agreed:
        return page(request, reader, "admission/import_plan.html", **values)
    return page(request, reader, "admission/import_faults.html", **values)


def _shown_busy(request: Request, reader: Reader, file: KeptFile) -> Response:
    t = reader.tongue
    told = t(TROUBLES[file.trouble]) if file.trouble else ""
    words = t("{done} of {total} rows are checked.", done=file.done, total=file.total or "…")
    if file.found is not None:
        words = t("The rows are being stored.")
    progress = Progress(file.done, file.total, words, done=not file.busy)
    return page(request, reader, "admission/import_busy.html", file=file, progress=progress, trouble=told)


def _columns(reader: Reader, file: KeptFile) -> Section:
    """What each column of the file was recognised as."""
    t, layout = reader.tongue, file.found.checked.layout if file.found is not None else None
    rows = [
        {
            "column": label,
            "field": ", ".join(t.word("admission", name) for name in fields) or t("not imported"),
        }
        for label, fields in (layout.held() if layout is not None else ())
    ]
    columns = (("column", t("Column of the file")), ("field", t("Read as")))
    return Section(t("Columns"), columns=columns, rows=tuple(rows))


async def act(request: Request) -> Response:
    """Import what was checked, check it again, or forget it; pressed twice it is done once."""
    reader = await _reader(request)
    given = await form_of(request, reader)
    file = _file(request, reader)
    if file is None:
        return await _gone(request, reader)
    step = step_in(given)
    if step == "drop":
        kept_files(request).drop(file)
        return go("/admission/imports")
    if step == "again" and not file.busy and file.batches is None:
        await _check(request, file)
        return go(_at(file))
    if step == "do" and file.found is not None and file.batches is None:
        clean = not file.found.checked.errors or given.get("leave-out") == "yes"
        if not (file.found.valid and clean):
            return go(_at(file))
        if not file.busy:
            _store(request, reader, file)
        await file.wait(AT_ONCE)
    return go(_at(file) if file.batches is None else address_of(file.batches))


def _store(request: Request, reader: Reader, file: KeptFile) -> None:
    """All good rows in one transaction; the relay starts their cases, whatever becomes of this process."""
    pool, found = office_of(request).gateway.pool, file.found

    async def work() -> None:
        if found is None:
            return
        try:
            file.batches = await store_import(pool, found, reader.actor.id, starts_itself=True)
        except ChangedMeanwhileError:
            file.trouble = "changed-meanwhile"
        else:
            file.found = file.file = None  # its purpose is over

    file.begin(work())


async def copy(request: Request) -> Response:
    """The annotated copy, under a name that tells nothing; with `?as=xlsx` a workbook, which keeps zeros."""
    reader = await _reader(request)
    file = _file(request, reader)
    if file is None or file.found is None:
        return await _gone(request, reader)
    kind: Any = "xlsx" if request.query_params.get("as") == "xlsx" else None
    made = await asyncio.to_thread(annotated, file.found.checked, kind)
    if made is None:
        raise HTTPException(404)
    ending, content = made
    headers = {"Content-Disposition": f'attachment; filename="applications.checked.{ending}"'}
    return Response(content, media_type=TYPES[ending], headers=headers)


async def follow(request: Request) -> Response:
    """How far the cases of an import are, and then the cases; any window sees the same."""
    reader = await _reader(request)
    found = await batch_rows(office_of(request).gateway.pool, request.path_params["batches"])
    if found is None:
        raise HTTPException(404)
    told, cases = found
    stored, started = sum(row["stored"] for row in told), sum(row["started"] for row in told)
    t = reader.tongue
    words = t("{started} of {stored} cases have begun.", started=started, stored=stored)
    progress = Progress(started, stored, words, done=started >= stored)
    values = {"progress": progress, "stored": stored, "batches": told, "cases": cases}
    return page(request, reader, "admission/import_progress.html", **values)


async def _reader(request: Request) -> Reader:
    reader = await reader_of(request)
    if not MAY_IMPORT(reader.actor):
        raise HTTPException(404)
    return reader


def _file(request: Request, reader: Reader) -> KeptFile | None:
    return kept_files(request).of(request.path_params["key"], reader.actor.id)


def _at(file: KeptFile) -> str:
    return f"/admission/imports/checked/{file.key}"


async def _gone(request: Request, reader: Reader) -> Response:
    note = reader.tongue(
        "This file is not kept any more: the time for it is over, or the pages were restarted. Choose it "
        "again; what of it is stored already is recognised, and nothing is stored twice."
    )
    return await _ask(request, reader, status=HTTPStatus.GONE, note=note)
