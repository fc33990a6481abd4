"""The addresses of the pages."""

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from office import (
    boards,
    break_glass,
    bulk,
    case,
    case_documents,
    case_list,
    changes,
    deciding,
    facts,
    help_pages,
    notes,
    notices,
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
        Route("/break-glass", break_glass.ask, methods=["GET"]),
        Route("/break-glass", break_glass.receive, methods=["POST"]),
        Route("/help", help_pages.help_page, methods=["GET"]),
        Route("/accessibility", help_pages.accessibility, methods=["GET"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
