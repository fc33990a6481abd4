"""Scholarship, learning agreement and tutor: each state of their tracks."""

import pytest

from schemas.exchange import commands
from schemas.exchange.stages import Agreement, Scholarship, Stage, Track, Tutor
from tests.exchange.builder import OTHER_SHA, REASON, SHA, Pure, refused
from workflows.exchange.tracks import TRACKS


def proposed() -> Pure:
    case = Pure().apply()
    case.event("agreement-proposed", sha256=SHA)
    return case


def signed() -> Pure:
    case = proposed()
    case.event("agreement-signed", version=1, sha256=SHA)
    case.decide(commands.SignAgreement, "faculty-1", version=1, sha256=SHA)
    return case


def test_every_track_state_can_be_reached_and_every_table_begins() -> None:
    """A state that no line leads to would be a state that nobody can be in."""
    for name, table in TRACKS.items():
        reached = {target for _, _, target in table.moves()} | {
            target for line in table.steps for target in line.to
        }
        assert reached == set(table.stages), name


# scholarship


@pytest.mark.parametrize(
    ("results", "at"),
    [
        (["granted"], Scholarship.GRANTED),
        (["refused"], Scholarship.NOT_GRANTED),
        (["substitute"], Scholarship.SUBSTITUTE),
        (["substitute", "granted"], Scholarship.GRANTED),
        (["substitute", "refused"], Scholarship.NOT_GRANTED),
    ],
)
def test_x19_the_foundation_grants_refuses_or_has_substitutes(results, at) -> None:
    """By rank: a substitute is granted when somebody gives up."""
    case = Pure().accepted()
    case.decide(commands.ApplyScholarship, "office-1", what="interest")
    assert "nominate-scholarship" in case.tasks()
    case.decide(commands.ApplyScholarship, "office-1", what="nominate")
    assert case.owed() == ["quota", "scholarship"]
    for result in results:
        case.event("scholarship-result", result=result)
    assert case.on(Track.SCHOLARSHIP) == at
    assert ("scholarship" in case.owed()) == (at in (Scholarship.GRANTED, Scholarship.SUBSTITUTE))


def test_a_scholarship_is_active_with_the_term() -> None:
    """Suspended and resumed by the office; ended with the stay; nothing is owed of it then."""
    case = Pure().granted()
    case = Pure()
    case.in_term()
    case.granted()
    assert case.on(Track.SCHOLARSHIP) == Scholarship.ACTIVE
    case.decide(commands.RecordScholarship, "office-1", result="suspend")
    assert case.on(Track.SCHOLARSHIP) == Scholarship.SUSPENDED
    case.decide(commands.RecordScholarship, "office-1", result="resume")
    assert case.on(Track.SCHOLARSHIP) == Scholarship.ACTIVE


def test_a_withdrawn_student_gives_the_nomination_back() -> None:
    """The foundation is told by a person; the next of its list comes."""
    case = Pure().accepted()
    case.decide(commands.ApplyScholarship, "office-1", what="nominate")
    case.decide(commands.Withdraw, "office-1", reason="studies")
    assert case.on(Track.SCHOLARSHIP) == Scholarship.NOT_GRANTED
    assert case.records("scholarship-told")[-1]["result"] == "given-back"
    assert case.tasks() == {"tell-foundation"}


def test_the_interest_of_a_withdrawn_student_is_over() -> None:
    """The foundation never heard of it, so there is nothing to tell it."""
    case = Pure().accepted()
    case.decide(commands.ApplyScholarship, "office-1", what="interest")
    case.decide(commands.Withdraw, "office-1", reason="studies")
    assert (case.on(Track.SCHOLARSHIP), case.owed(), case.tasks()) == (Scholarship.NOT_GRANTED, [], set())


# learning agreement


