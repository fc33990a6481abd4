"""`iehe mail`: the mails that the embedded stack has caught instead of sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.case_arguments import carry_out, say
from cli.session import CommandError, Exit, JsonOption, Session, local, print_json
from cli.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded.mail import CaughtMail

app = typer.Typer(no_args_is_help=True, help="Mails caught by the embedded stack; none of them was sent.")


@app.command("list")
def list_mails(
    *,
    to: Annotated[str | None, typer.Option(help="Only mails to this address.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the newest mails; the number is what `iehe mail show` takes."""

    async def work(session: Session) -> None:
        numbered = list(enumerate(_caught(session), 1))
        found = [(number, mail) for number, mail in numbered if to is None or to in mail.recipients][-last:]
        if session.as_json:
            print_json([_facts(number, mail) for number, mail in found])
            return
        rows = ((n, local(mail.received), ", ".join(mail.recipients), mail.subject) for n, mail in found)
        print(table(("no", "received", "to", "subject"), rows))
        if not found:
            say(session, "no mail yet", "メールはまだありません")

    carry_out(work, as_json=as_json)


@app.command("show")
def show_mail(
    number: Annotated[int | None, typer.Argument(help="Number in the list; the newest by default.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show a mail's text."""

    async def work(session: Session) -> None:
        mails = _caught(session)
        chosen = len(mails) if number is None else number
        if not 1 <= chosen <= len(mails):
            raise CommandError(
                "no-such-mail",
                f"There is no such mail; {len(mails)} have been caught (iehe mail list).",
                f"該当するメールはありません。全 {len(mails)} 通です（iehe mail list）。",
                Exit.NOT_FOUND,
            )
        mail = mails[chosen - 1]
        if session.as_json:
            print_json({**_facts(chosen, mail), "message_id": mail.message["Message-ID"], "text": mail.text})
            return
        for name in ("From", "To", "Date", "Subject", "Message-ID"):
            print(f"{name}: {mail.message[name] or '-'}")
        print(f"\n{mail.text}")

    carry_out(work, as_json=as_json)


def _caught(session: Session) -> Sequence[CaughtMail]:
    from embedded.home import Home
    from embedded.mail import caught_mails

    if not session.settings.smtp_embedded:
        raise CommandError(
            "mail-not-caught",
            f"Mail goes to {session.settings.smtp_host}; nothing is caught here.",
            f"メールは {session.settings.smtp_host} に送信されており、ここには残りません。",
            Exit.REFUSED,
        )
    return caught_mails(Home(session.settings.home).mail)


def _facts(number: int, mail: CaughtMail) -> dict[str, Any]:
    return {
        "number": number,
        "received": mail.received,
        "from": mail.sender,
        "to": mail.recipients,
        "subject": mail.subject,
    }
