"""Who sees what of a support case, and who may change what all cases go by."""

from typing import Final

from schemas.kernel.roles import AUDITOR
from schemas.support.roles import Role
from workflows.kernel.sight import EVERYTHING, Administration, Field, Grant, Sight

_WORKED: Final = Grant(frozenset(Field), frozenset({Role.COUNSELLOR.value, Role.DUTY.value}))
"""Everything of the cases that are one's own, of one's unit's queue, or that one was paged about."""

SIGHT: Final[Sight] = {
    Role.TRIAGE: EVERYTHING,
    Role.HEAD: EVERYTHING,
    Role.LEAD: Grant(frozenset(Field), frozenset({Role.LEAD.value, Role.COUNSELLOR.value})),
    Role.COUNSELLOR: _WORKED,
    Role.DUTY: _WORKED,
    Role.VICE_PRESIDENT: Grant(frozenset({Field.CASE}), frozenset({Role.VICE_PRESIDENT.value})),
    AUDITOR: Grant(frozenset({Field.CASE})),
}

ADMINISTRATION: Final[Administration] = {
    "load-policy": frozenset({Role.HEAD.value}),
    "change-members": frozenset({Role.HEAD.value}),
    "change-rota": frozenset({Role.HEAD.value, Role.DUTY.value}),
}
