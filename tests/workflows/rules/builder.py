"""A case without servers: the real rules through the real draft, told as given, when, then.

`Pure` takes steps as the kernel does and moves its own clock. What must hold for every step of every
case is checked after each of them, so that every test checks it.
"""

import copy
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from activities.admission.messages import MESSAGES
from schemas.admission.commands import (
    AcceptReview,
    CastVote,
    ConfirmEligibility,
    RecordDecision,
    SubmitScores,
)
from schemas.admission.identifiers import PROCESS, admission_case_id
from schemas.admission.lookups import ApplicationFacts, Committee, CommitteeMember, ReviewersDrawn, RoundFacts
from schemas.admission.policy import AdmissionPolicy
from schemas.admission.roles import Role
from schemas.admission.stages import Stage
from schemas.admission.state import AdmissionState
from schemas.kernel.case import CLOCK, SYSTEM, Actor, ActorKind, Command, RefusedEvent
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import Transition
from workers.policies import defaults_of, read_policy
from workflows.admission import committee as admission_committee
from workflows.admission import intake as admission_intake
from workflows.admission import review as admission_review
from workflows.admission.corrections import CHECK_CONFLICT
from workflows.admission.process import ADMISSION_REVIEW
from workflows.kernel import deadlines as counting
from workflows.kernel import steps
from workflows.kernel.draft import BY_HAND, Draft
from workflows.kernel.frame import Frame, LookupNeeded
from workflows.kernel.state import next_alarm
from workflows.kernel.taking_back import CONFIRM, PROPOSED

TOKYO = ZoneInfo("Asia/Tokyo")
GOOD = {"academic": 9.0, "motivation": 8.0, "activities": 7.0}
POOR = {"academic": 2.0, "motivation": 3.0, "activities": 4.0}
PARTS = ("transcript", "identity", "recommendation", "fee")
ROLES = {
    "office-1": Role.ADMISSIONS_OFFICE,
    "head-1": Role.HEAD_OF_ADMISSIONS,
    "chair-1": Role.COMMITTEE_CHAIR,
    **{f"reviewer-{number}": Role.REVIEWER for number in range(1, 10)},
    **{f"member-{number}": Role.COMMITTEE_MEMBER for number in range(1, 10)},
    "checker-1": Role.CHECKER,
    "auditor-1": Role.AUDITOR,
}
COMMITTEE = ("chair-1", "member-1", "member-2", "member-3")
_numbers = itertools.count(1)
_CODED = re.compile(r"[A-Za-z0-9._:/>#+-]{0,160}")


def jst(*values: int) -> datetime:
    """A moment on the clock of Japan."""
    return datetime(*values, tzinfo=TOKYO)  # type: ignore[arg-type, misc]


THURSDAY = jst(2026, 10, 1, 10)


def person(staff_id: str) -> Actor:
    """A person acting with the role that the table above gives."""
    return Actor(id=staff_id, roles=(ROLES[staff_id],))


@cache
def _defaults() -> Any:
    return read_policy(defaults_of("admission"))


@cache
def default_policy(route: str = "comprehensive") -> AdmissionPolicy:
    """A route of the policy that comes with the system."""
    return _defaults().document.routes[route]


def changed_policy(route: str = "comprehensive", **changes: Any) -> AdmissionPolicy:
    """The same with other values; a dotted name goes inside: `**{"review.automatic": False}`."""
    policy = default_policy(route)
    for name, value in changes.items():
        outer, _, inner = name.partition(".")
        if inner:
            policy = policy.model_copy(
                update={outer: getattr(policy, outer).model_copy(update={inner: value})}
            )
        else:
            policy = policy.model_copy(update={outer: value})
    return policy


