"""Files of applications between their upload and their import: nameless, one person's, for an hour.

They are on no folder, so that nothing personal outlives this process; what is lost with it is only that a
file has to be chosen once more. What was stored is in the database, and what goes on, goes on from there.
"""

import asyncio
import secrets
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from starlette.requests import Request

from spreadsheets.admission.imports import CheckedImport, StoredBatch
from spreadsheets.spool import NamelessFile

KEPT_SECONDS: Final = 3600.0
MOST_OF_ONE: Final = 3
"""Files of one person at a time; the oldest goes first."""
MOST: Final = 12

log = structlog.get_logger()


@dataclass
class KeptFile:
    """A file on its way.

    Args:
        by: staff id of whose it is.
        name: as the browser called it, for its owner's eyes alone.
        round_id: the round of every row; None where rows name theirs.
        file: its bytes.
    """

    by: str
    name: str
    round_id: str | None
    file: NamelessFile | None
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    since: float = field(default_factory=time.monotonic)
    done: int = 0
    total: int = 0
    found: CheckedImport | None = None
    batches: list[StoredBatch] | None = None
    known: int = 0
    trouble: str | None = None
    """Why the check or the import could not be done."""
    work: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether it is being checked or stored."""
        return self.work is not None and not self.work.done()

    def tell(self, done: int, total: int) -> None:
        """How far the check is; from its thread."""
        self.done, self.total = done, total

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something with it that goes on whatever becomes of the request."""
        self.trouble = None
        self.work = asyncio.create_task(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            log.warning("import-not-done", exc_info=error)
            self.trouble = self.trouble or "servers-away"

    async def wait(self, seconds: float) -> None:
        """Until it is not busy any more, so many seconds at most."""
        if self.work is not None:
            await asyncio.wait({self.work}, timeout=seconds)


class KeptFiles:
    """The files of this process."""

    def __init__(self) -> None:
        self._files: dict[str, KeptFile] = {}

    def keep(self, file: KeptFile) -> None:
        """Keep a file; those over the limits go."""
        self._sweep()
        own = [each for each in self._files.values() if each.by == file.by and not each.busy]
        others = [each for each in self._files.values() if not each.busy]
        for each in (*own[: max(len(own) - MOST_OF_ONE + 1, 0)], *others[: max(len(others) - MOST + 1, 0)]):
            self._files.pop(each.key, None)
        self._files[file.key] = file

    def of(self, key: str, by: str) -> KeptFile | None:
        """A file of somebody; None when it is not kept (any more), or is another's."""
        self._sweep()
        found = self._files.get(key)
        return found if found is not None and found.by == by else None

    def waiting(self, by: str) -> list[KeptFile]:
        """Somebody's files that are not imported yet."""
        self._sweep()
        return [each for each in self._files.values() if each.by == by and each.batches is None]

    def drop(self, file: KeptFile) -> None:
        """Forget a file at once."""
        self._files.pop(file.key, None)

    def _sweep(self) -> None:
        old = time.monotonic() - KEPT_SECONDS
        for each in [each for each in self._files.values() if each.since < old and not each.busy]:
            del self._files[each.key]


def kept_files(request: Request) -> KeptFiles:
    """The files of the pages that a request came to."""
    state = request.app.state
    if not hasattr(state, "kept_files"):
        state.kept_files = KeptFiles()
    files: KeptFiles = state.kept_files
    return files
