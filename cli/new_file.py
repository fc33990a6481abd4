"""A file that a command writes: only who runs it can read it, and nothing is overwritten."""

import os
from pathlib import Path

from cli.session import CommandError


def write_new_file(to: Path, content: bytes) -> None:
    """Write a file that is not there yet.

    Raises:
        CommandError: `file-unusable`, it is there, or cannot be written.
    """
    try:
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
    except OSError as error:
        raise CommandError("file-unusable", file=to, reason=error.strerror) from None
