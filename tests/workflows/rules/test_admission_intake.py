"""Rules up to the review: parts, chasers, lateness, double intake, duplicates, exam adjustments."""

from datetime import date, timedelta

import pytest

from activities.admission.application_rules import age_on
from schemas.admission.commands import (
    ChangePolicy,
    ConfirmEligibility,
    DecideAccommodation,
    PermitLate,
    RecordDecision,
    ReopenDuplicate,
    ResolveDuplicate,
)
from schemas.admission.stages import Stage
from schemas.kernel.case import ActorKind, MoveDeadline, PauseDeadline
from schemas.kernel.refusals import Refusal
from tests.workflows.rules.builder import PARTS, Pure, changed_policy, default_policy, general, jst, new

CUTOFF = jst(2027, 2, 4, 12)
INSTANT = timedelta(microseconds=1)


def refused(code: str):
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


def permit(case: Pure, item: str, **span: float) -> None:
    case.decide(PermitLate, "office-1", item=item, until=case.now + timedelta(**span), reason_id="r1")


def missing_in(transition) -> list[str]:
    return [name["en"] for name in transition.notices[0].facts["missing"]]


# A2 completeness


@pytest.mark.parametrize("last", PARTS)
def test_a02_complete_only_with_every_part(last) -> None:
    """Whichever part is the last, the case goes on with it and not before."""
    case = new()
    for part in PARTS:
        if part != last:
            case.event("document-received", item=part)
    assert case.state.stage == Stage.COMPLETENESS
    case.event("document-received", item=last)
    assert case.state.stage == Stage.ELIGIBILITY


@pytest.mark.parametrize(
    ("fact", "item"), [("fee-paid", "fee"), ("recommendation-received", "recommendation")]
)
def test_a02_systems_bring_their_part(fact, item) -> None:
    """Payment system and school send facts whose type names the part."""
    case = new()
    case.event(fact)
    assert case.state.items[item].present


def test_a02_the_route_may_ask_for_the_common_test() -> None:
    """In the general selection nothing goes on without the common test's score."""
    case = general()
    case.event("post-arrived")
    case.event("fee-paid")
    case.event("document-received", item="transcript")
    assert case.state.stage == Stage.COMPLETENESS
    case.event("test-score-received")
    assert case.state.stage == Stage.ELIGIBILITY


def test_a02_what_is_missing_is_listed_by_name() -> None:
    """The applicant reads the names of the parts, in order, with the due time."""
    case = new()
    assert case.notices()[0] == ("application-received", "applicant")
    assert missing_in(case.last) == [
        "school transcript",
        "proof of identity",
        "letter of recommendation",
        "application fee",
    ]


def test_a02_a_revoked_part_is_missing_again() -> None:
    """Back to completeness with a deadline of its own, and only the revoked part is named."""
    case = new().complete()
    case.event("fee-refunded")
    assert case.state.stage == Stage.COMPLETENESS
    assert missing_in(case.last) == ["application fee"]
    assert "completeness" in case.state.deadlines


def test_a02_a_part_revoked_after_the_check_is_a_persons_task() -> None:
    """The review goes on while the office sees to it; the task ends when the part is back."""
    case = new().to_review()
    case.event("fee-refunded")
    assert case.state.stage == Stage.REVIEW
    assert "missing-part:fee" in case.state.tasks
    case.event("fee-paid")
    assert "missing-part:fee" not in case.state.tasks


def test_a02_an_optional_part_is_not_waited_for() -> None:
    """Only what is required counts."""
    items = [
        item.model_copy(update={"required": item.key != "recommendation"}) for item in default_policy().items
    ]
    case = new(items=tuple(items))
    for part in ("transcript", "identity", "fee"):
        case.event("document-received", item=part)
    assert case.state.stage == Stage.ELIGIBILITY
    case.event("document-revoked", item="recommendation")
    assert case.state.stage == Stage.ELIGIBILITY


def test_a02_an_unknown_part_is_refused() -> None:
    """What the route does not ask for is named back, with what it asks for."""
    with refused("unknown-item"):
        new().event("document-received", item="portfolio")


def test_a02_the_met_deadline_is_met() -> None:
    """What arrives in time ends the deadline as met, not as cancelled."""
    case = new().complete()
    assert {change.name: change.state for change in case.last.deadlines}["completeness"] == "met"


