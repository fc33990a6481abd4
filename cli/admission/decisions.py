"""`iehe admissions <decision> CASE`: each decision of the admission process, by the person of `--as`."""

from typing import Annotated

import typer

from cli.case_arguments import case_id_of
from cli.deciding import Decision, ReasonOption, decision_command
from cli.known import choice
from cli.typed import moment, pairs, usage

app = typer.Typer()


@decision_command(app, "confirm-eligibility")
def confirm_eligibility(
    eligible: Annotated[bool, typer.Option("--eligible/--not-eligible", help="What the office has found.")],
    reason: ReasonOption = None,
) -> Decision:
    """The office has checked: the applicant may, or may not, apply by this route."""
    from schemas.admission.commands import ConfirmEligibility

    return Decision(ConfirmEligibility, {"eligible": eligible}, reason)


@decision_command(app, "resolve-duplicate")
def resolve_duplicate(
    same_person: Annotated[bool, typer.Option("--same-person/--different", help="One person, or two?")],
    of: Annotated[
        list[str] | None,
        typer.Option("--of", help="With --same-person: of which case, repeatable; needed among several."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="With --same-person: this application goes on.")
    ] = False,
    reason: ReasonOption = None,
) -> Decision:
    """Say whether a possible duplicate is the same person; then this application ends unless --keep."""
    from schemas.admission.commands import ResolveDuplicate

    named = tuple(case_id_of(each) for each in of or ())
    return Decision(
        ResolveDuplicate, {"same_person": same_person, "duplicate_of": named, "keep": keep}, reason
    )


@decision_command(app, "reopen-duplicate")
def reopen_duplicate(reason: ReasonOption = None) -> Decision:
    """Take back what was found about a possible duplicate, while nothing has followed from it."""
    from schemas.admission.commands import ReopenDuplicate

    return Decision(ReopenDuplicate, {}, reason)


@decision_command(app, "assign-reviewers")
def assign_reviewers(
    reviewer: Annotated[
        list[str] | None, typer.Option("--reviewer", help="Staff id, repeatable; none: they are drawn.")
    ] = None,
    looked_at: Annotated[
        bool, typer.Option("--looked-at", help="Their possible conflicts were looked at; there are none.")
    ] = False,
) -> Decision:
    """Name reviewers, or have them drawn."""
    from schemas.admission.commands import AssignReviewers

    return Decision(AssignReviewers, {"reviewers": tuple(reviewer or ()), "looked_at": looked_at})


@decision_command(app, "accept-review")
def accept_review(
    no_conflict: Annotated[
        bool, typer.Option("--no-conflict", help="You declare to have no conflict of interest.")
    ] = False,
) -> Decision:
    """Take a review on, declaring to have no conflict of interest."""
    from schemas.admission.commands import AcceptReview

    return Decision(AcceptReview, {"no_conflict": no_conflict})


@decision_command(app, "decline-review")
def decline_review(
    conflict: Annotated[bool, typer.Option("--conflict", help="Because of a conflict of interest.")] = False,
) -> Decision:
    """Decline a review, or declare a conflict of interest; a replacement is drawn."""
    from schemas.admission.commands import DeclineReview

    return Decision(DeclineReview, {"conflict": conflict})


@decision_command(app, "release-reviewer")
def release_reviewer(
    reviewer: Annotated[str, typer.Argument(help="Staff id.")], reason: ReasonOption = None
) -> Decision:
    """Release a reviewer who cannot go on; a replacement is drawn."""
    from schemas.admission.commands import ReleaseReviewer

    return Decision(ReleaseReviewer, {"reviewer": reviewer}, reason)


@decision_command(app, "submit-scores")
def submit_scores(
    points: Annotated[list[str], typer.Argument(metavar="CRITERION=POINTS", help="Such as academic=8.")],
    remark: Annotated[str | None, typer.Option("--remark", help="Kept in the database only.")] = None,
) -> Decision:
    """Submit the points for every criterion of the form (iehe admissions material shows it)."""
    from schemas.admission.commands import SubmitScores

    return Decision(SubmitScores, {"points": pairs(points)}, remark)


