"""A school's request without servers: the real rules through the kernel's own steps.

`Pure` keeps the state as the database does, answers the rules' questions from `People`, and moves its own
clock. What must hold for every step of every case is checked after each of them.
"""

import itertools
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from activities.outreach.messages import MESSAGES
from schemas.kernel.case import Actor, Command, EventEnvelope, RefusedEvent
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import Transition
from schemas.outreach import commands
from schemas.outreach.policy import OutreachPolicy
from schemas.outreach.roles import Role
from schemas.outreach.stages import Stage
from schemas.outreach.state import OutreachState
from workflows.kernel import stepping
from workflows.kernel.draft import BY_HAND, Draft, Frame, LookupNeeded
from workflows.outreach.process import OUTREACH

TOKYO = ZoneInfo("Asia/Tokyo")
ROLES = {
    "office-1": Role.OFFICE,
    "head-1": Role.HEAD,
    **{f"lecturer-{number}": Role.LECTURER for number in range(1, 6)},
}
REASON = "6f1a2f0e-3d7e-4d0a-9d39-0c8b6a4f1f11"
_numbers = itertools.count(1)


def jst(*values: int) -> datetime:
    """A moment on the clock of Japan."""
    return datetime(*values, tzinfo=TOKYO)  # type: ignore[arg-type, misc]


NOW = jst(2026, 6, 1, 10)
FIRST, SECOND, THIRD = DATES = (jst(2026, 9, 10, 13), jst(2026, 9, 17, 13), jst(2026, 10, 6, 13))