def test_an_agreement_is_signed_by_student_home_and_host_in_this_order() -> None:
    """The host not before home."""
    case = proposed()
    assert case.on(Track.AGREEMENT) == Agreement.PROPOSED
    with refused("signature-order"):
        case.decide(commands.SignAgreement, "faculty-1", version=1, sha256=SHA)
    case.event("agreement-signed", version=1, sha256=SHA)
    assert "sign-agreement" in case.tasks()
    case.decide(commands.SignAgreement, "faculty-1", version=1, sha256=SHA)
    assert (case.on(Track.AGREEMENT), case.tasks() & {"sign-agreement"}) == (Agreement.APPROVED, set())


def test_x7_first_approved_and_draft_are_kept() -> None:
    """A change is another version, signed by all three again; what was approved holds until then."""
    case = signed()
    case.event("agreement-proposed", sha256=OTHER_SHA)
    state = case.state
    assert case.on(Track.AGREEMENT) == Agreement.CHANGE_PROPOSED
    assert state.plan is not None
    assert state.approved is not None
    assert (state.plan.version, state.approved.version) == (2, 1)
    with refused("signature-order"):
        case.decide(commands.SignAgreement, "faculty-1", version=2, sha256=OTHER_SHA)
    case.event("agreement-signed", version=2, sha256=OTHER_SHA)
    case.decide(commands.SignAgreement, "faculty-1", version=2, sha256=OTHER_SHA)
    state = case.state
    assert state.approved is not None
    assert state.first_approved is not None
    assert (state.approved.version, state.first_approved.version) == (2, 1)


def test_esup_stage_169_a_signature_on_another_version_is_stale() -> None:
    """By version and by what stands in it: while one is signed another cannot slip in."""
    case = proposed()
    case.event("agreement-proposed", sha256=OTHER_SHA)
    for version, sha in ((1, SHA), (2, SHA), (1, OTHER_SHA)):
        assert (
            case.event_or_task("agreement-signed", version=version, sha256=sha).details["code"]
            == "stale-agreement"
        )
    case.event("agreement-signed", version=2, sha256=OTHER_SHA)
    with refused("stale-agreement"):
        case.decide(commands.SignAgreement, "faculty-1", version=1, sha256=SHA)


def test_either_side_sends_an_agreement_back() -> None:
    """Home by its comment, host with words; the student proposes the next version."""
    case = proposed()
    case.event("agreement-commented", version=1)
    assert case.on(Track.AGREEMENT) == Agreement.COMMENTED
    case.event("agreement-proposed", sha256=OTHER_SHA)
    case.event("agreement-signed", version=2, sha256=OTHER_SHA)
    with refused("reason-required"):
        case.decide(commands.SignAgreement, "faculty-1", version=2, sha256=OTHER_SHA, approve=False)
    case.decide(
        commands.SignAgreement,
        "faculty-1",
        version=2,
        sha256=OTHER_SHA,
        approve=False,
        comment_id=REASON,
    )
    assert case.on(Track.AGREEMENT) == Agreement.COMMENTED
    assert len(case.notices("agreement-returned")) == 2


# tutor


def test_a_tutor_is_assigned_met_replaced_and_free_again() -> None:
    """Each is told once; only who has room is taken."""
    case = Pure().accepted()
    with refused("tutor-not-free"):
        case.decide(commands.AssignTutor, "office-1", tutor="tutor-9")
    case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    with refused("tutor-assigned"):
        case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    case.decide(commands.RecordGuidance, "office-1")
    assert case.on(Track.TUTOR) == Tutor.GUIDED
    case.decide(commands.AssignTutor, "office-1", tutor="tutor-2")
    assert [(row["tutor"], row["what"]) for row in case.records("tutor-named")] == [
        ("tutor-1", "assigned"),
        ("tutor-1", "ended"),
        ("tutor-2", "assigned"),
    ]
    case.decide(commands.Withdraw, "office-1", reason="student")
    assert (case.on(Track.TUTOR), case.state.tutor) == (Tutor.ENDED, None)
    assert [to for _, to in case.notices("tutor-released")] == ["staff:tutor-1", "staff:tutor-2"]
    assert case.state.stage == Stage.WITHDRAWN
