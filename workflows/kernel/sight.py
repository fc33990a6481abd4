"""What a role sees of a process: which of its cases, and of these which fields; nothing else is seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.kernel.identifiers import RoleName


class Field(StrEnum):
    """The fields of a case, grouped by who needs them."""

    CASE = "case"
    """Where it stands, until when, and what the person who asks has to do there."""
    WORK = "work"
    """What others do there: their tasks, deadlines, judgements, decisions; its history, events, notices."""
    PERSONAL = "personal"
    """Whom it is about, and everything in words: also letters."""
    PAYLOADS = "payloads"
    """What Temporal keeps of it, made readable for its UI."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one role sees of a process.

    Args:
        fields: of each case that it sees.
        concerns: None: every case; else only those that concern the person in one of these roles.
    """

    fields: frozenset[Field]
    concerns: frozenset[RoleName] | None = None


Sight = Mapping[RoleName, tuple[Grant, ...]]
"""A process's table; a role that is not in it sees nothing of the process."""

EVERYTHING = (Grant(frozenset(Field)),)
READS = (Grant(frozenset({Field.CASE, Field.WORK})),)


Administration = Mapping[str, frozenset[RoleName]]
"""Who may change what all cases of a process go by, such as policies, by the name of the change."""


def own_cases(*roles: RoleName) -> tuple[Grant, ...]:
    """Only the cases that concern a person in one of the roles, without what others do there."""
    return (Grant(frozenset({Field.CASE}), frozenset(roles)),)
