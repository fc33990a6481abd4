"""Whole rounds at random, with workers that die in the middle of steps or behind them.

After every act holds: offers within the limit, and later ones within the places (I1); who was called is a
prefix of the waitlist (I2); a freed place is given once (I3); what is out has the confirmed hash (I4); one
place an applicant (I5).
"""

import asyncio
import json
import os
import random
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from activities.kernel.database import open_pool
from activities.kernel.scheduled import Tools, no_fault
from activities.kernel.steps import StepActivities
from activities.round.ranking import rank_some
from activities.round.waitlist import is_prefix
from cases.registry import ROOMS
from embedded.postgres import PostgresServer
from schemas.kernel.refusals import Refusal
from schemas.kernel.step import Message, StepOutcome, StepRequest
from schemas.round import commands
from tests.conftest import Database
from tests.pure import jst
from tests.round.bureau import CASE, CLOSES, ENROL_BY, HEAD, RELEASE, Bureau, furnish
from tests.round.calling import BEGINS, ENDS, Desk
from tests.round.test_waitlist_many import PROGRAMMES, RULES, holds
from workflows.round.process import ROUND
from workflows.round.ranking.canonical import list_hash

FULL: Final = os.environ.get("IEHE_TESTS") == "full"
EXAMPLES: Final = 40 if FULL else 3
CHOICES: Final = (("law-a",), ("law-b",), ("mech", "elec"), ("elec", "mech"), ("mech",))
ACTS: Final = ("calls", "calls", "calls", "takes", "declines", "withdraws", "enrols_elsewhere", "waits")
OUTCOMES: Final = ("accepts", "accepts", "accepts", "declines", "no-answer", "message-left")
STEP_TAKES: Final = 0.03
"""Seconds of a step, more or less: so long after its beginning somebody dies at the latest."""


class DiedError(Exception):
    """The worker is gone, its step is written, and nobody has heard of it."""


@dataclass(frozen=True)
class Plan:
    """A round: who applies with which marks, how many are offered a place, what then happens."""

    applicants: Sequence[tuple[tuple[str, ...], int, int]]
    limit: int
    acts: Sequence[tuple[str, int]]
    seed: int


PLANS: Final = st.builds(
    Plan,
    applicants=st.lists(
        # so few marks that many are tied
        st.tuples(st.sampled_from(CHOICES), st.integers(40, 60), st.integers(40, 42)),
        min_size=12,
        max_size=22,
    ),
    limit=st.integers(4, 7),
    acts=st.lists(
        st.tuples(st.sampled_from(ACTS), st.integers(0, 1000)), min_size=12, max_size=40 if FULL else 20
    ),
    seed=st.integers(0, 2**32),
)


@dataclass
class MortalBureau(Bureau):
    """A round whose worker dies now and then; another takes up what it had in hand, as Temporal has it."""

    chance: random.Random = field(default_factory=random.Random)
    deaths: dict[str, int] = field(default_factory=lambda: {"amid": 0, "behind": 0, "ranking": 0})

    async def take(self, message: Message) -> StepOutcome:
        """One message, until somebody lives to tell what came of it."""
        version = await self.pool.fetchval("SELECT version FROM iehe.cases WHERE case_id = $1", CASE)
        request = StepRequest(
            case_id=CASE, process=ROUND.name, follows=version or 0, at=self.now, message=message
        )
        lot = self.chance.random()
        if lot < 0.15:
            await self._dies_amid(request)
        elif lot < 0.3:
            await self._dies_behind(request)
        return await self._steps(no_fault).take_step(request)

    async def _dies_amid(self, request: StepRequest) -> None:
        step = asyncio.create_task(self._steps(no_fault).take_step(request))
        await asyncio.wait([step], timeout=self.chance.random() * STEP_TAKES)
        self.deaths["amid"] += step.cancel()
        await asyncio.wait([step])

    async def _dies_behind(self, request: StepRequest) -> None:
        async def die(_point: str) -> None:
            raise DiedError

        try:
            await self._steps(die).take_step(request)
        except DiedError:
            self.deaths["behind"] += 1

    def _steps(self, fault: Any) -> StepActivities:
        return StepActivities(self.pool, {ROUND.name: ROOMS[ROUND.name]}, fault)

    async def rank(self) -> bool:
        """The errand dies at one of its points, and the next goes on."""
        point = self.chance.choice(("inputs-read", "lists-made", ""))

        async def die(at: str) -> None:
            if at == point:
                raise DiedError

        try:
            await rank_some(Tools(self.pool, None, ROOMS, die))  # type: ignore[arg-type]
        except DiedError:
            self.deaths["ranking"] += 1
        return await super().rank()


