"""Commands made from the models of decisions: one name for an act and its values at every door."""

from typing import Any, Literal

import pytest
import typer

from cases.registry import PROCESSES
from cases.words import process_words
from cli.decision_commands import decision_commands
from cli.main import app
from gateway.decisions import body_model
from schemas.kernel.case import Command, KernelCommand
from schemas.kernel.deadlines import DueTime

GROUPS: Any = typer.main.get_command(app)
DECISIONS = [
    pytest.param(process.room, command, id=f"{process.room} {command.step}")
    for name, process in PROCESSES.items()
    for command in process.decisions
]
FRAME = {"in_case", "as_", "seen_version", "under_id", "as_json"}


class Arrange(Command):
    """Arrange something."""

    step = "arrange"
    public: bool
    """Whether everybody is told."""
    form: Literal["visit", "lecture"]
    until: DueTime
    places: tuple[str, ...] = ()
    points: dict[str, float] | None = None
    reason_id: str | None = None


@pytest.mark.parametrize(("cases", "command"), DECISIONS)
def test_a_decision_takes_the_same_at_both_doors(cases, command):
    """Its command has the name and the values that its body over HTTP has, each with its help."""
    group = "case" if issubclass(command, KernelCommand) else cases
    made = GROUPS.commands[group].commands[command.step]
    own = [each for each in made.params if each.name not in FRAME | {"help"}]

    names = {each.opts[0].removeprefix("--") if each.name == "words" else each.name for each in own}
    assert names == body_model(command).model_fields.keys()
    assert all(each.help for each in own)


def test_the_first_required_value_stands_behind_the_case():
    """A yes or no is a flag, several values an option that is repeated, words are the reason."""
    group = typer.Typer()
    group.callback()(lambda: None)
    decision_commands(group, [Arrange], "visits")
    params: Any = {each.name: each for each in typer.main.get_group(group).commands["arrange"].params}

    assert (params["form"].param_type_name, params["form"].metavar) == ("argument", "visit|lecture")
    assert params["public"].required
    assert (params["public"].opts, params["public"].secondary_opts) == (["--public"], ["--no-public"])
    assert (params["until"].required, params["until"].opts) == (True, ["--until"])
    assert (params["places"].multiple, params["points"].multiple) == (True, True)
    assert params["points"].metavar == "KEY=VALUE"
    assert params["reason"].opts == ["--reason"]


def test_a_process_has_its_facts_and_decisions_under_the_name_of_its_cases():
    """Nothing of a descriptor is left out of its group."""
    for words in process_words().values():
        process = next(each for each in PROCESSES.values() if each.room == words["cases"])
        own = {each.step for each in process.decisions if not issubclass(each, KernelCommand)}
        assert GROUPS.commands[words["cases"]].commands.keys() >= own | {"event"}
