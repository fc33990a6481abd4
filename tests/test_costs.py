"""What a case costs stands in docs/costs.md, and is counted anew."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from benchmarks.costs import ABOUT, TOLERANCE, written

ROOT = Path(__file__).parent.parent


@pytest.mark.timeout(120)
async def test_a_case_costs_what_is_written_down() -> None:
    """A case's history, actions, activities, statements and bytes are those of docs/costs.md."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.engines", "costs", "--engines", "iehe", "--json"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    found = json.loads(out)["iehe"]
    expected = {
        name: pytest.approx(value, rel=TOLERANCE) if name in ABOUT else value
        for name, value in written().items()
    }
    assert found == expected, "if it is meant: python -m benchmarks.engines costs --write"
