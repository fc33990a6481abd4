"""`iehe document`: documents of cases, listed, kept, handed out, asked for singly or all together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.case_arguments import CaseArgument, LimitOption, acting, find_case, require_role
from cli.new_file import write_new_file
from cli.progress import progress
from cli.session import CommandError, Exit, Session, print_json, refused
from cli.tables import print_rows
from cli.typed import known_value

if TYPE_CHECKING:
    from activities.kernel.document_store import DocumentStore
    from schemas.kernel.refusals import Refusal

app = typer.Typer(no_args_is_help=True, help="Documents of cases: list, put, get, chase, reads.")
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Which document, as the list names it.")]


def _store(session: Session) -> DocumentStore:
    from workers.documents import document_store

    return document_store(session.settings)


@app.command("list")
@acting
async def list_documents(session: Session, case: CaseArgument) -> None:
    """List the documents of a case: where each stands, and which versions were received."""
    from cases.documents import listed

    row = await find_case(session, case, reads="documents")
    documents = await listed(await session.pool(), row)
    at, language = _latest, session.settings.language
    columns = (
        ("document", "name"),
        ("", lambda each: each["title"][language]),
        ("state", lambda each: each["state"] or "-"),
        ("version", "version"),
        ("due", "due_at"),
        ("type", lambda each: at(each, "media_type")),
        ("bytes", lambda each: at(each, "bytes")),
        ("by", lambda each: at(each, "by")),
    )
    print_rows(session, documents, columns, {"case_id": row["case_id"], "documents": documents})


def _latest(document: dict[str, Any], what: str) -> Any:
    return document["versions"][-1][what] if document["versions"] else None


@app.command("put")
@acting
async def put_document(
    session: Session,
    case: CaseArgument,
    name: NameArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What it is is told by its content.")],
) -> None:
    """Keep a file as a document of a case; the same file again is the same version."""
    from cases.administration import ENTER, roles_for
    from cases.documents import kind_of, put

    actor = await session.actor()
    row = await find_case(session, case)
    require_role(actor, roles_for(ENTER, row["process"]))
    try:
        with file.open("rb") as opened:
            # one byte more than it may have, so that a larger one is seen
            content = opened.read(kind_of(row, name).limit_bytes + 1)
    except OSError as error:
        raise CommandError("file-unusable", file=file, reason=error.strerror) from None
    pool, vault = await session.pool(), await session.vault()
    kept = await put(pool, _store(session), vault, row, name, content, actor.id)
    told = {"case_id": row["case_id"], "document": name, "version": kept.version, "sha256": kept.sha256}
    told |= {"bytes": kept.size, "media_type": kept.media_type, "repeated": kept.repeated}
    session.answer(told, "document-kept-before" if kept.repeated else "document-kept")


@app.command("get")
@acting
async def get_document(
    session: Session,
    case: CaseArgument,
    name: NameArgument,
    *,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where it is written; it must not exist.")],
    version: Annotated[int | None, typer.Option("--version", help="Which one; by default the last.")] = None,
) -> None:
    """Write a document to a file that only you can read; that you had it is kept on record."""
    from cases.documents import get

    row = await find_case(session, case, field="personal")
    kept = await get(await session.pool(), _store(session), await session.vault(), row, name, version)
    write_new_file(to, kept.content)
    told = {"case_id": row["case_id"], "document": name, "version": kept.version, "file": str(to)}
    session.answer(told, "document-written")


@app.command("reads")
@acting
async def reads(session: Session, case: CaseArgument, *, limit: LimitOption = 50) -> None:
    """List who had which document of a case, when and by which right; the last first."""
    row = await find_case(session, case, field="work")
    rows = await session.fetch("kernel/documents:reads", row["case_id"], limit)
    named = (("document", "name"), ("version", "version"), ("by", "staff_id"), ("right", "by_right"))
    columns = (("read", "read"), ("when", "at"), *named)
    print_rows(session, rows, columns, {"case_id": row["case_id"], "reads": rows})


@app.command("chase")
@acting
async def chase(
    session: Session,
    *,
    process: Annotated[str | None, typer.Option(help="Only of this process.")] = None,
    document: Annotated[str | None, typer.Option(help="Only this document.")] = None,
) -> Exit:
    """Ask for what is missing in every open case, case by case; run again on the same day it goes on."""
    from cases.chasing import all_to_chase, chasers, of_today
    from cases.chasing import chase as chase_all
    from cases.registry import PROCESSES

    asking = chasers()
    known_value(process, asking, "--process")
    known_value(document, {name for each in asking for name in PROCESSES[each].documents}, "--document")
    actor, answers = await session.actor(), list[dict[str, Any]]()
    chosen = {name: roles for name, roles in asking.items() if process in (None, name)}
    require_role(actor, frozenset[str]().union(*chosen.values()))
    pool, command = await session.pool(), of_today(actor, document)
    for name in [each for each, roles in chosen.items() if not roles.isdisjoint(actor.roles)]:
        case_ids = await all_to_chase(pool, name, document)
        before = len(answers)
        with progress(f"{name}", len(case_ids)) as told:
            async for each in chase_all(pool, case_ids, command, session.decide):
                why = {} if each.refusal is None else _why(session, each.refusal)
                answers.append({"case_id": each.case_id, "result": each.result, **why})
                told(len(answers) - before)
    return _report(session, answers)


def _why(session: Session, refusal: Refusal) -> dict[str, str]:
    error = refused(refusal)
    return {"code": refusal.code, "text": getattr(error, _LANGUAGES[session.settings.language])}


_LANGUAGES: Final = {"en": "english", "ja": "japanese"}


def _report(session: Session, answers: list[dict[str, Any]]) -> Exit:
    counts = {
        each: sum(one["result"] == each for one in answers) for each in ("asked", "repeated", "refused")
    }
    if session.as_json:
        print_json({"counts": counts, "cases": answers})
    else:
        for one in answers:
            if one["result"] == "refused":
                print(f"{one['case_id']}  {one['text']}")
        session.say("documents-chased", **counts)
    return Exit.PROBLEMS if counts["refused"] else Exit.OK
