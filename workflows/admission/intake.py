"""Admission rules up to the review: what must arrive until when, duplicates, exam adjustments, eligibility.

Rule numbers are those of docs/processes/admission.md.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Literal

from pydantic import JsonValue

from schemas.admission.commands import ConfirmEligibility, DecideAccommodation, PermitLate
from schemas.admission.facts import AccommodationRequested, ItemFact, NoFacts
from schemas.admission.lookups import ApplicationFacts, RoundFacts
from schemas.admission.policy import AdmissionPolicy, ItemPolicy
from schemas.admission.records import (
    AccommodationRecorded,
    DecisionRecorded,
    ItemRecorded,
    LatePermitted,
)
from schemas.admission.roles import Role
from schemas.admission.stages import Stage
from schemas.admission.state import Accommodation, AdmissionState, ItemState
from schemas.kernel.deadlines import Deadline, DeadlinePolicy
from schemas.kernel.refusals import Refusal
from workflows.kernel.draft import Draft
from workflows.kernel.taking_back import STEPS

AdmissionDraft = Draft[AdmissionState]
DECIDE_ACCOMMODATION = "decide-accommodation"
LATE_APPLICATION = "late-application"


def policy_of(state: AdmissionState) -> AdmissionPolicy:
    """The policy version that the case keeps."""
    if state.policy is None:
        raise RuntimeError("the case has not been opened")
    return state.policy


def round_of(draft: AdmissionDraft) -> RoundFacts:
    """The selection round of the application."""
    if draft.state.round is None:
        raise RuntimeError("the case has not been opened")
    return draft.state.round


def end_of(draft: AdmissionDraft, day: date) -> datetime:
    """The last moment of a day, on the calendar of the case."""
    return datetime.combine(day, time.max, draft.calendar.zone)


def missing_items(state: AdmissionState) -> list[ItemPolicy]:
    """Required parts that are not there now; a revoked one is missing again (A2)."""
    return [
        item
        for item in policy_of(state).items
        if item.required and not state.items.get(item.key, ItemState()).present
    ]


def names(items: list[ItemPolicy]) -> list[JsonValue]:
    """The parts by name in both languages, for a notice."""
    return [{"ja": item.name_ja, "en": item.name_en} for item in items]


def open_application(draft: AdmissionDraft, facts: ApplicationFacts) -> None:
    """Take over the policy in force and begin; nothing personal is kept here."""
    state = draft.state
    state.form_ref, state.round = facts.form_ref, facts.round
    draft.follow_policy(facts.policy_ref)
    policy = policy_of(state)
    state.application_no, state.programme = facts.application_no, facts.programme
    state.duplicates = list(facts.possible_duplicates)
    state.submitted_on, state.superseded_by = facts.submitted_on, facts.superseded_by
    state.person_key, state.further_choices = facts.person_key, list(facts.further_choices)
    state.outside_period = _outside_period(draft, facts)
    if state.outside_period is not None:
        draft.details["submitted"] = state.outside_period
    lead = policy.accommodation_lead_months
    opens_on = draft.calendar.day_of(facts.round.opens_at)
    state.accommodation = Accommodation(due_on=draft.calendar.months_before(opens_on, lead))
    draft.details.update(policy=policy.version, programme=facts.programme)
    if facts.age_at_enrolment is not None and facts.age_at_enrolment < policy.minimum_age:
        draft.details["below_minimum_age"] = True
    draft.goto(Stage.SUBMITTED)
    if state.duplicates:
        draft.open_task("resolve-duplicate", Role.ADMISSIONS_OFFICE, keep=True)
    if facts.accommodation_requested_on is not None:
        request = AccommodationRequested(
            requested_on=facts.accommodation_requested_on, sudden=facts.accommodation_sudden
        )
        accommodation_requested(draft, request)


def _outside_period(draft: AdmissionDraft, facts: ApplicationFacts) -> Literal["early", "late"] | None:
    """Whether the day of submission is outside the round's application period; its last day is within."""
    day, period = facts.submitted_on, facts.round
    if day is None or draft.calendar.day_of(period.opens_at) <= day <= draft.calendar.day_of(
        period.closes_at
    ):
        return None
    return "late" if day > draft.calendar.day_of(period.closes_at) else "early"


