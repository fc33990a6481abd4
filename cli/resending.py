"""`iehe notices resend`: a message that reached nobody goes out again, whether its case is open or closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.case_arguments import carry_out, say, see_whole, wait_for
from cli.session import ActorOption, CommandError, Exit, JsonOption, Session, print_json
from cli.typed import usage

if TYPE_CHECKING:
    import asyncpg

    from schemas.kernel.transition import Delivery
    from workflows.kernel.sight import Field

FINAL: Final = ("accepted", "dead", "unknown", "suppressed")
NoticeArgument = Annotated[str, typer.Argument(metavar="NOTICE", help="Its id, or the beginning of it.")]


async def find_notice(session: Session, notice: str, field: Field | None = None) -> asyncpg.Record:
    """A message by its id or the beginning of it, of a process of which the person who acts sees `field`.

    Raises:
        CommandError: there is none, or more than one, or they see no process so far.
    """
    from activities.kernel.queries import queries

    seen = await see_whole(session, field)
    pool, sql = await session.pool(), queries("kernel/office")
    found = await pool.fetch(sql["notices_beginning"], notice.strip().lower())
    if len(found) == 1:
        row = await pool.fetchrow(sql["notice"], found[0]["notice_id"])
        if row is not None and row["process"] in seen:
            return row
    if len(found) > 1:
        raise usage("ambiguous-notice", "More than one notice begins so.", "該当する通知が複数あります。")
    raise CommandError(
        "no-such-notice",
        f"There is no notice '{notice}' (iehe notices list).",
        f"通知「{notice}」はありません（iehe notices list）。",
        Exit.NOT_FOUND,
    )


def resend(notice: NoticeArgument, *, as_: ActorOption = None, as_json: JsonOption = False) -> None:
    """Send a dead or unknown message again, also for a closed case; repeating it sends it once."""

    async def work(session: Session) -> None:
        from activities.kernel.notice_rows import requeue
        from workflows.kernel.sight import Field

        await session.actor(as_)
        row = await find_notice(session, notice, Field.PERSONAL)
        notice_id = row["notice_id"]
        pool = await session.pool()
        async with pool.acquire() as connection:
            delivery = await requeue(connection, notice_id)
        if delivery is None:
            # killed between queueing it and asking for its delivery, an earlier run left it like this
            delivery = _left_behind(await find_notice(session, notice_id))
        await _deliver(session, delivery, notice_id)

        async def ended() -> str | None:
            state = (await find_notice(session, notice_id))["state"]
            return state if state in FINAL else None

        await wait_for(ended, 5)
        now = await find_notice(session, notice_id)
        if session.as_json:
            print_json({key: now[key] for key in ("notice_id", "case_id", "state", "reason", "sent_at")})
            return
        say(
            session,
            f"{notice_id[:12]}: {now['state']}" + ("" if now["state"] in FINAL else " (will be sent)"),
            f"{notice_id[:12]}: {now['state']}" + ("" if now["state"] in FINAL else "（送信待ち）"),
        )

    carry_out(work, as_json=as_json)


def _left_behind(row: asyncpg.Record) -> Delivery:
    from schemas.kernel.transition import Delivery

    if row["by_hand"] and row["state"] in ("queued", "failed", "sending"):
        return Delivery(case_id=row["case_id"], version=row["version"], by_hand=row["notice_id"])
    state = row["state"]
    raise CommandError(
        "not-resendable",
        f"The message is '{state}'; only dead and unknown ones are sent again.",
        f"この通知の状態は「{state}」です。再送できるのは dead と unknown のみです。",
        Exit.REFUSED,
        {"state": state},
    )


async def _deliver(session: Session, delivery: Delivery, notice_id: str) -> None:
    from temporalio.common import ActivityIDConflictPolicy

    from schemas.kernel.identifiers import NOTICES_QUEUE
    from schemas.kernel.transition import DeliveryReport
    from workflows.kernel.case import NOTICE_HEARTBEAT, NOTICE_RETRY, NOTICE_TIMEOUT

    client = await session.client()
    await client.start_activity(
        "deliver-notices",
        delivery,
        id=f"resend/{notice_id}",
        task_queue=NOTICES_QUEUE,
        result_type=DeliveryReport,
        id_conflict_policy=ActivityIDConflictPolicy.USE_EXISTING,
        start_to_close_timeout=NOTICE_TIMEOUT,
        heartbeat_timeout=NOTICE_HEARTBEAT,
        retry_policy=NOTICE_RETRY,
        summary=f"notice of {delivery.case_id} again",
    )
