"""`iehe`: one program for everything that is done from a shell, with a sub-command for each."""

import importlib
import logging
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from cases.words import process_words
from cli.japanese import translate
from cli.process_groups import case_group, other_groups, process_app, process_group
from cli.proof import TOKEN_FILE
from cli.session import Exit, leave
from cli.terminal import wrap_streams
from cli.usage import report_usage

app = typer.Typer(
    name="iehe",
    help="Event-driven workflows for the offices of a university. Exit codes: docs/cli.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"iehe {version('iehe')}")
        raise typer.Exit


@app.callback()
def about(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    token_file: Annotated[
        Path | None, typer.Option(help="File with a staff token that proves who acts.")
    ] = None,
) -> None:
    """Event-driven workflows for the offices of a university. Exit codes: docs/cli.md."""
    TOKEN_FILE.set(token_file)


COMMANDS = (
    ("cli.stack", "up"),
    ("cli.server_processes", "worker"),
    ("cli.server_processes", "relay"),
    ("cli.stack", "migrate"),
    ("cli.server_processes", "gateway"),
    ("cli.doctor", "doctor"),
    ("cli.replay", "replay"),
    ("cli.demo", "demo"),
    ("cli.tasks", "tasks"),
    ("cli.login", "token"),
    ("cli.login", "login"),
    ("cli.login", "logout"),
    ("cli.login", "whoami"),
    ("cli.administration", "log"),
)
GROUPS = (
    ("cli.events", "events"),
    ("cli.notices", "notices"),
    ("cli.policy", "policy"),
    ("cli.staff", "staff"),
    ("cli.source", "source"),
    ("cli.webhook", "webhook"),
    ("cli.keys", "keys"),
    ("cli.mail", "mail"),
    ("cli.schedule", "schedule"),
    ("cli.retention", "retention"),
    ("cli.documents", "document"),
    ("cli.links", "links"),
    ("cli.places", "places"),
    ("cli.office_commands", "office"),
)


def _register() -> None:
    for module, name in COMMANDS:
        app.command(name)(getattr(importlib.import_module(module), name))
    for room, words in process_words().items():
        app.add_typer(process_app(room), name=words["cases"], help=words["title"], cls=process_group(room))
        for name, group in other_groups(room).items():
            app.add_typer(group, name=name)
    app.add_typer(importlib.import_module("cli.cases").app, name="case", cls=case_group())
    for module, name in GROUPS:
        app.add_typer(importlib.import_module(module).app, name=name)


_register()


def command_line() -> Any:
    """The whole program as the parser has it, in the reader's language."""
    program = typer.main.get_command(app)
    translate(program)
    return program


def _report_fault(error: Exception) -> None:
    """One line for the person, and a file for whoever mends it: neither holds a text of the error."""
    from workers.exception_traces import trail

    kinds, frames = trail(error)
    lines = [f"{datetime.now(UTC).isoformat()} iehe {' '.join(sys.argv[1:3])}", kinds, *frames, ""]
    path = _written("\n".join(lines))
    where = f"where it happened is in {path}" if path else "no folder to write more about it"
    print(f"unexpected fault: {kinds.split(' < ')[0]}; {where} (iehe doctor)", file=sys.stderr)


def _written(text: str) -> Path | None:
    for folder in (_logs, lambda: Path(tempfile.gettempdir())):
        try:
            handle, name = tempfile.mkstemp(prefix="iehe-fault-", suffix=".log", dir=folder())
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
        except Exception:  # noqa: BLE001, S112 - settings or disk may be what is at fault
            continue
        return Path(name)
    return None


def _logs() -> Path:
    from workers.settings import load_settings

    return load_settings().home / "logs"


def main() -> NoReturn:
    """Run the command line; leaves with one of the codes of `Exit`, whatever happens."""
    # its pool reports lost connections with a traceback of its own; a command's error says what to do
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    wrap_streams()
    try:
        ended = command_line()(prog_name="iehe", standalone_mode=False)
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else Exit.FAULT)
    except typer.TyperException as error:
        leave(report_usage(error, as_json="--json" in sys.argv))
    except Exception as error:  # noqa: BLE001 - the last line of defence
        _report_fault(error)
        leave(Exit.FAULT)
    leave(ended if isinstance(ended, int) else Exit.OK)


if __name__ == "__main__":
    main()
