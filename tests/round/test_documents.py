"""What the page of the process says is what its code does."""

import re
from pathlib import Path

import pytest

from workflows.kernel.taking_back import TAKE_BACK_EXPIRIES
from workflows.round.process import LIFECYCLE, ROUND, STAGES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "processes" / "round.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests" / "round"
RULES = dict(re.findall(r"^\| ([RI]\d+) \| .* \| (.*) \|$", PAGE, re.MULTILINE))
"""By rule or invariant, the files in which its tests are."""


def test_the_diagram_is_the_table() -> None:
    """The drawing on the page is the one that the table draws."""
    drawn = PAGE.split("<!-- diagram -->\n```mermaid\n")[1].split("\n```\n<!-- /diagram -->")[0]
    assert drawn == LIFECYCLE.mermaid()


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_on_the_page_has_tests(rule) -> None:
    """A test that bears its number, in each file that the page names."""
    files = re.findall(r"`(\w+\.py)`", RULES[rule])
    assert files
    for name in files:
        there = "".join(path.read_text("utf-8") for path in TESTS.rglob(name))
        assert f"def test_{rule.lower()}_" in there, name


def test_every_rule_that_has_a_test_is_on_the_page() -> None:
    """What is built is told."""
    tested = {
        number.upper()
        for path in TESTS.rglob("test_*.py")
        for number in re.findall(r"def test_([ri]\d+)_", path.read_text("utf-8"))
    }
    assert tested == RULES.keys()


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_both_names(stage) -> None:
    """For the pages and the letters."""
    assert STAGES[stage].ja
    assert STAGES[stage].en


def test_the_names_of_the_process_hold_together() -> None:
    """Every consequence and completion is of something that is started."""
    code = "".join(path.read_text("utf-8") for path in (ROOT / "workflows/round").glob("*.py"))
    for kind in (ROUND.expiries.keys() - TAKE_BACK_EXPIRIES.keys()) | ROUND.completed.keys():
        assert f'"{kind}"' in code
