"""`iehe events retry` and `drop`: what a person does with an event that could not be delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.case_arguments import carry_out, case_id_of, say, see_whole
from cli.known import complete_case
from cli.session import ActorOption, CommandError, Exit, JsonOption, Session, print_json
from cli.typed import checked_text, usage

if TYPE_CHECKING:
    import asyncpg

    from workflows.kernel.sight import Field

SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="Such as urn:example:payments.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The event's id.")]
CaseOption = Annotated[
    str | None, typer.Option("--case", help="Only those for this case.", autocompletion=complete_case)
]


async def find_event(
    session: Session, source: str, event_id: str, field: Field | None = None
) -> asyncpg.Record:
    """The row of an event of a process of which the person who acts sees `field`. Raises CommandError."""
    from activities.kernel.queries import queries

    seen = await see_whole(session, field)
    pool = await session.pool()
    row = await pool.fetchrow(queries("kernel/events")["event"], source, event_id)
    if row is None or row["process"] not in seen:
        raise CommandError(
            "no-such-event",
            f"There is no event '{event_id}' of '{source}' (iehe events list).",
            f"「{source}」の通知「{event_id}」はありません（iehe events list）。",
            Exit.NOT_FOUND,
        )
    return row


def _not_in_state(row: asyncpg.Record, states: str, verb: str, done: str) -> CommandError:
    state = row["state"]
    return CommandError(
        f"event-not-{done}",
        f"The event is '{state}'; only these are {done}: {states}.",
        f"この通知の状態は「{state}」です。{verb}できる状態: {states}",
        Exit.REFUSED,
        {"state": state},
    )


def retry(
    source: Annotated[str | None, typer.Argument(metavar="[SOURCE]")] = None,
    event_id: Annotated[str | None, typer.Argument(metavar="[ID]")] = None,
    *,
    all_dead: Annotated[
        bool, typer.Option("--all-dead", help="All that could not be delivered, instead of SOURCE ID.")
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option("--reason", help="With --all-dead: only for this reason, such as no-such-case."),
    ] = None,
    case: CaseOption = None,
    as_: ActorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deliver dead events again; the case knows what it has taken already."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from workflows.kernel.sight import Field

        one = source is not None and event_id is not None
        if one == all_dead or (source is None) != (event_id is None) or (not all_dead and (reason or case)):
            raise usage(
                "unclear-events",
                "Give SOURCE and ID, or --all-dead with --reason or --case if not all are meant.",
                "SOURCE と ID、または --all-dead（必要に応じて --reason、--case）を指定してください。",
            )
        actor = await session.actor(as_)
        office = list(await see_whole(session, Field.PERSONAL))
        pool, case_id = await session.pool(), case_id_of(case) if case else None
        rows = await pool.fetch(
            queries("kernel/events")["retry"],
            source,
            event_id,
            reason,
            case_id,
            actor.id,
            office,
        )
        if not rows and source is not None and event_id is not None:
            raise _not_in_state(await find_event(session, source, event_id), "dead", "再配信", "retried")
        if session.as_json:
            print_json({"events": [dict(row) for row in rows], "count": len(rows)})
            return
        say(
            session,
            f"{len(rows)} events will be delivered again (iehe events list).",
            f"{len(rows)} 件を再配信します（iehe events list）。",
        )

    carry_out(work, as_json=as_json)


def drop(
    source: SourceArgument,
    event_id: IdArgument,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why it is not wanted, in words.")],
    as_: ActorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide that an event which is not delivered yet, or cannot be, is not wanted."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from workflows.kernel.sight import Field

        words = checked_text(reason)
        if words is None:
            raise usage("reason-missing", "Say why: --reason TEXT.", "理由を入力してください: --reason")
        actor = await session.actor(as_)
        await find_event(session, source, event_id, Field.PERSONAL)
        pool = await session.pool()
        case_id = await pool.fetchval(queries("kernel/events")["drop"], source, event_id, actor.id, words)
        if case_id is None:
            raise _not_in_state(
                await find_event(session, source, event_id), "stored, dead", "破棄", "dropped"
            )
        if session.as_json:
            print_json(
                {"source": source, "id": event_id, "case_id": case_id, "state": "dropped", "by": actor.id}
            )
            return
        say(session, f"{source} {event_id}: dropped", f"{source} {event_id}: 破棄しました")

    carry_out(work, as_json=as_json)
