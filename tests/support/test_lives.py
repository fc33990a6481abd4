"""Whatever happens to a case, in any order: what must hold does, by the rules and before real servers."""

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from cases.homes import home_of
from schemas.kernel.case import Command
from schemas.kernel.refusals import Refusal
from schemas.support.state import SupportState
from tests.asleep import sleep_through
from tests.support.builder import REASON, Pure
from tests.support.holds import Step, hold
from tests.support.lives import Lives
from tests.support.office import Case, Office
from tests.workflows.rules import conftest as _  # noqa: F401 - how hypothesis searches
from workflows.kernel.known_policies import POLICIES
from workflows.kernel.stepping import next_alarm
from workflows.support import clocks
from workflows.support.process import SUPPORT

T = TypeVar("T")
REASONS = ("reason_id", "distress_reason_id", "hostility_reason_id")
EXPLORES = settings().max_examples > 100
"""HYPOTHESIS_PROFILE=explore: as many lives as there is time for, and others in every run."""


class ByTheRules:
    """A case without servers."""

    def __init__(self, *, named: bool, **referral: Any) -> None:
        self.case = Pure(anonymous=not named, referrer=named, **referral)

    @property
    def now(self) -> Any:
        return self.case.now

    def try_(self, command: type[Command], by: str, **values: Any) -> None:
        reasons = {each: REASON for each in REASONS if each in command.model_fields}
        with suppress(Refusal):
            self.case.decide(command, by, **reasons, **values)

    def fact(self, fact: str, **data: Any) -> None:
        self.case.event_or_task(fact, **data)
        self.case.act_on_time()

    def pass_(self, span: timedelta) -> None:
        self.case.wait_until(self.case.now + span)

    def sleep(self, span: timedelta, then: tuple[type[Command], str, dict[str, Any]] | None) -> None:
        self.case.now += span
        if then is not None:
            self.try_(*then[:2], **then[2])
        self.case.down_until(self.case.now)

    def away(self, who: str, substitute: str | None) -> None:
        self.case.house.away[who] = substitute

    def back(self, who: str) -> None:
        self.case.house.away.pop(who, None)

    def paging(self) -> bool:
        return not {clocks.PAGE, clocks.CAN_WAIT}.isdisjoint(self.case.state.deadlines)

    def closed(self) -> bool:
        return self.case.state.closed

    def end(self) -> None:
        """It is forgotten."""

    def check(self) -> None:
        log = [Step(each.version, each.step, each.at, each.details) for each in self.case.log]
        hold(log, self.case.state, self.case.now)
        alarm = next_alarm(self.case.state)
        assert alarm is None or alarm[0] > self.case.now, "something is due and was not done"
        assert "deadline-refused" not in self.case.steps(), "the clock was to do what does not fit"


class Rules(Lives):
    """By the rules alone."""

    def begin(self, **referral: Any) -> ByTheRules:
        return ByTheRules(**referral)


def test_whatever_happens_the_rules_hold() -> None:
    """Never without an owner or queue, nothing after an answer, no rung skipped, the clocks in turn."""
    run_state_machine_as_test(
        Rules, settings=settings(max_examples=2_000 if EXPLORES else 40, stateful_step_count=20)
    )


