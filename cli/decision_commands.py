"""Decisions as commands, made from their models: `iehe <process> <decision> CASE …`.

The name is the decision's step. The first required field that is no yes or no stands behind CASE, every other
field is an option of its own name: a yes or no a flag (a required one with `--no-…`), several values an
option that is repeated, a mapping key=value. A field for words is `--reason` or `--remark`. Corrected values
of a record stand last, FIELD=VALUE.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args, get_origin
from uuid import uuid4

import typer

from cases.fields import choices_of, kind_of
from cli.case_arguments import CaseArgument, case_id_of, find_case, framed, option
from cli.known import offered
from cli.session import ActorOption, CommandIdOption, JsonOption, Session, VersionOption, local
from cli.typed import build, checked_text, moment, pairs

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from schemas.kernel.case import Command, Receipt

TEXT_HELP: Final = "The words; kept in the database only. - reads them from standard input."
_PAIRS: Final = {"values": "FIELD=VALUE"}
"""How the pairs of a mapping are shown where not as KEY=VALUE."""
_FRAME: Final = (
    option("as_", ActorOption, default=None),
    option("seen_version", VersionOption, default=None),
    option("under_id", CommandIdOption, default=None),
    option("as_json", JsonOption, default=False),
)


def decision_commands(app: typer.Typer, decisions: Iterable[type[Command]], cases: str | None = None) -> None:
    """Give a group a command for each decision; `cases` is the first part of the ids of its cases."""
    for command in decisions:
        app.command(command.step, help=inspect.cleandoc(command.__doc__ or command.step).split("\n\n")[0])(
            _function(command, cases)
        )


def _function(command: type[Command], cases: str | None) -> Callable[..., None]:
    from cases.decisions import VALUES, own_fields, text_fields, values_field

    fields = own_fields(command)
    behind = next((name for name, each in fields.items() if each.is_required() and not _is_flag(each)), None)
    own: dict[str, tuple[Any, Any]] = {"in_case": (CaseArgument, inspect.Parameter.empty)}
    own |= {name: typed(name, each, behind=name == behind) for name, each in fields.items()}
    if (brings := values_field(command)) is not None:
        own[VALUES] = typed(VALUES, brings, behind=True)
    words = text_fields(command)
    for name, refers in words.items():
        told = command.model_fields[refers].description or TEXT_HELP
        own[name] = (Annotated[str | None, typer.Option(f"--{name.replace('_', '-')}", help=told)], None)

    async def decide(
        session: Session, *, in_case: str, seen_version: int | None, under_id: str | None, **given: Any
    ) -> None:
        said = {name: checked_text(given.pop(name, None)) for name in words}
        texts = {name: each for name, each in said.items() if each is not None}
        new = pairs(given.pop(VALUES)) if brings is not None else None
        values = {
            "command_id": under_id or f"cli-{uuid4().hex}",
            "actor": await session.actor(),
            "case_version": seen_version,
            **{
                name: value(name, fields[name], each, cases)
                for name, each in given.items()
                if each is not None
            },
        }
        # checked before anything is stored
        made = build(command, values)
        row = await find_case(session, in_case, cases)
        if new is not None:
            new = _read(row["process"], given["record"], new)
        _show(session, row["process"], await session.decide(row, made, texts, new))

    return framed(
        decide, _FRAME, [option(name, kind, default=default) for name, (kind, default) in own.items()]
    )


def _read(process: str, record: str, values: dict[str, str]) -> dict[str, Any]:
    from cases.registry import PROCESSES
    from spreadsheets.corrections import read_values

    return read_values(PROCESSES[process], record, values)


def typed(name: str, field: FieldInfo, *, behind: bool = False, needed: bool = True) -> tuple[Any, Any]:
    """How a field is typed, and what stands for it when it is not; with `needed` a required one must be."""
    option, kind = "--" + name.replace("_", "-"), kind_of(field)
    needed = needed and field.is_required()
    default: Any = inspect.Parameter.empty if needed else None
    if _is_flag(field):
        if needed:
            option += f"/--no-{option[2:]}"
        return Annotated[bool, typer.Option(option, help=field.description)], default or False
    several = get_origin(kind) in (tuple, dict)
    words = choices_of(kind)
    metavar = "|".join(words) or (_PAIRS.get(name, "KEY=VALUE") if get_origin(kind) is dict else None)
    given: Any = list[str] if several else str
    told: Any = {"help": field.description, "autocompletion": offered(words) if words else None}
    if behind:
        return Annotated[given, typer.Argument(metavar=metavar or name.upper(), **told)], default
    optional = given if needed else given | None
    return Annotated[optional, typer.Option(option, metavar=metavar, **told)], default


def _is_flag(field: FieldInfo) -> bool:
    return kind_of(field) is bool


def value(name: str, field: FieldInfo, given: Any, cases: str | None) -> Any:
    """What was typed for a field, as its model takes it."""
    from pydantic import AwareDatetime

    from schemas.kernel.deadlines import DAY_ENDS
    from schemas.kernel.identifiers import CaseId

    kind, option = kind_of(field), "--" + name.replace("_", "-")
    if kind in (datetime, AwareDatetime):
        return moment(given, option, end_of_day=DAY_ENDS in field.metadata)
    if get_origin(kind) is tuple and get_args(kind)[0] in (datetime, AwareDatetime):
        return tuple(moment(each, option) for each in given)
    if get_origin(kind) is dict:
        return pairs(given)
    if get_origin(kind) is tuple and get_args(kind)[0] == CaseId:
        return tuple(case_id_of(each, cases) for each in given)
    return given


def _show(session: Session, process: str, receipt: Receipt) -> None:
    from cases.page import stage_text

    stage = stage_text(process, receipt.stage)
    name = "decided-before" if receipt.repeated else "decided"
    told = {**receipt.model_dump(), "stage_text": stage}
    waits, due = receipt.waiting_for or "-", local(receipt.due_at)
    session.answer(told, name, **stage, waiting_for=waits, due=due)
