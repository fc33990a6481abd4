"""One door of a room: what it is asked and answers, who may, and the work; all else is the same for each."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cases.finding import case_seen
from cases.sight import note_reads, roles_that_see_whole
from gateway.context import Gateway
from gateway.listing import PRIVATE
from gateway.operation import Operation
from gateway.responses import Answer
from gateway.staff import require_role
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field

_NUMBER: Final = re.compile(r"[0-9]{1,9}")


class ReaderQuery(BaseModel):
    """Which system asks."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    source: str


SourceOf = Callable[[Gateway, Mapping[str, str]], Awaitable[str | None]]


@dataclass(frozen=True)
class Asked:
    """What a door is asked, by whom: its path, and query, body and file where the door has any.

    Of a door for another system, or that one asks, `actor` is the system, and `source` its URI.
    """

    gateway: Gateway
    process: str
    actor: Actor
    path: Mapping[str, str]
    query: Any = None
    body: Any = None
    file: Path | None = None
    source: str = ""

    @property
    def pool(self) -> asyncpg.Pool:
        """Connections that act for the person."""
        return self.gateway.pool

    def number(self, name: str) -> int:
        """A number of the path.

        Raises:
            HTTPException: 404, there is nothing of that name.
        """
        if not _NUMBER.fullmatch(self.path[name]):
            raise HTTPException(404)
        return int(self.path[name])

    async def case(self, field: Field, reads: str | None = None) -> asyncpg.Record:
        """The case of the path, of which the person sees a group of fields; what they read is noted.

        Raises:
            Refusal: none of this process that they see.
            Problem: 403, they see it and not these fields.
        """
        row, seen = await case_seen(self.pool, self.path["case_id"], self.actor)
        if Field.CASE not in seen or row["process"] != self.process:
            raise Refusal("no-such-case")
        if field not in seen:
            require_role(self.actor, roles_that_see_whole(field, self.process) - set(self.actor.roles))
        if reads is not None:
            await note_reads(self.pool, [row["case_id"]], reads, field)
        return row


@dataclass(frozen=True)
class GivenFile:
    """A file that a door answers with: its name, what it is, its bytes."""

    name: str
    media_type: str
    body: bytes

    def response(self) -> Response:
        """As a file that no browser shows as a page."""
        headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{self.name}"'}
        return Response(self.body, media_type=self.media_type, headers=headers)


@dataclass(frozen=True)
class Door:
    """A door.

    Args:
        operation: what it is asked.
        work: what it does.
        act: of its process's administration, for who may do it; None: any member of staff.
        whole: who asks must see these fields of every case of the process; None: the work itself says what
            they see.
        source: of a door for another system and for nobody else: the URI of the source that must show that
            the request is its own, from the path; None: nobody's.
        reads: what a system must be allowed to read so that it may ask this door as staff do, by naming
            itself (`source`) in the query; None: staff alone.
    """

    operation: Operation
    work: Callable[[Asked], Awaitable[Answer | GivenFile]]
    act: str | None = None
    whole: Field | None = None
    source: SourceOf | None = None
    reads: str | None = None
