"""A referral until it has its level: opened, judged by the rubric, advised, or sent to where it belongs.

Rule numbers are those of docs/processes/support.md.
"""

from typing import Final

from schemas.kernel.deadlines import Deadline
from schemas.kernel.payload import Payload
from schemas.support.commands import Advise, Misdirect, Rescore, Scoring, Triage
from schemas.support.facts import EarlyAlert
from schemas.support.lookups import ReferralFacts
from schemas.support.records import Owned, Scored
from schemas.support.referral import Referral
from schemas.support.roles import Role
from schemas.support.stages import CRISIS_LEVEL, URGENT_LEVEL, USUAL_LEVEL, Stage, level_of
from workflows.kernel import deadlines as counting
from workflows.support import clocks, crisis, duplicates, guardians
from workflows.support.clocks import SupportDraft, policy_of

TRIAGE: Final = "triage"
ASSIGN: Final = "assign"


def open_case(draft: SupportDraft) -> None:
    """Take over codes and times; words, names and numbers stay in the database."""
    facts = ReferralFacts.model_validate(draft.look_up("referral", case_id=draft.state.case_id))
    draft.follow_policy(facts.policy_ref)
    draft.learn_closures()
    state = draft.state
    state.received_at, state.way, state.language = facts.received_at, facts.way, facts.language
    state.anonymous, state.referrer, state.urgent = facts.anonymous, facts.referrer, facts.urgent
    state.unit = facts.unit
    # until it is judged the referral's own word counts (S10)
    state.level = CRISIS_LEVEL if facts.danger else URGENT_LEVEL if facts.urgent else USUAL_LEVEL
    draft.details.update(policy=facts.policy_ref.version, way=facts.way, level=state.level)
    draft.goto(Stage.REFERRED)
    duplicates.propose(draft, facts.same_person)
    if facts.under_age:
        guardians.ask_to_tell(draft)
    if state.referrer:
        draft.notify("referral-received", "referrer")
    if facts.danger:
        crisis.open_crisis(draft)
    elif facts.urgent:
        crisis.ask_whether_it_can_wait(draft)


def is_without_address(form: Payload) -> bool:
    """Who refers without a name hears nothing by mail, and asks by a code whether contact was made (S12)."""
    return isinstance(form, Referral) and form.referrer is None


def enter_referred(draft: SupportDraft) -> None:
    """Every new referral is judged, and has its first response owed from the moment it came."""
    received = draft.state.received_at
    clocks.start(draft, clocks.TRIAGE, received)
    clocks.start(draft, clocks.FIRST_RESPONSE, received)
    draft.open_task(TRIAGE, Role.TRIAGE, deadline=clocks.TRIAGE)
    draft.record(Owned(unit=None, owner=None, why="referred"))


def triage(draft: SupportDraft, command: Triage) -> None:
    """The rubric gives the level; the clocks follow it (S2, S9)."""
    _score(draft, command)
    for asked in (clocks.TRIAGE, clocks.CAN_WAIT):
        draft.stop_deadline(asked)
    clocks.start(draft, clocks.RESOLUTION)
    # who stood a crisis down may have found an owner before anybody judged it
    draft.goto(Stage.TRIAGED if draft.state.owner is None else Stage.ASSIGNED)


def rescore(draft: SupportDraft, command: Rescore) -> None:
    """Judged again, with its reasons (E5)."""
    _score(draft, command)
    clocks.owner_acts(draft)


def _score(draft: SupportDraft, command: Scoring) -> None:
    scores = (command.distress, command.hostility)
    draft.require(scores != (None, None), "rubric-empty")
    reasons = (command.distress_reason_id, command.hostility_reason_id)
    for score, reason in zip(scores, reasons, strict=True):
        draft.require(score is None or reason is not None, "rubric-without-reason")
    kinds = policy_of(draft.state).kinds
    draft.require(
        command.kind is None or command.kind in kinds,
        "unknown-code",
        given=command.kind,
        known=", ".join(kinds),
    )
    level, first = level_of(*scores), not draft.state.scored
    draft.state.scored = True
    draft.record(
        Scored(
            distress=command.distress,
            hostility=command.hostility,
            distress_reason_id=reasons[0],
            hostility_reason_id=reasons[1],
            level=level,
            kind_code=command.kind,
        )
    )
    clocks.change_level(draft, level, first=first)


def enter_triaged(draft: SupportDraft) -> None:
    """It needs an owner: from its unit's queue, or first a unit from triage."""
    state = draft.state
    clocks.resume(draft)
    if state.unit is None or not state.path or state.path[-2:-1] == [Stage.REFERRED]:
        draft.open_task(ASSIGN, Role.TRIAGE, deadline=clocks.FIRST_RESPONSE if _owes(draft) else None)
    else:
        draft.open_task("take", Role.COUNSELLOR, deadline=clocks.FIRST_RESPONSE if _owes(draft) else None)


def _owes(draft: SupportDraft) -> bool:
    return clocks.FIRST_RESPONSE in draft.state.deadlines


def triage_missed(draft: SupportDraft, deadline: Deadline) -> None:
    """Nobody has judged it by then: it is urgent, until somebody says otherwise (S9).

    It is so since that moment, and the chain of the triage goes on: an outage takes nothing from either.
    """
    if draft.state.level > URGENT_LEVEL:
        clocks.change_level(draft, URGENT_LEVEL, since=counting.expires_at(deadline), but={clocks.TRIAGE})


def advise(draft: SupportDraft, _command: Advise) -> None:
    """Advice needs no name, no unit and no owner (S12)."""
    crisis.require_none(draft)
    draft.goto(Stage.ADVICE_ONLY)


def misdirect(draft: SupportDraft, command: Misdirect) -> None:
    """It belongs elsewhere, and who refers hears where."""
    crisis.require_none(draft)
    codes = policy_of(draft.state).misdirection_codes
    draft.require(command.code in codes, "unknown-code", given=command.code, known=", ".join(codes))
    draft.details["code"] = command.code
    draft.goto(Stage.MISDIRECTED)
    if draft.state.referrer:
        draft.notify("referred-elsewhere", "referrer", code=command.code)


def early_alert(draft: SupportDraft, fact: EarlyAlert) -> None:
    """One more sign: noted, and put before whoever has the case."""
    draft.details.update(course=fact.course, code=fact.code)
    state = draft.state
    if state.owner is not None:
        draft.notify("case-news", f"staff:{state.owner}|role:{Role.LEAD}")
