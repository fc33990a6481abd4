"""A message to a case on its way into its step, and what came of it."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, JsonValue

from schemas.kernel.case import EventEnvelope, RefusedEvent
from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload
from schemas.kernel.transition import Undelivered


class Opened(Payload):
    """The case begins."""

    kind: Literal["opened"] = "opened"


class Decided(Payload):
    """A person has decided; `command` is the command of that step as JSON."""

    kind: Literal["decided"] = "decided"
    step: str
    command: dict[str, JsonValue]


class FactTold(Payload):
    """Another system, or another case, tells a fact."""

    kind: Literal["fact-told"] = "fact-told"
    event: EventEnvelope


class FactRefused(Payload):
    """Something came that is no fact for the case. `cause` makes it one, however often it is tried."""

    kind: Literal["fact-refused"] = "fact-refused"
    refused: RefusedEvent
    cause: str


class TimePassed(Payload):
    """Something may be due."""

    kind: Literal["time-passed"] = "time-passed"


class NoticesFailed(Payload):
    """Messages of a version reached nobody: each notice by its id, with channel and reason."""

    kind: Literal["notices-failed"] = "notices-failed"
    version: int
    failed: dict[str, Undelivered]


class UndoDue(Payload):
    """The case has ended, or part of it has: what it owes last is to be undone."""

    kind: Literal["undo-due"] = "undo-due"
    failed: Code | None = None
    """Why it could not be: then that is noted instead."""


class Restarted(Payload):
    """The workflow had been lost and goes on from the database."""

    kind: Literal["restarted"] = "restarted"


Message = Annotated[
    Opened | Decided | FactTold | FactRefused | TimePassed | NoticesFailed | UndoDue | Restarted,
    Field(discriminator="kind"),
]


class StepRequest(Payload):
    """Take whatever steps a message leads to, on the state that the database has."""

    case_id: str
    process: str
    follows: int
    """The version that the workflow knows; the database may be ahead of it, never behind."""
    at: AwareDatetime
    """The workflow's time: when the steps are taken."""
    message: Message


class RefusedStep(Payload):
    """Why nothing was done: a refusal's code and the parameters of its text."""

    code: str
    params: dict[str, str] = Field(default_factory=dict)


class StepOutcome(Payload):
    """What came of a message, recorded in the history: a replay takes it and decides nothing again.

    Unless it is refused, `change` leads from the state that the workflow knew to the one that is written: a
    merge patch (RFC 7396), or the `whole` state where the database was ahead.
    """

    version: int
    step: str
    refused: RefusedStep | None = None
    repeated: bool = False
    """True when the message had been taken under an earlier version: nothing was done."""
    change: dict[str, JsonValue] = Field(default_factory=dict)
    whole: bool = False
    waiting_for: str | None = None
    attributes: dict[str, str | None] = Field(default_factory=dict)
    """Search attributes, times in ISO 8601, that have another value than the workflow knows."""
    notices: tuple[int, ...] = ()
    """Versions that have messages to deliver."""


class CaseHandover(Payload):
    """What a case's next run begins with, by continue-as-new or when it is restarted from the database."""

    version: int
    state: dict[str, Any]
    waiting_for: str | None = None
    attributes: dict[str, str | None] = Field(default_factory=dict)
    undelivered: tuple[int, ...] = ()
    decided: tuple[str, ...] = ()
    """Causes of its last decisions: one that is repeated is not checked against what it has led to."""
    restarted: bool = False


class CaseStart(Payload):
    """The input of every case workflow: which case, and where it goes on from unless it is new."""

    case_id: str
    handover: CaseHandover | None = None
