"""A record of a case that is put right on a page: what it says now, and what is typed instead."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from cases.decisions import values_field
from cases.fields import choices_of, kind_of
from cases.sight import note_reads
from office.case import Seen
from office.context import office_of
from office.forms import RADIOS, Input, Kind
from office.words import Tongue
from schemas.kernel.case import Command
from spreadsheets.corrections import read_values
from workflows.kernel.corrections import Correction
from workflows.kernel.process import Process
from workflows.kernel.sight import Field

LINE: Final = 100
"""Characters; what is longer is asked for in several lines."""


@dataclass(frozen=True)
class Record:
    """A record by its name, with its fields as they are; what is kept sealed is not shown."""

    process: Process[Any]
    name: str
    kind: Correction
    now: Mapping[str, str]

    def inputs(self, t: Tongue, given: FormData | None) -> list[Input]:
        """Its fields, with what was typed, or else with what is there."""
        return [self._input(t, name, given) for name in self.kind.words]

    def _input(self, t: Tongue, name: str, given: FormData | None) -> Input:
        label, room, now = t.pair(self.kind.words[name]), self.process.room, self.now.get(name, "")
        value = now if given is None else str(given.get(name, now))
        known = choices_of(kind_of(self.kind.model.model_fields[name]))
        if known:
            choices = (("", t("not said"), ""), *((each, t.choice(room, name, each), "") for each in known))
            how: Kind = "radios" if len(known) <= RADIOS else "select"
            return Input(name, how, label, choices=choices, value=value)
        long = name in self.kind.sealed or len(value) > LINE
        return Input(name, "words" if long else "text", label, value=value)

    def changed(self, given: FormData) -> dict[str, str]:
        """What was typed otherwise than it is."""
        names = [name for name in self.kind.words if name in given]
        typed = {name: str(given.get(name)).replace("\r\n", "\n").strip() for name in names}
        return {name: each for name, each in typed.items() if each != self.now.get(name, "")}

    def read(self, changed: Mapping[str, str]) -> dict[str, Any]:
        """The new values as every door reads them.

        Raises:
            Refusal: one that a file would not have brought in either.
        """
        return read_values(self.process, self.name, changed)


async def record_of(request: Request, seen: Seen, command: type[Command]) -> Record | None:
    """The record that the address names, or the only one; None: it is not a decision about one, or it is not
    said which.

    Raises:
        HTTPException: 404, there is none of that name, or the reader does not see what is personal.
    """
    if values_field(command) is None:
        return None
    kinds = seen.process.corrections
    name = request.query_params.get("record") or (next(iter(kinds)) if len(kinds) == 1 else None)
    if name is None:
        return None
    if name not in kinds or Field.PERSONAL not in seen.fields:
        raise HTTPException(404)
    pool = office_of(request).gateway.pool
    await note_reads(pool, [seen.case_id], "record", Field.PERSONAL)
    data = f"SELECT iehe.{seen.process.room}_data($1, $2)"
    found = json.loads(await pool.fetchval(data, seen.case_id, name) or "{}")
    sealed = kinds[name].sealed
    now = {key: "" if value is None or key in sealed else str(value) for key, value in found.items()}
    return Record(seen.process, name, kinds[name], now)
