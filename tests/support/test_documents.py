"""What the page of the process says is what its code does."""

import re
from pathlib import Path

import pytest
import typer

from cli.main import app
from gateway.documents.openapi import openapi
from gateway.rooms import DOORS
from workflows.kernel.taking_back import TAKE_BACK_EXPIRIES
from workflows.support.process import CRISIS_TABLE, LIFECYCLE, STAGES, SUPPORT

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "processes" / "support.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests" / "support"
ROWS = re.findall(r"^\| ((?:[SEP]\d+(?:, )?)+) \| .* \| (.*) \|$", PAGE, re.MULTILINE)
RULES = [(rule, tests) for rules, tests in ROWS for rule in rules.split(", ")]
DOOR_ROWS = re.findall(
    r"^\| (.*) \| (.*) \|$", PAGE.partition("## Over HTTP\n")[2].partition("\n## ")[0], re.MULTILINE
)


@pytest.mark.parametrize(("mark", "table"), [("diagram", LIFECYCLE), ("crisis", CRISIS_TABLE)])
def test_the_diagrams_are_the_tables(mark, table) -> None:
    """The drawings on the page are those that the tables draw."""
    drawn = PAGE.split(f"<!-- {mark} -->\n```mermaid\n")[1].split(f"\n```\n<!-- /{mark} -->")[0]
    assert drawn == table.mermaid()


@pytest.mark.parametrize("rule", [rule for rule, _ in RULES])
def test_every_rule_on_the_page_has_a_test_of_its_name(rule) -> None:
    """A test that bears its number, here or where the host does it."""
    name = f"test_{rule[0].lower()}{int(rule[1:]):02}_"
    files = [*TESTS.glob("test_*.py"), *(ROOT / "tests" / "workflows" / "rules").glob("test_*.py")]
    files += [ROOT / "tests" / "cases" / "test_clocks.py", ROOT / "tests" / "activities" / "test_readers.py"]
    assert any(name in path.read_text(encoding="utf-8") for path in files), name


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/]+\.(?:py|toml))`", PAGE))))
def test_the_files_named_on_the_page_exist(name) -> None:
    """Nobody is sent to a file that is not there."""
    folders = (ROOT, TESTS, ROOT / "workflows" / "support", ROOT / "activities" / "support")
    assert any((folder / name).exists() for folder in folders)


def test_the_names_of_the_process_hold_together() -> None:
    """Every stage has both names; every consequence is of a clock that something starts."""
    assert all(info.ja and info.en for info in STAGES.values())
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflows/support").glob("*.py"))
    for kind in SUPPORT.expiries.keys() - TAKE_BACK_EXPIRIES.keys():
        assert f'"{kind}"' in code


def test_each_command_of_support_has_its_door_on_the_page() -> None:
    """Whoever adds a command says by which door it is had; decisions have all the same."""
    group = typer.main.get_command(app).commands["support"]  # type: ignore[attr-defined]
    names = {
        " ".join(("support", name, *more))
        for name, command in group.commands.items()
        for more in ([(each,) for each in getattr(command, "commands", {})] or [()])
        if name not in SUPPORT.commands
    }
    told = {name for row in DOOR_ROWS for name in re.findall(r"`(support [^`]+)`", row[0])}
    assert names == told - {"support triage"}


def test_each_door_of_the_page_is_one_and_each_of_the_room_is_on_it() -> None:
    """As the document of the API has it."""
    described = {(method.upper(), path) for path, methods in openapi()["paths"].items() for method in methods}
    told = {
        (method, re.sub(r"/decisions/\{name\}", "/decisions/triage", path))
        for row in DOOR_ROWS
        for method, path in re.findall(r"`(GET|POST|PUT|DELETE) (/[^`?]*)`", row[1])
    }
    assert told <= described
    assert {(each.operation.method, each.operation.path) for each in DOORS["support-case"]} <= told
