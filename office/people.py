"""People: who works where, what each has to do, who is away and who stands in."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cases import lists
from cases.absences import list_absences
from cases.list_questions import TaskFilters
from cases.people import notes_absences, people, person_seen, roles_seen
from cases.registry import ROLES
from cases.sight import whole_processes
from gateway.listing import Word
from gateway.request_parsing import query_of
from office.channel_section import channel_section
from office.context import office_of
from office.pages import Reader, page, reader_of
from office.print_head import print_head
from office.tasks import href_of, task_words
from office.words import Tongue

LIMIT: Final = 200


class PeopleQuery(BaseModel):
    """Whose colleagues."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    role: str | None = None
    said: Word | None = None


def wanted_roles(reader: Reader, query: PeopleQuery) -> tuple[str, ...]:
    """The roles of a view.

    Raises:
        HTTPException: 404, there are none whose people the reader is shown.
    """
    seen = roles_seen(reader.actor)
    if not seen:
        raise HTTPException(404)
    return (query.role,) if query.role in seen else seen


async def show(request: Request) -> Response:
    """The staff of the processes that the reader sees, by role."""
    reader, query = await reader_of(request), query_of(request, PeopleQuery)
    roles = wanted_roles(reader, query)
    found = await people(office_of(request).gateway.pool, reader.actor, roles)
    t = reader.tongue
    return page(
        request,
        reader,
        "people.html",
        query=query,
        roles=[(name, t.pair(ROLES[name])) for name in roles_seen(reader.actor)],
        rows=[row_of(t, row) for row in found],
        exportable=bool(whole_processes(reader.actor)),
        head=print_head(t, [(t("Role"), t.pair(ROLES[roles[0]]) if len(roles) == 1 else None)]),
    )


def row_of(t: Tongue, row: dict[str, Any]) -> dict[str, Any]:
    """Somebody in words."""
    return row | {
        "roles": ("、" if t.language == "ja" else ", ").join(
            t.pair(ROLES[role]) for role in row["roles"] if role in ROLES
        ),
        "away": t.moment(row["away_until"]),
        "full": row["load_cap"] is not None and row["open_tasks"] >= row["load_cap"],
    }


async def show_person(request: Request) -> Response:
    """One of them: what they have to do, when they are away, by what they are reached."""
    reader = await reader_of(request)
    return await person_page(request, reader, request.path_params["staff_id"])


async def person_page(request: Request, reader: Reader, staff_id: str, **form: Any) -> Response:
    """The page of somebody, with a form of it as it was sent, if one was.

    Raises:
        HTTPException: 404, there is nobody of that id whom the reader is shown.
    """
    pool, t, status = office_of(request).gateway.pool, reader.tongue, form.pop("status", 200)
    person = await person_seen(pool, reader.actor, staff_id)
    if person is None:
        raise HTTPException(404)
    view = lists.view_of_tasks(reader.actor)
    tasks = await lists.list_tasks(pool, view, TaskFilters(assignee=staff_id), None, LIMIT)
    absences = await list_absences(pool, staff_id)
    colleagues = await people(pool, reader.actor, person["roles"])
    form = {"given": {}, "faults": {}, "general": ()} | form
    return page(
        request,
        reader,
        "person.html",
        status,
        person=row_of(t, person),
        listed=bool(roles_seen(reader.actor)),
        tasks=[
            {
                "title": task_words(reader, row),
                "href": href_of(row),
                "case_id": row["case_id"],
                "due": t.moment(row["due_at"]),
                "overdue": row["overdue"],
            }
            for row in tasks.rows
        ],
        absences=[
            {
                "from": t.moment(each["begins_at"]),
                "until": t.moment(each["ends_at"]),
                "substitute": each["substitute"] or "",
                "stands_in": each["stands_in"] or "",
                "away": each["away"],
            }
            for each in absences
        ],
        may_note=notes_absences(reader.actor, staff_id),
        deputies=[each["staff_id"] for each in colleagues if each["staff_id"] != staff_id],
        channels=await channel_section(pool, reader, staff_id, form["given"], form["faults"]),
        form=form,
        head=print_head(t, [(t("Person"), staff_id)]),
    )
