"""The database killed in the middle of a release and of promotions: worker and relay go on, nothing is lost.

Killed with all of its processes, on a server of this module's own that writes through; started again on the
same data. Worker and relay stay as they are and come back by themselves.
"""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs
from temporalio.client import Client

from activities.kernel.database import FAULTS, is_transient, open_pool
from embedded.concurrency import cancelled
from embedded.home import Home, postgres_account
from embedded.mail import MailCatcher
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from schemas.round import commands
from tests.conftest import Database
from tests.folders import server_folder
from tests.office import DEFAULT_STAFF, Institute, person
from tests.round.bureau import application
from tests.round.mortal_server import MortalServer, Steady
from tests.round.rounds import ROLES, Rounds, staffed
from tests.round.soon import Days, Soon, awake, days_from_now, heard, with_schedule
from tests.serving import serving
from workers.migrations import migrate, read_migrations
from workers.policies import load_defaults
from workers.preparation import store_homes
from workers.settings import Settings
from workflows.round import promotion, releasing

TEMPLATE: Final = "killed_template"
FEW: Final = 3
"""Cases told in one step: so few that there are many steps to be killed in."""
PLAYED: Final = 36
"""Applications without a case of their own, beside the real ones."""
PROMOTED: Final = 6
SEED: Final = 20270308
Logs = list[MutableMapping[str, Any]]


# a server to be killed --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[MortalServer]:
    parent = server_folder()
    account = postgres_account(Settings().postgres_account)
    home = Home(parent / "h")
    home.create(account)
    server = MortalServer(home, account=account)
    try:
        await server.start()
        await server.create_database(TEMPLATE)
        connection = await asyncpg.connect(server.url("owner", TEMPLATE))
        await migrate(connection, read_migrations())
        await store_homes(connection)
        await connection.close()
        yield server
    finally:
        await server.stop()
        shutil.rmtree(parent)


@pytest.fixture
async def database(server: MortalServer) -> Database:
    """Of this test; it goes with its server."""
    name = f"killed_{uuid4().hex[:16]}"
    await server.create_database(name, template=TEMPLATE)
    return Database(server, name)


@pytest.fixture
def days() -> Days:
    return days_from_now()


@pytest.fixture
async def owner(database: Database, days: Days) -> AsyncIterator[Steady]:
    pool = await open_pool(database.url("owner"), size=4)
    async with pool.acquire() as connection:
        await staffed(connection, waitlist={"law": 30}, calling=days.calling)
        await load_defaults(connection, "admission")
        await awake(connection)
    yield Steady(pool)
    pool.terminate()


@pytest.fixture
def logs() -> Iterator[Logs]:
    """What worker and relay say of what befalls them, and nobody prints."""
    with capture_logs() as told:
        yield told


@pytest.fixture
async def rounds(
    client: Client,
    database: Database,
    owner: Steady,
    mail: MailCatcher,
    ring: KeyRing,
    monkeypatch: pytest.MonkeyPatch,
    logs: Logs,
) -> AsyncIterator[Rounds]:
    """A worker and a relay that nobody starts again."""
    monkeypatch.setattr(releasing, "AT_ONCE", FEW)
    monkeypatch.setattr(promotion, "AT_ONCE", FEW)
    monkeypatch.setattr(releasing, "A_MOMENT", timedelta(milliseconds=200))
    async with serving(client, database, mail, ring) as (skipper, office):
        yield Rounds(skipper, office, owner, CaseKeys(ring))  # type: ignore[arg-type]


@pytest.fixture
async def institute(rounds: Rounds, database: Database, days: Days) -> AsyncIterator[Institute]:
    """Where real applications come from."""
    pool = await asyncpg.create_pool(database.url("owner"), min_size=1, max_size=4)
    institute = Institute(rounds.skipper.client, pool)
    await institute.employ(*(each for each in DEFAULT_STAFF if each.staff_id not in ROLES))
    await with_schedule(pool, days)
    yield institute
    pool.terminate()


# how it is killed, and who looks on -------------------------------------------------------------------------


