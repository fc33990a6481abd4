"""Progress of long work on standard error: a bar on a terminal, otherwise a line every two seconds."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from workers.language import chosen_language

EVERY: Final = 2.0


class Told(Protocol):
    """What is called with the running count; no total leaves the one known so far."""

    def __call__(self, done: int, total: int = 0) -> None:
        """Show how far the work is."""


@contextmanager
def progress(label: str, total: int) -> Iterator[Told]:
    """Yield what is to be called with the running count, and the total where it is found out on the way.

    Shows done, rate and time left; without a terminal nothing of what is over at once.
    """
    if sys.stderr.isatty():
        with _bar(label, total) as told:
            yield told
    else:
        lines = _Lines(label, total)
        yield lines.told
        lines.end()


def from_thread(told: Told) -> Callable[[int, int], None]:
    """Progress that a thread tells and that the thread of the command, whose loop runs now, shows."""
    loop = asyncio.get_running_loop()

    def tell(done: int, total: int) -> None:
        loop.call_soon_threadsafe(told, done, total)

    return tell


@contextmanager
def _bar(label: str, total: int) -> Iterator[Told]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.finished_speed or task.speed or 0:.0f}/s")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate())
    with Progress(*columns, TimeRemainingColumn(), console=Console(file=sys.__stderr__)) as shown:
        task = shown.add_task(label, total=total or None)

        def told(done: int, total: int = 0) -> None:
            shown.update(task, completed=done, total=total or None)

        yield told


class _Lines:
    def __init__(self, label: str, total: int) -> None:
        self._label, self._total = label, total
        self._began = self._last = time.monotonic()
        self._done = self._shown = 0

    def told(self, done: int, total: int = 0) -> None:
        self._done, self._total = done, total or self._total
        if time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            self._show()

    def end(self) -> None:
        if self._shown and self._shown != self._done:
            self._show()

    def _show(self) -> None:
        self._shown = self._done
        lasted = time.monotonic() - self._began
        rate = self._done / max(lasted, 1e-6)
        left = (self._total - self._done) / rate if rate else 0
        rest = f"残り {left:.0f} 秒" if chosen_language() == "ja" else f"{left:.0f} s left"
        line = f"{self._done}/{self._total}, {rate:.0f}/s, {rest}" if self._total else f"{lasted:.0f} s"
        print(f"{self._label}: {line}", file=sys.stderr, flush=True)
