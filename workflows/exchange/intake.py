"""From the nomination to the applicant: formally right with a place in every frame, or back to the partner.

Rule numbers are those of docs/processes/exchange.md.
"""

from decimal import Decimal
from typing import Final

from schemas.exchange.commands import AcknowledgeChange, Reject, ReturnNomination, Verify, Waitlist, Withdraw
from schemas.exchange.facts import MobilityChanged, PlaceFreed, StudentWithdrew
from schemas.exchange.lookups import NominationFacts
from schemas.exchange.records import SeenByPartner
from schemas.exchange.roles import Role
from schemas.exchange.stages import Stage, Track
from schemas.exchange.state import ExchangeState
from schemas.kernel.deadlines import Deadline
from schemas.kernel.places import PlaceLine
from workflows.exchange.dates import ExchangeDraft, policy_of, term_of

VERIFY = "verify-nomination"
CORRECT = "correct-nomination"
WAITING = "wait-for-place"
CHANGED = "look-at-change"
QUOTA: Final = "quota"
"""What a case owes for its place under the agreement."""
FIXED: Final = frozenset({"student", "home", "host"})
"""What never changes under an id (X5)."""
NOMINATING: Final = (Stage.NOMINATED, Stage.RETURNED, Stage.WAITLISTED, Stage.APPLYING, Stage.INCOMPLETE)


def open_case(draft: ExchangeDraft) -> None:
    """The nomination as it was stored; one that came outside the window is told so (X10)."""
    state = draft.state
    found = NominationFacts.model_validate(draft.look_up("nomination", case_id=state.case_id))
    draft.follow_policy(found.policy_ref)
    draft.learn_closures()
    state.received_at, state.term, state.partner = found.received_at, found.term, found.partner
    state.quota, state.faculty, state.months = found.agreement, found.faculty, found.months
    state.first, state.last = found.first, found.last
    state.needs_coe, state.language, state.revision = found.needs_coe, found.language, found.revision
    state.deferred_from = found.deferred_from
    for track in (Track.DORMITORY, Track.SCHOLARSHIP, Track.AGREEMENT, Track.TUTOR):
        draft.go_track(track, FIRST_OF[track])
    draft.goto(Stage.NOMINATED)
    draft.notify("nomination-received", "coordinator")
    term = term_of(state)
    if state.deferred_from is None and not term.opens <= found.received_at < term.closes:
        state.reason = "window-shut"
        draft.details.update(closes=term.closes.isoformat())
        turn_down(draft)


FIRST_OF: Final[dict[str, str]] = {
    Track.DORMITORY: "not-applied",
    Track.SCHOLARSHIP: "not-requested",
    Track.AGREEMENT: "none",
    Track.TUTOR: "unassigned",
}
"""Where a track begins that every mobility has."""


def enter_nominated(draft: ExchangeDraft) -> None:
    """The office looks at it."""
    draft.state.seen = "pending"
    draft.record(SeenByPartner(status="pending"))
    draft.start_deadline(VERIFY, policy_of(draft.state).verify)
    draft.open_task(VERIFY, Role.OFFICE, deadline=VERIFY)


def check_version(draft: ExchangeDraft, version: int) -> None:
    """What was decided on is what is there (X7).

    Raises:
        Refusal: the nomination has changed since it was looked at.
    """
    draft.require(version == draft.state.revision, "stale-nomination", seen=version, now=draft.state.revision)


def place_lines(draft: ExchangeDraft) -> tuple[PlaceLine, ...]:
    """One person, and the months of the stay, in the frames of the agreement and its faculty (X8).

    Raises:
        Refusal: the agreement has no frames in the term.
    """
    state = draft.state
    terms = {"term": state.term, "agreement": state.quota, "faculty": state.faculty}
    frames = draft.look_up("quota-frames", **terms)
    draft.require(bool(frames), "no-quota", agreement=state.quota, term=state.term)
    amounts = {"persons": Decimal(1), "months": state.months}
    return tuple(PlaceLine(frame=each["frame"], amount=amounts[each["measure"]]) for each in frames)


def hold_place(draft: ExchangeDraft) -> None:
    """Hold a place in all frames or in none.

    Raises:
        Refusal: one is full, or somebody waits for it.
    """
    draft.places.claim(quota_of(draft.state), place_lines(draft), state="held", purpose=QUOTA)
    draft.state.place_held = True
    draft.owe(QUOTA)


def quota_of(state: ExchangeState) -> str:
    """The name of its place under the agreement, in the ledger."""
    return f"{state.case_id}#{QUOTA}"


def verify(draft: ExchangeDraft, command: Verify) -> None:
    """Formally right, which is not accepted (X9); over the quota it is returned or waits (X8)."""
    check_version(draft, command.version)
    hold_place(draft)
    invite(draft)


def invite(draft: ExchangeDraft) -> None:
    """The student may apply."""
    draft.state.seen = "verified"
    draft.record(SeenByPartner(status="verified"))
    draft.notify("nomination-verified", "coordinator")
    draft.goto(Stage.APPLYING)


def give_back(draft: ExchangeDraft, command: ReturnNomination) -> None:
    """The home university corrects it: the same case, the same history."""
    check_version(draft, command.version)
    known_reason(draft, command.reason, policy_of(draft.state).return_reasons)
    draft.state.reason = command.reason
    if command.comment_id is not None:
        draft.details["comment_id"] = command.comment_id
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    draft.goto(Stage.RETURNED)


def enter_returned(draft: ExchangeDraft) -> None:
    """It has some days."""
    deadline = draft.start_deadline(CORRECT, policy_of(draft.state).correct)
    draft.notify(
        "nomination-returned", "coordinator", reason=draft.state.reason, due_at=deadline.due_at.isoformat()
    )


