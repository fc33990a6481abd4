"""Decisions from the command line: one frame, so that each command only says what is decided."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints
from uuid import uuid4

import typer

from cli.case_arguments import CaseArgument, carry_out, find_case, say
from cli.session import (
    ActorOption,
    CommandIdOption,
    JsonOption,
    Session,
    VersionOption,
    local,
    print_json,
)
from cli.typed import build, checked_text

if TYPE_CHECKING:
    from schemas.kernel.case import Command, Receipt

ReasonOption = Annotated[
    str | None, typer.Option("--reason", help="The reason in words; kept in the database only.")
]


@dataclass(frozen=True)
class Decision:
    """What a person decides: the command's class and values, and the text that belongs to it."""

    command: type[Command]
    values: dict[str, Any] = field(default_factory=dict)
    text: str | None = None


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
    _show(session, await session.decide(row, command, text))


def _show(session: Session, receipt: Receipt) -> None:
    from workflows.admission.process import LIFECYCLE

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
