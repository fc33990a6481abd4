"""A student who is here for a moved year leaves a history that can be replayed in a moment."""

import statistics
import time
from datetime import timedelta

from schemas.exchange import commands
from tests.exchange.office import BEGINS, Institute
from workflows.kernel.case import HISTORY_OF_A_RUN

MONTHS = 10


async def test_a_moved_year_stays_far_below_the_events_of_a_run(institute: Institute) -> None:
    """With a signature and a payment a month, leave and return, an extension, and reminders all along."""
    case = await institute.nominate(last=(BEGINS + timedelta(days=320)).isoformat())
    await case.in_term()
    await case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    await case.decide(commands.ApplyScholarship, "office-1", what="nominate")
    await case.event("scholarship-result", result="granted", months=6)
    answers = []
    for number in range(MONTHS):
        await case.forward(days=29)
        today = await case.day()
        begun = time.monotonic()
        await case.decide(commands.GrantLeave, "office-1", leave=number % 2 == 0)
        answers.append(time.monotonic() - begun)
        await case.event("enrolment-signed", month=f"{today:%Y-%m}")
        await case.event("absence-recorded", first=today.isoformat(), last=today.isoformat(), excused=True)
    described = await case.handle.describe()
    assert described.history_length < HISTORY_OF_A_RUN
    # a bound for a busy machine; the figure stands in benchmarks/README.md
    assert statistics.median(answers) < 1
