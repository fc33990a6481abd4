"""`iehe staff away`, `back`, `absences`, `leave`: who is away, who stands in, who is here no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.case_arguments import command
from cli.known import completed
from cli.known import staff_ids as known_staff
from cli.session import Session
from cli.tables import Columns, print_rows
from cli.typed import moment

if TYPE_CHECKING:
    from schemas.kernel.case import Actor

StaffArgument = Annotated[str, typer.Argument(metavar="STAFF_ID", autocompletion=completed(known_staff))]


@command
async def away(
    session: Session,
    staff_id: StaffArgument,
    *,
    until: Annotated[str, typer.Option("--until", help="Last day, or moment, of the absence.")],
    since: Annotated[str | None, typer.Option("--from", help="First day, or moment; without: now.")] = None,
    substitute: Annotated[
        str | None,
        typer.Option("--substitute", help="Who gets it meanwhile.", autocompletion=completed(known_staff)),
    ] = None,
) -> None:
    """Note that a member of staff is away: their own absence, or as an administrator anybody's.

    What is delegable goes to the substitute, and to the substitute's own one when that person is away too;
    where nobody is there it goes to the whole role. Reviews and other personal work wait.
    """
    from cases.absences import note_absence
    from cases.administration import note

    actor = await _for(session, staff_id)
    begins = moment(since, "--from") or datetime.now(UTC)
    ends = moment(until, "--until", end_of_day=True) or begins
    async with session.transaction() as connection:
        await note_absence(connection, staff_id, begins, ends, substitute, actor.id)
        await note(connection, actor.id, "note-absence", staff_id, substitute=substitute)
    told = {"staff_id": staff_id, "begins_at": begins, "ends_at": ends, "substitute": substitute}
    session.answer(told, "absence-noted", substitute=substitute or "-")


@command
async def back(session: Session, staff_id: StaffArgument) -> None:
    """Note that a member of staff is back; absences to come are taken away too."""
    from cases.absences import end_absences
    from cases.administration import note

    actor = await _for(session, staff_id)
    async with session.transaction() as connection:
        ended = await end_absences(connection, staff_id, datetime.now(UTC))
        await note(connection, actor.id, "end-absence", staff_id, ended=ended)
    session.answer({"staff_id": staff_id, "ended": ended}, "absence-ended")


@command
async def absences(
    session: Session,
    staff_id: Annotated[
        str | None, typer.Argument(metavar="[STAFF_ID]", autocompletion=completed(known_staff))
    ] = None,
) -> None:
    """List who is away or will be, and who stands in."""
    from cases.absences import list_absences

    await session.actor()
    columns: Columns = (
        ("id", "staff_id"),
        ("from", "begins_at"),
        ("until", "ends_at"),
        ("substitute", "substitute"),
        ("stands in", "stands_in"),
    )
    print_rows(session, await list_absences(await session.pool(), staff_id), columns)


@command
async def leave(session: Session, staff_id: StaffArgument) -> None:
    """Take a member of staff out in one step: no login, no standing in, no duty; their cases go to the queue.

    Tasks of processes that cannot be told are named: hand them on (iehe case reassign-task).
    """
    from cases import leaving
    from cases.administration import note

    actor = await session.administer("import-staff")
    async with session.transaction() as connection:
        left = await leaving.leave(connection, staff_id, actor.id)
        await note(connection, actor.id, "leave", staff_id, told=len(left.told), tasks=len(left.tasks))
    told = {"staff_id": staff_id, "told": list(left.told), "tasks": list(left.tasks)}
    session.answer(told, "staff-left", count=len(left.told), tasks=", ".join(left.tasks) or "-")


async def _for(session: Session, staff_id: str) -> Actor:
    actor = await session.actor()
    return actor if actor.id == staff_id else await session.administer("note-absence")
