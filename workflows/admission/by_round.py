"""Applications that a round judges with all others: they wait for its lists, and read them when they are out.

Nothing is decided here. What a list says is read where everybody reads it, so that no case knows more than
the hour allows; its place is the round's, held in the ledger from the moment at which the case hears.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.admission.facts import OutcomeReleased, RoundOpened, RoundOver
from schemas.admission.links import CaseRanked, CaseStanding, CaseWithdrawn
from schemas.admission.records import DecisionRecorded
from schemas.admission.stages import Choice, Stage
from schemas.admission.state import AdmissionState
from schemas.kernel.refusals import Refusal
from workflows.admission.intake import AdmissionDraft, policy_of
from workflows.kernel.links import Absent, ByCase, ByLabels, Closed, Takes, Tells
from workflows.kernel.taking_back import STEPS

ROUND: Final = "jp.ac.iehe.admission-round"
"""What rounds tell is named after them."""
OPENED: Final = f"{ROUND}.round-opened"
DECIDED: Final = frozenset(
    {
        *(Stage.OFFERED, Stage.WAITLISTED, Stage.REJECTED, Stage.ACCEPTED, Stage.ENROLLED),
        *(Stage.CONDITIONS_NOT_MET, Stage.DEFERRED, Stage.DECLINED, Stage.LAPSED, Stage.RELEASED),
    }
)
"""Stages that tell what a list has said of somebody."""
FIRST_STAGE: Final = frozenset({"passed", "not-passed"})
"""What lists say of a choice in a first stage; those of the results say `not-passed` of it again."""
RESULT = "round-result"
"""Until when a result is expected at the latest: a person asks where it is."""


def veil(state: AdmissionState) -> str | None:
    """Of who was judged by a round, plain text tells that it has been, and not how.

    So it does of whoever goes on after a first stage, from whom those who do not would differ.
    """
    told = state.stage in DECIDED or (state.told_by_round and state.stage == Stage.RANKED)
    return "decided" if state.judged_by is not None and told else None


def find_round(draft: AdmissionDraft) -> None:
    """Whether a round judges the application: it may have opened before."""
    found = draft.facts.standing(OPENED, round_id=draft.state.round.round_id if draft.state.round else "")
    if found is not None:
        draft.state.judged_by = RoundOpened.model_validate(found["data"]).round
        report(draft)


def round_opened(draft: AdmissionDraft, fact: RoundOpened) -> None:
    """A round will judge the application; one that waits for a decision waits for its lists from now on."""
    draft.state.judged_by = fact.round
    draft.details["round"] = fact.round
    report(draft)
    if draft.state.stage == Stage.RANKED:
        draft.finish("decide")
        wait(draft)


def report(draft: AdmissionDraft) -> None:
    """Where the application stands, for the round's gate and its end."""
    state = draft.state
    if state.judged_by is None:
        return
    standing = CaseStanding(
        case=state.case_id,
        round=state.judged_by,
        number=state.application_no,
        standing=state.stage,
        fee=state.fee,
    )
    draft.facts.tell("case-standing", standing)


def reported(
    enter: Mapping[str, Callable[[AdmissionDraft], None]],
) -> dict[str, Callable[[AdmissionDraft], None]]:
    """What entering each stage does, and the report that the application stands there."""

    def of(stage: str) -> Callable[[AdmissionDraft], None]:
        def entered(draft: AdmissionDraft) -> None:
            report(draft)
            if stage in enter:
                enter[stage](draft)

        return entered

    return {stage: of(stage) for stage in Stage}


def wait(draft: AdmissionDraft) -> None:
    """Report to the round; what the committee has rejected is reported too, and not considered there."""
    state = draft.state
    if state.round is None or state.judged_by is None:
        raise RuntimeError("no round judges the application")
    draft.start_deadline(
        RESULT, policy_of(state).decision, due_at=draft.calendar.end_of(state.round.enrol_by)
    )
    ranked = CaseRanked(
        case=state.case_id,
        round=state.judged_by,
        number=state.application_no,
        person=state.person_key,
        choices=(state.programme, *state.further_choices),
    )
    draft.facts.tell("case-ranked", ranked)
    if state.result is Choice.REJECT:
        withdraw(draft, "committee-rejected")


