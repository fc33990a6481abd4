"""`iehe <process> event`: a fact entered by hand, and what the case made of it."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import typer

from cli.case_arguments import (
    DATABASE_AWAY,
    CaseArgument,
    acting,
    answering,
    find_case,
    require_role,
    wait_for,
)
from cli.known import offered
from cli.session import CommandError, Exit, Session, local, refused
from cli.typed import build, fact_data, moment

if TYPE_CHECKING:
    import asyncpg

    from schemas.kernel.case import EventEnvelope
    from workflows.kernel.process import EventKind, Process

SOURCE: Final = "iehe-cli"


def event_command(app: typer.Typer, process: "Process[Any]", cases: str) -> None:
    """Give a process's group its `event`; `cases` is the first part of the ids of its cases."""
    kinds = {name: kind for name, kind in process.events.items() if not kind.between_cases}
    known = sorted(kinds)
    fact_argument = typer.Argument(
        metavar="FACT", help="What happened, by its name below.", autocompletion=offered(known)
    )

    async def event(
        session: Session,
        case: CaseArgument,
        fact: Annotated[str, fact_argument],
        data: Annotated[
            list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="What the fact says.")
        ] = None,
        *,
        at: Annotated[
            str | None, typer.Option(help="When it happened, Japan time: 2027-02-04 11:58.")
        ] = None,
        event_id: Annotated[
            str | None, typer.Option(help="The fact's own id; the same one counts once.")
        ] = None,
        source: Annotated[
            str | None, typer.Option(help="System whose event this is, so that both count once.")
        ] = None,
        wait: Annotated[
            float, typer.Option(min=0, max=60, help="Seconds to wait for the case to take it.")
        ] = 5.0,
    ) -> None:
        """Enter a fact that another system did not send."""
        from cases.administration import ENTER, roles_for
        from schemas.kernel.case import EventEnvelope
        from schemas.kernel.identifiers import event_type

        if fact not in kinds:
            raise CommandError("unknown-event", {"known": list(kinds)}, fact=fact, known=", ".join(kinds))
        values = fact_data(kinds[fact].data, data or [])
        happened = _happened(kinds[fact], at)
        actor = await session.actor()
        require_role(actor, roles_for(ENTER, process.name))
        told = {
            "id": event_id or uuid4().hex,
            "source": source or f"{SOURCE}:{actor.id}",
            "type": event_type(process.name, fact),
            "occurred_at": happened,
            "received_at": datetime.now(UTC),
            "data": values,
        }
        envelope = build(EventEnvelope, told)
        row = await find_case(session, case, cases)
        try:
            async with answering():
                await _send(session, row, envelope, wait)
        except CommandError as error:
            if error.code != DATABASE_AWAY:
                raise
            # PostgreSQL went away while it was being stored, or looked for; by its id it counts once
            raise error.also("event-perhaps-stored", event_id=envelope.id, source=envelope.source) from None

    app.command("event", epilog=", ".join(known))(acting(event))


def _happened(kind: "EventKind", at: str | None) -> datetime | None:
    from schemas.kernel.payload import FactByTheHour

    happened = moment(at, "--at")
    if at is not None and issubclass(kind.data, FactByTheHour) and ":" not in at and "：" not in at:
        raise CommandError("hour-missing")
    return happened


async def _send(session: Session, row: "asyncpg.Record", envelope: "EventEnvelope", wait: float) -> None:
    from cases import facts
    from schemas.kernel.refusals import Refusal

    pool, case_id = await session.pool(), row["case_id"]
    entry = earlier = await facts.taken(pool, case_id, envelope)
    if earlier is None:
        try:
            await facts.check(pool, row, envelope)
            marks = await session.vault()
            await facts.store(pool, row, *facts.apart(marks, row, envelope), marks)
        except Refusal as not_stored:
            raise refused(not_stored, sent=False) from None
        entry = await wait_for(lambda: facts.taken(pool, case_id, envelope), wait)
    answer = {"case_id": case_id, "event_id": envelope.id, "source": envelope.source}
    if entry is None:
        state, reason = await facts.fate(pool, envelope)
        code = "event-not-delivered" if state == "dead" else "not-taken-yet"
        said = {"source": envelope.source, "id": envelope.id, "wait": f"{wait:g}"}
        raise refused(Refusal(code, reason=reason, **said), **answer, state=state, reason=reason)
    answer |= {key: entry[key] for key in ("version", "stage", "step")}
    answer["repeated"] = earlier is not None
    if entry["step"] == "refuse-event":
        # the log keeps the code alone; the same rule on the same case gives the sentence its dates and names
        now = await facts.tried(pool, await find_case(session, case_id), envelope)
        code = json.loads(entry["details"])["code"]
        refusal = now if now is not None and now.code == code else Refusal(code)
        error = refused(refusal, **answer, sent=True).also("kept-as-task")
        # it was taken and could not be used, which is one answer whatever the reason
        error.exit_code = Exit.REFUSED
        raise error
    result, name = ("repeated", "fact-repeated") if earlier else ("applied", "fact-applied")
    session.answer({**answer, "result": result}, name, at=local(entry["at"]))
