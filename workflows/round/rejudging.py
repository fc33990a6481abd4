"""Re-judgment (再判定): an error is found after the release, and nobody loses a place for it (R7).

The head opens it with what was wrong; scores are put right as before the release, and all is computed again
outside of steps (`activities/round/rejudgments.py`). Another person confirms what they have seen. Then the
correction lists are out at once; the wronged get a place beyond the limit, or have theirs moved to the choice
that they wanted more, and hear of it before anybody else. Everything stands in rows: the round knows which
one is open.
"""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from schemas.kernel.deadlines import Deadline
from schemas.kernel.places import PlaceLine
from schemas.kernel.results import ResultsReleased
from schemas.round import rejudgment as schema
from schemas.round.commands import AcceptBatch, ConfirmScore, CorrectScore
from schemas.round.facts import InputsRanked
from schemas.round.rejudgment import ConfirmRejudgment, Given, OpenRejudgment, UntoldLine
from schemas.round.roles import Role
from schemas.round.waitlist import ELSEWHERE
from workflows.round import ending, first_stage, intake, promotion, releasing
from workflows.round.ground import REJUDGE, RoundDraft, frame_in_ledger, policy_of

CONFIRM: Final = "confirm-rejudgment"
BY: Final = "rejudged"
"""Why the ledger was changed."""
AT_ONCE: Final = releasing.AT_ONCE


def error_reported(draft: RoundDraft, fact: schema.ErrorReported) -> None:
    """Somebody has found one: the head looks whether it is, and opens a re-judgment."""
    draft.details["about"] = fact.about
    draft.open_task(REJUDGE, Role.HEAD_OF_ADMISSIONS, whose=fact.about, keep=True)


def looked_at(_draft: RoundDraft) -> None:
    """It was no error, or it has been put right."""


def open_rejudgment(draft: RoundDraft, command: OpenRejudgment) -> None:
    """From now on what was wrong can be put right, and all is computed again with each change.

    Raises:
        Refusal: one is open, no reason is given, it is too late, or there are no such rules.
    """
    state, policy = draft.state, policy_of(draft.state)
    draft.require(state.rejudgment is None, "rejudgment-open")
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    days = policy.rejudgment.open_days
    late = state.release_at is not None and draft.now > state.release_at + timedelta(days=days)
    draft.require(not late, "rejudgment-late", days=days)
    rules: str = draft.look_up(
        "rejudgment-rules",
        case_id=state.case_id,
        version=command.version,
        followed=policy.version,
        route=policy.route,
    )
    state.rejudgment = f"r{state.version + 1}"
    draft.details.update(rejudgment=state.rejudgment, error=str(command.error), policy=rules)
    draft.details["reason_id"] = command.reason_id
    draft.record(
        schema.RejudgmentOpened(
            rejudgment=state.rejudgment,
            error=command.error,
            reason_id=command.reason_id or "",
            policy=rules,
        )
    )
    for task in [task for task in state.tasks.values() if task.kind == REJUDGE]:
        draft.close_task(task.key)


def correct_score(draft: RoundDraft, command: CorrectScore) -> None:
    """As before the release; afterwards in a re-judgment alone.

    Raises:
        Refusal: none is open, or the correction is not there.
    """
    _require_open(draft)
    intake.correct_score(draft, command)


def confirm_score(draft: RoundDraft, command: ConfirmScore) -> None:
    """As before the release; afterwards in a re-judgment alone.

    Raises:
        Refusal: none is open, or it is the same person.
    """
    _require_open(draft)
    intake.confirm_score(draft, command)


def accept_batch(draft: RoundDraft, command: AcceptBatch) -> None:
    """A file of scores counts after the release in a re-judgment alone.

    Raises:
        Refusal: it is another kind of file, or not there.
    """
    state = draft.state
    if state.rejudgment is not None and state.stage in schema.REJUDGING:
        found = draft.look_up("batch", case_id=state.case_id, batch=str(command.batch))
        if found is not None and found["kind"] != ELSEWHERE:
            _require_computing(draft)
            intake.accept_batch(draft, command)
            return
    promotion.accept_batch(draft, command)


def _require_open(draft: RoundDraft) -> None:
    if draft.state.stage in schema.REJUDGING:
        draft.require(draft.state.rejudgment is not None, "rejudgment-none")
        _require_computing(draft)


def _require_computing(draft: RoundDraft) -> None:
    """What is confirmed is told as it was confirmed."""
    draft.require(_found(draft).state in ("reported", "recomputed"), "rejudgment-confirmed")


def _found(draft: RoundDraft) -> schema.RejudgmentFound:
    state = draft.state
    found = draft.look_up("rejudgment", case_id=state.case_id, rejudgment=state.rejudgment)
    return schema.RejudgmentFound.model_validate(found)


def inputs_ranked(draft: RoundDraft, fact: InputsRanked) -> None:
    """All was computed again, or something is missing: a second person looks, or the office finds it."""
    state = draft.state
    if state.in_first_stage:
        first_stage.looked_at(draft, fact)
        return
    earlier = fact.revision < state.inputs
    if not earlier and state.stage in intake.RANKING and first_stage.wronged(draft):
        first_stage.again(draft, fact)
        return
    intake.inputs_ranked(draft, fact)
    if state.rejudgment is None or state.stage not in schema.REJUDGING or earlier:
        return
    state.inputs, state.missing, state.applications = fact.revision, fact.missing, fact.applications
    if fact.missing:
        draft.close_task(f"{CONFIRM}:{state.rejudgment}", how="moved_on")
        draft.open_task(intake.RESOLVE, Role.ADMISSIONS_OFFICE, keep=True)
    else:
        draft.close_task(intake.RESOLVE)
        draft.open_task(CONFIRM, Role.CHECKER, whose=state.rejudgment, keep=True)


