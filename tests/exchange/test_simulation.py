"""A term of sample students with partners, quotas and houses goes to its end, in moved time."""

import os
from datetime import date
from pathlib import Path

import pytest

from cli.session import Exit
from tests.cli.program import Program, clean_environment
from workers.exchange.fates import fate_of
from workers.exchange.ledger import INVARIANTS
from workers.exchange.world import nomination_form

pytestmark = pytest.mark.timeout(400)  # a whole demonstration on servers of its own bounds itself
STUDENTS = 60 if os.environ.get("IEHE_TESTS") == "full" else 16
SEED = 3
"""Many fates among few students; it has found one who was offered a bed every day for months."""


def test_who_is_to_be_refused_a_certificate_or_a_visa_needs_one() -> None:
    """Found by a play of 300: one whose certificate was to be denied needed none, and completed the term."""
    terms = {"term": "27S", "begins": date(2027, 4, 1), "last": date(2027, 8, 24)}
    fates = {place: fate_of(1, f"exchange/27S-MIHON{place + 1:04}") for place in range(300)}
    refused = {place: fate for place, fate in fates.items() if fate.needs_coe}
    assert {fate.name for fate in refused.values()} > {"coe-denied", "visa-refused"}
    forms = [nomination_form(1, place, fate, **terms) for place, fate in fates.items()]
    assert all(forms[place]["needs_coe"] for place in refused)
    assert not all(form["needs_coe"] for form in forms)


async def test_students_come_to_the_ending_that_is_theirs(tmp_path: Path) -> None:
    """Rooms, quotas, scholarships and tutors balance; nothing follows an ending; each notice comes once."""
    iehe = Program(clean_environment(IEHE_HOME=tmp_path / "home"))
    ended = await iehe("demo", "exchange", "--cases", STUDENTS, "--seed", SEED, "--json")
    told = ended.json
    assert ended.code == Exit.OK, {name: count for name, count in told["invariants"].items() if count}
    assert told["sound"]
    assert INVARIANTS.keys() < told["invariants"].keys()
    assert set(told["invariants"].values()) == {0}
    assert sum(told["endings"].values()) >= STUDENTS
    assert len({ending.partition(" ")[0] for ending in told["endings"]}) >= 7
    assert (told["open_cases"], told["broken_chains"], told["doubled_notices"]) == (0, 0, 0)
