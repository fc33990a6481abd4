"""What a support case asks the database for, and what it is told; nothing of it is personal."""

from datetime import datetime

from schemas.kernel.payload import Payload
from schemas.kernel.policies import PolicyRef
from schemas.support.stages import Unit, Way


class ReferralFacts(Payload):
    """What opening a case needs of the stored referral."""

    policy_ref: PolicyRef
    received_at: datetime
    way: Way
    language: str
    anonymous: bool
    referrer: bool
    danger: bool
    urgent: bool
    unit: Unit | None = None


class MemberFound(Payload):
    """A member of staff as an owner: of the unit, there, and not concerned."""

    of_unit: bool
    concerned: bool
