"""`iehe login`, `logout`, `whoami`, `token`: as which member of staff an account or a program acts."""

from typing import Annotated

import typer

from activities.kernel.queries import queries
from cli.case_arguments import acting, command
from cli.known import completed, staff_ids
from cli.proof import issues_logins
from cli.session import CommandError, Session
from embedded.faults import StackFault
from embedded.home import Home

StaffArgument = Annotated[str, typer.Argument(metavar="STAFF_ID", autocompletion=completed(staff_ids))]


@command
async def login(session: Session, staff_id: StaffArgument) -> None:
    """Act as a member of staff from now on, as an administrator has let this account (iehe staff bind).

    On a fresh installation the account that owns the home becomes its first administrator.
    """
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
    told = {"staff_id": staff_id, "account": name, "roles": roles, "file": str(path)}
    session.answer(told, "logged-in", roles=", ".join(roles))


@command
async def logout(session: Session) -> None:
    """Act as nobody until the next login."""
    from embedded.logins import end_login

    ended = end_login(Home(session.settings.home))
    session.answer({"logged_out": ended}, "logged-out" if ended else "not-logged-in")


@command
async def whoami(session: Session) -> None:
    """Show as which member of staff commands act, and with which roles."""
    actor = await session.actor()
    roles = [str(role) for role in actor.roles]
    session.answer({"staff_id": actor.id, "roles": roles}, "whoami", roles=", ".join(roles) or "-")


@acting
async def token(
    session: Session,
    *,
    hours: Annotated[float, typer.Option(min=0.1, max=168, help="How long it holds.")] = 8,
) -> None:
    """Issue a token by which a program acts as you, over HTTP or with --token-file."""
    from workers.staff_tokens import issue_token

    if not issues_logins(session):
        raise CommandError("tokens-from-elsewhere")
    actor = await session.actor()
    try:
        issued, ends = issue_token(session.settings, actor.id, hours)
    except OSError as error:
        raise CommandError("key-unusable", strerror=error.strerror) from None
    session.answer({"token": issued, "staff_id": actor.id, "expires_at": ends}, "token-issued")


def require_logins(session: Session) -> None:
    """Refuse where an identity provider says who somebody is. Raises CommandError."""
    if not issues_logins(session):
        raise CommandError("logins-from-elsewhere")


def no_such_staff(staff_id: str) -> CommandError:
    """There is no active member of staff of this id."""
    return CommandError("actor-unknown", staff_id=staff_id)


async def _begin(session: Session, staff_id: str, name: str) -> None:
    """Bind the first administrator of a fresh installation to the account that owns it; nobody else.

    Raises:
        CommandError: an account is bound to an administrator already, or this one owns nothing here, or the
            person is no administrator.
    """
    from cases.administration import note

    sql = queries("kernel/administration")
    async with session.transaction() as connection:
        await connection.execute(sql["lock"])
        if await connection.fetchval(sql["has_bound_administrator"]):
            raise CommandError("account-not-bound", name=name, staff_id=staff_id)
        row = await connection.fetchrow(sql["roles_on_record"], [staff_id])
        if row is None or "administrator" not in row["roles"]:
            raise CommandError("administrator-first")
        try:
            await session.pool("owner")
        except (CommandError, StackFault):
            raise CommandError("not-the-owner") from None
        await connection.execute(sql["bind"], name, staff_id, f"account:{name}")
        await note(connection, f"account:{name}", "bind-account", staff_id, account=name, first=True)
