"""Where an annotated copy goes: beside its file, under a name that takes nothing from anybody.

A copy is where a clerk corrects. It is replaced only while it is byte for byte what was written for the same
file, which a mark on it (an extended attribute) proves. An editor changes the bytes or drops the mark, and a
file system without such marks has none: then the new copy gets the next free number.
"""

import hashlib
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final, Literal

from activities.kernel.private_files import write_private

CopyFormat = Literal["csv", "xlsx"]
_MARK: Final = "user.iehe.copy"


def write_copy(source: Path, kind: CopyFormat, content: bytes) -> Path:
    """Write the copy of a file, complete or not at all, readable by its owner alone; returns where it is.

    Raises:
        OSError: the folder cannot be written to.
    """
    mark = _mark(source, content)
    path = next(path for path in _names(source, kind) if _may_be_written(source, path))
    write_private(path, content, marks={_MARK: mark})
    return path


def _names(source: Path, kind: CopyFormat) -> Iterator[Path]:
    # only the copy's own ending is left out: `x.2026` and `x.2027` are two files, as `x.csv` and `x.txt` are
    stem = source.name.removesuffix(f".{kind}")
    yield source.with_name(f"{stem}.checked.{kind}")
    for number in count(2):
        yield source.with_name(f"{stem}.checked-{number}.{kind}")


def _may_be_written(source: Path, path: Path) -> bool:
    if not os.path.lexists(path):
        return True
    try:
        return os.getxattr(path, _MARK, follow_symlinks=False) == _mark(source, path.read_bytes())
    except OSError:
        return False


def _mark(source: Path, content: bytes) -> bytes:
    return hashlib.sha256(source.name.encode(errors="surrogateescape") + b"\0" + content).hexdigest().encode()
