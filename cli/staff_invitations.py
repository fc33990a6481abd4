"""`iehe staff invite`, `unbind-subject`: who somebody is at the identity provider, for the offices' pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from activities.kernel.queries import queries
from cli.case_arguments import command
from cli.known import completed
from cli.known import staff_ids as known_staff
from cli.login import no_such_staff
from cli.session import CommandError, Session

if TYPE_CHECKING:
    import asyncpg

StaffArgument = Annotated[str, typer.Argument(metavar="STAFF_ID", autocompletion=completed(known_staff))]


@command
async def invite(session: Session, staff_id: StaffArgument) -> None:
    """Print a link by which somebody's account at the identity provider becomes theirs here, once.

    It holds seven days and is for that person alone: whoever opens it and signs in is that member of staff.
    """
    from cases.administration import note
    from office.bindings import LinkKind, make_link
    from workers.settings import office_url

    if session.settings.oidc_issuer is None:
        raise CommandError("no-provider")
    actor = await session.administer("invite-staff")
    async with session.transaction() as connection:
        await _require(connection, staff_id)
        if await connection.fetchval(queries("kernel/office_sessions")["is_bound"], staff_id):
            raise CommandError("subject-bound", staff_id=staff_id)
        key = await make_link(connection, LinkKind.INVITATION, staff_id, actor.id)
        await note(connection, actor.id, "invite-staff", staff_id)
    link = f"{office_url(session.settings)}/invitations/{key}"
    session.answer({"link": link, "staff_id": staff_id}, "staff-invited")


@command
async def unbind_subject(session: Session, staff_id: StaffArgument) -> None:
    """Let nobody sign in to the pages as a member of staff any more, and end their sessions, at once."""
    from cases.administration import note

    actor, sql = await session.administer("unbind-subject"), queries("kernel/office_sessions")
    async with session.transaction() as connection:
        await _require(connection, staff_id)
        issuer = await connection.fetchval(sql["unbind_subject"], staff_id)
        await connection.execute(sql["end_all"], staff_id)
        await connection.execute(sql["withdraw_links"], staff_id)
        if issuer is not None:
            await note(connection, actor.id, "unbind-subject", staff_id)
    told = {"staff_id": staff_id, "unbound": issuer is not None}
    session.answer(told, "subject-unbound" if issuer is not None else "subject-not-bound")


async def _require(connection: asyncpg.Connection, staff_id: str) -> None:
    if not await connection.fetch(queries("kernel/administration")["roles_on_record"], [staff_id]):
        raise no_such_staff(staff_id)
