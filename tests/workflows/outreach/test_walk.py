"""Requests go through decisions, facts and time in any order; each step is held against what always holds."""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.kernel.refusals import Refusal
from schemas.outreach import commands
from schemas.outreach.stages import Stage
from tests.workflows.outreach.builder import DATES, REASON, ROLES, Pure, in_stage
from workflows.outreach.process import LIFECYCLE, LIVING, OUTREACH

SPANS = st.sampled_from([timedelta(minutes=5), timedelta(hours=6), timedelta(days=3), timedelta(days=40)])


class Walk:
    """One case and the dice."""

    def __init__(self, draw: Callable[[Any], Any], case: Pure) -> None:
        self.draw, self.case = draw, case

    def one_of(self, *values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def go(self) -> None:
        if self.case.state.closed:
            return
        act = self.one_of(self.a_decision, self.a_fact, self.time)
        # the clock is never refused: no deadline outlasts what it is for
        with suppress(Refusal) if act != self.time else nullcontext():
            act()

    def a_date(self) -> Any:
        return self.one_of(*DATES, self.case.now + self.draw(SPANS) + timedelta(days=20))

    def a_decision(self) -> None:
        kind = self.one_of(*(each for each in OUTREACH.decisions if each.__module__ == commands.__name__))
        values = {
            "reason_id": self.one_of(None, REASON),
            "lecturers": self.draw(
                st.lists(st.sampled_from([n for n in ROLES if "lecturer" in n]), max_size=3)
            ),
            "answer": self.one_of("yes", "no"),
            "date": self.one_of(None, self.a_date()),
            "dates": self.draw(st.lists(st.just(self.a_date()), min_size=1, max_size=2)),
            "school_agreed": True,
            "lecturer_agreed": self.one_of(True, False),
            "result": self.one_of("confirmed", "cancelled"),
            "held": self.one_of(True, True, False),
            "report_id": REASON,
            "field": "law",
        }
        values["reason"] = (
            "no-lecturer" if kind is commands.DeclineRequest else self.one_of("weather", "whim")
        )
        known = {name: value for name, value in values.items() if name in kind.model_fields}
        self.case.decide(kind, self.one_of(*ROLES), **known)

    def a_fact(self) -> None:
        fact = self.one_of(*(each for each in OUTREACH.events if each != "school-cancelled"))
        day = self.a_date().date().isoformat()
        data = {
            "lecturer": self.one_of("lecturer-1", "lecturer-2"),
            "answer": self.one_of("yes", "no"),
            "where": self.one_of("school", "campus"),
            "from": day,
            "to": day,
            "area": "sendai",
            "level": self.one_of("warning", "advisory"),
        }
        self.case.event_or_task(fact, **data)

    def time(self) -> None:
        self.one_of(self.case.wait_until, self.case.down_until)(self.case.now + self.draw(SPANS))


@pytest.mark.parametrize("stage", LIVING)
@settings(max_examples=25)
@given(data=st.data())
def test_wherever_a_request_goes_the_rules_hold(stage, data) -> None:
    """From any stage, up to sixteen things in any order: each a step that fits, or a refusal."""
    walk = Walk(data.draw, in_stage(stage))
    for _ in range(data.draw(st.integers(5, 16))):
        walk.go()


@settings(max_examples=50)
@given(stage=st.sampled_from(LIVING), data=st.data())
def test_left_alone_a_request_waits_for_somebody_or_ends(stage, data) -> None:
    """After anything at all, with nobody acting for years, it is closed or is somebody's task."""
    walk = Walk(data.draw, in_stage(stage))
    for _ in range(data.draw(st.integers(0, 12))):
        walk.go()
    walk.case.down_until(walk.case.now + timedelta(days=4000))
    assert walk.case.state.closed or walk.case.state.tasks


def test_every_stage_has_its_way() -> None:
    """Each stage but the first is reached by some step, and each living one is left."""
    moves = LIFECYCLE.moves()
    assert {target for _, _, target in moves} == set(LIFECYCLE.stages)
    ended = {Stage.DECLINED, Stage.CANCELLED}
    assert {source for source, _, _ in moves} >= set(LIVING) - ended
