"""What the page of the process says is what its code does."""

import re
from pathlib import Path

import pytest

from schemas.dormitory.stages import Reason
from workflows.dormitory.process import DORMITORY, LIFECYCLE, STAGES
from workflows.kernel.taking_back import TAKE_BACK_EXPIRIES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "processes" / "dormitory.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests" / "dormitory"


def test_the_diagram_is_the_table() -> None:
    """The drawing on the page is the one that the table draws."""
    drawn = PAGE.split("<!-- diagram -->\n```mermaid\n")[1].split("\n```\n<!-- /diagram -->")[0]
    assert drawn == LIFECYCLE.mermaid()


@pytest.mark.parametrize("rule", [f"X{number}" for number in range(20, 35)])
def test_every_rule_is_on_the_page_and_has_a_test(rule) -> None:
    """A test that bears its number, in the file that the page names."""
    (files,) = re.findall(rf"^\| {rule} \| .* \| (.*) \|$", PAGE, re.MULTILINE)
    tests = "".join((TESTS / name).read_text("utf-8") for name in re.findall(r"`(\w+\.py)`", files))
    assert f"{rule.lower()}_" in tests or f'"""{rule}.' in tests


@pytest.mark.parametrize("reason", sorted(set(Reason) - {"swapped", "relocated", "not-answered"}))
def test_every_reason_is_on_the_page(reason) -> None:
    """Nobody is told a code that stands nowhere."""
    assert f"`{reason}`" in PAGE.partition("## Reasons")[2].partition("\n## ")[0]


def test_the_names_of_the_process_hold_together() -> None:
    """Every stage has both names, every consequence and completion is of something that is started."""
    assert all(info.ja and info.en for info in STAGES.values())
    code = "".join(path.read_text("utf-8") for path in (ROOT / "workflows/dormitory").glob("*.py"))
    for kind in (DORMITORY.expiries.keys() - TAKE_BACK_EXPIRIES.keys()) | DORMITORY.completed.keys():
        assert f'"{kind}"' in code