# A3 chasers


def test_a03_two_parties_are_chased_on_their_own_days() -> None:
    """The school on days 7, 14, 28 and the applicant on 9, 16, 30, each once, at nine in the morning."""
    case = new()
    chased = []
    for transition in case.wait(days=40):
        chased += [
            ((transition.at.date() - date(2026, 10, 1)).days, transition.at.hour, notice.to)
            for notice in transition.notices
        ]
    assert chased == [
        (7, 9, "referee"),
        (9, 9, "applicant"),
        (14, 9, "referee"),
        (16, 9, "applicant"),
        (28, 9, "referee"),
        (30, 9, "applicant"),
    ]


def test_a03_who_has_sent_is_not_chased() -> None:
    """With the recommendation there the school is left in peace; the applicant is told what still lacks."""
    case = new()
    case.event("recommendation-received")
    case.event("fee-paid")
    taken = case.wait(days=20)
    assert {to for transition in taken for to in [n.to for n in transition.notices]} == {"applicant"}
    assert missing_in(next(t for t in taken if t.notices)) == ["school transcript", "proof of identity"]


def test_a03_each_reminder_is_in_the_record() -> None:
    """The step tells which rung went to whom, also when nobody else could know."""
    case = new()
    (transition,) = case.wait_until(jst(2026, 10, 8, 9))
    assert transition.details == {"referee-1>referee": "completeness"}
    assert transition.actor.kind is ActorKind.CLOCK


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (jst(2026, 10, 8, 8), []),
        (jst(2026, 10, 9), ["recommendation-chaser"]),
        (jst(2026, 10, 11), ["recommendation-chaser", "items-chaser"]),
        (jst(2026, 11, 12), ["recommendation-chaser", "items-chaser"]),
    ],
)
def test_a03_after_an_outage_those_still_due_go_out_once(back, expected) -> None:
    """A daily job that missed its day loses nothing and repeats nothing."""
    case = new()
    taken = case.down_until(back)
    assert [notice.message for transition in taken for notice in transition.notices] == expected
    assert not case.act_on_time()


def test_a03_after_the_end_only_the_end_is_told() -> None:
    """Down beyond the deadline and its grace: no chaser for what can no longer come, one closing."""
    case = new()
    taken = case.down_until(jst(2027, 1, 20))
    assert [transition.step for transition in taken] == ["close-incomplete"]
    assert [notice.message for notice in taken[0].notices] == ["closed-incomplete"]


# A4 lateness


def test_a04_a_hard_part_after_the_deadline_is_refused() -> None:
    """Closed is closed, by the microsecond, also when it is typed in during the grace."""
    case = new()
    due = case.due("completeness")
    case.wait_until(due + timedelta(hours=1))
    with refused("too-late"):
        case.event("document-received", item="transcript", at=due + INSTANT)
    case.event("document-received", item="transcript", at=due)
    assert not case.state.items["transcript"].late


def test_a04_a_soft_part_counts_and_is_marked_late() -> None:
    """A letter of recommendation after the deadline is taken and marked."""
    case = new()
    case.wait_until(case.due("completeness") + timedelta(hours=1))
    case.event("recommendation-received")
    assert case.state.items["recommendation"].late
    assert case.records("item")[-1]["late"]


def test_a04_what_is_only_soft_does_not_close_a_case() -> None:
    """With nothing but a soft part missing a person decides how long to wait."""
    case = new()
    for part in ("transcript", "identity", "fee"):
        case.event("document-received", item=part)
    case.wait(days=60)
    assert case.state.stage == Stage.COMPLETENESS
    assert case.state.tasks.keys() == {"parts-overdue"}
    case.event("recommendation-received")
    assert case.state.stage == Stage.ELIGIBILITY
    assert case.state.items["recommendation"].late
    assert not {"parts-overdue"} & case.state.tasks.keys()


def test_a04_a_passed_deadline_that_is_moved_has_its_consequence_again() -> None:
    """A new due time for overdue parts is a deadline like any other: it ends the case."""
    case = new()
    for part in ("transcript", "identity", "fee"):
        case.event("document-received", item=part)
    case.wait(days=60)
    case.event("fee-refunded")
    case.decide(MoveDeadline, "office-1", deadline="completeness", due_at=case.now + timedelta(days=7))
    case.wait(days=30)
    assert (case.state.outcome, case.state.outcome_by) == ("incomplete", ActorKind.CLOCK)


