"""The relay killed again and again while a round tells real cases what became of them, and who is promoted.

One worker works all the time; relays follow each other, none lives longer than a moment.
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from activities.kernel.database import open_pool
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.registry import ROOMS
from embedded.mail import MailCatcher, caught_mails
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from schemas.round import commands
from tests.conftest import Database
from tests.gateway.test_under_fire import in_history
from tests.office import DEFAULT_STAFF, Case, Institute, person
from tests.round.rounds import ROLES, Rounds, staffed
from tests.round.soon import Days, Soon, awake, days_from_now, heard, with_schedule
from workers.policies import load_defaults
from workers.relay.relay import CONNECTIONS, running_relay
from workers.worker import running_worker
from workflows.round import releasing

CASES: Final = 7
"""All of them real: two are admitted, the others wait."""
POINTS: Final = ("entered", "claimed", "signalled", "marked")
"""A fact is in an inbox and not committed; an event is claimed, with its case and not marked, marked."""
SEED: Final = 20270328


@dataclass
class Relays:
    """Kills of relays, each at a point and a moment later, as a fixed seed has it."""

    nursery: asyncio.subprocess.Process
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - repeatable
    kills: Counter[str] = field(default_factory=Counter)
    """By the last point that the relay had reached."""
    alive: int | None = None

    async def killed_until(self, over: Callable[[], Awaitable[bool]], limit: float = 50) -> None:
        """One relay after the other is killed, until something holds."""
        async with asyncio.timeout(limit):
            while not await over():
                await self._one(over)

    async def _one(self, over: Callable[[], Awaitable[bool]]) -> None:
        assert self.nursery.stdin is not None
        self.nursery.stdin.write(b"\n")
        point = self.chance.choice(POINTS)
        while (words := await self._word())[0] != "born":
            pass
        self.alive, last = int(words[1]), ""
        while last != point and not await over():
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    last = (await self._word())[0]
        await asyncio.sleep(self.chance.uniform(0, 0.04))
        await self.die()
        self.kills[last] += 1

    async def die(self) -> None:
        """Kill -9."""
        if self.alive is not None:
            os.kill(self.alive, signal.SIGKILL)
            self.alive = None
            while (await self._word())[0] != "dead":
                pass

    async def _word(self) -> Sequence[str]:
        assert self.nursery.stdout is not None
        return (await self.nursery.stdout.readline()).decode().split()


@pytest.fixture
async def relays(temporal, database: Database, ring: KeyRing) -> AsyncIterator[Relays]:
    nursery = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.round.mortal_relay"),
        *(temporal.address, database.url("worker"), str(ring.path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    relays = Relays(nursery)
    yield relays
    if relays.alive is not None:
        os.kill(relays.alive, signal.SIGKILL)
    nursery.kill()
    await nursery.wait()


@pytest.fixture
def days() -> Days:
    return days_from_now()


@pytest.fixture
async def owner(database: Database, days: Days) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await staffed(connection, waitlist={"law": CASES}, calling=days.calling)
    await load_defaults(connection, "admission")
    await awake(connection)
    yield connection
    await connection.close()


@pytest.fixture
async def rounds(
    client: Client,
    database: Database,
    owner: asyncpg.Connection,
    mail: MailCatcher,
    ring: KeyRing,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Rounds]:
    """A worker that tells one case in a step, and nobody who delivers."""
    monkeypatch.setattr(releasing, "AT_ONCE", 1)
    monkeypatch.setattr(releasing, "A_MOMENT", timedelta(milliseconds=100))
    settings = SmtpSettings(host="127.0.0.1", port=mail.port, tls="none", sender="office@example.ac.jp")
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    async with AsyncExitStack() as stack:
        worker = await open_pool(database.url("worker"), size=10)
        office = await open_pool(database.url("office"), size=2)
        for pool in (worker, office):
            stack.push_async_callback(pool.close)
        notices = NoticeActivities(worker, ROOMS, {"mail": MailChannel(ROOMS, Mailer(settings))})
        await stack.enter_async_context(running_worker(client, worker, notices))
        yield Rounds(skipper, office, owner, CaseKeys(ring))
    # what is left running would otherwise go to the next test's worker
    async for each in client.list_workflows("ExecutionStatus = 'Running'"):
        with suppress(RPCError):
            await client.get_workflow_handle(each.id).terminate("end of the test")


@pytest.fixture
async def institute(rounds: Rounds, database: Database, days: Days) -> AsyncIterator[Institute]:
    pool = await asyncpg.create_pool(database.url("owner"), min_size=1, max_size=4)
    institute = Institute(rounds.skipper.client, pool)
    await institute.employ(*(each for each in DEFAULT_STAFF if each.staff_id not in ROLES))
    await with_schedule(pool, days)
    yield institute
    await pool.close()


@pytest.mark.timeout(150)
async def test_killed_again_and_again_while_it_brings_results_and_promotions(
    rounds: Rounds, institute: Institute, relays: Relays, mail: MailCatcher, days: Days, database: Database
) -> None:
    """Each case hears once of its result and of its promotion, and writes as many letters (I1-I4, I7, I8)."""
    pool = await open_pool(database.url("worker"), size=CONNECTIONS, application="iehe-relay")
    async with running_relay(pool, rounds.skipper.client):
        made = await Soon.announced(rounds, days)
        rows = [person(round_id=days.round_id, programme="law") for _ in range(CASES)]
        cases = [await institute.apply(row) for row in rows]
        await asyncio.gather(*(case.to_ranked() for case in cases))
        numbers = [case.row.application_no for case in cases]
        confirmed = await made.ready({number: (90 - place, 90) for place, number in enumerate(numbers)})
    await pool.close()

    await made.clock(days.release)
    await made.onward(days.release)
    await relays.killed_until(lambda: all_are(cases, ["offered"] * 2 + ["waitlisted"] * (CASES - 2)))
    await made.until_stage("enrolling")
    await heard(cases, [1] * CASES)
    of_results = relays.kills.total()
    await made.promoting()
    for turn in (0, 2):
        leaving, following = cases[turn : turn + 2], cases[turn + 2 : turn + 4]
        for case in leaving:
            await case.send("offer-answered", answer="declined")
        called = [case.row.application_no for case in following]
        await relays.killed_until(lambda called=called: stand(made, called, "calling"))
        for number in called:
            said = {"number": number, "programme": "law", "outcome": "accepts"}
            await made.decide(commands.RecordContact, "office-1", **said)
        await relays.killed_until(lambda following=following: all_are(following, ["offered"] * 2))
    of_promotions = relays.kills.total() - of_results

    assert min(of_results, of_promotions) >= 5, relays.kills
    assert len(set(relays.kills) & set(POINTS)) >= 3, relays.kills
    assert await repeats(institute.client, [made, *cases]) > 0
    await made.holds(confirmed, numbers)
    await heard(cases, [1, 1, 2, 2, 2, 2, 1])
    for case in cases:
        await case.until_notices(len(await case.notices()))
    written = Counter(mail.recipients[0] for mail in caught_mails(mail.folder))
    letters = [
        len([each for each in await case.notices() if each["recipient_kind"] == "applicant"])
        for case in cases
    ]
    assert [written[case.row.email] for case in cases] == letters


async def repeats(client: Client, cases: Sequence[Any]) -> int:
    """How many events were brought again, by a relay that did not know what the one before had done."""
    signalled = [await in_history(client, case) for case in cases]
    return sum(len(events) - len(set(events)) for events in signalled)


async def all_are(cases: Sequence[Case], stages: Sequence[str]) -> bool:
    """Whether each case is in its stage."""
    return [await case.stage() for case in cases] == list(stages)


async def stand(made: Soon, numbers: Sequence[str], state: str) -> bool:
    """Whether the entries of some are there."""
    entries = await made.entries()
    return {entries.get(number) for number in numbers} == {state}
