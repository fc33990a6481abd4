"""What the documents say is what the code does: terms, the diagram, the files and tests that are named."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from activities.admission.messages import MESSAGES
from schemas.admission.roles import Role
from schemas.admission.stages import Stage
from schemas.kernel.roles import ADMINISTRATOR
from workflows.admission.process import ADMISSION_REVIEW, LIFECYCLE, STAGES

ROOT = Path(__file__).parents[3]
RULES = [*(ROOT / "workflows" / "kernel").glob("*.py"), *(ROOT / "workflows" / "admission").glob("*.py")]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "processes" / "admission.md").read_text(encoding="utf-8")


def kinds(method: str) -> set[str]:
    """The first arguments with which the rules call a method of the draft."""
    return {kind for path in RULES for kind in _first_arguments(path, method)}


@cache
def _constants(path: Path) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def _first_arguments(path: Path, method: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
            first = node.args[0]
            if isinstance(first, ast.Attribute):
                # of another module of the rules, by its name
                (module,) = (each for each in RULES if each.stem == ast.unparse(first.value))
                yield _constants(module)[first.attr]
            else:
                yield _constants(path)[first.id] if isinstance(first, ast.Name) else ast.literal_eval(first)


def section(title: str) -> dict[str, str]:
    """Term to Japanese of one table of the glossary."""
    body = GLOSSARY.split(f"## {title}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", body, re.MULTILINE))


@pytest.mark.parametrize(
    ("title", "terms"),
    [
        ("Stages", {str(stage) for stage in Stage}),
        ("Roles", {*map(str, Role), ADMINISTRATOR}),
        # what cannot be delivered is a task without a case that could open it
        (
            "Tasks",
            kinds("open_task")
            | {"dead-letter", "fact-without-case", "fact-for-ended-case", "fact-not-arrived"},
        ),
        ("Deadlines", kinds("start_deadline")),
        ("Messages", set(MESSAGES)),
    ],
)
def test_the_glossary_has_every_term_and_no_other(title, terms) -> None:
    """What the code has is explained, and nothing is explained that is gone."""
    assert section(title).keys() == terms


@pytest.mark.parametrize("stage", list(Stage))
def test_the_glossary_calls_a_stage_what_the_pages_call_it(stage) -> None:
    """One Japanese word per stage."""
    assert section("Stages")[stage].strip() == STAGES[stage].ja


def test_every_consequence_is_of_a_deadline_that_is_started() -> None:
    """No rule waits for a deadline of a kind that nobody starts, nor for a task that nobody opens."""
    assert ADMISSION_REVIEW.expiries.keys() <= kinds("start_deadline")
    assert ADMISSION_REVIEW.completed.keys() <= kinds("open_task")


def test_the_diagram_is_the_table() -> None:
    """The drawing on the process page is the one that the table draws."""
    drawn = PAGE.split("<!-- diagram -->\n```mermaid\n")[1].split("\n```\n<!-- /diagram -->")[0]
    assert drawn == LIFECYCLE.mermaid()


@pytest.mark.parametrize("number", range(1, 18))
def test_every_rule_is_on_the_page_and_has_a_test(number) -> None:
    """A1 to A17: where it is, and a test that bears its number."""
    assert f"\n| A{number} | " in PAGE
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert f"def test_a{number:02}_" in tests


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:tests/|test_)[\w/]*\.py)`", PAGE))))
def test_the_tests_named_on_the_page_exist(name) -> None:
    """Nobody is sent to a file that is not there."""
    assert (ROOT / name).exists() or (Path(__file__).parent / name).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:[\w]+\.)?[a-z_]+\.py)`", PAGE))))
def test_the_modules_named_on_the_page_exist(name) -> None:
    """The same for the rules' modules."""
    assert [path for path in RULES if path.name == name] or list(Path(__file__).parent.glob(name))
