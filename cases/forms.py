"""Cases that begin with a form: filled in by the office, it takes the way of the portal's event.

The event is stored under the office's own id; the trigger that keeps what a portal sends keeps this too.
"""

import hashlib
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple

import asyncpg
from pydantic import BaseModel, ConfigDict, StringConstraints, create_model

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.database import REFUSED_BY_FUNCTION, refusal_of
from activities.kernel.queries import queries
from cases import facts
from cases.administration import ENTER, roles_for
from cases.apart import Kept, Marks, Words, keyed
from cases.receipts import receipt_of
from cases.registry import PROCESSES, ROOMS
from schemas.kernel.case import Actor, EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.payload import Payload
from schemas.kernel.refusals import Refusal
from workflows.kernel.process import Process

SQL: Final = queries("kernel/events")
SOURCE: Final = "office"
_NUMBER_LENGTH: Final = 12


class Stored(NamedTuple):
    """What a case is about is on record; `repeated`: it had been before, under the same id."""

    case_id: str
    repeated: bool
    receipt: str | None = None
    """The code by which who has no address asks what became of it."""


class Start(BaseModel):
    """A form as it comes to a door: the fields of what `form_of` makes."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@cache
def form_of(name: str) -> type[Start] | None:
    """The form that starts a case of a process, by the name of the process; None: it starts by none.

    Its fields: `process`, `form`, and `number`, which is the subject where the school or the office has one.
    """
    process = PROCESSES[name]
    if process.start is None:
        return None
    number = Annotated[str, StringConstraints(pattern=process.subject)] | None
    fields: Any = {
        "process": (Literal[name], ...),
        "number": (number, None),
        "form": (process.start[1].data, ...),
    }
    made = "".join(part.capitalize() for part in ("start", *name.split("-")))
    return create_model(made, __base__=Start, __doc__=f"{process.title[1]}: what is filled in.", **fields)


def may_start(actor: Actor, name: str) -> bool:
    """Whether an actor may fill in the form with which a case of a process begins."""
    return ROOMS[name].open_to_all or not roles_for(ENTER, name).isdisjoint(actor.roles)


async def store_form(
    pool: asyncpg.Pool,
    process: Process[Any],
    form: Payload,
    *,
    actor: Actor,
    key: str,
    number: str | None = None,
    marks: Marks | None = None,
) -> Stored:
    """Store what a person of the office has filled in; the same key again is the same case.

    A form without a number of its own gets one that follows from who sends it under which key.

    Raises:
        Refusal: the actor's roles do not enter such forms; the key or number is another form's; the database
            has no such thing as the form names.
    """
    if not may_start(actor, process.name):
        held, allowed = ", ".join(sorted(actor.roles)) or "-", roles_for(ENTER, process.name)
        raise Refusal("role-missing", step="start", roles=", ".join(sorted(allowed)), held=held)
    if process.start is None:
        raise LookupError(process.name)
    source = f"{SOURCE}:{actor.id}"
    made = hashlib.sha256(f"{process.name}|{source}|{key}".encode()).hexdigest()
    subject = number or made[:_NUMBER_LENGTH].upper()
    if process.keyed:
        if marks is None:
            raise LookupError(f"{process.name} starts only where its keys are")
        subject = keyed(marks, process.room, source, subject)
    case_id = process.case_id(subject)
    envelope = EventEnvelope(
        id=key,
        source=source,
        type=event_type(process.name, process.start[0]),
        received_at=datetime.now(UTC),
        data=form.model_dump(mode="json", exclude_unset=True),
    )
    with acting_for(THE_HOST):
        known = await pool.fetchrow(SQL["event"], source, key) is not None
    receipt = None
    if marks is not None and process.receipt(form):
        receipt = receipt_of(marks, process.room, case_id)
    try:
        case = {"process": process.name, "case_id": case_id}
        words: tuple[Words | Kept, ...] = ()
        if marks is not None:
            envelope, words = facts.apart(marks, case, envelope)
        await facts.store(pool, case, envelope, words, marks, receipt)
    except asyncpg.PostgresError as error:
        if error.sqlstate != REFUSED_BY_FUNCTION:
            raise
        raise refusal_of(error) from None
    return Stored(case_id, known, receipt)
