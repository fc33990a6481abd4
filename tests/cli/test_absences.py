"""`iehe staff away` and who stands in, on a real database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.session import Exit

SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "staff.csv"
NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=400)


@pytest.fixture
async def staff(office):
    await office("staff", "import", SAMPLE)
    return [row["staff_id"] for row in (await office("staff", "list", "--json")).json]


async def test_an_absence_is_noted_listed_and_ended(office, staff):
    """The list says who stands in; whoever is back is not on it."""
    who, other = staff[:2]
    day = f"{LATER:%Y-%m-%d}"
    told = await office("staff", "away", who, "--until", day, "--substitute", other, "--json")
    assert told.json["substitute"] == other
    (row,) = (await office("staff", "absences", "--json")).json
    assert (row["staff_id"], row["substitute"], row["stands_in"]) == (who, other, other)
    assert (await office("staff", "back", who, "--json")).json == {"staff_id": who, "ended": 1}
    assert (await office("staff", "absences", "--json")).json == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--until", "2020-01-01"], "absence-ends-first"),
        (["--until", "2099-01-01", "--substitute", "nobody-here"], "staff-unknown"),
        (["--until", "2099-01-01", "--substitute", "SELF"], "own-substitute"),
    ],
    ids=["ends first", "unknown", "for oneself"],
)
async def test_an_absence_that_cannot_be_is_refused(office, staff, words, code):
    """With what to do, and nothing is noted."""
    words = [staff[0] if each == "SELF" else each for each in words]
    told = await office("staff", "away", staff[0], *words, "--json")
    assert told.json["error"]["code"] == code
    assert (await office("staff", "absences", "--json")).json == []


async def test_two_absences_of_one_person_do_not_overlap(office, staff):
    """The one that is there is named; the same beginning replaces it."""
    who = staff[0]
    await office("staff", "away", who, "--from", "2090-01-10", "--until", "2090-01-20")
    refused = await office("staff", "away", who, "--from", "2090-01-15", "--until", "2090-01-16")
    assert refused.code != Exit.OK
    assert "2090-01-10" in refused.err
    assert (
        await office("staff", "away", who, "--from", "2090-01-10", "--until", "2090-01-12")
    ).code == Exit.OK
    (row,) = (await office("staff", "absences", who, "--json")).json
    assert row["ends_at"].startswith("2090-01-12")
