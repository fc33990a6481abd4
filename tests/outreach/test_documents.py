"""What the page of the process says is what its code does."""

import re
from pathlib import Path

import pytest

from workflows.kernel.taking_back import TAKE_BACK_EXPIRIES
from workflows.outreach.process import LIFECYCLE, OUTREACH, STAGES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "processes" / "outreach.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests" / "workflows" / "outreach"
RULES = (1, 2, 3, 4, 5, 6, 16, 27, 28)


def test_the_diagram_is_the_table() -> None:
    """The drawing on the page is the one that the table draws."""
    drawn = PAGE.split("<!-- diagram -->\n```mermaid\n")[1].split("\n```\n<!-- /diagram -->")[0]
    assert drawn == LIFECYCLE.mermaid()


@pytest.mark.parametrize("rule", [*(f"O{number}" for number in RULES), "K4", "K8"])
def test_every_rule_is_on_the_page_and_has_a_test(rule) -> None:
    """Where it is, and a test that bears its number."""
    assert f"\n| {rule} | " in PAGE
    tests = "".join(path.read_text(encoding="utf-8") for path in TESTS.glob("test_*.py"))
    assert f"def test_{rule[0].lower()}{int(rule[1:]):02}_" in tests


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/]+\.py)`", PAGE))))
def test_the_files_named_on_the_page_exist(name) -> None:
    """Nobody is sent to a file that is not there."""
    folders = (ROOT, TESTS, ROOT / "workflows" / "outreach", ROOT / "activities" / "outreach")
    assert any((folder / name).exists() for folder in folders)


def test_the_names_of_the_process_hold_together() -> None:
    """Every stage has both names, every consequence and completion is of something that is started."""
    assert all(info.ja and info.en for info in STAGES.values())
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflows/outreach").glob("*.py"))
    for kind in (OUTREACH.expiries.keys() - TAKE_BACK_EXPIRIES.keys()) | OUTREACH.completed.keys():
        assert f'"{kind}"' in code
