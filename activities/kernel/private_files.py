"""Files that only their owner reads, written whole and onto the disk or not at all."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4


def write_private(
    path: Path,
    content: bytes,
    *,
    owner: tuple[int, int] | None = None,
    keep: bool = False,
    marks: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    """Write a file with mode 0600, of our own account or of `owner` (uid and gid).

    `keep`: one that is there stays. `marks` are extended attributes, left out where the file system has none.

    Raises:
        OSError: it cannot be written.
    """
    draft = path.with_name(f".iehe-{uuid4().hex}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if owner is not None:
                os.fchown(descriptor, *owner)
            os.fsync(descriptor)
        for name, value in marks.items():
            with suppress(OSError):
                os.setxattr(draft, name, value)
        if keep:
            with suppress(FileExistsError):
                path.hardlink_to(draft)
        else:
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
