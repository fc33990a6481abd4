"""A support case without servers: the real rules through the kernel's own steps.

`Pure` keeps the state as the database does, answers the rules' questions from `House`, and moves its own
clock. What must hold for every step of every case is checked after each of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from activities.support.messages import MESSAGES
from schemas.kernel.transition import Transition, Undelivered
from schemas.support import commands
from schemas.support.policy import SupportPolicy
from schemas.support.roles import Role
from schemas.support.stages import CRISIS
from schemas.support.state import SupportState
from tests.pure import REASON, TOKYO, PureCase, default_policy_of, jst, refused
from workflows.kernel import stepping
from workflows.kernel.draft import BY_HAND
from workflows.support import crisis
from workflows.support.process import SUPPORT

__all__ = ["NOW", "REASON", "ROLES", "TOKYO", "House", "Pure", "default_policy", "jst", "refused"]

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
_numbers = count(1)
NOW = jst(2026, 11, 16, 11)
"""A Monday, in office hours."""


def default_policy() -> SupportPolicy:
    """The policy that comes with the system."""
    policy: SupportPolicy = default_policy_of("support", "student")
    return policy


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


class Pure(PureCase[SupportState]):
    """One case, driven by the rules alone."""

    process, messages, source, roles = SUPPORT, MESSAGES, "helpdesk", ROLES

    def __init__(self, *, now: datetime = NOW, house: House | None = None, **facts: Any) -> None:
        self.house = house or House()
        self.adult_on = ""
        """From when the student is an adult, as a time; empty: always."""
        usual = {
            "way": "desk",
            "language": "ja",
            "anonymous": False,
            "referrer": True,
            "danger": False,
            "urgent": False,
            "unit": None,
        }
        super().__init__(
            f"support/ABCDEFGHIJKLMNOPQRST{next(_numbers):04}", now, default_policy(), usual | facts
        )

    @property
    def crisis(self) -> str | None:
        """Where the crisis stands."""
        return self.state.tracks.get(CRISIS)

    def look_up(self, name: str, terms: Mapping[str, Any]) -> Any:
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

    def keep(self, record: Mapping[str, Any]) -> None:
        """Who is out of the case, and who is not any more."""
        if record["kind"] == "concerned":
            self.house.shut_out.add(record["staff_id"])
        if record["kind"] == "concerned-no-more":
            self.house.shut_out.discard(record["staff_id"])

    def check(self, before: Mapping[str, Any], step: Transition) -> None:
        """What holds for every step of every case."""
        after = self.state
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
            assert stepping.next_alarm(after) or after.tasks
        if crisis.is_open(after):
            out = after.deadlines.get("page")
            assert out is not None or crisis.ATTEND in {task.kind for task in after.tasks.values()}
        for notice in step.notices:
            assert "|" in notice.to or notice.to not in {f"staff:{who}" for who in self.house.shut_out}

    # taking steps

    def closed(self, *closures: Mapping[str, Any]) -> None:
        """The office has noted these closures, and the case is told."""
        self.house.closures = [{"why": "closure", **each} for each in closures]
        self.event("calendar-changed")

    def not_reached(self, who: str, *, last: bool = True) -> Transition:
        """A page to somebody has failed for good on a channel, which may be the last one."""
        notice = f"n{next(_numbers)}"
        self.house.unreached |= {notice} if last else set()
        failed = {notice: Undelivered(reason="gave-up", message="page", to=f"staff:{who}")}
        taken = self.take(partial(stepping.notices_failed, SUPPORT, f"notices/{notice}", failed))
        self.act_on_time()
        return taken

    def told_by(self, other: "Pure") -> list[Transition]:
        """What another case has told this one with its last step, as the relay brings it."""
        self.wait_until(other.now)
        told = [each.envelope for each in other.last.events if each.case_id == self.case_id]
        taken = [self.take(partial(stepping.told, SUPPORT, envelope)) for envelope in told]
        self.act_on_time()
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
