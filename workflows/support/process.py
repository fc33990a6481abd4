"""Support cases as the host sees them: the tables of stages and of the crisis, and the rules by name."""

from typing import Final

from pydantic import JsonValue

from schemas.kernel.break_glass import GlassBroken, ReviewBreakGlass
from schemas.kernel.case import Acknowledge, DeEscalate, Escalate
from schemas.kernel.deadlines import Deadline
from schemas.support import commands, facts
from schemas.support.letters import WriteLetter
from schemas.support.policy import SupportPolicy
from schemas.support.referral import Referral
from schemas.support.roles import Role
from schemas.support.stages import CRISIS, Crisis, Stage, Unit
from schemas.support.state import SupportState
from workflows.kernel import break_glass
from workflows.kernel.break_glass import BreakGlass, break_glass_steps
from workflows.kernel.corrections import CORRECTION_DECISIONS, correction_steps
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, step
from workflows.kernel.process import EventKind, FollowUp, Process, Reach
from workflows.kernel.steps import COMMON_DECISIONS, LADDER_DECISIONS, common_steps
from workflows.kernel.taking_back import TAKE_BACK_DECISIONS, TAKE_BACK_EXPIRIES, take_back_steps
from workflows.support import (
    access,
    appointments,
    choices,
    clocks,
    consent,
    contact,
    cover,
    crisis,
    desk,
    duplicates,
    guardians,
    harassment,
    intake,
    interpreters,
    letters,
    links,
    ownership,
    register,
    righting,
)

# the harassment desk does everything in its own cases, which no door opens to others, nor others' to it (E17)
TRIAGE: Final = frozenset({Role.TRIAGE, Role.HEAD, Role.HARASSMENT})
OWNERS: Final = frozenset({Role.COUNSELLOR, Role.HARASSMENT})
LEADS: Final = frozenset({Role.LEAD, Role.HEAD, Role.HARASSMENT})
SENIORS: Final = frozenset({Role.LEAD, Role.HEAD, Role.VICE_PRESIDENT})
"""Two of whom decide on calling a contact of the student."""
DUTY: Final = frozenset({Role.DUTY, Role.HEAD})
ASKED: Final = frozenset({Role.DUTY, Role.LEAD, Role.HEAD, Role.VICE_PRESIDENT, Role.HARASSMENT})
"""Whom the ladders ask."""
ANYBODY: Final = TRIAGE | OWNERS | LEADS | DUTY

STAGES: Final[dict[str, StageInfo]] = {
    Stage.REFERRED: StageInfo("受付", "referred", Role.TRIAGE),
    Stage.TRIAGED: StageInfo("見立て済", "triaged", Role.TRIAGE),
    Stage.ASSIGNED: StageInfo("担当決定", "assigned", Role.COUNSELLOR),
    Stage.IN_CONTACT: StageInfo("対応中", "in contact", Role.COUNSELLOR),
    Stage.WAITING: StageInfo("連絡待ち", "waiting", "student"),
    Stage.REFERRED_ON: StageInfo("リファー", "referred on", Role.COUNSELLOR),
    Stage.RESOLVED: StageInfo("対応終了", "resolved", "reopening"),
    Stage.REOPENED: StageInfo("再開", "reopened", Role.COUNSELLOR),
    Stage.LINKED: StageInfo("統合", "linked", Role.TRIAGE),
    Stage.CLOSED: StageInfo("終結", "closed", final=True),
    Stage.ADVICE_ONLY: StageInfo("助言のみ", "advice only", final=True),
    Stage.MISDIRECTED: StageInfo("対象外", "misdirected", final=True),
    Stage.LEFT: StageInfo("離籍", "left", final=True),
    Stage.DECEASED: StageInfo("死亡", "deceased", final=True),
}
GLASS: Final = BreakGlass(frozenset(ANYBODY), judges=(Role.HEAD, Role.VICE_PRESIDENT))
LIVING: Final = tuple(stage for stage, info in STAGES.items() if not info.final and stage != Stage.LINKED)
WORKED: Final = (*contact.TALKING, Stage.TRIAGED)
"""Stages in which somebody works on it, or is to be found who does."""
CORRECTIONS: Final = righting.corrections_of(LIVING, TRIAGE | OWNERS | LEADS)
TAKES_BACK: Final = righting.takes_back(TRIAGE, TRIAGE | OWNERS)

