"""`iehe login`, `logout`, `whoami`: which member of staff an account acts as on the embedded stack."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.case_arguments import carry_out, say
from cli.known import completed, staff_ids
from cli.proof import issues_logins
from cli.session import CommandError, Exit, JsonOption, Session, print_json

StaffArgument = Annotated[str, typer.Argument(metavar="STAFF_ID", autocompletion=completed(staff_ids))]


def login(staff_id: StaffArgument, *, as_json: JsonOption = False) -> None:
    """Act as a member of staff from now on, as an administrator has let this account (iehe staff bind).

    On a fresh installation the account that owns the home becomes its first administrator.
    """

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from embedded.home import Home
        from embedded.logins import account, write_login
        from gateway.problems import Problem
        from gateway.staff import staff_by_id

        require_logins(session)
        pool, sql, name = await session.pool(), queries("kernel/administration"), account()
        try:
            actor = await staff_by_id(pool, staff_id)
        except Problem:
            raise no_such_staff(staff_id) from None
        if staff_id not in [row["staff_id"] for row in await pool.fetch(sql["bound"], name)]:
            await _begin(session, staff_id, name)
        path = write_login(Home(session.settings.home), staff_id)
        roles = [str(role) for role in actor.roles]
        if session.as_json:
            print_json({"staff_id": staff_id, "account": name, "roles": roles, "file": str(path)})
            return
        say(
            session,
            f"{name} acts as {staff_id} from now on ({', '.join(roles)}).",
            f"アカウント {name} は以後 {staff_id} として操作します（{', '.join(roles)}）。",
        )

    carry_out(work, as_json=as_json)


def logout(*, as_json: JsonOption = False) -> None:
    """Act as nobody until the next login."""

    async def work(session: Session) -> None:
        from embedded.home import Home
        from embedded.logins import end_login

        ended = end_login(Home(session.settings.home))
        if session.as_json:
            print_json({"logged_out": ended})
        elif ended:
            say(session, "logged out", "ログアウトしました")
        else:
            say(session, "nobody was logged in", "ログインしていません")

    carry_out(work, as_json=as_json)


def whoami(*, as_json: JsonOption = False) -> None:
    """Show as which member of staff commands act, and with which roles."""

    async def work(session: Session) -> None:
        actor = await session.actor()
        roles = [str(role) for role in actor.roles]
        if session.as_json:
            print_json({"staff_id": actor.id, "roles": roles})
        else:
            print(f"{actor.id}  {', '.join(roles) or '-'}")

    carry_out(work, as_json=as_json)


def require_logins(session: Session) -> None:
    """Refuse where an identity provider says who somebody is. Raises CommandError."""
    if not issues_logins(session):
        raise CommandError(
            "logins-from-elsewhere",
            "The identity provider says here who you are: show its token (--token-file, IEHE_TOKEN_FILE).",
            "ここでは認証基盤が本人確認を行います。そのトークンを示してください（--token-file、IEHE_TOKEN_FILE）。",
            Exit.REFUSED,
        )


def no_such_staff(staff_id: str) -> CommandError:
    """There is no active member of staff of this id."""
    return CommandError(
        "actor-unknown",
        f"There is no active member of staff '{staff_id}' (iehe staff list).",
        f"職員「{staff_id}」は登録されていません（iehe staff list）。",
        Exit.NOT_ALLOWED,
    )


async def _begin(session: Session, staff_id: str, name: str) -> None:
    """Bind the first administrator of a fresh installation to the account that owns it; nobody else.

    Raises:
        CommandError: an account is bound to an administrator already, or this one owns nothing here, or the
            person is no administrator.
    """
    from activities.kernel.queries import queries
    from cases.administration import note
    from embedded.faults import StackFault

    sql = queries("kernel/administration")
    connection: Any
    async with (await session.pool()).acquire() as connection, connection.transaction():
        await connection.execute(sql["lock"])
        if await connection.fetchval(sql["has_bound_administrator"]):
            raise CommandError(
                "account-not-bound",
                f"The account {name} may not act as '{staff_id}'. An administrator lets it: "
                f"iehe staff bind {staff_id} --account {name}.",
                f"アカウント {name} は「{staff_id}」として操作できません。管理者が "
                f"iehe staff bind {staff_id} --account {name} を実行する必要があります。",
                Exit.NOT_ALLOWED,
            )
        row = await connection.fetchrow(sql["roles_on_record"], [staff_id])
        if row is None or "administrator" not in row["roles"]:
            raise CommandError(
                "administrator-first",
                "No account is an administrator's yet: first log in as somebody with the role administrator "
                "(iehe staff list), who then binds the others (iehe staff bind).",
                "管理者のアカウントがまだありません。最初に役割 administrator の職員として iehe login し"
                "（iehe staff list）、その後 iehe staff bind で他の職員を登録してください。",
                Exit.NOT_ALLOWED,
            )
        try:
            await session.pool("owner")
        except (CommandError, StackFault):
            raise CommandError(
                "not-the-owner",
                "Only the account that owns the installation begins it; run this as that account.",
                "最初のログインは、システムを所有するアカウントで行ってください。",
                Exit.NOT_ALLOWED,
            ) from None
        await connection.execute(sql["bind"], name, staff_id, f"account:{name}")
        await note(connection, f"account:{name}", "bind-account", staff_id, account=name, first=True)
