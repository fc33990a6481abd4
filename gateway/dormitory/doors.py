"""The list of beds, the plan of a house and who waits, over HTTP; needs are codes, and nobody is named."""

import asyncio
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cases.dormitory import beds
from gateway.door import Asked, Door
from gateway.file_doors import FaultyFile
from gateway.listing import Flag, digits
from gateway.operation import Operation
from gateway.responses import Answer
from schemas.dormitory.run import House
from spreadsheets.dormitory.beds import check_beds_file

SUBJECT: Final = "http"
"""What the log calls a file that came here: it has no name."""


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class HouseQuery(_Query):
    """Which house."""

    house: House


class PlanQuery(HouseQuery):
    """Of so many days ahead."""

    days: Annotated[int, BeforeValidator(digits), Field(strict=True, ge=1, le=beds.MOST_DAYS)] = 60


class BedsQuery(_Query):
    """Whether the file is only checked."""

    check: Flag = False


class Given(Answer):
    """Days on which a bed is not free; `holder`: the case of the student, if it is one's."""

    first: date
    until: date | None
    state: str
    holder: str | None


class PlanRow(Answer):
    """A bed; `empty`: why nobody has it on the first day."""

    bed: str
    room: str
    kind: str
    state: str
    empty: str | None
    days: tuple[Given, ...]


class Plan(Answer):
    """A house bed by bed."""

    beds: tuple[PlanRow, ...]


class WaitRow(Answer):
    """Who waits, and why they were not served."""

    mobility: str
    run: str
    types: tuple[str, ...]
    first: date
    until: date
    needs: tuple[str, ...]
    since: datetime
    reason: str


class Waitlist(Answer):
    """In the order in which they are served."""

    waiting: tuple[WaitRow, ...]


class BedsTaken(Answer):
    """What a list has done with each bed, or with `check` nothing; all counts are of beds."""

    checked_only: bool
    counts: dict[str, int]


async def _load(asked: Asked) -> BedsTaken:
    assert asked.file is not None  # noqa: S101 - its operation has one
    checked = await asyncio.to_thread(check_beds_file, asked.file)
    if checked.errors:
        raise FaultyFile(checked.errors)
    if asked.query.check:
        return BedsTaken(checked_only=True, counts={"rows": checked.total})
    rows = [row.data for row in checked.rows]
    told = await beds.load_beds(asked.pool, asked.actor.id, rows, SUBJECT)
    return BedsTaken(checked_only=False, counts={fate: len(names) for fate, names in told.items()})


async def _plan(asked: Asked) -> Plan:
    found = await beds.plan(asked.pool, asked.query.house, asked.query.days)
    return Plan.model_validate({"beds": found})


async def _waitlist(asked: Asked) -> Waitlist:
    return Waitlist.model_validate({"waiting": await beds.waitlist(asked.pool, asked.query.house)})


DOORS: Final = (
    Door(
        Operation(
            "POST",
            "/dormitory/beds/file",
            "import-dormitory-beds",
            "Take over a house's list of beds, whole or not at all, compared with what is known.",
            file=True,
            query=BedsQuery,
            responses={HTTPStatus.OK: BedsTaken},
        ),
        _load,
        act="load-beds",
    ),
    Door(
        Operation(
            "GET",
            "/dormitory/plan",
            "show-dormitory-plan",
            "Show the beds of a house by days: held, promised, occupied, closed, cleaned, and why empty.",
            query=PlanQuery,
            responses={HTTPStatus.OK: Plan},
        ),
        _plan,
        act="read-plan",
    ),
    Door(
        Operation(
            "GET",
            "/dormitory/waitlist",
            "list-dormitory-waitlist",
            "List who waits for a bed of a house, in order, with the reason and needs as codes.",
            query=HouseQuery,
            responses={HTTPStatus.OK: Waitlist},
        ),
        _waitlist,
        act="read-plan",
    ),
)
