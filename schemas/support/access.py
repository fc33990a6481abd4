"""A student's request to see what is held about them (開示請求): what is asked, answered and handed over."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.kernel.case import Command
from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload, Record
from schemas.support.referral import PersonKey


class Part(StrEnum):
    """What of a case can be disclosed."""

    CASE = "case"
    """How it went: stages with their times, level, unit."""
    REFERRAL = "referral"
    """When and by which way it came; never from whom."""
    CONTACTS = "contacts"
    """When somebody spoke, or tried to speak, to the student."""
    APPOINTMENTS = "appointments"
    SCORES = "scores"
    CONSENTS = "consents"
    DISCLOSURES = "disclosures"
    """What was told to whom without consent, and on which ground."""
    TEXTS = "texts"
    """Words, each of which the answer names."""


class Asker(StrEnum):
    """Whether who asks is the person whom the case is about."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    STRANGER = "stranger"
    """Signed in as somebody else."""


class AccessRequest(Record):
    """A request that is open, or answered and not handed over yet."""

    number: int
    """Version of the case with which it was opened."""
    asker: Asker
    due_on: datetime
    """When the answer is due."""
    extended: bool = False
    objected: bool = False
    """Somebody else of whom the record tells does not want it to be disclosed."""
    answered: bool = False
    open_from: datetime | None = None
    """From when on it may be handed over."""


class RequestAccess(Command):
    """The student asks to see what is held about them: it is answered within 30 days."""

    step: ClassVar[str] = "request-access"
    identified: bool = Field(default=False, description="Papers have shown that it is the person themselves.")
    at: AwareDatetime | None = Field(default=None, description="When it was received; left out: now.")

    @property
    def happened_at(self) -> datetime | None:
        """When it was received: the days count from there."""
        return self.at


class ExtendAccess(Command):
    """Answer a request 30 days later, once, for a reason that the student is told."""

    step: ClassVar[str] = "extend-access"
    reason_id: str | None = None


class NoteObjection(Command):
    """Somebody else of whom the record tells objects: what is disclosed waits two weeks after the answer."""

    step: ClassVar[str] = "note-objection"
    reason_id: str | None = None


class AnswerAccess(Command):
    """Answer a request: which parts are disclosed, and on which ground the others are not."""

    step: ClassVar[str] = "answer-access"
    ground: Code = Field(description="A code of the policy's list; `existence` neither confirms nor denies.")
    parts: tuple[Part, ...] = Field(default=(), max_length=10, description="What is disclosed.")
    texts: tuple[UUID, ...] = Field(
        default=(), max_length=500, description="Ids of the words that are disclosed, as the page has them."
    )
    identified: bool = Field(default=False, description="Papers have shown that it is the person themselves.")
    reason_id: str | None = None
    """Why what is kept back is kept back."""


class HandOver(Command):
    """The student has got the extract: the request is done, and the case out of sight again."""

    step: ClassVar[str] = "hand-over-extract"


class AccessRequested(Payload):
    """The student asks at the portal to see what is held about them."""

    person: PersonKey
    """Who has signed in there."""


class AccessNoted(Payload):
    """How a request stands after a step."""

    kind: Literal["access-noted"] = "access-noted"
    request: int
    due_at: AwareDatetime
    state: Literal["open", "answered", "ended"]
    extended: bool
    objected: bool
    ground: str | None = None
    parts: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    open_from: AwareDatetime | None = None
    reason_id: str | None = None