def test_a04_a_named_late_part_is_permitted() -> None:
    """With a permit, until its time and for that part alone."""
    case = new()
    due = case.due("completeness")
    case.wait_until(due + timedelta(hours=1))
    permit(case, "transcript", days=5)
    with refused("too-late"):
        case.event("document-received", item="identity")
    case.wait(days=4)
    case.event("document-received", item="transcript")
    assert case.state.items["transcript"].late


def test_a04_the_clock_holds_still_for_a_permit() -> None:
    """A case is not closed before the permitted time is over, and is afterwards."""
    case = new()
    case.wait_until(case.due("completeness") + timedelta(hours=1))
    permit(case, "transcript", days=20)
    case.wait(days=20)
    assert not case.state.closed
    case.wait(days=3)
    assert case.state.outcome == "incomplete"


def test_a04_a_permit_ends() -> None:
    """After the permitted time the part is late again and refused."""
    case = new()
    case.wait_until(case.due("completeness") + timedelta(hours=1))
    permit(case, "transcript", hours=1)
    case.wait(hours=2)
    with refused("too-late"):
        case.event("document-received", item="transcript")


def test_a04_a_permit_for_a_paused_deadline_leaves_it_paused() -> None:
    """The permit does not start a clock that a person has stopped."""
    case = new()
    case.decide(PauseDeadline, "office-1", deadline="completeness")
    permit(case, "transcript", days=90)
    assert case.state.deadlines["completeness"].paused_at is not None


def test_a04_nothing_is_late_while_the_clock_is_stopped() -> None:
    """What arrives during a pause is in time."""
    case = new()
    case.decide(PauseDeadline, "office-1", deadline="completeness")
    case.wait(days=200)
    case.event("document-received", item="transcript")
    assert not case.state.items["transcript"].late


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"item": "transcript", "reason_id": None}, "reason-required"),
        ({"item": "portfolio", "reason_id": "r1"}, "unknown-item"),
        ({"item": "score:reviewer-1", "reason_id": "r1"}, "unknown-item"),
        ({"item": "transcript", "reason_id": "r1", "days": -1}, "deadline-in-past"),
    ],
)
def test_a04_a_permit_must_make_sense(values, code) -> None:
    """A known item, a reason, a time to come."""
    case = new()
    until = case.now + timedelta(days=values.pop("days", 1))
    with refused(code):
        case.decide(PermitLate, "office-1", until=until, **values)


# A5 counting


@pytest.mark.parametrize("hour", [0, 23])
def test_a05_thirty_working_days_until_their_end(hour) -> None:
    """Counted from the day after the receipt, over two holidays, to the end of the due day in Tokyo."""
    case = new(now=jst(2026, 10, 1, hour))
    assert case.due("completeness") == jst(2026, 11, 16, 23, 59, 59, 999999)


# A6 the clock's endings


def test_a06_incomplete_is_closed_by_the_clock() -> None:
    """The outcome says that no person decided it, and why it came."""
    case = new()
    case.wait(days=60)
    assert (case.state.outcome, case.state.outcome_by) == ("incomplete", ActorKind.CLOCK)
    assert case.last.actor.kind is ActorKind.CLOCK
    assert case.records("decision")[-1]["reason_code"] == "items-missing"


def test_a06_the_grace_lets_what_came_in_time_count() -> None:
    """Typed in a day after the due day, with its date: the case goes on."""
    case = new()
    due = case.due("completeness")
    case.wait_until(due + timedelta(days=1))
    for part in PARTS:
        case.event("document-received", item=part, at=due - timedelta(hours=1))
    assert case.state.stage == Stage.ELIGIBILITY


# A14 duplicates


def test_a14_a_possible_duplicate_is_put_to_a_human() -> None:
    """The task outlives the stages and holds up the eligibility."""
    case = Pure().open(possible_duplicates=("admission/T-0000",)).complete()
    assert "resolve-duplicate" in case.state.tasks
    with refused("duplicate-open"):
        case.decide(ConfirmEligibility, "office-1", eligible=True)


TWINS = ("admission/T-0008", "admission/T-0009")


