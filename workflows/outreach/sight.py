"""Who sees what of a school's request, and who may change what all requests go by."""

from typing import Final

from schemas.kernel.roles import AUDITOR
from schemas.outreach.roles import Role
from workflows.kernel.sight import EVERYTHING, READS, Administration, Sight, own_cases

SIGHT: Final[Sight] = {
    Role.OFFICE: EVERYTHING,
    Role.HEAD: EVERYTHING,
    AUDITOR: READS,
    Role.LECTURER: own_cases(Role.LECTURER),
}

_OFFICE: Final = frozenset({Role.OFFICE.value, Role.HEAD.value})
ADMINISTRATION: Final[Administration] = {
    **dict.fromkeys(("enter", "change-notices", "write-notes"), _OFFICE),
    "withdraw-notes": frozenset({Role.HEAD.value}),
    "load-policy": frozenset({Role.HEAD.value}),
    "hold-case": frozenset({Role.HEAD.value}),
    "load-topics": frozenset({Role.HEAD.value, Role.OFFICE.value}),
}
