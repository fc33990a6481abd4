"""Where an application stands, and what votes and reviews can say."""

from enum import StrEnum


class Fee(StrEnum):
    """What has become of the admission fee (入学料)."""

    NONE = "none"
    PAID = "paid"
    DUE_BACK = "due-back"
    REFUNDED = "refunded"


class Stage(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    COMPLETENESS = "completeness"
    ELIGIBILITY = "eligibility"
    REVIEW = "review"
    COMMITTEE = "committee"
    RANKED = "ranked"
    OFFERED = "offered"
    WAITLISTED = "waitlisted"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    ENROLLED = "enrolled"
    CONDITIONS_NOT_MET = "conditions_not_met"
    DEFERRED = "deferred"
    DECLINED = "declined"
    LAPSED = "lapsed"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    INELIGIBLE = "ineligible"
    INCOMPLETE = "incomplete"


class Choice(StrEnum):
    """A committee member's vote, and the committee's result."""

    ADMIT = "admit"
    REJECT = "reject"
    ABSTAIN = "abstain"


class Verdict(StrEnum):
    """What one review's weighted total says."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class Consensus(StrEnum):
    """What the reviews say together (rule A11)."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    CONFLICTING = "conflicting"
    INCOMPLETE = "incomplete"
