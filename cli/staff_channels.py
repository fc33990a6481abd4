"""`iehe staff channel`: by what members of staff are reached, and the proof that it reaches them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.case_arguments import command
from cli.known import completed
from cli.known import staff_ids as known_staff
from cli.session import CommandError, Session, local, role_missing
from cli.tables import print_rows
from cli.webhook import handing_over

if TYPE_CHECKING:
    from schemas.kernel.case import Actor

app = typer.Typer(no_args_is_help=True, help="By what members of staff are reached, and the test of it.")

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
    from cases import staff_channels as channels

    actor = await _allowed(session, channels.ADD, staff_id)
    address = None if address_file is None else _read(address_file)
    await channels.add_channel(await session.pool(), actor.id, staff_id, channel, address)
    session.answer({"staff_id": staff_id, "channel": channel}, "channel-added")


@app.command("remove")
@command
async def remove(session: Session, staff_id: StaffArgument, channel: ChannelArgument) -> None:
    """Take a channel of a member of staff away."""
    from cases import staff_channels as channels

    actor = await _allowed(session, channels.REMOVE, staff_id)
    await channels.remove_channel(await session.pool(), actor.id, staff_id, channel)
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
    from cases import staff_channels as channels

    await session.actor()
    columns = (
        ("id", "staff_id"),
        ("channel", "channel"),
        ("added", "added_at"),
        ("tested", lambda row: row["tested_at"] if row["tested"] else None),
    )
    print_rows(session, await channels.list_channels(await session.pool(), staff_id), columns)


@app.command("test")
@command
async def test(session: Session, staff_id: StaffArgument, channel: ChannelArgument) -> None:
    """Send a code by a channel; who gives it back shows that it arrived (iehe staff channel confirm)."""
    from cases import staff_channels as channels
    from workers.channels import code_sender
    from workers.temporal import all_keys

    actor, pool = await _allowed(session, channels.TEST, staff_id), await session.pool()
    send = code_sender(session.settings, pool, all_keys(session.settings))
    async with handing_over():
        until = await channels.send_code(pool, actor.id, staff_id, channel, send)
    told = {"staff_id": staff_id, "channel": channel, "holds_until": until}
    session.answer(told, "channel-code-sent", until=local(until))


@app.command("confirm")
@command
async def confirm(session: Session, staff_id: StaffArgument, code: str) -> None:
    """Give back the code that a test has sent: from now on the channel counts as tested."""
    from cases import staff_channels as channels

    actor = await _allowed(session, channels.CONFIRM, staff_id)
    channel = await channels.confirm_channel(await session.pool(), actor.id, staff_id, code)
    session.answer({"staff_id": staff_id, "channel": channel}, "channel-tested")


async def _allowed(session: Session, act: str, staff_id: str) -> Actor:
    """The person who acts, if they may."""
    from cases.administration import roles_for
    from cases.staff_channels import keeps_channels

    actor = await session.actor()
    if not keeps_channels(actor, act, staff_id):
        raise role_missing(actor, roles_for(act))
    return actor


def _read(file: Path) -> str:
    """What the gateway knows the person by; never an argument, which everybody on the machine could read."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise CommandError("file-unreadable", option="--address-file", why=why) from None