class BeforeServers:
    """A case before the real ones, driven from the thread in which hypothesis runs."""

    def __init__(
        self, office: Office, loop: asyncio.AbstractEventLoop, *, named: bool, **referral: Any
    ) -> None:
        self.office, self._loop = office, loop
        self._slept: list[tuple[int, timedelta]] = []
        """After which version, and how far the case's times were moved by it."""
        people = {} if named else {"person": None, "contact": None, "referrer": None}
        # who is away in one life is here in the next
        self._do(office.owner.execute("DELETE FROM iehe.absences"))
        self.case: Case = self._do(office.refer(**referral, **people))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    @property
    def now(self) -> datetime:
        return self._do(self.office.skipper.get_current_time(self.case.handle))

    def try_(self, command: type[Command], by: str, **values: Any) -> None:
        reasons = {each: self._do(self.case.text()) for each in REASONS if each in command.model_fields}
        self._do(self._refusable(self.case.decide(command, by, **reasons, **values)))

    def fact(self, fact: str, **data: Any) -> None:
        """What is told of a member of staff changes the house for the lives that follow: see test_fan_out."""
        if SUPPORT.events[fact].reaches is None:
            self._do(self.case.event(fact, **data))

    def pass_(self, span: timedelta) -> None:
        self._do(self.case.forward(seconds=span.total_seconds()))

    def sleep(self, span: timedelta, then: tuple[type[Command], str, dict[str, Any]] | None) -> None:
        """Worker and relay stop; the case finds that time has passed while they were away."""
        self._do(self.office.close())
        ahead = self.now - datetime.now().astimezone()
        queue, moved = home_of("support").cases_queue, span + ahead
        version = self._do(sleep_through(self.case.handle, SUPPORT, self.office.owner, moved, queue=queue))
        self._slept.append((version, moved))
        self._do(self._open(then))

    async def _open(self, then: tuple[type[Command], str, dict[str, Any]] | None) -> None:
        """All is up again; what was decided before waits for it."""
        if then is None:
            await self.office.open()
            return
        command, by, values = then
        values = values | {each: await self.case.text() for each in REASONS if each in command.model_fields}
        async with asyncio.TaskGroup() as work:
            decision = work.create_task(self._refusable(self.case.decide(command, by, **values)))
            await self.office.open()
            await decision

    async def _refusable(self, decision: Coroutine[Any, Any, T]) -> None:
        with suppress(WorkflowUpdateFailedError):
            await decision

    def away(self, who: str, substitute: str | None) -> None:
        self.back(who)
        self._do(
            self.office.owner.execute(
                "INSERT INTO iehe.absences VALUES ($1, '2020-01-01', '2040-01-01', $2, 'test')",
                who,
                substitute,
            )
        )

    def back(self, who: str) -> None:
        self._do(self.office.owner.execute("DELETE FROM iehe.absences WHERE staff_id = $1", who))

    def paging(self) -> bool:
        return not {clocks.PAGE, clocks.CAN_WAIT}.isdisjoint(self._state().deadlines)

    def closed(self) -> bool:
        return self._state().closed

    def end(self) -> None:
        with suppress(RPCError):
            self._do(self.case.handle.terminate("a life is over"))

    def _state(self) -> SupportState:
        row = self._do(self.case.until("true"))
        return SUPPORT.read(json.loads(row["state"]), POLICIES.of(SUPPORT))

    def check(self) -> None:
        """From the database, once the clock has nothing to do."""
        self._do(self._at_rest())
        self._do(self._owned_once())
        hold(self._do(self._log()), self._state(), self.now)

    async def _at_rest(self) -> None:
        async with asyncio.timeout(30):
            while True:
                row = await self.case.until("true")
                alarm = next_alarm(SUPPORT.read(json.loads(row["state"]), POLICIES.of(SUPPORT)))
                now = await self.office.skipper.get_current_time(self.case.handle)
                if alarm is None or alarm[0] > now:
                    return
                await asyncio.sleep(0.01)

    async def _owned_once(self) -> None:
        rows = await self.office.owner.fetch(
            "SELECT owner, until FROM iehe.support_ownership WHERE case_id = $1 ORDER BY version",
            self.case.handle.id,
        )
        assert [row["until"] is None for row in rows] == [False] * (len(rows) - 1) + [True]
        state = await self.office.owner.fetchrow(
            "SELECT state ->> 'owner' AS owner, closed_at, due_at FROM iehe.cases WHERE case_id = $1",
            self.case.handle.id,
        )
        assert rows[-1]["owner"] == state["owner"], "another owner in the database"
        assert state["closed_at"] or state["due_at"], "an open case with nothing due"
        twice = await self.office.owner.fetch(
            "SELECT message, recipient_id, version FROM iehe.notices WHERE case_id = $1"
            " GROUP BY message, recipient_kind, recipient_id, channel, version HAVING count(*) > 1",
            self.case.handle.id,
        )
        assert twice == [], "told twice by one step"

    async def _log(self) -> list[Step]:
        rows = await self.office.owner.fetch(
            "SELECT version, step, at, details FROM iehe.case_log WHERE case_id = $1 ORDER BY version",
            self.case.handle.id,
        )
        return [
            self._step(row["version"], row["step"], row["at"], json.loads(row["details"])) for row in rows
        ]

    def _step(self, version: int, step: str, at: datetime, details: dict[str, Any]) -> Step:
        """With its times as the later ones are: an outage has moved those that came before it."""
        moved = sum((span for last, span in self._slept if version <= last), timedelta())
        if details.get("until"):
            details["until"] = (datetime.fromisoformat(details["until"]) - moved).isoformat()
        return Step(version, step, at - moved, details)


@pytest.mark.timeout(120)  # many lives one after the other
async def test_whatever_happens_before_real_servers_it_holds(office: Office) -> None:
    """The same lives with a worker that stops and starts, moved time, and the database as the witness."""
    loop = asyncio.get_running_loop()

    class Served(Lives):
        """Before the servers."""

        def begin(self, **referral: Any) -> BeforeServers:
            return BeforeServers(office, loop, **referral)

    bounds = settings(max_examples=100 if EXPLORES else 8, stateful_step_count=12, derandomize=not EXPLORES)
    await asyncio.to_thread(partial(run_state_machine_as_test, Served, settings=bounds))
