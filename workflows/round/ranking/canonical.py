"""Lists as bytes, and hashes over lists and over all that they were made from: R2, R4, I8."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from schemas.round.exact_numbers import plain
from schemas.round.rules import RankingRules
from schemas.round.scores import Candidate
from workflows.round.ranking.lines import Counts, FrameLine, Line, ProgrammeList, Verdict

COMPUTATION: Final = "1"
"""Counted up when the same inputs give another list: a list under the former one is made again."""


def canonical(made: ProgrammeList) -> bytes:
    """The list as JSON, the same bytes for the same list always."""
    told = {
        "programme": made.programme,
        "lines": [_told(line) for line in made.lines],
        "frames": [_told(frame) for frame in made.frames],
        "counts": _told(made.counts),
    }
    return _bytes(told)


def list_from(stored: bytes) -> ProgrammeList:
    """The list that such bytes were made from.

    Raises:
        ValueError: they are not what a list gives.
    """
    told = json.loads(stored)
    try:
        made = ProgrammeList(
            programme=told["programme"],
            lines=tuple(_line(line) for line in told["lines"]),
            frames=tuple(FrameLine(**(frame | {"cut": _number(frame["cut"])})) for frame in told["frames"]),
            counts=Counts(**told["counts"]),
        )
    except (KeyError, TypeError, InvalidOperation) as fault:
        raise ValueError("these bytes hold no list") from fault
    if canonical(made) != stored:
        raise ValueError("these bytes are not as a list gives them")
    return made


def list_hash(stored: bytes) -> str:
    """SHA-256 of a list's bytes, 64 hexadecimal digits."""
    return hashlib.sha256(stored).hexdigest()


def inputs_hash(
    candidates: Iterable[Candidate],
    limits: Mapping[str, int],
    rules: RankingRules,
    waitlist: Mapping[str, int] | None = None,
) -> str:
    """SHA-256 over all that lists are made from, 64 hexadecimal digits; in which order it came is nothing."""
    declared = rules.model_dump(mode="json")
    for table, key in (
        ("parts", "key"),
        ("conversions", "part"),
        ("adjustments", "of"),
        ("units", "key"),
        ("programmes", "key"),
    ):
        declared[table].sort(key=lambda row, key=key: str(row[key]))
    told = {
        "computation": COMPUTATION,
        "rules": declared,
        "limits": dict(limits),
        "waitlist": dict(waitlist or {}),
        "candidates": [
            candidate.model_dump(mode="json")
            for candidate in sorted(candidates, key=lambda each: (each.application, each.person))
        ],
    }
    return hashlib.sha256(_bytes(told)).hexdigest()


def _bytes(told: dict[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _told(row: Line | FrameLine | Counts) -> dict[str, Any]:
    return {each.name: _value(getattr(row, each.name)) for each in fields(row)}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _line(told: dict[str, Any]) -> Line:
    numbers = {"total": _number(told["total"]), "ties": tuple(Decimal(each) for each in told["ties"])}
    return Line(**(told | numbers | {"verdict": Verdict(told["verdict"])}))
