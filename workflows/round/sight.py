"""Who sees what of a round, and who may change what all of them go by."""

from typing import Final

from schemas.kernel.roles import AUDITOR
from schemas.round.roles import Role
from workflows.kernel.sight import EVERYTHING, READS, Administration, Sight

SIGHT: Final[Sight] = {
    Role.ADMISSIONS_OFFICE: EVERYTHING,
    Role.HEAD_OF_ADMISSIONS: EVERYTHING,
    Role.CHECKER: EVERYTHING,
    AUDITOR: READS,
}
_HEAD: Final = frozenset({Role.HEAD_OF_ADMISSIONS.value})
_OFFICE: Final = _HEAD | {Role.ADMISSIONS_OFFICE.value}
_ALL: Final = _OFFICE | {Role.CHECKER.value}
ADMINISTRATION: Final[Administration] = {
    "enter": _OFFICE,
    **dict.fromkeys(("change-notices", "write-notes"), _OFFICE),
    "withdraw-notes": _HEAD,
    "load-policy": _HEAD,
    "hold-case": _HEAD,
    "load-batches": _OFFICE,
    "read-lists": _ALL,
    "read-results": _ALL,
}
