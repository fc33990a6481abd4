"""Who may have which class of data made readable; what is not in the table is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from schemas.admission.roles import Role
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import DataClass

READERS: Final[Mapping[str, frozenset[Role]]] = {
    DataClass.ADMISSION.value: frozenset({Role.ADMISSIONS_OFFICE, Role.HEAD_OF_ADMISSIONS}),
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
