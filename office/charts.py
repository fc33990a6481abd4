"""Bars as `templates/charts.html` draws them: with their numbers, their words, and where each leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 330
"""Of the longest bar, in units of the drawing."""


@dataclass(frozen=True)
class Part:
    """A part of a bar.

    Args:
        kind: its class: empty, `other` or `late`.
        words: what it counts.
        count: how many; None: hidden, because it is small.
        href: the list of them.
    """

    kind: str
    words: str
    count: int | None
    href: str | None = None


@dataclass(frozen=True)
class Bar:
    """A bar with its label; `cap`: how many there may be at most."""

    label: str
    parts: tuple[Part, ...]
    href: str | None = None
    cap: int | None = None

    @property
    def total(self) -> int | None:
        """How many in all; None where something is hidden."""
        counts = [part.count for part in self.parts]
        return None if None in counts else sum(each or 0 for each in counts)


@dataclass(frozen=True)
class Chart:
    """Some bars on one scale.

    Args:
        name: of its place on the page.
        title: what it shows.
        head: what its bars are, as the head of the table below.
        bars: from above.
        legend: kinds of parts with their words, where there are several.
    """

    name: str
    title: str
    head: str
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...] = ()

    @property
    def drawn(self) -> Sequence[tuple[Bar, list[tuple[Part, int, int]], int, int | None]]:
        """Each bar with its parts (beginning and width), its end, and where its cap stands."""
        most = max((max(bar.total or 0, bar.cap or 0) for bar in self.bars), default=0) or 1
        found = []
        for bar in self.bars:
            at, parts = 0, []
            for part in bar.parts:
                width = 0 if not part.count else max(2, round(part.count * WIDTH / most))
                parts.append((part, at, width))
                at += width
            found.append((bar, parts, at, None if bar.cap is None else round(bar.cap * WIDTH / most)))
        return found

    @property
    def capped(self) -> bool:
        """Whether a bar has a cap."""
        return any(bar.cap is not None for bar in self.bars)
