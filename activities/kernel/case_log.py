"""The hash chain of a case's log: each entry seals the one before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

SEALED: Final = (
    "case_id",
    "version",
    "at",
    "step",
    "from_stage",
    "stage",
    "actor_kind",
    "actor_id",
    "cause",
    "details",
)
FIRST: Final = "0" * 64
"""What the first entry of a case follows."""


def seal(prev_hash: str, entry: Mapping[str, Any]) -> str:
    """SHA-256, in hex, over the entry before and everything that this one says."""
    values = [entry[name] for name in SEALED]
    text = json.dumps([prev_hash, *values], sort_keys=True, ensure_ascii=False, default=_moment)
    return hashlib.sha256(text.encode()).hexdigest()


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(type(value).__name__)


def broken_at(entries: Iterable[Mapping[str, Any]]) -> int | None:
    """The version of the first entry, in order of version, that does not follow from the one before.

    None when the chain holds. That nothing is missing at its end is for the case's own version to say.
    """
    prev_hash, expected = FIRST, 1
    for entry in entries:
        sealed = entry["version"] == expected and entry["prev_hash"] == prev_hash
        if not sealed or entry["hash"] != seal(prev_hash, entry):
            return expected
        prev_hash, expected = entry["hash"], expected + 1
    return None
