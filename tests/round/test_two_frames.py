"""Two choices in one programme, of two of its frames: two lines in one list, and each is told and counted."""

import copy
from typing import Any, Final

import pytest

from activities.kernel.queries import queries
from tests.round import bureau as small
from tests.round.bureau import CASE, Bureau
from tests.round.calling import Desk

RULES: Final[dict[str, Any]] = copy.deepcopy(small.RULES)
RULES["units"][0]["max_choices"] = 2
RULES["programmes"][0]["frames"] += [
    {"key": "law-a", "parent": "law", "places": 1},
    {"key": "law-b", "parent": "law", "places": 1},
]
MARKS: Final = {"A0001": (90, 90), "A0002": (80, 80), "A0003": (70, 70)}
BOTH: Final = ("law-a", "law-b")


@pytest.fixture
def policy() -> dict[str, object]:
    return {"rules": RULES}


async def test_each_choice_of_one_programme_is_told(bureau: Bureau) -> None:
    """Who is not admitted by the first and is by the second hears of both, in whatever order they stand."""
    await bureau.judging(MARKS, ("law-a",), BOTH, BOTH)
    await bureau.released()
    assert sorted(await bureau.result("A0002")) == ["admitted", "not-admitted"]
    assert await bureau.result("A0003") == ["not-admitted", "not-admitted"]


async def test_whoever_was_admitted_by_either_is_counted(bureau: Bureau) -> None:
    """The sums know as many admitted as the ledger has given places."""
    await bureau.judging(MARKS, ("law-a",), BOTH, BOTH)
    await bureau.released()
    sums = await bureau.owner.fetchrow(queries("round/ending")["sums"], CASE)
    assert (sums["applicants"], sums["admitted"], sums["given"]) == (3, 2, 2)


async def test_a_place_that_comes_back_is_one_word_to_the_round(bureau: Bureau) -> None:
    """The round looks at all its frames at once, whichever of them it is told of."""
    await bureau.judging(MARKS, ("law-a",), BOTH, BOTH)
    await bureau.released()
    await Desk(bureau).gives_back("A0001")
    told = await bureau.owner.fetch(
        "SELECT envelope -> 'data' ->> 'frame' AS frame FROM iehe.events WHERE type LIKE '%.place-freed'"
    )
    # one of those in which the place lay
    assert len(told) == 1
    assert told[0]["frame"] in (f"{CASE}/law", f"{CASE}/law-a")
