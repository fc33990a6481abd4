"""Screening: an advisor at a time, the faculty and the office on the same revision, result at its hour."""

from typing import Final

from schemas.exchange.commands import Accept, AskAdvisor, Consent, DecideAppeal, Validate
from schemas.exchange.facts import AdvisorAnswered, AnswerReceived
from schemas.exchange.lookups import AdvisorFound
from schemas.exchange.records import AdvisorAsked, NumberGiven
from schemas.exchange.roles import Role
from schemas.exchange.stages import Stage
from schemas.exchange.state import Advisor, ExchangeState
from schemas.kernel.deadlines import Deadline
from workflows.exchange import housing, intake
from workflows.exchange.dates import ExchangeDraft, policy_of, term_of

ADVISOR = "advisor"
SCREEN = "screen-application"
RELEASE = "release-result"
ANSWER = "answer-offer"
APPEAL = "appeal"
APPEAL_DAYS: Final = 5
"""Working days after the result within which an objection counts."""


def enter_screening(draft: ExchangeDraft) -> None:
    """The office asks an advisor, the faculty looks at it."""
    draft.start_deadline(SCREEN, policy_of(draft.state).screen)
    draft.open_task(SCREEN, Role.OFFICE, deadline=SCREEN)
    draft.open_task("validate", Role.COORDINATOR, deadline=SCREEN)


def pending(state: ExchangeState) -> Advisor | None:
    """The advisor who has been asked and has not answered."""
    return next((each for each in state.advisors if each.answer == "asked"), None)


def has_consent(state: ExchangeState) -> bool:
    """Whether an advisor takes the student."""
    return any(each.answer == "yes" for each in state.advisors)


def ask_advisor(draft: ExchangeDraft, command: AskAdvisor) -> None:
    """One at a time, three at most, through the office (X11)."""
    state, policy = draft.state, policy_of(draft.state)
    draft.require(pending(state) is None, "advisor-pending")
    draft.require(not has_consent(state), "advisor-found")
    draft.require(len(state.advisors) < policy.max_advisors, "advisors-enough", most=policy.max_advisors)
    asked = {each.staff_id for each in state.advisors}
    draft.require(command.advisor not in asked, "advisor-asked", advisor=command.advisor)
    found = AdvisorFound.model_validate(draft.look_up("advisor", staff_id=command.advisor))
    draft.require(found.active, "advisor-unknown", advisor=command.advisor)
    state.advisors.append(Advisor(staff_id=command.advisor))
    draft.details["advisor"] = command.advisor
    draft.record(AdvisorAsked(staff_id=command.advisor, answer="asked"))
    deadline = draft.start_deadline(ADVISOR, policy.advisor)
    draft.open_task(
        "consent", Role.ADVISOR, whose=command.advisor, assignee=command.advisor, deadline=ADVISOR
    )
    draft.notify(
        "advisor-request", f"staff:{command.advisor}", due_at=deadline.due_at.isoformat(), answer="consent"
    )


def consent(draft: ExchangeDraft, command: Consent) -> None:
    """The advisor who was asked, and nobody else."""
    asked = pending(draft.state)
    draft.require(asked is not None and asked.staff_id == draft.actor.id, "not-asked")
    _answered(draft, command.answer)


def advisor_answered(draft: ExchangeDraft, fact: AdvisorAnswered) -> None:
    """The same at the portal, which proves who answers."""
    draft.require(pending(draft.state) is not None, "not-asked")
    _answered(draft, fact.answer)