def enter_submitted(draft: AdmissionDraft) -> None:
    """What came after the period waits for a permit when the policy is hard (A4)."""
    policy = policy_of(draft.state)
    if (cutoff := _awaited_post(draft.state)) is not None:
        span = DeadlinePolicy(days=0, grace_days=policy.post_grace_days)
        draft.start_deadline("post", span, due_at=cutoff)
    if draft.state.outside_period == "late" and policy.late_application.hard:
        draft.start_deadline(LATE_APPLICATION, policy.late_application)
        draft.open_task(LATE_APPLICATION, Role.ADMISSIONS_OFFICE, deadline=LATE_APPLICATION)
    else:
        _take_in(draft)


def _awaited_post(state: AdmissionState) -> datetime | None:
    """Until when the post is awaited that makes a web registration an application (A16)."""
    awaited = policy_of(state).double_intake and state.post_arrived_at is None
    return state.round.post_cutoff_at if awaited and state.round else None


def _take_in(draft: AdmissionDraft) -> None:
    """By double intake a web registration waits for its post (A16), otherwise for nothing."""
    if (cutoff := _awaited_post(draft.state)) is not None:
        draft.notify("application-received", "applicant", due_at=cutoff.isoformat(), missing=[])
    else:
        draft.goto(Stage.COMPLETENESS)


def close_late_application(draft: AdmissionDraft, _deadline: Deadline) -> None:
    """Nobody has permitted it: by the clock, not by a person (A4, A6)."""
    draft.record(DecisionRecorded(decision=Stage.INCOMPLETE, reason_code="application-late"))
    draft.notify("application-late", "applicant")
    draft.goto(Stage.INCOMPLETE)


def enter_completeness(draft: AdmissionDraft) -> None:
    """Tell what is missing, by name and until when; ask the school for what it must send."""
    missing = missing_items(draft.state)
    if not missing:
        draft.goto(Stage.ELIGIBILITY)
        return
    deadline = draft.start_deadline("completeness", policy_of(draft.state).completeness)
    first = {"open": "application-received", PermitLate.step: "application-received"}
    message = (first | {"item-revoked": "item-revoked"}).get(draft.step, "items-missing")
    due_at = deadline.due_at.isoformat()
    draft.notify(message, "applicant", due_at=due_at, missing=names(missing))
    if any(item.source == "referee" for item in missing):
        draft.notify("recommendation-request", "referee", due_at=due_at)


def enter_eligibility(draft: AdmissionDraft) -> None:
    """Everything is there: the office checks."""
    if draft.step not in STEPS:
        draft.notify("application-complete", "applicant")
    draft.start_deadline("check-eligibility", policy_of(draft.state).eligibility)
    draft.open_task("check-eligibility", Role.ADMISSIONS_OFFICE, deadline="check-eligibility")


def item_arrived(draft: AdmissionDraft, fact: ItemFact) -> None:
    """A required part is there (A2); after the deadline it counts when soft or permitted (A4)."""
    state, item = draft.state, _item(draft.state, fact.item)
    if _outdated(draft, item.key):
        return
    late = is_late(draft, "completeness", fact.item, hard=item.hard)
    state.items[item.key] = ItemState(present=True, late=late, changed_at=draft.happened_at)
    draft.details.update(item=item.key, late=late)
    draft.record(
        ItemRecorded(
            item=item.key,
            present=True,
            late=late,
            occurred_at=draft.happened_at,
            reference=fact.reference,
        )
    )
    draft.close_task(f"missing-part:{item.key}")
    if state.stage == Stage.COMPLETENESS and not missing_items(state):
        draft.stop_deadline("completeness")
        draft.goto(Stage.ELIGIBILITY)


def item_revoked(draft: AdmissionDraft, fact: ItemFact) -> None:
    """A part is missing again; before the review the case goes back, later a person is told."""
    state, item = draft.state, _item(draft.state, fact.item)
    if _outdated(draft, item.key):
        return
    state.items[item.key] = ItemState(present=False, changed_at=draft.happened_at)
    draft.details.update(item=item.key)
    draft.record(
        ItemRecorded(item=item.key, present=False, occurred_at=draft.happened_at, reference=fact.reference)
    )
    if not item.required:
        return
    if state.stage == Stage.ELIGIBILITY:
        draft.goto(Stage.COMPLETENESS)
    elif state.stage != Stage.REJECTED:
        deadline = state.deadlines.get("completeness")
        due_at = deadline.due_at.isoformat() if deadline else None
        draft.notify("item-revoked", "applicant", missing=names(missing_items(state)), due_at=due_at)
        if state.stage not in (Stage.SUBMITTED, Stage.COMPLETENESS):
            draft.open_task("missing-part", Role.ADMISSIONS_OFFICE, whose=item.key, keep=True)


