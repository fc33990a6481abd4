"""`iehe admissions event`: a fact entered by hand, and what the case made of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import typer

from cli.admission.event_refusals import (
    dropped_before,
    not_taken,
    outcome_unknown,
    refuse_closed,
    refuse_unusable,
    refused,
    used_for_another,
)
from cli.case_arguments import (
    DATABASE_AWAY,
    CaseArgument,
    answering,
    carry_out,
    find_case,
    require_role,
    say,
    wait_for,
)
from cli.known import facts, offered
from cli.session import ActorOption, CommandError, JsonOption, Session, local, print_json
from cli.typed import build, moment, pairs, usage

if TYPE_CHECKING:
    import asyncpg

    from schemas.kernel.case import EventEnvelope
    from workflows.kernel.process import EventKind

SOURCE: Final = "iehe-cli"
NEEDS_HOUR: Final = "post-arrived"


def event(
    case: CaseArgument,
    fact: Annotated[
        str,
        typer.Argument(
            metavar="FACT", help="Such as fee-paid or document-received.", autocompletion=offered(facts)
        ),
    ],
    data: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="Such as item=transcript.")
    ] = None,
    *,
    at: Annotated[
        str | None, typer.Option("--at", help="When it happened, Japan time: 2027-02-04 11:58.")
    ] = None,
    event_id: Annotated[
        str | None, typer.Option("--event-id", help="The fact's own id; the same one counts once.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="System whose event this is, so that both count once.")
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", min=0, max=60, help="Seconds to wait for the case to take it.")
    ] = 5.0,
    as_: ActorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enter a fact that another system did not send: a paper that arrived, a fee, an answer by telephone."""

    async def work(session: Session) -> None:
        kind = _kind(fact)
        values = _values(kind, pairs(data or []))
        happened = moment(at, "--at")
        if fact == NEEDS_HOUR and at is not None and ":" not in at and "：" not in at:
            raise usage("hour-missing", "--at: the hour counts here.", "--at: 時刻まで入力してください。")
        by = SOURCE
        if as_ is not None:
            actor = await session.actor(as_)
            require_role(actor)
            by = f"{SOURCE}:{actor.id}"
        envelope = _envelope(fact, values, happened, event_id, source or by)
        row = await find_case(session, case)
        try:
            async with answering():
                await _send(session, row, kind, envelope, wait)
        except CommandError as error:
            raise outcome_unknown(error, envelope) if error.code == DATABASE_AWAY else error from None

    carry_out(work, as_json=as_json)


def _kind(fact: str) -> EventKind:
    from workflows.admission.process import ADMISSION_REVIEW

    kinds = {name: kind for name, kind in ADMISSION_REVIEW.events.items() if not kind.between_cases}
    if fact not in kinds:
        known = ", ".join(kinds)
        raise usage(
            "unknown-event",
            f"This process knows no event '{fact}'. It knows: {known}.",
            f"この手続きに「{fact}」という通知はありません。使用できるもの: {known}",
            known=list(kinds),
        )
    return kinds[fact]


def _values(kind: EventKind, typed: dict[str, str]) -> dict[str, Any]:
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


def _envelope(
    fact: str, values: dict[str, Any], at: datetime | None, event_id: str | None, source: str
) -> EventEnvelope:
    from schemas.kernel.case import EventEnvelope
    from schemas.kernel.identifiers import ProcessName, event_type

    return build(
        EventEnvelope,
        {
            "id": event_id or uuid4().hex,
            "source": source,
            "type": event_type(ProcessName.ADMISSION_REVIEW, fact),
            "occurred_at": at,
            "received_at": datetime.now(UTC),
            "data": values,
        },
    )


async def _send(
    session: Session, row: asyncpg.Record, kind: EventKind, envelope: EventEnvelope, wait: float
) -> None:
    from activities.kernel.queries import queries

    pool = await session.pool()
    sql, case_id = queries("kernel/office")["log_of_cause"], row["case_id"]
    cause = f"{envelope.source}#{envelope.id}"
    earlier = await pool.fetchrow(sql, case_id, cause)
    taken = earlier
    if earlier is None:
        refuse_unusable(row, kind, envelope)
        refuse_closed(row)
        await _store(session, row, envelope)
        taken = await wait_for(lambda: pool.fetchrow(sql, case_id, cause), wait)
    answer = {"case_id": case_id, "event_id": envelope.id, "source": envelope.source}
    if taken is None:
        raise await not_taken(session, envelope, wait, answer)
    answer |= {"version": taken["version"], "stage": taken["stage"], "repeated": earlier is not None}
    if taken["step"] == "refuse-event":
        raise await refused(session, case_id, kind, envelope, taken, answer)
    if session.as_json:
        print_json({**answer, "step": taken["step"], "result": "repeated" if earlier else "applied"})
        return
    done = ("had been taken before", "は処理済みです") if earlier else ("is taken", "を記録しました")
    say(
        session,
        f"{case_id}: '{taken['step']}' {done[0]} ({local(taken['at'])}). Stage: {taken['stage']}, "
        f"version {taken['version']}",
        f"{case_id}: 「{taken['step']}」{done[1]}（{local(taken['at'])}）。段階: {taken['stage']}、"
        f"版 {taken['version']}",
    )


async def _store(session: Session, row: asyncpg.Record, envelope: EventEnvelope) -> None:
    """Put a fact into the inbox; from here on it cannot be lost, and the relay brings it to the case.

    Raises:
        CommandError: its id was used for another event, or a person dropped it.
    """
    from activities.kernel.queries import queries

    pool, sql = await session.pool(), queries("kernel/events")
    stored = await pool.fetchval(
        sql["enter"],
        *(envelope.source, envelope.id, envelope.type),
        *(row["process"], row["case_id"], envelope.model_dump_json()),
    )
    if stored is None:
        there = await pool.fetchrow(sql["event"], envelope.source, envelope.id)
        same = there is not None and (there["state"], there["case_id"], there["type"]) == (
            "dropped",
            row["case_id"],
            envelope.type,
        )
        raise dropped_before(envelope) if same else used_for_another(envelope)
