"""What an admission case asks the database for, and what it is told."""

from datetime import date, datetime

from pydantic import AwareDatetime, Field

from schemas.kernel.payload import Payload
from schemas.kernel.policies import PolicyRef


class RoundFacts(Payload):
    """What a case must know of the round it takes part in."""

    round_id: str
    opens_at: datetime
    closes_at: datetime
    post_cutoff_at: datetime | None = None
    enrol_by: date
    waitlist_until: date


class ApplicationFacts(Payload):
    """What opening a case needs, without anything personal."""

    application_no: str
    case_id: str
    programme: str
    policy_ref: PolicyRef
    form_ref: PolicyRef
    """Whose scoring form counts."""
    round: RoundFacts
    submitted_on: date | None = None
    possible_duplicates: tuple[str, ...] = ()
    age_at_enrolment: int | None = None
    accommodation_requested_on: date | None = None
    accommodation_sudden: bool = False
    person_key: str = ""
    """The same in every application of one person in the round, and nothing that tells who it is."""
    further_choices: tuple[str, ...] = ()
    """What is wanted after the programme, in order."""
    superseded_by: str | None = None
    """The case whose accepted offer ends this application, when that came before its opening."""


class ReviewerDraw(Payload):
    """Ask for reviewers: `wanted` of them, or exactly the `named`."""

    case_id: str
    wanted: int
    named: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    load_cap: int
    conflict_years: int
    looked_at: bool = False
    """A person has looked at the named whose conflict of interest is only possible, and found none."""
    at: AwareDatetime


class ReviewersDrawn(Payload):
    """Who was found, and for the named who were not: the refusal."""

    reviewers: tuple[str, ...] = ()
    near: dict[str, str] = Field(default_factory=dict)
    """Who may have a conflict of interest, and its code: not drawn, only named by a person who has looked."""
    refusal: str | None = None
    refusal_params: dict[str, str] = Field(default_factory=dict)


class CommitteeMember(Payload):
    """A member by id; `conflict` means that only abstention is possible."""

    member: str
    chair: bool = False
    conflict: bool = False
    near: str | None = None
    """The code of a possible conflict of interest that nobody has judged yet: no vote before."""


class Committee(Payload):
    """The committee as it stood when the case came before it."""

    members: tuple[CommitteeMember, ...]
