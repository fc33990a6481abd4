"""`iehe staff`: who may act, in which roles, and what conflicts of interest are computed from."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from activities.kernel.queries import queries
from cli.absences import absences, away, back, leave
from cli.case_arguments import command
from cli.known import completed
from cli.known import staff_ids as known_staff
from cli.login import no_such_staff, require_logins
from cli.progress import from_thread, progress
from cli.session import CommandError, Session
from cli.staff_channels import app as channels
from cli.staff_invitations import invite, unbind_subject
from cli.tables import Columns, print_rows
from embedded.faults import StackFault

if TYPE_CHECKING:
    from schemas.kernel.people import StaffRow

app = typer.Typer(no_args_is_help=True, help="Members of staff: roles, load caps, employers, relations.")
for each in (away, back, absences, leave):
    app.command()(each)
app.command("invite")(invite)
app.command("unbind-subject")(unbind_subject)
app.add_typer(channels, name="channel")

StaffArguments = Annotated[
    list[str], typer.Argument(metavar="STAFF_ID…", autocompletion=completed(known_staff))
]
AccountOption = Annotated[
    str | None, typer.Option("--account", help="Account of this machine; without: your own.")
]


@app.command("list")
@command
async def list_staff(session: Session) -> None:
    """List the staff with their roles and open tasks; without a login the ids and roles to log in as."""
    columns: Columns = (
        ("id", "staff_id"),
        ("name", "name"),
        ("roles", "roles"),
        ("open tasks", "open_tasks"),
        ("cap", "load_cap"),
        ("available", _span),
        ("active", lambda row: "yes" if row["active"] else "no"),
    )
    rows: list[Any] = list(await session.fetch("kernel/staff:list"))
    try:
        await session.actor()
    except CommandError as error:
        if error.code != "actor-missing":
            raise
        columns = (columns[0], columns[2])
        rows = [{name: row[name] for name in ("staff_id", "roles")} for row in rows if row["active"]]
    print_rows(session, rows, columns)


@app.command("import")
@command
async def import_staff(session: Session, file: Path) -> None:
    """Check a CSV or XLSX file of staff and add or update everybody in it; nothing of a faulty file.

    Nobody gives themselves a role: who is in the file with more roles than on record is imported by another
    administrator. A fresh installation's first file is imported by the account that owns the installation.
    """
    from activities.kernel.staff import store_staff
    from cases.administration import note
    from cases.apart import keep_staff_keys
    from cases.registry import PROCESSES
    from cli import faults
    from spreadsheets.staff import check_staff_file

    sql = queries("kernel/administration")
    first = not await (await session.pool()).fetchval(sql["has_administrator"])
    by = await _installer(session) if first else (await session.administer("import-staff")).id
    with progress("rows checked / 行を確認", 0) as shown:
        checked = await asyncio.to_thread(check_staff_file, file, from_thread(shown))
    if not session.as_json:
        faults.show(checked.faults, None)
    if errors := len(checked.errors):
        raise CommandError(
            "file-faulty", {"faults": faults.as_json(checked.faults)}, file=file.name, errors=errors
        )
    rows = [row.data for row in checked.rows]
    async with session.transaction() as connection:
        await connection.execute(sql["lock"])
        gained = await _allowed_gains(connection, rows, by, first=first)
        given = await store_staff(connection, rows)
        for process in PROCESSES.values():
            if process.keyed:
                await keep_staff_keys(connection, await session.vault(), process)
        await note(connection, by, "import-staff", f"{given} staff", gained=gained)
    told = {"imported": given, "gained": gained, "warnings": faults.as_json(checked.faults)}
    session.answer(told, "staff-imported", file=file.name)


@app.command("bind")
@command
async def bind(session: Session, staff_ids: StaffArguments, *, account: AccountOption = None) -> None:
    """Let an account of this machine act as members of staff (iehe login), on the embedded stack.

    The account that owns the installation, which holds its keys and data anyway, may be given several persons
    to try things out; every other account is one person's.
    """
    await _change_bindings(session, "bind-account", staff_ids, account)


@app.command("unbind")
@command
async def unbind(session: Session, staff_ids: StaffArguments, *, account: AccountOption = None) -> None:
    """Let an account act as these members of staff no more, at once."""
    await _change_bindings(session, "unbind-account", staff_ids, account)


async def _change_bindings(session: Session, act: str, staff_ids: list[str], account: str | None) -> None:
    from cases.administration import note
    from embedded import logins

    require_logins(session)
    actor = await session.administer(act)
    name, sql = account or logins.account(), queries("kernel/administration")
    changed: list[str] = []
    async with session.transaction() as connection:
        await connection.execute(sql["lock"])
        for staff_id in dict.fromkeys(staff_ids):
            if act == "bind-account":
                await _check_binding(session, connection, name, staff_id)
                done = await connection.fetchval(sql["bind"], name, staff_id, actor.id)
            else:
                done = await connection.fetchval(sql["unbind"], name, staff_id)
            if done is not None:
                changed.append(staff_id)
                await note(connection, actor.id, act, staff_id, account=name)
        bound = [row["staff_id"] for row in await connection.fetch(sql["bound"], name)]
    told = {"account": name, "changed": changed, "bound": bound}
    session.answer(told, "account-acts-as", staff_ids=", ".join(bound) or "-")


async def _check_binding(session: Session, connection: Any, name: str, staff_id: str) -> None:
    """Refuse an unknown account or person, and a second person for an account that owns nothing here."""
    import pwd

    from embedded.logins import account_of

    sql = queries("kernel/administration")
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise CommandError("no-such-account", name=name) from None
    if not await connection.fetch(sql["roles_on_record"], [staff_id]):
        raise no_such_staff(staff_id)
    others = {row["staff_id"] for row in await connection.fetch(sql["bound"], name)} - {staff_id}
    owner = session.settings.home.exists() and name == account_of(session.settings.home.stat().st_uid)
    if others and not owner:
        raise CommandError("account-bound", name=name, others=", ".join(sorted(others)))


async def _installer(session: Session) -> str:
    """Who begins a fresh installation: the account that owns it, with the rights of the database's owner.

    Raises:
        CommandError: this account is another one.
    """
    from embedded.logins import account

    try:
        await session.pool("owner")
    except (CommandError, StackFault):
        raise CommandError("not-the-owner-of-staff") from None
    return f"account:{account()}"


async def _allowed_gains(
    connection: Any, rows: list[StaffRow], by: str, *, first: bool
) -> dict[str, list[str]]:
    """The roles that a file gives to whom.

    Raises:
        CommandError: it gives one to the person who imports it, or nobody will be able to administer.
    """
    from cases.administration import gains

    gained = await gains(connection, {row.staff_id: sorted(row.roles) for row in rows})
    if by in gained:
        raise CommandError("own-role", roles=", ".join(gained[by]))
    if first and not any("administrator" in roles for roles in gained.values()):
        raise CommandError("administrator-missing")
    return gained


def _span(row: Mapping[str, Any]) -> str:
    first, last = row["available_from"], row["available_to"]
    return f"{first or ''}..{last or ''}" if first or last else ""
