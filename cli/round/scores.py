"""`iehe round scores`: files of scores, checked whole, loaded whole, dropped."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import typer

from cli import faults
from cli.case_arguments import CaseArgument, command, find_case
from cli.file_intake import annotated_copy
from cli.session import CommandError, Session, print_json
from cli.tables import Columns, print_rows, print_values, table_of

if TYPE_CHECKING:
    import asyncpg

    from schemas.kernel.batches import ReadBatch

scores = typer.Typer(no_args_is_help=True, help="Files of scores of a round.")
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX: docs/batches.md.")]
MappingOption = Annotated[str, typer.Option("--mapping", help="How it is read: a key of the round's rules.")]
YearOption = Annotated[int | None, typer.Option("--year", help="The year that the file is of.")]
ExamOption = Annotated[str | None, typer.Option("--exam", help="The examination that it is of.")]
PartOption = Annotated[str | None, typer.Option("--part", help="The one part or subject that it is about.")]
RowsOption = Annotated[int | None, typer.Option("--rows", min=0, help="How many rows it has.")]
SumOption = Annotated[str | None, typer.Option("--sum", help="The sum of all its numbers.")]
BatchArgument = Annotated[UUID, typer.Argument(metavar="BATCH", help="The file, as it was loaded.")]


@scores.command("check")
@command
async def check_scores(
    session: Session,
    case: CaseArgument,
    file: FileArgument,
    *,
    mapping: MappingOption,
    year: YearOption = None,
    exam: ExamOption = None,
    part: PartOption = None,
    rows: RowsOption = None,
    sum_: SumOption = None,
) -> None:
    """Check a file of scores, and show how it is distributed beside last year's; nothing is loaded."""
    from cases.round import scores as shared

    _, row = await _loading(session, case)
    named = {"year": year, "exam": exam, "part": part, "rows": rows, "sum": sum_}
    checked = await _checked(session, row, file, mapping, named)
    told = await shared.would_load(await session.pool(), row["case_id"], checked)
    _show(session, told, "scores-fit")


@scores.command("load")
@command
async def load_scores(
    session: Session,
    case: CaseArgument,
    file: FileArgument,
    *,
    mapping: MappingOption,
    year: YearOption = None,
    exam: ExamOption = None,
    part: PartOption = None,
    rows: RowsOption = None,
    sum_: SumOption = None,
) -> None:
    """Load a file of scores: by the year's mapping, whole or not at all, compared with what stands."""
    from cases.round import scores as shared

    by, row = await _loading(session, case)
    named = {"year": year, "exam": exam, "part": part, "rows": rows, "sum": sum_}
    checked = await _checked(session, row, file, mapping, named)
    told = await shared.load(await session.pool(), by, row["case_id"], checked)
    _show(session, told, "scores-loaded", **told["counts"])


@scores.command("list")
@command
async def list_scores(session: Session, case: CaseArgument) -> None:
    """List the files of scores of a round, with what became of each."""
    from cases.round import scores as shared
    from workflows.round.process import ROUND

    await session.administer("read-lists", ROUND.name)
    row = await find_case(session, case, ROUND.room, field="work")
    columns: Columns = (
        ("file", "batch"),
        ("kind", "kind"),
        ("part", "part"),
        ("rows", "rows"),
        ("state", "state"),
        ("new", lambda each: each["counts"].get("new")),
        ("changed", lambda each: each["counts"].get("changed")),
        ("vanished", lambda each: each["counts"].get("vanished")),
        ("loaded_by", "loaded_by"),
        ("hash", lambda each: each["hash"][:12]),
    )
    print_rows(session, await shared.list_scores(await session.pool(), row["case_id"]), columns)