@decision_command(app, "cast-vote")
def cast_vote(
    choice: Annotated[str, choice("admit|reject|abstain")],
    casting: Annotated[bool, typer.Option("--casting", help="The chair's vote after tied ballots.")] = False,
    reason: ReasonOption = None,
) -> Decision:
    """Vote in the committee; a vote for or against needs its reason."""
    from schemas.admission.commands import CastVote

    return Decision(CastVote, {"choice": choice, "casting": casting}, reason)


@decision_command(app, "close-ballot")
def close_ballot() -> Decision:
    """Count a ballot in which the quorum has voted but not everybody (the chair)."""
    from schemas.admission.commands import CloseBallot

    return Decision(CloseBallot)


@decision_command(app, "judge-conflict")
def judge_conflict(
    member: Annotated[str, typer.Argument(help="Staff id.")],
    conflict: Annotated[bool, typer.Option("--conflict/--no-conflict", help="What the office has found.")],
    reason: ReasonOption = None,
) -> Decision:
    """Say whether a committee member's possible conflict of interest is one."""
    from schemas.admission.commands import JudgeConflict

    return Decision(JudgeConflict, {"member": member, "conflict": conflict}, reason)


@decision_command(app, "decide")
def decide(
    decision: Annotated[str, choice("offered|waitlisted|rejected|released")],
    reason: ReasonOption = None,
) -> Decision:
    """Record the admission decision; from the waitlist: offered or released."""
    from schemas.admission.commands import RecordDecision

    return Decision(RecordDecision, {"decision": decision}, reason)


@decision_command(app, "answer-offer")
def answer_offer(
    answer: Annotated[str, choice("accepted|declined")],
    answered_at: Annotated[
        str | None, typer.Option("--answered-at", help="When it arrived, Japan time: 2027-02-20 10:00.")
    ] = None,
) -> Decision:
    """Enter the applicant's answer that came by post or telephone."""
    from schemas.admission.commands import AnswerOffer

    at = moment(answered_at, "--answered-at")
    return Decision(AnswerOffer, {"answer": answer, "answered_at": at})


@decision_command(app, "record-enrolment")
def record_enrolment(
    result: Annotated[str, choice("enrolled|conditions_not_met|deferred")],
    reason: ReasonOption = None,
) -> Decision:
    """Record how the acceptance ended."""
    from schemas.admission.commands import RecordEnrolment

    return Decision(RecordEnrolment, {"result": result}, reason)


@decision_command(app, "withdraw")
def withdraw(
    reason_code: Annotated[str, typer.Option("--reason-code", help="From the policy's list.")],
) -> Decision:
    """Withdraw the application on the applicant's behalf."""
    from schemas.admission.commands import Withdraw

    return Decision(Withdraw, {"reason": reason_code})


@decision_command(app, "rejudge")
def rejudge(reason: ReasonOption = None) -> Decision:
    """An error was found after release: offer the rejected applicant a place beyond the quota."""
    from schemas.admission.commands import Rejudge

    return Decision(Rejudge, {}, reason)


@decision_command(app, "decide-accommodation")
def decide_accommodation(
    result: Annotated[str, choice("granted|partly_granted|refused")],
    reason: ReasonOption = None,
) -> Decision:
    """Decide on requested exam adjustments."""
    from schemas.admission.commands import DecideAccommodation

    return Decision(DecideAccommodation, {"result": result}, reason)


@decision_command(app, "permit-late")
def permit_late(
    item: Annotated[str, typer.Argument(help="transcript, post, offer-reply, score:reviewer-1, …")],
    until: Annotated[str, typer.Option("--until", help="2027-02-10 17:00, or a day: until its end.")],
    reason: ReasonOption = None,
) -> Decision:
    """Let one late part still count until a time."""
    from schemas.admission.commands import PermitLate

    at = moment(until, "--until", end_of_day=True)
    return Decision(PermitLate, {"item": item, "until": at}, reason)


@decision_command(app, "change-policy")
def change_policy(
    policy: Annotated[str, typer.Argument(metavar="VERSION", help="A version of iehe policy list.")],
) -> Decision:
    """Move the case to another version of its policy."""
    from schemas.admission.commands import ChangePolicy

    if not policy.strip():
        raise usage("policy-missing", "Name a policy version.", "方針の版を指定してください。")
    return Decision(ChangePolicy, {"version": policy})
