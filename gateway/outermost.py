"""What holds for every request of an application, whatever it asks for: the gateway's or the pages'."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from activities.kernel.acting import act_for
from activities.kernel.database import is_transient
from gateway.health import PROBES
from gateway.problems import Problem, problem

AT_ONCE: Final = 256
"""Requests worked on at the same time; more are asked to come again, before they cost memory."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger()


class Outermost:
    """Headers for every answer, one log line for each, and an answer even to our own errors.

    Args:
        app: what answers.
        headers: of every answer that has no other one of that name.
        answer: how a problem is told.
    """

    def __init__(
        self,
        app: ASGIApp,
        headers: Mapping[str, str],
        answer: Callable[[Request, Exception], Awaitable[Response]],
    ) -> None:
        self._app, self._headers, self._answer = app, headers, answer
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens on the way."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
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
            answer = await self._answer(Request(scope), _problem_of(scope, error))
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
