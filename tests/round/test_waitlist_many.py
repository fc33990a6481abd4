"""A waitlist on which anything happens in any order, and workers that die in between."""

import copy
import random
from datetime import timedelta
from typing import Any, Final

import asyncpg
import pytest

from activities.round.waitlist import skipped
from schemas.kernel.refusals import Refusal
from schemas.round import commands
from tests.pure import jst
from tests.round import bureau as small
from tests.round.bureau import HEAD, RELEASE, Bureau, application
from tests.round.calling import BEGINS, ENDS, Desk
from workflows.round import promotion

PROGRAMMES: Final = ("law", "mech", "elec")
PERSONS: Final = [f"A{number:04}" for number in range(1, 31)]
WANTED: Final = (("law-a",), ("law-b",), ("mech", "elec"), ("elec", "mech"), ("mech",))
RULES: Final[dict[str, Any]] = copy.deepcopy(small.RULES)
for each, count in zip(RULES["programmes"], (5, 3, 3), strict=True):
    each["frames"][0]["places"] = count
RULES["programmes"][0]["frames"] += [
    {"key": "law-a", "parent": "law", "places": 4},
    {"key": "law-b", "parent": "law", "places": 2},
]
OUTCOMES: Final = ("accepts", "accepts", "declines", "no-answer", "busy", "other-person", "message-left")
ACTS: Final = 60
"""Of a sequence, over the four days of promotion."""


class DiedError(Exception):
    """A worker has died as soon as its step was written."""


@pytest.fixture
def policy() -> dict[str, object]:
    return {"waitlist": dict.fromkeys(PROGRAMMES, 30), "rules": RULES}


@pytest.fixture
def desk(bureau: Bureau) -> Desk:
    return Desk(bureau)


async def dies(_point: str) -> None:
    """At every point at which a worker can."""
    raise DiedError


