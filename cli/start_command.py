"""`iehe <process> start`: the office fills in the form with which a case begins."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import typer
from pydantic import BaseModel

from cases.fields import kind_of
from cases.forms import Stored, form_of, store_form
from cli.case_arguments import carry_out, say
from cli.decision_commands import typed, value
from cli.session import ActorOption, CommandError, CommandIdOption, JsonOption, Session, print_json
from cli.typed import build, usage

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from workflows.kernel.process import Process

    Placed = tuple[tuple[str, ...], FieldInfo]
    """A field, with the way to it through the parts of the form."""

_FRAME: Final = {
    "from_file": (
        Annotated[
            Path | None,
            typer.Option("--file", exists=True, dir_okay=False, help="The form as JSON, instead of options."),
        ],
        None,
    ),
    "number": (
        Annotated[str | None, typer.Option("--number", help="Its number; one is made when left out.")],
        None,
    ),
    "as_": (ActorOption, None),
    "under_id": (CommandIdOption, None),
    "as_json": (JsonOption, False),
}


def start_command(app: typer.Typer, process: Process[Any]) -> None:
    """Give a process's group its `start`, with an option for each field of the form."""
    model = form_of(process.name)
    if model is None or process.start is None:
        return
    fields = dict(_fields(process.start[1].data))

    def start(**given: Any) -> None:
        path, number, actor_id, command_id, as_json = (given.pop(name) for name in _FRAME)
        typed_in = {name: each for name, each in given.items() if each not in (None, [])}

        async def work(session: Session) -> None:
            form = _form_in(path) if path else _nested(fields, typed_in)
            if path and typed_in:
                raise usage(
                    "file-and-options",
                    "Give the form as a file or by options, not both.",
                    "申込内容はファイルまたはオプションのいずれか一方で指定してください。",
                )
            given_form = {"process": process.name, "number": number, "form": form}
            filled: Any = build(model, given_form)
            key = command_id or f"cli-{uuid4().hex}"
            actor = await session.actor(actor_id)
            pool = await session.pool()
            stored = await store_form(pool, process, filled.form, actor=actor, key=key, number=filled.number)
            _show(session, stored, key, started=await _started(session, stored.case_id))

        carry_out(work, as_json=as_json)

    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, (annotation, default) in (
            {name: typed(name.replace("__", "-"), each, needed=False) for name, (_, each) in fields.items()}
            | _FRAME
        ).items()
    ]
    start.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    start.__annotations__ = {each.name: each.annotation for each in parameters}
    app.command("start", help="Start a case by its form; the same --command-id is one case.")(start)


def _fields(
    model: type[BaseModel], before: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[Any, FieldInfo]]]:
    """Every field of a form, those of a part under the part's name: `contact__email` is `--contact-email`."""
    for name, field in model.model_fields.items():
        path, kind = (*before, name), kind_of(field)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _fields(kind, path)
        else:
            yield "__".join(path), (path, field)


def _nested(fields: dict[str, Placed], typed_in: dict[str, Any]) -> dict[str, Any]:
    form: dict[str, Any] = {}
    for name, each in typed_in.items():
        path, field = fields[name]
        part = form
        for step in path[:-1]:
            part = part.setdefault(step, {})
        part[path[-1]] = value("-".join(path), field, each, None)
    return form


def _form_in(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        raise usage(
            "not-json", f"{path}: this is not JSON in UTF-8.", f"{path}: UTF-8 の JSON ではありません。"
        ) from None


async def _started(session: Session, case_id: str) -> bool:
    from cases.starting import start_now

    try:
        client = await session.client()
    except CommandError:
        # stored, and so a relay starts it
        return False
    return await start_now(await session.pool(), client, case_id)


def _show(session: Session, stored: Stored, key: str, *, started: bool) -> None:
    if session.as_json:
        state = "started" if started else "stored"
        print_json(
            {"case_id": stored.case_id, "state": state, "repeated": stored.repeated, "command_id": key}
        )
        return
    again = (" (it had been stored before)", "（登録済みの内容です）") if stored.repeated else ("", "")
    how = (
        ("is started", "を開始しました")
        if started
        else (
            "is stored and starts as soon as Temporal answers",
            "を登録しました。Temporal の応答後に開始されます",
        )
    )
    say(session, f"{stored.case_id} {how[0]}{again[0]}.", f"{stored.case_id} {how[1]}{again[1]}。")
