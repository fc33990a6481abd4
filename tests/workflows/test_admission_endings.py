"""Every ending of an application, driven from outside."""

from schemas.admission import AnswerOffer, RecordEnrolment
from tests.office import Institute


async def test_enrolled(institute: Institute) -> None:
    """An application goes from arrival to enrolment, and its case ends."""
    case = await institute.apply()

    await case.to_offered()
    await case.event("offer-answered", answer="accepted")
    await case.decide(RecordEnrolment, "office-1", result="enrolled")

    assert await case.result() == "enrolled"