LIFECYCLE: Final = Lifecycle(
    STAGES,
    (
        step("open", at=[""], by=By.SYSTEM, to=[Stage.REFERRED]),
        step(register.STEP, at=[""], by=By.SYSTEM, to=[Stage.CLOSED]),
        # told by whoever refers: what it says is stored already
        step("referral-received", at=STAGES, by=By.EVENT),
        # judged
        step("triage", at=[Stage.REFERRED], by=TRIAGE, to=[Stage.TRIAGED, Stage.ASSIGNED]),
        step("triage-missed", at=[Stage.REFERRED], by=By.CLOCK),
        step("rescore", at=WORKED, by=TRIAGE | OWNERS),
        step("advise", at=[Stage.REFERRED, Stage.TRIAGED], by=TRIAGE | OWNERS, to=[Stage.ADVICE_ONLY]),
        step("misdirect", at=[Stage.REFERRED, Stage.TRIAGED], by=TRIAGE, to=[Stage.MISDIRECTED]),
        # whose it is
        step("assign", at=WORKED, by=TRIAGE | LEADS, to=[Stage.ASSIGNED, Stage.TRIAGED]),
        step("take", at=[Stage.TRIAGED, Stage.REFERRED_ON, Stage.REOPENED], by=OWNERS, to=[Stage.ASSIGNED]),
        step("offer", at=WORKED, by=OWNERS | LEADS),
        step("accept", at=WORKED, by=OWNERS, to=[Stage.ASSIGNED]),
        step("return", at=WORKED, by=OWNERS),
        step("offer-unanswered", at=LIVING, by=By.CLOCK),
        step(
            "refer-on",
            at=[Stage.ASSIGNED, Stage.IN_CONTACT, Stage.WAITING, Stage.REOPENED],
            by=OWNERS,
            to=[Stage.REFERRED_ON],
        ),
        step("owner-silent", at=contact.TALKING, by=By.CLOCK, to=[Stage.TRIAGED]),
        step("step-back", at=LIVING, by=ANYBODY, to=[Stage.TRIAGED]),
        step("name-concerned", at=LIVING, by=ANYBODY, to=[Stage.TRIAGED]),
        step("person-left", at=LIVING, by=By.EVENT, to=[Stage.TRIAGED]),
        step("consent", at=LIVING, by=ANYBODY),
        step("consent-given", at=LIVING, by=By.EVENT),
        step("withdraw", at=LIVING, by=ANYBODY, to=[Stage.TRIAGED]),
        step("consent-withdrawn", at=LIVING, by=By.EVENT, to=[Stage.TRIAGED]),
        step("consent-over", at=LIVING, by=By.CLOCK, to=[Stage.TRIAGED]),
        step("disclose", at=LIVING, by=OWNERS | LEADS),
        step(WriteLetter.step, at=LIVING, by=OWNERS | LEADS),
        step("person-moved", at=LIVING, by=By.EVENT, to=[Stage.TRIAGED]),
        step("person-away", at=LIVING, by=By.EVENT),
        # closures
        step("calendar-changed", at=LIVING, by=By.EVENT),
        step("ask-for-covers", at=LIVING, by=By.SYSTEM),
        step("name-cover", at=LIVING, by=OWNERS | LEADS),
        step("cover-over", at=LIVING, by=By.CLOCK),
        # contact
        step("record-contact", at=LIVING, by=OWNERS | DUTY, to=[Stage.IN_CONTACT]),
        step("attempt-due", at=LIVING, by=By.CLOCK),
        step("close-unanswered", at=WORKED, by=By.CLOCK, to=[Stage.CLOSED]),
        step("appointment-missed", at=LIVING, by=By.EVENT),
        step("message-bounced", at=LIVING, by=By.EVENT),
        step("message-arrived", at=LIVING, by=By.EVENT, to=[Stage.IN_CONTACT, Stage.REOPENED]),
        step("early-alert", at=LIVING, by=By.EVENT),
        step(links.MISSING_CORRECTED, at=LIVING, by=By.EVENT),
        step("book", at=contact.TALKING, by=OWNERS),
        step("rebook", at=contact.TALKING, by=OWNERS),
        step("cancel-appointment", at=contact.TALKING, by=OWNERS),
        step("appointment-begun", at=LIVING, by=By.CLOCK),
        step("calls-over", at=LIVING, by=By.CLOCK),
        step("wait", at=contact.TALKING, by=OWNERS, to=[Stage.WAITING]),
        step("wait-over", at=[Stage.WAITING], by=By.CLOCK, to=[Stage.IN_CONTACT]),
        # people around the student
        step("tell-guardian", at=LIVING, by=OWNERS | LEADS),
        step("propose-call", at=LIVING, by=SENIORS),
        step("confirm-call", at=LIVING, by=SENIORS),
        step("decline-call", at=LIVING, by=SENIORS),
        step("name-interpreter", at=LIVING, by=ANYBODY),
        *harassment.steps(LIVING),
        # two cases that are one
        step("link", at=LIVING, by=TRIAGE, to=[Stage.LINKED]),
        step("unlink", at=[Stage.LINKED], by=TRIAGE, to=[Stage.REFERRED, Stage.TRIAGED, Stage.REOPENED]),
        step("case-linked", at=LIVING, by=By.EVENT, to=[Stage.TRIAGED]),
        step("case-unlinked", at=STAGES, by=By.EVENT),
        *duplicates.LINES,
        # the end
        step("resolve", at=contact.TALKING, by=OWNERS | LEADS, to=[Stage.RESOLVED]),
        step("reopen", at=[Stage.RESOLVED], by=ANYBODY, to=[Stage.REOPENED]),
        step("close", at=[Stage.RESOLVED], by=By.CLOCK, to=[Stage.CLOSED]),
        step("student-left", at=LIVING, by=By.EVENT, to=[Stage.LEFT]),
        step("student-deceased", at=LIVING, by=By.EVENT, to=[Stage.DECEASED]),
        # ladders
        step(Acknowledge.step, at=LIVING, by=ASKED),
        step(Escalate.step, at=LIVING, by=OWNERS | ASKED),
        step(DeEscalate.step, at=LIVING, by=ASKED),
        step("review-resolution", at=LIVING, by=By.CLOCK),
        # danger
        step("signal-danger", at=LIVING, by=ANYBODY, to=[Stage.REOPENED]),
        step("outside-emergency", at=LIVING, by=By.EVENT, to=[Stage.REOPENED]),
        step("page-answered", at=LIVING, by=By.EVENT),
        step("page-failed", at=LIVING, by=By.EVENT),
        step("stand-down", at=LIVING, by=DUTY, to=[Stage.ASSIGNED]),
        step("cannot-wait", at=LIVING, by=By.CLOCK),
        step("can-wait", at=LIVING, by=DUTY),
        *access.lines(tuple(STAGES), tuple(stage for stage in STAGES if stage not in LIVING), TRIAGE),
        *correction_steps(CORRECTIONS),
        *take_back_steps(TAKES_BACK),
        *common_steps(tuple(STAGES), LIVING, TRIAGE | LEADS),
        *break_glass_steps(tuple(STAGES), GLASS.judges),
    ),
)

