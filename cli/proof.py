"""Who acts at the command line: the person of a token or, on the embedded stack, of the account's login."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from cli.session import CommandError, Exit, Session

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
    raise CommandError(
        "actor-missing",
        "Show who you are: a token of the identity provider in a file that only you can read, "
        "--token-file FILE or IEHE_TOKEN_FILE.",
        "操作者を示してください: 認証基盤のトークンを本人だけが読めるファイルに保存し、"
        "--token-file または IEHE_TOKEN_FILE で指定してください。",
        Exit.NOT_ALLOWED,
    )


def issues_logins(session: Session) -> bool:
    """Whether accounts of the operating system are bound to staff here, without an identity provider."""
    return session.settings.environment == "embedded" and session.settings.staff_issuer is None


async def _by_token(session: Session, file: Path) -> Actor:
    from gateway.problems import Problem
    from gateway.staff import staff_by_token
    from workers.staff_tokens import staff_tokens

    token = _private(file)
    trusted = staff_tokens(session.settings)
    try:
        actor, _ = await staff_by_token(await session.pool(), trusted, token)
    except Problem as problem:
        raise _refused(problem, f"{file}: ") from None
    return actor


async def _by_login(session: Session) -> Actor:
    from activities.kernel.queries import queries
    from embedded.home import Home
    from embedded.logins import UnsafeFileError, account, read_login
    from gateway.problems import Problem
    from gateway.staff import staff_by_id

    try:
        staff_id = read_login(Home(session.settings.home))
    except UnsafeFileError as fault:
        _unsafe(fault)
    if staff_id is None:
        raise CommandError(
            "actor-missing",
            "Say who you are: iehe login STAFF_ID (iehe login --help). Programs show a token: --token-file.",
            "操作者を示してください: iehe login STAFF_ID（iehe login --help）。"
            "プログラムは --token-file でトークンを示します。",
            Exit.NOT_ALLOWED,
        )
    pool, bound = await session.pool(), queries("kernel/administration")["bound"]
    if staff_id not in [row["staff_id"] for row in await pool.fetch(bound, account())]:
        raise CommandError(
            "login-ended",
            f"The account {account()} may not act as '{staff_id}' (any more). An administrator lets it: "
            f"iehe staff bind {staff_id} --account {account()}; then: iehe login {staff_id}.",
            f"アカウント {account()} は「{staff_id}」として操作できません。管理者が "
            f"iehe staff bind {staff_id} --account {account()} を実行した後、iehe login {staff_id} で"
            "ログインしてください。",
            Exit.NOT_ALLOWED,
        )
    try:
        return await staff_by_id(pool, staff_id)
    except Problem as problem:
        raise _refused(problem, f"{staff_id}: ") from None


def _private(file: Path) -> str:
    from embedded.logins import UnsafeFileError, private_text

    try:
        return private_text(file)
    except UnsafeFileError as fault:
        _unsafe(fault)


def _unsafe(fault: Exception) -> NoReturn:
    raise CommandError(
        "login-unsafe",
        f"{fault}; it proves nobody. Make it anew as your own account, readable by it alone (chmod 600).",
        f"{fault}。本人の証明に使えません。自分のアカウントで作り直し、本人だけが読めるように（chmod 600）"
        "してください。",
        Exit.NOT_ALLOWED,
    ) from None


def _refused(problem: Problem, whose: str) -> CommandError:
    """What the gateway would answer to the same token, said for the command line."""
    if problem.code == "actor-unknown":
        return CommandError(
            problem.code,
            f"{whose}names no active member of staff (iehe staff list).",
            f"{whose}該当する有効な職員が登録されていません（iehe staff list）。",
            Exit.NOT_ALLOWED,
        )
    if problem.code == "keys-unavailable":
        return CommandError(problem.code, problem.english, problem.japanese, Exit.UNAVAILABLE)
    return CommandError(
        "token-invalid",
        f"{whose}the token is not believed: it has ended, or is none of the identity provider that is set "
        "(IEHE_STAFF_ISSUER; embedded stack: iehe token). Get a new one.",
        f"{whose}トークンが無効です（期限切れ、または設定された認証基盤（IEHE_STAFF_ISSUER、"
        "単体構成では iehe token）のものではありません）。取得し直してください。",
        Exit.NOT_ALLOWED,
    )