def confirm_rejudgment(draft: RoundDraft, command: ConfirmRejudgment) -> None:
    """By another person than who has opened it, on what they have seen: then the lists are out.

    Raises:
        Refusal: none is open, it is the same person, nothing has been computed, it is another one by now, or
            nobody has looked at the distribution of a file that it was computed from.
    """
    state = draft.state
    draft.require(state.rejudgment is not None, "rejudgment-none")
    rejudgment = state.rejudgment or ""
    unread = sorted(key for key in state.tasks if key.startswith(f"{intake.DISTRIBUTION}:"))
    draft.require(not unread, "distribution-unread", tasks=", ".join(unread))
    found = _found(draft)
    draft.require(found.opened_by != draft.actor.id, "rejudgment-own")
    draft.require(found.state != "reported", "rejudgment-not-computed")
    draft.require(found.state == "recomputed", "rejudgment-confirmed")
    draft.require(found.current and found.hash == command.hash, "rejudgment-other")
    for name, seen in sorted(found.lists.items()):
        draft.results.confirm(name, seen)
    over = not found.lists
    if not over:
        release = f"{state.case_id}#release-{state.version + 1}"
        draft.record(ResultsReleased(release=release, names=tuple(sorted(found.lists))))
        ending.compare_outputs(draft)  # they say something else from now on
        _go_on(draft)
    draft.record(schema.RejudgmentConfirmed(rejudgment=rejudgment, hash=command.hash, over=over))
    draft.details.update(rejudgment=rejudgment, hash=command.hash, lists=len(found.lists))
    draft.close_task(f"{CONFIRM}:{rejudgment}")
    if over:
        state.rejudgment = None


def drop_rejudgment(draft: RoundDraft, command: schema.DropRejudgment) -> None:
    """It was opened by mistake, or by the wrong rules: nothing comes of it, and another one can be opened.

    Raises:
        Refusal: none is open, no reason is given, or it is confirmed.
    """
    state = draft.state
    draft.require(state.rejudgment is not None, "rejudgment-none")
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    _require_computing(draft)
    rejudgment, state.rejudgment = state.rejudgment or "", None
    draft.details.update(rejudgment=rejudgment, reason_id=command.reason_id)
    draft.record(schema.RejudgmentDropped(rejudgment=rejudgment))
    draft.close_task(f"{CONFIRM}:{rejudgment}", how="moved_on")
    draft.close_task(intake.RESOLVE, how="moved_on")


def _go_on(draft: RoundDraft) -> None:
    telling = policy_of(draft.state).telling
    draft.start_deadline(releasing.TELLING, telling, due_at=draft.now + releasing.A_MOMENT, keep=True)


def tell_outcomes(draft: RoundDraft, deadline: Deadline) -> None:
    """The wronged first, some at a time; then whoever else is to be told."""
    state = draft.state
    found = _found(draft) if state.rejudgment is not None else None
    if found is None or found.state not in ("confirmed", "told"):
        releasing.tell_outcomes(draft, deadline)
        return
    terms = {"case_id": state.case_id, "rejudgment": state.rejudgment, "most": AT_ONCE}
    lines = [UntoldLine.model_validate(line) for line in draft.look_up("rejudged-untold", **terms)]
    for of_list, some in groupby(lines, key=lambda line: line.list):
        draft.results.told(of_list, [line.line for line in some])
    given = [
        schema.RejudgedGiven(list=line.list, application=line.subject, given=_give(draft, line))
        for line in lines
        if line.verdict == "admitted"
    ]
    told = [each for each in given if each.given in (Given.EXTRA, Given.MOVED)]
    for each in told:
        fact = schema.Rejudged(case=each.application, round=state.case_id)
        draft.facts.tell("rejudged", fact, key=f"{each.list}/{each.application}")
    state.told += len(told)
    draft.details["told"] = len(told)
    ended = "closed" if not lines else "told" if len(lines) < AT_ONCE else None
    rejudgment = state.rejudgment or ""
    draft.record(schema.RejudgedTold(rejudgment=rejudgment, given=tuple(given), state=ended))
    if ended == "closed":
        state.rejudgment = None
        # those who waited and have a place now wait no more; what was moved may be free
        promotion.look_at(draft, draft.now)
    else:
        _go_on(draft)


def _give(draft: RoundDraft, line: UntoldLine) -> Given:
    """A place beyond the limit: who has one of a lower choice gives that back in the same step."""
    state, place = draft.state, f"{draft.state.case_id}#{line.number}"
    if line.gone is not None:
        return Given(line.gone)
    if line.place_state is not None and not line.has_place:
        return Given(line.place_state)
    if line.has_place and line.place_choice is not None and line.place_choice <= line.choice:
        return Given.HAS_IT
    frame, until = frame_in_ledger(state, line.frame), _reply_by(draft)
    taken = line.place_state == "taken"
    if line.has_place:
        draft.places.release(place, BY)
        until = max(until, line.ends_at) if line.ends_at is not None else until
    # the waitlist is not how they got it: nobody had to call them
    draft.places.leave_queue(frame, BY, holder=line.subject)
    draft.places.claim(
        place,
        [PlaceLine(frame=frame)],
        state="taken" if taken else "offered",
        purpose=BY,
        holder=line.subject,
        ends_at=None if taken else until,
        beyond=True,
    )
    return Given.MOVED if line.has_place else Given.EXTRA


def _reply_by(draft: RoundDraft) -> datetime:
    """So many working days from now, to the end of the day."""
    calendar, days = draft.calendar, policy_of(draft.state).rejudgment.reply_days
    return calendar.end_of(calendar.add_working_days(calendar.day_of(draft.now), days))
