"""A request until it is checked: what it asks for, whether it comes in time, or that it is declined.

Rule numbers are those of docs/processes/outreach.md.
"""

from datetime import datetime, timedelta

from schemas.kernel.deadlines import Deadline, DeadlinePolicy
from schemas.outreach.commands import (
    ChangeTopic,
    CheckRequest,
    DeclineRequest,
    Explained,
    PermitLate,
    ReleaseLecturer,
)
from schemas.outreach.lookups import RequestFacts, TopicFacts
from schemas.outreach.policy import OutreachPolicy
from schemas.outreach.roles import Role
from schemas.outreach.stages import Stage
from schemas.outreach.state import OutreachState
from workflows.kernel.draft import Draft

OutreachDraft = Draft[OutreachState]
CHECK = "check-request"
FIND_LECTURER = "find-lecturer"
AGREE_DATE = "agree-date"
CLOSURE = "closure-decision"
ANSWER_SCHOOL = "answer-school"
DATES = "dates"
UNDATED = (Stage.REQUESTED, Stage.CHECKED, Stage.OFFERING)
DATED = (Stage.OFFERED, Stage.CONFIRMED, Stage.PREPARED)
ERASE = "erase"
BARE = DeadlinePolicy(days=0)
"""A deadline that is given and reminds nobody."""


def policy_of(state: OutreachState) -> OutreachPolicy:
    """The policy that the case follows."""
    if state.policy is None:
        raise RuntimeError("the case has not been opened")
    return state.policy


def local(draft: OutreachDraft, moment: datetime) -> str:
    """A moment for the text of a refusal."""
    return f"{moment.astimezone(draft.calendar.zone):%Y-%m-%d %H:%M}"


def ahead(draft: OutreachDraft) -> list[datetime]:
    """The proposed dates that are not over."""
    return [at for at in draft.state.dates if at > draft.now]


def open_request(draft: OutreachDraft) -> None:
    """Take over codes, counts and dates; the words and the contact stay in the database."""
    facts = RequestFacts.model_validate(draft.look_up("request", case_id=draft.state.case_id))
    draft.follow_policy(facts.policy_ref)
    state = draft.state
    state.received_at, state.kind, state.grade = facts.received_at, facts.kind, facts.grade
    state.topic, state.field, state.title = facts.topic, facts.field, facts.title
    state.persons, state.minutes, state.dates = facts.persons, facts.minutes, list(facts.dates)
    draft.details.update(policy=facts.policy_ref.version, kind=facts.kind)
    draft.goto(Stage.REQUESTED)
    draft.notify("request-received", "school")


def enter_requested(draft: OutreachDraft) -> None:
    """The office checks it; the school has its answer within so many working days."""
    if ANSWER_SCHOOL not in draft.state.deadlines:
        draft.start_deadline(ANSWER_SCHOOL, policy_of(draft.state).answer_school, keep=True)
    draft.open_task(CHECK, Role.OFFICE, deadline=ANSWER_SCHOOL)
    watch_dates(draft)


def watch_dates(draft: OutreachDraft) -> None:
    """While none is agreed, the last proposed date is watched: nobody is asked about a day that is over."""
    draft.start_deadline(DATES, BARE, due_at=max(draft.state.dates), keep=True)


def check_request(draft: OutreachDraft, _command: CheckRequest) -> None:
    """It can be arranged: asked for early enough, or permitted (O2)."""
    state = draft.state
    earliest = draft.calendar.day_of(min(state.dates))
    received = draft.calendar.day_of(state.received_at or draft.now)
    first = received + timedelta(days=policy_of(state).lead_days[state.kind])
    in_time = earliest >= first or state.late_permitted
    draft.require(in_time, "request-too-soon", date=earliest, first=first)
    draft.goto(Stage.CHECKED)


def enter_checked(draft: OutreachDraft) -> None:
    """Somebody has to find a lecturer, or another way (O5)."""
    draft.open_task(FIND_LECTURER, Role.OFFICE)


def permit_late(draft: OutreachDraft, command: PermitLate) -> None:
    """A person takes a request that comes too late (O2)."""
    give_reason(draft, command)
    draft.state.late_permitted = True


def give_reason(draft: OutreachDraft, command: PermitLate | ReleaseLecturer) -> None:
    """Why it is done, in words that the log refers to."""
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    draft.details["reason_id"] = command.reason_id


def known_cause(draft: OutreachDraft, command: Explained, known: tuple[str, ...]) -> None:
    """Why it is done, as a code of the policy that the school is told in words; more of it for the log."""
    draft.require(command.reason in known, "cause-unknown", cause=command.reason, known=", ".join(known))
    draft.details["cause"] = command.reason
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id


def change_topic(draft: OutreachDraft, command: ChangeTopic) -> None:
    """Another topic registered for the year, or another field (O1, O5)."""
    state = draft.state
    question = {"topic": command.topic, "field": command.field, "at": min(state.dates).isoformat()}
    found = TopicFacts.model_validate(draft.look_up("topic", **question))
    state.topic, state.field, state.title = found.topic, found.field, found.title
    state.asked, state.queue = {}, []
    draft.details.update(topic=found.topic, field=found.field)


def decline_request(draft: OutreachDraft, command: DeclineRequest) -> None:
    """It cannot be granted; the school is told why."""
    known_cause(draft, command, policy_of(draft.state).decline_reasons)
    draft.notify("request-declined", "school", cause=command.reason)
    draft.goto(Stage.DECLINED)


def dates_over(draft: OutreachDraft, _deadline: Deadline) -> None:
    """The last proposed date has come and nobody has accepted it."""
    draft.goto(Stage.WAITING_DATE)


def enter_ended(draft: OutreachDraft) -> None:
    """Declined or cancelled: nothing is asked any more; the case lasts until the contact is erased (O28)."""
    state = draft.state
    state.outcome, state.outcome_by = state.stage, draft.actor.kind
    for name in (ANSWER_SCHOOL, DATES):
        draft.stop_deadline(name, how="cancelled")
    state.asked, state.queue = {}, []
    due = draft.calendar.end_of(
        draft.calendar.day_of(draft.now) + timedelta(days=policy_of(state).erase_days)
    )
    draft.start_deadline(ERASE, BARE, due_at=due)
