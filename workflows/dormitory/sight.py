"""Who sees what of a run, and who may change what all of them go by."""

from typing import Final

from schemas.dormitory.roles import Role
from schemas.kernel.roles import AUDITOR
from workflows.kernel.sight import EVERYTHING, READS, Administration, Sight

SIGHT: Final[Sight] = {Role.HOUSE: EVERYTHING, Role.HEAD: EVERYTHING, AUDITOR: READS}
_HOUSE: Final = frozenset({Role.HOUSE.value, Role.HEAD.value})
ADMINISTRATION: Final[Administration] = {
    **dict.fromkeys(("enter", "change-notices", "write-notes"), _HOUSE),
    "withdraw-notes": frozenset({Role.HEAD.value}),
    "load-policy": frozenset({Role.HEAD.value}),
    "hold-case": frozenset({Role.HEAD.value}),
    "load-beds": _HOUSE,
    "read-plan": _HOUSE,
}
