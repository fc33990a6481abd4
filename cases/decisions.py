"""A person's decision on its way to the case, from the command line and over HTTP alike.

What was decided before is answered from the log; words, and values of a record, are stored first and travel
by an id; those whose decision was certainly not made are taken out again.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

import asyncpg
from pydantic.fields import FieldInfo
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.database import FAULTS, REFUSED
from activities.kernel.queries import queries
from cases import corrections
from cases.apart import Marks, parted, without_parties
from cases.registry import PROCESSES
from cases.starting import waking
from cases.states import read_state, trial_frame
from cases.texts import Vault, keep_text
from cases.time_limits import is_unconnected, within
from schemas.kernel.case import Command, ReassignTask, Receipt
from schemas.kernel.patience import ANSWER_WITHIN, CONNECT_WITHIN, PROBE_WITHIN
from schemas.kernel.refusals import Refusal, RefusalKind, is_refusal
from workflows.kernel import stepping
from workflows.kernel.frame import LookupNeeded

SQL: Final = queries("kernel/office")
_WORDS: Final = re.compile(r"((?:\w+_)?(?:reason|remark|note|evidence|comment))_id")
VALUES: Final = "values"
"""What a person calls the values of a decision about a record, which are stored beside the case."""
VALUES_ID: Final = "values_id"
NOT_FROM_OUTSIDE: Final = frozenset({"command_id", "actor", "case_version", "policy", VALUES_ID})
"""Fields that no person fills in, beside ids of texts: the frame, and what the workflow looks up."""
_RUN_ENDED: Final = "AcceptedUpdateCompletedWorkflow"
"""Type of the failure of an update that had been accepted when its run ended."""
_NOT_TAKEN: Final = frozenset(
    {RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED}
)
_TEXTS_OF_COMMANDS: Final = UUID("5f0d3f5e-6f0b-4d0c-9a53-0f6f2b1f7a10")


class NotDecided(Refusal):
    """A decision without a receipt: refused, or servers are away and it may have been made, or still be."""

    @property
    def certain(self) -> bool:
        """Whether the decision is certainly not made, and never will be unless somebody repeats it."""
        return self.kind is not RefusalKind.UNAVAILABLE or self.code == "not-sent"


def text_fields(command: type[Command]) -> dict[str, str]:
    """What a person calls the words of a kind of decision, each with the field that refers to them.

    Beside a reason by its code the words for it are the `reason_in_words`.
    """
    fields = command.model_fields
    found = ((field, _WORDS.fullmatch(field)) for field in fields)
    return {
        f"{match[1]}_in_words" if match[1] in fields else match[1]: field
        for field, match in found
        if match is not None
    }


def own_fields(command: type[Command]) -> dict[str, FieldInfo]:
    """What a person says of a decision beside who, when and why: the same at every door."""
    apart = NOT_FROM_OUTSIDE.union(text_fields(command).values())
    return {name: field for name, field in command.model_fields.items() if name not in apart}


def values_field(command: type[Command]) -> FieldInfo | None:
    """The values that a kind of decision brings, as a door asks for them; None: it brings none."""
    field = command.model_fields.get(VALUES_ID)
    if field is None:
        return None
    return FieldInfo(annotation=dict[str, str | None], description=field.description)


async def made_before(pool: asyncpg.Pool, case: asyncpg.Record, cause: str) -> Receipt | None:
    """The answer to a decision that the log has: Temporal forgets, after its retention, what it answered."""
    with acting_for(THE_HOST):
        entry = await pool.fetchrow(SQL["log_of_cause"], case["case_id"], cause)
    if entry is None:
        return None
    current = {"waiting_for": case["waiting_for"], "due_at": case["due_at"]}
    return Receipt(
        case_id=case["case_id"],
        version=entry["version"],
        stage=entry["stage"],
        step=entry["step"],
        outcome=case["outcome"],
        repeated=True,
        **(current if case["closed_at"] is None else {}),
    )


async def tried(
    pool: asyncpg.Pool,
    case: asyncpg.Record,
    command: Command,
    texts: Mapping[str, str],
    vault: Marks,
    values: Mapping[str, Any] | None = None,
) -> Refusal | None:
    """What the rules say to a decision on a copy of the case, but for what only the step looks up.

    Nothing is stored: words and values stand in it under the ids that they would have.
    """
    process, fields = PROCESSES[case["process"]], text_fields(type(command))
    case_id = case["case_id"]
    ids = {fields[name]: str(_text_id(case_id, command, name)) for name in texts}
    try:
        if values is not None:
            corrections.checked(process, getattr(command, "record", ""), values)
            ids[VALUES_ID] = str(_text_id(case_id, command, VALUES))
        sent = command.model_copy(update=ids)
        if process.keyed:
            sent = without_parties(vault, process, case_id, sent)
        stepping.decided(process, sent, await read_state(pool, case), await trial_frame(pool, case))
    except Refusal as refusal:
        return refusal
    except LookupNeeded:
        return None
    return None


async def decide(
    pool: asyncpg.Pool,
    client: Callable[[], Awaitable[Client]],
    case: asyncpg.Record,
    command: Command,
    texts: Mapping[str, str],
    vault: Marks,
    values: Mapping[str, Any] | None = None,
) -> Receipt:
    """Make a decision that was not made before, and return the case as it stands after it.

    Args:
        pool: connections of the office role.
        client: gives the connection to Temporal, when it comes to that.
        case: the row of the case.
        command: what is decided, without its text.
        texts: reasons and remarks in words, by what a person calls them.
        vault: the keys of cases, with which words are stored.
        values: of a decision that brings some, as a file's cells are read (spreadsheets/corrections.py).

    Where Temporal's answer was lost the log is asked once more, which often knows.

    Raises:
        NotDecided: refused, closed, lost, or no answer in time, whichever server does not answer.
    """
    try:
        with acting_for(
            THE_HOST
        ):  # by a decision one may lose sight of the case, and is answered all the same
            return await within(ANSWER_WITHIN, _decide(pool, client, case, command, texts, vault, values))
    except TimeoutError:
        raise NotDecided("no-answer", command_id=command.command_id) from None


async def _decide(
    pool: asyncpg.Pool,
    client: Callable[[], Awaitable[Client]],
    case: asyncpg.Record,
    command: Command,
    texts: Mapping[str, str],
    vault: Marks,
    values: Mapping[str, Any] | None,
) -> Receipt:
    case_id = case["case_id"]
    # the rest is for asking the log
    until = asyncio.get_running_loop().time() + (ANSWER_WITHIN - PROBE_WITHIN).total_seconds()
    await _check_assignee(pool, case_id, command)
    stored = await _store(pool, case, command, texts, vault, values)
    try:
        made = await _update(pool, await _connected(client), case_id, stored.command, until)
    except NotDecided as refused:
        if not refused.certain or refused.code == "case-closed":
            receipt = await _made_meanwhile(pool, case_id, command.cause)
            if receipt is not None:
                return receipt
        if refused.certain:
            await _take_out(pool, stored, texts=True)
        raise
    if made.repeated:
        # it had been made meanwhile, with values of its own
        await _take_out(pool, stored, texts=False)
    return made


@dataclass(frozen=True, slots=True)
class _Stored:
    """A decision with the ids of what was stored for it, and of that what was not there before."""

    command: Command
    texts: tuple[UUID, ...]
    values: UUID | None


async def _store(
    pool: asyncpg.Pool,
    case: asyncpg.Record,
    command: Command,
    texts: Mapping[str, str],
    vault: Marks,
    values: Mapping[str, Any] | None,
) -> _Stored:
    case_id, process, record = case["case_id"], PROCESSES[case["process"]], getattr(command, "record", "")
    # checked before anything is stored
    checked = corrections.checked(process, record, values) if values is not None else {}
    sealed = process.corrections[record].sealed & checked.keys() if checked else frozenset[str]()
    words = {**texts, **{f"values.{name}": checked[name] for name in sorted(sealed) if checked[name]}}
    kept = {name: await _keep(pool, case_id, command, name, each, vault) for name, each in words.items()}
    checked |= {name: str(kept[f"values.{name}"][0]) for name in sealed if f"values.{name}" in kept}
    fields = text_fields(type(command))
    sent = command.model_copy(update={fields[name]: str(kept[name][0]) for name in texts})
    waiting: UUID | None = None
    if values is not None:
        correction_id, new = await corrections.keep_values(pool, case_id, command, record, checked)
        sent = sent.model_copy(update={VALUES_ID: str(correction_id)})
        waiting = correction_id if new else None
    if process.keyed:
        sent = await parted(pool, vault, process, case_id, sent)
    return _Stored(sent, tuple(text_id for text_id, new in kept.values() if new), waiting)


async def _take_out(pool: asyncpg.Pool, stored: _Stored, *, texts: bool) -> None:
    for text_id in stored.texts if texts else ():
        await pool.execute(SQL["delete_text"], text_id, stored.command.actor.id)
    if stored.values is not None:
        await corrections.withdraw_values(pool, stored.values, stored.command)


async def _made_meanwhile(pool: asyncpg.Pool, case_id: str, cause: str) -> Receipt | None:
    try:
        case = await pool.fetchrow(SQL["case"], case_id)
        return None if case is None else await made_before(pool, case, cause)
    except FAULTS:
        # it is away as well, and the answer stays that nobody knows
        return None


async def _check_assignee(pool: asyncpg.Pool, case_id: str, command: Command) -> None:
    """An open task goes only to active staff in its role, which the case itself does not know."""
    if not isinstance(command, ReassignTask):
        return
    role = await pool.fetchval(SQL["role_of_task"], case_id, command.task)
    if role is not None and not await pool.fetchval(SQL["staff_with_role"], command.assignee, role):
        raise NotDecided("assignee-unfit", assignee=command.assignee, role=role)


async def _keep(
    pool: asyncpg.Pool, case_id: str, command: Command, name: str, words: str, vault: Vault
) -> tuple[UUID, bool]:
    """Store words under an id that follows from the command's: repeated, they are stored once."""
    text_id = _text_id(case_id, command, name)
    return text_id, await keep_text(pool, vault, text_id, case_id, command.actor.id, words)


