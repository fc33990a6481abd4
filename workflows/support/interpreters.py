"""The language of a case and who interprets: bound to secrecy, never kin nor a fellow student (S18).

No clock asks whether there is an interpreter: no target waits for one.
Rule numbers are those of docs/processes/support.md.
"""

from typing import Final

from schemas.support.commands import NameInterpreter
from schemas.support.people import Acquaintance
from schemas.support.records import InterpreterNamed
from schemas.support.roles import Role
from workflows.support.clocks import SupportDraft

FIND: Final = "find-interpreter"
OUTSIDE: Final = "ext-"
"""How the code of a person outside begins; whose it is, is known to the office and not to the case."""


def name_interpreter(draft: SupportDraft, command: NameInterpreter) -> None:
    """Another one takes the place of the last; without one somebody looks for one."""
    state, who = draft.state, command.interpreter
    if who is not None:
        draft.require(command.relation is Acquaintance.NONE, "interpreter-too-close")
        draft.require(command.bound, "interpreter-unbound")
        draft.require(who != state.owner, "interpreter-unfit", interpreter=who)
        if not who.startswith(OUTSIDE):
            fits = draft.look_up("interpreter", case_id=state.case_id, staff_id=who)
            draft.require(fits, "interpreter-unfit", interpreter=who)
    state.spoken, state.interpreter = command.language, who
    draft.details.update(language=command.language, interpreter=who)
    draft.record(InterpreterNamed(language=command.language, interpreter=who))
    if who is None:
        draft.open_task(FIND, Role.LEAD, keep=True)
    else:
        draft.close_task(FIND)


def found_otherwise(_draft: SupportDraft) -> None:
    """None is needed after all."""


COMPLETED: Final = {FIND: found_otherwise}
