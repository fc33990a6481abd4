"""Who acts at the command line: the person of a token or, on the embedded stack, of the account's login."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cli.session import CommandError, Exit, Session
from embedded.home import Home

if TYPE_CHECKING:
    from gateway.problems import Problem
    from schemas.kernel.case import Actor

TOKEN_FILE: Final[ContextVar[Path | None]] = ContextVar("token_file", default=None)
"""Of `iehe --token-file`; the setting IEHE_TOKEN_FILE otherwise."""


async def proven(session: Session) -> Actor:
    """The member of staff who runs this command, with the roles on record.

    Raises:
        CommandError: nobody is shown, or who is shown is not believed or no active member of staff.
    """
    file = TOKEN_FILE.get() or session.settings.token_file
    if file is not None:
        return await _by_token(session, file)
    if issues_logins(session):
        return await _by_login(session)
    raise CommandError("actor-missing")


def issues_logins(session: Session) -> bool:
    """Whether accounts of the operating system are bound to staff here, without an identity provider."""
    return session.settings.environment == "embedded" and session.settings.staff_issuer is None


async def _by_token(session: Session, file: Path) -> Actor:
    from embedded.logins import UnsafeFileError, private_text
    from gateway.problems import Problem
    from gateway.staff import staff_by_token
    from workers.staff_tokens import staff_tokens

    try:
        token = private_text(file)
        actor, _ = await staff_by_token(await session.pool(), staff_tokens(session.settings), token)
    except UnsafeFileError as fault:
        raise CommandError("login-unsafe", fault=fault) from None
    except Problem as problem:
        raise _refused(problem, f"{file}: ") from None
    return actor


async def _by_login(session: Session) -> Actor:
    from embedded.logins import UnsafeFileError, account, read_login
    from gateway.problems import Problem
    from gateway.staff import staff_by_id

    try:
        staff_id = read_login(Home(session.settings.home))
    except UnsafeFileError as fault:
        raise CommandError("login-unsafe", fault=fault) from None
    if staff_id is None:
        raise CommandError("login-missing")
    bound = await session.fetch("kernel/administration:bound", account())
    if staff_id not in [row["staff_id"] for row in bound]:
        raise CommandError("login-ended", account=account(), staff_id=staff_id)
    try:
        return await staff_by_id(await session.pool(), staff_id)
    except Problem as problem:
        raise _refused(problem, f"{staff_id}: ") from None


def _refused(problem: Problem, whose: str) -> CommandError:
    """What the gateway would answer to the same token, said for the command line."""
    if problem.code == "actor-unknown":
        return CommandError("actor-not-on-record", whose=whose)
    if problem.code == "keys-unavailable":
        return CommandError.of(problem.code, problem.english, problem.japanese, Exit.UNAVAILABLE)
    return CommandError("token-invalid", whose=whose)
