"""One thing that the gateway can be asked, and what its answers may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Literal

from pydantic import BaseModel

Security = Literal["staff", "source-token", "source-signature"]
FILE_TYPE: Final = "application/octet-stream"
"""Of a body that is a file; what it is is seen by its content."""
READERS: Final[tuple[Security, ...]] = ("staff", "source-signature", "source-token")
"""Of what systems ask as staff do."""
SIGNATURE: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
STAFF_PROBLEMS: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE)
BODY_PROBLEMS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)

_VERSION_PROBLEMS: Final = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED)


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Args:
        method: HTTP method.
        path: template; a value in braces is one parameter, a `/` within it written as %2F or as it is.
        operation_id: unique name, for generated clients.
        summary: one sentence.
        request: the body's model; None without a body, or where it is a file.
        file: the body is a file, as it is.
        gives_file: so is the answer.
        query: model of the query parameters.
        headers: request headers beside the usual, with whether each is required.
        responses: model of the body by status; None: no body.
        more_problems: statuses answered by application/problem+json, beside those that follow from the rest.
        security: credentials of which it asks for one; none: nobody's.
        reader: a system may ask it as staff do, naming itself in the query (`source`).
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    operation_id: str
    summary: str
    request: type[BaseModel] | None = None
    file: bool = False
    gives_file: bool = False
    query: type[BaseModel] | None = None
    headers: Mapping[str, bool] = field(default_factory=dict)
    responses: Mapping[HTTPStatus, type[BaseModel] | None] = field(default_factory=dict)
    more_problems: tuple[HTTPStatus, ...] = ()
    security: tuple[Security, ...] = ("staff",)
    reader: bool = False

    @property
    def problems(self) -> frozenset[HTTPStatus]:
        """Every status that is answered by application/problem+json."""
        found = set(self.more_problems)
        found.update(STAFF_PROBLEMS if self.security else ())
        found.update(BODY_PROBLEMS if self.file or self.request is not None else ())
        found.update({HTTPStatus.BAD_REQUEST} if self.query is not None or self.reader else ())
        found.update({HTTPStatus.TOO_MANY_REQUESTS} if self.reader else ())
        found.update({HTTPStatus.NOT_FOUND} if "{" in self.path else ())
        found.update(_VERSION_PROBLEMS if "If-Match" in self.headers else ())
        return frozenset(found)
