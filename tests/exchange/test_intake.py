"""The nomination: formally right with a place in every frame, given back, waiting, changed by its master."""

from datetime import timedelta

import pytest

from schemas.exchange import commands
from schemas.exchange.stages import Stage
from tests.exchange.builder import IN_WINDOW, REASON, Pure, jst, refused
from workflows.exchange.dates import Term
from workflows.kernel.case_details import case_details


def test_x8_a_nomination_is_held_in_every_frame_of_persons_and_months() -> None:
    """One person, and the months of the stay as a decimal."""
    case = Pure(months="4.5").verify()
    (place,) = case.places.values()
    assert {line["frame"]: line["amount"] for line in place["lines"]} == {
        "exchange/27S/a1:persons": "1",
        "exchange/27S/a1:months": "4.5",
    }
    assert (place["state"], case.owed()) == ("held", ["quota"])


@pytest.mark.parametrize("measure", ["persons", "months"])
def test_x8_over_one_frame_it_is_not_verified_but_returned_or_waits(measure) -> None:
    """Whichever of them is full: nothing is held, and the office has two ways."""
    case = Pure()
    case.full.add(f"exchange/27S/a1:{measure}")
    before = case.stored
    with refused("frame-full"):
        case.decide(commands.Verify, "office-1", version=1)
    case.stored, case.places = before, {}
    case.decide(commands.Waitlist, "office-1", version=1, reason="over-quota")
    assert case.state.stage == Stage.WAITLISTED
    assert sorted(case.queued) == ["exchange/27S/a1:months", "exchange/27S/a1:persons"]
    other = Pure()
    other.decide(commands.ReturnNomination, "office-1", version=1, reason="over-quota")
    assert other.state.stage == Stage.RETURNED


def test_x8_an_agreement_without_places_in_the_term_is_said_so() -> None:
    """What to do is said."""
    with refused("no-quota"):
        Pure(agreement="none").verify()


def test_x9_verified_means_formally_right_and_not_accepted() -> None:
    """The partner sees pending, verified, rejected; the acceptance comes later, in a letter of its own."""
    case = Pure()
    assert case.records("seen-by-partner") == [{"kind": "seen-by-partner", "status": "pending"}]
    case.verify()
    assert case.records("seen-by-partner")[-1]["status"] == "verified"
    assert "nomination-accepted" not in dict(case.notices())
    assert ("nomination-verified", "coordinator") in case.notices()


def test_x9_the_home_university_may_cancel() -> None:
    """At any time before the departure; what was held is given back."""
    case = Pure().verify()
    case.event("mobility-changed", revision=2, status="cancelled")
    assert (case.state.stage, case.state.reason, case.owed()) == (Stage.WITHDRAWN, "home-cancelled", [])
    assert case.live() == []


@pytest.mark.parametrize(
    ("received", "taken"),
    [
        (jst(2026, 10, 1, 8, 59), False),
        (jst(2026, 10, 1, 9), True),
        (jst(2026, 11, 15, 14, 59, 59), True),
        (jst(2026, 11, 15, 15), False),
    ],
)
def test_x10_the_window_shuts_hard(received, taken) -> None:
    """To the second, on the clock of Japan; who is late is told so, and why."""
    case = Pure(now=received)
    assert (case.state.stage == Stage.NOMINATED) == taken
    if not taken:
        assert case.state.reason == "window-shut"
        assert case.sent("nomination-rejected")[0].facts == {"reason": "window-shut"}


def test_x10_the_windows_of_both_terms() -> None:
    """April: 1 October to 15 November; October: 10 January to 20 February."""
    policy = Pure().policy
    spring, autumn = Term("27S", policy), Term("27A", policy)
    assert (spring.opens, spring.closes) == (jst(2026, 10, 1, 9), jst(2026, 11, 15, 15))
    assert (autumn.opens, autumn.closes) == (jst(2027, 1, 10, 9), jst(2027, 2, 20, 15))
    assert (spring.next, autumn.next) == ("27A", "28S")
    assert (f"{spring.begins}", f"{autumn.ends}", f"{autumn.kept_until}") == (
        *("2027-04-01", "2028-03-20", "2027-10-31"),
    )
    assert spring.months(spring.ends)[0] == "2027-04"


def test_what_is_returned_is_corrected_in_the_same_case() -> None:
    """Seven days; the correction goes back to the office with the same history."""
    case = Pure()
    case.decide(commands.ReturnNomination, "office-1", version=1, reason="data-wrong", comment_id=REASON)
    assert case.due("correct-nomination").date() == (IN_WINDOW + timedelta(days=7)).date()
    assert case.sent("nomination-returned")[0].facts["reason"] == "data-wrong"
    case.facts = case.facts | {"months": "6", "revision": 2}
    case.event("mobility-changed", revision=2, fields=["months"])
    assert case.state.stage == Stage.NOMINATED
    assert (case.state.revision, str(case.state.months)) == (2, "6")
    case.verify()
    assert case.state.path == ["nominated", "returned", "nominated", "applying"]


