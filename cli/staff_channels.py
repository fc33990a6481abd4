"""`iehe staff channel`: by what members of staff are reached, and the proof that it reaches them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from activities.kernel.queries import queries
from cli.case_arguments import command
from cli.known import completed
from cli.known import staff_ids as known_staff
from cli.login import no_such_staff
from cli.session import CommandError, Session, local, messages
from cli.tables import print_rows
from cli.webhook import hand_over, webhooks

if TYPE_CHECKING:
    from activities.kernel.channels import Prepared
    from schemas.kernel.case import Actor

app = typer.Typer(no_args_is_help=True, help="By what members of staff are reached, and the test of it.")
CODE_TYPE: Final = "jp.ac.iehe.channel-test"
CODE_DIGITS: Final = 8
CODE_HOLDS: Final = timedelta(minutes=15)
CODE_TRIES: Final = 5
_ADDRESS_LIMIT: Final = 200

StaffArgument = Annotated[str, typer.Argument(metavar="STAFF_ID", autocompletion=completed(known_staff))]
ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL", help="mail, or webhook:NAME.")]


@app.command("add")
@command
async def add(
    session: Session,
    staff_id: StaffArgument,
    channel: ChannelArgument,
    *,
    address_file: Annotated[
        Path | None,
        typer.Option(help="File with what the gateway knows the person by, - for standard input."),
    ] = None,
) -> None:
    """Add a channel of a member of staff, or give it another address; it counts when it is tested."""
    from cases.administration import note
    from schemas.kernel.identifiers import MAIL, WEBHOOK

    actor = await _allowed(session, "add-channel", staff_id)
    _, _, webhook = channel.partition(":")
    address = None
    if channel != MAIL:
        if not await session.fetch("kernel/webhooks:find", webhook) or channel != f"{WEBHOOK}:{webhook}":
            raise CommandError("no-such-webhook", name=webhook or channel)
        address = _address(address_file)
    async with session.transaction() as connection:
        await _known(connection, staff_id)
        await connection.execute(queries("kernel/webhooks")["add_channel"], staff_id, channel, address)
        await note(connection, actor.id, "add-channel", staff_id, channel=channel)
    told = {"staff_id": staff_id, "channel": channel}
    session.answer(told, "channel-added")


@app.command("remove")
@command
async def remove(session: Session, staff_id: StaffArgument, channel: ChannelArgument) -> None:
    """Take a channel of a member of staff away."""
    from cases.administration import note

    actor = await _allowed(session, "remove-channel", staff_id)
    async with session.transaction() as connection:
        sql = queries("kernel/webhooks")
        if await connection.fetchval(sql["remove_channel"], staff_id, channel) is None:
            raise CommandError("no-such-channel", staff_id=staff_id, channel=channel)
        await note(connection, actor.id, "remove-channel", staff_id, channel=channel)
    session.answer({"staff_id": staff_id, "channel": channel}, "channel-removed")


@app.command("list")
@command
async def list_channels(
    session: Session,
    staff_id: Annotated[
        str | None, typer.Argument(metavar="[STAFF_ID]", autocompletion=completed(known_staff))
    ] = None,
) -> None:
    """List channels and whether each is tested; never an address."""
    await session.actor()
    columns = (
        ("id", "staff_id"),
        ("channel", "channel"),
        ("added", "added_at"),
        ("tested", lambda row: row["tested_at"] if row["tested"] else None),
    )
    rows = await session.fetch("kernel/webhooks:channels", staff_id)
    print_rows(session, [{key: row[key] for key in row if key != "address"} for row in rows], columns)


@app.command("test")
@command
async def test(session: Session, staff_id: StaffArgument, channel: ChannelArgument) -> None:
    """Send a code by a channel; who gives it back shows that it arrived (iehe staff channel confirm)."""
    from cases.administration import note
    from schemas.kernel.identifiers import MAIL

    actor = await _allowed(session, "test-channel", staff_id)
    sql = queries("kernel/webhooks")
    found = await session.fetch("kernel/webhooks:channel_to_test", staff_id, channel)
    if not found or found[0]["revoked_at"] is not None:
        raise CommandError("no-such-channel", staff_id=staff_id, channel=channel)
    (to,) = found
    code, salt = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}", secrets.token_bytes(16)
    kept = (to["address"], _hashed(code, salt), salt, CODE_HOLDS)
    async with session.transaction() as connection:
        await connection.execute(sql["keep_code"], staff_id, channel, *kept)
        await note(connection, actor.id, "test-channel", staff_id, channel=channel)
    await (_mail(session, to, code) if channel == MAIL else _post(session, to, code))
    until = datetime.now(UTC) + CODE_HOLDS
    told = {"staff_id": staff_id, "channel": channel, "holds_until": until}
    session.answer(told, "channel-code-sent", until=local(until))


@app.command("confirm")
@command
async def confirm(session: Session, staff_id: StaffArgument, code: str) -> None:
    """Give back the code that a test has sent: from now on the channel counts as tested."""
    from cases.administration import note

    actor = await _allowed(session, "confirm-channel", staff_id)
    sql = queries("kernel/webhooks")
    right: list[str] = []
    async with session.transaction() as connection:
        for row in await connection.fetch(sql["codes_of"], staff_id, CODE_TRIES):
            if hmac.compare_digest(_hashed(code.strip(), row["code_salt"]), row["code_hash"]):
                right.append(row["channel"])
                await connection.execute(sql["confirmed"], staff_id, row["channel"])
                await note(connection, actor.id, "confirm-channel", staff_id, channel=row["channel"])
        if not right:
            # kept, though the command is refused: else there would be no end of tries
            await connection.execute(sql["mistaken"], staff_id)
    if not right:
        raise CommandError("code-wrong", tries=CODE_TRIES)
    told = {"staff_id": staff_id, "channel": right[0]}
    session.answer(told, "channel-tested")


async def _allowed(session: Session, act: str, staff_id: str) -> Actor:
    """The person whose channel it is, or who administers."""
    actor = await session.actor()
    return actor if actor.id == staff_id else await session.administer(act)


async def _known(connection: Any, staff_id: str) -> None:
    if not await connection.fetch(queries("kernel/administration")["roles_on_record"], [staff_id]):
        raise no_such_staff(staff_id)


def _address(file: Path | None) -> str:
    """What the gateway knows the person by; never an argument, which everybody on the machine could read."""
    if file is None:
        raise CommandError("address-missing")
    try:
        text = (sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise CommandError("file-unreadable", option="--address-file", why=why) from None
    if not 0 < len(text) <= _ADDRESS_LIMIT or not text.isprintable():
        raise CommandError("address-malformed", limit=_ADDRESS_LIMIT)
    return text


def _hashed(code: str, salt: bytes) -> bytes:
    """Slow to compute: there are few codes."""
    return hashlib.scrypt(code.encode(), salt=salt, n=2**14, r=8, p=1)


async def _post(session: Session, to: dict[str, Any], code: str) -> None:
    from activities.kernel.webhooks import envelope

    now, hooks = datetime.now(UTC), await webhooks(session)
    body = envelope(CODE_TYPE, now, {"address": to["address"], "code": code})
    message_id = f"test-{secrets.token_hex(8)}"
    await hand_over(lambda: hooks.prepare(to["name"], to["url"], message_id, now, body))


async def _mail(session: Session, to: dict[str, Any], code: str) -> None:
    from functools import partial

    from activities.kernel.channels import Prepared, WithheldError
    from activities.kernel.mail_message import Letter
    from activities.kernel.message_templates import as_html
    from workers.channels import mailer_of

    mailer, language = mailer_of(session.settings), to["language"]
    subject, text = (messages()[name][language] for name in ("channel-test-subject", "channel-test-text"))
    text = text.format(code=code, minutes=int(CODE_HOLDS.total_seconds() // 60))
    named = (f"test-{secrets.token_hex(8)}", to["address"], language)
    letter = Letter(*named, subject, text, as_html(subject, text, language), datetime.now(UTC))
    async with mailer.session() as smtp:

        async def prepare() -> Prepared:
            if not mailer.allows(to["address"]):
                raise WithheldError("not-on-allow-list")
            composed = mailer.compose(letter)
            await smtp.prepare(to["address"])
            return Prepared(letter.notice_id, partial(smtp.hand_over, composed))

        await hand_over(prepare)