class Play:
    """One plan, act by act."""

    def __init__(self, bureau: MortalBureau, plan: Plan) -> None:
        self.bureau, self.desk, self.plan = bureau, Desk(bureau), plan
        self.numbers = [f"A{place:04}" for place in range(1, len(plan.applicants) + 1)]
        self.confirmed: dict[str, str] = {}
        self.elsewhere: set[str] = set()
        self.told = 0

    async def whole(self) -> None:
        """From the announcement to the last day."""
        bureau, plan = self.bureau, self.plan
        marks = {
            number: (maths, english)
            for number, (_, maths, english) in zip(self.numbers, plan.applicants, strict=True)
        }
        await bureau.fixed()
        for number, (choices, *_) in zip(self.numbers, plan.applicants, strict=True):
            await bureau.applies(number, *choices)
        await bureau.goes_on(CLOSES + timedelta(minutes=1))
        await bureau.scores(marks)
        await bureau.rank()
        said = {"frame": "law", "number": plan.limit, "minute_no": "2027-11"}
        await bureau.decide(commands.SetOfferLimit, HEAD, **said)
        await bureau.rank()
        for programme in PROGRAMMES:
            await bureau.prepare(programme)
            await bureau.judge(programme)
            self.confirmed[programme] = await bureau.hash(programme)
            await bureau.confirm(programme)
        await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
        await bureau.goes_on(RELEASE)
        await bureau.told()
        await self.holds()
        await within_the_limits(bureau.owner, plan.limit)
        await self.answer()
        await self.holds()
        await self.desk.begins()
        for place, (act, pick) in enumerate(plan.acts):
            if place and place % 8 == 0:
                day = BEGINS + timedelta(days=place // 8, hours=1)
                await bureau.goes_on(min(max(day, bureau.now), jst(2027, 3, 31, 16)))
            await self.acts(act, pick)
            await self.holds()
        await self.desk.over(ENDS)
        for _ in range(20):
            if (await bureau.state()).stage == "settled":
                break
            await bureau.goes_on(minutes=6)
        await self.holds()
        assert (await bureau.state()).stage == "settled"
        assert not {line["state"] for line in await self.desk.proof()} & {"waiting", "calling"}

    async def answer(self) -> None:
        """Some take what the lists gave them, some do not want it, and some let the hour go by."""
        lots = random.Random(self.plan.seed)  # noqa: S311 - repeatable
        for number in await self._having("offered"):
            if (lot := lots.random()) < 0.6:
                await self.desk.accepts(number)
            elif lot < 0.8:
                await self.desk.gives_back(number)
        await self.bureau.goes_on(ENROL_BY + timedelta(seconds=1))
        late = "SELECT split_part(place, '#', 2) AS number FROM iehe.places WHERE state = 'offered'"
        for row in await self.bureau.owner.fetch(late):
            await self.desk.in_the_ledger(row["number"], how="lapse")

    async def acts(self, act: str, pick: int) -> None:
        """One act; a refusal is an answer too."""
        # what is refused changes nothing, and all is looked at afterwards
        with suppress(Refusal):
            await getattr(self, act)(pick)
        told = await self.bureau.facts("enrolled-elsewhere")
        for case in told[self.told :]:
            number = case.partition("/")[2]
            if await self.desk.place(number) is not None:
                await self.desk.gives_back(number, "enrolled-elsewhere")
        self.told = len(told)
        await self.bureau.hear()
        await self.bureau.goes_on(seconds=2)

    async def calls(self, pick: int) -> None:
        lines = [each for each in await self.desk.proof() if each["state"] in ("waiting", "calling")]
        # now and then somebody is called whose turn it is not
        lines = [each for each in lines if each["state"] == "calling"] if pick % 5 else lines
        if lines:
            line = lines[pick % len(lines)]
            said = {"programme": line["programme"], "frame": line["frame"]}
            await self.desk.contact(line["number"], OUTCOMES[pick % len(OUTCOMES)], **said)

    async def takes(self, pick: int) -> None:
        if having := await self._having("offered"):
            await self.desk.accepts(having[pick % len(having)])

    async def declines(self, pick: int) -> None:
        if having := await self._having("offered", "taken"):
            await self.desk.gives_back(having[pick % len(having)])

    async def withdraws(self, pick: int) -> None:
        await self.desk.withdraws(self.numbers[pick % len(self.numbers)])

    async def enrols_elsewhere(self, pick: int) -> None:
        self.elsewhere.add(self.numbers[pick % len(self.numbers)])
        await self.desk.lists(*self.elsewhere)

    async def waits(self, pick: int) -> None:
        await self.bureau.goes_on(minutes=(5, 61, 180)[pick % 3])

    async def _having(self, *states: str) -> list[str]:
        asked = (
            "SELECT split_part(place, '#', 2) AS number FROM iehe.places WHERE state = ANY ($1)"
            " AND coalesce(ends_at > $2, true) ORDER BY 1"
        )
        return [row["number"] for row in await self.bureau.owner.fetch(asked, list(states), self.bureau.now)]

    async def holds(self) -> None:
        """I1 to I5."""
        await holds(self.desk)
        assert is_prefix(await self.desk.proof()), "I2"
        out = await self.bureau.owner.fetch(
            "SELECT name, hash, body FROM iehe.result_lists WHERE iehe.is_out(release)"
        )
        assert {row["name"]: row["hash"] for row in out} == self.confirmed, "I4: what is out was confirmed"
        assert all(list_hash(row["body"]) == row["hash"] for row in out), "I4: by the hash of its bytes"
        given = await self.bureau.owner.fetchval(
            "SELECT count(*) FROM (SELECT FROM iehe.places p JOIN iehe.place_lines l USING (place)"
            " WHERE p.state IN ('held', 'offered', 'taken') AND l.live"
            " GROUP BY p.case_id HAVING count(*) > 1) AS t"
        )
        assert given == 0, "I5"


async def within_the_limits(owner: asyncpg.Connection, law: int) -> None:
    """I1 of the first release: nobody beyond the limit but who is tied with the last within it.

    Whom an inner frame takes beyond its limit, as they are tied, takes no room from its siblings.
    """
    limits = {"law": law, "law-a": 4, "law-b": 2, "mech": 3, "elec": 3}
    for row in await owner.fetch("SELECT name, body FROM iehe.result_lists WHERE iehe.is_out(release)"):
        lines = [each for each in json.loads(row["body"])["lines"] if each["verdict"] == "admitted"]
        assert len({each["application"] for each in lines}) == len(lines), "I5"
        by_frame: dict[str, list[Decimal]] = {}
        for each in lines:
            by_frame.setdefault(each["frame"], []).append(Decimal(each["total"]))
        for frame, totals in by_frame.items():
            assert sum(each > min(totals) for each in totals) < limits[frame], f"I1: {frame}"
        last = min((min(totals) for totals in by_frame.values()), default=Decimal(0))
        counted = sum(
            min(sum(each > last for each in totals), limits[frame]) for frame, totals in by_frame.items()
        )
        assert not lines or counted < limits[row["name"]], f"I1: {row['name']}"


@asynccontextmanager
async def furnished(postgres: PostgresServer, template: str, seed: int) -> AsyncIterator[MortalBureau]:
    """A round on a database that is gone afterwards."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    await postgres.create_database(name, template=template)
    database = Database(postgres, name)
    owner = await asyncpg.connect(database.url("owner"))
    pools = [await open_pool(database.url(role), size=4) for role in ("worker", "office")]
    try:
        await furnish(owner, waitlist=dict.fromkeys(PROGRAMMES, 30), rules=RULES)
        yield MortalBureau(*pools, owner, chance=random.Random(seed))  # noqa: S311 - repeatable deaths
    finally:
        for pool in pools:
            pool.terminate()
        await owner.close()
        await postgres.drop_database(name)


@pytest.mark.timeout(1500 if FULL else 280)
def test_whatever_happens_and_whoever_dies_what_must_hold_holds(
    postgres: PostgresServer, template: str
) -> None:
    """Random applicants, marks, choices, limits, answers, calls and lists, in any order."""
    deaths: dict[str, int] = {"amid": 0, "behind": 0, "ranking": 0}

    async def played(plan: Plan) -> None:
        async with furnished(postgres, template, plan.seed) as bureau:
            await Play(bureau, plan).whole()
            for how, count in bureau.deaths.items():
                deaths[how] += count

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, *((Phase.shrink,) if FULL else ())),
    )
    @given(plan=PLANS)
    def one(plan: Plan) -> None:
        asyncio.run(played(plan))

    one()
    assert all(deaths.values()), deaths
