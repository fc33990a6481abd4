"""What a mobility asks the database for, and what it is told; nothing of it is personal."""

from datetime import date, datetime
from decimal import Decimal

from schemas.kernel.payload import Payload
from schemas.kernel.policies import PolicyRef


class NominationFacts(Payload):
    """What opening a case needs of the stored nomination."""

    policy_ref: PolicyRef
    received_at: datetime
    term: str
    partner: str
    agreement: str
    faculty: str
    first: date
    last: date
    months: Decimal
    needs_coe: bool
    language: str
    revision: int
    deferred_from: str | None = None


class AdvisorFound(Payload):
    """Whether a member of staff can advise: of the staff, in the role."""

    active: bool
