"""Which part may know which, and that nothing a replay runs asks for the time or for chance."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = (
    ("schemas",),
    ("rules",),
    ("workflows", "activities"),
    ("cases", "encryption", "spreadsheets", "embedded"),
    ("gateway",),
    ("office",),
    ("workers", "cli"),
)
"""From the bottom up: a part may import its own and every lower one."""
BESIDE = {
    "encryption": {"cases"},
    "spreadsheets": {"cases"},
    "workflows": {"activities"},
    "embedded": {"workers", "cases"},
    "workers": {"cli"},
    "cli": {"workers"},
}
"""What a part may import of its own layer, or, for the supervisor's settings, of a higher one."""
OURS = {part for layer in LAYERS for part in layer} - {"rules"} | {"tests"}
OF_TEMPORAL = {
    "workflows.kernel.case",
    "workflows.kernel.database",
    "workflows.kernel.messages",
    "workflows.kernel.scheduled",
    "workflows.kernel.search_attributes",
}
"""Modules of `workflows/` that know Temporal; they and each `workflow.py` are no rules."""
IMPURE = {
    *("temporalio", "asyncpg", "aiosmtplib", "structlog", "jinja2"),
    *("asyncio", "io", "os", "pathlib", "random", "secrets", "socket", "subprocess", "threading", "time"),
}
NOT_REPLAYABLE = {"random", "secrets", "time"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
CHANCE = {"uuid1", "uuid4", "urandom", "token_hex", "token_urlsafe"}


@dataclass(frozen=True)
class Import:
    """One imported module and whether the sandbox is told to pass it through."""

    name: str
    line: int
    passed_through: bool


def part_of_module(name: str) -> str:
    """The part of a dotted name; of `workflows`, what knows no Temporal is `rules`."""
    first, _, rest = name.partition(".")
    if first != "workflows" or not rest:
        return first
    known = any(name == each or name.startswith(f"{each}.") for each in OF_TEMPORAL)
    return "workflows" if known or ".workflow" in name else "rules"


def part_of(path: Path) -> str:
    return part_of_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def may_import(part: str) -> set[str]:
    if part == "tests":
        return OURS | {"rules"}
    height = next(number for number, layer in enumerate(LAYERS) if part in layer)
    lower = {each for layer in LAYERS[:height] for each in layer}
    return lower | {part} | BESIDE.get(part, set())


def modules(part: str) -> list[Path]:
    folder = ROOT / ("workflows" if part == "rules" else part)
    return sorted(path for path in folder.rglob("*.py") if part_of(path) == part)


def imports(tree: ast.AST, *, inside: bool = False) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"a relative import in line {node.lineno}"
            module = node.module or ""
            # `from activities import notices` names a module by its second half
            yield from (Import(f"{module}.{alias.name}", node.lineno, inside) for alias in node.names)
        else:
            passed = isinstance(node, ast.With) and "imports_passed_through" in ast.dump(node.items[0])
            yield from imports(node, inside=inside or passed)


def wrong_imports(part: str, source: str) -> list[str]:
    faults = []
    for found in imports(ast.parse(source)):
        first = found.name.split(".")[0]
        if first in OURS and part_of_module(found.name) not in may_import(part):
            faults.append(f"line {found.line}: {part} must not import {found.name}")
        if part == "workflows" and first == "activities" and not found.passed_through:
            faults.append(f"line {found.line}: {found.name} belongs into imports_passed_through()")
        if part == "rules" and first in IMPURE:
            faults.append(f"line {found.line}: rules are pure functions, without {first}")
    return faults


def not_replayable(source: str) -> list[str]:
    faults = []
    tree = ast.parse(source)
    for found in imports(tree):
        first, _, name = found.name.partition(".")
        if first in NOT_REPLAYABLE or name in CHANCE:
            faults.append(f"line {found.line}: {found.name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).rpartition(".")[2]
            if (owner, node.attr) in CLOCKS or (node.attr in CHANCE and owner != "workflow"):
                faults.append(f"line {node.lineno}: {owner}.{node.attr}")
    return faults


@pytest.mark.parametrize("part", sorted(OURS | {"rules"}))
def test_every_part_imports_only_what_it_may(part):
    """Imports go one way: schemas know nothing of ours, nothing knows the workers but themselves."""
    files = modules(part)
    assert files
    faults = {
        str(path.relative_to(ROOT)): found
        for path in files
        if (found := wrong_imports(part, path.read_text(encoding="utf-8")))
    }
    assert not faults


@pytest.mark.parametrize("part", ["schemas", "workflows", "rules"])
def test_nothing_that_a_replay_runs_asks_for_time_or_chance(part):
    """A replayed workflow and the models it builds get the time and random ids from Temporal alone."""
    faults = {
        str(path.relative_to(ROOT)): found
        for path in modules(part)
        if (found := not_replayable(path.read_text(encoding="utf-8")))
    }
    assert not faults, "use workflow.now(), workflow.uuid4(), workflow.random(), or pass the value in"


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("schemas", "from workflows.kernel.case import CaseWorkflow"),
        ("schemas", "def late():\n    import workers.settings"),
        ("rules", "from workflows.kernel import case"),
        ("rules", "import asyncio"),
        ("rules", "from temporalio import workflow"),
        ("workflows", "from activities.kernel.cases import CaseActivities"),
        ("workflows", "import workers"),
        ("activities", "from workers import settings"),
        ("activities", "if TYPE_CHECKING:\n    from workflows.kernel import case"),
    ],
)
def test_a_wrong_import_is_found(part, source):
    """The guard finds an import in any place and any form."""
    assert wrong_imports(part, source)


@pytest.mark.parametrize(
    ("part", "source"),
    [
        (
            "workflows",
            "with workflow.unsafe.imports_passed_through():\n    from activities.kernel.cases import A",
        ),
        ("rules", "from workflows.kernel import steps"),
        ("workers", "from workflows.kernel import case"),
    ],
)
def test_a_right_import_is_let_through(part, source):
    """The guard lets the intended direction through."""
    assert not wrong_imports(part, source)


@pytest.mark.parametrize(
    "source",
    [
        "at = datetime.now(UTC)",
        "at = datetime.datetime.utcnow()",
        "at: date = Field(default_factory=date.today)",
        "from uuid import uuid4",
        "id = uuid.uuid4()",
        "import random",
        "from time import monotonic",
    ],
)
def test_time_and_chance_are_found(source):
    """The guard finds calls and default factories alike."""
    assert not_replayable(source)


@pytest.mark.parametrize(
    "source", ["at = workflow.now()", "id = workflow.uuid4()", "from datetime import datetime, time"]
)
def test_what_temporal_gives_is_let_through(source):
    """The workflow's own clock and ids replay."""
    assert not not_replayable(source)