_NONE: Final = ("", Crisis.STOOD_DOWN)
CRISIS_TABLE: Final = Lifecycle(
    {
        Crisis.OPEN: StageInfo("緊急", "open", Role.DUTY),
        Crisis.ACKNOWLEDGED: StageInfo("受信確認", "acknowledged", Role.DUTY),
        Crisis.ATTENDING: StageInfo("対応中", "attending", Role.DUTY),
        Crisis.STOOD_DOWN: StageInfo("解除", "stood down"),
    },
    (
        step("open", at=[""], by=By.SYSTEM, to=[Crisis.OPEN]),
        step("signal-danger", at=[*_NONE, *crisis.OPEN], by=ANYBODY, to=[Crisis.OPEN]),
        step("outside-emergency", at=[*_NONE, *crisis.OPEN], by=By.EVENT, to=[Crisis.OPEN]),
        step("page-answered", at=crisis.OPEN, by=By.EVENT, to=[Crisis.ACKNOWLEDGED]),
        step("message-arrived", at=[*_NONE, *crisis.OPEN], by=By.EVENT, to=[Crisis.OPEN]),
        step("cannot-wait", at=[*_NONE, *crisis.OPEN], by=By.CLOCK, to=[Crisis.OPEN]),
        step("step-back", at=[*_NONE, *crisis.OPEN], by=ANYBODY, to=[Crisis.OPEN]),
        step("name-concerned", at=[*_NONE, *crisis.OPEN], by=ANYBODY, to=[Crisis.OPEN]),
        *harassment.crisis_steps((*_NONE, *crisis.OPEN)),
        step("person-left", at=[*_NONE, *crisis.OPEN], by=By.EVENT, to=[Crisis.OPEN]),
        step("remind", at=[*_NONE, *crisis.OPEN], by=By.CLOCK, to=[Crisis.OPEN]),
        step(Acknowledge.step, at=[*_NONE, *crisis.OPEN], by=ASKED, to=[Crisis.ACKNOWLEDGED]),
        step("record-contact", at=[*_NONE, *crisis.OPEN], by=OWNERS | DUTY, to=[Crisis.ATTENDING]),
        step("stand-down", at=crisis.OPEN, by=DUTY, to=[Crisis.STOOD_DOWN]),
    ),
)


