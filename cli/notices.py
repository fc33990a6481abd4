"""`iehe notices`: what was sent to whom, what failed, and sending it again."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.case_arguments import LimitOption, acting, find_case, require_role, see_whole, wait_for
from cli.japanese import word
from cli.known import complete_case, offered
from cli.notice_acts import NoticeArgument, cancel, change, find_notice, hold, release
from cli.session import CommandError, Session, print_json
from cli.tables import AfterOption, place_after, print_page, print_values, table_of
from cli.typed import known_value

if TYPE_CHECKING:
    from schemas.kernel.transition import Delivery

app = typer.Typer(no_args_is_help=True, help="Messages to the persons of cases, to partners and to staff.")
for command in (hold, release, cancel, change):
    app.command(command.__name__)(command)
STATES: Final = ("queued", "sending", "accepted", "failed", "dead", "unknown", "suppressed")
FINAL: Final = ("accepted", "dead", "unknown", "suppressed")
HISTORY: Final = (
    ("revision", "revision"),
    ("act", "act"),
    ("by", "staff_id"),
    ("when", "at"),
    ("reason", "reason"),
    ("ja", "ja"),
    ("en", "en"),
)


@app.command("list")
@acting
async def list_notices(
    session: Session,
    case: Annotated[str | None, typer.Argument(metavar="[CASE]", autocompletion=complete_case)] = None,
    *,
    state: Annotated[str | None, typer.Option(help="|".join(STATES), autocompletion=offered(STATES))] = None,
    held: Annotated[bool, typer.Option("--held", help="Only those that somebody holds.")] = False,
    after: AfterOption = None,
    limit: LimitOption = 50,
) -> None:
    """List messages, newest first, with what became of them; never an address."""
    from cases import lists

    known_value(state, STATES, "--state")
    seen = await see_whole(session)
    case_id = (await find_case(session, case))["case_id"] if case else None
    beyond = place_after(after, tuple[datetime, str])
    page = await lists.list_notices(
        await session.pool(), seen, case_id=case_id, state=state, held=held, after=beyond, limit=limit
    )
    columns = (
        ("queued", "queued_at"),
        ("case", "case_id"),
        ("message", "message"),
        ("channel", "channel"),
        ("to", lambda row: f"{row['recipient_kind']} {row['recipient_id']}"),
        ("state", "state"),
        ("reason", "reason"),
        ("held since", "held_since"),
        ("", lambda row: word("overdue") if row["held_long"] else ""),
        ("notice", lambda row: row["notice_id"][:12]),
    )
    print_page(session, "notices", page, columns)


@app.command("show")
@acting
async def show(
    session: Session,
    notice: NoticeArgument,
    *,
    personal: Annotated[
        bool, typer.Option("--personal", help="With its address and text, as they are now; office only.")
    ] = False,
) -> None:
    """Show a message: to whom, why, what became of it, what was done to it, how it reads."""
    from cases.notices import read_notice

    row = await find_notice(session, notice, "personal" if personal else "work")
    opening = None
    if personal:
        from encryption.case_keys import opened

        keys = await session.vault()
        opening = keys, partial(opened, keys)
    told = await read_notice(await session.pool(), row, await session.actor(), opening)
    letters, history = told.pop("letters"), told.pop("history")
    first = (letters or [{}])[0]
    if session.as_json:
        print_json({**told, "history": history} | ({"letter": first, "letters": letters} if letters else {}))
        return
    shown = {name: first[name] for name in ("address", "subject") if name in first}
    print_values(session, {**told, **shown})
    if history:
        print()
        print(table_of(HISTORY, history))
    for letter in letters or []:
        print(f"\n[{letter['language'] or letter['address']}] {letter['subject']}\n\n{letter['text']}")


@app.command("resend")
@acting
async def resend(session: Session, notice: NoticeArgument) -> None:
    """Send a dead or unknown message again, also for a closed case; repeating it sends it once."""
    from activities.kernel.notice_rows import requeue
    from cases.administration import ENTER, roles_for

    found = await find_notice(session, notice, "work", reads="notice")
    require_role(await session.actor(), roles_for(ENTER, found["process"]))
    notice_id = found["notice_id"]
    async with (await session.pool(of_host=True)).acquire() as connection:
        delivery = await requeue(connection, notice_id)
    if delivery is None:
        # killed between queueing it and asking for its delivery, an earlier run left it like this
        delivery = _left_behind(await find_notice(session, notice_id))
    await _deliver(session, delivery, notice_id, found["process"])

    async def ended() -> dict[str, Any] | None:
        row = await find_notice(session, notice_id)
        return row if row["state"] in FINAL else None

    now = await wait_for(ended, 5) or await find_notice(session, notice_id)
    told = {key: now[key] for key in ("notice_id", "case_id", "state", "reason", "sent_at")}
    name = "notice-sent-again" if now["state"] in FINAL else "notice-to-be-sent"
    session.answer(told, name, notice=notice_id[:12])


def _left_behind(row: dict[str, Any]) -> Delivery:
    from activities.kernel.notice_rows import delivery_of

    if row["by_hand"] and row["state"] in ("queued", "failed", "sending"):
        return delivery_of(row, row["notice_id"])
    raise CommandError("not-resendable", {"state": row["state"]}, state=row["state"])


async def _deliver(session: Session, delivery: Delivery, notice_id: str, process: str) -> None:
    from activities.kernel.delivering import start_delivery
    from cases.homes import home_of
    from cases.registry import PROCESSES

    of = delivery.case_id or PROCESSES[process].room
    summary = f"notice of {delivery.case_id or delivery.digest_on} again"
    client, queue = await session.client_of(of), home_of(of).notices_queue
    await start_delivery(client, queue, delivery, f"resend/{notice_id}", summary)
