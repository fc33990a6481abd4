"""Who sees what of a support case, and who may change what all cases go by."""

from typing import Final

from schemas.kernel.roles import AUDITOR
from schemas.support.roles import Role
from workflows.kernel.sight import Administration, Field, Grant, Sight

_WHOLE: Final = frozenset({Field.CASE, Field.WORK, Field.PERSONAL})
_WORKED: Final = Grant(_WHOLE, frozenset({Role.COUNSELLOR.value, Role.DUTY.value}))
"""Everything of the cases that are one's own, of one's unit's queue, or that one was paged about."""
_BY_CONSENT: Final = (
    Grant(frozenset({Field.CASE}), frozenset({"consented-case"})),
    Grant(frozenset({Field.CASE, Field.WORK}), frozenset({"consented-work"})),
    Grant(_WHOLE, frozenset({"consented-personal"})),
)
"""What the student allows the unit of somebody to see (P7)."""
ASKED: Final = "asked"
"""The concern of whom a ladder has asked, so long as it is the same owner's."""
_OVERSEEN: Final = Grant(frozenset({Field.CASE, Field.WORK}))
"""Where each stands and what is done there; whom it is about and what was said, only by another right."""

SIGHT: Final[Sight] = {
    # the words of a case are triage's until it has a unit
    Role.TRIAGE: (_OVERSEEN, Grant(_WHOLE, frozenset({Role.TRIAGE.value}))),
    Role.HEAD: (
        Grant(_OVERSEEN.fields | {Field.PAYLOADS}),
        Grant(_WHOLE, frozenset({Role.DUTY.value})),
    ),
    Role.LEAD: (
        *_BY_CONSENT,
        Grant(_WHOLE, frozenset({Role.LEAD.value, Role.COUNSELLOR.value, Role.DUTY.value})),
    ),
    Role.COUNSELLOR: (*_BY_CONSENT, _WORKED, Grant(frozenset({Field.CASE}), frozenset({ASKED}))),
    Role.DUTY: (_WORKED,),
    # its own cases, whole; of others it knows nothing (E17)
    Role.HARASSMENT: (Grant(_WHOLE, frozenset({Role.HARASSMENT.value})),),
    Role.VICE_PRESIDENT: (
        Grant(frozenset({Field.CASE}), frozenset({ASKED})),
        Grant(_WHOLE, frozenset({Role.DUTY.value})),
    ),
    # so long as a request of the student's is open
    Role.DISCLOSURE: (Grant(_WHOLE, frozenset({Role.DISCLOSURE.value})),),
    AUDITOR: (Grant(frozenset({Field.CASE})),),
}

_OFFICE: Final = frozenset(
    {
        Role.TRIAGE.value,
        Role.HEAD.value,
        Role.COUNSELLOR.value,
        Role.DUTY.value,
        Role.HARASSMENT.value,
    }
)
ADMINISTRATION: Final[Administration] = {
    "load-policy": frozenset({Role.HEAD.value}),
    "enter": _OFFICE,
    **dict.fromkeys(("change-notices", "write-notes"), _OFFICE | {Role.LEAD.value}),
    "withdraw-notes": frozenset({Role.HEAD.value, Role.LEAD.value}),
    "import-register": frozenset({Role.TRIAGE.value, Role.HEAD.value}),
    "import-alerts": frozenset({Role.TRIAGE.value, Role.HEAD.value}),
    "read-report": frozenset({Role.HEAD.value, Role.VICE_PRESIDENT.value, AUDITOR}),
    "extract": frozenset({Role.DISCLOSURE.value}),
    "change-members": frozenset({Role.HEAD.value}),
    "change-closures": frozenset({Role.HEAD.value}),
    "change-incidents": frozenset({Role.TRIAGE.value, Role.HEAD.value}),
    "change-rota": frozenset({Role.HEAD.value, Role.DUTY.value}),
}