@pytest.mark.parametrize(
    ("answer", "stage"),
    [
        ({"same_person": False}, Stage.COMPLETENESS),
        ({"same_person": True, "keep": True}, Stage.COMPLETENESS),
        ({"same_person": True}, Stage.WITHDRAWN),
    ],
)
def test_a14_what_the_human_says(answer, stage) -> None:
    """Another person, or the same one here or there; the finding is recorded with the other case."""
    case = Pure().open(possible_duplicates=TWINS[:1])
    case.decide(ResolveDuplicate, "office-1", **answer, reason_id="r1")
    assert case.state.stage == stage
    (found,) = case.records("duplicate-resolved")
    same = list(TWINS[:1]) if answer["same_person"] else []
    assert (found["others"], found["same_person"], found["reason_id"]) == ([TWINS[0]], same, "r1")
    assert "resolve-duplicate" not in case.state.tasks


def test_a14_without_a_finding_there_is_nothing_to_resolve() -> None:
    """Nobody can end a case as a duplicate of nothing."""
    with refused("no-duplicate"):
        new().decide(ResolveDuplicate, "office-1", same_person=True, reason_id="r1")


@pytest.mark.parametrize("answer", [{"same_person": False}, {"same_person": True, "duplicate_of": TWINS[:1]}])
def test_a14_a_finding_needs_its_reason(answer) -> None:
    """Whatever was found, it is said why."""
    case = Pure().open(possible_duplicates=TWINS)
    with refused("reason-required"):
        case.decide(ResolveDuplicate, "office-1", **answer)


def test_a14_among_several_candidates_one_is_named() -> None:
    """Twins are both candidates: unnamed, or naming somebody else, is refused with the list."""
    case = Pure().open(possible_duplicates=TWINS)
    with refused("duplicate-unnamed") as unnamed:
        case.decide(ResolveDuplicate, "office-1", same_person=True, reason_id="r1")
    with refused("unknown-duplicate") as stranger:
        other = ("admission/T-0007",)
        case.decide(ResolveDuplicate, "office-1", same_person=True, duplicate_of=other, reason_id="r1")
    assert unnamed.value.params["candidates"] == stranger.value.params["candidates"] == ", ".join(TWINS)

    named = {"same_person": True, "keep": True, "duplicate_of": TWINS[1:]}
    case.decide(ResolveDuplicate, "office-1", **named, reason_id="r1")

    (found,) = case.records("duplicate-resolved")
    assert (found["others"], found["same_person"]) == (list(TWINS), [TWINS[1]])
    assert case.last.details["duplicate_of"] == [TWINS[1]]


def test_a14_a_finding_can_be_taken_back_and_is_asked_again() -> None:
    """With a reason, in any undecided stage; until it is found again there is no decision."""
    case = Pure().open(possible_duplicates=TWINS)
    same = {"same_person": True, "keep": True, "duplicate_of": TWINS[:1]}
    case.decide(ResolveDuplicate, "office-1", **same, reason_id="r1")
    case.to_ranked()
    with refused("reason-required"):
        case.decide(ReopenDuplicate, "office-1")

    case.decide(ReopenDuplicate, "office-1", reason_id="r1")

    assert case.records("duplicate-resolved")[-1]["taken_back"]
    assert case.state.duplicate_of == []
    with refused("no-finding"):
        case.decide(ReopenDuplicate, "office-1", reason_id="r1")
    with refused("duplicate-open"):
        case.decide(RecordDecision, "head-1", decision="offered")
    case.decide(ResolveDuplicate, "office-1", same_person=False, reason_id="r1")
    case.decide(RecordDecision, "head-1", decision="offered")
    assert case.state.stage == Stage.OFFERED


def test_a14_an_ended_application_stays_ended() -> None:
    """The letter has gone out: what was found then is no longer taken back."""
    case = Pure().open(possible_duplicates=TWINS[:1])
    case.decide(ResolveDuplicate, "office-1", same_person=True, reason_id="r1")
    with refused("case-closed"):
        case.decide(ReopenDuplicate, "office-1", reason_id="r1")


# A15 exam adjustments


@pytest.mark.parametrize(
    ("asked_on", "sudden", "state"),
    [
        (date(2026, 8, 3), False, "requested"),
        (date(2026, 8, 4), False, "late"),
        (date(2026, 8, 4), True, "requested"),
    ],
    ids=["on the last day", "a day late", "sudden injury"],
)
def test_a15_due_a_month_before_applications_open(asked_on, sudden, state) -> None:
    """The round opens on 1 September; 1 August is a Saturday, so Monday the 3rd is the last day."""
    case = Pure().open(accommodation_requested_on=asked_on, accommodation_sudden=sudden)
    assert case.state.accommodation.due_on == date(2026, 8, 3)
    assert case.state.accommodation.state == state
    message = "accommodation-late" if state == "late" else "accommodation-received"
    assert (message, "applicant") in case.notices()


