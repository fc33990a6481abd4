"""`POST /cases` and `/cases/batch`: applications are stored, and a case is started for each."""

import asyncio
import hashlib
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from temporalio.service import RPCError

from activities.admission.applications import contradicting_accounts, differing, store_applications
from activities.admission.start_validation import faults_among
from activities.kernel.queries import queries
from cases.decisions import is_unconnected
from cases.starting import start_case
from gateway.context import Gateway, gateway_of
from gateway.problems import Fault, Problem, invalid, pointer, unavailable
from gateway.request_parsing import body_of, checked, key_of, note_request
from gateway.responses import BatchAccepted, BatchProgress, CaseAccepted
from gateway.staff import require_role, staff_of
from schemas.admission.applications import ApplicationRow
from schemas.admission.identifiers import admission_case_id
from schemas.kernel.case import Actor
from schemas.kernel.people import NumberedRow
from workflows.admission.process import OFFICE

SQL: Final = queries("admission/imports")
BATCH_LIMIT: Final = 500
BATCH_BODY_LIMIT: Final = 1024 * 1024
START_WITHIN: Final = 5.0
"""Seconds for Temporal to take a start, before the relay is left to do it."""
TOKYO: Final = ZoneInfo("Asia/Tokyo")
Rows = list[NumberedRow[ApplicationRow]]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class StartCase(_Request):
    """One application, whose case is to start."""

    process: Literal["admission-review"]
    application: ApplicationRow


class StartBatch(_Request):
    """Applications of one round; all are taken, or none."""

    process: Literal["admission-review"] = "admission-review"
    applications: Annotated[tuple[ApplicationRow, ...], Field(min_length=1, max_length=BATCH_LIMIT)]


async def start_one(request: Request) -> Response:
    """Store an application and start its case; the same again changes nothing."""
    gateway, actor = gateway_of(request), await staff_of(request)
    require_role(actor, OFFICE)
    key = key_of(request, required=False)
    raw, _ = await body_of(request)
    given = checked(StartCase, raw)
    rows = await _checked_rows(gateway.pool, [given.application], ("application",))
    if key is not None:
        await note_request(gateway.pool, actor, key, "start", raw)
    stored = await _store(gateway.pool, rows, raw, actor, one=True)
    number = rows[0].data.application_no
    case_id = admission_case_id(number)
    started = await _start(gateway, number, rows[0].data.round_id)
    repeated = not stored.stored
    status = HTTPStatus.OK if repeated else HTTPStatus.CREATED
    if not started:
        status = HTTPStatus.ACCEPTED
    told = CaseAccepted(case_id=case_id, state="started" if started else "stored", repeated=repeated)
    return _answer(told, status, f"/cases/{case_id}")


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
    return _answer(told, HTTPStatus.ACCEPTED if told.stored else HTTPStatus.OK, location)


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
    return _answer(told, HTTPStatus.OK, None)


async def _checked_rows(
    pool: asyncpg.Pool, applications: list[ApplicationRow], prefix: tuple[str, ...]
) -> Rows:
    declared = {
        row["round_id"]: frozenset(row["programmes"])
        for row in await pool.fetch(queries("kernel/office")["rounds"])
    }
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


async def _start(gateway: Gateway, number: str, round_id: str) -> bool:
    """Start a case now; False when the relay will as soon as Temporal answers."""
    row = await gateway.pool.fetchrow(SQL["start_of_application"], number)
    if row is None:
        raise LookupError(number)
    if row["opened"]:
        return True
    try:
        async with asyncio.timeout(START_WITHIN):
            await start_case(gateway.client, number, round_id)
    except (TimeoutError, RPCError, RuntimeError) as error:
        if type(error) is RuntimeError and not is_unconnected(error):
            raise
        if row["starts_itself"]:
            return False
        raise unavailable(
            "temporal-unreachable",
            "The application is stored; whether its case was started is not known. Repeat the request.",
            "出願は登録済みですが、案件が開始されたかどうかは不明です。同じリクエストを再送してください。",
        ) from None
    await gateway.pool.execute(SQL["mark_started"], [number])
    return True


def _answer(told: BaseModel, status: HTTPStatus, location: str | None) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Location": location} if location else {})
    return JSONResponse(told.model_dump(mode="json"), status_code=status, headers=headers)
