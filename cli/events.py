"""`iehe events`: what other systems sent, what became of it, and what a person does with what got lost."""

import json
from typing import Annotated, Final

import typer

from cli.case_arguments import LimitOption, acting, case_id_of, find_case, require_role, see_whole
from cli.known import complete_case, completed, offered, sources
from cli.sending import send
from cli.session import CommandError, Session
from cli.tables import AfterOption, place_after, print_page, print_values
from cli.typed import checked_text, known_value

app = typer.Typer(no_args_is_help=True, help="Facts of other systems: the inbox of all cases.")
STATES: Final = ("stored", "waiting", "delivered", "applied", "refused", "dead", "dropped")
"""How an event is stored, and its fates: `stored` has those that wait, `delivered` those that a case took."""

SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="Such as urn:example:payments.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The event's id.")]
CaseOption = Annotated[
    str | None, typer.Option("--case", help="Only those for this case.", autocompletion=complete_case)
]


@app.command("list")
@acting
async def list_events(
    session: Session,
    *,
    state: Annotated[str | None, typer.Option(help="|".join(STATES), autocompletion=offered(STATES))] = None,
    source: Annotated[
        str | None, typer.Option(help="Only those of this source.", autocompletion=completed(sources))
    ] = None,
    case: CaseOption = None,
    after: AfterOption = None,
    limit: LimitOption = 50,
) -> None:
    """List events, newest first, with what became of them; never their data."""
    from cases import lists

    known_value(state, STATES, "--state")
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
        ("stored", "stored_at"),
        ("case", "case_id"),
        ("type", lambda row: row["type"].rpartition(".")[2]),
        ("fate", "fate"),
        ("code", "code"),
        ("tries", "attempts"),
        ("source", "source"),
        ("id", "id"),
    )
    print_page(session, "events", page, columns)


@app.command("show")
@acting
async def show(
    session: Session,
    source: SourceArgument,
    event_id: IdArgument,
    *,
    data: Annotated[
        bool, typer.Option("--data", help="With its data, which may be personal; office only.")
    ] = False,
) -> None:
    """Show an event: for which case, from when, what became of it and why."""
    from cases import inbox
    from workflows.kernel.sight import Field

    await see_whole(session, "personal" if data else "work")
    field = Field.PERSONAL if data else Field.WORK
    shown = await inbox.event_seen(await session.pool(), await session.actor(), source, event_id, field)
    envelope = json.loads(shown.pop("envelope"))
    shown["occurred_at"], shown["received_at"] = envelope.get("occurred_at"), envelope.get("received_at")
    if data:
        shown["data"] = envelope.get("data", {})
    print_values(session, shown)
    if not data and not session.as_json:
        session.say("data-withheld")


@app.command("retry")
@acting
async def retry(
    session: Session,
    source: Annotated[str | None, typer.Argument(metavar="[SOURCE]")] = None,
    event_id: Annotated[str | None, typer.Argument(metavar="[ID]")] = None,
    *,
    all_dead: Annotated[
        bool, typer.Option("--all-dead", help="All that could not be delivered, instead of SOURCE ID.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help="With --all-dead: only for this reason, such as no-such-case.")
    ] = None,
    case: CaseOption = None,
) -> None:
    """Deliver dead events again; the case knows what it has taken already."""
    from cases import inbox
    from cases.administration import entering, roles_that_enter

    one = source is not None and event_id is not None
    if one == all_dead or (source is None) != (event_id is None) or (not all_dead and (reason or case)):
        raise CommandError("unclear-events")
    actor = await session.actor()
    require_role(actor, roles_that_enter())
    if source is not None and event_id is not None:
        again = await inbox.retry(await session.pool(), actor, source, event_id)
        rows = [again]
    else:
        values = (None, None, reason, case_id_of(case) if case else None, actor.id, list(entering(actor)))
        rows = await session.fetch("kernel/events:retry", *values)
    session.answer({"events": rows, "count": len(rows)}, "events-retried")


@app.command("drop")
@acting
async def drop(
    session: Session,
    source: SourceArgument,
    event_id: IdArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why it is not wanted, in words.")],
) -> None:
    """Decide that an event which is not delivered yet, or cannot be, is not wanted."""
    from cases import inbox
    from cases.administration import roles_that_enter

    words = checked_text(reason)
    if words is None:
        raise CommandError("reason-missing")
    actor = await session.actor()
    require_role(actor, roles_that_enter())
    case_id = await inbox.drop(await session.pool(), actor, source, event_id, words)
    told = {"source": source, "id": event_id, "case_id": case_id, "state": "dropped", "by": actor.id}
    session.answer(told, "event-dropped")


app.command("send")(send)