def _text_id(case_id: str, command: Command, name: str) -> UUID:
    return uuid5(_TEXTS_OF_COMMANDS, f"{case_id}|{command.cause}|{name}")


async def _connected(client: Callable[[], Awaitable[Client]]) -> Client:
    try:
        async with asyncio.timeout(CONNECT_WITHIN.total_seconds()):
            return await client()
    except TimeoutError:
        raise NotDecided("not-sent", status="UNAVAILABLE") from None


async def _update(
    pool: asyncpg.Pool, client: Client, case_id: str, command: Command, until: float
) -> Receipt:
    handle = client.get_workflow_handle(case_id)
    try:
        async with asyncio.timeout_at(until):
            receipt: Receipt
            try:
                receipt = await ask(handle, command)
            except RPCError as error:
                start = await waking(pool, case_id, command.step) if _is_gone(error) else None
                if start is None:
                    raise
                receipt = await client.execute_update_with_start_workflow(
                    command.step,
                    command,
                    start_workflow_operation=start,
                    id=command.cause,
                    result_type=Receipt,
                )
            return receipt
    except WorkflowUpdateFailedError as error:
        raise _refused(error.cause, command) from None
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise NotDecided("no-answer", command_id=command.command_id) from None
    except RPCError as error:
        raise await _no_answer(pool, case_id, error.status, command) from None
    except RuntimeError as error:
        if not is_unconnected(error):
            raise
        raise NotDecided("not-sent", status="UNAVAILABLE") from None


