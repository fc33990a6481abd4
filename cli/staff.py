"""`iehe staff`: who may act, in which roles, and what conflicts of interest are computed from."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.case_arguments import carry_out, say
from cli.known import completed
from cli.known import staff_ids as known_staff
from cli.login import no_such_staff, require_logins
from cli.progress import from_thread, progress
from cli.session import CommandError, Exit, JsonOption, Session, print_json
from cli.tables import table
from cli.typed import usage

if TYPE_CHECKING:
    from schemas.kernel.people import StaffRow

app = typer.Typer(no_args_is_help=True, help="Members of staff: roles, load caps, employers, relations.")

StaffArguments = Annotated[
    list[str], typer.Argument(metavar="STAFF_ID…", autocompletion=completed(known_staff))
]
AccountOption = Annotated[
    str | None, typer.Option("--account", help="Account of this machine; without: your own.")
]

LIST = """
SELECT s.staff_id, s.name, s.email, s.language, s.roles, s.load_cap, s.available_from, s.available_to,
       s.active, (SELECT count(*) FROM iehe.reviews r
                  WHERE r.reviewer = s.staff_id AND r.state IN ('invited', 'accepted')) AS open_reviews
FROM iehe.staff s ORDER BY s.active DESC, s.staff_id
"""


@app.command("list")
def list_staff(*, as_json: JsonOption = False) -> None:
    """List the staff with their roles and open reviews."""

    async def work(session: Session) -> None:
        pool = await session.pool()
        rows = [dict(row) for row in await pool.fetch(LIST)]
        if session.as_json:
            print_json(rows)
            return
        headers = ("id", "name", "roles", "open reviews", "cap", "available", "active")
        shown = (
            (
                *(row["staff_id"], row["name"], ", ".join(row["roles"]), row["open_reviews"]),
                *(row["load_cap"], _span(row), "yes" if row["active"] else "no"),
            )
            for row in rows
        )
        print(table(headers, shown))

    carry_out(work, as_json=as_json)


@app.command("import")
def import_staff(file: Path, *, as_json: JsonOption = False) -> None:
    """Check a CSV or XLSX file of staff and add or update everybody in it; nothing of a faulty file.

    Nobody gives themselves a role: who is in the file with more roles than on record is imported by another
    administrator. A fresh installation's first file is imported by the account that owns the installation.
    """

    async def work(session: Session) -> None:
        from activities.admission.applications import store_staff
        from activities.kernel.queries import queries
        from cases.administration import note
        from cli import faults
        from spreadsheets.staff import check_staff_file

        sql = queries("kernel/administration")
        pool = await session.pool()
        first = not await pool.fetchval(sql["has_administrator"])
        by = await _installer(session) if first else (await session.administer("import-staff")).id
        with progress("rows checked / 行を確認", 0) as told:
            checked = await asyncio.to_thread(check_staff_file, file, from_thread(told))
        if not session.as_json:
            faults.show(checked.faults, None)
        if errors := len(checked.errors):
            raise CommandError(
                "file-faulty",
                f"{file.name}: {errors} errors; nothing was imported. Mend it and import it again.",
                f"{file.name}: {errors} 件の誤りがあり、登録していません。修正して再登録してください。",
                Exit.FAULTY_FILE,
                {"faults": faults.as_json(checked.faults)},
            )
        rows = [row.data for row in checked.rows]
        connection: Any
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(sql["lock"])
            gained = await _allowed_gains(connection, rows, by, first=first)
            given = await store_staff(connection, rows)
            await note(connection, by, "import-staff", f"{given} staff", gained=gained)
        if session.as_json:
            print_json({"imported": given, "gained": gained, "warnings": faults.as_json(checked.faults)})
        else:
            say(
                session,
                f"{file.name}: {given} members of staff added or updated (iehe staff list)",
                f"{file.name}: 教職員 {given} 名を登録・更新しました（iehe staff list）",
            )

    carry_out(work, as_json=as_json)


@app.command("bind")
def bind(staff_ids: StaffArguments, *, account: AccountOption = None, as_json: JsonOption = False) -> None:
    """Let an account of this machine act as members of staff (iehe login), on the embedded stack.

    The account that owns the installation, which holds its keys and data anyway, may be given several persons
    to try things out; every other account is one person's.
    """
    _change_bindings("bind-account", staff_ids, account, as_json=as_json)


@app.command("unbind")
def unbind(staff_ids: StaffArguments, *, account: AccountOption = None, as_json: JsonOption = False) -> None:
    """Let an account act as these members of staff no more, at once."""
    _change_bindings("unbind-account", staff_ids, account, as_json=as_json)


def _change_bindings(act: str, staff_ids: list[str], account: str | None, *, as_json: bool) -> None:
    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from cases.administration import note
        from embedded import logins

        require_logins(session)
        actor = await session.administer(act)
        name, sql = account or logins.account(), queries("kernel/administration")
        changed: list[str] = []
        connection: Any
        async with (await session.pool()).acquire() as connection, connection.transaction():
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
        if session.as_json:
            print_json({"account": name, "changed": changed, "bound": bound})
        else:
            shown = ", ".join(bound) or "-"
            say(session, f"{name} may act as: {shown}", f"アカウント {name} の職員: {shown}")

    carry_out(work, as_json=as_json)


async def _check_binding(session: Session, connection: Any, name: str, staff_id: str) -> None:
    """Refuse an unknown account or person, and a second person for an account that owns nothing here."""
    import pwd

    from activities.kernel.queries import queries
    from embedded.logins import account_of

    sql = queries("kernel/administration")
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise usage(
            "no-such-account",
            f"This machine has no account '{name}'.",
            f"このコンピューターにアカウント「{name}」はありません。",
        ) from None
    if not await connection.fetch(sql["roles_on_record"], [staff_id]):
        raise no_such_staff(staff_id)
    others = {row["staff_id"] for row in await connection.fetch(sql["bound"], name)} - {staff_id}
    owner = session.settings.home.exists() and name == account_of(session.settings.home.stat().st_uid)
    if others and not owner:
        raise CommandError(
            "account-bound",
            f"The account {name} is {', '.join(sorted(others))}'s; one account is one person's. "
            f"Nothing was changed (iehe staff unbind … --account {name}).",
            f"アカウント {name} は {', '.join(sorted(others))} のものです（1 アカウント 1 名）。"
            f"変更はありません"
            f"（iehe staff unbind … --account {name}）。",
            Exit.REFUSED,
        )


async def _installer(session: Session) -> str:
    """Who begins a fresh installation: the account that owns it, with the rights of the database's owner.

    Raises:
        CommandError: this account is another one.
    """
    from embedded.faults import StackFault
    from embedded.logins import account

    try:
        await session.pool("owner")
    except (CommandError, StackFault):
        raise CommandError(
            "not-the-owner",
            "Nobody on record has the role administrator: the first staff file is imported by the account "
            "that owns the installation (embedded stack), or with IEHE_OWNER_DATABASE_URL.",
            "役割 administrator の職員がいません。最初の職員ファイルは、システムを所有するアカウント、または "
            "IEHE_OWNER_DATABASE_URL を設定して登録してください。",
            Exit.NOT_ALLOWED,
        ) from None
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
        raise CommandError(
            "own-role",
            f"The file gives you roles: {', '.join(gained[by])}. Nobody gives themselves a role; nothing was "
            "imported. Another administrator has to import this file.",
            f"このファイルはあなた自身に役割（{', '.join(gained[by])}）を付与します。"
            "自分への付与はできないため、登録していません。別の管理者が登録してください。",
            Exit.NOT_ALLOWED,
        )
    if first and not any("administrator" in roles for roles in gained.values()):
        raise CommandError(
            "administrator-missing",
            "Nobody on record has the role administrator, and nobody in the file: the first file has to "
            "bring one. Nothing was imported.",
            "役割 administrator の職員が登録にもファイルにもいません。"
            "最初のファイルに 1 名以上含めてください。何も登録していません。",
            Exit.REFUSED,
        )
    return gained


def _span(row: dict[str, Any]) -> str:
    first, last = row["available_from"], row["available_to"]
    return f"{first or ''}..{last or ''}" if first or last else ""
