"""`GET /links` and `GET /links/{id}`: facts between processes, for who sees the work of either."""

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases import links
from cases.cursors import cursor_of
from gateway.context import gateway_of
from gateway.listing import PRIVATE, Cursor, Flag, Limit, Word, next_page, place
from gateway.request_parsing import link_header, query_of
from gateway.responses import LinkPage, LinkTold
from gateway.staff import staff_of


class LinksQuery(BaseModel):
    """Which facts; what is not named does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    waiting: Flag = False
    """Only what waits: for a process, a case or a person."""
    type: Word | None = None
    """The whole type, or its last part."""
    limit: Limit = 50
    cursor: Cursor | None = None
    """From the `next` of the page before."""


def routes() -> list[Route]:
    """Its routes."""
    return [
        Route("/links", list_links, methods=["GET"]),
        Route("/links/{fact_id}", show_link, methods=["GET"]),
    ]


async def list_links(request: Request) -> Response:
    """Facts with each of their receivers, the last told first."""
    gateway, actor = gateway_of(request), await staff_of(request)
    query = query_of(request, LinksQuery)
    (after,) = place(query.cursor, tuple[int]) or (None,)
    page = await links.list_links(
        gateway.pool, actor, kind=query.type, waiting=query.waiting, after=after, limit=query.limit
    )
    following = None if page.next is None else next_page(request, cursor_of(page.next))
    told = LinkPage.model_validate({"links": page.rows, "next": following}, extra="ignore")
    linked = link_header({"next": following} if following else {})
    return JSONResponse(told.model_dump(mode="json"), headers={**PRIVATE, **linked})


async def show_link(request: Request) -> Response:
    """One fact: each receiver, delivered, acted on, waiting since."""
    gateway, actor = gateway_of(request), await staff_of(request)
    told = await links.show_link(gateway.pool, actor, request.path_params["fact_id"])
    return JSONResponse(LinkTold.model_validate(told).model_dump(mode="json"), headers=PRIVATE)
