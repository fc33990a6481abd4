"""Incidents behind several cases, over HTTP: one sees, and has counted, the cases that one may open."""

from datetime import datetime
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ConfigDict

from cases.support import incidents
from gateway.door import Asked, Door
from gateway.operation import Operation
from gateway.responses import Answer
from schemas.kernel.identifiers import Code
from workflows.kernel.sight import Field

ACT: Final = "change-incidents"


class IncidentBody(BaseModel):
    """A code for what several cases come from, and nothing of what happened."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    label: Code


class IncidentListed(Answer):
    """An incident; `cases`: how many of its cases whoever asks may open."""

    incident: int
    label: str
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    cases: int


class IncidentsTold(Answer):
    """By their numbers."""

    incidents: tuple[IncidentListed, ...]


class IncidentCase(Answer):
    """A case of an incident."""

    incident: int
    case_id: str
    stage: str
    due_at: datetime | None


class IncidentCases(Answer):
    """Those that whoever asks may open."""

    cases: tuple[IncidentCase, ...]


class IncidentChanged(Answer):
    """An incident that was opened, got a case, or was closed."""

    incident: int


async def _list(asked: Asked) -> IncidentsTold:
    return IncidentsTold.model_validate({"incidents": await incidents.incidents(asked.pool, asked.actor)})


async def _show(asked: Asked) -> IncidentCases:
    rows = await incidents.cases_of(asked.pool, asked.number("incident"), asked.actor)
    return IncidentCases.model_validate({"cases": rows})


async def _open(asked: Asked) -> IncidentChanged:
    number = await incidents.open_incident(asked.pool, asked.actor.id, asked.body.label)
    return IncidentChanged(incident=number)


async def _add(asked: Asked) -> IncidentChanged:
    incident = asked.number("incident")
    row = await asked.case(Field.CASE)
    await incidents.add_case(asked.pool, asked.actor.id, incident, row["case_id"])
    return IncidentChanged(incident=incident)


async def _close(asked: Asked) -> IncidentChanged:
    incident = asked.number("incident")
    await incidents.close_incident(asked.pool, asked.actor.id, incident)
    return IncidentChanged(incident=incident)


DOORS: Final = (
    Door(
        Operation(
            "GET",
            "/support/incidents",
            "list-support-incidents",
            "List the incidents, with how many of their cases you may open.",
            responses={HTTPStatus.OK: IncidentsTold},
        ),
        _list,
    ),
    Door(
        Operation(
            "POST",
            "/support/incidents",
            "open-support-incident",
            "Note that several cases come from one event; a label that is open is the same incident.",
            request=IncidentBody,
            responses={HTTPStatus.OK: IncidentChanged},
        ),
        _open,
        act=ACT,
    ),
    Door(
        Operation(
            "GET",
            "/support/incidents/{incident}",
            "show-support-incident",
            "List the cases of an incident that you may open.",
            responses={HTTPStatus.OK: IncidentCases},
        ),
        _show,
    ),
    Door(
        Operation(
            "PUT",
            "/support/incidents/{incident}/cases/{case_id}",
            "add-support-incident-case",
            "Add a case that you may open to an incident; nothing of the case changes.",
            responses={HTTPStatus.OK: IncidentChanged},
            more_problems=(HTTPStatus.CONFLICT,),
        ),
        _add,
        act=ACT,
    ),
    Door(
        Operation(
            "POST",
            "/support/incidents/{incident}/close",
            "close-support-incident",
            "Close an incident; each of its cases goes on by itself.",
            responses={HTTPStatus.OK: IncidentChanged},
        ),
        _close,
        act=ACT,
    ),
)
