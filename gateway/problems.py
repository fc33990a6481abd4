"""Problems: every answer that is not a success, as application/problem+json (RFC 9457).

A problem names what is wrong by code and JSON pointer and never repeats a value that was sent: what a sender
got wrong may be a person's name.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cases.refusal_words import HTTP, Door
from schemas.kernel.refusals import Refusal, RefusalKind, text_of

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:iehe:problem:"
FAULTS_LIMIT: Final = 100
"""Faults told at most; whoever has more starts with these."""
_WORDS: Final[Mapping[str, Any]] = tomllib.loads(
    files("gateway").joinpath("problems.toml").read_text("utf-8")
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")

_STATUS_OF: Final = {
    RefusalKind.INVALID: HTTPStatus.BAD_REQUEST,
    RefusalKind.WRONG_STAGE: HTTPStatus.CONFLICT,
    RefusalKind.STALE: HTTPStatus.PRECONDITION_FAILED,
    RefusalKind.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    RefusalKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalKind.CONFLICT: HTTPStatus.CONFLICT,
    RefusalKind.NOT_YET: HTTPStatus.CONFLICT,
    RefusalKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
_RETRY_AFTER: Final = {RefusalKind.NOT_YET: "1", RefusalKind.UNAVAILABLE: "5"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a request: where (JSON pointer, RFC 6901, or `header:<name>`) and what, by a code."""

    at: str
    code: str


class Problem(Exception):  # noqa: N818 - an answer, not an error of the program
    """A request that is refused, or whose outcome is not known; the text says which.

    Args:
        status: HTTP status.
        code: short constant for programs; the last part of the problem's `type`.
        english: what is wrong and what to do, for a person; never with a value from the request.
        japanese: the same.
        faults: each fault by its place.
        headers: more response headers, such as `Retry-After`.
        params: codes, counts and versions for programs.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        english: str,
        japanese: str,
        *,
        faults: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code = status, code
        self.english, self.japanese = english, japanese
        self.faults: Sequence[Fault] = tuple(faults)[:FAULTS_LIMIT]
        self.headers = dict(headers or {})
        self.params = dict(params or {})

    def body(self, language: str = "en") -> dict[str, Any]:
        """The members of the answer; `detail` in the reader's language, both under `message`."""
        body: dict[str, Any] = {
            "type": f"{TYPE_PREFIX}{self.code}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.japanese if language == "ja" else self.english,
            "code": self.code,
            "message": {"en": self.english, "ja": self.japanese},
        }
        if self.faults:
            body["faults"] = [{"at": fault.at, "code": fault.code} for fault in self.faults]
        if self.params:
            body["params"] = self.params
        return body


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901); the empty one is the whole document.

    It ends before a name that does not look like one: whatever stands there was made up by the sender.
    """
    told: list[str] = []
    for part in parts:
        if isinstance(part, str) and not _NAME.fullmatch(part):
            break
        told.append(f"/{part}")
    return "".join(told)


def faults_of(error: ValidationError, *prefix: str | int) -> list[Fault]:
    """What a model found, by place and code and without any value."""
    return [
        Fault(pointer(*prefix, *fault["loc"]), fault["type"])
        for fault in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def problem(
    code: str,
    *,
    words: str | None = None,
    catalogue: Mapping[str, Any] = _WORDS,
    faults: Iterable[Fault] = (),
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    **values: object,
) -> Problem:
    """The problem of a code in `problems.toml` (or `catalogue`), or of another one with the same `words`.

    `values` are those that the words name, and `retry_after` in seconds where it is not always the same.
    """
    told = catalogue[words or code]
    retry_after = values.get("retry_after", told.get("retry_after"))
    english, japanese = (told[language].format(**values) for language in ("en", "ja"))
    headers = {
        **({} if retry_after is None else {"Retry-After": str(retry_after)}),
        **({"Connection": "close"} if told.get("closes") else {}),
        **(headers or {}),
    }
    status = HTTPStatus(told["status"])
    return Problem(status, code, english, japanese, faults=faults, headers=headers, params=params)


class Invalid(Problem):
    """400: the request is not of the form that the documentation gives.

    `data_only`: an event is well-formed and only its data do not fit. `places`: of the events of a batch that
    are not taken.
    """

    def __init__(
        self, faults: Iterable[Fault], *, data_only: bool = False, places: Sequence[int] = ()
    ) -> None:
        code = "invalid-request"
        super().__init__(HTTPStatus.BAD_REQUEST, code, _WORDS[code]["en"], _WORDS[code]["ja"], faults=faults)
        self.data_only = data_only
        self.places = places


def invalid(faults: Iterable[Fault]) -> Problem:
    """The problem of these faults."""
    return Invalid(faults)


def refused(refusal: Refusal, door: Door = HTTP) -> Problem:
    """A refusal as a problem, without anything that was sent; in the words of a door."""
    code, kind = refusal.code, refusal.kind
    if code == "invalid-message":
        return invalid([Fault("", "invalid_message")])
    params = dict(refusal.params)
    if sent := text_of(code).sent:
        params[sent] = "…"
    english, japanese = (door.text(Refusal(code, **params), language) for language in ("en", "ja"))
    headers = {"Retry-After": _RETRY_AFTER[kind]} if kind in _RETRY_AFTER else None
    told = None if kind is RefusalKind.UNAVAILABLE else params
    return Problem(_STATUS_OF[kind], code, english, japanese, headers=headers, params=told)


def language_of(request: Request) -> str:
    """`ja` when the reader prefers it (Accept-Language), else `en`."""
    wanted = request.headers.get("accept-language", "").strip().lower()
    return "ja" if wanted.startswith("ja") else "en"


async def answer_problem(request: Request, error: Exception) -> Response:
    """Exception handler for `Problem` and `Refusal`."""
    if isinstance(error, Refusal):
        error = refused(error)
    assert isinstance(error, Problem)  # noqa: S101 - registered for nothing else
    return JSONResponse(
        error.body(language_of(request)),
        status_code=error.status,
        headers={**error.headers, "Content-Language": language_of(request)},
        media_type=MEDIA_TYPE,
    )


async def answer_http(request: Request, error: Exception) -> Response:
    """Exception handler for what the router itself refuses: no such path, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    status = HTTPStatus(error.status_code)
    problem = Problem(
        status,
        status.phrase.lower().replace(" ", "-"),
        f"{status.phrase}: see /openapi.json for what there is.",
        f"{status.phrase}: 利用できる操作は /openapi.json をご覧ください。",
        headers=error.headers,
    )
    return await answer_problem(request, problem)