@scores.command("show")
@command
async def show_scores(session: Session, batch: BatchArgument) -> None:
    """Show a file of scores: what it changes, and how it is distributed beside last year's."""
    from cases.round import scores as shared
    from workflows.round.process import ROUND

    await session.administer("read-lists", ROUND.name)
    pool = await session.pool()
    row = await find_case(session, await shared.round_of_batch(pool, batch), ROUND.room, field="work")
    told = await shared.show(pool, row["case_id"], batch)
    if session.as_json:
        print_json(told)
        return
    print_values(session, {name: each for name, each in told.items() if name not in ("parts", "changes")})
    print(f"\n{_distribution(told)}\n")
    columns: Columns = (
        ("fate", "fate"),
        ("number", "number"),
        ("part", "part"),
        ("before", "before"),
        ("after", "after"),
    )
    print(table_of(columns, told["changes"]))


@scores.command("propose")
@command
async def propose_score(
    session: Session,
    case: CaseArgument,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The examinee's number.")],
    part: Annotated[str, typer.Argument(metavar="PART", help="The part.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The points, or absent, or exempt.")],
    *,
    reason: Annotated[str, typer.Option(help="Why.")],
    kind: Annotated[str, typer.Option(help="The kind of the file that has brought it.")] = "exam-scores",
    command_id: Annotated[str | None, typer.Option(help="The same one again stores nothing more.")] = None,
) -> None:
    """Propose a correction of a score: stored with its reason, for the decision that names it."""
    from cases.round.corrections import Wanted, propose
    from cases.round.rounds import LOAD
    from workflows.round.process import ROUND

    actor = await session.administer(LOAD, ROUND.name)
    row = await find_case(session, case, field="work")
    wanted = Wanted(kind, number, part, value, reason)
    key = command_id or f"cli-{uuid4().hex}"
    pool, vault = await session.pool(), await session.vault()
    told = await propose(pool, vault, actor.id, row["case_id"], wanted, key)
    session.answer({**told, "command_id": key}, "correction-stored", proposal=told["proposal"])


@scores.command("drop")
@command
async def drop_scores(session: Session, batch: BatchArgument) -> None:
    """Drop a file of scores that nobody will accept."""
    from cases.round import scores as shared
    from workflows.round.process import ROUND

    actor, pool = await session.administer("load-batches", ROUND.name), await session.pool()
    row = await find_case(session, await shared.round_of_batch(pool, batch), ROUND.room, field="work")
    session.answer(await shared.drop(pool, actor.id, row["case_id"], batch), "scores-dropped")


async def _loading(session: Session, case: str) -> "tuple[str, asyncpg.Record]":
    """Who acts, who may load files, and the round."""
    from workflows.round.process import ROUND

    actor = await session.administer("load-batches", ROUND.name)
    return actor.id, await find_case(session, case, ROUND.room, field="work")


async def _checked(
    session: Session, row: "asyncpg.Record", file: Path, mapping: str, named: dict[str, Any]
) -> "ReadBatch":
    """The file without faults; a faulty one comes back annotated.

    Raises:
        CommandError: it has faults, or what is named of it has no such form.
    """
    from schemas.kernel.batches import BatchHead
    from spreadsheets.round.scores import check_scores as check

    head = BatchHead.model_validate({**named, "sum": _sum(named["sum"])})
    checked = await check(await session.pool(), row, mapping, head, file)
    copy = await annotated_copy(file, checked.checked) if checked.faults else None
    if not session.as_json:
        faults.show(checked.faults, copy)
    if checked.batch is None:
        found = {"faults": faults.as_json(checked.faults), "annotated": str(copy) if copy else None}
        refused = CommandError("file-faulty", found, file=file.name, errors=len(checked.errors))
        raise refused.also("see-annotated-copy", copy=copy) if copy else refused
    return checked.batch


def _sum(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        raise CommandError("sum-malformed") from None


def _show(session: Session, told: dict[str, Any], said: str, **counts: int) -> None:
    if not session.as_json:
        print(_distribution(told))
    session.answer(told, said, **counts)


def _distribution(told: dict[str, Any]) -> str:
    columns: Columns = (
        ("part", "part"),
        ("scored", "count"),
        ("absentees", "absent"),
        ("blank", "blank"),
        ("min", "min"),
        ("max", "max"),
        ("mean", "mean"),
        ("full", "full"),
        ("last_count", "last_count"),
        ("last_mean", "last_mean"),
        ("flags", "flags"),
    )
    return table_of(columns, told["parts"])