def advisor_silent(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """Fourteen days: the office asks another one."""
    _answered(draft, "silent")


def _answered(draft: ExchangeDraft, answer: str) -> None:
    state, asked = draft.state, pending(draft.state)
    if asked is None:
        return
    asked.answer = answer
    draft.details.update(advisor=asked.staff_id, answer=answer)
    draft.record(AdvisorAsked(staff_id=asked.staff_id, answer=answer))
    draft.close_task(f"consent:{asked.staff_id}")
    draft.stop_deadline(ADVISOR)
    if answer == "yes" or len(state.advisors) < policy_of(state).max_advisors:
        return
    # all whom the office may ask have declined or kept silent
    state.reason = "no-advisor"
    intake.turn_down(draft)


def validate(draft: ExchangeDraft, command: Validate) -> None:
    """The faculty agrees to this revision, and to no other (X7)."""
    intake.check_version(draft, command.version)
    draft.state.validated, draft.state.validated_by = command.version, draft.actor.id
    draft.details["revision"] = command.version
    draft.close_task("validate")


def accept(draft: ExchangeDraft, command: Accept) -> None:
    """The office, after the others, as another person; the student hears of it at its hour."""
    state = draft.state
    intake.check_version(draft, command.version)
    missing = accepting_gate(state)
    draft.require(not missing, "gate-shut", stage=Stage.ACCEPTED, missing=", ".join(missing))
    draft.require(state.validated_by != draft.actor.id, "same-person")
    if not state.place_held:
        intake.hold_place(draft)
    draft.goto(Stage.ACCEPTED)


def accepting_gate(state: ExchangeState) -> list[str]:
    """What is missing before it is accepted."""
    missing = [] if has_consent(state) else ["advisor"]
    return missing if state.validated == state.revision else [*missing, "faculty"]


def enter_accepted(draft: ExchangeDraft) -> None:
    """Nothing is told before the hour at which all are told."""
    results = term_of(draft.state).results
    if results <= draft.now:
        release(draft)
    else:
        draft.start_deadline(RELEASE, policy_of(draft.state).release, due_at=results)


def released(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """The hour has come."""
    release(draft)


def release(draft: ExchangeDraft) -> None:
    """The letters go, and the student has some days for the answer."""
    draft.state.released = True
    housing.ask_house(draft)
    draft.record(NumberGiven())
    draft.places.take(intake.quota_of(draft.state))
    deadline = draft.start_deadline(ANSWER, policy_of(draft.state).answer)
    due_at = deadline.due_at.isoformat()
    draft.notify("application-accepted", "student", due_at=due_at)
    draft.notify("nomination-accepted", "coordinator", due_at=due_at)


def place_answered(draft: ExchangeDraft, fact: AnswerReceived) -> None:
    """Yes or no to the acceptance, once it is told."""
    answered(draft, fact.answer)


def answered(draft: ExchangeDraft, answer: str) -> None:
    """The student's yes opens the preparation.

    Raises:
        Refusal: nothing has been offered, or it is answered.
    """
    state = draft.state
    draft.require(state.stage == Stage.ACCEPTED and state.released, "no-offer-open")
    draft.details["answer"] = answer
    if answer == "no":
        state.reason = "declined-by-student"
        draft.goto(Stage.DECLINED)
        return
    draft.notify("place-confirmed", "student")
    draft.goto(Stage.PRE_ARRIVAL)


def not_answered(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """The days are over."""
    draft.state.reason = "not-answered"
    draft.goto(Stage.EXPIRED)


def enter_rejected(draft: ExchangeDraft) -> None:
    """What it holds is given back at once; the student may object for some days, then it ends."""
    draft.state.outcome, draft.state.outcome_by = Stage.REJECTED, draft.actor.kind
    draft.undo()
    draft.start_deadline(APPEAL, policy_of(draft.state).appeal)


def decide_appeal(draft: ExchangeDraft, command: DecideAppeal) -> None:
    """Somebody who has not decided it; of what came in time. Upheld: it is looked at again, or waits.

    Raises:
        Refusal: it came late, or who decides has rejected it.
    """
    state = draft.state
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    draft.require(state.rejected_by != draft.actor.id, "own-decision")
    told = draft.calendar.day_of(state.stage_since or draft.now)
    last = draft.calendar.add_working_days(told, APPEAL_DAYS)
    draft.require(told <= command.filed <= last, "appeal-late", last=f"{last:%Y-%m-%d}")
    draft.details.update(
        result=command.result, filed=f"{command.filed:%Y-%m-%d}", reason_id=command.reason_id
    )
    if command.result == "dismissed":
        draft.notify("appeal-dismissed", "student")
        draft.end(Stage.REJECTED)
        return
    state.outcome = state.outcome_by = state.reason = None
    state.advisors, state.validated = [], None
    draft.notify("appeal-upheld", "student")
    draft.goto(Stage.SCREENING if state.submitted_at is not None else Stage.NOMINATED)


def appeal_over(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """Nobody has objected."""
    draft.end(Stage.REJECTED)