class Pure:
    """One case, driven by the rules alone."""

    def __init__(self, now: datetime = THURSDAY) -> None:
        self.process = ADMISSION_REVIEW
        self.now = now
        self.state = AdmissionState(case_id=admission_case_id("T-0001"), process=PROCESS)
        self.log: list[Transition] = []
        self.policies: dict[PolicyRef, AdmissionPolicy] = {}
        self.found: dict[str, Any] = {}
        """Answers of lookups by name."""
        self.found["reviewers"] = {"reviewers": ()}
        self.found["correction"] = lambda record, **_: {
            "fields": ["email"] if record == "applicant" else ["programme"],
            "told": {"programme": "education"} if record == "application" else {},
            "letters": 1,
        }
        self.found["found-after-correction"] = {"possible_duplicates": [], "conflicts": {}}
        self.found["step-taken"] = self.step_taken

    # taking steps

    def take(
        self,
        step: str,
        rule: Callable[[Draft[AdmissionState]], None],
        *,
        actor: Actor = SYSTEM,
        cause: str | None = None,
        happened_at: datetime | None = None,
    ) -> Transition:
        """One step as the kernel takes it; refused, it changes nothing."""
        found: dict[str, Any] = {}
        while True:
            frame = Frame(self.now, actor, cause, happened_at, found, self.policies.__getitem__)
            try:
                draft = Draft(self.process, copy.deepcopy(self.state), step, frame)
                rule(draft)
                transition = draft.transition()
            except LookupNeeded as question:
                answer = self.found[question.name]
                found[question.key] = answer(**question.terms) if callable(answer) else answer
            else:
                break
        check_step(self.state, transition, draft.state)
        self.state = draft.state
        self.log.append(transition)
        return transition

    def step_taken(self, case_id: str, version: int) -> dict[str, Any] | None:
        """What `iehe.step_taken` says of a step of the log; its letters have left."""
        assert case_id == self.state.case_id
        if not 0 < version <= len(self.log):
            return None
        this, later = self.log[version - 1], self.log[version:]
        own = list(itertools.takewhile(lambda each: each.actor == SYSTEM and each.cause is None, later))
        return {
            "version": version,
            "step": this.step,
            "from_stage": this.from_stage,
            "stage": [this, *own][-1].stage,
            "by": this.actor.id,
            "details": this.details,
            "later": [each.step for each in later[len(own) :]],
            "letters": sum(n.to == "applicant" for each in (this, *own) for n in each.notices),
        }

    def decide(self, command: type[Command], by: str | Actor, **values: Any) -> Transition:
        """A person's decision."""
        number = next(_numbers)
        actor = person(by) if isinstance(by, str) else by
        message = command(command_id=f"c{number}", actor=actor, **values)
        rule: Callable[..., None] = self.process.decisions[command]
        return self.take(
            command.step,
            partial(rule, command=message),
            actor=actor,
            cause=message.command_id,
            happened_at=message.happened_at,
        )

    def event(self, fact: str, *, at: datetime | None = None, **data: Any) -> Transition:
        """A fact from another system; raises the refusal that the kernel would record."""
        kind = self.process.events[fact]
        message = kind.data.model_validate(data)
        actor = Actor(id="portal", kind=ActorKind.SYSTEM)
        return self.take(
            kind.step,
            lambda draft: kind.apply(draft, message),
            actor=actor,
            cause=f"portal#{next(_numbers)}",
            happened_at=at,
        )

    def event_or_task(self, fact: str, *, at: datetime | None = None, **data: Any) -> Transition:
        """The same, with the refusal recorded as the kernel does."""
        try:
            return self.event(fact, at=at, **data)
        except Refusal as refusal:
            refused = RefusedEvent(event_id=f"portal#{next(_numbers)}", code=refusal.code)
            return self.take("refuse-event", partial(steps.refuse_event, refused=refused))

    def open(
        self, *, policy: AdmissionPolicy | None = None, round_: RoundFacts | None = None, **facts: Any
    ) -> "Pure":
        """The first step."""
        policy = policy or default_policy()
        self.policies[policy.ref] = policy
        application = ApplicationFacts(
            application_no="T-0001",
            case_id=self.state.case_id,
            programme="science",
            policy_ref=policy.ref,
            form_ref=policy.ref,
            round=round_ or round_of(policy),
            **facts,
        )
        self.take("open", partial(admission_intake.open_application, facts=application))
        return self

    def know(self, policy: AdmissionPolicy) -> str:
        """Have a policy on record; returns its version."""
        self.policies[policy.ref] = policy
        return policy.version

    def draw(self, *reviewers: str) -> Transition:
        """Reviewers were found."""
        drawn = ReviewersDrawn(reviewers=reviewers)
        return self.take("draw-reviewers", partial(admission_review.assign_drawn, drawn=drawn))

    def convene(
        self, *members: str, conflicts: Iterable[str] = (), near: Mapping[str, str] | None = None
    ) -> Transition:
        """The committee was looked up."""
        near = near or {}
        conflicted = set(conflicts)
        found = Committee(
            members=tuple(
                CommitteeMember(
                    member=name,
                    chair=ROLES[name] is Role.COMMITTEE_CHAIR,
                    conflict=name in conflicted,
                    near=None if name in conflicted else near.get(name),
                )
                for name in (members or COMMITTEE)
            )
        )
        return self.take("convene-committee", partial(admission_committee.convene, committee=found))

    # the clock

    def wait_until(self, moment: datetime) -> list[Transition]:
        """Time goes on; the clock acts at each moment at which something is due."""
        taken: list[Transition] = []
        while (alarm := next_alarm(self.state)) is not None and alarm[0] <= moment:
            self.now = max(self.now, alarm[0])
            taken += self.act_on_time()
        self.now = max(self.now, moment)
        return taken

    def wait(self, **span: float) -> list[Transition]:
        """The same for a span."""
        return self.wait_until(self.now + timedelta(**span))

    def down_until(self, moment: datetime) -> list[Transition]:
        """Nothing runs until then; afterwards the clock does what is due."""
        self.now = moment
        return self.act_on_time()

    def act_on_time(self) -> list[Transition]:
        """What the kernel does when its timer fires or when it comes back."""
        taken = []
        for _ in range(1000):
            alarm = next_alarm(self.state)
            if alarm is None or alarm[0] > self.now:
                return taken
            name = alarm[1]
            deadline = self.state.deadlines[name]
            if counting.has_expired(deadline, self.now):
                step = self.process.expiries[deadline.kind][0]
                taken.append(self.take(step, partial(steps.expire, name=name), actor=CLOCK))
            else:
                taken.append(self.take("remind", partial(steps.remind, name=name), actor=CLOCK))
        raise AssertionError("the clock has always something more to do at the same moment")

    # the usual way through

    def complete(self) -> "Pure":
        """Everything required is there."""
        for item in admission_intake.missing_items(self.state):
            self.event("document-received", item=item.key)
        assert self.state.stage == Stage.ELIGIBILITY
        return self

    def to_review(self, *reviewers: str) -> "Pure":
        """Eligible, with reviewers invited."""
        self.complete()
        self.decide(ConfirmEligibility, "office-1", eligible=True)
        self.draw(*(reviewers or ("reviewer-1", "reviewer-2", "reviewer-3")))
        return self

    def score(self, *points: dict[str, float]) -> "Pure":
        """The invited reviewers score, in order."""
        for reviewer, given in zip(sorted(self.state.reviews), points, strict=False):
            if self.state.reviews[reviewer].state == "invited":
                invited(self, reviewer)
            self.decide(SubmitScores, reviewer, points=given)
        return self

    def to_committee(self) -> "Pure":
        """Scored alike, before the committee with its first ballot open."""
        self.to_review().score(GOOD, GOOD, GOOD)
        self.convene()
        return self

    def vote(self, **choices: str) -> "Pure":
        """Votes by member, `member_1="admit"`, each with a reason."""
        for name, choice in choices.items():
            self.decide(CastVote, name.replace("_", "-"), choice=choice, reason_id="r1")
        return self

    def to_ranked(self, choice: str = "admit") -> "Pure":
        """The committee has decided with one voice."""
        self.to_committee()
        return self.vote(chair_1=choice, member_1=choice, member_2=choice, member_3=choice)

    def to_decision(self, decision: str) -> "Pure":
        """Decided: offered, waitlisted, rejected."""
        self.to_ranked("reject" if decision == "rejected" else "admit")
        self.decide(RecordDecision, "head-1", decision=decision)
        return self

    # what the tests ask

    @property
    def last(self) -> Transition:
        """The step just taken."""
        return self.log[-1]

    @property
    def steps(self) -> list[str]:
        """The names of all steps taken."""
        return [transition.step for transition in self.log]

    def notices(self, message: str | None = None) -> list[tuple[str, str]]:
        """(message, to) of everything queued so far."""
        return [
            (notice.message, notice.to)
            for transition in self.log
            for notice in transition.notices
            if message is None or notice.message == message
        ]

    def records(self, kind: str) -> list[dict[str, Any]]:
        """The rows of a kind written so far."""
        return [row for transition in self.log for row in transition.records if row["kind"] == kind]

    def due(self, name: str) -> datetime:
        """When a deadline is due."""
        return self.state.deadlines[name].due_at


