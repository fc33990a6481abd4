"""Cases that go anywhere: commands, events and the clock in any order, sensible or not.

What must hold after every step is in `builder.check_step`; that a refused step changes nothing, in
`Pure.take`. Any other exception than a refusal is a rule that would stop a case for good.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.admission.stages import Choice, Stage
from schemas.kernel.case import CLOCK, SYSTEM
from schemas.kernel.refusals import Refusal
from tests.workflows.rules.builder import (
    GOOD,
    PARTS,
    POOR,
    ROLES,
    Pure,
    changed_policy,
    in_stage,
    person,
)
from workflows.admission.process import ADMISSION_REVIEW, LIFECYCLE
from workflows.admission.review import reviewers_wanted
from workflows.kernel.lifecycle import By

OPEN = [Stage(name) for name in LIFECYCLE.open_stages]
EVENTS = sorted(ADMISSION_REVIEW.events)
COMMANDS = ADMISSION_REVIEW.commands
SPANS = st.sampled_from([timedelta(minutes=1), timedelta(hours=9), timedelta(days=2), timedelta(days=40)])


REASON = "00000000-0000-0000-0000-000000000001"


class Walk:
    """One case and the choices that hypothesis makes for it."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], case: Pure) -> None:
        self.draw = draw
        self.case = case

    def one_of(self, *values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def go(self) -> None:
        """One thing happens; a refusal is an answer like any other."""
        happens = self.one_of(self.person_acts, self.person_acts, self.fact_arrives, self.time_goes_on)
        with suppress(Refusal):
            happens()
        self.follow_up()

    def person_acts(self) -> None:
        state = self.case.state
        possible = LIFECYCLE.possible(state.stage)
        anything = self.draw(st.integers(0, 5)) == 0
        step = self.one_of(*COMMANDS) if anything or not possible else self.one_of(*possible)
        roles = [line.by for line in LIFECYCLE.steps if line.name == step and not isinstance(line.by, By)]
        fit = [name for name, role in ROLES.items() if any(role in by for by in roles)]
        own = [task.assignee for task in state.tasks.values() if task.assignee in fit]
        actor = self.one_of(*(own or fit)) if self.draw(st.integers(0, 9)) else self.one_of(*ROLES)
        if step == "assign-reviewers":
            self.case.draw(*self.some_reviewers())
            return
        self.case.decide(COMMANDS[step], person(actor), **self.values(step))

    def values(self, step: str) -> dict[str, Any]:
        reason = self.one_of(REASON, REASON, None)
        soon = self.case.now + self.draw(SPANS) * self.one_of(1, 1, 1, -1)
        task = self.one_of(*(self.case.state.tasks or ["none"]))
        deadline = self.one_of(*(self.case.state.deadlines or ["none"]))
        makers: dict[str, Callable[[], dict[str, Any]]] = {
            "confirm-eligibility": lambda: {"eligible": self.one_of(True, True, False), "reason_id": reason},
            "release-reviewer": lambda: {
                "reviewer": self.one_of(*(self.case.state.reviews or ["reviewer-1"])),
                "reason_id": reason,
            },
            "decline-review": lambda: {"conflict": self.one_of(True, False)},
            "accept-review": lambda: {"no_conflict": self.one_of(True, True, False)},
            "judge-conflict": lambda: {
                "member": self.one_of(*(m.member for m in self.case.state.committee), "member-1"),
                "conflict": self.one_of(True, False),
                "reason_id": reason,
            },
            "submit-scores": lambda: {"points": self.one_of(GOOD, POOR, {}, {**GOOD, "academic": 11.0})},
            "cast-vote": lambda: {
                "choice": self.one_of(*Choice),
                "reason_id": reason,
                "casting": self.one_of(True, False),
            },
            "record-decision": lambda: {
                "decision": self.one_of("offered", "waitlisted", "rejected", "released"),
                "reason_id": reason,
            },
            "answer-offer": lambda: {
                "answer": self.one_of("accepted", "declined"),
                "answered_at": self.one_of(None, soon),
            },
            "record-enrolment": lambda: {
                "result": self.one_of("enrolled", "conditions_not_met", "deferred"),
                "reason_id": reason,
            },
            "withdraw": lambda: {"reason": self.one_of("personal", "whatever")},
            "rejudge": lambda: {"reason_id": reason},
            "resolve-duplicate": lambda: {
                "same_person": self.one_of(True, False),
                "duplicate_of": self.one_of((), ("admission/T-0002",), ("admission/T-0009",)),
                "keep": self.one_of(True, False),
                "reason_id": reason,
            },
            "reopen-duplicate": lambda: {"reason_id": reason},
            "decide-accommodation": lambda: {
                "result": self.one_of("granted", "partly_granted", "refused"),
                "reason_id": reason,
            },
            "permit-late": lambda: {
                "item": self.one_of(*PARTS, "post", "offer-reply", "accommodation", "score:reviewer-1"),
                "until": soon,
                "reason_id": reason,
            },
            "change-policy": lambda: {"version": self.case.know(self.other_policy())},
            "reassign-task": lambda: {"task": task, "assignee": self.one_of(*ROLES)},
            "complete-task": lambda: {"task": task},
            "correct-data": lambda: {
                "record": self.one_of("applicant", "application", "school"),
                "values_id": self.one_of(REASON, None),
                "reason_id": reason,
            },
            "take-back": lambda: {
                "taken": self.draw(st.integers(1, self.case.state.version)),
                "reason_id": reason,
            },
            "refuse-take-back": lambda: {"reason_id": reason},
            "move-deadline": lambda: {"deadline": deadline, "due_at": soon},
        }
        named = {"pause-deadline", "resume-deadline", "cancel-deadline"}
        return {"deadline": deadline} if step in named else makers.get(step, dict)()

    def other_policy(self) -> Any:
        policy = self.case.state.policy
        assert policy is not None
        items = policy.items
        return changed_policy(policy.route, items=self.one_of(items, items[:-1], items[1:]), version="v2")

    def fact_arrives(self) -> None:
        fact = self.one_of(*EVENTS)
        data = {
            "item": self.one_of(*PARTS, "common-test", "portfolio"),
            "answer": self.one_of("accepted", "declined"),
            "reason": self.one_of("personal", "whatever"),
            "by_case": "admission/T-0002",
            "sudden": self.one_of(True, False),
        }
        if fact in ("sibling-accepted", "withdrawal-requested") and self.draw(st.integers(0, 3)):
            return
        earlier = self.case.now - self.draw(SPANS)
        self.case.event_or_task(fact, at=self.one_of(None, earlier), **data)

    def time_goes_on(self) -> None:
        moment = self.case.now + self.draw(SPANS)
        self.one_of(self.case.wait_until, self.case.down_until)(moment)

    def some_reviewers(self) -> tuple[str, ...]:
        return tuple(f"reviewer-{number}" for number in self.draw(st.sets(st.integers(1, 9), max_size=4)))

    def follow_up(self) -> None:
        """What the workflow does by itself when a stage wants it."""
        state = self.case.state
        if reviewers_wanted(state) > 0 and not state.draw_failed and self.one_of(True, False):
            self.case.draw(*self.some_reviewers())
        waits = "appoint-committee" in state.tasks
        if state.stage == Stage.COMMITTEE and not state.committee and not waits:
            members = ["chair-1", *(f"member-{number}" for number in range(1, self.one_of(2, 3, 5)))]
            self.case.convene(
                *members[self.one_of(0, 0, 0, 1) :],
                conflicts=self.draw(st.sets(st.sampled_from(members))),
                near=dict.fromkeys(self.draw(st.sets(st.sampled_from(members), max_size=2)), "same-school"),
            )


@pytest.mark.timeout(240)
@pytest.mark.parametrize("stage", OPEN)
@settings(max_examples=25)
@given(data=st.data())
def test_wherever_a_case_goes_the_rules_hold(stage, data) -> None:
    """From any stage, up to sixteen things in any order: each a step that fits, or a refusal."""
    walk = Walk(data.draw, in_stage(stage))
    for _ in range(data.draw(st.integers(5, 16))):
        walk.go()


@settings(max_examples=50)
@given(stage=st.sampled_from(OPEN), data=st.data())
def test_left_alone_an_open_case_waits_for_somebody(stage, data) -> None:
    """After anything at all, with nobody acting for years, a case is closed or names whom it waits for."""
    walk = Walk(data.draw, in_stage(stage))
    for _ in range(data.draw(st.integers(0, 12))):
        walk.go()
    case = walk.case
    case.down_until(case.now + timedelta(days=4000))
    assert case.state.closed or case.state.tasks or LIFECYCLE.stages[case.state.stage].waits_for


@pytest.mark.parametrize("stage", ["", *LIFECYCLE.stages])
@pytest.mark.parametrize("actor", [SYSTEM, CLOCK, *(person(name) for name in ("office-1", "auditor-1"))])
def test_a_step_that_does_not_exist_is_refused(stage, actor) -> None:
    """Whoever asks, wherever the case stands."""
    with pytest.raises(Refusal):
        LIFECYCLE.check("delete-everything", stage, actor)
