"""`iehe <process> event`: a fact entered by hand, and what the case made of it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import typer

from cli.case_arguments import (
    DATABASE_AWAY,
    CaseArgument,
    answering,
    carry_out,
    find_case,
    say,
    see_whole,
    wait_for,
)
from cli.known import offered
from cli.session import (
    ActorOption,
    CommandError,
    Exit,
    JsonOption,
    Session,
    local,
    print_json,
    refused,
    role_missing,
)
from cli.typed import build, moment, pairs, usage

if TYPE_CHECKING:
    import asyncpg

    from schemas.kernel.case import EventEnvelope
    from workflows.kernel.process import EventKind, Process

SOURCE: Final = "iehe-cli"


def event_command(app: typer.Typer, process: "Process[Any]", cases: str) -> None:
    """Give a process's group its `event`; `cases` is the first part of the ids of its cases."""
    kinds = {name: kind for name, kind in process.events.items() if not kind.between_cases}
    known = sorted(kinds)

    @app.command("event", epilog=", ".join(known))
    def event(
        case: CaseArgument,
        fact: Annotated[
            str,
            typer.Argument(
                metavar="FACT", help="What happened, by its name below.", autocompletion=offered(known)
            ),
        ],
        data: Annotated[
            list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="What the fact says.")
        ] = None,
        *,
        at: Annotated[
            str | None, typer.Option("--at", help="When it happened, Japan time: 2027-02-04 11:58.")
        ] = None,
        event_id: Annotated[
            str | None, typer.Option("--event-id", help="The fact's own id; the same one counts once.")
        ] = None,
        source: Annotated[
            str | None,
            typer.Option("--source", help="System whose event this is, so that both count once."),
        ] = None,
        wait: Annotated[
            float, typer.Option("--wait", min=0, max=60, help="Seconds to wait for the case to take it.")
        ] = 5.0,
        as_: ActorOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """Enter a fact that another system did not send."""

        async def work(session: Session) -> None:
            from cases.sight import roles_that_see_whole
            from schemas.kernel.case import EventEnvelope
            from schemas.kernel.identifiers import event_type
            from workflows.kernel.sight import Field

            kind = _kind(kinds, fact)
            values = _values(kind, pairs(data or []))
            happened = _happened(kind, at)
            actor = await session.actor(as_)
            if process.name not in await see_whole(session, Field.PERSONAL):
                raise role_missing(actor, roles_that_see_whole(Field.PERSONAL, process.name))
            by = f"{SOURCE}:{actor.id}"
            envelope = build(
                EventEnvelope,
                {
                    "id": event_id or uuid4().hex,
                    "source": source or by,
                    "type": event_type(process.name, fact),
                    "occurred_at": happened,
                    "received_at": datetime.now(UTC),
                    "data": values,
                },
            )
            row = await find_case(session, case, cases)
            try:
                async with answering():
                    await _send(session, row, envelope, wait)
            except CommandError as error:
                raise _unknown(error, envelope) if error.code == DATABASE_AWAY else error from None

        carry_out(work, as_json=as_json)


def _kind(kinds: "Mapping[str, EventKind]", fact: str) -> "EventKind":
    if fact not in kinds:
        known = ", ".join(kinds)
        raise usage(
            "unknown-event",
            f"This process knows no event '{fact}'. It knows: {known}.",
            f"この手続きに「{fact}」という通知はありません。使用できるもの: {known}",
            known=list(kinds),
        )
    return kinds[fact]


def _values(kind: "EventKind", typed: dict[str, str]) -> dict[str, Any]:
    fields = kind.data.model_fields
    if unknown := sorted(typed.keys() - fields.keys()):
        known = ", ".join(fields) or "-"
        raise usage(
            "invalid-value",
            f"This event has no {', '.join(unknown)}; it takes: {known}.",
            f"この通知に {', '.join(unknown)} はありません。指定できる値: {known}",
            faults=[{"at": name, "code": "extra_forbidden"} for name in unknown],
        )
    return build(kind.data, typed).model_dump(mode="json", exclude_unset=True)


def _happened(kind: "EventKind", at: str | None) -> datetime | None:
    from schemas.kernel.payload import FactByTheHour

    happened = moment(at, "--at")
    if at is not None and issubclass(kind.data, FactByTheHour) and ":" not in at and "：" not in at:
        raise usage("hour-missing", "--at: the hour counts here.", "--at: 時刻まで入力してください。")
    return happened


async def _send(
    session: Session,
    row: "asyncpg.Record",
    envelope: "EventEnvelope",
    wait: float,
) -> None:
    from cases import facts
    from schemas.kernel.refusals import Refusal

    pool, case_id = await session.pool(), row["case_id"]
    entry = earlier = await facts.taken(pool, case_id, envelope)
    if earlier is None:
        try:
            await facts.check(pool, row, envelope)
            await facts.store(pool, row, envelope)
        except Refusal as not_stored:
            raise refused(not_stored, sent=False) from None
        entry = await wait_for(lambda: facts.taken(pool, case_id, envelope), wait)
    answer = {"case_id": case_id, "event_id": envelope.id, "source": envelope.source}
    if entry is None:
        state, reason = await facts.fate(pool, envelope)
        code = "event-not-delivered" if state == "dead" else "not-taken-yet"
        said = {"source": envelope.source, "id": envelope.id, "wait": f"{wait:g}"}
        raise refused(Refusal(code, reason=reason, **said), **answer, state=state, reason=reason)
    answer |= {"version": entry["version"], "stage": entry["stage"], "repeated": earlier is not None}
    if entry["step"] == "refuse-event":
        # the log keeps the code alone; the same rule on the same case gives the sentence its dates and names
        now = await facts.tried(await session.pool(), await find_case(session, case_id), envelope)
        code = json.loads(entry["details"])["code"]
        refusal = now if now is not None and now.code == code else Refusal(code)
        error = refused(refusal, **answer, sent=True, step=entry["step"])
        # it was taken and could not be used, which is one answer whatever the reason
        error.exit_code = Exit.REFUSED
        raise error.also(
            "It is kept in the log and as a task of the office.", "記録し、事務局の作業としました。"
        )
    if session.as_json:
        print_json({**answer, "step": entry["step"], "result": "repeated" if earlier else "applied"})
        return
    done = ("had been taken before", "は処理済みです") if earlier else ("is taken", "を記録しました")
    say(
        session,
        f"{case_id}: '{entry['step']}' {done[0]} ({local(entry['at'])}). Stage: {entry['stage']}, "
        f"version {entry['version']}",
        f"{case_id}: 「{entry['step']}」{done[1]}（{local(entry['at'])}）。段階: {entry['stage']}、"
        f"版 {entry['version']}",
    )


def _unknown(error: CommandError, envelope: "EventEnvelope") -> CommandError:
    """PostgreSQL went away while the fact was being stored, or looked for; by its id it counts once."""
    again = f"--event-id {envelope.id} --source {envelope.source}"
    return error.also(
        f"The event may be stored, and is then applied: repeat the same command with {again}; it counts "
        "once, and the answer tells.",
        f"通知は保存済みの可能性があり、その場合は適用されます。同じコマンドに {again} を付けて"
        "再実行してください。二重に処理されることはなく、結果が表示されます。",
        event_id=envelope.id,
        source=envelope.source,
    )
