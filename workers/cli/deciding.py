"""Decisions from the command line: one frame, so that each command only says what is decided."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints
from uuid import UUID, uuid4, uuid5

import typer

from workers.cli.casework import CaseArgument, carry_out, find_case, say
from workers.cli.session import (
    ActorOption,
    CommandError,
    CommandIdOption,
    Exit,
    JsonOption,
    Session,
    VersionOption,
    local,
    print_json,
)
from workers.cli.typed import build, checked_text

if TYPE_CHECKING:
    import asyncpg

    from schemas.case import Command, Receipt

ReasonOption = Annotated[
    str | None, typer.Option("--reason", help="The reason in words; kept in the database only.")
]
TEXTS = UUID("5f0d3f5e-6f0b-4d0c-9a53-0f6f2b1f7a10")
NOT_DONE = (Exit.REFUSED, Exit.STALE, Exit.NOT_ALLOWED, Exit.NOT_FOUND)
"""Endings after which it is certain that a decision was not made."""


@dataclass(frozen=True)
class Decision:
    """What a person decides: the command's class and values, and the text that belongs to it."""

    command: type[Command]
    values: dict[str, Any] = field(default_factory=dict)
    text: str | None = None
    text_field: str = "reason_id"
    verify: Callable[[Session, asyncpg.Record], Awaitable[None]] | None = None
    """What the command line looks up before it asks the case; raises CommandError."""


def decision_command(app: typer.Typer, name: str) -> Callable[[Callable[..., Decision]], None]:
    """Register a command whose function makes the decision from its own options.

    CASE comes first; --as, --version, --command-id and --json are added after the function's own options.
    """

    def register(make: Callable[..., Decision]) -> None:
        hints = get_type_hints(make, include_extras=True)
        own = list(inspect.signature(make).parameters.values())

        def command(**given: Any) -> None:
            case, as_, version, command_id, as_json = (given.pop(key) for key in _FRAME)

            async def work(session: Session) -> None:
                await _decide(session, case, make(**given), as_, version, command_id)

            carry_out(work, as_json=as_json)

        kinds = inspect.Parameter
        parameters = [
            kinds("case", kinds.KEYWORD_ONLY, annotation=CaseArgument),
            *(each.replace(kind=kinds.KEYWORD_ONLY, annotation=hints[each.name]) for each in own),
            kinds("as_", kinds.KEYWORD_ONLY, annotation=ActorOption, default=None),
            kinds("version", kinds.KEYWORD_ONLY, annotation=VersionOption, default=None),
            kinds("command_id", kinds.KEYWORD_ONLY, annotation=CommandIdOption, default=None),
            kinds("as_json", kinds.KEYWORD_ONLY, annotation=JsonOption, default=False),
        ]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        command.__doc__ = make.__doc__
        app.command(name)(command)

    return register


_FRAME = ("case", "as_", "version", "command_id", "as_json")


async def _decide(
    session: Session,
    case: str,
    decision: Decision,
    staff_id: str | None,
    version: int | None,
    command_id: str | None,
) -> None:
    actor = await session.actor(staff_id)
    text = checked_text(decision.text)
    command_id = command_id or f"cli-{uuid4().hex}"
    frame = {"command_id": command_id, "actor": actor, "case_version": version}
    # checked before anything is stored
    command = build(decision.command, frame | decision.values)
    row = await find_case(session, case)
    earlier = await _made_before(session, row, command.cause)
    if earlier is not None:
        _show(session, earlier)
        return
    if decision.verify is not None:
        await decision.verify(session, row)
    text_id, new = await _keep(session, row["case_id"], command, text)
    if text_id is not None:
        command = command.model_copy(update={decision.text_field: str(text_id)})
    try:
        receipt = await session.decide(row["case_id"], command)
    except CommandError as error:
        if error.exit_code in NOT_DONE and new:
            from activities.sql import queries

            pool = await session.pool()
            await pool.execute(queries("office")["delete_text"], text_id, actor.id)
        raise
    _show(session, receipt)


async def _made_before(session: Session, row: asyncpg.Record, cause: str) -> Receipt | None:
    """The answer to a decision that the log has: Temporal forgets, after its retention, what it answered."""
    from activities.sql import queries
    from schemas.case import Receipt

    pool = await session.pool()
    entry = await pool.fetchrow(queries("office")["log_of_cause"], row["case_id"], cause)
    if entry is None:
        return None
    current = {"waiting_for": row["waiting_for"], "due_at": row["due_at"]} if row["closed_at"] is None else {}
    seen = {name: entry[name] for name in ("version", "stage", "step")}
    return Receipt(case_id=row["case_id"], outcome=row["outcome"], repeated=True, **seen, **current)


async def _keep(
    session: Session, case_id: str, command: Command, text: str | None
) -> tuple[UUID | None, bool]:
    """Store the text under an id that follows from the command's: repeated, it is stored once."""
    from activities.sql import queries

    if text is None:
        return None, False
    text_id = uuid5(TEXTS, f"{case_id}|{command.cause}")
    pool = await session.pool()
    values = (text_id, case_id, command.actor.id, text)
    return text_id, await pool.fetchval(queries("office")["keep_text"], *values) is not None


def _show(session: Session, receipt: Receipt) -> None:
    from workflows.rules.admission import LIFECYCLE

    stage = LIFECYCLE.stages[receipt.stage]
    if session.as_json:
        body = receipt.model_dump()
        print_json({**body, "stage_text": {"en": stage.en, "ja": stage.ja}})
        return
    again = ("was done already", "は処理済みです") if receipt.repeated else ("is done", "を記録しました")
    waits, due = receipt.waiting_for or "-", local(receipt.due_at)
    say(
        session,
        f"{receipt.case_id}: '{receipt.step}' {again[0]}. Stage: {stage.en} ({receipt.stage}), "
        f"version {receipt.version}; waits for: {waits}, due: {due}",
        f"{receipt.case_id}: 「{receipt.step}」{again[1]}。段階: {stage.ja}（{receipt.stage}）、"
        f"版 {receipt.version}、待ち: {waits}、期限: {due}",
    )
