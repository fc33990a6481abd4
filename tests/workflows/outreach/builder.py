"""A school's request without servers: the real rules through the kernel's own steps.

`Pure` keeps the state as the database does, answers the rules' questions from `People`, and moves its own
clock. What must hold for every step of every case is checked after each of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from activities.outreach.messages import MESSAGES
from schemas.kernel.transition import Transition
from schemas.outreach import commands
from schemas.outreach.policy import OutreachPolicy
from schemas.outreach.roles import Role
from schemas.outreach.stages import Stage
from schemas.outreach.state import OutreachState
from tests.pure import REASON, TOKYO, PureCase, default_policy_of, jst
from workflows.kernel.draft import BY_HAND
from workflows.outreach.process import OUTREACH

__all__ = [
    "DATES",
    "FIRST",
    "NOW",
    "REASON",
    "ROLES",
    "SECOND",
    "THIRD",
    "TOKYO",
    "People",
    "Pure",
    "default_policy",
    "in_stage",
    "jst",
]

ROLES = {
    "office-1": Role.OFFICE,
    "head-1": Role.HEAD,
    **{f"lecturer-{number}": Role.LECTURER for number in range(1, 6)},
}
NOW = jst(2026, 6, 1, 10)
FIRST, SECOND, THIRD = DATES = (jst(2026, 9, 10, 13), jst(2026, 9, 17, 13), jst(2026, 10, 6, 13))


def default_policy() -> OutreachPolicy:
    """The policy that comes with the system."""
    policy: OutreachPolicy = default_policy_of("outreach", "school")
    return policy


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


class Pure(PureCase[OutreachState]):
    """One request, driven by the rules alone."""

    process, messages, source = OUTREACH, MESSAGES, "portal"
    roles = {name: (role,) for name, role in ROLES.items()}  # noqa: RUF012 - as the base declares it

    def __init__(self, *, now: datetime = NOW, people: People | None = None, **facts: Any) -> None:
        self.people = people or People()
        usual = {
            "kind": "lecture",
            "topic": "sea-level",
            "field": "geography",
            "title": {"ja": "海面上昇", "en": "The rising sea"},
            "grade": "2",
            "persons": 40,
            "minutes": 50,
            "dates": [at.isoformat() for at in DATES],
        }
        super().__init__("outreach/S26-0001", now, default_policy(), usual | facts)

    def look_up(self, name: str, terms: Mapping[str, Any]) -> Any:
        answers: dict[str, Callable[[], Any]] = {
            "request": lambda: self.facts,
            "lecturers": lambda: self.people.lecturers(terms),
            "topic": lambda: {"topic": terms["topic"], "field": "law", "title": {"ja": "法", "en": "Law"}},
        }
        return answers[name]()

    def keep(self, record: Mapping[str, Any]) -> None:
        """What the functions of the database do with bookings."""
        if record["kind"] in ("released", "booked"):
            self.people.booked = [each for each in self.people.booked if each[3] != self.case_id]
        if record["kind"] == "booked":
            begin, until = (datetime.fromisoformat(record[name]) for name in ("starts_at", "ends_at"))
            lecturer = record["lecturer"]
            assert not self.people.busy(lecturer, begin, until, self.case_id), "booked twice at a time"
            self.people.booked.append((lecturer, begin, until, self.case_id))

    def check(self, before: Mapping[str, Any], step: Transition) -> None:
        """What holds for every step of every request."""
        after = self.state
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

    def process_possible(self) -> list[str]:
        """The steps that people can take now."""
        return OUTREACH.lifecycle.possible(self.stored["stage"])


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