def test_what_is_not_corrected_expires_and_the_partner_is_told() -> None:
    """After a reminder."""
    case = Pure()
    case.decide(commands.ReturnNomination, "office-1", version=1, reason="data-wrong")
    case.wait(days=9)
    assert (case.state.stage, case.state.reason) == (Stage.EXPIRED, "not-corrected")
    assert case.notices("please-correct") == [("please-correct", "coordinator")]
    assert case.sent("mobility-ended")[0].facts == {"ending": "expired"}


def test_x7_a_decision_on_an_older_revision_is_stale() -> None:
    """It says which one was seen and which one is there; nothing changes."""
    case = Pure()
    case.event("mobility-changed", revision=2, fields=["months"])
    for command in (commands.Verify, commands.ReturnNomination, commands.Reject, commands.Waitlist):
        more = {} if command is commands.Verify else {"reason": "data-wrong"}
        with refused("stale-nomination"):
            case.decide(command, "office-1", version=1, **more)
    assert case.state.stage == Stage.NOMINATED


def test_x5_student_home_and_host_never_change_under_an_id() -> None:
    """Names may; these are refused, and a person looks at it."""
    case = Pure().verify()
    for field in ("student", "home", "host"):
        step = case.event_or_task("mobility-changed", revision=2, fields=[field])
        assert (step.step, step.details["code"]) == ("refuse-event", "identity-changed")
    assert "look-at-event" in case.tasks()
    case.event("mobility-changed", revision=2, fields=["family"])
    assert case.state.revision == 2


def test_x1_a_change_after_the_office_has_looked_is_looked_at() -> None:
    """The copy follows its master, the place its months, and what was validated was another revision."""
    case = Pure().consented()
    case.facts = case.facts | {"months": "6"}
    case.event("mobility-changed", revision=2, fields=["months"])
    assert {line["amount"] for line in case.places[f"{case.case_id}#quota"]["lines"]} == {"1", "6"}
    assert case.state.validated is None
    assert "look-at-change" in case.tasks()
    with refused("stale-nomination"):
        case.decide(commands.Accept, "office-2", version=1)
    with refused("gate-shut"):
        case.decide(commands.Accept, "office-2", version=2)
    case.decide(commands.AcknowledgeChange, "office-1", version=2)
    assert "look-at-change" not in case.tasks()


def test_x3_an_older_revision_changes_nothing() -> None:
    """Notices come twice, and in any order."""
    case = Pure()
    case.event("mobility-changed", revision=3, fields=["months"])
    for late in (2, 3):
        assert case.event_or_task("mobility-changed", revision=late).details["code"] == "revision-old"
    assert case.state.revision == 3


def test_a_place_that_falls_free_goes_to_who_waits() -> None:
    """It is held in the same step, and the student may apply."""
    case = Pure()
    case.decide(commands.Waitlist, "office-1", version=1, reason="over-quota")
    case.event("place-freed", frame="exchange/27S/a1:persons")
    assert case.state.stage == Stage.APPLYING
    assert case.owed() == ["quota"]
    assert case.state.waits_for == []


def test_who_waits_after_screening_is_accepted_by_the_office() -> None:
    """It has been looked at: it does not apply again."""
    case = Pure().consented()
    case.decide(commands.Waitlist, "office-1", version=1, reason="faculty-full")
    assert case.owed() == []
    case.event("place-freed", frame="exchange/27S/a1:persons")
    assert case.state.stage == Stage.WAITLISTED
    assert "accept-from-list" in case.tasks()
    case.decide(commands.Accept, "office-2", version=1)
    assert case.state.stage == Stage.ACCEPTED


def test_who_waits_in_vain_expires_and_leaves_the_queues() -> None:
    """After sixty days, on the working day after them; nothing waits for it any more."""
    case = Pure()
    case.decide(commands.Waitlist, "office-1", version=1, reason="over-quota")
    case.wait(days=64)
    assert (case.state.stage, case.state.reason, case.queued) == (Stage.EXPIRED, "no-place", [])


def test_a_reason_is_one_of_the_list() -> None:
    """Said with the list."""
    case = Pure()
    for command in (commands.ReturnNomination, commands.Reject, commands.Waitlist, commands.Withdraw):
        version = {} if command is commands.Withdraw else {"version": 1}
        with refused("cause-unknown"):
            case.decide(command, "office-1", reason="because", **version)


def test_fenix_1523_who_is_accepted_nowhere_is_told() -> None:
    """Rejected or expired: partner and student hear of it, each once."""
    case = Pure().apply()
    case.decide(commands.Reject, "office-1", version=1, reason="level")
    assert case.notices("application-rejected") == [("application-rejected", "student")]
    assert case.notices("nomination-rejected") == [("nomination-rejected", "coordinator")]


def test_the_page_names_all_that_is_missing() -> None:
    """In the current details, by the stage that could follow."""
    case = Pure().coming()
    shown = case_details(case.process, case.state, None, case.process.missing(case.state))
    assert "- **missing for `ready`**: coe, visa, housing, slot" in shown
    assert "- **coe**: data due · 資料待ち" in shown
    assert "**owes if it ends**: `quota`" in shown
