"""`iehe notices`: what was sent to whom, what failed, and sending it again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.case_arguments import FieldName, LimitOption, acting, find_case, require_role, see_whole, wait_for
from cli.known import complete_case, offered
from cli.session import CommandError, Session, print_json, role_missing
from cli.tables import AfterOption, place_after, print_page, print_values
from cli.typed import known_value

if TYPE_CHECKING:
    from activities.kernel.room import Room
    from schemas.kernel.transition import Delivery

app = typer.Typer(no_args_is_help=True, help="Messages to the persons of cases, to partners and to staff.")
STATES: Final = ("queued", "sending", "accepted", "failed", "dead", "unknown", "suppressed")
FINAL: Final = ("accepted", "dead", "unknown", "suppressed")
NoticeArgument = Annotated[str, typer.Argument(metavar="NOTICE", help="Its id, or the beginning of it.")]


@app.command("list")
@acting
async def list_notices(
    session: Session,
    case: Annotated[str | None, typer.Argument(metavar="[CASE]", autocompletion=complete_case)] = None,
    *,
    state: Annotated[str | None, typer.Option(help="|".join(STATES), autocompletion=offered(STATES))] = None,
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
        await session.pool(), seen, case_id=case_id, state=state, after=beyond, limit=limit
    )
    columns = (
        ("queued", "queued_at"),
        ("case", "case_id"),
        ("message", "message"),
        ("channel", "channel"),
        ("to", lambda row: f"{row['recipient_kind']} {row['recipient_id']}"),
        ("state", "state"),
        ("reason", "reason"),
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
    """Show a message: to whom, why, what became of it."""
    row = await _find_notice(session, notice, "personal" if personal else "work")
    shown = {**row, "facts": json.loads(row["facts"])}
    letter = await _letter(session, row["notice_id"]) if personal else None
    if session.as_json:
        print_json(shown if letter is None else {**shown, "letter": letter})
        return
    text = letter.pop("text") if letter else None
    print_values(session, {**shown, **(letter or {})})
    if text:
        print(f"\n{text}")


@app.command("resend")
@acting
async def resend(session: Session, notice: NoticeArgument) -> None:
    """Send a dead or unknown message again, also for a closed case; repeating it sends it once."""
    from activities.kernel.notice_rows import requeue
    from cases.administration import ENTER, roles_for

    found = await _find_notice(session, notice, "work")
    require_role(await session.actor(), roles_for(ENTER, found["process"]))
    notice_id = found["notice_id"]
    async with (await session.pool(of_host=True)).acquire() as connection:
        delivery = await requeue(connection, notice_id)
    if delivery is None:
        # killed between queueing it and asking for its delivery, an earlier run left it like this
        delivery = _left_behind(await _find_notice(session, notice_id))
    await _deliver(session, delivery, notice_id, found["process"])

    async def ended() -> dict[str, Any] | None:
        row = await _find_notice(session, notice_id)
        return row if row["state"] in FINAL else None

    now = await wait_for(ended, 5) or await _find_notice(session, notice_id)
    told = {key: now[key] for key in ("notice_id", "case_id", "state", "reason", "sent_at")}
    name = "notice-sent-again" if now["state"] in FINAL else "notice-to-be-sent"
    session.answer(told, name, notice=notice_id[:12])


async def _find_notice(session: Session, notice: str, field: FieldName | None = None) -> dict[str, Any]:
    """A message by its id or the beginning of it, of a case, or a process, of which the person sees `field`.

    Raises:
        CommandError: there is none, or more than one, that they see; no role of theirs sees any.
    """
    from cases.sight import fields_of, note_reads, roles_that_see_whole, view_of, whole_processes
    from workflows.kernel.sight import Field

    actor, pool, needed = await session.actor(), await session.pool(), Field(field or "work")
    view = view_of(actor, needed)
    if not (view.whole or view.processes):
        raise role_missing(actor, roles_that_see_whole(needed))
    found = await session.fetch("kernel/office:notices_beginning", notice.strip().lower())
    if len(found) > 1:
        raise CommandError("ambiguous-notice")
    for each in found:
        for row in await session.fetch("kernel/office:notice", each["notice_id"]):
            case_id = row["case_id"]
            if case_id is None and row["process"] in whole_processes(actor, needed):
                return row
            if case_id is not None and needed in await fields_of(pool, case_id, actor):
                await note_reads(pool, [case_id], "notice", needed)
                return row
    raise CommandError("no-such-notice", notice=notice)


async def _letter(session: Session, notice_id: str) -> dict[str, Any]:
    """A message as it would be written now; a dash where it cannot be."""
    from activities.kernel.message_templates import NotRenderedError, Office
    from activities.kernel.notice_rows import letter_of
    from cases.registry import ROOMS
    from encryption.case_keys import opened
    from schemas.kernel.identifiers import MAIL

    told: dict[str, Any] = {"address": None, "subject": "-", "text": "-"}
    rows: list[Any] = await session.fetch("kernel/office:letter", notice_id)
    for row in rows:
        if row["channel"] != MAIL:
            return await _at_gateway(session, row, ROOMS[row["process"]])
        keys = await session.vault()
        row |= {name: opened(keys, row["case_id"], row[name]) for name in ("name", "address")}
        told["address"] = row["address"]
        try:
            letter = letter_of([row], ROOMS, Office(), datetime.now(UTC))
        except NotRenderedError:
            continue
        told |= {"address": letter.address, "subject": letter.subject, "text": letter.text}
    return told


async def _at_gateway(session: Session, row: dict[str, Any], room: Room) -> dict[str, Any]:
    """What a gateway would be told now, and where its reader is reached there."""
    from activities.kernel.message_templates import NotRenderedError
    from activities.kernel.webhooks import address_of, body_of

    to = await address_of(await session.pool(), row)
    try:
        text = body_of(row, room, to["address"]).decode() if to else "-"
    except NotRenderedError:
        text = "-"
    return {"address": to and to["address"], "subject": "-", "text": text}


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
