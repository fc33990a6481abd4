"""Who may have which class of data made readable; what is not in the table is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from gateway.encryption.ring import CLASSES, SOURCES
from schemas.case import Actor
from schemas.identifiers import DataClass, Role

EMBEDDED_UI: Final = "embedded-ui"
"""Name of the reader who comes with the token of the embedded stack's UI."""
READERS: Final[Mapping[str, frozenset[Role]]] = {
    DataClass.ADMISSION.value: frozenset({Role.ADMISSIONS_OFFICE, Role.HEAD_OF_ADMISSIONS}),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks for readable payloads, and the classes of data they may read."""

    name: str
    classes: frozenset[str]

    @classmethod
    def embedded_ui(cls) -> Self:
        """Whoever operates the embedded stack: all but the secrets of the sources, which are no payloads."""
        return cls(EMBEDDED_UI, frozenset(CLASSES) - {SOURCES})

    @classmethod
    def staff(cls, actor: Actor) -> Self:
        """A member of staff, by the roles on record."""
        allowed = {name for name, roles in READERS.items() if not roles.isdisjoint(actor.roles)}
        return cls(actor.id, frozenset(allowed))
