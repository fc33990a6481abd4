"""A term of sample students with partners, quotas and houses goes to its end, in moved time."""

from pathlib import Path

import pytest

from cli.session import Exit
from tests.cli.program import Program, clean_environment
from workers.exchange.ledger import INVARIANTS

pytestmark = pytest.mark.timeout(400)  # a whole demonstration on servers of its own bounds itself
STUDENTS = 60


async def test_sixty_students_come_to_the_ending_that_is_theirs(tmp_path: Path) -> None:
    """Rooms, quotas, scholarships and tutors balance; nothing follows an ending; each notice comes once."""
    iehe = Program(clean_environment(IEHE_HOME=tmp_path / "home"))
    ended = await iehe("demo", "exchange", "--cases", STUDENTS, "--seed", 1, "--json")
    told = ended.json
    assert ended.code == Exit.OK, {name: count for name, count in told["invariants"].items() if count}
    assert told["sound"]
    assert INVARIANTS.keys() < told["invariants"].keys()
    assert set(told["invariants"].values()) == {0}
    assert sum(told["endings"].values()) >= STUDENTS
    assert len({ending.partition(" ")[0] for ending in told["endings"]}) >= 8
    assert (told["open_cases"], told["broken_chains"], told["doubled_notices"]) == (0, 0, 0)
