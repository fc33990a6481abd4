"""Cases that a reader sees, filtered; each view is an address."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from cases import lists
from cases.cursors import cursor_of
from cases.list_questions import CaseFilters
from cases.registry import PROCESSES
from cases.sight import view_of, whole_processes
from gateway.listing import Cursor, Word, place
from gateway.request_parsing import query_of
from office.context import office_of
from office.pages import Reader, page, reader_of
from office.print_head import print_head
from office.words import Tongue
from workflows.kernel.sight import Field

LIMIT: Final = 50


class CasesQuery(BaseModel):
    """Which cases."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    process: str | None = None
    stage: str | None = None
    reached: str | None = None
    waiting_for: str | None = None
    state: Literal["open", "closed", "all", "overdue"] = "open"
    label: str | None = None
    cursor: Cursor | None = None
    said: Word | None = None


def wanted_of(query: CasesQuery) -> CaseFilters:
    """The cases of a view; what is not known of any process filters nothing."""
    process = query.process if query.process in PROCESSES else None
    name, _, value = (query.label or "").partition(":")
    return CaseFilters(
        process=process,
        stage=query.stage or None,
        reached=query.reached or None,
        waiting_for=query.waiting_for or None,
        overdue=True if query.state == "overdue" else None,
        is_open={"open": True, "closed": False, "overdue": True}.get(query.state),
        labels={name: value} if name and value else {},
    )


async def show(request: Request) -> Response:
    """A page of them, by their ids."""
    reader = await reader_of(request)
    query, t = query_of(request, CasesQuery), reader.tongue
    view = view_of(reader.actor)
    (after,) = place(query.cursor, tuple[str]) or (None,)
    found = await lists.list_cases(office_of(request).gateway.pool, view, wanted_of(query), after, LIMIT)
    processes = [name for name in PROCESSES if name in {*view.whole, *view.processes}]
    process = PROCESSES.get(query.process or "")
    stages = process.lifecycle.stages if process is not None else {}
    return page(
        request,
        reader,
        "cases.html",
        query=query,
        rows=[_row(reader, row) for row in found.rows],
        processes=[(name, t.pair(PROCESSES[name].title)) for name in processes],
        stages=[(name, t.pair((info.ja, info.en))) for name, info in stages.items()],
        following=cursor_of(found.next) if found.next else None,
        head=print_head(t, _filters(t, query)),
        exportable=bool(whole_processes(reader.actor)),
        names=bool(view_of(reader.actor, Field.PERSONAL).whole),
        bulk=bool(stages) and query.stage in stages and query.process in view.whole,
    )


def _filters(t: Tongue, query: CasesQuery) -> list[tuple[str, str | None]]:
    process = PROCESSES.get(query.process or "")

    def stage(name: str | None) -> str | None:
        known = process is not None and name in process.lifecycle.stages
        return t.stage(process.name, name) if known and process is not None and name else None

    return [
        (t("Process"), t.pair(process.title) if process is not None else None),
        (t("Stage"), stage(query.stage)),
        (t("Has been at"), stage(query.reached)),
        (t("Waits for"), t.word(process.room if process else "", query.waiting_for or "")),
        (t("State"), t(query.state)),
        (t("Filed under"), query.label and query.label.partition(":")[2]),
    ]


def _row(reader: Reader, row: dict[str, Any]) -> dict[str, Any]:
    t, process = reader.tongue, PROCESSES[row["process"]]
    return {
        "case_id": row["case_id"],
        "process": t.pair(process.title),
        "stage": t.stage(process.name, row["stage"]),
        "waits": t.word(process.room, row["waiting_for"]) if row["waiting_for"] else "",
        "due": t.moment(row["due_at"]) if row["closed_at"] is None else "",
        "overdue": row["overdue"],
        "outcome": t.cell(process.room, "outcome", row["outcome"]) if row["outcome"] else "",
        "labels": t.value(process.room, row["labels"]),
    }