def _facts(state: SupportState, deadline: Deadline) -> dict[str, JsonValue]:
    """What a message of a ladder tells: which clock, or the number of the page; never the level."""
    return {"page": state.page} if deadline.kind == clocks.PAGE else {"task": deadline.kind}


def _owner(state: SupportState) -> str:
    """The owner, or whoever stands in; while nobody has it the leads of the unit, before that triage."""
    if state.owner is not None:
        return f"staff:{state.owner}|role:{Role.LEAD}"
    return _lead(state) if state.unit is not None else f"role:{Role.TRIAGE}"


def _lead(state: SupportState) -> str:
    by_unit = state.unit is not None and state.unit is not Unit.HARASSMENT
    return "staff-of:lead" if by_unit else f"role:{Role.LEAD}"


def _audience(state: SupportState, deadline: Deadline, _who: str) -> bool:
    return deadline.kind != clocks.PAGE or crisis.is_open(state)


SUPPORT: Final = Process[SupportState](
    name="support-case",
    room="support",
    title=("学生支援の相談", "Support case"),
    state=SupportState,
    policy=SupportPolicy,
    lifecycle=LIFECYCLE,
    tracks={CRISIS: CRISIS_TABLE},
    office=Role.TRIAGE,
    roles={
        Role.TRIAGE: ("受付担当", "triage officer"),
        Role.COUNSELLOR: ("相談担当", "counsellor"),
        Role.LEAD: ("相談主任", "team lead"),
        Role.HEAD: ("相談室長", "head of student support"),
        Role.VICE_PRESIDENT: ("担当副学長", "vice-president"),
        Role.DUTY: ("当番", "duty officer"),
        Role.DISCLOSURE: ("開示担当", "disclosure officer"),
        Role.HARASSMENT: ("ハラスメント相談員", "harassment officer"),
    },
    role_here=desk.role_here,
    open=intake.open_case,
    enter={
        Stage.REFERRED: intake.enter_referred,
        Stage.TRIAGED: intake.enter_triaged,
        Stage.ASSIGNED: ownership.enter_assigned,
        Stage.IN_CONTACT: contact.enter_in_contact,
        Stage.REFERRED_ON: ownership.enter_referred_on,
        Stage.RESOLVED: contact.enter_resolved,
        Stage.REOPENED: contact.enter_reopened,
        **dict.fromkeys((Stage.CLOSED, Stage.LEFT, Stage.DECEASED), appointments.cancel_all),
        Stage.LINKED: duplicates.enter_linked,
    },
    choices=choices.CHOICES,
    exceptional=frozenset({commands.Unlink}),
    decisions={
        commands.Triage: intake.triage,
        commands.Rescore: intake.rescore,
        commands.Advise: intake.advise,
        commands.Misdirect: intake.misdirect,
        commands.Assign: ownership.assign,
        commands.Take: ownership.take,
        commands.Offer: ownership.offer,
        commands.Accept: ownership.accept,
        commands.Return: ownership.give_back,
        commands.StepBack: crisis.step_back,
        commands.NameConcerned: crisis.name_concerned,
        commands.ReferOn: ownership.refer_on,
        commands.GiveConsent: consent.give,
        commands.WithdrawConsent: consent.withdraw,
        commands.Disclose: consent.disclose,
        WriteLetter: letters.write,
        commands.NameCover: cover.name_cover,
        commands.RecordContact: appointments.record_contact,
        commands.Book: appointments.book,
        commands.Rebook: appointments.rebook,
        commands.CancelAppointment: appointments.cancel,
        commands.Wait: contact.wait,
        commands.Resolve: contact.resolve,
        commands.Reopen: contact.reopen,
        commands.TellGuardian: guardians.tell_guardian,
        commands.ProposeCall: guardians.propose_call,
        commands.ConfirmCall: guardians.confirm_call,
        commands.DeclineCall: guardians.decline_call,
        commands.NameInterpreter: interpreters.name_interpreter,
        **harassment.DECISIONS,
        commands.Link: duplicates.link,
        commands.Unlink: duplicates.unlink,
        commands.SignalDanger: crisis.signal_danger,
        commands.CanWait: crisis.can_wait,
        commands.StandDown: crisis.stand_down,
        **access.DECISIONS,
        **CORRECTION_DECISIONS,
        **TAKE_BACK_DECISIONS,
        **COMMON_DECISIONS,
        **LADDER_DECISIONS,
        **crisis.ACKNOWLEDGE,
        ReviewBreakGlass: break_glass.review,
    },
    events=duplicates.handed_on(
        {
            **duplicates.EVENTS,
            **access.EVENTS,
            "referral-received": EventKind(
                "referral-received", Referral, lambda _draft, _fact: None, starts=True
            ),
            "early-alert": EventKind("early-alert", facts.EarlyAlert, intake.early_alert),
            "message-arrived": EventKind("message-arrived", facts.MessageArrived, contact.message_arrived),
            "message-bounced": EventKind("message-bounced", facts.MessageBounced, contact.message_bounced),
            "appointment-missed": EventKind(
                "appointment-missed", facts.AppointmentMissed, appointments.missed
            ),
            "page-answered": EventKind("page-answered", facts.PageAnswered, crisis.page_answered),
            "page-failed": EventKind("page-failed", facts.PageFailed, crisis.page_failed),
            "outside-emergency": EventKind(
                "outside-emergency", facts.OutsideEmergency, crisis.outside_emergency
            ),
            "consent-given": EventKind("consent-given", facts.ConsentGiven, consent.give),
            "consent-withdrawn": EventKind("consent-withdrawn", facts.ConsentWithdrawn, consent.withdraw),
            break_glass.FACT: EventKind(
                break_glass.FACT, GlassBroken, break_glass.glass_broken, between_cases=True
            ),
            "person-left": EventKind(
                "person-left", facts.PersonLeft, crisis.person_left, reaches=Reach.STAFF
            ),
            "person-moved": EventKind(
                "person-moved", facts.PersonLeft, crisis.person_left, reaches=Reach.STAFF
            ),
            "person-away": EventKind(
                "person-away", facts.PersonAway, ownership.person_away, reaches=Reach.STAFF
            ),
            "calendar-changed": EventKind(
                "calendar-changed", facts.CalendarChanged, cover.calendar_changed, reaches=Reach.ALL
            ),
            "student-left": EventKind(
                "student-left", facts.StudentLeft, contact.student_left, reaches=Reach.PERSON
            ),
            "student-deceased": EventKind(
                "student-deceased", facts.StudentDied, contact.student_died, reaches=Reach.PERSON
            ),
        }
    ),
    expiries={
        clocks.TRIAGE: ("triage-missed", intake.triage_missed),
        clocks.HAND_OVER: ("offer-unanswered", ownership.offer_unanswered),
        clocks.IDLE: ("owner-silent", ownership.owner_silent),
        clocks.ATTEMPT: ("attempt-due", contact.attempt_due),
        clocks.SILENCE: ("close-unanswered", contact.still_silent),
        clocks.WAIT: ("wait-over", contact.waited_long_enough),
        clocks.REOPEN: ("close", contact.close_resolved),
        clocks.RESOLUTION: ("review-resolution", contact.review),
        **duplicates.EXPIRIES,
        **appointments.EXPIRIES,
        clocks.CAN_WAIT: ("cannot-wait", crisis.nobody_says_it_can_wait),
        clocks.CONSENT: ("consent-over", consent.over),
        cover.COVER: ("cover-over", cover.cover_over),
        **TAKE_BACK_EXPIRIES,
    },
    corrections=CORRECTIONS,
    takes_back=TAKES_BACK,
    follow_ups=(FollowUp("ask-for-covers", cover.is_to_ask, cover.ask_for_covers),),
    completed={**duplicates.COMPLETED, **guardians.COMPLETED, **interpreters.COMPLETED},
    outlasting=access.OUTLASTING,
    audience=_audience,
    audiences={
        "owner": _owner,
        "lead": _lead,
        "duty:first": lambda _state: "staff-of:duty:first",
        "duty:second": lambda _state: "staff-of:duty:second",
    },
    facts=_facts,
    asked=crisis.paged,
    break_glass=GLASS,
    calls=Role.HEAD,
    tells=links.TELLS,
    takes=links.TAKES,
    home="support",
    keyed=True,
    receipt=intake.is_without_address,
    confidential=True,
    answers_since=lambda state, _step: state.received_at,
)
