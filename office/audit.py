"""Audit: who changed what, what was done in cases, who has read what is confidential."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cases.administration import READ_LOG, roles_for
from cases.audit import SHAPES, AuditFilters, Kind, list_audit
from cases.cursors import cursor_of
from cases.registry import PROCESSES
from cases.sight import process_of
from gateway.listing import Cursor, Word, place
from gateway.request_parsing import query_of
from office.context import office_of
from office.pages import Reader, page, reader_of
from office.print_head import print_head
from office.sessions import require_fresh
from office.words import Tongue, lookup, step_of
from schemas.kernel.japan import TOKYO

LIMIT: Final = 100


def kinds_of(t: Tongue) -> dict[Kind, str]:
    """What can be looked through."""
    return {
        "administration": t("Administration"),
        "steps": t("Steps of cases"),
        "openings": t("Openings of confidential cases"),
        "reads": t("All reads of confidential cases, lists and searches among them"),
    }


def columns_of(t: Tongue, kind: Kind) -> dict[str, str]:
    """The columns of one of them."""
    told = {"at": t("When"), "who": t("Who"), "act": t("Act")}
    if kind == "administration":
        return told | {"subject": t("Subject"), "details": t("Details")}
    if kind == "steps":
        return told | {"case_id": t("Case"), "stages": t("Stage")}
    return told | {"case_id": t("Case"), "by_right": t("By which right")}


def _or_none(value: Any) -> Any:
    return value or None


Text = Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(_or_none)]
Day = Annotated[
    Annotated[date, Field(ge=date(1950, 1, 1), le=date(2150, 1, 1))] | None, BeforeValidator(_or_none)
]


class AuditQuery(BaseModel):
    """Which entries; `what` is the log, days are those of Japan."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    what: Kind = "administration"
    who: Text = None
    case: Text = None
    act: Text = None
    since: Day = None
    until: Day = None
    cursor: Cursor | None = None
    said: Word | None = None


def require_auditor(reader: Reader) -> None:
    """Let only pass who may read the log.

    Raises:
        HTTPException: 404.
        SignInNeeded: they have shown long ago who they are.
    """
    if roles_for(READ_LOG).isdisjoint(reader.actor.roles):
        raise HTTPException(404)
    require_fresh(reader.session)


def wanted_of(query: AuditQuery) -> AuditFilters:
    """The entries of a view."""
    return AuditFilters(
        who=query.who,
        case_id=query.case,
        act=query.act,
        since=_midnight(query.since),
        before=_midnight(query.until and query.until + timedelta(days=1)),
    )


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), TOKYO)


async def show(request: Request) -> Response:
    """A page of entries, the newest first."""
    reader = await reader_of(request)
    require_auditor(reader)
    query, t = query_of(request, AuditQuery), reader.tongue
    after = place(query.cursor, SHAPES[query.what])
    pool = office_of(request).gateway.pool
    found = await list_audit(pool, reader.actor, query.what, wanted_of(query), after, LIMIT)
    filters = [
        (t("Person"), query.who),
        (t("Case or subject"), query.case),
        (t("Act or step (code)"), query.act),
    ]
    days = [(t("From day"), t.day(query.since)), (t("Until day"), t.day(query.until))]
    return page(
        request,
        reader,
        "audit.html",
        query=query,
        kinds=list(kinds_of(t).items()),
        columns=list(columns_of(t, query.what).items()),
        rows=[shown_of(t, query.what, row) for row in found.rows],
        following=cursor_of(found.next) if found.next else None,
        head=print_head(t, [(t("Log"), kinds_of(t)[query.what]), *filters, *days]),
    )


def row_of(t: Tongue, kind: Kind, row: dict[str, Any]) -> dict[str, str]:
    """An entry as a file has it, by the names of the columns: acts and rights by their codes."""
    told = {"at": t.moment(row["at"]), "case_id": row.get("case_id", "")}
    if kind == "administration":
        details = ", ".join(f"{name}: {value}" for name, value in _details(row))
        return told | {"who": row["actor"], "act": row["act"], "subject": row["subject"], "details": details}
    if kind in ("openings", "reads"):
        return told | {"who": row["staff_id"], "act": row["what"], "by_right": row["by_right"]}
    process = PROCESSES[process_of(row["case_id"]) or ""]
    stages = [row["from_stage"], row["stage"]] if row["from_stage"] != row["stage"] else [row["stage"]]
    known = process.lifecycle.stages
    return told | {
        "who": row["actor_id"] if row["actor_kind"] == "person" else t.word(process.room, row["actor_kind"]),
        "act": row["step"],
        "stages": " → ".join(t.stage(process.name, each) if each in known else "·" for each in stages),
    }


def shown_of(t: Tongue, kind: Kind, row: dict[str, Any]) -> dict[str, Any]:
    """An entry as the page shows it: `words` of what a file has by codes, `listed` details by name."""
    found = {**row_of(t, kind, row), "words": {}, "listed": []}
    if kind == "administration":
        listed = [
            (_in_words(t, "detail", name), t.value(room_of(f"log: {row['act']}") or "", value))
            for name, value in _details(row)
        ]
        return found | {"words": {"act": _in_words(t, "log", row["act"])}, "listed": listed}
    process = PROCESSES[process_of(row["case_id"]) or ""]
    if kind == "steps":
        return found | {"words": {"act": step_of(t, process, row["step"])}}
    right = " / ".join(t.choice(process.room, "right", each) for each in row["by_right"].split("/"))
    return found | {"words": {"act": t.choice(process.room, "read", row["what"]), "by_right": right}}


def room_of(code: str) -> str | None:
    """Whose words a code of the administration log has: the host's (empty), a room's; None: nobody's."""
    rooms = ("", *(each.room for each in PROCESSES.values()))
    return next((room for room in rooms if lookup(room, code)), None)


def _in_words(t: Tongue, of: str, code: str) -> str:
    return t.choice(room_of(f"{of}: {code}") or "", of, code)


def _details(row: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in row["details"].items() if value is not None]
