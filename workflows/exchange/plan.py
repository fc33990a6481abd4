"""The learning agreement: versions, each signed by the student, then home, then host (X7)."""

from schemas.exchange.commands import SignAgreement
from schemas.exchange.facts import AgreementCommented, AgreementProposed, AgreementSigned
from schemas.exchange.records import AgreementTold
from schemas.exchange.roles import Role
from schemas.exchange.stages import SIGNED_IN_ORDER, Agreement, Signature, Track
from schemas.exchange.state import ExchangeState, Plan
from workflows.exchange.dates import ExchangeDraft


def at_of(state: ExchangeState) -> str:
    """Where the agreement stands."""
    return state.tracks.get(Track.AGREEMENT, "")


def proposed(draft: ExchangeDraft, fact: AgreementProposed) -> None:
    """The student signs a new version; what was approved stays what holds."""
    state = draft.state
    version = state.plan.version + 1 if state.plan is not None else 1
    state.plan = Plan(version=version, content=fact.sha256, signed=[Signature.STUDENT])
    draft.details.update(version=version, sha256=fact.sha256)
    draft.record(AgreementTold(version=version, what="proposed", sha256=fact.sha256))
    target = Agreement.CHANGE_PROPOSED if state.approved is not None else Agreement.PROPOSED
    draft.go_track(Track.AGREEMENT, target)
    draft.notify("agreement-to-sign", "coordinator", version=version)


def signed(draft: ExchangeDraft, fact: AgreementSigned) -> None:
    """Home signs; then it is the host's turn."""
    plan = _this(draft, fact.version, fact.sha256)
    _sign(draft, plan, Signature.HOME)
    draft.open_task("sign-agreement", Role.COORDINATOR, track=Track.AGREEMENT)


def commented(draft: ExchangeDraft, fact: AgreementCommented) -> None:
    """Home wants it otherwise: the student proposes another version."""
    draft.require(
        draft.state.plan is not None and draft.state.plan.version == fact.version, "stale-agreement"
    )
    _send_back(draft)


def decide(draft: ExchangeDraft, command: SignAgreement) -> None:
    """The host signs what it has seen, after the others, or sends it back.

    Raises:
        Refusal: another version is there, or home has not signed yet.
    """
    plan = _this(draft, command.version, command.sha256)
    if not command.approve:
        draft.require(command.comment_id is not None, "reason-required", step=command.step)
        draft.details["comment_id"] = command.comment_id
        _send_back(draft)
        return
    _sign(draft, plan, Signature.HOST)
    state = draft.state
    state.approved = plan.model_copy(deep=True)
    state.first_approved = state.first_approved or state.approved.model_copy(deep=True)
    draft.record(AgreementTold(version=plan.version, what="approved", sha256=plan.content))
    draft.go_track(Track.AGREEMENT, Agreement.APPROVED)
    draft.notify("agreement-approved", "student", version=plan.version)
    draft.notify("agreement-signed", "coordinator", version=plan.version)


def _send_back(draft: ExchangeDraft) -> None:
    plan = draft.state.plan
    draft.go_track(Track.AGREEMENT, Agreement.COMMENTED)
    draft.notify("agreement-returned", "student", version=plan.version if plan else 0)


def _this(draft: ExchangeDraft, version: int, content: str) -> Plan:
    plan = draft.state.plan
    same = plan is not None and (plan.version, plan.content) == (version, content)
    draft.require(same, "stale-agreement")
    draft.details["version"] = version
    return plan  # type: ignore[return-value]


def _sign(draft: ExchangeDraft, plan: Plan, who: Signature) -> None:
    order = list(SIGNED_IN_ORDER)
    draft.require(
        plan.signed == order[: order.index(who)],
        "signature-order",
        next=order[len(plan.signed)] if len(plan.signed) < len(order) else "-",
    )
    plan.signed.append(who)
