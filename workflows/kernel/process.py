"""A process as the host sees it: its table of stages and steps, its rules by name, its words for people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from pydantic import JsonValue

from schemas.kernel.case import Actor, CaseState, Command, Owed
from schemas.kernel.deadlines import Deadline, Rung
from schemas.kernel.homes import COMMON
from schemas.kernel.identifiers import CODE_PATTERN, SearchAttribute
from schemas.kernel.payload import Payload
from schemas.kernel.people import STAFF_ID_PATTERN
from schemas.kernel.policies import PolicyRef, ProcessPolicy
from schemas.kernel.refusals import Refusal
from workflows.kernel.break_glass import BreakGlass
from workflows.kernel.choices import Choices
from workflows.kernel.corrections import Correction
from workflows.kernel.documents import DocumentKind
from workflows.kernel.draft import Draft
from workflows.kernel.lifecycle import By, Lifecycle
from workflows.kernel.links import Takes, Tells
from workflows.kernel.own_view import OwnView
from workflows.kernel.state import due_at, waiting_for_whom
from workflows.kernel.taking_back import TakesBack

S = TypeVar("S", bound=CaseState)
Policies = Callable[[PolicyRef], ProcessPolicy]
"""Gives the policy that a reference names; raises LookupNeeded when it is not known here yet."""


class Reach(StrEnum):
    """By what a fact about many cases finds them; each that is open when it comes hears it once."""

    PERSON = "person"
    """Those about a person, whom its subject names as the process's cases do (`iehe.<room>_about`)."""
    STAFF = "staff"
    """Those that concern a member of staff, whose id its subject is (`iehe.concerns`)."""
    ALL = "all"
    """All of the process, whatever its subject is."""
    NONE = "none"
    """No case: what it changes is the process's own (`iehe.<room>_took`)."""


_SUBJECTS: Final = {
    Reach.PERSON: r"^[A-Za-z0-9][A-Za-z0-9.-]{2,63}$",
    Reach.STAFF: STAFF_ID_PATTERN,
    Reach.ALL: CODE_PATTERN,
    Reach.NONE: CODE_PATTERN,
}


@dataclass(frozen=True)
class EventKind:
    """How a fact from outside is understood: its step in the table, its data, its rule."""

    step: str
    data: type[Payload]
    apply: Callable[[Draft[Any], Any], None]
    between_cases: bool = False
    """True for what cases tell each other: no other system may say it."""
    starts: bool = False
    """True for what brings the subject of a case: stored when it comes; the case gets no data of it."""
    reaches: Reach | None = None
    """Of what other systems tell about many cases at once; nothing of its data is put apart."""


@dataclass(frozen=True)
class FollowUp(Generic[S]):
    """A step that a case takes by itself, in the transaction of the step after which it is wanted."""

    step: str
    wanted: Callable[[S], bool]
    rule: Callable[[Draft[S]], None]


