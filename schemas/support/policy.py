"""The policy of support cases: clocks by level, ladders, and what the offices may choose from."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.kernel.deadlines import DeadlinePolicy
from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload
from schemas.kernel.policies import ProcessPolicy
from schemas.support.stages import Unit

Level = Literal["1", "2", "3", "4"]
Codes = Annotated[tuple[Code, ...], Field(min_length=1)]


class LevelPolicy(Payload):
    """The clocks of one level of risk; each names its calendar (S2)."""

    triage: DeadlinePolicy
    first_response: DeadlinePolicy
    update: DeadlinePolicy
    resolution: DeadlinePolicy
    hand_over: DeadlinePolicy
    """How long a colleague has to accept a case that is offered (S15)."""
    attempt: DeadlinePolicy
    """Until when the student is to be tried again after an attempt that failed (E7)."""


class SupportPolicy(ProcessPolicy):
    """What a year may change; a case keeps its version."""

    levels: dict[Level, LevelPolicy]
    page: DeadlinePolicy
    """The pages of a crisis (E6)."""
    can_wait: DeadlinePolicy
    """How long the duty officer has to say that an urgent referral out of hours can wait (S10)."""
    idle: DeadlinePolicy
    """After which silence an owner loses the case (E4)."""
    reopen: DeadlinePolicy
    """How long a resolved case can be reopened (S14); then it is closed."""
    unlink: DeadlinePolicy
    """How long a link can be taken back (S11)."""
    link_taken: DeadlinePolicy
    """How long the case that goes on may take to say that it does."""
    appointment: DeadlinePolicy
    """The reminder of an appointment; its end is the appointment itself (E7)."""
    calls: DeadlinePolicy
    """How long a student who did not come is called, until a message is left (E7)."""
    silence: DeadlinePolicy
    """How long the student may be silent after the last attempt, until it is closed with a letter (E7)."""
    attempts: int = Field(default=3, ge=1)
    """Attempts to reach the student before a message is left and silence begins (E7)."""
    own_units: tuple[Unit, ...] = (Unit.COUNSELLING, Unit.HARASSMENT)
    """Units that a case may go to without the student's consent (P7)."""
    consent_purposes: Codes
    disclosure_grounds: Codes
    """Why something is told without consent: the list of the rule, and nothing else (P4)."""
    disclosure_receivers: Codes
    """To whom it may be told then, beside units."""
    access: DeadlinePolicy
    """Until when a student who asks to see what is held about them has an answer (P8)."""
    access_extension: DeadlinePolicy
    """By how much that is put off, once."""
    objection: DeadlinePolicy
    """How long what is disclosed waits when somebody else of whom it tells has objected."""
    access_grounds: Codes
    """Why what is kept back is kept back; `all`: nothing is, `existence`: not even that is said."""
    kinds: tuple[Code, ...] = ()
    """What concerns are about: how often each comes in a term may be told other processes."""
    crisis_kinds: tuple[Code, ...] = ()
    """Those of which nothing is ever told."""
    resolution_codes: Codes
    misdirection_codes: Codes

    def at(self, level: int) -> LevelPolicy:
        """The clocks of a level."""
        return self.levels[str(level)]  # type: ignore[index]
