"""Whom an audience means on a real database: substitutes followed, circles guarded, the shut out left out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from activities.kernel.database import open_pool

CASE = "admission/T-0001"
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


class House:
    """Members of staff, their absences, and whom the case is about."""

    def __init__(self, owner: asyncpg.Pool) -> None:
        self.owner = owner

    async def staff(self, *names: str, role: str = "counsellor", active: bool = True) -> None:
        for name in names:
            await self.owner.execute(
                "INSERT INTO iehe.staff (staff_id, name, email, roles, active) "
                "VALUES ($1, $1, $1, ARRAY[$2], $3)",
                *(name, role, active),
            )

    async def away(self, name: str, substitute: str | None = None, days: int = 3) -> None:
        await self.owner.execute(
            "INSERT INTO iehe.absences VALUES ($1, $2, $3, $4, 'test')",
            *(name, NOW - timedelta(days=1), NOW + timedelta(days=days), substitute),
        )

    async def shut_out(self, name: str) -> None:
        await self.owner.execute("INSERT INTO iehe.case_shut_out VALUES ($1, $2, $3)", CASE, name, NOW)

    async def meant(self, audience: str, at: datetime = NOW) -> list[str]:
        rows = await self.owner.fetch(
            "SELECT iehe.staff_of($1, $2, $3) AS who ORDER BY who", CASE, audience, at
        )
        return [row["who"] for row in rows]

    async def readers(self, audience: str) -> list[tuple[str, str]]:
        rows = await self.owner.fetch("SELECT * FROM iehe.readers_of($1, $2, $3)", CASE, audience, NOW)
        return [(row["kind"], row["recipient"]) for row in rows]

    async def why(self, audience: str) -> dict[str, str | None]:
        rows = await self.owner.fetch("SELECT * FROM iehe.readers_of($1, $2, $3)", CASE, audience, NOW)
        return {row["recipient"]: row["why"] for row in rows}


@pytest.fixture
async def house(database) -> AsyncIterator[House]:
    pool = await open_pool(database.url("owner"), size=2)
    yield House(pool)
    await pool.close()


async def test_e03_substitutes_are_followed(house) -> None:
    """A is away for B, B for C: C gets it; when all are there, A does."""
    await house.staff("a", "b", "c")
    await house.away("a", "b")
    await house.away("b", "c")
    assert await house.meant("staff:a|role:counsellor") == ["c"]
    assert await house.meant("staff:a|role:counsellor", NOW + timedelta(days=9)) == ["a"]


async def test_e03_a_circle_of_substitutes_ends(house) -> None:
    """A for B, B for A: nobody of them is there, so the role is told, of which only C is."""
    await house.staff("a", "b", "c")
    await house.away("a", "b")
    await house.away("b", "a")
    assert await house.meant("staff:a|role:counsellor") == ["c"]


async def test_e03_an_absent_owner_never_silences_an_alert(house) -> None:
    """Away without a substitute: the team is told; with nobody in the role it fails where people see it."""
    await house.staff("a", "b")
    await house.away("a")
    assert await house.meant("staff:a|role:counsellor") == ["b"]
    await house.away("b")
    assert await house.meant("staff:a|role:counsellor") == []
    assert await house.readers("staff:a|role:counsellor") == [("staff", "-")]


async def test_a_substitute_of_a_role_is_told_once(house) -> None:
    """Two of a role are away for the same person, who has the role too."""
    await house.staff("a", "b", "c")
    await house.away("a", "c")
    await house.away("b", "c")
    assert await house.meant("role:counsellor") == ["c"]


async def test_what_is_personal_goes_to_nobody_else(house) -> None:
    """A review is its reviewer's, away or not."""
    await house.staff("a", "b")
    await house.away("a", "b")
    assert await house.readers("staff:a") == [("staff", "a")]


async def test_who_has_left_stands_in_for_nobody(house) -> None:
    """The chain ends with somebody inactive: the role is told."""
    await house.staff("a", "c")
    await house.staff("b", active=False)
    await house.away("a", "b")
    assert await house.meant("staff:a|role:counsellor") == ["c"]


async def test_e18_whom_the_case_is_about_is_left_out_everywhere(house) -> None:
    """As holder of the role, as substitute, and by name."""
    await house.staff("a", "b", "c")
    await house.shut_out("b")
    assert await house.meant("role:counsellor") == ["a", "c"]
    await house.away("a", "b")
    assert await house.meant("staff:a|role:counsellor") == ["c"]
    assert await house.readers("staff:b") == []
    await house.shut_out("c")
    assert await house.meant("role:counsellor") == []


async def test_other_audiences_mean_the_subject(house) -> None:
    """A kind of reader of the process is found by the case's subject, or by what is named."""
    assert await house.readers("applicant") == [("applicant", "T-0001")]
    assert await house.readers("school:S-1") == [("school", "S-1")]


async def test_e02_each_reader_is_told_why(house) -> None:
    """By role, as the one in charge, for somebody who is away, because nobody is there, or by name."""
    await house.staff("a", "b", "c")
    assert await house.why("role:counsellor") == dict.fromkeys("abc", "role")
    assert await house.why("staff:a|role:counsellor") == {"a": "assignee"}
    assert await house.why("staff:a") == {"a": "named"}
    assert await house.why("applicant") == {"T-0001": None}
    await house.staff("d", role="adviser")
    await house.away("a", "d")
    assert await house.why("staff:a|role:counsellor") == {"d": "substitute"}
    assert await house.why("role:counsellor") == {"b": "role", "c": "role", "d": "substitute"}


async def test_who_has_the_role_and_stands_in_too_has_the_role(house) -> None:
    """A team that is told because nobody else is there is told that; a substitute among them stands in."""
    await house.staff("a", "b", "c")
    await house.away("a")
    await house.away("b", "c")
    assert await house.why("role:counsellor") == {"c": "role"}
    assert await house.why("staff:a|role:counsellor") == {"c": "team"}
    await house.away("c")
    assert await house.why("role:counsellor") == {"-": "role"}