@dataclass
class Blows:
    """Kills of the database, each where it hurts: after so many seconds, or while the round takes a step."""

    server: MortalServer
    owner: Steady
    case_id: str
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - repeatable
    away: list[float] = field(default_factory=list)
    """For how many seconds there was no database, each time."""
    in_steps: int = 0
    """How many fell while a step was being written."""

    async def soon(self, within: float) -> None:
        """After a while of at most so many seconds."""
        await asyncio.sleep(self.chance.uniform(0, within))
        self.away.append(await self.server.dies_and_comes_back())

    async def in_a_step(self, patience: float = 5) -> None:
        """As soon as a transaction has the case of the round, and before it ends; later, if none is seen."""
        free = "SELECT EXISTS (SELECT FROM iehe.cases WHERE case_id = $1 FOR UPDATE SKIP LOCKED)"
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while await self.owner.fetchval(free, self.case_id):
                    await asyncio.sleep(self.chance.uniform(0, 0.005))
            self.in_steps += 1
        self.away.append(await self.server.dies_and_comes_back())


@dataclass
class Looks:
    """Somebody who asks for one result all the time, by the way on which all doors do."""

    office: asyncpg.Pool
    number: str
    answers: list[tuple[datetime, int, datetime]] = field(default_factory=list)
    """By the server's clock: when it was asked, how many lines it was told, when it had them."""
    without_answer: int = 0

    async def look(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with self.office.acquire(timeout=5) as connection:
                    asked = await connection.fetchval("SELECT iehe.clock()")
                    lines = await connection.fetch(
                        "SELECT FROM iehe.released_lines($1)", application(self.number)
                    )
                    self.answers.append((asked, len(lines), await connection.fetchval("SELECT iehe.clock()")))
            except FAULTS as error:
                if not is_transient(error):
                    raise
                self.without_answer += 1
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """All the while."""
        looking = asyncio.create_task(self.look())
        try:
            yield
            assert not looking.done()
        finally:
            await cancelled(looking)

    def too_early(self, hour: datetime) -> int:
        """Results that were told before the hour."""
        return sum(lines > 0 and had < hour for _, lines, had in self.answers)

    def too_late(self, hour: datetime) -> int:
        """Answers without a result though the hour was over."""
        return sum(lines == 0 and asked >= hour for asked, lines, _ in self.answers)


async def until(holds: Callable[[], Awaitable[bool]], limit: float = 30) -> None:
    async with asyncio.timeout(limit):
        while not await holds():
            await asyncio.sleep(0.01)


# what is shown ----------------------------------------------------------------------------------------------


@pytest.mark.timeout(120)
async def test_killed_before_the_hour_at_the_hour_and_while_cases_are_told(
    rounds: Rounds, institute: Institute, server: MortalServer, days: Days, logs: Logs
) -> None:
    """No result before the hour, none hidden after it; each is told once, real cases among them (I1-I8)."""
    made = await Soon.announced(rounds, days)
    rows = [person(round_id=days.round_id, programme="law") for _ in range(3)]
    cases = [await institute.apply(row) for row in rows]
    await asyncio.gather(*(case.to_ranked() for case in cases))
    played = [f"A{number:04}" for number in range(1, PLAYED + 1)]
    for place, number in enumerate(played):
        await made.applies(number, *(("law",), ("mech", "elec"), ("elec", "mech"))[place % 3])
    numbers = [case.row.application_no for case in cases] + played
    best = {number: (90 - place, 90) for place, number in enumerate(numbers[:3])}
    confirmed = await made.ready(
        best | {number: (place % 37, place % 41) for place, number in enumerate(played)}
    )

    hour, owner = days.release, rounds.owner
    blows = Blows(server, owner, made.case_id)  # type: ignore[arg-type]
    looks = Looks(rounds.door, numbers[0])
    killed_at: list[int] = []
    async with looks.going_on():
        await made.onward(hour)  # by its own clock; by the server's, which counts, the hour is still to come
        await made.clock(hour - timedelta(seconds=5))
        await blows.soon(1)
        await until(lambda: owner.fetchval("SELECT iehe.clock() > $1::timestamptz - interval '0.3 s'", hour))
        await blows.soon(0.6)
        for turn in range(5):
            before = await made.told()
            await until(lambda before=before: _more(made, before))
            killed_at.append(await made.told())
            await (blows.in_a_step() if turn % 2 else blows.soon(0.3))
        await made.until("stage = 'enrolling'", limit=60)
        for case, stage in zip(cases, ("offered", "offered", "waitlisted"), strict=True):
            await case.until(lambda row, stage=stage: row["stage"] == stage, limit=30)

    assert "listener-lost" in {each["event"] for each in logs}
    assert len(blows.away) == 7
    assert sum(0 < told < len(numbers) for told in killed_at) >= 4, killed_at
    assert blows.in_steps >= 1
    assert looks.without_answer > 0
    assert any(had < hour for _, _, had in looks.answers)
    assert (looks.too_early(hour), looks.too_late(hour)) == (0, 0)
    told = "SELECT min(f.told_at) + (SELECT s.shift FROM iehe.clock_shift s) FROM iehe.facts f"
    assert await owner.fetchval(f"{told} WHERE f.type LIKE '%.outcome-released'") >= hour
    await made.holds(confirmed, numbers)
    await heard(cases, [1] * len(cases))


async def _more(made: Soon, before: int) -> bool:
    return await made.told() > before


@pytest.mark.timeout(120)
async def test_killed_while_those_who_wait_are_promoted(
    rounds: Rounds, server: MortalServer, days: Days, logs: Logs
) -> None:
    """Each place that falls free goes to the next by rank, once, though the database dies twice (I1-I3)."""
    made = await Soon.announced(rounds, days)
    numbers = [f"A{number:04}" for number in range(1, PROMOTED + 5)]
    for number in numbers:
        await made.applies(number)
    confirmed = await made.ready({number: (100 - place, 50) for place, number in enumerate(numbers)})
    await made.clock(days.release)
    await made.onward(days.release + timedelta(minutes=1))
    await made.until_stage("enrolling")
    await made.promoting()

    blows = Blows(server, rounds.owner, made.case_id)  # type: ignore[arg-type]
    for turn in range(PROMOTED):
        leaving, following = numbers[turn], numbers[turn + 2]
        async with asyncio.TaskGroup() as both:
            both.create_task(blows.in_a_step() if turn % 2 else blows.soon(0.1))
            await gives_back(made, leaving)
            await until(lambda who=following: stands(made, who, "calling"))
        async with asyncio.TaskGroup() as both:
            both.create_task(blows.soon(0.05) if turn % 2 else blows.in_a_step())
            said = {"number": following, "programme": "law", "outcome": "accepts"}
            await made.decide(commands.RecordContact, "office-1", **said)
        await until(lambda who=following: stands(made, who, "offered"))

    assert len(blows.away) == 2 * PROMOTED
    assert blows.in_steps >= 3
    assert "listener-lost" in {each["event"] for each in logs}
    waits = await made.entries()
    assert list(waits) == numbers[2:]
    assert list(waits.values()) == ["declined"] * (PROMOTED - 2) + ["offered"] * 2 + ["waiting"] * 2
    offered = await rounds.owner.fetch(
        "SELECT data ->> 'case' AS who FROM iehe.facts WHERE type LIKE '%.place-offered' ORDER BY version"
    )
    assert [row["who"] for row in offered] == [application(each) for each in numbers[2 : PROMOTED + 2]]
    await made.holds(confirmed, numbers)


async def gives_back(made: Soon, number: str) -> None:
    """The applicant's case gives its place back, in a step of its own that is taken once whatever dies."""
    owner, place = made.house.owner, f"{made.case_id}#{number}"
    await owner.execute(
        "SELECT iehe.change_places($1, 1, clock_timestamp(), 'portal',"
        " jsonb_build_array(jsonb_build_object('how', 'release', 'reason', 'declined', 'place', place)))"
        " FROM iehe.places WHERE place = $2 AND state = 'offered'",
        *(application(number), place),
    )
    assert await owner.fetchval("SELECT state FROM iehe.places WHERE place = $1", place) == "declined"


async def stands(made: Soon, number: str, state: str) -> bool:
    """Whether somebody's entry is there."""
    return (await made.entries()).get(number) == state
