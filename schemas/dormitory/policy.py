"""The policy of allocation: reserves, agreements, clocks, lists of codes."""

from typing import Annotated

from pydantic import Field

from schemas.dormitory.run import Quota
from schemas.kernel.deadlines import DeadlinePolicy
from schemas.kernel.identifiers import Code
from schemas.kernel.policies import ProcessPolicy

Codes = Annotated[tuple[Code, ...], Field(min_length=1)]


class DormitoryPolicy(ProcessPolicy):
    """What a year may change; a case keeps its version. Rule numbers: docs/processes/dormitory.md."""

    emergency: dict[Code, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """By house, how many beds are kept for emergencies (X22)."""
    quotas: dict[Code, dict[Code, Quota]] = Field(default_factory=dict)
    """By house and agreement (X22)."""
    gap_days: int = Field(default=1, ge=0, le=30)
    """Days for which a bed is cleaned between two persons (X21)."""
    arrears_months: int = Field(default=3, ge=1)
    """From so many months of arrears on there is no bed (X24)."""
    accessible_days: int = Field(default=30, ge=0)
    """Days before the stay from which on an accessible bed goes to others (X27)."""
    family_days: int = Field(default=365, ge=1)
    """The longest stay in a family room (X26)."""
    offer_days: int = Field(default=10, ge=1)
    """For how long a bed is held for who is to answer (X28)."""
    answer_before_days: int = Field(default=3, ge=0)
    """At latest so many days before the stay."""
    offer_hours: int = Field(default=24, ge=1)
    """At least so many hours, also for who comes tomorrow."""
    unanswered_offers: int = Field(default=3, ge=1)
    """After so many without an answer there is none any more: the student is told, and looks elsewhere."""
    offers: DeadlinePolicy
    """Ends with the next offer."""
    collect: DeadlinePolicy
    """The ladder before requests are not of equal rank any more."""
    draw: DeadlinePolicy
    confirm: DeadlinePolicy
    release: DeadlinePolicy
    """Until when the offers of a confirmed list go out."""
    swap: DeadlinePolicy
    """Seventy-two hours for two yeses (X30)."""
    late: DeadlinePolicy
    """Ends with the last day for which a bed is kept (X32)."""
    term: DeadlinePolicy
    """Ends with the term."""
    closing_reasons: Codes
    revoke_reasons: Codes
    relocate_reasons: Codes
