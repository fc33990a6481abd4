"""Dates that a round has moved for everybody: the application counts to them, and its applicant is told once.

The step in which the round moves them and the deadline of a case may come at the same moment: a deadline that
is over asks first whether it was moved.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from schemas.admission.facts import DatesMoved
from schemas.admission.stages import Stage
from schemas.admission.state import AdmissionState
from workflows.admission import by_round
from workflows.admission.intake import AdmissionDraft, policy_of
from workflows.kernel.links import Absent, ByLabels, Closed, Takes

MOVED: Final = f"{by_round.ROUND}.dates-moved"
REPLY: Final = "offer-reply"
BY_HOUR: Final = "enrol-by"
"""The hour of a round: who has not enrolled by then has declined."""
_DATES: Final = ("exam_on", "make_up_on", "first_stage_at", "release_at", "enrol_by", "promote_from")
_TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    Stage.OFFERED: ("enrol_by",),
    Stage.ACCEPTED: ("enrol_by",),
    Stage.WAITLISTED: ("promote_from", "enrol_by"),
}
"""Of who has a result, which dates are still theirs; before it all of them are."""


def dates_moved(draft: AdmissionDraft, fact: DatesMoved) -> None:
    """Deadlines of the case move along, and the applicant is told the dates that are still theirs."""
    state = draft.state
    draft.details["move"] = fact.move
    if fact.move <= state.moves_heard:
        return
    state.moves_heard = fact.move
    _count_anew(draft, fact)
    dates = fact.model_dump(mode="json", include=set(_DATES))
    theirs = _theirs(state)
    told: dict[str, JsonValue] = {name: dates[name] if name in theirs else None for name in _DATES}
    if any(told.values()):
        draft.notify("dates-moved", "applicant", **told)


def _theirs(state: AdmissionState) -> tuple[str, ...]:
    if state.stage in by_round.DECIDED:
        return _TOLD.get(state.stage, ())
    if state.told_by_round:  # goes on after a first stage
        return tuple(name for name in _DATES if name != "first_stage_at")
    return _DATES


def _count_anew(draft: AdmissionDraft, fact: DatesMoved) -> None:
    state, policy = draft.state, policy_of(draft.state)
    until = fact.enrol_by
    if until is None:
        return
    if state.round is not None:
        last_day = max(state.round.enrol_by, draft.calendar.day_of(until))
        state.round = state.round.model_copy(update={"enrol_by": last_day})
        if by_round.RESULT in state.deadlines:
            draft.start_deadline(by_round.RESULT, policy.decision, due_at=draft.calendar.end_of(last_day))
    if state.offered_until is None or state.offered_until >= until:
        return
    if state.stage == Stage.OFFERED:
        state.offered_until = until
        draft.start_deadline(REPLY, policy.offer_reply, due_at=until)
        if state.place is not None:
            draft.places.extend(state.place, until)
    elif state.stage == Stage.ACCEPTED and BY_HOUR in state.deadlines:
        state.offered_until = until
        draft.start_deadline(BY_HOUR, policy.enrolment_by_hour, due_at=until)


def find(draft: AdmissionDraft) -> None:
    """Whoever applies after dates were moved knows the new ones."""
    fact = _standing(draft)
    if fact is not None:
        draft.state.moves_heard = fact.move
        _count_anew(draft, fact)


def goes_on(draft: AdmissionDraft) -> bool:
    """Whether the hour that is over was moved, which the case has not heard of yet; it has now."""
    fact = _standing(draft)
    if fact is None or fact.move <= draft.state.moves_heard or fact.enrol_by is None:
        return False
    dates_moved(draft, fact)
    return fact.enrol_by > draft.now


def _standing(draft: AdmissionDraft) -> DatesMoved | None:
    state = draft.state
    if state.judged_by is None or state.round is None:
        return None
    found = draft.facts.standing(MOVED, round_id=state.round.round_id)
    return None if found is None else DatesMoved.model_validate(found["data"])


TAKES: Final[Mapping[str, Takes]] = {
    MOVED: Takes(
        ByLabels({"round_id": "round_id"}),
        Absent.STANDING,
        Closed.NOTE,
        DatesMoved,
        "dates-moved",
        dates_moved,
    ),
}