async def ask(handle: WorkflowHandle[Any, Any], command: Command) -> Receipt:
    """The receipt of a decision that is put to its case: once more where the first asking was dropped.

    A case that ends with a decision while an event reaches it has its task dropped, and the decision with it:
    Temporal answers that the workflow is not ready, and gives the event and nothing else again. What is asked
    twice is decided once, by its id.
    """
    try:
        return await _put(handle, command)
    except RPCError as error:
        if error.status is not RPCStatusCode.FAILED_PRECONDITION:
            raise
    return await _put(handle, command)


async def _put(handle: WorkflowHandle[Any, Any], command: Command) -> Receipt:
    receipt: Receipt = await handle.execute_update(
        command.step, command, id=command.cause, result_type=Receipt
    )
    return receipt


def _is_gone(error: RPCError) -> bool:
    return error.status is RPCStatusCode.NOT_FOUND


def _refused(cause: BaseException | None, command: Command) -> NotDecided:
    if not isinstance(cause, ApplicationError) or cause.type == _RUN_ENDED:
        status = cause.type if isinstance(cause, ApplicationError) else type(cause).__name__
        return _unknown(status or "", command)
    if cause.type == REFUSED and cause.details and is_refusal(cause.details[0]):
        return NotDecided(cause.details[0], **cause.details[1])
    return NotDecided("invalid-message", faults=cause.message)


def _unknown(status: str, command: Command) -> NotDecided:
    return NotDecided("outcome-unknown", status=status, command_id=command.command_id)


async def _no_answer(pool: asyncpg.Pool, case_id: str, status: RPCStatusCode, command: Command) -> NotDecided:
    """What an error of Temporal's says of a decision that it was given: seldom that it is not made.

    The connection may break after the decision was accepted, and the SDK asks again by itself: even that
    there is no workflow may be said of one that had accepted it and was ended since.
    """
    if status in _NOT_TAKEN:
        return NotDecided("not-sent", status=status.name)
    if status is not RPCStatusCode.NOT_FOUND:
        return _unknown(status.name, command)
    try:
        row = await pool.fetchrow(SQL["case"], case_id)
    except FAULTS:
        return _unknown(status.name, command)
    if row is None:
        return NotDecided("no-such-case")
    if row["closed_at"] is None:
        return NotDecided("workflow-lost", command_id=command.command_id)
    return NotDecided("case-closed", stage=row["stage"], step=command.step)
