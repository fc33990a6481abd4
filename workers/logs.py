"""Log lines that hold ids, codes and counts and nothing else, once for each thing that happened.

Names, addresses and free text must not reach a log by any way: not as a value, not in a library's message,
not in an exception's text (PostgreSQL quotes the row), not as a local variable of a traceback. So keys and
the shape of values are allowed rather than forbidden, and a text is written only if it is a constant of the
program.
"""

import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor
from temporalio import activity, workflow
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from workers.exception_traces import places, trail
from workers.log_causes import mismatch, own_place, told

WITHHELD: Final = "(withheld)"
KEYS: Final = frozenset(
    {
        *("event", "level", "timestamp", "logger", "at", "error", "trace", "keys_withheld"),
        *("place", "mismatch"),  # where in our own code, and what a history and the code disagree about
        *("case_id", "process", "run_id", "activity", "task_queue", "attempt", "actor", "version", "step"),
        *(
            "stage",
            "notice_id",
            "message",
            "channel",
            "state",
            "reason",
            "code",
            "count",
            "seconds",
            "signal",
        ),
        *("namespace", "migration", "policy", "batch_id", "event_id", "pid", "setting", "port"),
        # of a request: of a fixed list, our own pattern of the path, and numbers
        *("method", "route", "status", "milliseconds", "lines_lost"),
        *("source", "partner"),  # the name that we gave a sender, never what it calls itself
        *("errand", "fact"),  # of our own list, and a hash
    }
)
"""What a log line may hold. A new key is added here after asking what its values can be."""

_LISTS: Final = frozenset({"trace"})
_EVENT: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._:/+-]{0,200}")
_CORE_TEXT: Final = re.compile(r"[A-Za-z][A-Za-z ,'-]*")


class _Constant(str):
    """A text known to be part of a program."""

    __slots__ = ()


def configure(form: Literal["json", "console"], level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log line of this process, of all libraries too, to `stream` (standard error)."""
    least = logging.getLevelNamesMapping()[level.upper()]
    target = stream or sys.stderr
    lines = _Lines(target)
    structlog.configure(
        processors=[
            _drop_replayed,
            structlog.contextvars.merge_contextvars,
            _add_ids,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_values,
            _only_allowed,
            lines.tell_lost,
            _renderer(form, target),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(file=lines),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Forwarding()], level=least, force=True)
    logging.captureWarnings(True)
    # Their default is to put all they know about the caller into the text.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    threading.excepthook = _of_thread
    sys.unraisablehook = _unraisable


def runtime(level: str = "info") -> Runtime:
    """The runtime to connect with, whose native part logs through here too instead of to the terminal."""
    least = {"debug": "DEBUG", "error": "ERROR"}.get(level, "WARN")
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(
                filter=TelemetryFilter(core_level=least, other_level="ERROR"),
                forwarding=LogForwardingConfig(
                    logger=logging.getLogger("temporalio.core"),
                    prepend_target_on_message=False,
                    append_log_fields_to_message=False,
                ),
            )
        )
    )


def _drop_replayed(_logger: Any, _method: str, event: EventDict) -> EventDict:
    if workflow.in_workflow() and workflow.unsafe.is_replaying_history_events():
        raise structlog.DropEvent
    return event


def _add_ids(_logger: Any, _method: str, event: EventDict) -> EventDict:
    ids: dict[str, Any] = {}
    if workflow.in_workflow():
        here = workflow.info()
        ids = {"case_id": here.workflow_id, "run_id": here.run_id, "process": here.workflow_type}
    elif activity.in_activity():
        task = activity.info()
        ids = {"case_id": task.workflow_id, "run_id": task.workflow_run_id}
        ids |= {"activity": task.activity_type, "attempt": task.attempt}
    return {**event, **{key: value for key, value in ids.items() if key not in event}}


def _without_values(_logger: Any, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        kinds, frames = trail(error)
        event["error"], event["trace"] = _Constant(kinds), frames
        if (place := own_place(places(error))) is not None:
            event["place"] = _Constant(place)
        if (differs := mismatch(str(error))) is not None:
            event["mismatch"] = _Constant(differs)
    return event


def _only_allowed(_logger: Any, _method: str, event: EventDict) -> EventDict:
    unknown = event.keys() - KEYS
    kept = {key: _shown(key, value) for key, value in event.items() if key not in unknown}
    if unknown:
        kept["keys_withheld"] = len(unknown)
    return kept


def _shown(key: str, value: Any) -> Any:
    if isinstance(value, _Constant) or value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if key in _LISTS and isinstance(value, list):
        return value
    pattern = _EVENT if key == "event" else _PLAIN
    return str(value) if isinstance(value, str) and pattern.fullmatch(value) else WITHHELD


def _renderer(form: str, target: TextIO) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=lambda _io, _info: None)


class _Lines:
    """Where lines go. One that cannot be written (full disk, closed pipe) is counted: nobody dies of it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lost = 0

    def write(self, line: str) -> None:
        """Write a line."""
        try:
            self._stream.write(line)
            self._stream.flush()
        except (OSError, ValueError):
            self._lost += 1
        else:
            self._lost = 0

    def flush(self) -> None:
        """Each line is flushed by itself."""

    def tell_lost(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """How many lines before this one are missing."""
        if self._lost:
            event["lines_lost"] = self._lost
        return event


class _Forwarding(logging.Handler):
    """Standard library's log lines, with their text where it is a constant."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; the caller's frame is still there to be looked at."""
        fields: MutableMapping[str, Any] = {"logger": record.name, "exc_info": record.exc_info}
        if record.name.startswith("temporalio"):
            for key, value in told(record).items():
                fields[key] = _Constant(value) if key in ("mismatch", "error", "place") else value
        text = _core_text(record) if record.name.startswith("temporalio.core") else _constant_text(record)
        if text is None:
            kind = str(getattr(record, "__temporal_error_identifier", ""))
            text = _Constant(kind) if kind.isalpha() and kind.isascii() else None
            path = record.pathname.rpartition("site-packages/")[2]
            fields["at"] = _Constant(f"{path}:{record.lineno}")
        structlog.get_logger().log(record.levelno, text or _Constant(WITHHELD), **fields)


def _core_text(record: logging.LogRecord) -> _Constant | None:
    # Written in Rust: constants first, values after some punctuation.
    words = _CORE_TEXT.match(str(record.msg))
    return _Constant(words[0].strip()) if words else None


def _constant_text(record: logging.LogRecord) -> _Constant | None:
    """The text before its values are put in, unless it was made at run time (an f-string)."""
    frame = sys._getframe()  # noqa: SLF001 - the documented way to look at one's callers
    while frame is not None:
        code = frame.f_code
        if code.co_filename == record.pathname and code.co_name == record.funcName:
            return _Constant(record.msg) if record.msg in code.co_consts else None
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _of_thread(failed: threading.ExceptHookArgs) -> None:
    structlog.get_logger().error("thread-failed", exc_info=failed.exc_value)


def _unraisable(failed: Any) -> None:
    error: BaseException | None = failed.exc_value
    place: TracebackType | None = failed.exc_traceback
    structlog.get_logger().error("unraisable", exc_info=error.with_traceback(place) if error else None)
