"""Doors that take a file of a process over HTTP: each is checked whole, and taken whole or not at all."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from gateway.door import Asked, Door
from gateway.listing import Flag
from gateway.operation import Operation
from gateway.problems import Fault, Invalid
from gateway.responses import Answer, FaultTold
from spreadsheets.faults import Fault as FileFault
from spreadsheets.headers import letter
from spreadsheets.intakes import Intake

SUBJECT: Final = "http"
"""What the log calls a file that came here: it has no name."""


class FileQuery(BaseModel):
    """Whether the file is only checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    check: Flag = False


class FaultyFile(Invalid):
    """A file with errors: `found` has them all with their words, for a door that shows more than codes."""

    def __init__(self, errors: Iterable[FileFault]) -> None:
        self.found = tuple(errors)
        super().__init__(at(fault) for fault in self.found)


class FileTaken(Answer):
    """What a file has done, or with `check` would do; `warnings`: what keeps nothing out."""

    checked_only: bool
    counts: dict[str, int]
    warnings: tuple[FaultTold, ...]


def at(fault: FileFault) -> Fault:
    """By row and column as a spreadsheet names them, `row:12:C`; of the whole file nothing."""
    place = [] if fault.row is None else ["row", str(fault.row)]
    if place and fault.position is not None:
        place.append(letter(fault.position))
    return Fault(":".join(place), fault.code)


def file_door(
    room: str,
    name: str,
    intake: Callable[[Any], Intake],
    act: str,
    summary: str,
    query: type[FileQuery] = FileQuery,
) -> Door:
    """The door of a kind of file: `POST /<room>/<name>/file`; `intake` follows from the query."""

    async def take(asked: Asked) -> FileTaken:
        assert asked.file is not None  # noqa: S101 - its operation has one
        kind = intake(asked.query)
        checked = await kind.check(asked.pool, asked.file)
        if checked.errors:
            raise FaultyFile(checked.errors)
        check = asked.query.check
        counts = (
            await kind.would(asked.pool, checked)
            if check
            else await kind.take(asked.pool, asked.gateway.vault, asked.actor, checked, SUBJECT)
        )
        warnings = tuple(FaultTold(at=each.at, code=each.code) for each in map(at, checked.faults))
        return FileTaken(checked_only=check, counts=counts, warnings=warnings)

    operation = Operation(
        "POST",
        f"/{room}/{name}/file",
        f"import-{room}-{name}",
        summary,
        file=True,
        query=query,
        responses={HTTPStatus.OK: FileTaken},
    )
    return Door(operation, take, act=act)
