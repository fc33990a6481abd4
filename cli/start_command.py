"""`iehe <process> start`: the office fills in the form with which a case begins."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import typer
from pydantic import BaseModel

from cases.fields import kind_of
from cases.forms import form_of, store_form
from cli.case_arguments import framed, option
from cli.decision_commands import typed, value
from cli.session import ActorOption, CommandError, CommandIdOption, JsonOption, Session
from cli.typed import build

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from workflows.kernel.process import Process

    Placed = tuple[tuple[str, ...], FieldInfo]
    """A field, with the way to it through the parts of the form."""

_FILE: Final = Annotated[
    Path | None,
    typer.Option("--file", help="The form as JSON, instead of options; - is standard input."),
]
_NUMBER: Final = Annotated[
    str | None, typer.Option("--number", help="Its number; one is made when left out.")
]
_FRAME: Final = (
    option("from_file", _FILE, default=None),
    option("number", _NUMBER, default=None),
    option("as_", ActorOption, default=None),
    option("under_id", CommandIdOption, default=None),
    option("as_json", JsonOption, default=False),
)


def start_command(app: typer.Typer, process: Process[Any]) -> None:
    """Give a process's group its `start`, with an option for each field of the form."""
    model = form_of(process.name)
    if model is None or process.start is None:
        return
    fields = dict(_fields(process.start[1].data))

    async def start(
        session: Session, *, from_file: Path | None, number: str | None, under_id: str | None, **given: Any
    ) -> None:
        # a flag that is not given is False
        typed_in = {name: each for name, each in given.items() if each not in (None, [], False)}
        if from_file and typed_in:
            raise CommandError("file-and-options")
        form = _form_in(from_file) if from_file else _nested(fields, typed_in)
        filled: Any = build(model, {"process": process.name, "number": number, "form": form})
        key = under_id or f"cli-{uuid4().hex}"
        actor = await session.actor()
        pool = await session.pool()
        stored = await store_form(
            pool,
            process,
            filled.form,
            actor=actor,
            key=key,
            number=filled.number,
            marks=await session.vault(),
        )
        started = await _started(session, stored.case_id)
        state = "started" if started else "stored"
        told = {"case_id": stored.case_id, "state": state, "repeated": stored.repeated, "command_id": key}
        if stored.receipt is not None:
            told["receipt"] = stored.receipt
        session.answer(told, "case-started" if started else "form-stored")
        if stored.repeated and not session.as_json:
            session.say("form-stored-before")
        if stored.receipt is not None and not session.as_json:
            session.say("receipt-given", receipt=stored.receipt)

    own = []
    for name, (_, each) in fields.items():
        kind, default = typed(name.replace("__", "-"), each, needed=False)
        own.append(option(name, kind, default=default))
    made = framed(start, _FRAME, own)
    app.command("start", help="Start a case by its form; the same --command-id is one case.")(made)


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
        return json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig"))
    except ValueError:
        raise CommandError("not-json", path=path) from None


async def _started(session: Session, case_id: str) -> bool:
    from cases.starting import start_now

    try:
        client = await session.client_of(case_id)
    except CommandError:
        # stored, and so a relay starts it
        return False
    return await start_now(await session.pool(), client, case_id)
