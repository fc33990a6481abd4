"""The way of a student from the nomination to the transcript, and what each stage asks for."""

from schemas.exchange.stages import Stage
from tests.exchange.builder import Pure


def test_a_student_goes_from_the_nomination_to_the_transcript() -> None:
    """Every stage in its order, and at the end nothing is owed."""
    case = Pure().completed()
    assert case.state.path == [
        *(Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING, Stage.ACCEPTED, Stage.PRE_ARRIVAL, Stage.READY),
        *(Stage.ARRIVED, Stage.IN_TERM, Stage.DEPARTING, Stage.DEPARTED, Stage.COMPLETED),
    ]
    assert case.owed() == []
    assert case.state.outcome == Stage.COMPLETED
    assert not case.state.tasks
