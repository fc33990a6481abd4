"""Who sees what of a mobility, and who may change what all of them go by."""

from typing import Final

from schemas.exchange.roles import Role
from schemas.kernel.roles import AUDITOR
from workflows.kernel.sight import EVERYTHING, READS, Administration, Field, Grant, Sight, own_cases

SIGHT: Final[Sight] = {
    Role.OFFICE: EVERYTHING,
    Role.HEAD: EVERYTHING,
    Role.COORDINATOR: (Grant(frozenset({Field.CASE, Field.WORK})),),
    Role.COMMITTEE: (Grant(frozenset({Field.CASE, Field.WORK})),),
    Role.REGISTRAR: (Grant(frozenset({Field.CASE, Field.WORK})),),
    AUDITOR: READS,
    Role.ADVISOR: own_cases(Role.ADVISOR),
    Role.TUTOR: own_cases(Role.TUTOR),
}

_OFFICE: Final = frozenset({Role.OFFICE.value, Role.HEAD.value})
ADMINISTRATION: Final[Administration] = {
    **dict.fromkeys(("enter", "change-notices", "write-notes"), _OFFICE),
    "withdraw-notes": frozenset({Role.HEAD.value}),
    "load-policy": frozenset({Role.HEAD.value}),
    "hold-case": frozenset({Role.HEAD.value}),
    "load-agreements": _OFFICE,
    "load-partners": _OFFICE,
    "reconcile": _OFFICE,
}
