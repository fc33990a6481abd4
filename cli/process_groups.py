"""The groups of commands that are made from the processes' descriptors, when one of theirs is asked for.

A descriptor takes a third of a second to import, which `iehe --help` must not cost: until then a group
has what is written by hand for its process, in `cli/<room>/commands.py`, and its help from the words of the
process.
"""

import importlib
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from cases.words import process_words
from cli.japanese import translate


class _LaterGroup(TyperGroup):
    """A group whose commands are completed when they are first looked at."""

    fill: Callable[[typer.Typer], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._later = True
        super().__init__(*args, **kwargs)

    @property
    def commands(self) -> MutableMapping[str, Any]:
        """Every command by its name."""
        if self._later:
            self._later = False
            made = typer.Typer(rich_markup_mode=None)
            made.callback()(_group)
            type(self).fill(made)
            filled: Any = typer.main.get_group(made)
            self._commands |= filled.commands
            for each in self._commands.values():
                translate(each)
        return self._commands

    @commands.setter
    def commands(self, commands: MutableMapping[str, Any]) -> None:
        self._commands = dict(commands)


def _group() -> None:
    """Even a single command is one of a group."""


def process_app(room: str) -> typer.Typer:
    """What is written by hand for a process, or nothing."""
    own = _own(room)
    return own.app if own else typer.Typer(no_args_is_help=True)


def other_groups(room: str) -> dict[str, typer.Typer]:
    """Groups of a process beside the one of its cases."""
    return getattr(_own(room), "GROUPS", {})


def _own(room: str) -> Any:
    there = (Path(__file__).parent / room / "commands.py").exists()
    return importlib.import_module(f"cli.{room}.commands") if there else None


def process_group(room: str) -> type[TyperGroup]:
    """The group of a process: its decisions and facts."""

    def fill(app: typer.Typer) -> None:
        from cases.registry import PROCESSES
        from cli.decision_commands import decision_commands
        from cli.event_command import event_command
        from cli.start_command import start_command
        from schemas.kernel.case import KernelCommand

        cases = process_words()[room]["cases"]
        process = next(each for each in PROCESSES.values() if each.room == cases)
        own = [each for each in process.decisions if not issubclass(each, KernelCommand)]
        decision_commands(app, own, cases)
        event_command(app, process, cases)
        if process.start is not None:
            start_command(app, process)

    return _later(fill)


def case_group() -> type[TyperGroup]:
    """`iehe case`: with the decisions that the host knows, of every process that has them."""

    def fill(app: typer.Typer) -> None:
        from cases.registry import PROCESSES
        from cli.decision_commands import decision_commands
        from schemas.kernel.case import KernelCommand

        every = (command for process in PROCESSES.values() for command in process.decisions)
        decision_commands(app, dict.fromkeys(each for each in every if issubclass(each, KernelCommand)))

    return _later(fill)


def _later(fill: Callable[[typer.Typer], None]) -> type[TyperGroup]:
    return type("LaterGroup", (_LaterGroup,), {"fill": staticmethod(fill)})
