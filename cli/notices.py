"""`iehe notices`: what was sent to whom, what failed, and sending it again."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import typer

from cli.case_arguments import LimitOption, carry_out, find_case, see_whole
from cli.known import complete_case, offered
from cli.resending import NoticeArgument, find_notice, resend
from cli.session import ActorOption, JsonOption, Session, local, print_json
from cli.tables import AfterOption, place_after, print_page
from cli.typed import known_value

app = typer.Typer(no_args_is_help=True, help="Messages to applicants, schools and staff.")
STATES: Final = ("queued", "sending", "accepted", "failed", "dead", "unknown", "suppressed")


@app.command("list")
def list_notices(
    case: Annotated[str | None, typer.Argument(metavar="[CASE]", autocompletion=complete_case)] = None,
    *,
    state: Annotated[
        str | None, typer.Option("--state", help="|".join(STATES), autocompletion=offered(STATES))
    ] = None,
    after: AfterOption = None,
    limit: LimitOption = 50,
    as_: ActorOption = None,
    as_json: JsonOption = False,
) -> None:
    """List messages, newest first, with what became of them; never an address."""

    async def work(session: Session) -> None:
        from datetime import datetime

        from cases import lists

        known_value(state, STATES, "--state")
        await session.actor(as_)
        seen = await see_whole(session)
        case_id = (await find_case(session, case))["case_id"] if case else None
        beyond = place_after(after, tuple[datetime, str])
        page = await lists.list_notices(
            await session.pool(), seen, case_id=case_id, state=state, after=beyond, limit=limit
        )
        columns = (
            ("queued", lambda row: local(row["queued_at"])),
            ("case", lambda row: row["case_id"]),
            ("message", lambda row: row["message"]),
            ("to", lambda row: f"{row['recipient_kind']} {row['recipient_id']}"),
            ("state", lambda row: row["state"]),
            ("reason", lambda row: row["reason"]),
            ("notice", lambda row: row["notice_id"][:12]),
        )
        print_page(session, "notices", page, columns)

    carry_out(work, as_json=as_json)


app.command("resend")(resend)


@app.command("show")
def show(
    notice: NoticeArgument,
    *,
    personal: Annotated[
        bool, typer.Option("--personal", help="With its address and text, as they are now; office only.")
    ] = False,
    as_: ActorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a message: to whom, why, what became of it."""

    async def work(session: Session) -> None:
        from workflows.kernel.sight import Field

        await session.actor(as_)
        row = await find_notice(session, notice, Field.PERSONAL if personal else Field.WORK)
        shown: dict[str, Any] = {**row, "facts": json.loads(row["facts"])}
        if personal:
            shown["letter"] = await _letter(session, row["notice_id"])
        if session.as_json:
            print_json(shown)
            return
        letter = shown.pop("letter", None)
        for name, value in shown.items():
            print(f"{name:<20}{local(value) if name.endswith('_at') else value}")
        if letter:
            print(
                f"{'address':<20}{letter['address']}\n{'subject':<20}{letter['subject']}\n\n{letter['text']}"
            )

    carry_out(work, as_json=as_json)


async def _letter(session: Session, notice_id: str) -> dict[str, Any]:
    from datetime import UTC, datetime

    from activities.kernel.message_templates import NotRenderedError, Office
    from activities.kernel.notice_rows import letter_to
    from activities.kernel.queries import queries
    from cases.registry import ROOMS

    pool = await session.pool()
    row = await pool.fetchrow(queries("kernel/office")["letter"], notice_id)
    if row is None:
        return {"address": None, "subject": "-", "text": "-"}
    try:
        letter = letter_to(row, ROOMS[row["process"]], Office(), datetime.now(UTC))
    except NotRenderedError:
        return {"address": row["address"], "subject": "-", "text": "-"}
    return {"address": letter.address, "subject": letter.subject, "text": letter.text}
