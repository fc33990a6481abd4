"""A support case without servers: the real rules through the kernel's own steps.

`Pure` keeps the state as the database does, answers the rules' questions from `House`, and moves its own
clock. What must hold for every step of every case is checked after each of them.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from activities.support.messages import MESSAGES
from schemas.kernel.case import Actor, Command, EventEnvelope, RefusedEvent
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import NoticeRequested, Transition, Undelivered
from schemas.support import commands
from schemas.support.policy import SupportPolicy
from schemas.support.roles import Role
from schemas.support.stages import CRISIS
from schemas.support.state import SupportState
from workers.policies import defaults_of, read_policy
from workflows.kernel import stepping
from workflows.kernel.draft import BY_HAND, Draft, Frame, LookupNeeded
from workflows.support import crisis
from workflows.support.process import SUPPORT

TOKYO = ZoneInfo("Asia/Tokyo")
ROLES = {
    "triage-1": (Role.TRIAGE,),
    "counsellor-1": (Role.COUNSELLOR,),
    "counsellor-2": (Role.COUNSELLOR,),
    "nurse-1": (Role.COUNSELLOR,),
    "lead-1": (Role.LEAD,),
    "head-1": (Role.HEAD,),
    "vice-1": (Role.VICE_PRESIDENT,),
    "duty-1": (Role.DUTY,),
    "duty-2": (Role.DUTY,),
    "access-1": (Role.DISCLOSURE,),
    "officer-1": (Role.HARASSMENT,),
    "officer-2": (Role.HARASSMENT,),
}
REASON = "6f1a2f0e-3d7e-4d0a-9d39-0c8b6a4f1f11"
_numbers = itertools.count(1)


def jst(*values: int) -> datetime:
    """A moment on the clock of Japan."""
    return datetime(*values, tzinfo=TOKYO)  # type: ignore[arg-type, misc]


NOW = jst(2026, 11, 16, 11)
"""A Monday, in office hours."""


@cache
def default_policy() -> SupportPolicy:
    """The policy that comes with the system."""
    return read_policy(defaults_of("support")).document.routes["student"]


@dataclass
class House:
    """Who works where and is there, as the database knows it."""

    by_key: dict[str, list[str]] = field(default_factory=dict)
    units: dict[str, set[str]] = field(
        default_factory=lambda: {
            "counselling": {"counsellor-1", "counsellor-2"},
            "health": {"nurse-1"},
            "harassment": {"officer-1", "officer-2"},
        }
    )
    leads: tuple[str, ...] = ("lead-1",)
    duty: dict[str, list[str]] = field(default_factory=lambda: {"first": ["duty-1"], "second": ["duty-2"]})
    away: dict[str, str | None] = field(default_factory=dict)
    shut_out: set[str] = field(default_factory=set)
    closures: list[dict[str, Any]] = field(default_factory=list)
    is_person: bool | None = True
    """Whether who asks at the portal is the person."""
    unreached: set[str] = field(default_factory=set)
    """Notices that were the last way to their reader."""
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Other cases that whoever asks may open, as `link` finds them."""

    def stand_in(self, who: str) -> str | None:
        seen = {who}
        while who in self.away or who in self.shut_out:
            following = self.away.get(who)
            if following is None or following in seen:
                return None
            seen.add(following)
            who = following
        return who

    def holders(self, role: str) -> list[str]:
        return [name for name, roles in ROLES.items() if role in roles]

    def staff_of(self, audience: str) -> list[str]:
        named: list[str]
        if audience.startswith("staff-of:duty:"):
            named = self.duty[audience.rpartition(":")[2]]
        elif audience == "staff-of:lead":
            named = list(self.leads)
        else:
            first, _, role = audience.partition("|")
            named = [first.partition(":")[2]] if first.startswith("staff:") else self.holders(first[5:])
            if first.startswith("staff:") and self.stand_in(named[0]) is None:
                named = self.holders(role.partition(":")[2])
        found = [self.stand_in(who) for who in named]
        return sorted({who for who in found if who is not None})


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What is done is refused with a code."""
    with pytest.raises(Refusal) as told:
        yield
    assert told.value.code == code


class Pure:
    """One case, driven by the rules alone."""

    def __init__(self, *, now: datetime = NOW, house: House | None = None, **facts: Any) -> None:
        self.now = now
        self.house = house or House()
        self.policy = default_policy()
        self.case_id = f"support/ABCDEFGHIJKLMNOPQRST{next(_numbers):04}"
        self.adult_on = ""
        """From when the student is an adult, as a time; empty: always."""
        self.stored: dict[str, Any] = {}
        self.log: list[Transition] = []
        self.facts = {
            "policy_ref": self.policy.ref.model_dump(),
            "received_at": now.isoformat(),
            "way": "desk",
            "language": "ja",
            "anonymous": False,
            "referrer": True,
            "danger": False,
            "urgent": False,
            "unit": None,
        } | facts
        self._take(partial(stepping.opened, SUPPORT))
        self.act_on_time()

    @property
    def state(self) -> SupportState:
        """The state as it is stored."""
        return SUPPORT.read(self.stored, lambda _ref: self.policy)

    @property
    def crisis(self) -> str | None:
        """Where the crisis stands."""
        return self.state.tracks.get(CRISIS)

    def _look_up(self, name: str, terms: Mapping[str, Any]) -> Any:
        answers: dict[str, Callable[[], Any]] = {
            "referral": lambda: self.facts,
            "member": lambda: {
                "of_unit": terms["staff_id"] in self.house.units.get(terms["unit"], set()),
                "concerned": terms["staff_id"] in self.house.shut_out,
            },
            "is-person": lambda: self.house.is_person,
            "disclosable": lambda: "0" * 8 not in terms["texts"][0],
            "unreached": lambda: [each for each in terms["notices"] if each in self.house.unreached],
            "closures": lambda: self.house.closures,
            "investigator": lambda: {
                "of_desk": terms["staff_id"] in self.house.units["harassment"],
                "concerned": terms["staff_id"] in self.house.shut_out,
                "counselled": terms["staff_id"]
                in {row["owner"] for row in self.records("owned")}
                | {
                    each.actor.id for each in self.log if "contacted" in {row["kind"] for row in each.records}
                },
            },
            "link": lambda: self.house.cases.get(terms["other"]),
            "under-age": lambda: terms["at"] < self.adult_on,
            "interpreter": lambda: (
                terms["staff_id"] in ROLES and terms["staff_id"] not in self.house.shut_out
            ),
            "staff-by-key": lambda: self.house.by_key.get(terms["person"], []),
            "shut-out": lambda: sorted(self.house.shut_out),
            "staff-of": lambda: self.house.staff_of(terms["audience"]),
        }
        return answers[name]()

    def _take(self, make: Callable[[Any, Frame], Draft[SupportState]]) -> Transition:
        found: dict[str, Any] = {}
        while True:
            state = self.state if self.stored else SUPPORT.new(self.case_id)
            frame = Frame(now=self.now, found=found, policies=lambda _ref: self.policy)
            try:
                transition = make(state, frame).transition()
            except LookupNeeded as question:
                json.dumps(question.terms)
                found[question.key] = self._look_up(question.name, question.terms)
            else:
                break
        before, self.stored = self.stored, json.loads(json.dumps(transition.state))
        self.log.append(transition)
        for record in transition.records:
            if record["kind"] == "concerned":
                self.house.shut_out.add(record["staff_id"])
            if record["kind"] == "concerned-no-more":
                self.house.shut_out.discard(record["staff_id"])
        check_step(before, transition, self.state, self.house)
        return transition

    # taking steps

    def decide(self, command: type[Command], by: str, **values: Any) -> Transition:
        """A person's decision, and what is due at that very moment."""
        actor = Actor(id=by, roles=ROLES[by])
        message = command(command_id=f"c{next(_numbers)}", actor=actor, **values)
        if message.happened_at is None:
            self.let_time_pass()
        taken = self._take(partial(stepping.decided, SUPPORT, message))
        self.act_on_time()
        return taken

    def event(self, fact: str, *, at: datetime | None = None, **data: Any) -> Transition:
        """A fact of another system; raises the refusal that the kernel records."""
        event = EventEnvelope(
            id=str(next(_numbers)),
            source="helpdesk",
            type=event_type(SUPPORT.name, fact),
            occurred_at=at,
            received_at=self.now,
            data=data,
        )
        taken = self._take(partial(stepping.told, SUPPORT, event))
        self.act_on_time()
        return taken

    def closed(self, *closures: Mapping[str, Any]) -> None:
        """The office has noted these closures, and the case is told."""
        self.house.closures = [{"why": "closure", **each} for each in closures]
        self.event("calendar-changed")

    def not_reached(self, who: str, *, last: bool = True) -> Transition:
        """A page to somebody has failed for good on a channel, which may be the last one."""
        notice = f"n{next(_numbers)}"
        self.house.unreached |= {notice} if last else set()
        failed = {notice: Undelivered(reason="gave-up", message="page", to=f"staff:{who}")}
        taken = self._take(partial(stepping.notices_failed, SUPPORT, f"notices/{notice}", failed))
        self.act_on_time()
        return taken

    def event_or_task(self, fact: str, **data: Any) -> Transition:
        """The same, with the refusal recorded as the kernel does."""
        try:
            return self.event(fact, **data)
        except Refusal as refusal:
            refused = RefusedEvent(event_id="helpdesk#1", code=refusal.code)
            return self._take(partial(stepping.fact_refused, SUPPORT, refused, f"helpdesk#{next(_numbers)}"))

    def told_by(self, other: "Pure") -> list[Transition]:
        """What another case has told this one with its last step, as the relay brings it."""
        self.wait_until(other.now)
        told = [each.envelope for each in other.last.events if each.case_id == self.case_id]
        taken = [self._take(partial(stepping.told, SUPPORT, envelope)) for envelope in told]
        self.act_on_time()
        return taken

    def wait_until(self, moment: datetime) -> list[Transition]:
        """Time goes on; the clock acts at each moment at which something is due."""
        taken: list[Transition] = []
        while (alarm := stepping.next_alarm(self.state)) is not None and alarm[0] <= moment:
            self.now = max(self.now, alarm[0])
            taken += self.act_on_time()
        self.now = max(self.now, moment)
        return taken

    def wait(self, **span: float) -> list[Transition]:
        """The same for a span."""
        return self.wait_until(self.now + timedelta(**span))

    def down_until(self, moment: datetime) -> list[Transition]:
        """Nothing runs until then; afterwards the clock does what is due."""
        self.now = max(self.now, moment)
        return self.act_on_time()

    def act_on_time(self) -> list[Transition]:
        """What the kernel does after a message and when its timer fires."""
        taken: list[Transition] = []
        while (wanted := stepping.follow_up(SUPPORT, self.state)) is not None:
            taken.append(self._take(partial(stepping.followed_up, SUPPORT, wanted)))
        return taken + self.let_time_pass()

    def let_time_pass(self) -> list[Transition]:
        """What the clock has to do by now."""
        taken: list[Transition] = []
        while (name := stepping.due(self.state, self.now)) is not None:
            try:
                taken.append(self._take(partial(stepping.time_passed, SUPPORT, name)))
            except Refusal as refusal:
                taken.append(self._take(partial(stepping.deadline_refused, SUPPORT, name, refusal.code)))
            assert len(taken) < 1000, "the clock has always something more to do at the same moment"
        return taken

    # the usual way through

    def triaged(self, distress: int | None = 2, hostility: int | None = 0) -> "Pure":
        """Judged by the rubric."""
        self.decide(
            commands.Triage,
            "triage-1",
            distress=distress,
            hostility=hostility,
            distress_reason_id=REASON,
            hostility_reason_id=REASON,
        )
        return self

    def consent(self, unit: str) -> None:
        """The student allows a unit to see the case."""
        said = {
            "content": "personal",
            "purpose": "treatment",
            "form": "2026-1",
            "until": jst(2028, 3, 31).isoformat(),
        }
        self.event("consent-given", unit=unit, **said)

    def assigned(self, owner: str = "counsellor-1", **scores: int | None) -> "Pure":
        """With an owner in counselling."""
        self.triaged(**scores)
        self.decide(commands.Assign, "triage-1", unit="counselling", owner=owner)
        return self

    def in_contact(self, **scores: int | None) -> "Pure":
        """The owner has spoken to the student."""
        self.assigned(**scores)
        self.reached()
        return self

    def reached(self, by: str = "counsellor-1", **values: Any) -> Transition:
        """Contact is recorded."""
        return self.decide(commands.RecordContact, by, channel="phone", outcome="reached", **values)

    def missed(self, by: str = "counsellor-1") -> Transition:
        """An attempt that failed is recorded."""
        return self.decide(commands.RecordContact, by, channel="phone", outcome="missed")

    def waiting(self, on: str = "student", days: int = 5) -> "Pure":
        """Waiting for somebody."""
        self.in_contact()
        self.decide(commands.Wait, "counsellor-1", on=on, until=self.now + timedelta(days=days))
        return self

    def resolved(self) -> "Pure":
        """Nothing more is to be done."""
        self.in_contact()
        self.decide(commands.Resolve, "counsellor-1", code="helped")
        return self

    # what the tests ask

    @property
    def last(self) -> Transition:
        """The step just taken."""
        return self.log[-1]

    def notices(self, message: str | None = None) -> list[tuple[str, str]]:
        """(message, to) of everything queued so far, once for all channels."""
        return [(each.message, each.to) for each in self.sent(message) if each.channel == "mail"]

    def sent(self, message: str | None = None) -> list[NoticeRequested]:
        """Everything queued so far."""
        return [
            notice
            for transition in self.log
            for notice in transition.notices
            if message in (None, notice.message)
        ]

    def records(self, kind: str) -> list[dict[str, Any]]:
        """The rows of a kind written so far."""
        return [row for transition in self.log for row in transition.records if row["kind"] == kind]

    def steps(self) -> list[str]:
        """The steps taken so far."""
        return [transition.step for transition in self.log]

    def due(self, name: str) -> datetime:
        """When a deadline is due."""
        return self.state.deadlines[name].due_at

    def tasks(self) -> set[str]:
        """Kinds of open tasks."""
        return {task.kind for task in self.state.tasks.values()}


