"""Who may have which class of data made readable; what is not in the table is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from cases.registry import PROCESSES
from schemas.kernel.case import Actor

READERS: Final[Mapping[str, frozenset[str]]] = {
    process.room: frozenset(process.readers) for process in PROCESSES.values()
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks for readable payloads, and the classes of data they may read."""

    name: str
    classes: frozenset[str]

    @classmethod
    def staff(cls, actor: Actor) -> Self:
        """A member of staff, by the roles on record."""
        allowed = {name for name, roles in READERS.items() if not roles.isdisjoint(actor.roles)}
        return cls(actor.id, frozenset(allowed))
