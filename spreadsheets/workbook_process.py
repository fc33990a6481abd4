"""A workbook is read by a process of its own, which may use so much memory and time and no more.

An archive of some kilobytes can ask its reader for hundreds of gigabytes. Where a limit is hit, that process
ends, and the file is refused. It gets the file and nothing else: no settings, no secrets, no connection.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from spreadsheets.faults import RefusedError
from spreadsheets.spool import NamelessFile
from spreadsheets.values import Cell
from spreadsheets.workbook import Table, read_workbook

MEMORY_MIB: Final = 2_048
SECONDS: Final = 120
"""Of the processor; three times as long by the clock."""
OUTPUT_MIB: Final = 2_048
_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
_OVER_LIMIT: Final = 3


@dataclass(frozen=True, slots=True)
class SheetRows:
    """The rows of a sheet, read from a file without a name as often as wanted."""

    file: NamelessFile

    def __iter__(self) -> Iterator[list[Cell]]:
        with self.file.lines() as lines:
            for line in islice(lines, 1, None):
                yield json.loads(line, object_hook=_cell)


def read_limited(data: bytes, waiting: Callable[[], None] = lambda: None) -> Table:
    """Read a workbook in a process with limits, calling `waiting` once a second.

    Raises:
        RefusedError: as `read_workbook`; `workbook-too-demanding` when a limit was hit.
        RuntimeError: the process ended in a way that no workbook explains.
    """
    output = NamelessFile()
    code = _run(data, output.file, waiting)
    if code < 0 or code == _OVER_LIMIT:
        raise RefusedError("workbook-too-demanding", memory=MEMORY_MIB, seconds=SECONDS)
    if code:
        raise RuntimeError(f"the process that reads workbooks ended with code {code}")
    with output.lines() as lines:
        said = json.loads(lines.readline())
    if "refused" in said:
        raise RefusedError(said["refused"], **said["parameters"])
    rows, columns = (frozenset(said[name]) for name in ("hidden_rows", "hidden_columns"))
    return Table(SheetRows(output), said["height"], said["other_sheets"], rows, columns)


def _run(data: bytes, output: IO[bytes], waiting: Callable[[], None]) -> int:
    root = str(Path(__file__).parents[1])
    limits = map(str, (MEMORY_MIB, SECONDS, OUTPUT_MIB))
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", __name__, *limits],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.DEVNULL,
        env=passed_on | {"PYTHONPATH": root, "PYTHONUTF8": "1"},
    ) as process:
        try:
            given: bytes | None = data
            for _ in range(3 * SECONDS):
                try:
                    process.communicate(given, timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    given = None
                    waiting()
        finally:
            process.kill()
    return process.returncode


def _main() -> int:
    memory, seconds, size = (int(word) for word in sys.argv[1:])
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory << 20),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, size << 20),
    ):
        _, hard = resource.getrlimit(limit)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (allowed, allowed))
    try:
        _write(sys.stdin.buffer.read(), sys.stdout)
        sys.stdout.flush()
    except (MemoryError, OSError):
        return _OVER_LIMIT
    return 0


def _write(data: bytes, output: IO[str]) -> None:
    try:
        sheet = read_workbook(data)
    except RefusedError as refused:
        _line(output, {"refused": refused.code, "parameters": refused.parameters})
        return
    except BaseException as panic:
        # how the reader's own language ends at what it did not expect
        if type(panic).__name__ != "PanicException":
            raise
        _line(output, {"refused": "workbook-broken", "parameters": {}})
        return
    hidden = {"hidden_rows": sorted(sheet.hidden_rows), "hidden_columns": sorted(sheet.hidden_columns)}
    _line(output, {"height": sheet.height, "other_sheets": sheet.other_sheets} | hidden)
    for row in sheet.rows:
        _line(output, row)


def _line(output: IO[str], value: Any) -> None:
    output.write(json.dumps(value, default=_tagged, ensure_ascii=False) + "\n")


def _tagged(cell: Any) -> dict[str, Any]:
    if isinstance(cell, timedelta):
        return {"timedelta": cell.total_seconds()}
    return {type(cell).__name__: cell.isoformat()}


def _cell(tagged: dict[str, Any]) -> Any:
    ((kind, value),) = tagged.items()
    match kind:
        case "timedelta":
            return timedelta(seconds=value)
        case "time":
            return time.fromisoformat(value)
        case "datetime":
            return datetime.fromisoformat(value)
        case _:
            return date.fromisoformat(value)


if __name__ == "__main__":
    os._exit(_main())
