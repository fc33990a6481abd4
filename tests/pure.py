"""A case without servers: the real rules of its process through the kernel's own steps.

A process's tests make a class of it that answers what its rules ask the database. It keeps the state as the
database does and moves its own clock; what must hold for every step of every case is checked after each.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, ClassVar, Generic, TypeVar
from zoneinfo import ZoneInfo

import pytest

from activities.kernel.message_templates import Message
from schemas.kernel.case import SYSTEM, Actor, CaseState, Command, EventEnvelope, FactOrigin, RefusedEvent
from schemas.kernel.identifiers import event_type
from schemas.kernel.policies import ProcessPolicy
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import NoticeRequested, Transition
from workers.policies import defaults_of, read_policy
from workflows.kernel import stepping
from workflows.kernel.draft import Draft
from workflows.kernel.frame import Frame, LookupNeeded
from workflows.kernel.process import Process
from workflows.kernel.state import next_undo

S = TypeVar("S", bound=CaseState)
TOKYO = ZoneInfo("Asia/Tokyo")
REASON = "6f1a2f0e-3d7e-4d0a-9d39-0c8b6a4f1f11"
CODE = re.compile(r'[A-Za-z0-9._:/>#+ |,"{}\[\]-]*')
"""What the details of a step may hold: codes and times, never words."""
_numbers = itertools.count(1)


def jst(*values: int) -> datetime:
    """A moment on the clock of Japan."""
    return datetime(*values, tzinfo=TOKYO)  # type: ignore[arg-type, misc]


def _json(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


@cache
def default_policy_of(room: str, route: str) -> Any:
    """The policy of a process that comes with the system."""
    return read_policy(defaults_of(room)).document.routes[route]


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What is done is refused with a code."""
    with pytest.raises(Refusal) as told:
        yield
    assert told.value.code == code


