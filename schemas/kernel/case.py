"""What every case has in common: who acts, what is said to it, what it answers, what it remembers."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue

from schemas.kernel.calendars import Closure
from schemas.kernel.deadlines import Deadline, DueTime
from schemas.kernel.documents import DocumentState
from schemas.kernel.identifiers import Code, MessageId, RoleName
from schemas.kernel.payload import Payload, Record
from schemas.kernel.policies import PolicyRef, ProcessPolicy


class ActorKind(StrEnum):
    """Who made a step. What the clock did is never shown as a person's decision."""

    PERSON = "person"
    SYSTEM = "system"
    CLOCK = "clock"


class Actor(Payload):
    """Who acts, by an opaque id and the roles held; never a name."""

    id: str = Field(max_length=64)
    kind: ActorKind = ActorKind.PERSON
    roles: tuple[RoleName, ...] = ()


CLOCK = Actor(id="clock", kind=ActorKind.CLOCK)
SYSTEM = Actor(id="system", kind=ActorKind.SYSTEM)


class Command(Payload):
    """A person's decision. Sent as an update; the same `command_id` twice is answered once.

    `case_version` is the version the person saw; when given and no longer true the decision is refused.
    Reasons and remarks are stored in the database first and travel as a `…_id`.

    Every door makes its form of a decision from its model: the words under a field are its help.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    step: ClassVar[str]
    command_id: MessageId
    actor: Actor
    case_version: int | None = None

    @property
    def happened_at(self) -> datetime | None:
        """When the fact that it enters was true, where the person says so."""
        return None

    @property
    def cause(self) -> str:
        """What the case remembers: the same id used by somebody else, or for something else, is another."""
        return f"{self.actor.id}/{self.step}/{self.command_id}"


class FactOrigin(Payload):
    """Where a fact of another process comes from: docs/links.md."""

    fact_id: str = Field(max_length=64)
    """Made from the case that told it, what it tells and its key; the same at every sending."""
    revision: int = 1
    """A correction has a higher one; the receiver acts on the highest."""
    withdrawn: bool = False
    """What it told holds no more."""
    chain: tuple[str, ...] = ()
    """Ids of the facts from which it came, the first one first."""


class EventEnvelope(Payload):
    """A fact sent by another system, after CloudEvents 1.0 (https://cloudevents.io).

    `occurred_at` is when it happened, `received_at` when the institute had it; a deadline is kept when
    the fact happened in time.
    """

    id: MessageId
    source: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:/-]+$")
    type: str = Field(min_length=1, max_length=128)
    occurred_at: AwareDatetime | None = None
    received_at: AwareDatetime | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict)
    link: FactOrigin | None = None
    """Of a fact that another process told, or that began the case; no other system may say it."""

    @property
    def cause(self) -> str:
        """What a case remembers of it."""
        return f"{self.source}#{self.id}"


class Receipt(Payload):
    """The answer to a decision: the case as it stands after it."""

    case_id: str
    version: int
    stage: str
    step: str
    waiting_for: str | None = None
    due_at: datetime | None = None
    outcome: str | None = None
    repeated: bool = False
    """True when this command had been applied before and this is the first answer again."""


class Task(Record):
    """Something a person has to do. Closed with its stage unless `stage` is None."""

    key: str
    kind: str
    role: RoleName
    assignee: str | None = None
    opened_at: datetime
    due_at: datetime
    deadline: str | None = None
    stage: str | None = None
    track: str | None = None
    """The track whose stage it belongs to, and with which it ends."""

    @property
    def personal(self) -> bool:
        """Whether it is that person's alone, such as a judgement: nobody stands in."""
        return self.assignee is not None and self.key == f"{self.kind}:{self.assignee}"


class Owed(Record):
    """What a case has taken or promised, and owes back if it ends here."""

    key: str
    """Kind, or kind and what tells several apart: `place:bed`."""
    since: datetime
    details: dict[str, JsonValue] = Field(default_factory=dict)
    """Codes and ids by which it is undone; nothing personal."""
    due: bool = False
    """It is to be undone now."""
    tries: int = 0
    """How often that was tried in vain."""
    next_at: datetime | None = None
    """When it is tried again."""
    by_hand: bool = False
    """It was tried in vain often enough: a person has the task."""

    @property
    def kind(self) -> str:
        """By which the process knows how to undo it."""
        return self.key.partition(":")[0]


class Proposal(Record):
    """A decision that somebody wants to take back, until another person says yes or no."""

    version: int
    """Of the decision."""
    step: str
    by: str
    """Who has proposed it, and so does not confirm it."""
    reason_id: str


class CaseState(Record):
    """What a case remembers. A process adds its own."""

    case_id: str
    process: str
    stage: str = ""
    tracks: dict[str, str] = Field(default_factory=dict)
    """Where it stands on each of its tracks that has begun."""
    version: int = 0
    policy_ref: PolicyRef | None = None
    policy: ProcessPolicy | None = Field(default=None, exclude=True)
    """What `policy_ref` names, attached when the state is read; no part of what is stored."""
    closures: tuple[Closure, ...] | None = None
    """Days that its calendars have closed or opened since, as it has been told of them."""
    opened_at: datetime | None = None
    stage_since: datetime | None = None
    outcome: str | None = None
    outcome_by: ActorKind | None = None
    closed: bool = False
    tasks: dict[str, Task] = Field(default_factory=dict)
    deadlines: dict[str, Deadline] = Field(default_factory=dict)
    owes: list[Owed] = Field(default_factory=list)
    """What is given back if it ends here, in the order in which it was taken."""
    documents: dict[str, DocumentState] = Field(default_factory=dict)
    """What was asked for or received as a file, by name."""
    take_back: Proposal | None = None
    """What is proposed to be taken back, while nobody else has answered and the case has not moved on."""
    path: list[str] = Field(default_factory=list)
    """Stages gone through, for the map in the UI."""


class KernelCommand(Command):
    """A decision every process knows: about a task or a deadline rather than the case's subject."""

    reason_id: str | None = None


class ReassignTask(KernelCommand):
    """Hand an open task to another person of the same role."""

    step: ClassVar[str] = "reassign-task"
    task: str
    """As the list of tasks names it."""
    assignee: str = Field(max_length=64)
    """Staff id of who shall do it."""


class CompleteTask(KernelCommand):
    """Mark an office task as done that no other step closes (a failed notice, a refused event)."""

    step: ClassVar[str] = "complete-task"
    task: str
    """As the list of tasks names it."""


class MoveDeadline(KernelCommand):
    """Set another due time; reminders keep their distance from it."""

    step: ClassVar[str] = "move-deadline"
    deadline: str
    """Its name on the case's page."""
    due_at: DueTime
    """The new due time."""


class PauseDeadline(KernelCommand):
    """Stop the clock of a deadline; nothing of it fires until it is resumed."""

    step: ClassVar[str] = "pause-deadline"
    deadline: str
    """Its name on the case's page."""


class ResumeDeadline(KernelCommand):
    """Let a paused deadline run again, with the time that it had left."""

    step: ClassVar[str] = "resume-deadline"
    deadline: str
    """Its name on the case's page."""


class CancelDeadline(KernelCommand):
    """End a deadline for good, without its consequence."""

    step: ClassVar[str] = "cancel-deadline"
    deadline: str
    """Its name on the case's page."""


class Acknowledge(KernelCommand):
    """Say that you look after what you were asked for; nobody further up is asked so long as that holds."""

    step: ClassVar[str] = "acknowledge"
    deadline: str
    """Its name on the case's page."""


class Escalate(KernelCommand):
    """Ask the next person up at once, whatever the time."""

    step: ClassVar[str] = "escalate"
    deadline: str
    """Its name on the case's page."""


class DeEscalate(KernelCommand):
    """Give it back to who was asked first; only who was asked last can."""

    step: ClassVar[str] = "de-escalate"
    deadline: str
    """Its name on the case's page."""


class RefusedEvent(Payload):
    """Why an event changed nothing. Recorded in the case's log; the event stays in the history."""

    event_id: str | None
    code: Code
    handed_back: bool = False
    """A fact of another process for a case that has ended: what is done then is said by its link."""