def withdraw(draft: AdmissionDraft, reason: str) -> None:
    """The round counts the application no more, or what it was given is free."""
    state = draft.state
    if state.judged_by is None:
        return
    told = CaseWithdrawn(case=state.case_id, round=state.judged_by, reason=reason)
    draft.facts.tell("case-withdrawn", told)
    give_back(draft, reason)


def give_back(draft: AdmissionDraft, reason: str) -> None:
    """A place that the round gave falls free, for the next on its list."""
    if draft.state.place is not None:
        draft.places.release(draft.state.place, reason)
        draft.state.place = None


def outcome_released(draft: AdmissionDraft, _fact: OutcomeReleased) -> None:
    """What the lists that are out say of the application; where nothing has changed there is no move.

    Raises:
        Refusal: no list that is out says anything of it.
    """
    state = draft.state
    lines: Sequence[dict[str, Any]] = draft.look_up("released-lines", subject=state.case_id)
    results = [line["result"] for line in lines]
    if not results:
        raise Refusal("no-result-out")
    draft.state.told_by_round = True
    decided = [each for each in results if each["verdict"] not in FIRST_STAGE]
    if not decided:
        _after_first_stage(draft, any(each.get("goes_on", False) for each in results))
        return
    results = decided
    admitted = next((each for each in results if each["verdict"] == "admitted"), None)
    if admitted is not None:
        _offered(draft, admitted["place"])
        return
    waits = any(each["verdict"] == "waitlisted" for each in results)
    _decided(draft, Stage.WAITLISTED if waits else Stage.REJECTED)


def _after_first_stage(draft: AdmissionDraft, goes_on: bool) -> None:
    """Who goes on waits for the lists of the results where they are, and hears that something can be read."""
    state = draft.state
    if not goes_on:
        _decided(draft, Stage.REJECTED)
        return
    if state.stage in (Stage.RANKED, Stage.REJECTED) and draft.step not in STEPS:
        draft.notify("result-ready", "applicant")
    if state.stage == Stage.REJECTED:  # wrongly, as was found later
        state.outcome = state.outcome_by = None
        draft.goto(Stage.RANKED)


def place_offered(draft: AdmissionDraft, fact: OutcomeReleased) -> None:
    """Promoted from the waitlist, or judged again: the ledger says who has the place, whatever a list said.

    Who had a place of a lower choice has this one instead: accepted, if that was, else until another hour.

    Raises:
        Refusal: the round holds no place for the application.
    """
    state = draft.state
    places: Sequence[dict[str, Any]] = draft.look_up("places-of", holder=state.case_id)
    own = (each for each in places if each["place"].startswith(f"{fact.round}#"))
    found = next((each for each in own if each["state"] in ("offered", "taken")), None)
    if found is None:
        raise Refusal("no-result-out")
    if state.stage == Stage.OFFERED and found["state"] == "offered":
        state.offered_until = datetime.fromisoformat(found["ends_at"])
        draft.start_deadline("offer-reply", policy_of(state).offer_reply, due_at=state.offered_until)
    if state.stage in (Stage.OFFERED, Stage.ACCEPTED):
        draft.notify("result-ready", "applicant")
        return
    _offered(draft, found["place"])


def rejudged(draft: AdmissionDraft, fact: OutcomeReleased) -> None:
    """The university was wrong: the ledger has a place for it, or it goes on after a first stage.

    Raises:
        Refusal: neither.
    """
    lines: Sequence[dict[str, Any]] = draft.look_up("released-lines", subject=draft.state.case_id)
    if lines and all(line["result"]["verdict"] in FIRST_STAGE for line in lines):
        outcome_released(draft, fact)
    else:
        place_offered(draft, fact)