@dataclass(frozen=True)
class Process(Generic[S]):
    """A process: the table, the rules by name, and what to show. Everything here is pure."""

    name: str
    """The Temporal workflow type."""
    room: str
    """Its folder in each layer, and the first part of its case ids."""
    title: tuple[str, str]
    """What a case of it is called, in Japanese and in English."""
    state: type[S]
    policy: type[ProcessPolicy]
    lifecycle: Lifecycle
    open: Callable[[Draft[S]], None]
    """The rule of the step `open`, with which every case begins."""
    enter: Mapping[str, Callable[[Draft[S]], None]]
    decisions: Mapping[type[Command], Callable[[Draft[S], Any], None]]
    events: Mapping[str, EventKind]
    expiries: Mapping[str, tuple[str, Callable[[Draft[S], Deadline], None]]]
    """Deadline kind to (step, rule) when its time has passed."""
    office: str
    """The role that gets the tasks that no rule foresaw."""
    roles: Mapping[str, tuple[str, str]]
    """The roles that work in it, by name: in Japanese and in English."""
    role_here: Callable[[S, str], str] = lambda _state, role: role
    """Who has in a case, as it stands, the tasks and messages that another role has elsewhere."""
    confidential: bool = False
    """Whether a mail may not even tell that somebody works in it, nor name its cases."""
    break_glass: BreakGlass | None = None
    """Who may open a case of it that they do not see, and who looks at that; none: nobody."""
    tracks: Mapping[str, Lifecycle] = field(default_factory=dict)
    """Tables beside the stages, by name, for what goes on in parallel; each begins at the stage "".

    A step that several tables have is possible where each of them has it. What follows when a stage of a
    track is entered stands in `enter` under `<track>/<stage>`."""
    gates: Mapping[str, Callable[[S], list[str]]] = field(default_factory=dict)
    """By stage, all that is missing before it may be entered: codes; nothing is missing: it is open."""
    undoes: Mapping[str, Callable[[Draft[S], Owed], None]] = field(default_factory=dict)
    """By kind, how what a case owes is given back. Asked again it does no harm."""
    home: str = COMMON
    """Where its cases live, with a namespace, queues, a role and keys of its own: schemas/kernel/homes.py."""
    subject: str = r"^[A-Z0-9][A-Z0-9-]{3,23}$"
    """The form of what a case is about, which is the second part of its id and the subject of its facts."""
    follow_ups: tuple[FollowUp[S], ...] = ()
    """In order; the first that is wanted is taken, and asked again after it."""
    restarted: FollowUp[S] | None = None
    """What a case catches up with whose workflow was lost for a while."""
    attach: Callable[[S, Policies], None] = lambda _state, _policies: None
    """What is to be attached to a state beside its policy."""
    audience: Callable[[S, Deadline, str], bool] = lambda _state, _deadline, _who: True
    """Whether a reminder still concerns an audience."""
    audiences: Mapping[str, Callable[[S], str]] = field(default_factory=dict)
    """Whom of the staff its ladders mean beside roles and assignees, by the name in a policy: how a case in
    that state addresses them. `staff-of:<name>` is told by `iehe.<room>_staff_of` at the moment of notice."""
    facts: Callable[[S, Deadline], dict[str, JsonValue]] = lambda _state, _deadline: {}
    """Facts for the reminder's template beside the due time."""
    asked: Callable[[Draft[S], Deadline, Rung, list[str]], None] = lambda _draft, _deadline, _rung, _who: None
    """What follows when a rung has asked members of staff."""
    calls: str | None = None
    """The role that telephones whom nothing urgent has reached; without it that is any failed message."""
    outlasting: frozenset[str] = frozenset()
    """Kinds of tasks and deadlines that the end of a case does not end, beside those of the host."""
    completed: Mapping[str, Callable[[Draft[S]], None]] = field(default_factory=dict)
    """What follows when a task of a kind is marked as done by hand."""
    answers_since: Callable[[S, str], datetime | None] = lambda _state, _step: None
    """When that began which a step answers: no fact of it can have happened before."""
    tells: Mapping[str, Tells] = field(default_factory=dict)
    """Its facts on which other processes act, by name: docs/links.md."""
    takes: Mapping[str, Takes] = field(default_factory=dict)
    """Facts of other processes on which it acts, by their type: `jp.ac.iehe.<producer>.<fact>`."""
    keyed: bool = False
    """Whether its case ids are keyed hashes, which tell nothing: a subject is what a source calls it."""
    receipt: Callable[[Payload], bool] = lambda _form: False
    """Whether who sends a form gets a code by which they can ask later, since nothing can be written to them:
    what they are told then, `iehe.<room>_receipt` says."""
    labels: tuple[str, ...] = ()
    """By what its cases are found beside where they stand: names of which each has few values, none personal.

    The room writes them into `iehe.case_labels`."""
    documents: Mapping[str, DocumentKind] = field(default_factory=dict)
    """What may be asked for and kept as a file, by its name; with the decisions, the fact and the lines of
    workflows/kernel/document_steps.py."""
    corrections: Mapping[str, Correction] = field(default_factory=dict)
    """What can be put right of what it keeps, by the name of the record; with the decision and the lines of
    workflows/kernel/corrections.py."""
    takes_back: Mapping[str, TakesBack] = field(default_factory=dict)
    """How decisions of it are taken back, by the names of their steps; with the decisions, the deadline and
    the lines of workflows/kernel/taking_back.py. Any other is put right by a decision that follows it."""
    own_views: Mapping[str, Callable[[S, datetime], OwnView]] = field(default_factory=dict)
    """By kind of reader who is no staff, the page behind the link in their letters: docs/own-pages.md."""
    choices: Mapping[type[Payload], Callable[[S], Choices]] = field(default_factory=dict)
    """What may stand in the fields of a decision, or of the data of a fact, as a case stands, beyond what its
    model says: doors that let a person choose offer it; the rule refuses all else by itself."""
    exceptional: frozenset[type[Command]] = frozenset()
    """Decisions beside the ordinary way, such as to let something count that is late: doors offer them after
    all others, and none of them as what is waited for unless a task asks for it."""
    veil: Callable[[S], str | None] = lambda _state: None
    """What search attributes, which are plain text, show instead of a stage that tells a result; then whom it
    waits for, until when, and its outcome are not shown either. None: all of it may be."""
    own_attributes: tuple[str, ...] = ()
    """Names of keyword search attributes of its own."""
    attributes: Callable[[S], dict[str, str]] = lambda _state: {}
    """Their values."""

    @property
    def commands(self) -> dict[str, type[Command]]:
        """The decisions by the names of their steps."""
        return {command.step: command for command in self.decisions}

    @property
    def start(self) -> tuple[str, EventKind] | None:
        """The fact that brings a subject, with its name; None where subjects come by another way."""
        return next(((name, kind) for name, kind in self.events.items() if kind.starts), None)

    def tables(self, state: CaseState, step: str) -> list[tuple[Lifecycle, str]]:
        """The tables that have a step, each with where the case stands in it; the stages if none has it."""
        tables = [(self.lifecycle, state.stage)]
        tables += [(table, state.tracks.get(name, "")) for name, table in self.tracks.items()]
        return [(table, at) for table, at in tables if table.has(step)] or tables[:1]

    def check(self, step: str, state: CaseState, actor: Actor) -> None:
        """Refuse a step that a table does not allow where the case stands, or that needs another role.

        Raises:
            Refusal: the stage, the track, or the role is another one; or the case is closed.
        """
        for table, at in self.tables(state, step):
            table.check(step, at, actor)
        if state.closed and not self.lifecycle.after_the_end(step):
            raise Refusal("case-closed", step=step, stage=state.stage)

    def roles_of(self, step: str) -> frozenset[str]:
        """The roles that may take a step anywhere."""
        lines = (line for table in (self.lifecycle, *self.tracks.values()) for line in table.steps)
        return frozenset[str]().union(
            *(line.by for line in lines if line.name == step and not isinstance(line.by, By))
        )

    def possible(self, state: CaseState, roles: Collection[str] | None = None) -> list[str]:
        """What people can decide where a case stands, in the order of the tables; of some roles or of all."""
        names = [
            line.name
            for table in (self.lifecycle, *self.tracks.values())
            for line in table.steps
            if not isinstance(line.by, By) and (roles is None or not line.by.isdisjoint(roles))
        ]
        return [name for name in dict.fromkeys(names) if self._is_possible(name, state)]

    def missing(self, state: S) -> dict[str, list[str]]:
        """What is missing for each stage with a gate that can be entered from where a case stands."""
        if state.closed:
            return {}
        ahead = {target for source, _, target in self.lifecycle.moves() if source == state.stage}
        found = {stage: gate(state) for stage, gate in self.gates.items() if stage in ahead}
        return {stage: missing for stage, missing in found.items() if missing}

    def _is_possible(self, name: str, state: CaseState) -> bool:
        ended = state.closed and not self.lifecycle.after_the_end(name)
        return not ended and all(name in table.possible(at) for table, at in self.tables(state, name))

    def subject_of(self, kind: EventKind) -> str:
        """The form of the subject of a fact that comes from outside."""
        return self.subject if kind.reaches is None else _SUBJECTS[kind.reaches]

    def case_id(self, subject: str) -> str:
        """The case id, which is also the workflow id, of a subject."""
        return f"{self.room}/{subject}"

    def new(self, case_id: str) -> S:
        """The state of a case before its first step."""
        return self.state(case_id=case_id, process=self.name)

    def read(self, stored: Mapping[str, Any], policies: Policies) -> S:
        """A state as it is stored, with its policy attached.

        Raises:
            LookupNeeded: the policy is not known here yet.
        """
        state = self.state.model_validate(stored)
        self.attach_policy(state, policies)
        return state

    def attach_policy(self, state: S, policies: Policies) -> None:
        """Attach what the state's references name."""
        if state.policy_ref is not None:
            policy = policies(state.policy_ref)
            state.policy = policy.closed_on(state.closures) if state.closures else policy
            self.attach(state, policies)


def shown(process: Process[Any], state: CaseState) -> dict[str, str | None]:
    """The values of all search attributes; codes and times only, never anything personal."""
    due, veil = due_at(state), process.veil(state)
    told: dict[str, str | None] = {
        SearchAttribute.WAITING_FOR: waiting_for_whom(process, state),
        SearchAttribute.DUE_AT: due.isoformat() if due else None,
        SearchAttribute.OUTCOME: state.outcome,
    }
    return {
        SearchAttribute.PROCESS: process.name,
        SearchAttribute.STAGE: veil or state.stage,
        **(dict.fromkeys(told) if veil else told),
        **process.attributes(state),
    }
