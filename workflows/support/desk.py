"""A case that the harassment desk has taken over: triage has no part in it any more (E17).

Rule numbers are those of docs/processes/support.md.
"""

from schemas.support.records import HandedToDesk
from schemas.support.roles import Role
from schemas.support.stages import Unit
from schemas.support.state import SupportState
from workflows.support import clocks
from workflows.support.clocks import SupportDraft


def role_here(state: SupportState, role: str) -> str:
    """What triage, counsellors and leads have elsewhere, the desk has in its own cases.

    Where it has let another unit go on, triage's part stays with the desk.
    """
    of_desk = {Role.TRIAGE} if state.desk else set[Role]()
    if state.desk and state.unit is Unit.HARASSMENT:
        of_desk |= {Role.COUNSELLOR, Role.LEAD}
    return Role.HARASSMENT.value if role in of_desk else role


def take_over(draft: SupportDraft) -> None:
    """From this moment on it is the desk's: tasks, messages, and what others had acknowledged."""
    state = draft.state
    if state.unit is not Unit.HARASSMENT:
        return
    if not state.desk:
        state.desk = True
        draft.record(HandedToDesk(roles=(Role.TRIAGE,)))
    draft.ask_other_roles()
    for deadline in state.deadlines.values():
        if deadline.kind != clocks.PAGE:
            # whoever looked after it does not see it any more
            deadline.acknowledged = None
