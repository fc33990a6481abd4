"""`iehe token`: a token for a staff system where the embedded stack has no identity provider."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.case_arguments import carry_out
from cli.proof import issues_logins
from cli.session import ActorOption, CommandError, Exit, JsonOption, Session, print_json


def token(
    *,
    as_: ActorOption = None,
    hours: Annotated[float, typer.Option("--hours", min=0.1, max=168, help="How long it holds.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """Issue a token by which a program acts as you, over HTTP or with --token-file."""

    async def work(session: Session) -> None:
        from workers.staff_tokens import issue_token

        if not issues_logins(session):
            raise CommandError(
                "tokens-from-elsewhere",
                "Staff tokens come from the identity provider here (IEHE_STAFF_ISSUER); ask it for one.",
                "職員のトークンは認証基盤（IEHE_STAFF_ISSUER）が発行します。そちらで取得してください。",
                Exit.REFUSED,
            )
        actor = await session.actor(as_)
        try:
            issued, ends = issue_token(session.settings, actor.id, hours)
        except OSError as error:
            raise CommandError(
                "key-unusable",
                f"The key of the staff tokens cannot be used ({error.strerror}); "
                "run this as the account that runs the stack.",
                f"トークンの鍵を使用できません（{error.strerror}）。システムを実行するアカウントで操作してください。",
                Exit.UNUSABLE,
            ) from None
        if session.as_json:
            print_json({"token": issued, "staff_id": actor.id, "expires_at": ends})
        else:
            print(issued)

    carry_out(work, as_json=as_json)
