"""Lists as files: with the filter of their page, of what is seen whole, on record before they leave."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from cases.administration import note
from gateway.problems import Fault, invalid
from office.context import office_of
from office.export_sources import SOURCES, Source
from office.pages import Reader, reader_of
from office.posted import form_of
from office.sessions import require_fresh
from office.table_writers import WRITERS, TableWriter
from schemas.kernel.japan import TOKYO
from schemas.kernel.texts import storable
from spreadsheets.spool import NamelessFile

MOST: Final = 100_000
"""Rows of a file; that there are more is said in it."""
_PART: Final = 1 << 16


async def hand_out(request: Request) -> Response:
    """A list as a file.

    Raises:
        HTTPException: 404, there is no such list, or the reader may not have it.
        Problem: 400 or 403, the form was not made here or not for this session.
        SignInNeeded: names are asked for, and it was too long ago that they showed who they are.
    """
    reader = await reader_of(request)
    name, ending = request.path_params["name"], request.path_params["ending"]
    source, writes = SOURCES.get(name), WRITERS.get(ending)
    if source is None or writes is None or not source.may(reader.actor):
        raise HTTPException(404)
    form = await form_of(request, reader)
    names = form.get("with") == "names"
    if names:
        require_fresh(reader.session)
    given = {key: str(value) for key, value in form.multi_items() if key not in ("csrf", "with") and value}
    query = _query(source, given)
    kept = NamelessFile()
    writer = writes(kept)
    count = await _write(request, reader, source, query, names, writer)
    pool = office_of(request).gateway.pool
    await note(pool, reader.actor.id, "export", f"{name}.{ending}", rows=count, names=names, filter=given)
    at = datetime.now(UTC).astimezone(TOKYO)
    return file_answer(kept, f"{name}-{at:%Y%m%d-%H%M}.{ending}", writer.media_type)


def _query(source: Source, given: dict[str, str]) -> Any:
    if not all(map(storable, given.values())):
        raise invalid([Fault("query", "unstorable_text")])
    try:
        return source.query.model_validate(given)
    except ValidationError as error:
        raise invalid(Fault(f"query:{each['loc'][0]}", each["type"]) for each in error.errors()) from None


async def _write(
    request: Request, reader: Reader, source: Source, query: Any, names: bool, writer: TableWriter
) -> int:
    """Write it; how many rows it has."""
    t, count = reader.tongue, 0
    writer.row(source.columns(t, query, names))
    async for rows in source.rows(office_of(request).gateway.pool, reader, query, names):
        for row in rows[: MOST - count]:
            writer.row(row)
        if count + len(rows) > MOST:
            writer.row([t("There are more than {most} rows; the others are left out.", most=f"{MOST:,}")])
            count = MOST
            break
        count += len(rows)
    await asyncio.to_thread(writer.close)
    return count


def file_answer(kept: NamelessFile, name: str, media_type: str) -> Response:
    """A file that is handed out, part by part."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_parts(kept), media_type=media_type, headers=headers)


def _parts(kept: NamelessFile) -> Iterator[bytes]:
    kept.file.flush()
    with kept.lines() as file:
        while part := file.read(_PART):
            yield part
