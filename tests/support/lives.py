"""Cases live at random: what people, the student and other systems may do at any time, as a state machine.

Whom the machine drives is its own matter: `tests/support/test_lives.py` drives the rules alone, many times,
and the servers, a few times.
"""

from datetime import datetime, timedelta
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from schemas.kernel.case import Acknowledge, Command, DeEscalate, Escalate
from schemas.support import commands
from tests.support.builder import ROLES

SPANS = (
    timedelta(minutes=4),
    timedelta(minutes=40),
    timedelta(hours=5),
    timedelta(days=1),
    timedelta(days=4),
    timedelta(days=16),
)
STAFF = st.sampled_from(sorted(ROLES))
COUNSELLORS = st.sampled_from(["counsellor-1", "counsellor-2", "nurse-1"])
SCORES = st.sampled_from([None, 0, 1, 2, 3, 4])
UNITS = st.sampled_from(["counselling", "health"])
FIRST: list[tuple[type[Command], str, dict[str, Any]]] = [
    (commands.Rescore, "triage-1", {"distress": 4, "hostility": 0}),
    (commands.Rescore, "counsellor-1", {"distress": 2, "hostility": 0}),
    (commands.RecordContact, "counsellor-1", {"channel": "phone", "outcome": "reached"}),
    (commands.SignalDanger, "counsellor-1", {}),
    (Acknowledge, "lead-1", {"deadline": "first-response"}),
]
"""What somebody decides the moment that all is up again."""
SEVERE = timedelta(minutes=70)
"""How far a case in which somebody is paged every five minutes is moved at most."""


class Hands(Protocol):
    """What drives one case."""

    now: datetime

    def try_(self, command: type[Command], by: str, **values: Any) -> None:
        """A decision that may be refused; reasons in words are added."""

    def fact(self, fact: str, **data: Any) -> None:
        """A fact, taken or kept for a person."""

    def pass_(self, span: timedelta) -> None:
        """Time goes on."""

    def sleep(self, span: timedelta, then: tuple[type[Command], str, dict[str, Any]] | None) -> None:
        """Time goes on while nobody works; what is decided before the clock has looked may be refused."""

    def away(self, who: str, substitute: str | None) -> None:
        """Somebody is away from now on."""

    def back(self, who: str) -> None:
        """And is here again."""

    def check(self) -> None:
        """What must hold."""

    def paging(self) -> bool:
        """Whether somebody is paged every few minutes, or is as soon as nobody says that it can wait."""

    def closed(self) -> bool:
        """Whether the case has ended."""

    def end(self) -> None:
        """The life is over, whatever the case was about to do."""


