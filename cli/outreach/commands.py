"""`iehe outreach topics`: what schools may ask for in a year, beside the decisions and facts of requests."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from activities.kernel.queries import queries
from cli import faults
from cli.case_arguments import command
from cli.session import CommandError, Session
from cli.tables import print_rows

app = typer.Typer(no_args_is_help=True)
topics = typer.Typer(no_args_is_help=True, help="Topics that teachers register each year.")
app.add_typer(topics, name="topics")


@topics.command("list")
@command
async def list_topics(
    session: Session, *, year: Annotated[int | None, typer.Option(help="Only this school year.")] = None
) -> None:
    """List the topics with their lecturers, in the order in which these are asked."""
    columns = (
        ("year", "year"),
        ("topic", "topic"),
        ("field", "field"),
        ("title", f"title_{session.settings.language}"),
        ("lecturers", "lecturers"),
    )
    rows = await session.fetch("outreach/topics:topics", None if year is None else [year])
    print_rows(session, rows, columns)


@topics.command("load")
@command
async def load_topics(session: Session, file: Path) -> None:
    """Check a CSV or XLSX file of topics and register them for their years; nothing of a faulty file.

    Topics of these years that are not in the file stay registered, and are named.
    """
    from activities.outreach.topics import store_topics
    from cases.administration import note
    from spreadsheets.outreach.topics import check_topics_file
    from workflows.outreach.process import OUTREACH

    actor = await session.administer("load-topics", OUTREACH.name)
    lecturers = {row["staff_id"] for row in await session.fetch("outreach/topics:lecturers")}
    checked = await asyncio.to_thread(check_topics_file, file, lecturers)
    if not session.as_json:
        faults.show(checked.faults, None)
    if errors := len(checked.errors):
        found = {"faults": faults.as_json(checked.faults)}
        raise CommandError("file-faulty", found, file=file.name, errors=errors)
    async with session.transaction() as connection:
        told = await store_topics(connection, [row.data for row in checked.rows])
        counts = {fate: len(names) for fate, names in told.items()}
        if told["new"] or told["changed"]:
            await note(connection, actor.id, "load-topics", file.name, **counts)
    session.answer(told, "topics-loaded", **counts)
    if told["vanished"] and not session.as_json:
        session.say("topics-vanished", names=", ".join(told["vanished"]))


@topics.command("remove")
@command
async def remove_topic(session: Session, year: int, topic: str) -> None:
    """Remove a topic from its year; one that a request names stays."""
    from asyncpg import ForeignKeyViolationError

    from cases.administration import note
    from workflows.outreach.process import OUTREACH

    actor = await session.administer("load-topics", OUTREACH.name)
    try:
        async with session.transaction() as connection:
            if await connection.fetchval(queries("outreach/topics")["remove"], year, topic) is None:
                raise CommandError("no-such-topic", year=year, topic=topic)
            await note(connection, actor.id, "remove-topic", f"{year}/{topic}")
    except ForeignKeyViolationError:
        raise CommandError("topic-asked-for", year=year, topic=topic) from None
    session.answer({"year": year, "topic": topic}, "topic-removed")