@pytest.mark.parametrize("result", ["granted", "partly_granted"])
def test_a15_a_late_request_is_granted_only_with_a_permit(result) -> None:
    """Without one it can only be refused."""
    case = Pure().open(accommodation_requested_on=date(2026, 9, 1))
    with refused("accommodation-late"):
        case.decide(DecideAccommodation, "office-1", result=result, reason_id="r1")
    permit(case, "accommodation", days=3)
    case.decide(DecideAccommodation, "office-1", result=result, reason_id="r1")
    assert case.state.accommodation.state == result


def test_a15_a_late_request_can_be_refused() -> None:
    """With a reason, without a permit."""
    case = Pure().open(accommodation_requested_on=date(2026, 9, 1))
    with refused("reason-required"):
        case.decide(DecideAccommodation, "office-1", result="refused")
    case.decide(DecideAccommodation, "office-1", result="refused", reason_id="r1")
    assert case.notices("accommodation-decided") == [("accommodation-decided", "applicant")]


def test_a15_the_decision_has_its_own_deadline() -> None:
    """It runs beside the case through its stages, and ends as met."""
    case = new()
    case.event("accommodation-requested", sudden=True)
    case.to_review()
    task = case.state.tasks["decide-accommodation"]
    assert task.due_at == case.due("decide-accommodation") == jst(2026, 10, 16, 23, 59, 59, 999999)
    case.decide(DecideAccommodation, "office-1", result="granted")
    assert {change.name: change.state for change in case.last.deadlines} == {"decide-accommodation": "met"}


def test_a15_nothing_is_decided_that_was_not_asked() -> None:
    """Without a request there is nothing to grant."""
    with refused("no-accommodation"):
        new().decide(DecideAccommodation, "office-1", result="granted")


# A16 double intake


def test_a16_a_registration_waits_for_its_post() -> None:
    """The registration alone is no application; the applicant is told until when the post must be there."""
    case = general()
    assert case.state.stage == Stage.SUBMITTED
    assert case.due("post") == CUTOFF
    assert case.notices() == [("application-received", "applicant")]


@pytest.mark.parametrize(
    ("arrived", "counts"),
    [(CUTOFF - INSTANT, True), (CUTOFF, True), (CUTOFF + INSTANT, False)],
)
def test_a16_the_hour_counts(arrived, counts) -> None:
    """Noon is in time, a moment later is not, entered in the grace either way."""
    case = general()
    case.wait_until(CUTOFF + timedelta(hours=3))
    if counts:
        case.event("post-arrived", at=arrived)
        assert case.state.stage == Stage.COMPLETENESS
    else:
        with refused("too-late"):
            case.event("post-arrived", at=arrived)


def test_a16_a_permitted_late_post_counts_and_is_marked() -> None:
    """The office may let one late parcel count, and the clock waits for it."""
    case = general()
    permit(case, "post", days=25)
    case.wait_until(CUTOFF + timedelta(days=8))
    case.event("post-arrived")
    assert case.last.details["late"] is True


def test_a16_without_post_the_clock_closes() -> None:
    """After the cutoff and the grace it was no application, by the clock."""
    case = general()
    case.wait_until(CUTOFF + timedelta(days=2))
    assert not case.state.closed
    case.wait(days=1)
    assert (case.state.outcome, case.state.outcome_by) == ("incomplete", ActorKind.CLOCK)
    assert case.records("decision")[-1]["reason_code"] == "post-not-received"


def test_a16_a_second_parcel_is_for_a_person() -> None:
    """Post for a case that waits for none is refused like any event out of place, and changes nothing."""
    case = general()
    case.event("post-arrived")
    with refused("wrong-stage"):
        case.event("post-arrived")
    assert case.event_or_task("post-arrived").details["code"] == "wrong-stage"


def test_a16_routes_without_it_begin_at_once() -> None:
    """Elsewhere a registration is an application."""
    assert new().state.stage == Stage.COMPLETENESS


