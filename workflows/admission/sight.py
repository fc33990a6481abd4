"""Who sees what of an admission case, and who may change what all cases go by."""

from typing import Final

from schemas.admission.roles import Role
from workflows.kernel.sight import EVERYTHING, READS, Administration, Sight, own_cases

SIGHT: Final[Sight] = {
    Role.ADMISSIONS_OFFICE: EVERYTHING,
    Role.HEAD_OF_ADMISSIONS: EVERYTHING,
    Role.AUDITOR: READS,
    Role.REVIEWER: own_cases(Role.REVIEWER),
    Role.COMMITTEE_MEMBER: own_cases(Role.COMMITTEE_MEMBER),
    Role.COMMITTEE_CHAIR: own_cases(Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR),
}

_HEAD: Final = frozenset({Role.HEAD_OF_ADMISSIONS.value})
_OFFICE: Final = _HEAD | {Role.ADMISSIONS_OFFICE.value}
ADMINISTRATION: Final[Administration] = {
    "enter": _OFFICE,
    **dict.fromkeys(("change-notices", "write-notes"), _OFFICE),
    "withdraw-notes": _HEAD,
    "load-policy": _HEAD,
    "hold-case": _HEAD,
    "add-round": _HEAD,
    "set-places": _HEAD,
}
