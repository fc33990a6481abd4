"""One name for one thing, in one place: held over the sources themselves."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = (
    *("schemas", "workflows", "activities", "cases", "encryption", "spreadsheets", "embedded", "gateway"),
    *("cli", "workers"),
)


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
