"""The ledger against a model of it: whatever is done in whatever order, both say and hold the same."""

import asyncio
import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from schemas.kernel.places import FrameWanted, PlaceLine
from tests.conftest import Database
from tests.places.lending import NOW, Lending
from tests.places.model import LIVE, PARENTS, Model, No
from workflows.kernel.places import PlaceChanges

EXPLORES = settings().max_examples > 100
HOLDERS = [f"lending/P{number}" for number in range(3)]
KEYS = st.sampled_from(HOLDERS)
FRAMES = st.sampled_from(sorted(PARENTS))
AMOUNTS = st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(2)])
SPANS = st.tuples(st.integers(1, 3), st.integers(1, 2)).map(
    lambda span: (date(2027, 4, span[0]), date(2027, 4, span[0] + span[1]))
)
LINES = st.lists(
    st.builds(
        lambda frame, amount, unit, days: PlaceLine(
            frame=frame, amount=amount, unit=unit, first=days[0], until=days[1]
        ),
        *(FRAMES, AMOUNTS, st.sampled_from([None, "bed"]), SPANS),
    ),
    min_size=1,
    max_size=2,
)
MOMENTS = st.integers(-1, 1).map(lambda hours: NOW + timedelta(hours=hours))


class Ledger(RuleBasedStateMachine):
    """Both, change by change, in a transaction that is rolled back in the end."""

    ask: Callable[[Any], Any]
    connection: asyncpg.Connection

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.model = Model({frame: Decimal(4) for frame in PARENTS})
        self.transaction = self.connection.transaction()
        self.ask(self.transaction.start())
        for frame, parent in PARENTS.items():
            self.change("frame", frame, FrameWanted(places=Decimal(4), parent=parent))

    def teardown(self) -> None:
        """Nothing stays."""
        self.ask(self.transaction.rollback())

    def change(self, method: str, *given: Any, **named: Any) -> str | None:
        """One change of the database; the code of its refusal."""
        changes = PlaceChanges("lending/M", self.now, self.now)
        getattr(changes, method)(*given, **named)
        return self.ask(self._written(json.dumps([each.model_dump(mode="json") for each in changes.made])))

    async def _written(self, changes: str) -> str | None:
        try:
            async with self.connection.transaction():
                await self.connection.execute(
                    "SELECT iehe.change_places('lending/M', 1, $1, 'a', $2)", self.now, changes
                )
        except asyncpg.PostgresError as error:
            if error.sqlstate != "IE001":
                raise
            return str(error.message)
        return None

    def both(self, expected: Callable[[], None], method: str, *given: Any, **named: Any) -> None:
        """The same of both."""
        try:
            expected()
            code = None
        except No as no:
            code = str(no)
        assert self.change(method, *given, **named) == code

    @rule(now=MOMENTS)
    def time(self, now) -> None:
        """The clock goes on, or back."""
        self.now = now

    @rule(
        key=KEYS,
        lines=LINES,
        state=st.sampled_from(LIVE),
        ends=st.none() | MOMENTS,
        beyond=st.integers(0, 3).map(lambda drawn: drawn == 3),
    )
    def claim(self, key, lines, state, ends, beyond=False) -> None:
        """Given to somebody, now and then beyond the limits."""
        expected = lambda: self.model.claim(key, lines, state, ends, beyond=beyond)  # noqa: E731
        self.both(expected, "claim", key, lines, state=state, holder=key, ends_at=ends, beyond=beyond)

    @rule(key=KEYS)
    def take(self, key) -> None:
        """Answered."""
        self.both(lambda: self.model.take(key, self.now), "take", key)

    @rule(key=KEYS, ends=MOMENTS)
    def extend(self, key, ends) -> None:
        """Prolonged."""
        self.both(lambda: self.model.extend(key, self.now, ends), "extend", key, ends)

    @rule(key=KEYS, why=st.sampled_from(["declined", "withdrawn"]))
    def release(self, key, why) -> None:
        """Given back."""
        self.both(lambda: self.model.release(key, why), "release", key, why)

    @rule(key=KEYS)
    def lapse(self, key) -> None:
        """Ended by the clock."""
        self.both(lambda: self.model.lapse(key, self.now), "lapse", key)

    @rule(key=KEYS, lines=LINES)
    def move(self, key, lines) -> None:
        """Another bed."""
        self.both(lambda: self.model.move(key, lines), "move", key, lines)

    @rule(pair=st.permutations(HOLDERS))
    def swap(self, pair) -> None:
        """Two change."""
        self.both(lambda: self.model.swap(pair[0], pair[1]), "swap", pair[0], pair[1])

    @rule(frame=FRAMES, holder=KEYS, rank=st.integers(0, 2), amount=AMOUNTS)
    def wait(self, frame, holder, rank, amount) -> None:
        """Somebody waits."""
        expected = lambda: self.model.wait(frame, holder, rank, amount)  # noqa: E731
        self.both(expected, "queue", frame, [rank], amount, holder=holder)

    @rule(frame=FRAMES, holder=KEYS)
    def pass_over(self, frame, holder) -> None:
        """Somebody is not served now."""
        self.both(lambda: self.model.pass_over(frame, holder), "pass_over", frame, holder, "clash")

    @rule(frame=FRAMES, ends=MOMENTS)
    def serve(self, frame, ends) -> None:
        """The first who waits is offered what they wait for."""
        for holder, amount in self._waiting(frame)[:1]:
            self.claim(holder, [PlaceLine(frame=frame, amount=amount)], "offered", ends)

    @rule(frame=FRAMES)
    def pass_all_over(self, frame) -> None:
        """Nobody who waits is served now."""
        for holder, _ in self._waiting(frame):
            self.pass_over(frame, holder)

    def _waiting(self, frame: str) -> list[tuple[str, Decimal]]:
        entries = [
            (each.rank, each.number, holder, each.amount)
            for (of, holder), each in self.model.queue.items()
            if of == frame and each.state == "waiting"
        ]
        return [each[2:] for each in sorted(entries)]

    @rule(frame=FRAMES, holder=KEYS)
    def leave(self, frame, holder) -> None:
        """Somebody waits no more."""
        self.both(lambda: self.model.leave(frame, holder), "leave_queue", frame, "withdrawn", holder)

    @rule(frame=FRAMES, limit=st.integers(1, 5).map(Decimal))
    def limit(self, frame, limit) -> None:
        """More or less is to be given out."""
        self.both(lambda: self.model.limit(frame, limit), "frame", frame, FrameWanted(limit=limit))

    @invariant()
    def the_same(self) -> None:
        """Counters, places with their lines, and who waits in which order."""
        frames, places, queue = self.ask(self._stored())
        assert frames == {
            frame: (
                *(self.model.given(frame, state) for state in LIVE),
                self.model.owed(frame),
                self.model.limits[frame],
            )
            for frame in PARENTS
        }
        assert places == {
            key: (place.state, place.ends_at, sorted((line.frame, line.amount) for line in place.lines))
            for key, place in self.model.places.items()
        }
        waiting = sorted(self.model.queue.items(), key=lambda item: (item[1].rank, item[1].number))
        assert queue == [(*at, entry.state) for at, entry in waiting]

    async def _stored(self) -> tuple[Any, Any, Any]:
        fetch = self.connection.fetch
        frames = await fetch("SELECT frame, held, offered, taken, extra, limit_ FROM iehe.frames")
        places = await fetch("SELECT place, state, ends_at FROM iehe.places")
        lines = await fetch("SELECT place, frame, amount FROM iehe.place_lines")
        queue = await fetch(
            "SELECT frame, case_id, state FROM iehe.place_queue WHERE state <> 'ended' ORDER BY rank, entry"
        )
        of = {
            row["place"]: sorted(tuple(each)[1:] for each in lines if each[0] == row["place"])
            for row in places
        }
        return (
            {row["frame"]: tuple(row)[1:] for row in frames},
            {row["place"]: (row["state"], row["ends_at"], of[row["place"]]) for row in places},
            [tuple(row) for row in queue],
        )


@pytest.mark.timeout(120)  # many lives of a ledger one after the other
async def test_the_ledger_does_what_its_model_does(lending: Lending, database: Database) -> None:
    """Counters, nested frames, decimals, beds and days, offers, moved clocks, queues: step by step."""
    connection = await asyncpg.connect(database.url("worker"))
    loop = asyncio.get_running_loop()

    class Here(Ledger):
        ask = staticmethod(lambda work: asyncio.run_coroutine_threadsafe(_done(work), loop).result(20))

    Here.connection = connection
    steps = settings(
        max_examples=1000 if EXPLORES else 60,
        stateful_step_count=50,
        deadline=None,
        derandomize=not EXPLORES,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, Here, settings=steps)
    await connection.close()
    assert await lending.owner.fetchval("SELECT count(*) FROM iehe.places") == 0


async def _done(work: Any) -> Any:
    return await work
