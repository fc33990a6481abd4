"""The documents, served as they are committed in docs/api."""

from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.documents.asyncapi import asyncapi
from gateway.documents.openapi import openapi


@cache
def _documents() -> dict[str, dict[str, Any]]:
    return {"/openapi.json": openapi(), "/asyncapi.json": asyncapi()}


async def _document(request: Request) -> Response:
    return JSONResponse(_documents()[request.url.path])


def routes() -> list[Route]:
    """Both documents."""
    return [Route(path, _document, methods=["GET"]) for path in ("/openapi.json", "/asyncapi.json")]
