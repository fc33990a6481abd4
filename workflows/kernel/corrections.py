"""Correcting what a process keeps of a person or of what was applied for: reason, history and notices.

The rule learns which fields change, and of codes their values. The values themselves lie beside the case
until the step is written, whose transaction takes them over (`iehe.host_correction`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from schemas.kernel.case import Command
from schemas.kernel.corrections import CorrectData, CorrectionAsked, DataCorrected, Values
from schemas.kernel.identifiers import RoleName
from schemas.kernel.refusals import Refusal
from workflows.kernel.draft import Draft
from workflows.kernel.lifecycle import Step, step

CORRECTED = "data-corrected"
"""The message that tells a person that what is on record of them was corrected, and which fields."""
ADDRESS_CORRECTED = "address-corrected"
"""The message to the address that was on record before: it names nobody and nothing."""


def _nothing(_draft: Draft[Any], _asked: CorrectionAsked) -> None:
    """No rule of its own."""


@dataclass(frozen=True)
class Correction:
    """A record that can be corrected, by its name in `Process.corrections`.

    In the database `iehe.<room>_data(case, record)` gives it as JSON, and `iehe.<room>_correct(case, record,
    values)` writes some of its fields.
    """

    title: tuple[str, str]
    """What it is called, in Japanese and in English."""
    model: type[Values]
    """Its fields, none of them required."""
    words: Mapping[str, tuple[str, str]]
    """What each field is called, in Japanese and in English."""
    at: Collection[str]
    """In which stages."""
    by: Collection[RoleName]
    """By which roles."""
    told: frozenset[str] = frozenset()
    """Fields whose values are codes, which the rule may know and the log may say."""
    sealed: frozenset[str] = frozenset()
    """Fields that are kept as words of the case: each new value is a text of its own; its id is stored."""
    reader: str | None = None
    """The kind of reader who is told; None: nobody can be."""
    address: str | None = None
    """The field by which that reader is written to: when it changes, the old one hears of it too."""
    check: Callable[[Draft[Any], CorrectionAsked], None] = field(default=_nothing)
    """Refuses what is not lawful where the case stands."""
    follows: Callable[[Draft[Any], CorrectionAsked, str], None] = field(
        default=lambda _draft, _asked, _correction_id: None
    )
    """What the process does beside: it may ask the database, by the id, what the new values lead to."""

    def __post_init__(self) -> None:
        """Raises ValueError: a field has no words, or words have no field."""
        if self.words.keys() != self.model.model_fields.keys():
            raise ValueError(f"words and fields of {self.title[1]} differ")


def correction_steps(corrections: Mapping[str, Correction]) -> tuple[Step, ...]:
    """The lines of the table that a process has for what can be corrected in it."""
    return tuple(step(CorrectData.step, at=each.at, by=each.by) for each in corrections.values())


def correct_data(draft: Draft[Any], command: CorrectData) -> None:
    """Take over the new values, tell whom they are about, and do what the process says follows."""
    kinds = draft.process.corrections
    draft.require(
        command.record in kinds, "unknown-record", record=command.record, known=", ".join(kinds) or "-"
    )
    kind = kinds[command.record]
    _require_line(draft, kind, command)
    reason_id, correction_id = _id(command.reason_id), _id(command.values_id)
    if reason_id is None or correction_id is None:
        code = "reason-required" if reason_id is None else "nothing-to-correct"
        raise Refusal(code, step=f"{command.step} {command.record}")
    terms = {"case_id": draft.state.case_id, "correction_id": correction_id, "record": command.record}
    found = draft.look_up("correction", **terms, told=sorted(kind.told))
    draft.require(found is not None, "correction-gone")
    asked = CorrectionAsked.model_validate(found)
    draft.require(bool(asked.fields), "nothing-to-correct", step=f"{command.step} {command.record}")
    kind.check(draft, asked)
    draft.details.update(record=command.record, fields=list(asked.fields), reason_id=reason_id)
    draft.details.update({f"new_{name}": value for name, value in asked.told.items()})
    draft.record(
        DataCorrected(
            correction_id=correction_id, record=command.record, fields=asked.fields, reason_id=reason_id
        )
    )
    _tell(draft, kind, asked)
    kind.follows(draft, asked, correction_id)


def _tell(draft: Draft[Any], kind: Correction, asked: CorrectionAsked) -> None:
    """Who it is about hears which fields; the old address only that it is not written to any more."""
    if kind.address in asked.fields and asked.letters:
        draft.open_task("letters-misdirected", draft.process.office, keep=True)
    if kind.reader is None:
        return
    fields: list[JsonValue] = [
        {"ja": kind.words[name][0], "en": kind.words[name][1]} for name in asked.fields
    ]
    draft.notify(CORRECTED, kind.reader, corrected=fields)
    if kind.address in asked.fields:
        # at that address it may be read by anybody: whom it meant is said by the version alone
        draft.notify(ADDRESS_CORRECTED, f"{kind.reader}-before:{draft.state.version + 1}")


def _require_line(draft: Draft[Any], kind: Correction, command: CorrectData) -> None:
    """The table has one step for all records: of this one its own stages and roles count."""
    if draft.state.stage not in kind.at:
        raise Refusal("correction-too-late", record=command.record, stage=draft.state.stage)
    if not set(kind.by) & set(draft.actor.roles):
        held = ", ".join(sorted(draft.actor.roles)) or "-"
        raise Refusal("role-missing", step=command.step, roles=", ".join(sorted(kind.by)), held=held)


def _id(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return str(UUID(text))
    except ValueError:
        raise Refusal("unknown-text") from None


CORRECTION_DECISIONS: Final[dict[type[Command], Callable[[Draft[Any], Any], None]]] = {
    CorrectData: correct_data
}
"""Of a process with corrections."""