@cache
def default_policy() -> OutreachPolicy:
    """The policy that comes with the system."""
    text = files("activities").joinpath("outreach/defaults.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    body = document["default"] | document["routes"]["school"]
    return OutreachPolicy.model_validate(body | {"version": document["version"], "route": "school"})


@dataclass
class People:
    """Lecturers and their time, as the database knows it; `booked` is (lecturer, from, until, case)."""

    active: set[str] = field(default_factory=lambda: {name for name in ROLES if name.startswith("lecturer")})
    registered: tuple[str, ...] = ("lecturer-1", "lecturer-2")
    booked: list[tuple[str, datetime, datetime, str]] = field(default_factory=list)

    def busy(self, lecturer: str, begin: datetime, until: datetime, case_id: str) -> bool:
        return any(
            who == lecturer and start < until and begin < end and case != case_id
            for who, start, end, case in self.booked
        )

    def load(self, lecturer: str, begin: datetime, until: datetime, case_id: str) -> int:
        return sum(
            who == lecturer and begin <= start < until and case != case_id
            for who, start, _end, case in self.booked
        )

    def lecturers(self, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
        spans = [[datetime.fromisoformat(at) for at in span] for span in terms["spans"]]
        found = []
        for lecturer in terms["named"] or self.registered:
            there = lecturer in self.active
            idle = [
                place
                for place, span in enumerate(spans)
                if there and not self.busy(lecturer, span[0], span[1], terms["case_id"])
            ]
            free = [
                place
                for place in idle
                if self.load(lecturer, *spans[place][2:], terms["case_id"]) < terms["cap"]
            ]
            full = bool(idle) and not free
            found.append({"lecturer": lecturer, "active": there, "full": full, "free": free})
        return found


class Pure:
    """One request, driven by the rules alone."""

    def __init__(self, *, now: datetime = NOW, people: People | None = None, **facts: Any) -> None:
        self.now = now
        self.people = people or People()
        self.policy = default_policy()
        self.case_id = "outreach/S26-0001"
        self.stored: dict[str, Any] = {}
        self.log: list[Transition] = []
        self.facts = {
            "policy_ref": self.policy.ref.model_dump(),
            "received_at": now.isoformat(),
            "kind": "lecture",
            "topic": "sea-level",
            "field": "geography",
            "title": {"ja": "海面上昇", "en": "The rising sea"},
            "grade": "2",
            "persons": 40,
            "minutes": 50,
            "dates": [at.isoformat() for at in DATES],
        } | facts
        self._take(partial(stepping.opened, OUTREACH))

    @property
    def state(self) -> OutreachState:
        """The state as it is stored."""
        return OUTREACH.read(self.stored, lambda _ref: self.policy)

    def _look_up(self, name: str, terms: Mapping[str, Any]) -> Any:
        answers: dict[str, Callable[[], Any]] = {
            "request": lambda: self.facts,
            "lecturers": lambda: self.people.lecturers(terms),
            "topic": lambda: {"topic": terms["topic"], "field": "law", "title": {"ja": "法", "en": "Law"}},
        }
        return answers[name]()

    def _take(self, make: Callable[[Any, Frame], Draft[OutreachState]]) -> Transition:
        found: dict[str, Any] = {}
        while True:
            state = self.state if self.stored else OUTREACH.new(self.case_id)
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
            self._keep(record)
        check_step(before, transition, self.state)
        return transition

    def _keep(self, record: Mapping[str, Any]) -> None:
        """What the functions of the database do with bookings."""
        if record["kind"] in ("released", "booked"):
            self.people.booked = [each for each in self.people.booked if each[3] != self.case_id]
        if record["kind"] == "booked":
            begin, until = (datetime.fromisoformat(record[name]) for name in ("starts_at", "ends_at"))
            lecturer = record["lecturer"]
            assert not self.people.busy(lecturer, begin, until, self.case_id), "booked twice at a time"
            self.people.booked.append((lecturer, begin, until, self.case_id))

    # taking steps

    def decide(self, command: type[Command], by: str, **values: Any) -> Transition:
        """A person's decision."""
        actor = Actor(id=by, roles=(ROLES[by],))
        message = command(command_id=f"c{next(_numbers)}", actor=actor, **values)
        return self._take(partial(stepping.decided, OUTREACH, message))

    def event(self, fact: str, *, at: datetime | None = None, **data: Any) -> Transition:
        """A fact of another system; raises the refusal that the kernel records."""
        number = next(_numbers)
        event = EventEnvelope(
            id=str(number),
            source="portal",
            type=event_type(OUTREACH.name, fact),
            occurred_at=at,
            received_at=self.now,
            data=json.loads(json.dumps(data, default=datetime.isoformat)),
        )
        return self._take(partial(stepping.told, OUTREACH, event))

    def event_or_task(self, fact: str, **data: Any) -> Transition:
        """The same, with the refusal recorded as the kernel does."""
        try:
            return self.event(fact, **data)
        except Refusal as refusal:
            refused = RefusedEvent(event_id="portal#1", code=refusal.code)
            return self._take(partial(stepping.fact_refused, OUTREACH, refused, f"portal#{next(_numbers)}"))

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
        """What the kernel does when its timer fires; a step that does not fit is an error of these rules."""
        taken: list[Transition] = []
        while (name := stepping.due(self.state, self.now)) is not None:
            taken.append(self._take(partial(stepping.time_passed, OUTREACH, name)))
            assert len(taken) < 1000, "the clock has always something more to do at the same moment"
        return taken

    # the usual way through

    def to_checked(self) -> "Pure":
        self.decide(commands.CheckRequest, "office-1")
        return self

    def to_offering(self, *named: str) -> "Pure":
        self.to_checked()
        self.decide(commands.NameLecturers, "office-1", lecturers=named or ("lecturer-1", "lecturer-2"))
        return self

    def to_offered(self) -> "Pure":
        self.to_offering()
        self.decide(commands.AnswerLecture, "lecturer-1", answer="yes", date=FIRST)
        return self

    def to_confirmed(self) -> "Pure":
        self.to_offered()
        self.event("school-confirmed", date=FIRST)
        return self

    def to_prepared(self) -> "Pure":
        self.to_confirmed()
        self.decide(commands.RecordPrepared, "office-1")
        return self

    def to_held(self) -> "Pure":
        self.to_prepared()
        self.wait_until(FIRST + timedelta(hours=1))
        self.decide(commands.RecordHeld, "office-1", held=True, persons=38)
        return self

    def to_reported(self) -> "Pure":
        self.to_held()
        self.decide(commands.SubmitReport, "lecturer-1", remark_id=REASON)
        return self

    # what the tests ask

    @property
    def last(self) -> Transition:
        """The step just taken."""
        return self.log[-1]

    def notices(self, message: str | None = None) -> list[tuple[str, str]]:
        """(message, to) of everything queued so far."""
        return [
            (notice.message, notice.to)
            for transition in self.log
            for notice in transition.notices
            if message in (None, notice.message)
        ]

    def records(self, kind: str) -> list[dict[str, Any]]:
        """The rows of a kind written so far."""
        return [row for transition in self.log for row in transition.records if row["kind"] == kind]

    def process_possible(self) -> list[str]:
        """The steps that people can take now."""
        return OUTREACH.lifecycle.possible(self.stored["stage"])

    def due(self, name: str) -> datetime:
        """When a deadline is due."""
        return self.state.deadlines[name].due_at


def in_stage(stage: str) -> Pure:
    """A request brought to a stage that is not final."""
    case = Pure()
    ways: dict[str, Callable[[], Any]] = {
        Stage.REQUESTED: lambda: None,
        Stage.CHECKED: case.to_checked,
        Stage.OFFERING: case.to_offering,
        Stage.OFFERED: case.to_offered,
        Stage.CONFIRMED: case.to_confirmed,
        Stage.PREPARED: case.to_prepared,
        Stage.HELD: case.to_held,
        Stage.REPORTED: case.to_reported,
        Stage.WAITING_DATE: lambda: case.to_confirmed().event(
            "closure-announced", where="school", **{"from": "2026-09-10", "to": "2026-09-11"}
        ),
        Stage.DECLINED: lambda: case.decide(commands.DeclineRequest, "office-1", reason="topic"),
        Stage.CANCELLED: lambda: case.to_confirmed().event("school-cancelled"),
    }
    ways[stage]()
    assert case.state.stage == stage
    return case


def check_step(before: Mapping[str, Any], step: Transition, after: OutreachState) -> None:
    """What holds for every step of every request."""
    assert step.version == before.get("version", 0) + 1 == after.version
    held = {deadline.kind for deadline in after.deadlines.values()}
    assert ("lecture" in held) <= (after.date is not None), "reminders of a lecture without a date"
    dated = after.stage in (Stage.OFFERED, Stage.CONFIRMED, Stage.PREPARED)
    assert dated <= (after.date is not None and after.lecturer is not None)
    asked = {name for name, answer in after.asked.items() if answer == "asked"}
    tasks = {task.assignee for task in after.tasks.values() if task.kind == "answer-lecture"}
    running = {name.partition(":")[2] for name in after.deadlines if name.startswith("answer:")}
    assert asked == tasks == running, "a question without its task and deadline, or these without it"
    assert len(asked) <= 1, "two lecturers asked at once"
    if after.closed:
        assert not after.deadlines
        assert {task.kind for task in after.tasks.values()} <= BY_HAND
    else:
        assert after.tasks or after.deadlines
    assert re.fullmatch(r'[A-Za-z0-9._:/>#+ |,"{}\[\]-]*', json.dumps(step.details)), "not a code or a time"
    for notice in step.notices:
        message = MESSAGES[notice.message]
        assert message.facts - {"case"} <= notice.facts.keys(), notice
        kind = notice.to.partition(":")[0]
        assert ("staff" if kind in ("staff", "role") else kind) == message.to, notice
        assert "," not in notice.to, "one message, one reader"
