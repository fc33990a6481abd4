"""The gateway's application: every endpoint, and what holds for all of them."""

import asyncio
import time
from functools import cache
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from activities.kernel.acting import act_for
from activities.kernel.database import is_transient
from gateway import answers, cases, codec_server, codec_session, events, fates, health, links, receipts, rooms
from gateway.context import Gateway
from gateway.documents.asyncapi import asyncapi
from gateway.documents.openapi import openapi
from gateway.events import EventDoor
from gateway.health import PROBES
from gateway.problems import Problem, answer_http, answer_problem, problem
from schemas.kernel.refusals import Refusal

AT_ONCE: Final = 256
"""Requests worked on at the same time; more are asked to come again, before they cost memory."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

_DOCUMENTS: Final = {"openapi": cache(openapi), "asyncapi": cache(asyncapi)}
"""As they are committed in docs/api."""

log = structlog.get_logger()


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
    app.add_middleware(_Outermost)
    return app


async def _document(request: Request) -> Response:
    name = request.url.path.removeprefix("/").removesuffix(".json")
    return JSONResponse(_DOCUMENTS[name]())


class _Outermost:
    """Headers for every answer, one log line for each, and an answer even to our own errors."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        act_for("")  # a connection may have had a request of somebody else before
        self._under_way += 1
        try:
            if self._under_way > AT_ONCE and scope["path"] not in PROBES:
                raise problem("too-many-at-once")  # noqa: TRY301 - answered where every other problem is
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            status = 499  # as proxies note it: nobody is there to be answered
        except (Exception, asyncio.CancelledError) as error:
            answer = await answer_problem(Request(scope), _problem_of(scope, error))
            if status:
                raise
            await answer(scope, receive, sending)
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._under_way -= 1
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            log.info(
                "request",
                method=_method(scope),
                route=_route(scope),
                status=int(status),
                milliseconds=milliseconds,
            )


def _problem_of(scope: Scope, error: BaseException) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, asyncio.CancelledError):
        return problem("stopping")
    away = is_transient(error)
    tell = log.warning if away else log.error
    tell("request-failed", method=_method(scope), route=_route(scope), exc_info=error)
    return problem("database-unreachable" if away else "fault")


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else "other"


def _route(scope: Scope) -> str:
    """The pattern that the path fits, `/events/:name/:event_id`; a path itself holds what was sent."""
    route = scope.get("route")
    if not isinstance(route, Route):
        return "none"
    return route.path_format.replace("{", ":").replace("}", "")