def mobility_changed(draft: ExchangeDraft, fact: MobilityChanged) -> None:
    """Another revision of the home university's; the home university may also cancel (X1, X9)."""
    state = draft.state
    draft.require(not FIXED & set(fact.fields), "identity-changed", fields=", ".join(sorted(fact.fields)))
    draft.require(fact.revision > state.revision, "revision-old", seen=fact.revision, now=state.revision)
    draft.details.update(revision=fact.revision, fields=list(fact.fields))
    state.revision = fact.revision
    if fact.status == "cancelled":
        state.reason = "home-cancelled"
        draft.goto(Stage.WITHDRAWN)
        return
    _take_over(draft)
    # what was validated was another revision
    state.validated, state.validated_by = None, None
    if state.stage == Stage.RETURNED:
        draft.goto(Stage.NOMINATED)
    elif state.stage != Stage.NOMINATED:
        draft.open_task(CHANGED, Role.OFFICE, keep=True)


def _take_over(draft: ExchangeDraft) -> None:
    """The copies of what the home university is the master of; a place that is held follows in the step."""
    state = draft.state
    found = NominationFacts.model_validate(draft.look_up("nomination", case_id=state.case_id))
    before = (state.quota, state.faculty, state.months)
    state.first, state.last, state.months = found.first, found.last, found.months
    state.quota, state.faculty = found.agreement, found.faculty
    if state.place_held and before != (state.quota, state.faculty, state.months):
        draft.places.move(quota_of(state), place_lines(draft))


def acknowledge_change(draft: ExchangeDraft, command: AcknowledgeChange) -> None:
    """Somebody has looked at it."""
    check_version(draft, command.version)
    draft.close_task(CHANGED)


def not_corrected(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """The days are over."""
    draft.state.reason = "not-corrected"
    draft.goto(Stage.EXPIRED)


def waitlist(draft: ExchangeDraft, command: Waitlist) -> None:
    """There is no place now; what it holds is given to somebody else."""
    check_version(draft, command.version)
    state = draft.state
    known_reason(draft, command.reason, policy_of(state).wait_reasons)
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    release_place(draft, "waitlisted")
    received = state.received_at or draft.now
    for line in place_lines(draft):
        draft.places.queue(line.frame, rank=[int(received.timestamp())], amount=line.amount)
        state.waits_for.append(line.frame)
    state.reason = command.reason
    draft.goto(Stage.WAITLISTED)


def release_place(draft: ExchangeDraft, why: str) -> None:
    """Give back the place under the agreement, if one is held."""
    if draft.state.place_held:
        draft.places.release(quota_of(draft.state), why)
        draft.state.place_held = False
        draft.settle(QUOTA)


def enter_waitlisted(draft: ExchangeDraft) -> None:
    """The home university is told; it waits for a while."""
    deadline = draft.start_deadline(WAITING, policy_of(draft.state).waiting)
    draft.notify("nomination-waitlisted", "coordinator", due_at=deadline.due_at.isoformat())


def place_freed(draft: ExchangeDraft, fact: PlaceFreed) -> None:
    """Something has come free for which it waits: taken in all frames, or it goes on waiting.

    Raises:
        Refusal: another frame is full.
    """
    draft.details["frame"] = fact.frame
    if draft.state.stage != Stage.WAITLISTED or draft.state.place_held:
        return  # of another of its frames, or served already
    hold_place(draft)
    draft.state.waits_for = []
    if draft.state.submitted_at is None:
        invite(draft)
    else:
        # it has been looked at: the office accepts it
        draft.open_task("accept-from-list", Role.OFFICE)


def waited_long_enough(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """No place has come free."""
    draft.state.reason = "no-place"
    draft.goto(Stage.EXPIRED)


def reject(draft: ExchangeDraft, command: Reject) -> None:
    """With a reason from the list, which the home university is told."""
    check_version(draft, command.version)
    known_reason(draft, command.reason, policy_of(draft.state).reject_reasons)
    draft.state.reason, draft.state.rejected_by = command.reason, draft.actor.id
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    turn_down(draft)


def turn_down(draft: ExchangeDraft) -> None:
    """Not taken: told to the home university, and to who has applied."""
    state = draft.state
    applied = state.submitted_at is not None
    draft.details["reason"] = state.reason
    state.seen = "rejected"
    draft.record(SeenByPartner(status="rejected"))
    draft.notify("nomination-rejected", "coordinator", reason=state.reason)
    if applied:
        draft.notify("application-rejected", "student", reason=state.reason)
    draft.goto(Stage.REJECTED)


def withdraw(draft: ExchangeDraft, command: Withdraw) -> None:
    """From anywhere before the departure; what it holds is given back to the end."""
    known_reason(draft, command.reason, policy_of(draft.state).withdraw_reasons)
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    _withdrawn(draft, command.reason)


def student_withdrew(draft: ExchangeDraft, fact: StudentWithdrew) -> None:
    """The student says so at the portal."""
    known_reason(draft, fact.reason, policy_of(draft.state).withdraw_reasons)
    _withdrawn(draft, fact.reason)


def _withdrawn(draft: ExchangeDraft, reason: str) -> None:
    draft.state.reason = reason
    draft.goto(Stage.WITHDRAWN)


def known_reason(draft: ExchangeDraft, reason: str, known: tuple[str, ...]) -> None:
    """One of the policy's list.

    Raises:
        Refusal: it is not.
    """
    draft.require(reason in known, "cause-unknown", cause=reason, known=", ".join(known))
    draft.details["reason"] = reason


def nobody_waits(state: ExchangeState) -> bool:
    """Whether it has left the waiting list without a place."""
    return state.stage != Stage.WAITLISTED
