"""`iehe staff leave` and the rota at the command line, on a real database."""

from pathlib import Path

import pytest

from cli.session import Exit

SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "staff.csv"


@pytest.fixture
async def staff(office):
    await office("staff", "import", SAMPLE)
    return [row["staff_id"] for row in (await office("staff", "list", "--json")).json]


async def test_e19_who_leaves_is_out_in_one_step(office, staff):
    """Inactive, nobody's substitute, without an absence; a second time there is nobody to take out."""
    who, other = staff[:2]
    await office("staff", "away", other, "--until", "2099-01-01", "--substitute", who)
    told = (await office("staff", "leave", who, "--json")).json
    assert told == {"staff_id": who, "told": [], "tasks": []}
    listed = {row["staff_id"]: row["active"] for row in (await office("staff", "list", "--json")).json}
    assert not listed[who]
    (absence,) = (await office("staff", "absences", "--json")).json
    assert (absence["substitute"], absence["stands_in"]) == (None, None)
    again = await office("staff", "leave", who, "--json")
    assert again.json["error"]["code"] == "staff-unknown"
    assert again.code != Exit.OK
