"""A worker goes on from the state that it wrote last, if the database still stands there."""

import asyncio

from activities.kernel.steps import StepActivities
from activities.outreach.room import ROOM
from schemas.kernel.case import Actor, Command
from schemas.kernel.step import Decided, StepOutcome, StepRequest
from schemas.outreach import commands
from schemas.outreach.roles import Role
from tests.outreach.desk import Desk
from workflows.outreach.process import OUTREACH

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
OFFICE = Actor(id="office-1", roles=(Role.OFFICE,))


class Worker:
    """One worker's memory, and how its steps have come to the database."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.activities = StepActivities(desk.pool, {OUTREACH.name: ROOM})

    async def take(
        self, case_id: str, kind: type[Command], cause: str, follows: int, **values
    ) -> StepOutcome:
        """A decision of the office."""
        command = kind(command_id=cause, actor=OFFICE, **values)
        decided = Decided(step=command.step, command=command.model_dump(mode="json"))
        request = StepRequest(
            case_id=case_id, process=OUTREACH.name, follows=follows, at=self._desk.now, message=decided
        )
        return await self.activities.take_step(request)

    async def online(self, case_id: str, cause: str, follows: int) -> StepOutcome:
        """A step that looks nothing up."""
        return await self.take(case_id, commands.GoOnline, cause, follows)


async def _log(desk: Desk, case_id: str) -> list[tuple[int, str, str | None]]:
    rows = await desk.owner.fetch(
        "SELECT version, step, cause FROM iehe.case_log WHERE case_id = $1 ORDER BY version", case_id
    )
    return [tuple(row) for row in rows]


async def test_workers_in_turns(desk: Desk) -> None:
    """A case that another worker has taken further is looked at before its next step."""
    case_id = await desk.store("S26-0001")
    one, other = Worker(desk), Worker(desk)
    for follows, worker in enumerate([one, one, other, one, other, other], start=1):
        outcome = await worker.online(case_id, f"c-{follows}", follows)
        assert (outcome.version, outcome.whole) == (follows + 1, False)
    assert [version for version, *_ in await _log(desk, case_id)] == list(range(1, 8))


async def test_overtaken(desk: Desk) -> None:
    """Steps from a remembered state are not written on another one: they are decided again."""
    case_id = await desk.store("S26-0001")
    one, other = Worker(desk), Worker(desk)
    await one.online(case_id, "c-1", 1)
    await other.online(case_id, "c-2", 2)
    outcome = await one.online(case_id, "c-3", 2)
    assert (outcome.version, outcome.whole) == (4, True)
    causes = [cause for *_, cause in await _log(desk, case_id) if cause]
    assert causes == [f"office-1/go-online/c-{number}" for number in (1, 2, 3)]


async def test_repeated(desk: Desk) -> None:
    """A message that was taken is not taken again from memory."""
    case_id = await desk.store("S26-0001")
    worker = Worker(desk)
    await worker.online(case_id, "c-1", 1)
    await worker.online(case_id, "c-2", 2)
    before = await _log(desk, case_id)
    outcome = await worker.online(case_id, "c-1", 3)
    assert (outcome.version, outcome.repeated) == (3, True)
    assert await _log(desk, case_id) == before


async def test_a_refusal_is_of_the_stored_case(desk: Desk) -> None:
    """What memory would refuse is asked of the database, where it may have become possible."""
    case_id = await desk.store("S26-0001")
    one, other = Worker(desk), Worker(desk)
    await one.online(case_id, "c-1", 1)
    await other.take(case_id, commands.CheckRequest, "c-2", 2)
    named = await one.take(case_id, commands.NameLecturers, "c-3", 2, lecturers=("lecturer-1", "lecturer-2"))
    assert (named.refused, named.version) == (None, 4)


async def test_memory_is_bounded(desk: Desk, monkeypatch) -> None:
    """The cases that were asked for last are remembered, and no more."""
    monkeypatch.setattr("activities.kernel.steps.REMEMBERED", 2)
    worker = Worker(desk)
    cases = [await desk.store(f"S26-000{number}") for number in range(1, 4)]
    for case_id in (*cases, cases[1]):
        version = await desk.owner.fetchval("SELECT version FROM iehe.cases WHERE case_id = $1", case_id)
        await worker.online(case_id, f"c-{version}", version)
    assert list(worker.activities._remembered) == [cases[2], cases[1]]


async def test_the_same_message_twice_at_once(desk: Desk) -> None:
    """An attempt that waits for another one's lock finds what that has taken, and refuses nothing for it."""
    case_id = await desk.store("S26-0001")
    async with desk.owner.transaction():
        await desk.owner.execute("SELECT FROM iehe.cases WHERE case_id = $1 FOR UPDATE", case_id)
        both = [
            asyncio.create_task(Worker(desk).take(case_id, commands.CheckRequest, "c-1", 1)) for _ in range(2)
        ]
        while await desk.pool.fetchval(WAITING) < len(both):
            await asyncio.sleep(0.01)
    outcomes = await asyncio.gather(*both)
    assert [(outcome.refused, outcome.version) for outcome in outcomes] == [(None, 2)] * 2
    assert len(await _log(desk, case_id)) == 2
