"""What members of staff are called, wherever a page names one of them."""

from collections.abc import Mapping
from time import monotonic
from typing import Final

import asyncpg

from activities.kernel.queries import queries

SQL: Final = queries("kernel/office_sessions")
HOLDS: Final = 60.0
"""Seconds after which the names are read again."""


def called(staff_id: str, name: str) -> str:
    """Somebody by name and id; by the id alone who has no other name."""
    return staff_id if name == staff_id else f"{name} ({staff_id})"


class StaffNames:
    """The name of everybody by staff id, read once a minute; `known` has them as they were last."""

    def __init__(self) -> None:
        self.known: Mapping[str, str] = {}
        self._until = 0.0

    async def read(self, pool: asyncpg.Pool) -> Mapping[str, str]:
        """The names as they are, or were within a minute."""
        if monotonic() >= self._until:
            rows = await pool.fetch(SQL["names_of_staff"])
            self.known = {row["staff_id"]: row["name"] for row in rows}
            self._until = monotonic() + HOLDS
        return self.known
