"""One name for one thing, in one place: held over the sources themselves."""

import ast
import re
from pathlib import Path

import pytest

from cases.registry import PROCESSES
from schemas.kernel.roles import HOST_ROLES
from workflows.kernel.process import Process

ROOT = Path(__file__).parent.parent
OURS = (
    *("schemas", "workflows", "activities", "cases", "encryption", "spreadsheets", "embedded", "gateway"),
    *("office", "cli", "workers"),
)

ORDINARY = {"round"}
"""Rooms that are called by a word of every day: they are named where code names them, not in a sentence."""
LINES_OF_THE_REGISTRY = 2
"""Its import and its place in the tuple."""


def sources() -> list[Path]:
    return sorted(file for part in OURS for file in (ROOT / part).rglob("*.py"))


def test_passing_faults_are_one_tuple() -> None:
    """What the database and the way to it raise is listed once; a second list would forget one of them."""
    others = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sources()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Tuple) and "asyncpg.InterfaceError" in map(ast.unparse, node.elts)
    ]
    assert len(others) == 1, others
    assert others[0].startswith("activities/kernel/database.py")


def test_japans_clock_is_named_once() -> None:
    """Every day and hour is counted on one clock; the machine's check asks whether it is known."""
    named = [
        f"{file.relative_to(ROOT)}"
        for file in sources()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node) == "ZoneInfo('Asia/Tokyo')"
    ]
    assert named == ["schemas/kernel/japan.py", "workers/diagnostics/machine.py"], (
        "the second asks whether it is known"
    )


def _names(process: Process) -> re.Pattern[str]:
    """The words of a process: its names, roles and labels.

    A label such as `round_id` stands for rounds, `--round` and `round_places` too; not for `round(…)`, nor
    for a round trip.
    """
    labels = [label.removesuffix("_id") for label in process.labels]
    of_labels = {each for label in labels for each in (f"{label}s", f"{label}_[a-z]+", f"--{label}")}
    names = {process.name, *process.roles, *process.labels, *of_labels} - HOST_ROLES.keys()
    room = process.room
    names |= {rf"(?:iehe\.{room}_|['\"]{room}['\"/]|{room}/)"} if room in ORDINARY else {room}
    return re.compile(r"(?<![a-z])(" + "|".join(sorted(names)) + r")s?(?![a-z])", re.IGNORECASE)


def _host_files() -> list[Path]:
    """Everything that is no process's room: of the code, and what it says to people."""
    rooms = {process.room for process in PROCESSES.values()}
    kinds = {".py", ".sql", ".toml", ".txt", ".html"}
    return [
        file
        for part in OURS
        for file in sorted((ROOT / part).rglob("*"))
        if file.suffix in kinds and not rooms & set(file.relative_to(ROOT).parts[:-1])
    ]


@pytest.mark.parametrize(
    ("line", "is_named"),
    [
        ("SELECT FROM iehe.rounds", True),
        ("round_id: str | None = None", True),
        ("iehe.round_places", True),
        ('typer.Option("--round")', True),
        ("programme: str", True),
        ("took = round(seconds, 1)", False),
        ("spare a round trip", False),
        ("background_ids", False),
    ],
)
def test_the_words_of_labels_are_those_of_their_process(line: str, is_named: bool) -> None:
    """A column, an option or a table of them is found; other words that are spelled alike are not."""
    assert bool(_names(PROCESSES["admission-review"]).search(line)) == is_named


@pytest.mark.parametrize("process", PROCESSES.values(), ids=lambda process: process.name)
def test_the_host_names_no_process(process: Process) -> None:
    """A process is added in its rooms and by a line of the registry: nothing else of the host names it, nor
    what it files its cases by.
    """
    pattern = _names(process)
    named = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in _host_files()
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
    registered = [line for line in named if line.startswith("cases/registry.py:")]
    assert named == registered, "\n".join(line for line in named if line not in registered)
    assert len(registered) <= LINES_OF_THE_REGISTRY
