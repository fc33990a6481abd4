"""Search: a case by its number, or by whom it is about, for who sees that."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from cases.registry import PROCESSES
from cases.search import search
from gateway.listing import Word
from gateway.request_parsing import query_of
from office.context import office_of
from office.pages import Reader, page, reader_of


class SearchQuery(BaseModel):
    """What is looked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    q: str = ""
    said: Word | None = None


async def show(request: Request) -> Response:
    """What was found; a form where nothing is asked."""
    reader, gateway = await reader_of(request), office_of(request).gateway
    query = query_of(request, SearchQuery)
    found = await search(gateway.pool, reader.actor, query.q, gateway.vault)
    return page(
        request,
        reader,
        "search.html",
        q=query.q,
        rows=[_row(reader, row) for row in found.rows],
        total=found.total,
        named=any(row["name"] for row in found.rows),
    )


def _row(reader: Reader, row: dict[str, Any]) -> dict[str, Any]:
    t, process = reader.tongue, PROCESSES[row["process"]]
    return {
        "case_id": row["case_id"],
        "name": row["name"] or "",
        "process": t.pair(process.title),
        "stage": t.stage(process.name, row["stage"]),
        "waits": t.word(process.room, row["waiting_for"]) if row["waiting_for"] else "",
        "due": t.moment(row["due_at"]),
        "overdue": row["overdue"],
    }
