"""The end of a round, in one order: drafts, incomplete, open offers, waitlist, hand-over, summary (R10).

What comes first is over before what follows begins. The clock does the first four; people hand over, compare
and close. What is still open then is named and keeps the round open.
"""

import json
from datetime import timedelta
from typing import Final

from schemas.round import ending as schema
from schemas.round.commands import CloseRound, CompareOutput, HandOverEnrolled
from schemas.round.ending import EndFound, EnrolledAll, RoundSummary, Sums
from schemas.round.roles import Role
from schemas.round.stages import Stage
from workflows.round import disclosing, outputs
from workflows.round.ground import RoundDraft, policy_of

HANDS_OVER: Final = "hand-over"
COMPARE: Final = "compare-output"
STILL_OPEN: Final = "open-applications"
"""What keeps the end waiting, when it has waited for a while."""
AT_ONCE: Final = 200
"""Cases told in one step."""
AGAIN: Final = timedelta(minutes=5)
"""What other cases do takes its time: so often it is looked at for a while, and later once in one."""
A_WHILE: Final = timedelta(hours=1)
"""After it a person is asked."""


def found(draft: RoundDraft) -> EndFound:
    """How much is still open."""
    return EndFound.model_validate(draft.look_up("end", case_id=draft.state.case_id))


def waits_for(draft: RoundDraft) -> str | None:
    """What has to be over before the waitlist is released: told to end, or awaited; None: all of it is over.

    Drafts and incomplete applications hear that the round ends, and close themselves; an offer is answered or
    lapses; an application on which the university has not spoken is for a person.
    """
    here = found(draft)
    for part, count in (("drafts", here.drafts), ("incomplete", here.incomplete)):
        if count:
            _tell_over(draft, part)
            return part
    if here.undecided:
        return "undecided"
    return "offers" if here.offers else None


def _tell_over(draft: RoundDraft, part: str) -> None:
    of_round = draft.state.case_id
    cases = draft.look_up("end-to-tell", case_id=of_round, part=part, most=AT_ONCE)
    for case in cases:
        draft.facts.tell("round-over", schema.RoundOver(case=case, round=of_round), key=case)
    if cases:
        draft.record(schema.RoundOverTold(applications=tuple(cases)))


def enter_settled(draft: RoundDraft) -> None:
    """Nobody waits any more; who enrols does so until the hour of their place, and is then handed over."""
    draft.close_task(STILL_OPEN)
    draft.open_task(HANDS_OVER, Role.ADMISSIONS_OFFICE, keep=True)
    disclosing.wait(draft)


def compare_outputs(draft: RoundDraft) -> None:
    """What goes out of the results is compared with them, by somebody, when it is out."""
    for output in policy_of(draft.state).outputs:
        compare(draft, output)


def compare(draft: RoundDraft, output: str) -> None:
    """It is put out anew, and compared, where the round puts it out at all."""
    if output in policy_of(draft.state).outputs:
        draft.open_task(COMPARE, Role.CHECKER, whose=output, keep=True)


def hand_over(draft: RoundDraft, _command: HandOverEnrolled) -> None:
    """Everybody who has enrolled, in the registrar's codes; again, when that has changed since.

    Raises:
        Refusal: somebody may still enrol, or has enrolled without a place.
    """
    state, policy = draft.state, policy_of(draft.state).hand_over
    here = found(draft)
    draft.require(here.enrolling == 0, "enrolment-open", applications=here.enrolling)
    codes = sorted(policy.code_of(programme) for programme in state.programmes)
    known = draft.look_up("enrolled", case_id=state.case_id, year=state.year, codes=codes)
    those = EnrolledAll.model_validate(known)
    rules = policy_of(state).rules
    programmes = {frame.key: each.key for each in rules.programmes for frame in each.frames}
    placed = [(programmes[each.frame], each) for each in those.enrolled if each.frame is not None]
    without = len(those.enrolled) - len(placed)
    draft.require(without == 0, "enrolled-without-place", applications=without)
    told = outputs.students(placed, those.last_serials, state.year, policy)
    rows = outputs.student_rows(told, state.year, policy)
    content = outputs.content_hash(rows)
    body = outputs.form_of(outputs.HAND_OVER, policy).written(rows)
    draft.record(schema.HandedOver(students=tuple(told), body=body.hex(), content=content))
    draft.details.update(enrolled=len(told), hash=content)
    state.handed_over, state.summary = content, None
    draft.close_task(HANDS_OVER)
    draft.close_task(f"{COMPARE}:{outputs.HAND_OVER}", how="moved_on")
    draft.open_task(COMPARE, Role.CHECKER, whose=outputs.HAND_OVER, keep=True)


def compare_output(draft: RoundDraft, command: CompareOutput) -> None:
    """A second person has compared a file with what it ought to say; after the registrar's all is summed up.

    Raises:
        Refusal: it says something else, nothing of that kind is out, or who compares has made it.
    """
    state, output = draft.state, command.output
    until = state.enrol_by.isoformat() if state.enrol_by is not None else None
    known = draft.look_up("output", case_id=state.case_id, output=output, enrol_by=until)
    draft.require(known is not None, "output-unknown", output=output)
    draft.require(known["made_by"] != draft.actor.id, "output-own", output=output)
    draft.require(known["content"] == command.content, "output-differs", output=output)
    draft.record(schema.OutputCompared(output=output, content=command.content))
    draft.details.update(output=output, hash=command.content)
    draft.close_task(f"{COMPARE}:{output}")
    if output == outputs.HAND_OVER:
        _require_handed_over(found(draft), draft)
        _sum_up(draft)


def _require_handed_over(here: EndFound, draft: RoundDraft) -> None:
    """Whoever has enrolled is in the newest file, and nobody else."""
    draft.require(here.not_handed_over == 0, "hand-over-outdated", applications=here.not_handed_over)


def _sum_up(draft: RoundDraft) -> None:
    """The round in figures; they agree, or nothing is summed up."""
    state = draft.state
    told = draft.look_up("sums", case_id=state.case_id)
    sums = Sums.model_validate(told["sums"])
    claimed = sums.admitted + sums.promoted
    draft.require(claimed == sums.given, "sums-differ", said=claimed, found=sums.given)
    ended = sums.enrolled + sums.declined + sums.lapsed
    draft.require(ended == sums.given, "sums-differ", said=sums.given, found=ended)
    summary = RoundSummary(
        year=state.year,
        route=state.route,
        rules=policy_of(state).rules.version,
        made_at=draft.now,
        programmes=tuple(told["programmes"]),
        sums=sums,
    )
    body = json.dumps(summary.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    draft.record(schema.SummaryMade(body=body, sums=sums))
    state.summary = outputs.bytes_hash(body.encode())


def close_round(draft: RoundDraft, _command: CloseRound) -> None:
    """Last of all: handed over, compared, summed up, disclosed, and nothing of it is open any more.

    Raises:
        Refusal: something is; it is named.
    """
    state = draft.state
    draft.require(state.rejudgment is None, "rejudgment-unfinished")
    disclosing.require_over(draft)
    draft.require(state.handed_over is not None, "round-not-handed-over")
    draft.require(state.summary is not None, "round-not-summed-up")
    here = found(draft)
    _require_handed_over(here, draft)
    draft.require(here.offers == 0, "round-offers-open", offered=here.offers)
    draft.require(here.refunds == 0, "round-refunds-open", refunds=here.refunds)
    tasks = sorted(key for key in state.tasks if key != disclosing.CLOSE)
    draft.require(not tasks, "round-tasks-open", tasks=", ".join(tasks))
    draft.goto(Stage.CLOSED)