def test_a16_parts_that_arrive_before_the_post_are_kept() -> None:
    """With everything else there, the post leads straight to the check."""
    case = general()
    for part in ("transcript", "common-test", "fee"):
        case.event("document-received", item=part)
    case.event("post-arrived")
    assert case.state.stage == Stage.ELIGIBILITY


# eligibility, age, policy


def test_ineligible_needs_a_reason() -> None:
    """The office cannot turn somebody away without one."""
    case = new().complete()
    with refused("reason-required"):
        case.decide(ConfirmEligibility, "office-1", eligible=False)
    case.decide(ConfirmEligibility, "office-1", eligible=False, reason_id="r1")
    assert (case.state.outcome, case.state.outcome_by) == ("ineligible", ActorKind.PERSON)


def test_the_check_is_a_task_that_is_done() -> None:
    """The office's task ends as done and its deadline as met."""
    case = new().complete()
    case.decide(ConfirmEligibility, "office-1", eligible=True)
    assert [(task.key, task.how) for task in case.last.tasks_closed] == [("check-eligibility", "done")]
    assert [(each.name, each.state) for each in case.last.deadlines] == [("check-eligibility", "met")]


@pytest.mark.parametrize(("age", "marked"), [(16, True), (17, False), (None, False)])
def test_too_young_is_marked_for_the_office(age, marked) -> None:
    """Below the policy's age at enrolment the record says so."""
    case = Pure().open(age_at_enrolment=age)
    assert ("below_minimum_age" in case.last.details) == marked


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(2008, 4, 2), date(2026, 4, 1), 17),
        (date(2008, 4, 2), date(2026, 4, 2), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2004, 3, 30), date(2026, 3, 26), 21),
    ],
)
def test_age_is_counted_by_the_calendar(birth, day, age) -> None:
    """Completed years, not days divided by 365, which makes people older before their birthday."""
    assert age_on(birth, day) == age
    if (birth, day) == (date(2004, 3, 30), date(2026, 3, 26)):
        assert (day - birth).days // 365 == age + 1


def change_policy(case: Pure, *kept: str, added: str | None = None) -> None:
    items = [item for item in default_policy().items if item.key in kept]
    if added:
        items.append(default_policy().items[0].model_copy(update={"key": added}))
    policy = changed_policy(items=tuple(items), version="v2")
    case.decide(ChangePolicy, "head-1", version=case.know(policy))


def test_a_policy_that_asks_for_less_lets_the_case_go_on() -> None:
    """When what lacked is no longer asked for, nothing more would arrive to move the case."""
    case = new()
    for part in ("transcript", "identity", "fee"):
        case.event("document-received", item=part)
    change_policy(case, "transcript", "identity", "fee")
    assert case.state.stage == Stage.ELIGIBILITY


def test_a_policy_that_asks_for_more_is_told() -> None:
    """Before the review the applicant is asked for the new part."""
    case = new().complete()
    change_policy(case, *PARTS, added="portfolio")
    assert case.state.stage == Stage.COMPLETENESS
    assert case.notices()[-2:] == [("application-complete", "applicant"), ("items-missing", "applicant")]


def test_a_policy_that_asks_for_more_later_is_a_persons_task() -> None:
    """In the review it becomes the office's task, and none any more when the next policy drops it."""
    case = new().to_review()
    change_policy(case, *PARTS, added="portfolio")
    assert "missing-part:portfolio" in case.state.tasks
    change_policy(case, *PARTS)
    assert "missing-part:portfolio" not in case.state.tasks


def test_a_policy_change_leaves_running_deadlines() -> None:
    """What was promised stays promised."""
    case = new()
    due = case.due("completeness")
    shorter = default_policy().completeness.model_copy(update={"days": 1})
    policy = changed_policy(completeness=shorter, version="v2")
    case.decide(ChangePolicy, "head-1", version=case.know(policy))
    assert case.due("completeness") == due
    assert case.state.policy is not None
    assert case.state.policy.version == "v2"


def test_a15_a_second_request_does_not_make_the_first_late() -> None:
    """A request in time stays one when something is added to it after the deadline."""
    case = new()
    case.event("accommodation-requested", requested_on="2026-06-01")
    case.wait(days=20)
    case.event("accommodation-requested", requested_on="2026-10-20")
    assert case.state.accommodation.state == "requested"
