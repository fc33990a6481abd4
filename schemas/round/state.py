"""What a round remembers: no applicant, no score, no list, which stand in rows."""

from datetime import date, datetime

from pydantic import Field

from schemas.kernel.case import CaseState
from schemas.round.policy import RoundPolicy
from schemas.round.stages import Stage


class RoundState(CaseState):
    """Everything a round remembers."""

    policy: RoundPolicy | None = Field(default=None, exclude=True)
    received_at: datetime | None = None
    year: int = 0
    route: str = ""
    """The rest of its name: route and schedule."""
    closes_at: datetime | None = None
    exam_on: date | None = None
    make_up_on: date | None = None
    """The day of a make-up examination (追試験), where one was set."""
    common_test_due: date | None = None
    release_at: datetime | None = None
    """When results are out, or are meant to be."""
    enrol_by: datetime | None = None
    first_stage: tuple[str, ...] = ()
    """The names of the lists of the first stage, as its rules were fixed; none: it has no first stage."""
    first_stages: int = 0
    """How often everybody has heard who goes on: more than once, where somebody was wronged by the first."""
    first_stage_at: datetime | None = None
    """When those of the first stage are out, or are meant to be."""
    promote_from: datetime | None = None
    """From when who waits is called, if that was moved; else as it was announced, or as the policy says."""
    moves: int = 0
    """How often dates were moved."""
    moved: tuple[str, ...] = ()
    """The names of the dates that were ever moved."""
    disasters: tuple[str, ...] = ()
    """Which disasters were declared, by area and first day."""
    fixed: bool = False
    """The rules are fixed: the policy is followed whatever comes later."""
    inputs: int = 0
    """The revision of all that lists are made from, as it was looked at last."""
    missing: int = 0
    """Values that were missing then, of all applications."""
    applications: int = 0
    """How many were looked at then."""
    batches: int = 0
    """How many files have been accepted."""
    release: str | None = None
    """The release that is scheduled, or out."""
    rejudgment: str | None = None
    """The re-judgment that is open; what it is about stands in rows."""
    told: int = 0
    """Cases that have been told their result."""
    handed_over: str | None = None
    """Of the newest file for the registrar, the hash of its rows."""
    summary: str | None = None
    """Of the round's summary, the hash of its bytes."""

    @property
    def programmes(self) -> tuple[str, ...]:
        """Each has a list of its own, of the same name."""
        if self.policy is None:
            return ()
        return tuple(programme.key for programme in self.policy.rules.programmes)

    @property
    def in_first_stage(self) -> bool:
        """It is decided who goes on, and nobody is admitted yet."""
        return self.stage == Stage.FIRST_STAGE

    @property
    def lists(self) -> tuple[str, ...]:
        """The names of the lists that are made, prepared, confirmed and released where the round stands."""
        return self.first_stage if self.in_first_stage else self.programmes
