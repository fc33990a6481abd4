"""What the allocation of a house and term remembers: no list of requests or offers, which stand in rows."""

from datetime import date, datetime

from pydantic import Field

from schemas.dormitory.policy import DormitoryPolicy
from schemas.kernel.case import CaseState


class DormitoryState(CaseState):
    """Everything a run remembers."""

    policy: DormitoryPolicy | None = Field(default=None, exclude=True)
    received_at: datetime | None = None
    house: str = ""
    term: str = ""
    first: date | None = None
    until: date | None = None
    collect_until: datetime | None = None
    kept_until: date | None = None
    seed: str = ""
    """Of the draw; published when the run was opened."""
    list_hash: str | None = None
    """Of the list's bytes; what it was drawn from, who has drawn and who confirmed it stand with the list."""
    placed: int = 0
    unplaced: int = 0
    swaps: dict[str, list[str]] = Field(default_factory=dict)
    """Swaps that wait for two yeses: both cases, and who has said yes."""

    @property
    def days(self) -> tuple[date, date]:
        """The days of the term."""
        if self.first is None or self.until is None:
            raise RuntimeError("no term is known")
        return self.first, self.until