def waitlist_released(draft: AdmissionDraft, _fact: OutcomeReleased) -> None:
    """Nobody of the round's waitlist is called any more: its time is over now, and the clock releases it."""
    if draft.state.stage == Stage.WAITLISTED:
        draft.start_deadline("waitlist", policy_of(draft.state).waitlist, due_at=draft.now)


def enrolled_elsewhere(draft: AdmissionDraft, _fact: OutcomeReleased) -> None:
    """The applicant has enrolled at another university: the place falls free for the next on the list."""
    reason = "enrolled-elsewhere"
    draft.details["reason"] = reason
    draft.record(DecisionRecorded(decision=Stage.WITHDRAWN, reason_code=reason))
    draft.notify("withdrawal-confirmed", "applicant")
    draft.goto(Stage.WITHDRAWN)


def round_over(draft: AdmissionDraft, _fact: RoundOver) -> None:
    """The round has ended: what was never handed in whole is no application (R10)."""
    if draft.state.stage not in (Stage.SUBMITTED, Stage.COMPLETENESS):
        return
    draft.record(DecisionRecorded(decision=Stage.INCOMPLETE, reason_code="round-over"))
    draft.notify("closed-with-round", "applicant")
    draft.goto(Stage.INCOMPLETE)


def _offered(draft: AdmissionDraft, place: str) -> None:
    """A place is held in the ledger until the round's own hour."""
    state = draft.state
    if state.stage not in (Stage.RANKED, Stage.WAITLISTED, Stage.REJECTED):
        return
    found = draft.look_up("place", place=place)
    if found is None or found["state"] != "offered" or found["holder"] != state.case_id:
        raise Refusal("no-result-out")
    state.place = place
    state.offered_until = datetime.fromisoformat(found["ends_at"])
    state.outcome = state.outcome_by = None
    _decided(draft, Stage.OFFERED)


def _decided(draft: AdmissionDraft, stage: Stage) -> None:
    state = draft.state
    if state.stage == stage or state.stage not in (Stage.RANKED, Stage.WAITLISTED, Stage.REJECTED):
        return
    draft.record(DecisionRecorded(decision=stage, reason_code="round"))
    if draft.step not in STEPS:
        draft.notify("result-ready", "applicant")
    draft.goto(stage)


TELLS: Final[Mapping[str, Tells]] = {
    "case-ranked": Tells(CaseRanked, keep=timedelta(days=400)),
    "case-withdrawn": Tells(CaseWithdrawn, keep=timedelta(days=400)),
    "case-standing": Tells(CaseStanding, keep=timedelta(days=400)),
}
TAKES: Final[Mapping[str, Takes]] = {
    OPENED: Takes(
        ByLabels({"round_id": "round_id"}),
        Absent.STANDING,
        Closed.NOTE,
        RoundOpened,
        "round-opened",
        round_opened,
    ),
    f"{ROUND}.outcome-released": Takes(
        ByCase("case"), Absent.WAIT, Closed.NOTE, OutcomeReleased, "outcome-released", outcome_released
    ),
    f"{ROUND}.place-offered": Takes(
        ByCase("case"), Absent.WAIT, Closed.TASK, OutcomeReleased, "outcome-released", place_offered
    ),
    # the university was wrong: the ledger has a place, or the one of a choice that was wanted more
    f"{ROUND}.rejudged": Takes(
        ByCase("case"), Absent.WAIT, Closed.TASK, OutcomeReleased, "outcome-released", rejudged
    ),
    f"{ROUND}.waitlist-released": Takes(
        ByCase("case"), Absent.WAIT, Closed.NOTE, OutcomeReleased, "outcome-released", waitlist_released
    ),
    f"{ROUND}.round-over": Takes(
        ByCase("case"), Absent.WAIT, Closed.NOTE, RoundOver, "round-over", round_over
    ),
    f"{ROUND}.enrolled-elsewhere": Takes(
        ByCase("case"), Absent.WAIT, Closed.TASK, OutcomeReleased, "withdrawal-requested", enrolled_elsewhere
    ),
}
