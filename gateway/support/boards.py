"""The boards of support, the yearly report, and what who has referred is told, over HTTP."""

from datetime import datetime
from http import HTTPStatus
from typing import Final, Literal

from starlette.exceptions import HTTPException

from cases.support import boards
from cases.support.report import report_of
from gateway.door import Asked, Door
from gateway.operation import Operation
from gateway.responses import Answer, Lines
from gateway.support.queries import BreachesQuery, RowsQuery

YEARS: Final = range(2000, 2201)


class QueueRow(Answer):
    """An open case: what is due, and how that was counted."""

    case_id: str
    stage: str
    level: int | None
    unit: str | None
    owner: str | None
    due_at: datetime | None
    task: str | None
    deadline: str | None
    calculation: Lines | None


class Queue(Answer):
    """Open cases, what is due first before."""

    cases: tuple[QueueRow, ...]


class BreachRow(Answer):
    """A clock that was missed; `ended_at`: when it was done all the same."""

    case_id: str
    level: int | None
    unit: str | None
    owner: str | None
    due_at: datetime
    ended_at: datetime | None
    deadline: str
    calculation: Lines | None


class Breaches(Answer):
    """What was missed, the last first."""

    breaches: tuple[BreachRow, ...]


class LoadRow(Answer):
    """An owner of a unit, or its queue: how many cases are open there."""

    unit: str | None
    owner: str | None
    open: int
    away_until: datetime | None
    substitute: str | None


class Load(Answer):
    """Who has how much."""

    owners: tuple[LoadRow, ...]


class CrisisRow(Answer):
    """A crisis that nobody has stood down: who attends to it (`lead`), or was paged last."""

    case_id: str
    page: int
    step: str
    rung: str | None
    lead: tuple[str, ...]
    paged: tuple[str, ...]
    since: datetime | None


class Crises(Answer):
    """The longest first."""

    crises: tuple[CrisisRow, ...]


class ReferralRow(Answer):
    """What somebody has referred, and whether contact was made."""

    case_id: str
    referred_at: datetime
    contact: Literal["made", "missed", "not-yet"]
    contact_at: datetime | None


class Referrals(Answer):
    """What whoever asks has referred, the last first."""

    referrals: tuple[ReferralRow, ...]


class YearlyReport(Answer):
    """The counts of a year; null where one is small, or would tell a small one."""

    year: int
    counted_at: datetime
    referrals: int | None
    days_to_first_response: float | None
    tables: dict[str, dict[str, int | None]]


async def _queue(asked: Asked) -> Queue:
    rows = await boards.queue(asked.pool, asked.query.limit)
    return Queue.model_validate(
        {"cases": [row | {"calculation": row["calculation"] or None} for row in rows]}
    )


async def _breaches(asked: Asked) -> Breaches:
    rows = await boards.breaches(asked.pool, asked.query.days, asked.query.limit)
    return Breaches.model_validate(
        {"breaches": [row | {"calculation": row["calculation"] or None} for row in rows]}
    )


async def _load(asked: Asked) -> Load:
    return Load.model_validate({"owners": await boards.load(asked.pool)})


async def _crises(asked: Asked) -> Crises:
    return Crises.model_validate({"crises": await boards.crises(asked.pool)})


async def _referrals(asked: Asked) -> Referrals:
    return Referrals.model_validate({"referrals": await boards.referrals(asked.pool)})


async def _report(asked: Asked) -> YearlyReport:
    year = asked.number("year")
    if year not in YEARS:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return YearlyReport.model_validate(await report_of(asked.pool, year, asked.actor))


DOORS: Final = (
    Door(
        Operation(
            "GET",
            "/support/queue",
            "list-support-queue",
            "List open cases by when they are due, with what is due and how that was counted.",
            query=RowsQuery,
            responses={HTTPStatus.OK: Queue},
        ),
        _queue,
    ),
    Door(
        Operation(
            "GET",
            "/support/load",
            "list-support-load",
            "List how many open cases each owner and each queue has, and who is away until when.",
            responses={HTTPStatus.OK: Load},
        ),
        _load,
    ),
    Door(
        Operation(
            "GET",
            "/support/breaches",
            "list-support-breaches",
            "List the clocks that were missed, the last first, with how each was counted.",
            query=BreachesQuery,
            responses={HTTPStatus.OK: Breaches},
        ),
        _breaches,
    ),
    Door(
        Operation(
            "GET",
            "/support/crises",
            "list-support-crises",
            "List the crises that nobody has stood down: which page, at which step, who has it, since when.",
            responses={HTTPStatus.OK: Crises},
        ),
        _crises,
    ),
    Door(
        Operation(
            "GET",
            "/support/referrals",
            "list-support-referrals",
            "List what you have referred: when, and whether contact was made; nothing further is told.",
            responses={HTTPStatus.OK: Referrals},
        ),
        _referrals,
    ),
    Door(
        Operation(
            "GET",
            "/support/reports/{year}",
            "show-support-report",
            "Show the counts of a year that is over, small ones hidden, as they were first published.",
            responses={HTTPStatus.OK: YearlyReport},
            more_problems=(HTTPStatus.CONFLICT,),
        ),
        _report,
        act="read-report",
    ),
)