class PureCase(Generic[S]):
    """One case, driven by the rules alone.

    Args:
        case_id: its id.
        now: when it begins.
        policy: which it follows.
        facts: what is stored of its subject, as the rules ask for it.
    """

    process: ClassVar[Process[Any]]
    messages: ClassVar[Mapping[str, Message]]
    source: ClassVar[str]
    """Who tells its facts."""
    roles: ClassVar[Mapping[str, tuple[str, ...]]]
    """Of the people who decide, by name."""

    def __init__(self, case_id: str, now: datetime, policy: ProcessPolicy, facts: Mapping[str, Any]) -> None:
        self.case_id, self.now, self.policy = case_id, now, policy
        self.stored: dict[str, Any] = {}
        self.origin: FactOrigin | None = None
        self.log: list[Transition] = []
        common = {"policy_ref": policy.ref.model_dump(), "received_at": now.isoformat()}
        self.facts = common | facts
        self.take(partial(stepping.opened, self.process))
        self.act_on_time()

    # what a process says

    def look_up(self, name: str, terms: Mapping[str, Any]) -> Any:
        """What the database answers."""
        raise NotImplementedError

    def keep(self, record: Mapping[str, Any]) -> None:
        """What the database does with a record."""

    def check(self, before: Mapping[str, Any], step: Transition) -> None:
        """What holds for every step of every case of the process."""

    # taking steps

    @property
    def state(self) -> S:
        """The state as it is stored."""
        state: S = self.process.read(self.stored, lambda _ref: self.policy)
        return state

    def take(self, make: Callable[[Any, Frame], Draft[Any]]) -> Transition:
        """Run a rule, looking up what it asks for, until it asks for nothing more; keep its step."""
        found: dict[str, Any] = {}
        while True:
            # a rule changes the state that it gets: each try has its own
            state = self.state if self.stored else self.process.new(self.case_id)
            frame = Frame(now=self.now, found=found, policies=lambda _ref: self.policy, origin=self.origin)
            try:
                step = make(state, frame).transition()
                break
            except LookupNeeded as question:
                json.dumps(question.terms)
                found[question.key] = self._found(question.name, question.terms)
        before, self.stored = self.stored, json.loads(json.dumps(step.state))
        self.log.append(step)
        for record in step.records:
            self.keep(record)
        self._check(before, step)
        self.check(before, step)
        return step

    def _found(self, name: str, terms: Mapping[str, Any]) -> Any:
        if name == "correction":
            address = self.process.corrections[terms["record"]].address
            return {"fields": [address], "letters": 1}
        return self._step_taken(**terms) if name == "step-taken" else self.look_up(name, terms)

    def _step_taken(self, case_id: str, version: int) -> dict[str, Any] | None:
        """What `iehe.step_taken` says of a step of the log; its letters to others than staff have left."""
        assert case_id == self.case_id
        if not 0 < version <= len(self.log):
            return None
        this, later = self.log[version - 1], self.log[version:]
        own = list(itertools.takewhile(lambda each: each.actor == SYSTEM and each.cause is None, later))
        told = [notice.to.partition(":")[0] for each in (this, *own) for notice in each.notices]
        return {
            "version": version,
            "step": this.step,
            "from_stage": this.from_stage,
            "stage": [this, *own][-1].stage,
            "by": this.actor.id,
            "details": this.details,
            "later": [each.step for each in later[len(own) :]],
            "letters": sum(kind not in ("staff", "role", "staff-of") for kind in told),
            "facts": sum(len(each.facts) for each in (this, *own)),
            "places": sum(len(each.places) for each in (this, *own)),
        }

    def _check(self, before: Mapping[str, Any], step: Transition) -> None:
        after = self.state
        assert step.version == before.get("version", 0) + 1 == after.version
        assert after.closed or after.tasks or after.deadlines, "an open case for which nothing is due"
        assert CODE.fullmatch(json.dumps(step.details)), "not a code or a time"
        for notice in step.notices:
            message = self.messages[notice.message]
            assert message.facts - {"case"} <= notice.facts.keys(), notice
            kind = notice.to.partition(":")[0]
            assert ("staff" if kind in ("staff", "role", "staff-of") else kind) == message.to, notice
            assert "," not in notice.to, "one message, one reader"

    def decide(self, command: type[Command], by: str, **values: Any) -> Transition:
        """A person's decision, after what was due before it and before what follows from it."""
        actor = Actor(id=by, roles=self.roles[by])
        message = command(command_id=f"c{next(_numbers)}", actor=actor, **values)
        if message.happened_at is None:
            self.let_time_pass()
        taken = self.take(partial(stepping.decided, self.process, message))
        self.act_on_time()
        return taken

    def event(self, fact: str, *, at: datetime | None = None, **data: Any) -> Transition:
        """A fact of another system; raises the refusal that the kernel records."""
        return self._told(event_type(self.process.name, fact), at, data)

    def linked(self, kind: str, *, fact_id: str | None = None, **data: Any) -> Transition:
        """A fact of another process, as its link brings it."""
        origin = FactOrigin(fact_id=fact_id or f"f{next(_numbers)}")
        return self._told(kind, None, data, origin)

    def _told(
        self, kind: str, at: datetime | None, data: Mapping[str, Any], link: FactOrigin | None = None
    ) -> Transition:
        event = EventEnvelope(
            id=str(next(_numbers)),
            source=self.source,
            type=kind,
            occurred_at=at,
            received_at=self.now,
            data=json.loads(json.dumps(data, default=_json)),
            link=link,
        )
        self.origin = link
        taken = self.take(partial(stepping.told, self.process, event))
        self.origin = None
        self.act_on_time()
        return taken

    def event_or_task(self, fact: str, **data: Any) -> Transition:
        """The same, with the refusal recorded as the kernel does."""
        try:
            return self.event(fact, **data)
        except Refusal as refusal:
            known = RefusedEvent(event_id=f"{self.source}#1", code=refusal.code)
            cause = f"{self.source}#{next(_numbers)}"
            return self.take(partial(stepping.fact_refused, self.process, known, cause))

    def wait_until(self, moment: datetime) -> list[Transition]:
        """Time goes on; the clock acts at each moment at which something is due."""
        taken: list[Transition] = []
        while (alarm := self._next_alarm()) is not None and alarm <= moment:
            self.now = max(self.now, alarm)
            taken += self.act_on_time()
        self.now = max(self.now, moment)
        return taken

    def _next_alarm(self) -> datetime | None:
        alarm, undo = stepping.next_alarm(self.state), next_undo(self.state)
        moments = [alarm[0]] if alarm is not None else []
        return min([*moments, *([undo[0] or self.now] if undo is not None else [])], default=None)

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
        while (wanted := stepping.follow_up(self.process, self.state)) is not None:
            taken.append(self.take(partial(stepping.followed_up, self.process, wanted)))
        return taken + self.let_time_pass() + self.give_back()

    def give_back(self) -> list[Transition]:
        """What is to be undone by now, each in a step of its own."""
        taken: list[Transition] = []
        while (owed := stepping.to_undo(self.state, self.now)) is not None:
            try:
                taken.append(self.take(partial(stepping.undone, self.process, owed.key)))
            except Refusal as refusal:
                taken.append(self.take(partial(stepping.undo_failed, self.process, owed.key, refusal.code)))
        return taken

    def let_time_pass(self) -> list[Transition]:
        """What the clock has to do by now; a step of it that does not fit is an error of the rules."""
        taken: list[Transition] = []
        while (name := stepping.due(self.state, self.now)) is not None:
            taken.append(self.take(partial(stepping.time_passed, self.process, name)))
            assert len(taken) < 1000, "the clock has always something more to do at the same moment"
        return taken

    # what tests ask

    @property
    def last(self) -> Transition:
        """The step just taken."""
        return self.log[-1]

    def steps(self) -> list[str]:
        """The steps taken so far."""
        return [each.step for each in self.log]

    def sent(self, message: str | None = None) -> list[NoticeRequested]:
        """Everything queued so far."""
        return [notice for each in self.log for notice in each.notices if message in (None, notice.message)]

    def notices(self, message: str | None = None) -> list[tuple[str, str]]:
        """(message, to) of everything queued so far, once for all channels."""
        return [(each.message, each.to) for each in self.sent(message) if each.channel == "mail"]

    def records(self, kind: str) -> list[dict[str, Any]]:
        """The rows of a kind written so far."""
        return [row for each in self.log for row in each.records if row["kind"] == kind]

    def due(self, name: str) -> datetime:
        """When a deadline is due."""
        return self.state.deadlines[name].due_at

    def tasks(self) -> set[str]:
        """Kinds of open tasks."""
        return {task.kind for task in self.state.tasks.values()}