def part_arrived(key: str) -> Callable[[AdmissionDraft, NoFacts], None]:
    """The rule for an event whose type already names the part."""
    return lambda draft, _fact: item_arrived(draft, ItemFact(item=key))


def part_revoked(key: str) -> Callable[[AdmissionDraft, NoFacts], None]:
    """The same for a part taken back."""
    return lambda draft, _fact: item_revoked(draft, ItemFact(item=key))


def post_arrived(draft: AdmissionDraft, _fact: NoFacts) -> None:
    """The paper makes it an application, when it was there by the hour of the cutoff (A16)."""
    stage, possible = draft.state.stage, draft.process.lifecycle.possible(draft.state.stage)
    # the table's line from completeness is for going on at once, not for a second parcel
    waiting = stage == Stage.SUBMITTED and draft.state.post_arrived_at is None
    draft.require(waiting, "wrong-stage", step=draft.step, stage=stage, possible=", ".join(possible))
    draft.details["late"] = is_late(draft, "post", "post", hard=True)
    draft.stop_deadline("post")
    draft.state.post_arrived_at = draft.happened_at
    if LATE_APPLICATION not in draft.state.tasks:
        draft.goto(Stage.COMPLETENESS)


def close_unposted(draft: AdmissionDraft, _deadline: Deadline) -> None:
    """No paper by the cutoff: by the clock, not by a person (A6)."""
    draft.record(DecisionRecorded(decision=Stage.INCOMPLETE, reason_code="post-not-received"))
    draft.notify("post-not-received", "applicant")
    draft.goto(Stage.INCOMPLETE)


def close_incomplete(draft: AdmissionDraft, _deadline: Deadline) -> None:
    """Parts still missing when the time has passed: closed by the clock (A6)."""
    missing = missing_items(draft.state)
    asked_before = "parts-overdue" in draft.state.tasks
    if not asked_before and not any(item.hard for item in missing):
        # what may come late does not close a case; a person decides how long to wait, by moving the
        # deadline (A4): when that has passed too, the case is closed
        draft.open_task("parts-overdue", Role.ADMISSIONS_OFFICE)
        return
    draft.record(DecisionRecorded(decision=Stage.INCOMPLETE, reason_code="items-missing"))
    draft.notify("closed-incomplete", "applicant", missing=names(missing))
    draft.goto(Stage.INCOMPLETE)


def is_late(draft: AdmissionDraft, deadline_name: str, item: str, *, hard: bool) -> bool:
    """Whether it happened after the deadline; a hard one refuses unless a person has permitted it (A4)."""
    deadline = draft.state.deadlines.get(deadline_name)
    if deadline is None or deadline.paused_at is not None or draft.happened_at <= deadline.due_at:
        return False
    until = draft.state.permits.get(item)
    permitted = until is not None and draft.happened_at <= until
    if hard and not permitted:
        local = deadline.due_at.astimezone(draft.calendar.zone)
        raise Refusal("too-late", due=f"{local:%Y-%m-%d %H:%M}")
    return True


def permittable(state: AdmissionState) -> list[str]:
    """What may be permitted late: the parts of the policy, answers and scores, a late application itself."""
    return [
        *(["application"] if LATE_APPLICATION in state.tasks else []),
        *(item.key for item in policy_of(state).items),
        *("post", "offer-reply", "accommodation"),
        *(f"score:{reviewer}" for reviewer in state.reviews),
    ]


def permit_late(draft: AdmissionDraft, command: PermitLate) -> None:
    """A named late part may still count until a time, with a reason (A4)."""
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    known = permittable(draft.state)
    draft.require(command.item in known, "unknown-item", item=command.item, known=", ".join(sorted(known)))
    until = draft.state.permits[command.item] = draft.ahead(command.until)
    draft.details.update(item=command.item, until=until.isoformat())
    draft.record(LatePermitted(item=command.item, until=command.until, reason_id=command.reason_id))
    _hold_the_clock(draft, command.item, command.until)
    if command.item == "application":
        draft.finish(LATE_APPLICATION)
        _take_in(draft)


