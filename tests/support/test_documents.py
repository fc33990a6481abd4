"""What the page of the process says is what its code does."""

import re
from pathlib import Path

import pytest

from workflows.support.process import CRISIS_TABLE, LIFECYCLE, STAGES, SUPPORT

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "processes" / "support.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests" / "support"
ROWS = re.findall(r"^\| ((?:[SEP]\d+(?:, )?)+) \| .* \| (.*) \|$", PAGE, re.MULTILINE)
RULES = [(rule, tests) for rules, tests in ROWS for rule in rules.split(", ")]


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
    for kind in SUPPORT.expiries:
        assert f'"{kind}"' in code