def round_of(policy: AdmissionPolicy, **changes: Any) -> RoundFacts:
    """The round of the route in the defaults."""
    found = next(each for each in read_rounds() if each.route == policy.route)
    values = {name: getattr(found, name) for name in RoundFacts.model_fields} | changes
    return RoundFacts(**values)


@cache
def read_rounds() -> Any:
    """The rounds that come with the system."""
    return _defaults().tables.rounds


def new(route: str = "comprehensive", *, now: datetime | None = None, **changes: Any) -> Pure:
    """A case just opened, under the default policy of a route with changes."""
    case = Pure(now) if now else Pure()
    return case.open(policy=changed_policy(route, **changes))


def general(**changes: Any) -> Pure:
    """A web registration of the general selection, waiting for its post."""
    return new("general", now=jst(2027, 1, 20, 10), **changes)


def in_stage(stage: Stage) -> Pure:
    """A case brought to a stage that is not final."""
    return copy.deepcopy(_brought_to(stage))


@cache
def _brought_to(stage: Stage) -> Pure:
    if stage is Stage.SUBMITTED:
        return general()
    case = new()
    ways: dict[Stage, Callable[[], Any]] = {
        Stage.COMPLETENESS: lambda: None,
        Stage.ELIGIBILITY: case.complete,
        Stage.REVIEW: case.to_review,
        Stage.COMMITTEE: case.to_committee,
        Stage.RANKED: case.to_ranked,
        Stage.ACCEPTED: lambda: case.to_decision("offered").event("offer-answered", answer="accepted"),
    }
    ways.get(stage, lambda: case.to_decision(str(stage)))()
    assert case.state.stage == stage
    return case


