"""The gateway's application: every endpoint, and what holds for all of them."""

from functools import cache
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway import answers, cases, codec_server, codec_session, events, fates, health, links, receipts, rooms
from gateway.context import Gateway
from gateway.documents.asyncapi import asyncapi
from gateway.documents.openapi import openapi
from gateway.events import EventDoor
from gateway.outermost import Outermost
from gateway.problems import Problem, answer_http, answer_problem
from schemas.kernel.refusals import Refusal

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

_DOCUMENTS: Final = {"openapi": cache(openapi), "asyncapi": cache(asyncapi)}
"""As they are committed in docs/api."""


def create_app(gateway: Gateway) -> Starlette:
    """Assemble the application."""
    app = Starlette(
        routes=[
            Route("/events", events.receive, methods=["POST"]),
            Route("/events", fates.show, methods=["GET"]),
            *answers.routes(),
            *receipts.routes(),
            *cases.routes(),
            *links.routes(),
            *rooms.routes(),
            *codec_server.routes(),
            Route("/codec/sign-in", codec_session.page, methods=["GET"]),
            Route("/codec/sign-in", codec_session.sign_in, methods=["POST"]),
            Route("/codec/sign-out", codec_session.sign_out, methods=["POST"]),
            Route("/livez", health.live, methods=["GET"]),
            Route("/readyz", health.ready, methods=["GET"]),
            *(Route(f"/{name}.json", _document) for name in _DOCUMENTS),
        ],
        exception_handlers={
            Problem: answer_problem,
            Refusal: answer_problem,
            HTTPException: answer_http,
            answers.NoSuchPage: answers.no_such_page,
        },
    )
    app.router.redirect_slashes = False  # a redirect would repeat what was sent
    app.state.gateway = gateway
    app.state.event_door = EventDoor(gateway)
    app.add_middleware(Outermost, headers=_HEADERS, answer=answer_problem)
    return app


async def _document(request: Request) -> Response:
    name = request.url.path.removeprefix("/").removesuffix(".json")
    return JSONResponse(_DOCUMENTS[name]())