def check_step(before: Mapping[str, Any], step: Transition, after: SupportState, house: House) -> None:
    """What holds for every step of every case."""
    assert step.version == before.get("version", 0) + 1 == after.version
    owned = [row for row in step.records if row["kind"] == "owned"]
    changed = (before.get("owner"), before.get("unit")) != (after.owner, after.unit)
    if changed and before:
        assert owned, "another owner or queue without a record"
    if owned:
        assert (owned[-1]["owner"], owned[-1]["unit"]) in {(after.owner, after.unit), (None, None)}
    if after.closed:
        assert {each.kind for each in after.deadlines.values()} <= SUPPORT.outlasting
        assert {task.kind for task in after.tasks.values()} <= BY_HAND | SUPPORT.outlasting
    else:
        assert after.tasks or after.deadlines, "an open case for which nothing is due"
        assert stepping.next_alarm(after) or after.tasks
    if crisis.is_open(after):
        out = after.deadlines.get("page")
        assert out is not None or crisis.ATTEND in {task.kind for task in after.tasks.values()}
    assert re.fullmatch(r'[A-Za-z0-9._:/>#+ |,"{}\[\]-]*', json.dumps(step.details)), "not a code or a time"
    for notice in step.notices:
        message = MESSAGES[notice.message]
        assert message.facts <= notice.facts.keys(), notice
        kind = notice.to.partition(":")[0]
        assert ("staff" if kind in ("staff", "role", "staff-of") else kind) == message.to, notice
        assert notice.to.partition("|")[0] not in {
            f"staff:{who}" for who in house.shut_out if "|" not in notice.to
        }
