"""A person's decision on its way to the case, from the command line and over HTTP alike.

What was decided before is answered from the log; words are stored first and travel by an id; a text whose
decision was certainly not made is taken out again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

import asyncpg
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.database import REFUSED
from activities.sql import queries
from schemas.case import Command, ReassignTask, Receipt
from schemas.refusals import TEXTS, Refusal, RefusalKind, refusal_text

SQL: Final = queries("office")
ANSWER_WITHIN: Final = timedelta(seconds=15)
TEXT_FIELDS: Final[Mapping[str, str]] = {"reason_id": "reason", "remark_id": "remark"}
"""Fields of commands that refer to words, and what a person calls these."""
_TEXTS_OF_COMMANDS: Final = UUID("5f0d3f5e-6f0b-4d0c-9a53-0f6f2b1f7a10")


class NotDecided(Exception):  # noqa: N818 - an answer, not an error of the program
    """A decision without a receipt.

    Args:
        code: a key of `schemas.refusals.TEXTS`, or no-answer, temporal-unreachable, workflow-lost,
            no-such-case.
        kind: the sort of no; None when servers are away, and with no-answer it may still be made.
        params: codes, counts and dates for the text.
    """

    def __init__(self, code: str, kind: RefusalKind | None, params: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code, self.kind, self.params = code, kind, dict(params or {})

    def text(self, language: str) -> str:
        """The sentence of a refusal."""
        return refusal_text(self.code, self.params, language)


def text_field(command: type[Command]) -> str | None:
    """The field by which a kind of decision refers to words; None when it takes none."""
    return next((name for name in TEXT_FIELDS if name in command.model_fields), None)


async def made_before(pool: asyncpg.Pool, case: asyncpg.Record, cause: str) -> Receipt | None:
    """The answer to a decision that the log has: Temporal forgets, after its retention, what it answered."""
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


async def decide(
    pool: asyncpg.Pool,
    client: Callable[[], Awaitable[Client]],
    case: asyncpg.Record,
    command: Command,
    text: str | None,
) -> Receipt:
    """Make a decision that was not made before, and return the case as it stands after it.

    Args:
        pool: connections of the office role.
        client: gives the connection to Temporal, when it comes to that.
        case: the row of the case.
        command: what is decided, without its text.
        text: the reason or remark in words.

    Raises:
        NotDecided: refused, closed, lost, or no answer in time.
    """
    case_id = case["case_id"]
    await _check_assignee(pool, case_id, command)
    text_id, new = await _keep(pool, case_id, command, text)
    field = text_field(type(command))
    if text_id is not None and field is not None:
        command = command.model_copy(update={field: str(text_id)})
    try:
        return await _update(pool, await client(), case_id, command)
    except NotDecided as refused:
        if refused.kind is not None and new:
            await pool.execute(SQL["delete_text"], text_id, command.actor.id)
        raise


async def _check_assignee(pool: asyncpg.Pool, case_id: str, command: Command) -> None:
    """An open task goes only to active staff in its role, which the case itself does not know."""
    if not isinstance(command, ReassignTask):
        return
    role = await pool.fetchval(SQL["role_of_task"], case_id, command.task)
    if role is not None and not await pool.fetchval(SQL["staff_with_role"], command.assignee, role):
        raise NotDecided(
            "assignee-unfit", RefusalKind.NOT_FOUND, {"assignee": command.assignee, "role": role}
        )


async def _keep(
    pool: asyncpg.Pool, case_id: str, command: Command, text: str | None
) -> tuple[UUID | None, bool]:
    """Store the text under an id that follows from the command's: repeated, it is stored once."""
    if text is None:
        return None, False
    text_id = uuid5(_TEXTS_OF_COMMANDS, f"{case_id}|{command.cause}")
    kept = await pool.fetchval(SQL["keep_text"], text_id, case_id, command.actor.id, text)
    return text_id, kept is not None


async def _update(pool: asyncpg.Pool, client: Client, case_id: str, command: Command) -> Receipt:
    handle = client.get_workflow_handle(case_id)
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            receipt: Receipt = await handle.execute_update(
                command.step, command, id=command.cause, result_type=Receipt
            )
            return receipt
    except WorkflowUpdateFailedError as error:
        if isinstance(error.cause, ApplicationError):
            raise _refused(error.cause) from None
        raise
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise NotDecided("no-answer", None, {"command_id": command.command_id}) from None
    except RPCError as error:
        raise await no_case(pool, case_id, error.status, command.step) from None
    except RuntimeError as error:
        if not is_unconnected(error):
            raise
        raise NotDecided("temporal-unreachable", None, {"status": "UNAVAILABLE"}) from None


def is_unconnected(error: RuntimeError) -> bool:
    """Whether a client that connects when it is first used could not."""
    return "client connect" in str(error)


def _refused(cause: ApplicationError) -> NotDecided:
    if cause.type == REFUSED and cause.details and cause.details[0] in TEXTS:
        code, params = cause.details[0], cause.details[1]
        return NotDecided(code, Refusal(code, **params).kind, params)
    return NotDecided("invalid-message", RefusalKind.INVALID, {"faults": cause.message})


async def no_case(pool: asyncpg.Pool, case_id: str, status: RPCStatusCode, step: str) -> NotDecided:
    """Why Temporal has no running workflow of a case."""
    if status is not RPCStatusCode.NOT_FOUND:
        return NotDecided("temporal-unreachable", None, {"status": status.name})
    row = await pool.fetchrow(SQL["case"], case_id)
    if row is None:
        return NotDecided("no-such-case", RefusalKind.NOT_FOUND)
    if row["closed_at"] is None:
        return NotDecided("workflow-lost", None)
    return NotDecided("case-closed", RefusalKind.WRONG_STAGE, {"stage": row["stage"], "step": step})
