"""What imports have stored and started, as the database has it: the same in every window, for who imports."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from activities.kernel.queries import queries
from cases.administration import ENTER
from office.admission.kept_files import kept_files
from office.context import office_of
from office.pages import Reader, page, reader_of
from office.progress import Progress
from office.rights import may_act
from office.words import Tongue
from spreadsheets.admission.imports import StoredBatch
from workflows.admission.process import ADMISSION_REVIEW

SQL: Final = queries("admission/imports")
MAY_IMPORT: Final = may_act(ENTER, ADMISSION_REVIEW.name)
IMPORTS_SHOWN: Final = 100
CASES_SHOWN: Final = 200
_MOST_BATCHES: Final = 50


def address_of(batches: Sequence[StoredBatch]) -> str:
    """Where the progress of an import is; of one that added nothing, the list of all."""
    ids = [str(each.batch_id) for each in batches if each.batch_id is not None]
    return f"/admission/imports/{','.join(ids)}" if ids else "/admission/imports?said=known"


async def batch_rows(
    pool: asyncpg.Pool, batches: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
    """By batch how far it is, and the first of its cases; None: there is no such batch.

    Args:
        pool: connections of the office role.
        batches: their ids, with commas between them.
    """
    try:
        ids = [UUID(each) for each in batches.split(",")[:_MOST_BATCHES]]
    except ValueError:
        return None
    told = [
        dict(row) for each in ids if (row := await pool.fetchrow(SQL["batch_progress"], each)) is not None
    ]
    cases = [dict(row) for row in await pool.fetch(SQL["cases_of_batches"], ids, CASES_SHOWN)]
    return (told, cases) if told else None


async def imports_table(pool: asyncpg.Pool, tongue: Tongue) -> list[dict[str, str]]:
    """The imports, newest first."""
    return [
        {
            "href": f"/admission/imports/{row['batch_id']}",
            "at": tongue.moment(row["imported_at"]),
            "round": row["round_id"],
            "rows": str(row["rows"]),
            "left_out": str(row["skipped"]),
            "stored": str(row["stored"]),
            "started": str(row["started"]),
            "by": row["imported_by"],
        }
        for row in await pool.fetch(SQL["imports"], IMPORTS_SHOWN)
    ]


async def index(request: Request) -> Response:
    """The imports, newest first, and one's own files that are checked and not imported."""
    reader = await importer_of(request)
    rows = await imports_table(office_of(request).gateway.pool, reader.tongue)
    waiting = kept_files(request).waiting(reader.actor.id)
    return page(request, reader, "admission/imports.html", rows=rows, waiting=waiting)


async def follow(request: Request) -> Response:
    """How far the cases of an import are, and then the cases; any window sees the same."""
    reader = await importer_of(request)
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


async def importer_of(request: Request) -> Reader:
    """Who reads, if they may import.

    Raises:
        SignInNeeded: nobody is signed in.
        HTTPException: 404, they may not.
    """
    reader = await reader_of(request)
    if not MAY_IMPORT(reader.actor):
        raise HTTPException(404)
    return reader