def invited(case: Pure, *reviewers: str) -> Pure:
    """Those reviewers take the review on."""
    for reviewer in reviewers:
        case.decide(AcceptReview, reviewer, no_conflict=True)
    return case


def day_before(day: date, days: int) -> date:
    """So many calendar days earlier."""
    return day - timedelta(days=days)


# --- what holds for every step ---------------------------------------------------------------------------


def check_step(before: AdmissionState, step: Transition, after: AdmissionState) -> None:
    """Hold a step against the state before and after it."""
    assert step.version == before.version + 1 == after.version
    assert (step.from_stage, step.stage) == (before.stage, after.stage)
    assert step.closed == after.closed
    assert AdmissionState.model_validate(step.state) == after.model_copy(update={"policy": None})
    assert Transition.model_validate_json(step.model_dump_json(exclude={"state"})) == step.model_copy(
        update={"state": {}}
    )
    _check_tasks(before, step, after)
    _check_deadlines(before, step, after)
    _check_something_is_awaited(after)
    _check_notices(step)
    _check_coded(step.details)


def _check_tasks(before: AdmissionState, step: Transition, after: AdmissionState) -> None:
    closed = [task.key for task in step.tasks_closed]
    opened = {task.key: task for task in step.tasks_opened}
    assert len(closed) == len(set(closed))
    assert set(closed) <= before.tasks.keys(), "a task was closed that had not been open"
    assert len(opened) == len(step.tasks_opened)
    assert after.tasks.keys() == before.tasks.keys() - set(closed) | opened.keys()
    assert not opened.keys() & (before.tasks.keys() - set(closed)), "a task was opened that was open"
    told = {key: (task.assignee, task.due_at) for key, task in before.tasks.items()}
    told |= {key: (task.assignee, task.due_at) for key, task in opened.items()}
    told |= {task.key: (task.assignee, task.due_at) for task in step.tasks_reassigned}
    for key, task in after.tasks.items():
        assert told[key] == (task.assignee, task.due_at), "a task changed without saying so"


def _check_deadlines(before: AdmissionState, step: Transition, after: AdmissionState) -> None:
    said = {change.name: change for change in step.deadlines}
    gone = before.deadlines.keys() - after.deadlines.keys()
    come = after.deadlines.keys() - before.deadlines.keys()
    assert all(said[name].state in ("met", "cancelled", "expired") for name in gone)
    assert all(said[name].state == "running" for name in come)
    for name, deadline in after.deadlines.items():
        if name in before.deadlines and name not in said:
            assert deadline.due_at == before.deadlines[name].due_at
            assert deadline.paused_at == before.deadlines[name].paused_at
        if name in said:
            assert said[name].due_at == deadline.due_at
            assert (said[name].state == "paused") == (deadline.paused_at is not None)


def _check_something_is_awaited(after: AdmissionState) -> None:
    if after.closed:
        assert set(after.deadlines) <= {PROPOSED}
        assert after.outcome is not None
        assert after.outcome_by is not None
        assert {task.kind for task in after.tasks.values()} <= BY_HAND | ADMISSION_REVIEW.outlasting | {
            CONFIRM,
            CHECK_CONFLICT,
        }
    else:
        waits_for = ADMISSION_REVIEW.lifecycle.stages[after.stage].waits_for
        assert after.tasks or after.deadlines or waits_for


def _check_notices(step: Transition) -> None:
    for notice in step.notices:
        message = MESSAGES[notice.message]
        assert message.facts - {"case"} <= notice.facts.keys(), notice
        kind = notice.to.partition(":")[0]
        assert ("staff" if kind in ("staff", "role") else kind) == message.to, notice


def _check_coded(value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_coded(key)
            _check_coded(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_coded(inner)
    elif isinstance(value, str):
        assert _CODED.fullmatch(value), f"not a code, an id or a time: {value!r}"
