"""`/{room}/receipts/{code}`: who has sent something without an address asks what became of it, by its code.

Whoever has the code is told, and nothing but whether contact was made; it stands in no log.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.receipts import ROOMS_WITH_RECEIPTS, told_by
from gateway.context import gateway_of
from gateway.events import door_of
from gateway.problems import problem
from gateway.responses import ReceiptTold

_HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def routes() -> list[Route]:
    """One for each room that gives codes."""
    return [Route(f"/{room}/receipts/{{code}}", show, methods=["GET"]) for room in ROOMS_WITH_RECEIPTS]


async def show(request: Request) -> Response:
    """Whether contact was made; a code that nobody was given tells nothing."""
    await door_of(request).count_address(request)
    room = request.url.path.split("/")[1]
    contact = await told_by(gateway_of(request).pool, room, request.path_params["code"])
    if contact is None:
        await door_of(request).count_refused(request)
        raise problem("no-such-receipt")
    return JSONResponse(ReceiptTold.model_validate({"contact": contact}).model_dump(), headers=_HEADERS)
