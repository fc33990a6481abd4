"""What a school's request remembers: codes, counts and times."""

from datetime import datetime, timedelta

from pydantic import Field

from schemas.kernel.case import CaseState
from schemas.outreach.lookups import Title
from schemas.outreach.policy import OutreachPolicy
from schemas.outreach.stages import Answer, Kind


class OutreachState(CaseState):
    """Everything a request remembers."""

    policy: OutreachPolicy | None = Field(default=None, exclude=True)
    received_at: datetime | None = None
    kind: Kind = Kind.LECTURE
    topic: str | None = None
    field: str = ""
    title: Title = Title(ja="", en="")
    grade: str = ""
    persons: int = 0
    minutes: int = 0
    dates: list[datetime] = Field(default_factory=list)
    """What the school has proposed, the best first."""
    late_permitted: bool = False
    queue: list[str] = Field(default_factory=list)
    """Lecturers who are to be asked next, in order."""
    asked: dict[str, Answer] = Field(default_factory=dict)
    lecturer: str | None = None
    """Who has accepted, or gave the lecture; kept as the one to ask first while the date is open again."""
    date: datetime | None = None
    """The date that the lecturer has accepted."""
    confirmed: datetime | None = None
    """The date that the school has confirmed."""
    surveyed: bool = False
    erased: bool = False

    @property
    def agreed(self) -> datetime:
        """The date that stands, where one does."""
        if self.date is None:
            raise RuntimeError("no date has been agreed")
        return self.date

    @property
    def ends_at(self) -> datetime:
        """When the lecture is over."""
        return self.agreed + timedelta(minutes=self.minutes)
