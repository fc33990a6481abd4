"""`iehe round` on its waitlist: whom to call now, and the proof."""

from cli.case_arguments import CaseArgument, command
from cli.round.reading import reading
from cli.session import CommandError, Session, print_json
from cli.tables import Columns, print_rows, table_of


@command
async def show_calls(session: Session, case: CaseArgument) -> None:
    """List who is to be called now: by rank, with the calls so far and until when they may answer."""
    from cases.round import waitlist

    _, row = await reading(session, case)
    columns: Columns = (
        ("programme", "programme"),
        ("frame", "frame"),
        ("waits", "waits"),
        ("number", "number"),
        ("calls", "calls"),
        ("last_call", "last_call"),
        ("last_outcome", "last_outcome"),
        ("reply_by", "reply_by"),
    )
    print_rows(session, await waitlist.calls(await session.pool(), row["case_id"]), columns)


@command
async def show_proof(session: Session, case: CaseArgument) -> None:
    """Show the proof of a waitlist: each entry by rank with all that was done about it."""
    from cases.round import waitlist

    _, row = await reading(session, case)
    told = await waitlist.proof(await session.pool(), row["case_id"])
    if session.as_json:
        print_json(told)
        return
    columns: Columns = (
        ("frame", "frame"),
        ("waits", "waits_at"),
        ("number", "number"),
        ("state", "state"),
        ("called_at", "called_at"),
        ("calls", lambda each: "; ".join(f"{one['at'][:16]} {one['outcome']}" for one in each["contacts"])),
        ("ended_at", "ended_at"),
        ("reason", lambda each: each["evidence"].get("code")),
    )
    print(table_of(columns, told["entries"]))
    if told["skipped"]:
        raise CommandError("rank-skipped", told, entries=", ".join(told["skipped"]))
