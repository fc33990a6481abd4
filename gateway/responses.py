"""The bodies of the gateway's answers to staff systems. Nothing in them tells whom a case is about."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from schemas.kernel.case import ActorKind


class Answer(BaseModel):
    """A body that is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BothLanguages(Answer):
    """A text for people."""

    en: str
    ja: str


class Lines(Answer):
    """Some lines for people."""

    en: tuple[str, ...]
    ja: tuple[str, ...]


class FaultTold(Answer):
    """One fault: `at` is a JSON pointer into the body, `header:<name>` or `query:<name>`."""

    at: str
    code: str


class ProblemTold(Answer):
    """application/problem+json (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: BothLanguages
    faults: tuple[FaultTold, ...] = ()
    params: dict[str, Any] = Field(default_factory=dict)


class Decided(Answer):
    """The case as it stands after a decision; `repeated`: this is the first answer again."""

    case_id: str
    version: int
    stage: str
    stage_text: BothLanguages
    step: str
    waiting_for: str | None
    due_at: datetime | None
    outcome: str | None
    repeated: bool


class TaskTold(Answer):
    """What a person has to do for the case."""

    task: str
    kind: str
    role: str
    assignee: str | None
    opened_at: datetime
    due_at: datetime


class FactTold(Answer):
    """A step with a time that somebody gave for it, and when it was entered."""

    step: str
    happened_at: datetime
    entered_at: datetime


class DeadlineTold(Answer):
    """A deadline with its counting in words; `state`: running, paused, met, cancelled or expired."""

    deadline: str
    state: str
    due_at: datetime
    calculation: Lines


class DecisionOffered(Answer):
    """A decision that the actor's roles and the stage allow now, and where to send it."""

    name: str
    href: str


class CaseShown(Answer):
    """Where a case stands; `labels` are by what its process files it."""

    case_id: str
    process: str
    labels: dict[str, str]
    version: int
    stage: str
    stage_text: BothLanguages
    stage_since: datetime
    opened_at: datetime
    waiting_for: str | None
    due_at: datetime | None
    outcome: str | None
    outcome_by: ActorKind | None
    closed_at: datetime | None


class CaseListed(CaseShown):
    """A case in a list."""

    overdue: bool


class TrackTold(Answer):
    """Where a case stands on something that goes on in parallel: the stage, and its name."""

    at: str
    en: str
    ja: str


class FactOfCase(Answer):
    """A fact that a case told other processes, or was told by one; `how` it came to it."""

    fact_id: str
    revision: int
    type: str
    withdrawn: bool
    at: datetime
    how: str | None = None


class CorrectionTold(Answer):
    """Which fields of a record were put right, by whom, in the step of that version; not what they say."""

    version: int
    record: str
    fields: tuple[str, ...]
    made_by: str
    made_at: datetime


class TakeBackProposed(Answer):
    """A decision that somebody wants to take back: another person confirms or refuses it."""

    version: int
    step: str
    by: str


