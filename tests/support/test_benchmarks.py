"""The benchmarks of clocks run, at a small size; benchmarks/README.md has what they measure at their own."""

import pytest

from benchmarks.support import clocks

pytestmark = pytest.mark.timeout(120)


async def test_clocks_are_measured(capsys, monkeypatch) -> None:
    """A first page and two breaches among four cases are told, on servers of their own."""
    monkeypatch.setattr(clocks, "LEAD", clocks.timedelta(seconds=2))
    monkeypatch.setattr(clocks, "SOON", clocks.timedelta(seconds=1))
    async with clocks.standing() as stand:
        await clocks.first_page(stand, 1)
        await clocks.breaches(stand, 4, 2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("first page after acceptance: count=1 ")
    assert lines[-1].startswith("breach told after it was due: count=2 ")
