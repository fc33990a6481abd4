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
    under_age: bool = False
    """Under 18 when it came (S17); when they come of age is nothing that a case remembers."""
    same_person: tuple[str, ...] = ()
    """Open cases about the same person that were referred before (S11)."""


class MemberFound(Payload):
    """A member of staff as an owner: of the unit, there, and not concerned."""

    of_unit: bool
    concerned: bool


class InvestigatorFound(Payload):
    """A member of staff as an investigator: of the desk, not concerned, and no counsellor of it."""

    of_desk: bool
    concerned: bool
    counselled: bool
    """Has had the case, or spoken to the student, in it or in one that it goes on for."""


class LinkFound(Payload):
    """Another case as one to link to; nothing of it where there is none, or who asks may not open it."""

    open: bool
    same_person: bool | None
    """None: one of the two has no name."""
    shut_out: tuple[str, ...]
    """Who may see nothing of the case that asks."""
