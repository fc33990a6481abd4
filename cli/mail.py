"""`iehe mail`: the mails that the embedded stack has caught instead of sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.case_arguments import command
from cli.session import CommandError, Session, print_json
from cli.tables import print_rows
from embedded.home import Home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded.mail import CaughtMail

app = typer.Typer(no_args_is_help=True, help="Mails caught by the embedded stack; none of them was sent.")


@app.command("list")
@command
async def list_mails(
    session: Session,
    *,
    to: Annotated[str | None, typer.Option(help="Only mails to this address.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20,
) -> None:
    """List the newest mails; the number is what `iehe mail show` takes."""
    numbered = list(enumerate(_caught(session), 1))
    found = [_facts(number, mail) for number, mail in numbered if to is None or to in mail.recipients][-last:]
    columns = (("no", "number"), ("received", "received"), ("to", "to"), ("subject", "subject"))
    print_rows(session, found, columns)
    if not found and not session.as_json:
        session.say("no-mail")


@app.command("show")
@command
async def show_mail(
    session: Session,
    number: Annotated[int | None, typer.Argument(help="Number in the list; the newest by default.")] = None,
) -> None:
    """Show a mail's text."""
    mails = _caught(session)
    chosen = len(mails) if number is None else number
    if not 1 <= chosen <= len(mails):
        raise CommandError("no-such-mail", mails=len(mails))
    mail = mails[chosen - 1]
    if session.as_json:
        print_json({**_facts(chosen, mail), "message_id": mail.message["Message-ID"], "text": mail.text})
        return
    for name in ("From", "To", "Date", "Subject", "Message-ID"):
        print(f"{name}: {mail.message[name] or '-'}")
    print(f"\n{mail.text}")


def _caught(session: Session) -> Sequence[CaughtMail]:
    from embedded.mail import caught_mails

    if not session.settings.smtp_embedded:
        raise CommandError("mail-not-caught", smtp_host=session.settings.smtp_host)
    return caught_mails(Home(session.settings.home).mail)


def _facts(number: int, mail: CaughtMail) -> dict[str, Any]:
    return {
        "number": number,
        "received": mail.received,
        "from": mail.sender,
        "to": mail.recipients,
        "subject": mail.subject,
    }
