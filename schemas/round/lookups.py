"""What a round asks the database for, and what it is told."""

from datetime import date, datetime

from schemas.kernel.payload import Payload
from schemas.kernel.policies import PolicyRef


class RoundFacts(Payload):
    """What opening a round needs of what is stored."""

    policy_ref: PolicyRef
    received_at: datetime
    year: int
    route: str
    closes_at: datetime
    exam_on: date | None = None
    common_test_due: date | None = None
    first_stage_at: datetime | None = None
    release_at: datetime
    enrol_by: datetime
