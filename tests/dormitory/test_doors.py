"""The list of beds, the plan and the waitlist over HTTP: the same answers as by command, for who may."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.dormitory.hall import Hall, student
from tests.dormitory.test_beds import HEADER, ROWS, staff  # noqa: F401 - a fixture
from tests.gateway.office import Desk, open_desk


@pytest.fixture
async def desk(database, client, tmp_path, staff) -> AsyncIterator[Desk]:  # noqa: F811
    async for each in open_desk(database, client, tmp_path):
        yield each


async def load(desk: Desk, content: str, by: str = "house-1", **query: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {desk.token(by)}", "Content-Type": "application/octet-stream"}
    body = (HEADER + content).encode("cp932")
    return await desk.http.post("/dormitory/beds/file", content=body, headers=headers, params=query)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def beds(hall: Hall) -> int:
    return await hall.owner.fetchval("SELECT count(*) FROM iehe.dormitory_beds")


async def test_a_list_is_checked_refused_whole_or_taken_over(desk: Desk, hall: Hall) -> None:
    """As much as by command; a fault has its row and column and says nothing of what stands there."""
    faulty = await load(desk, ROWS[0] + "north,102-A,102,単身室,,2027-06-01,2027-04-01,見本 花子\n")
    assert faulty.status_code == 400
    assert "row:3" in faulty.text
    assert "見本" not in faulty.text
    assert (await load(desk, "".join(ROWS), check="true")).json() == {
        "checked_only": True,
        "counts": {"rows": 3},
    }
    assert await beds(hall) == 0
    for fate in ("new", "same"):
        taken: dict[str, Any] = (await load(desk, "".join(ROWS))).json()
        assert (taken["checked_only"], taken["counts"][fate]) == (False, 3)
    assert await beds(hall) == 3


async def test_plan_and_waitlist_are_read_by_the_house_and_nobody_else(desk: Desk, hall: Hall) -> None:
    """Beds by days with the case of who has them; who waits, in order, with the reason and codes."""
    await hall.build("101-A:single", "201-A:shared")
    await hall.open()
    await hall.asks(student(1))
    await hall.asks(student(2), "family", stated={"gender": "woman", "needs": ["family"]})
    await hall.offered()
    plan = (await desk.get("/dormitory/plan?house=north&days=400", "house-1")).json()["beds"]
    given = {row["bed"]: [day["holder"] for day in row["days"]] for row in plan}
    assert given["101-A"] == [student(1)]
    assert given["201-A"] == []
    answer = await desk.get("/dormitory/waitlist?house=north", "house-1")
    (row,) = answer.json()["waiting"]
    assert (row["mobility"], row["needs"], row["reason"]) == (student(2), ["family"], "no-bed-of-kind")
    assert "woman" not in answer.text
    for path in ("plan", "waitlist"):
        assert problem(await desk.get(f"/dormitory/{path}?house=north")) == (403, "role-missing")
    assert problem(await load(desk, ROWS[0], by="office-1")) == (403, "role-missing")
    assert (await desk.get("/dormitory/plan?house=north&days=401", "house-1")).status_code == 400
