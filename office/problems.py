"""Refusals of the pages: each a page with what is wrong and what to do, in the reader's language."""

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from activities.kernel.database import FAULTS
from cases.refusal_words import PAGE
from gateway.problems import Problem, language_of, refused
from gateway.problems import problem as problem_of
from office.plain_pages import page
from office.sessions import SignInNeeded, session_of
from schemas.kernel.refusals import Refusal, RefusalKind

_WORDS: Final[Mapping[str, Any]] = tomllib.loads(files("office").joinpath("problems.toml").read_text("utf-8"))
problem: Final = partial(problem_of, catalogue=_WORDS)
"""The problem of a code in `office/problems.toml`."""
STATUS_OF: Final[Mapping[RefusalKind, HTTPStatus]] = dict.fromkeys(RefusalKind, HTTPStatus.CONFLICT) | {
    RefusalKind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    RefusalKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    RefusalKind.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    RefusalKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
}
"""Of a form that comes back with what was refused."""
_OF_STATUS: Final = {
    HTTPStatus.NOT_FOUND: "page-not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
}


async def answer_problem(request: Request, error: Exception) -> Response:
    """Exception handler for `Problem` and `Refusal`."""
    if isinstance(error, Refusal):
        error = refused(error, PAGE)
    assert isinstance(error, Problem)  # noqa: S101 - registered for nothing else
    language = getattr(request.state, "language", None) or language_of(request)
    text = error.japanese if language == "ja" else error.english
    return page(request, "problem.html", language, error.status, error.headers, code=error.code, text=text)


async def answer_http(request: Request, error: Exception) -> Response:
    """Exception handler for what the router itself refuses: no such page, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    with suppress(SignInNeeded, TimeoutError, *FAULTS):
        await session_of(request)  # who is signed in finds the way on from there
    code = _OF_STATUS.get(HTTPStatus(error.status_code), "not-acceptable-http")
    return await answer_problem(request, problem(code, headers=error.headers))
