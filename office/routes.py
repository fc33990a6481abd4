"""The addresses of the pages."""

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from office import (
    absences,
    audit,
    boards,
    break_glass,
    bulk,
    case,
    case_documents,
    case_list,
    changes,
    deciding,
    exports,
    facts,
    help_pages,
    notes,
    notices,
    overview,
    people,
    places,
    room_pages,
    search,
    starting,
    tasks,
)
from office.static_files import STATIC

_CASE = "/cases/{room}/{subject}"


def routes() -> list[BaseRoute]:
    """Every page of the offices; those of signing in have their own."""
    return [
        Route("/", tasks.show, methods=["GET"]),
        Route("/changes", changes.stream, methods=["GET"]),
        Route("/search", search.show, methods=["GET"]),
        Route("/overview", overview.show, methods=["GET"]),
        Route("/audit", audit.show, methods=["GET"]),
        Route("/export/{name}.{ending}", exports.hand_out, methods=["POST"]),
        Route("/people", people.show, methods=["GET"]),
        Route("/people/{staff_id}", people.show_person, methods=["GET"]),
        Route("/people/{staff_id}/absence", absences.receive, methods=["POST"]),
        Route("/people/{staff_id}/back", absences.end, methods=["POST"]),
        Route("/cases", case_list.show, methods=["GET"]),
        Route(f"{_CASE}/do/{{name}}", deciding.ask, methods=["GET"]),
        Route(f"{_CASE}/do/{{name}}", deciding.receive, methods=["POST"]),
        Route(f"{_CASE}/facts/{{name}}", facts.ask, methods=["GET"]),
        Route(f"{_CASE}/facts/{{name}}", facts.receive, methods=["POST"]),
        Route(f"{_CASE}/documents/{{name}}/{{version:int}}", case_documents.hand_out, methods=["GET"]),
        Route(f"{_CASE}/documents/{{name}}", case_documents.keep, methods=["POST"]),
        Route(f"{_CASE}/notes", notes.receive, methods=["POST"]),
        Route(_CASE, case.show, methods=["GET"]),
        Route("/notices/{notice_id}", notices.show, methods=["GET"]),
        Route("/notices/{notice_id}", notices.receive, methods=["POST"]),
        Route("/done/{room}/{subject}/{version:int}", deciding.done, methods=["GET"]),
        Route("/start", starting.choose, methods=["GET"]),
        Route("/start/{room}", starting.ask, methods=["GET"]),
        Route("/start/{room}", starting.receive, methods=["POST"]),
        Route("/boards/{room}", boards.index, methods=["GET"]),
        Route("/boards/{room}/{name}", boards.show, methods=["GET"]),
        Route("/boards/{room}/{name}", boards.act, methods=["POST"]),
        Route("/bulk", bulk.choose, methods=["GET"]),
        Route("/bulk", bulk.receive, methods=["POST"]),
        Route("/bulk/{bulk_id:uuid}", bulk.show, methods=["GET"]),
        Route("/places", places.index, methods=["GET"]),
        Route("/places/{frame:path}", places.show, methods=["GET"]),
        Route("/places/{frame:path}", places.receive, methods=["POST"]),
        *room_pages.routes(),
        Route("/break-glass", break_glass.ask, methods=["GET"]),
        Route("/break-glass", break_glass.receive, methods=["POST"]),
        Route("/help", help_pages.help_page, methods=["GET"]),
        Route("/accessibility", help_pages.accessibility, methods=["GET"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