class Luck:
    """What people do, at random and repeatably; what is refused is an answer too."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.chance = random.Random(seed)  # noqa: S311 - a repeatable mixture
        self.elsewhere: set[str] = set()
        self.told = 0
        self.done: list[str] = []

    async def acts(self) -> None:
        """One act; now and then the worker dies behind it."""
        acts = (self.calls, self.answers, self.leaves, self.lists, self.waits)
        (act,) = self.chance.choices(acts, weights=(12, 6, 1, 2, 3))
        self.desk.bureau.fault = dies if self.chance.random() < 0.2 else _lives
        try:
            await act()
        except DiedError:
            self.done.append("died")
        except Refusal as refusal:
            self.done.append(refusal.code)
        except asyncpg.PostgresError as error:
            assert "place-over" in str(error), error  # noqa: PT017 - an answer, or none
        else:
            self.done.append(act.__name__)
        self.desk.bureau.fault = _lives
        await self.follows()

    async def calls(self) -> None:
        lines = [line for line in await self.desk.proof() if line["state"] in ("waiting", "calling")]
        first = [line for line in lines if line["state"] == "calling"]
        line = self.chance.choice(first if first and self.chance.random() < 0.8 else lines)
        await self.desk.contact(
            line["number"],
            self.chance.choice(OUTCOMES),
            programme=line["programme"],
            called_back=self.chance.random() < 0.5,
        )

    async def answers(self) -> None:
        having = [number for number in PERSONS if await self.desk.place(number) is not None]
        if having and self.chance.random() < 0.4:
            await self.desk.accepts(self.chance.choice(having))
        elif having:
            await self.desk.gives_back(self.chance.choice(having))

    async def leaves(self) -> None:
        await self.desk.withdraws(self.chance.choice(PERSONS))

    async def lists(self) -> None:
        if self.chance.random() < 0.5:
            self.elsewhere.add(self.chance.choice(PERSONS))
        await self.desk.lists(*self.elsewhere)

    async def waits(self) -> None:
        await self.desk.bureau.goes_on(minutes=self.chance.choice((5, 61, 120)))

    async def follows(self) -> None:
        """Cases do what they are told, and the round hears of it."""
        told = await self.desk.bureau.facts("enrolled-elsewhere")
        for case in told[self.told :]:
            if await self.desk.place(case.removeprefix("admission/")) is not None:
                await self.desk.gives_back(case.removeprefix("admission/"), "enrolled-elsewhere")
        self.told = len(told)
        await self.desk.bureau.hear()
        await self.desk.bureau.goes_on(seconds=2)


async def _lives(_point: str) -> None:
    """Nobody dies."""


async def holds(desk: Desk) -> None:
    """I1, I2, I3, I5, R23 and R25, whatever has happened."""
    owner = desk.bureau.owner
    over = await owner.fetch(
        "SELECT frame FROM iehe.frames WHERE held + offered + taken - extra > greatest(places, excess)"
        " AND frame LIKE 'round/%/%'"
    )
    assert not over, "I1: later offers stay within the places"
    assert not skipped(await desk.proof()), "I2: a rank was skipped without evidence"
    twice = await owner.fetch(
        "SELECT case_id FROM iehe.places WHERE state IN ('held', 'offered', 'taken')"
        " GROUP BY 1 HAVING count(*) > 1"
    )
    assert not twice, "I5: one place an applicant"
    crowded = await owner.fetch(
        "SELECT f.frame FROM iehe.round_waitlist w"
        " JOIN iehe.frames f ON f.frame IN (SELECT iehe.frames_up(ARRAY[w.case_id || '/' || w.frame]))"
        " WHERE w.state = 'calling' AND NOT EXISTS ("
        "   SELECT FROM iehe.places p JOIN iehe.place_lines l USING (place)"
        "   WHERE p.case_id = w.application AND l.live"
        "   AND f.frame IN (SELECT iehe.frames_up(ARRAY[l.frame])))"
        " GROUP BY f.frame HAVING count(*) > iehe.left_of(f)"
    )
    assert not crowded, "R23, I3: never one more is called than there are places"
    silent = await owner.fetch(
        "SELECT w.number FROM iehe.round_waitlist w WHERE w.state IN ('offered', 'accepted') AND NOT EXISTS ("
        " SELECT FROM iehe.round_contacts c WHERE c.entry = w.entry AND c.outcome = 'accepts')"
    )
    assert not silent, "R25: no log, no promotion"
    lost = await owner.fetch(
        "SELECT number FROM iehe.round_waitlist w"
        " WHERE (w.state IN ('waiting', 'calling')) IS DISTINCT FROM EXISTS ("
        "   SELECT FROM iehe.place_queue q WHERE q.case_id = w.application AND q.state = 'waiting'"
        "   AND q.frame = w.case_id || '/' || w.frame)"
    )
    assert not lost, "the queue of the ledger has those who wait, and nobody else"


async def placed_in_time(desk: Desk) -> None:
    """Wherever there is a place and somebody waits, somebody is called, if the list is new enough."""
    if "load-elsewhere" in await desk.bureau.tasks() or (await desk.bureau.state()).stage != "supplementing":
        return
    idle = await desk.bureau.owner.fetch(
        "WITH each AS (SELECT w.programme, count(*) AS wait,"
        "   count(*) FILTER (WHERE w.state = 'calling') AS called, "
        "   max(iehe.free_in(w.case_id || '/' || w.frame)) AS free"
        "   FROM iehe.round_waitlist w WHERE w.state IN ('waiting', 'calling') GROUP BY 1)"
        " SELECT programme FROM each"
        " WHERE called < least(free, CASE programme WHEN 'law' THEN 1 ELSE wait END)"
    )
    assert not idle, "a place is free, somebody waits, and nobody is called"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_in_any_order_the_waitlist_is_followed(desk: Desk, seed: int) -> None:
    """Answers, declines, withdrawals, enrolments elsewhere, calls, time, and deaths of workers, at random."""
    luck = Luck(desk, seed)
    marks = {number: (luck.chance.randrange(100), luck.chance.randrange(100)) for number in PERSONS}
    wanted = [luck.chance.choice(WANTED) for _ in PERSONS]
    await desk.released(marks, *wanted)
    await desk.begins()
    for number in PERSONS[::3]:
        if await desk.place(number) is not None:
            await desk.gives_back(number)
    for act in range(ACTS):
        if act % 15 == 14:
            day = BEGINS + timedelta(days=1 + act // 15, hours=1)
            await desk.bureau.goes_on(min(max(day, desk.bureau.now), jst(2027, 3, 31, 16)))
        await luck.acts()
        await holds(desk)
        await placed_in_time(desk)
    assert {"died", "calls", "answers", "lists", "not-among-first"} <= set(luck.done), luck.done
    assert len(await desk.bureau.facts("place-offered")) > 2
    await desk.over(ENDS)
    for _ in range(6):
        await desk.bureau.goes_on(seconds=2)
    assert (await desk.bureau.state()).stage == "settled"
    assert not {line["state"] for line in await desk.proof()} & {"waiting", "calling"}
    assert not skipped(await desk.proof())


@pytest.mark.parametrize("policy", [{"waitlist": {"law": 30}}])
async def test_a_worker_that_dies_after_each_step_queues_calls_and_releases_everybody_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines become entries, entries are called and let go, some in a step, whoever dies in between."""
    monkeypatch.setattr(promotion, "AT_ONCE", 3)
    marks = {f"A{number:04}": (99 - number, 50) for number in range(1, 15)}
    await desk.bureau.judging(marks)
    await desk.bureau.confirmed()
    await desk.bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    await desk.bureau.goes_on(RELEASE - timedelta(seconds=1))
    assert await until(desk, "enrolling") > 4
    assert list(await desk.entries()) == list(marks)[2:]
    queued = "SELECT count(*) FROM iehe.place_queue WHERE state = 'waiting'"
    assert await desk.bureau.owner.fetchval(queued) == 12
    for number in ("A0001", "A0002"):
        await desk.gives_back(number)
    await desk.begins()
    await desk.contact("A0003", "accepts")
    await desk.accepts("A0003")
    await desk.bureau.goes_on(ENDS - timedelta(seconds=1))
    assert await until(desk, "settled") > 3
    states = list((await desk.entries()).values())
    assert states == ["accepted"] + ["released"] * 11
    told = await desk.bureau.facts("waitlist-released")
    assert sorted(told) == [application(number) for number in list(marks)[3:]]


async def until(desk: Desk, stage: str) -> int:
    """The clock goes on, and every worker dies behind its step, until the round is there; how many died."""
    died = 0
    while (await desk.bureau.state()).stage != stage:
        assert died < 40
        desk.bureau.fault = dies
        try:
            await desk.bureau.goes_on(seconds=2)
        except DiedError:
            died += 1
    desk.bureau.fault = _lives
    return died
