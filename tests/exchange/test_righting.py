"""An answer to a nomination that was a slip, taken back by the rules alone."""

from schemas.exchange import commands
from schemas.exchange.stages import Stage
from schemas.kernel.corrections import CorrectData
from schemas.kernel.taking_back import ConfirmTakeBack, TakeBack
from tests.exchange.builder import Pure
from tests.pure import REASON, refused


def rejected(case: Pure) -> Pure:
    """Not taken, by a slip."""
    case.decide(commands.Reject, "office-1", version=case.state.revision, reason="level")
    return case


def version_of(case: Pure, step: str) -> int:
    return max(each.version for each in case.log if each.step == step)


def test_a_rejected_application_has_its_place_again() -> None:
    """The letter and the place are outside: another person confirms; it is screened as before."""
    case = rejected(Pure().apply())
    assert case.live() == []
    case.decide(TakeBack, "office-1", taken=version_of(case, "reject"), reason_id=REASON)
    assert case.state.stage == Stage.REJECTED
    with refused("own-take-back"):
        case.decide(ConfirmTakeBack, "office-1")
    case.decide(ConfirmTakeBack, "head-1")
    assert case.state.stage == Stage.SCREENING
    assert len(case.live()) == 1
    assert (case.state.outcome, case.state.reason) == (None, None)
    assert case.notices("decision-taken-back") == [("decision-taken-back", "coordinator")]


def test_where_the_place_is_gone_it_is_refused() -> None:
    """Somebody else has it: what was decided stands, and the appeal or the list is the way."""
    case = rejected(Pure().verify())
    case.decide(TakeBack, "office-1", taken=version_of(case, "reject"), reason_id=REASON)
    case.full.add("exchange/27S/a1:persons")
    with refused("frame-full"):
        case.decide(ConfirmTakeBack, "head-1")


def test_a_nomination_returned_by_a_slip_is_looked_at_again() -> None:
    """It was good as it was."""
    case = Pure()
    case.decide(commands.ReturnNomination, "office-1", version=case.state.revision, reason="data-wrong")
    case.decide(TakeBack, "office-1", taken=version_of(case, "return"), reason_id=REASON)
    case.decide(ConfirmTakeBack, "head-1")
    assert case.state.stage == Stage.NOMINATED
    case.verify()


def test_the_student_hears_of_a_correction() -> None:
    """At the right address what was corrected, at the old one that it is used no more."""
    case = Pure().verify()
    case.decide(CorrectData, "office-1", record="student", values_id=REASON, reason_id=REASON)
    assert [message for message, _ in case.notices()][-2:] == ["data-corrected", "address-corrected"]
