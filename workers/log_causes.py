"""Why and where something failed in Temporal's own log lines: ids, kinds and places, never a value."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).resolve().parent.parent
OWN: Final = frozenset(
    {
        "schemas",
        "workflows",
        "activities",
        "cases",
        "encryption",
        "spreadsheets",
        "embedded",
        "gateway",
        "office",
    }
    | {"cli", "workers"}
)
"""Our packages."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NONDETERMINISM: Final = re.compile(r'Nondeterminism error: (.*?)(?:", source:|$)', re.DOTALL)
_QUOTED: Final = re.compile(r"\\?\"[^\"]*\\?\"|'[^']*'|`[^`]*`|\[[^\]]*\]|\{[^}]*\}")
_UNSHOWN: Final = re.compile(r"[^A-Za-z ,.():_#-]|(?<![A-Za-z])\d{7,}")
_TYPE: Final = re.compile(r'r#type: "([A-Za-z_.]{1,64})"')
_FRAME: Final = re.compile(r'File \\*"([^"\\]+)\\*", line (\d+), in (\w+)')
_EVENT_ID: Final = re.compile(r"\bid: (\d{1,6})\b")


def mismatch(text: str) -> str | None:
    """What a history and the code disagree about, if the text tells that; without names and values."""
    found = _NONDETERMINISM.search(text)
    if found is None:
        return None
    event = _EVENT_ID.search(found[1])
    words = " ".join(_UNSHOWN.sub("", _QUOTED.sub("_", found[1])).split())
    return f"{words[:180]}{f' [event {event[1]}]' if event else ''}"


def own_place(frames: list[tuple[str, int, str]]) -> str | None:
    """The innermost of (file, line, function) that is our own code, as `workflows/kernel/case.py:91 live`."""
    for file, line, function in reversed(frames):
        try:
            relative = Path(file).resolve().relative_to(_ROOT)
        except ValueError:
            continue
        first = relative.parts[0]
        if first in OWN or (first == "tests" and "site-packages" not in relative.parts):
            return f"{relative}:{line} {function}"
    return None


def told(record: logging.LogRecord) -> dict[str, str]:
    """What a record of the SDK or of its native part says beside its text: `case_id`, `run_id`, causes."""
    return {key: value for key, value in _told(record) if value}


def _told(record: logging.LogRecord) -> Iterator[tuple[str, str | None]]:
    for name in ("temporal_workflow", "temporal_activity"):
        details = getattr(record, name, None) or {}
        yield "case_id", details.get("workflow_id")
        yield "run_id", details.get("run_id") or details.get("workflow_run_id")
    if isinstance(record.args, tuple) and "run ID" in str(record.msg):
        runs = (arg for arg in record.args if isinstance(arg, str) and _UUID.fullmatch(arg))
        yield "run_id", next(runs, None)
    if record.name.startswith("temporalio.core"):
        yield from _of_core(getattr(getattr(record, "temporal_log", None), "fields", None) or {})
    else:
        texts = [str(arg) for arg in record.args] if isinstance(record.args, tuple) else []
        yield "mismatch", next(filter(None, map(mismatch, texts)), None)


def _of_core(fields: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    completion = _UUID.search(str(fields.get("completion", "")))
    yield "case_id", fields.get("workflow_id")
    yield "run_id", fields.get("run_id") or (completion and completion[0])
    failure = str(fields.get("failure") or fields.get("error") or "")
    yield "mismatch", mismatch(failure)
    kind = _TYPE.search(failure)
    yield "error", kind and kind[1]
    yield "place", own_place([(file, int(line), name) for file, line, name in _FRAME.findall(failure)])
