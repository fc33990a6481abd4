"""Applications at `POST /cases` and `/cases/batch`: they are stored, and a case is started for each."""

import hashlib
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from activities.admission.applications import contradicting_accounts, differing, store_applications
from activities.admission.start_validation import faults_among
from activities.kernel.queries import queries
from gateway.admission.responses import BatchAccepted, BatchProgress
from gateway.context import gateway_of
from gateway.operation import Operation
from gateway.problems import Fault, Problem, invalid, pointer
from gateway.request_parsing import body_of, checked, key_of, note_request
from gateway.responses import accepted
from gateway.staff import require_role, staff_of
from schemas.admission.applications import ApplicationRow
from schemas.admission.identifiers import admission_case_id
from schemas.kernel.case import Actor
from schemas.kernel.japan import TOKYO
from schemas.kernel.people import NumberedRow
from workflows.admission.process import OFFICE

SQL: Final = queries("admission/imports")
BATCH_LIMIT: Final = 500
BATCH_BODY_LIMIT: Final = 1024 * 1024
Rows = list[NumberedRow[ApplicationRow]]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class StartReview(_Request):
    """One application, whose case is to start."""

    process: Literal["admission-review"]
    application: ApplicationRow


START: Final = StartReview


class StartBatch(_Request):
    """Applications of one round; all are taken, or none."""

    process: Literal["admission-review"] = "admission-review"
    applications: Annotated[tuple[ApplicationRow, ...], Field(min_length=1, max_length=BATCH_LIMIT)]


async def store_one(request: Request, actor: Actor, raw: bytes) -> tuple[str, bool]:
    """Store an application; its case, and whether it had been stored before."""
    gateway = gateway_of(request)
    require_role(actor, OFFICE)
    key = key_of(request, required=False)
    given = checked(StartReview, raw)
    rows = await _checked_rows(gateway.pool, [given.application], ("application",))
    if key is not None:
        await note_request(gateway.pool, actor, key, "start", raw)
    stored = await _store(gateway.pool, rows, raw, actor, one=True)
    return admission_case_id(rows[0].data.application_no), not stored.stored


async def start_batch(request: Request) -> Response:
    """Store applications, all or none; their cases start by themselves."""
    gateway, actor = gateway_of(request), await staff_of(request)
    require_role(actor, OFFICE)
    key = key_of(request, required=False)
    raw, _ = await body_of(request, BATCH_BODY_LIMIT)
    given = checked(StartBatch, raw)
    rows = await _checked_rows(gateway.pool, list(given.applications), ("applications",))
    if key is not None:
        await note_request(gateway.pool, actor, key, "start-batch", raw)
    told = await _store(gateway.pool, rows, raw, actor, one=False)
    if told.batch_id is None:  # all of it was known: most likely the answer to the same request was lost
        sha256 = hashlib.sha256(raw).hexdigest()
        batch_id = await gateway.pool.fetchval(SQL["batch_of_body"], sha256, actor.id)
        told = told.model_copy(update={"batch_id": batch_id})
    location = f"/imports/{told.batch_id}" if told.batch_id else None
    return accepted(told, HTTPStatus.ACCEPTED if told.stored else HTTPStatus.OK, location)


async def batch_progress(request: Request) -> Response:
    """How many cases of a batch have been started."""
    gateway, actor = gateway_of(request), await staff_of(request)
    require_role(actor, OFFICE)
    try:
        batch_id = UUID(request.path_params["batch_id"])
    except ValueError:
        row = None
    else:
        row = await gateway.pool.fetchrow(SQL["batch_progress"], batch_id)
    if row is None:
        raise Problem(
            HTTPStatus.NOT_FOUND, "no-such-batch", "There is no such batch.", "該当する一括登録はありません。"
        )
    told = BatchProgress(
        batch_id=row["batch_id"],
        round_id=row["round_id"],
        stored=row["stored"],
        started=row["started"],
        accepted_at=row["imported_at"],
    )
    return accepted(told, HTTPStatus.OK, None)


async def _checked_rows(
    pool: asyncpg.Pool, applications: list[ApplicationRow], prefix: tuple[str, ...]
) -> Rows:
    declared = {row["round_id"]: frozenset(row["programmes"]) for row in await pool.fetch(SQL["rounds"])}
    rows, faults = faults_among(applications, declared, datetime.now(TOKYO).date())
    if faults:
        raise invalid(_placed(row, name, code, prefix) for row, name, code in faults)
    return rows


def _placed(row: int, name: str, code: str, prefix: tuple[str, ...]) -> Fault:
    numbered = (row,) if prefix == ("applications",) else ()
    return Fault(pointer(*prefix, *numbered, name), code)


async def _store(pool: asyncpg.Pool, rows: Rows, raw: bytes, actor: Actor, *, one: bool) -> BatchAccepted:
    prefix: tuple[str, ...] = ("application",) if one else ("applications",)
    connection: Any
    async with pool.acquire() as connection, connection.transaction():
        found = await store_applications(
            connection,
            rows,
            file_sha256=hashlib.sha256(raw).hexdigest(),
            round_id=rows[0].data.round_id,
            skipped=0,
            imported_by=actor.id,
            starts_itself=True,
        )
        if found.conflicting:
            other = {row.row for row in await differing(connection, rows)}
            account = {row.row for row in await contradicting_accounts(connection, rows)} - other
            raise _conflict(
                [
                    *(
                        _placed(row, "application_no", "already-imported-differently", prefix)
                        for row in other
                    ),
                    *(_placed(row, "applicant_account", "account-of-another", prefix) for row in account),
                ]
            )
    return BatchAccepted(batch_id=found.batch_id, given=len(rows), stored=found.added, known=found.known)


def _conflict(faults: list[Fault]) -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "already-there-differently",
        "Something is on record with other content under the same number or account; nothing was stored.",
        "同じ番号またはアカウントが異なる内容で登録されています。何も登録していません。",
        faults=sorted(faults, key=lambda fault: fault.at),
    )


def routes() -> list[Route]:
    """What only applications have: many at once, and how far those are."""
    return [
        Route("/cases/batch", start_batch, methods=["POST"]),
        Route("/imports/{batch_id}", batch_progress, methods=["GET"]),
    ]


OPERATIONS: Final = (
    Operation(
        "POST",
        "/cases/batch",
        "start-cases",
        "Store applications of one round, all or none; their cases start by themselves.",
        request=StartBatch,
        headers={"Idempotency-Key": False},
        responses={HTTPStatus.ACCEPTED: BatchAccepted, HTTPStatus.OK: BatchAccepted},
    ),
    Operation(
        "GET",
        "/imports/{batch_id}",
        "show-batch",
        "Show how many cases of a batch have been started.",
        responses={HTTPStatus.OK: BatchProgress},
    ),
)