class CaseTold(CaseShown):
    """Everything of a case that is not personal; `tracks`: where it stands on what goes on in parallel."""

    policy_version: str | None
    tracks: dict[str, TrackTold]
    missing: dict[str, tuple[str, ...]]
    """By stage that could follow, all that is missing for it."""
    owes: tuple[str, ...]
    """What is given back if the case ends here, in the order in which it was taken."""
    tasks: tuple[TaskTold, ...]
    deadlines: tuple[DeadlineTold, ...]
    facts: tuple[FactTold, ...]
    facts_told: tuple[FactOfCase, ...] = ()
    """To other processes, the newest."""
    facts_told_in_all: int = 0
    facts_taken: tuple[FactOfCase, ...] = ()
    """From other processes, the newest."""
    facts_taken_in_all: int = 0
    correctable: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What can be put right: the fields of each record, for the decision `correct-data`."""
    corrections: tuple[CorrectionTold, ...] = ()
    take_back: TakeBackProposed | None = None
    possible: tuple[DecisionOffered, ...]


class CasePage(Answer):
    """Some cases; `next` is where the following ones are."""

    cases: tuple[CaseListed, ...]
    next: str | None


class TaskListed(TaskTold):
    """A task in the list of all; of kind dead-letter: an event that cannot be delivered, and why.

    Work of a process that is of none of its cases has no `case_id`.
    """

    case_id: str | None
    process: str
    stage: str | None
    stage_text: BothLanguages | None
    overdue: bool
    reason: str | None


class TaskPage(Answer):
    """Some tasks, what is due first before; `next` is where the following ones are."""

    tasks: tuple[TaskListed, ...]
    next: str | None


class EventStored(Answer):
    """The receipt of an event; `differs`: what a repeat says otherwise than the first, which stays."""

    id: str
    source: str
    status: Literal["stored", "duplicate"]
    stored_at: datetime
    location: str
    differs: tuple[Literal["time"], ...] = ()


class EventFate(Answer):
    """What became of an event; `code` says why it waits, was refused or is dead.

    `state`: stored (not delivered yet), waiting (for its case, or for its turn there), applied, refused (by
    its case, which keeps it and shows it to the office), dead (cannot be delivered: the office looks at it),
    dropped (by the office). `time` is the sender's; `ended_at` since when the state is final.
    """

    source: str
    id: str
    type: str
    process: str
    case_id: str
    state: Literal["stored", "waiting", "applied", "refused", "dead", "dropped"]
    code: str | None
    attempts: int
    time: datetime | None
    stored_at: datetime
    ended_at: datetime | None


class CaseAccepted(Answer):
    """What a case is about is stored. `state`: started, or stored: it starts as soon as Temporal answers.

    `receipt`: the code by which who has sent it without an address asks later what became of it.
    """

    case_id: str
    state: Literal["started", "stored"]
    repeated: bool
    receipt: str | None = None


class ReceiptTold(Answer):
    """What became of what somebody has sent without an address."""

    contact: Literal["made", "missed", "not-yet"]


def accepted(told: Answer, status: HTTPStatus, location: str | None) -> Response:
    """The answer to what has been stored, with the address at which it is to be seen."""
    headers = {"Cache-Control": "no-store"} | ({"Location": location} if location else {})
    return JSONResponse(told.model_dump(mode="json"), status_code=status, headers=headers)


class GlassTold(Answer):
    """A case is open to who does not see it otherwise."""

    case_id: str
    until: datetime


class ReadTold(Answer):
    """One read of a confidential case."""

    read: int
    at: datetime
    staff_id: str
    what: str
    """The page, its history, a list in which it stood, …"""
    by_right: str
    """Of a role; of a role by what concerns them, `role/concern`; or `break-glass`."""


class ReadsTold(Answer):
    """Who has read a case, the last first."""

    reads: tuple[ReadTold, ...]


class LinkListed(Answer):
    """A fact on its way to one process; `expected`: to one that is not there yet.

    `state`: waiting (for its case, or for the process), standing (kept for a case that opens later),
    delivered, noted (without a step), asked (a person decides), settled (a person has), superseded (by a
    later revision). `since`: since when it is so.
    """

    fact_id: str
    revision: int
    type: str
    process: str
    state: Literal["waiting", "standing", "delivered", "noted", "asked", "settled", "superseded"]
    reason: str | None
    since: datetime
    told_at: datetime
    withdrawn: bool
    expected: bool


class LinkPage(Answer):
    """Some facts, the last told first; `next` is where the following ones are."""

    links: tuple[LinkListed, ...]
    next: str | None


class RevisionTold(Answer):
    """What a fact told; `chain`: the facts from which it came."""

    revision: int
    withdrawn: bool
    case_id: str | None
    key: str
    occurred_at: datetime
    told_at: datetime
    data: dict[str, Any]
    chain: tuple[str, ...]


class ReceiverTold(LinkListed):
    """What became of a fact at one process; `absent` and `closed`: what it does without an open case."""

    producer: str
    attempts: int
    settled_by: str | None
    absent: str | None
    closed: str | None


class ReachTold(Answer):
    """A case that a fact came to, and what that made of it: `acted` by its `step`, or why not."""

    revision: int
    process: str
    case_id: str
    how: str
    at: datetime
    fate: Literal["told", "acted", "refused", "started", "found", "noted", "asked"]
    step: str | None
    acted_at: datetime | None


class LinkTold(Answer):
    """A fact between processes: what it told, to whom, and what became of it there."""

    fact_id: str
    type: str
    process: str
    revisions: tuple[RevisionTold, ...]
    receivers: tuple[ReceiverTold, ...]
    cases: tuple[ReachTold, ...]