def _hold_the_clock(draft: AdmissionDraft, item: str, until: datetime) -> None:
    """The clock must not close the case before the permitted time is over."""
    own = item in ("post", "offer-reply")
    part = any(item == known.key for known in policy_of(draft.state).items)
    deadline = draft.state.deadlines.get(item if own else "completeness" if part else "")
    if deadline is not None and deadline.expires:
        deadline.grace_days = max(deadline.grace_days, (until - deadline.due_at).days + 1)
        draft.change_deadline(deadline, "running" if deadline.paused_at is None else "paused")


def confirm_eligibility(draft: AdmissionDraft, command: ConfirmEligibility) -> None:
    """The office's answer; a refusal of eligibility needs its reason."""
    state = draft.state
    draft.require("resolve-duplicate" not in state.tasks, "duplicate-open")
    explained = command.eligible or command.reason_id is not None
    draft.require(explained, "reason-required", step=command.step)
    draft.finish("check-eligibility")
    if command.eligible:
        draft.goto(Stage.REVIEW)
        return
    draft.record(DecisionRecorded(decision=Stage.INELIGIBLE, reason_id=command.reason_id))
    draft.notify("ineligible", "applicant")
    draft.goto(Stage.INELIGIBLE)


def accommodation_asked(draft: AdmissionDraft, fact: AccommodationRequested) -> None:
    """The same told by another system, whose day must be possible."""
    if fact.requested_on is not None:
        draft.past(datetime.combine(fact.requested_on, time.min, draft.calendar.zone))
        draft.details["requested_on"] = fact.requested_on.isoformat()
    accommodation_requested(draft, fact)


def accommodation_requested(draft: AdmissionDraft, fact: AccommodationRequested) -> None:
    """Exam adjustments: due before applications open, later only for a sudden cause (A15)."""
    track = draft.state.accommodation
    asked_on = fact.requested_on or draft.calendar.day_of(draft.happened_at)
    in_time = track.due_on is None or asked_on <= track.due_on
    pending = track.state == "requested"
    track.state = "requested" if in_time or fact.sudden or pending else "late"
    draft.details.update(accommodation=track.state)
    draft.record(AccommodationRecorded(state=track.state))
    if DECIDE_ACCOMMODATION not in draft.state.tasks:
        draft.start_deadline(DECIDE_ACCOMMODATION, policy_of(draft.state).accommodation, keep=True)
        draft.open_task(
            DECIDE_ACCOMMODATION, Role.ADMISSIONS_OFFICE, deadline=DECIDE_ACCOMMODATION, keep=True
        )
    due_on = track.due_on.isoformat() if track.due_on else None
    late = track.state == "late"
    draft.notify("accommodation-late" if late else "accommodation-received", "applicant", due_on=due_on)


def decide_accommodation(draft: AdmissionDraft, command: DecideAccommodation) -> None:
    """What is granted; a late request without a sudden cause can only be refused unless permitted."""
    track = draft.state.accommodation
    draft.require(track.state in ("requested", "late"), "no-accommodation")
    until = draft.state.permits.get("accommodation")
    permitted = until is not None and draft.now <= until
    allowed = track.state == "requested" or command.result == "refused" or permitted
    draft.require(allowed, "accommodation-late", due=track.due_on)
    needs_reason = command.result != "granted" and command.reason_id is None
    draft.require(not needs_reason, "reason-required", step=command.step)
    track.state = command.result
    draft.details.update(accommodation=track.state)
    draft.record(AccommodationRecorded(state=track.state, reason_id=command.reason_id))
    draft.finish(DECIDE_ACCOMMODATION)
    draft.notify("accommodation-decided", "applicant", result=command.result)


def _outdated(draft: AdmissionDraft, key: str) -> bool:
    """Whether a newer fact about the part is known; what comes late must not undo it."""
    known = draft.state.items.get(key)
    older = known is not None and known.changed_at is not None and draft.happened_at < known.changed_at
    if older:
        draft.details.update(item=key, outdated=True)
    return older


def _item(state: AdmissionState, key: str) -> ItemPolicy:
    items = {item.key: item for item in policy_of(state).items}
    if key not in items:
        raise Refusal("unknown-item", item=key, known=", ".join(items))
    return items[key]
