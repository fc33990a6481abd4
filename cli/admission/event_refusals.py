"""Why a fact is not used, as a sentence: found before sending where it can be, else read from the log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.case_arguments import find_case
from cli.session import CommandError, Exit, Session, not_decided

if TYPE_CHECKING:
    import asyncpg

    from schemas.kernel.case import EventEnvelope
    from schemas.kernel.refusals import Refusal
    from workflows.kernel.process import EventKind


def refuse_unusable(row: asyncpg.Record, kind: EventKind, envelope: EventEnvelope) -> None:
    """What no case of this policy could take is a slip of the keyboard, and is not sent."""
    from schemas.kernel.refusals import RefusalKind

    refusal = _tried(row, envelope)
    if refusal is not None and refusal.kind in (RefusalKind.INVALID, RefusalKind.NOT_FOUND):
        raise _as_error(refusal.code, refusal.params, {"sent": False})


def refuse_closed(row: asyncpg.Record) -> None:
    """A closed case takes no facts. Raises CommandError."""
    if row["closed_at"] is not None:
        from cases.decisions import NotDecided
        from schemas.kernel.refusals import RefusalKind

        params = {"stage": row["stage"], "step": "event"}
        raise not_decided(NotDecided("case-closed", RefusalKind.WRONG_STAGE, params), row["case_id"])


def used_for_another(envelope: EventEnvelope) -> CommandError:
    """The id stands for a fact of another kind or case."""
    return CommandError(
        "id-used-for-another-event",
        f"{envelope.source} {envelope.id} is stored with another content, which stays (iehe events show). If "
        "it is the same fact, it need not be entered again; only another fact has another --event-id.",
        f"{envelope.source} {envelope.id} は別の内容で保存済みです（iehe events show）。同じ事実であれば"
        "再入力は不要です。--event-id を変えるのは別の事実の場合だけです。",
        Exit.REFUSED,
        {"sent": False},
    )


def dropped_before(envelope: EventEnvelope) -> CommandError:
    """A person has decided that this fact is not wanted."""
    return CommandError(
        "event-dropped",
        f"{envelope.source} {envelope.id} was dropped (iehe events show); if the fact counts after all, "
        "enter it under a new --event-id.",
        f"{envelope.source} {envelope.id} は破棄済みです（iehe events show）。必要な場合は新しい "
        "--event-id で入力してください。",
        Exit.REFUSED,
        {"sent": False},
    )


def outcome_unknown(error: CommandError, envelope: EventEnvelope) -> CommandError:
    """PostgreSQL went away while the fact was being stored, or looked for; by its id it counts once."""
    again = f"--event-id {envelope.id} --source {envelope.source}"
    return CommandError(
        error.code,
        f"{error.english} The event may be stored, and is then applied: repeat the same command with "
        f"{again}; it counts once, and the answer tells.",
        f"{error.japanese}通知は保存済みの可能性があり、その場合は適用されます。"
        f"同じコマンドに {again} を付けて再実行してください。"
        "二重に処理されることはなく、結果が表示されます。",
        error.exit_code,
        {"event_id": envelope.id, "source": envelope.source},
    )


async def not_taken(
    session: Session, envelope: EventEnvelope, wait: float, answer: dict[str, Any]
) -> CommandError:
    """The answer for a fact that is stored and has not reached the case's log in time."""
    from activities.kernel.queries import queries

    pool = await session.pool()
    row = await pool.fetchrow(queries("kernel/events")["event"], envelope.source, envelope.id)
    state, reason = (row["state"], row["reason"]) if row is not None else ("stored", None)
    answer = {**answer, "state": state, "reason": reason}
    if state == "dead":
        return CommandError(
            "event-not-delivered",
            f"The event is stored, but could not be delivered ({reason}): it is an open task of the office "
            f"(iehe events show {envelope.source} {envelope.id}).",
            f"通知は保存されましたが、配信できませんでした（{reason}）。事務局の作業となっています"
            f"（iehe events show {envelope.source} {envelope.id}）。",
            Exit.REFUSED,
            answer,
        )
    return CommandError(
        "not-taken-yet",
        f"The event is stored and will be applied, but the case has not taken it within {wait:g} s "
        f"(iehe doctor; to see: iehe events show {envelope.source} {envelope.id}).",
        f"通知は保存されており失われませんが、{wait:g} 秒以内に処理されませんでした（iehe doctor。"
        f"確認: iehe events show {envelope.source} {envelope.id}）。",
        Exit.UNAVAILABLE,
        answer,
    )


def _tried(row: asyncpg.Record, envelope: EventEnvelope) -> Refusal | None:
    """What the rules say to a fact on a copy of the case as it stands; what only the database knows is left out."""
    from cases.registry import PROCESSES
    from schemas.kernel.refusals import Refusal
    from workflows.kernel import stepping
    from workflows.kernel.draft import Frame, LookupNeeded
    from workflows.kernel.known_policies import POLICIES

    process = PROCESSES[row["process"]]
    frame = Frame(now=datetime.now(UTC), policies=POLICIES.of(process))
    try:
        stepping.told(process, envelope, process.read(json.loads(row["state"]), frame.policies), frame)
    except Refusal as refusal:
        return refusal
    except LookupNeeded:
        return None
    return None


async def refused(
    session: Session,
    case_id: str,
    kind: EventKind,
    envelope: EventEnvelope,
    taken: asyncpg.Record,
    answer: dict[str, Any],
) -> CommandError:
    """The answer to a fact that the case has taken and could not use."""
    code = json.loads(taken["details"])["code"]
    # the log keeps the code alone; the same rule on the same case gives the sentence its dates and names
    refusal = _tried(await find_case(session, case_id), envelope)
    params = refusal.params if refusal is not None and refusal.code == code else {}
    return _as_error(code, params, {**answer, "sent": True, "step": taken["step"]})


class _Unknown(dict[str, str]):
    def __missing__(self, _key: str) -> str:
        return "…"


def _as_error(code: str, params: dict[str, str], details: dict[str, Any]) -> CommandError:
    from schemas.kernel.refusals import TEXTS, RefusalKind

    kind, english, japanese = TEXTS[code]
    values = _Unknown(params)
    sent = details.get("sent")
    tail = (" It is kept in the log and as a task of the office.", "記録し、事務局の作業としました。")
    exit_code = Exit.NOT_FOUND if kind is RefusalKind.NOT_FOUND and not sent else Exit.REFUSED
    return CommandError(
        code,
        english.format_map(values) + (tail[0] if sent else ""),
        japanese.format_map(values) + (tail[1] if sent else ""),
        exit_code,
        {**params, **details},
    )
