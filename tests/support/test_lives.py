"""Whatever happens to a case, in any order: what must hold does, by the rules alone and before real servers."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from schemas.kernel.case import Command
from schemas.kernel.refusals import Refusal
from tests.support.builder import REASON, Pure
from tests.support.holds import Step, hold
from tests.support.lives import Lives
from workflows.kernel.stepping import next_alarm
from workflows.support import clocks

REASONS = ("reason_id", "distress_reason_id", "hostility_reason_id")


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

    def sleep(self, span: timedelta) -> None:
        self.case.down_until(self.case.now + span)

    def away(self, who: str, substitute: str | None) -> None:
        self.case.house.away[who] = substitute

    def back(self, who: str) -> None:
        self.case.house.away.pop(who, None)

    def paging(self) -> bool:
        return clocks.PAGE in self.case.state.deadlines

    def closed(self) -> bool:
        return self.case.state.closed

    def check(self) -> None:
        log = [Step(each.version, each.step, each.at, each.details) for each in self.case.log]
        hold(log, self.case.state, self.case.now)
        alarm = next_alarm(self.case.state)
        assert alarm is None or alarm[0] > self.case.now, "something is due and was not done"
        assert "deadline-refused" not in self.case.steps(), self.case.log[-1].details


class Rules(Lives):
    """By the rules alone."""

    def begin(self, **referral: Any) -> ByTheRules:
        return ByTheRules(**referral)


def test_whatever_happens_the_rules_hold() -> None:
    """Never without an owner or queue, nothing after an answer, no rung skipped, the clocks in turn."""
    run_state_machine_as_test(Rules, settings=settings(max_examples=200, stateful_step_count=25))
