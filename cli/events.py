"""`iehe events`: what other systems sent, and what became of it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import typer

from cli.case_arguments import LimitOption, carry_out, case_id_of, find_case, say, see_whole
from cli.known import completed, offered, sources
from cli.redelivering import CaseOption, IdArgument, SourceArgument, drop, find_event, retry
from cli.sending import send
from cli.session import ActorOption, JsonOption, Session, local, print_json
from cli.tables import AfterOption, place_after, print_page
from cli.typed import known_value

app = typer.Typer(no_args_is_help=True, help="Facts of other systems: the inbox of all cases.")
STATES: Final = ("stored", "waiting", "delivered", "applied", "refused", "dead", "dropped")
"""How an event is stored, and its fates: `stored` has those that wait, `delivered` those that a case took."""


@app.command("list")
def list_events(
    *,
    state: Annotated[
        str | None, typer.Option("--state", help="|".join(STATES), autocompletion=offered(STATES))
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Only those of this source.", autocompletion=completed(sources)),
    ] = None,
    case: CaseOption = None,
    after: AfterOption = None,
    limit: LimitOption = 50,
    as_: ActorOption = None,
    as_json: JsonOption = False,
) -> None:
    """List events, newest first, with what became of them; never their data."""

    async def work(session: Session) -> None:
        from cases import lists

        known_value(state, STATES, "--state")
        await session.actor(as_)
        seen, pool = await see_whole(session), await session.pool()
        case_id = case_id_of(case) if case else None
        (beyond,) = place_after(after, tuple[int]) or (None,)
        page = await lists.list_events(
            pool, seen, state=state, source=source, case_id=case_id, after=beyond, limit=limit
        )
        if not page.rows:
            known_value(source, await sources(pool), "--source")
            if case is not None:
                await find_case(session, case)
        columns = (
            ("stored", lambda row: local(row["stored_at"])),
            ("case", lambda row: row["case_id"]),
            ("type", lambda row: row["type"].rpartition(".")[2]),
            ("fate", lambda row: row["fate"]),
            ("code", lambda row: row["code"]),
            ("tries", lambda row: row["attempts"]),
            ("source", lambda row: row["source"]),
            ("id", lambda row: row["id"]),
        )
        print_page(session, "events", page, columns)

    carry_out(work, as_json=as_json)


@app.command("show")
def show(
    source: SourceArgument,
    event_id: IdArgument,
    *,
    data: Annotated[
        bool, typer.Option("--data", help="With its data, which may be personal; office only.")
    ] = False,
    as_: ActorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an event: for which case, from when, what became of it and why."""

    async def work(session: Session) -> None:
        from workflows.kernel.sight import Field

        await session.actor(as_)
        row = await find_event(session, source, event_id, Field.PERSONAL if data else Field.WORK)
        shown: dict[str, Any] = dict(row)
        envelope = json.loads(shown.pop("envelope"))
        shown["occurred_at"], shown["received_at"] = envelope.get("occurred_at"), envelope.get("received_at")
        if data:
            shown["data"] = envelope.get("data", {})
        if session.as_json:
            print_json(shown)
            return
        for name, value in shown.items():
            print(f"{name:<16}{_text(value)}")
        if not data:
            say(
                session,
                "Its data may be personal and are shown with --data, to the office.",
                "内容には個人情報が含まれる場合があります。--data で表示します（事務局のみ）。",
            )

    carry_out(work, as_json=as_json)


app.command("retry")(retry)
app.command("drop")(drop)
app.command("send")(send)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else _moment_or_text(value)


def _moment_or_text(value: Any) -> str:
    from datetime import datetime

    return local(value) if isinstance(value, datetime) else str(value)
