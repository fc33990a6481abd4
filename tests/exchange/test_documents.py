"""What the page of the process says is what its code does."""

import re
from pathlib import Path

import pytest

from workflows.exchange.lifecycle import LIFECYCLE, STAGES
from workflows.exchange.process import EXCHANGE
from workflows.exchange.tracks import TRACKS
from workflows.kernel.taking_back import TAKE_BACK_EXPIRIES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "processes" / "exchange.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests" / "exchange"
RULES = tuple(re.findall(r"^\| (X\d+) \| ", PAGE, re.MULTILINE))


def test_the_diagrams_are_the_tables() -> None:
    """The drawings on the page are those that the tables draw."""
    drawn = PAGE.split("<!-- diagram -->\n```mermaid\n")[1].split("\n```\n<!-- /diagram -->")[0]
    assert drawn == LIFECYCLE.mermaid()
    for name, table in TRACKS.items():
        drawn = PAGE.split(f"<!-- track {name} -->\n```mermaid\n")[1].split("\n```\n<!-- /track -->")[0]
        assert drawn == table.mermaid()


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_on_the_page_has_a_test(rule) -> None:
    """One that bears its number, in a file that the page names."""
    (row,) = re.findall(rf"^\| {rule} \| .*$", PAGE, re.MULTILINE)
    named = re.findall(r"`(test_\w+\.py)`", row)
    tests = "".join((TESTS / name).read_text(encoding="utf-8") for name in named)
    assert f"def test_{rule.lower()}_" in tests


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/]+\.(?:py|toml))`", PAGE))))
def test_the_files_named_on_the_page_exist(name) -> None:
    """Nobody is sent to a file that is not there."""
    folders = (ROOT, TESTS, ROOT / "workflows" / "exchange", ROOT / "activities" / "exchange")
    assert any((folder / name).exists() for folder in folders)


def test_the_names_of_the_process_hold_together() -> None:
    """Every stage has both names, every consequence and completion is of something that is started."""
    assert all(info.ja and info.en for info in STAGES.values())
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflows/exchange").glob("*.py"))
    for kind in (
        (EXCHANGE.expiries.keys() - TAKE_BACK_EXPIRIES.keys())
        | EXCHANGE.completed.keys()
        | EXCHANGE.undoes.keys()
    ):
        assert f'"{kind}"' in code