class Lives(RuleBasedStateMachine):
    """One case and everything that may happen to it."""

    hands: Hands

    def teardown(self) -> None:
        """Its case pages nobody in the lives that follow."""
        if hasattr(self, "hands"):
            self.hands.end()

    def begin(self, **referral: Any) -> Hands:
        """A referral."""
        raise NotImplementedError

    @initialize(
        danger=st.booleans(),
        urgent=st.booleans(),
        named=st.booleans(),
        unit=st.sampled_from([None, "counselling"]),
    )
    def referred(self, danger: bool, urgent: bool, named: bool, unit: str | None) -> None:
        self.hands = self.begin(danger=danger, urgent=urgent, named=named, unit=unit)
        self.hands.check()

    def _try(self, command: type[Command], by: str, **values: Any) -> None:
        self.hands.try_(command, by, **values)
        self.hands.check()

    def _fact(self, name: str, **data: Any) -> None:
        self.hands.fact(name, **data)
        self.hands.check()

    @precondition(lambda self: not self.hands.closed())
    @rule(distress=SCORES, hostility=SCORES, owner=st.sampled_from([None, "counsellor-1", "counsellor-2"]))
    def judge_and_assign(self, distress: int | None, hostility: int | None, owner: str | None) -> None:
        self._try(commands.Triage, "triage-1", distress=distress, hostility=hostility)
        self._try(commands.Assign, "triage-1", unit="counselling", owner=owner)

    @precondition(lambda self: not self.hands.closed())
    @rule(distress=SCORES, hostility=SCORES, by=st.sampled_from(["triage-1", "counsellor-1"]))
    def rescore(self, distress: int | None, hostility: int | None, by: str) -> None:
        self._try(commands.Rescore, by, distress=distress, hostility=hostility)

    @precondition(lambda self: not self.hands.closed())
    @rule(
        unit=UNITS,
        owner=st.sampled_from([None, "counsellor-2", "nurse-1"]),
        by=st.sampled_from(["triage-1", "lead-1"]),
    )
    def assign(self, unit: str, owner: str | None, by: str) -> None:
        self._try(commands.Assign, by, unit=unit, owner=owner, ground="danger")

    @precondition(lambda self: not self.hands.closed())
    @rule(by=COUNSELLORS)
    def take(self, by: str) -> None:
        self._try(commands.Take, by)

    @precondition(lambda self: not self.hands.closed())
    @rule(
        by=COUNSELLORS,
        to=COUNSELLORS,
        unit=UNITS,
        then=st.sampled_from([None, commands.Accept, commands.Return]),
    )
    def hand_over(self, by: str, to: str, unit: str, then: type[Command] | None) -> None:
        self._try(commands.Offer, by, to=to, unit=unit, ground="danger")
        if then is not None:
            self._try(then, to)

    @precondition(lambda self: not self.hands.closed())
    @rule(by=COUNSELLORS, answer=st.sampled_from([commands.Accept, commands.Return]))
    def answer_an_offer(self, by: str, answer: type[Command]) -> None:
        self._try(answer, by)

    @precondition(lambda self: not self.hands.closed())
    @rule(by=COUNSELLORS, unit=UNITS, moves=st.booleans())
    def refer_on(self, by: str, unit: str, moves: bool) -> None:
        self._try(commands.ReferOn, by, unit=unit, moves=moves, ground="danger")

    @precondition(lambda self: not self.hands.closed())
    @rule(
        by=st.sampled_from(["counsellor-1", "counsellor-2", "duty-1"]),
        outcome=st.sampled_from(["reached", "missed"]),
    )
    def contact(self, by: str, outcome: str) -> None:
        self._try(commands.RecordContact, by, channel="phone", outcome=outcome)

    @precondition(lambda self: not self.hands.closed())
    @rule(by=COUNSELLORS, on=st.sampled_from(["student", "unit"]), days=st.sampled_from([1, 5, 20]))
    def wait(self, by: str, on: str, days: int) -> None:
        self._try(commands.Wait, by, on=on, until=self.hands.now + timedelta(days=days))

    @precondition(lambda self: not self.hands.closed())
    @rule(by=st.sampled_from(["counsellor-1", "counsellor-2", "lead-1"]))
    def resolve(self, by: str) -> None:
        self._try(commands.Resolve, by, code="helped")

    @precondition(lambda self: not self.hands.closed())
    @rule()
    def reopen(self) -> None:
        self._try(commands.Reopen, "counsellor-1")

    @precondition(lambda self: not self.hands.closed())
    @rule(by=STAFF)
    def danger(self, by: str) -> None:
        self._try(commands.SignalDanger, by)

    @precondition(lambda self: not self.hands.closed())
    @rule(by=st.sampled_from(["duty-1", "head-1"]), owner=st.sampled_from([None, "counsellor-1"]))
    def stand_down(self, by: str, owner: str | None) -> None:
        values = {"owner": owner, "unit": "counselling"} if owner else {}
        self._try(commands.StandDown, by, **values)

    @precondition(lambda self: not self.hands.closed())
    @rule(
        by=st.sampled_from(["duty-1", "duty-2", "lead-1", "head-1", "triage-1"]),
        deadline=st.sampled_from(["page", "first-response", "triage", "update", "can-wait"]),
        how=st.sampled_from([Acknowledge, Acknowledge, Escalate, DeEscalate]),
    )
    def answer(self, by: str, deadline: str, how: type[Command]) -> None:
        self._try(how, by, deadline=deadline)

    @precondition(lambda self: not self.hands.closed())
    @rule(by=STAFF, who=STAFF, how=st.sampled_from(["steps back", "is named", "has left"]))
    def conflict(self, by: str, who: str, how: str) -> None:
        if how == "steps back":
            self._try(commands.StepBack, by)
        elif how == "is named":
            self._try(commands.NameConcerned, by, staff_id=who)
        else:
            self._fact("person-left", staff_id=who)

    @precondition(lambda self: not self.hands.closed())
    @rule(
        direction=st.sampled_from(["in", "in", "out"]),
        sender=st.sampled_from(["student", "student", "other"]),
        automatic=st.booleans(),
        danger=st.booleans(),
    )
    def message(self, direction: str, sender: str, automatic: bool, danger: bool) -> None:
        self._fact(
            "message-arrived",
            thread="t1",
            direction=direction,
            sender=sender,
            automatic=automatic,
            danger=danger,
        )

    @precondition(lambda self: not self.hands.closed())
    @rule(fact=st.sampled_from(["message-bounced", "appointment-missed", "early-alert", "outside-emergency"]))
    def other_fact(self, fact: str) -> None:
        data = {
            "message-bounced": {"thread": "t1"},
            "early-alert": {"course": "algebra-1", "code": "absent"},
            "outside-emergency": {"call": "call-1"},
        }
        self._fact(fact, **data.get(fact, {}))

    @rule(who=STAFF, substitute=st.none() | STAFF)
    def away(self, who: str, substitute: str | None) -> None:
        self.hands.away(who, None if substitute == who else substitute)

    @rule(who=STAFF)
    def back(self, who: str) -> None:
        self.hands.back(who)

    @precondition(lambda self: not self.hands.closed())
    @rule(span=st.sampled_from(SPANS))
    def time(self, span: timedelta) -> None:
        self.hands.pass_(min(span, SEVERE) if self.hands.paging() else span)
        self.hands.check()

    @precondition(lambda self: not self.hands.closed())
    @rule(span=st.sampled_from(SPANS), then=st.none() | st.sampled_from(FIRST))
    def outage(self, span: timedelta, then: tuple[type[Command], str, dict[str, Any]] | None) -> None:
        self.hands.sleep(span, then)
        self.hands.check()
