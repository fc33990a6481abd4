"""A kind of file that a process takes, for every door: checked whole, and taken whole or not at all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from cases.apart import Marks
from schemas.kernel.case import Actor
from spreadsheets.rows import Checked

Counts = dict[str, int]


@dataclass(frozen=True)
class Intake:
    """A kind of file.

    `act`: what who brings it may do. `check` reads the file and says what is wrong with it. Of a file without
    errors `would` counts what it would do, and `take` does it, for a member of staff, and logs it under a
    name; what was taken before changes nothing.
    """

    act: str
    check: Callable[[asyncpg.Pool, Path], Awaitable[Checked[Any]]]
    would: Callable[[asyncpg.Pool, Checked[Any]], Awaitable[Counts]]
    take: Callable[[asyncpg.Pool, Marks, Actor, Checked[Any], str], Awaitable[Counts]]
