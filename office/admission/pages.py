"""The pages that admission has of its own: imports, and rounds."""

from typing import Final

from starlette.routing import Route

from office.admission import imports, rounds
from office.rights import OwnPage

PAGES: Final = (
    OwnPage("/admission/imports/new", "Import applications from a file", imports.MAY_IMPORT, starts=True),
    OwnPage("/admission/imports", "Imports", imports.MAY_IMPORT),
    OwnPage("/admission/rounds", "Rounds and places", rounds.MAY_SEE),
)
_CHECKED: Final = "/admission/imports/checked/{key}"
ROUTES: Final = (
    Route("/admission/imports", imports.index, methods=["GET"]),
    Route("/admission/imports/new", imports.ask, methods=["GET"]),
    Route("/admission/imports/new", imports.receive, methods=["POST"]),
    Route(_CHECKED, imports.show, methods=["GET"]),
    Route(_CHECKED, imports.act, methods=["POST"]),
    Route(f"{_CHECKED}/copy", imports.copy, methods=["GET"]),
    Route("/admission/imports/{batches}", imports.follow, methods=["GET"]),
    Route("/admission/rounds", rounds.index, methods=["GET"]),
    Route("/admission/rounds/new", rounds.ask, methods=["GET"]),
    Route("/admission/rounds/new", rounds.receive, methods=["POST"]),
    Route("/admission/rounds/{round_id}", rounds.show, methods=["GET"]),
    Route("/admission/rounds/{round_id}", rounds.change, methods=["POST"]),
)
