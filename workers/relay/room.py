"""How much may be delivered now: what the workers cannot take yet waits in the database, not in Temporal.

A case whose workflow has thousands of signals to take is slow to replay and holds up all others, and
decisions stand behind whatever waits in Temporal. So each case has only some events under way, and all
together only what the workers take in half a second or so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries

SQL: Final = queries("kernel/relay")
OF_ALL: Final = 64
"""Events under way at once; one worker takes about 150 a second."""
OF_ONE: Final = 32
"""Of these, of one case."""
WORTH_A_TURN: Final = 8
"""Events of one case that are better delivered together, so that its workflow is woken once for them."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many events may be delivered, and how many of each case are under way already.

    Args:
        events: of all cases together.
        under_way: of each case, what was delivered and not taken.
        taken: events that were under way at the last look and are not any more.
    """

    events: int
    under_way: Mapping[str, int]
    taken: int = 0

    @property
    def full_cases(self) -> list[str]:
        """Those that get nothing more until they have taken something."""
        return [case_id for case_id, count in self.under_way.items() if count >= OF_ONE]

    @property
    def tight(self) -> bool:
        """Whether something may be waiting only because there is no room for it."""
        return self.events <= 0 or bool(self.full_cases)

    @property
    def cases(self) -> int:
        """Cases among which it is shared out, at most."""
        return max(1, self.events // WORTH_A_TURN)

    def of(self, case_id: str) -> int:
        """How many may be delivered to a case."""
        return max(0, OF_ONE - self.under_way.get(case_id, 0))


async def look(connection: Connection, in_hand: int) -> Room:
    """Note what has been taken, and count what is under way.

    Args:
        connection: outside of a transaction: what is noted is not held until the turn ends.
        in_hand: events that this relay is delivering at the moment.
    """
    status = await connection.execute(SQL["note_taken"])
    rows = await connection.fetch(SQL["under_way"])
    waited_for = sum(row["waited_for"] for row in rows)
    return Room(OF_ALL - waited_for - in_hand, _of_each(rows), int(status.rpartition(" ")[2]))


async def look_again(connection: Connection, room: Room) -> Room:
    """Count anew with the cases' locks held: another turn may have delivered to them since the look."""
    return replace(room, under_way=_of_each(await connection.fetch(SQL["under_way"])))


def _of_each(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    return {row["case_id"]: row["all_of_it"] for row in rows}
