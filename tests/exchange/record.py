"""Record the histories of mobilities that the replay test holds fixed, as `tests/replay/record.py` does.

Not collected with the tests: `make record-histories` names this file.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import pytest

from schemas.exchange import commands
from tests.exchange.office import BEGINS, LAST, Institute, Mobility
from tests.replay.recorded import client, keep, missing  # noqa: F401 - a fixture
from workflows.exchange.process import EXCHANGE

BOTH = ("student", "partner")


async def finish(case: Mobility) -> Mobility:
    """What is left for people is done, and the run ends."""
    await case.until("closed_at IS NOT NULL AND state -> 'owes' = '[]'")
    rows = await case.house.owner.fetch(
        "SELECT key, kind FROM iehe.tasks WHERE case_id = $1 AND closed_at IS NULL", case.handle.id
    )
    if any(row["kind"] == "report-immigration" for row in rows):
        await case.decide(commands.ReportImmigration, "office-1")
    for row in rows:
        if row["kind"] in ("strike-off", "tell-foundation"):
            await case.complete(row["key"])
    await case.handle.result()
    return case


async def completed(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.in_term()
    await case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    for month in await case.months():
        await case.event("enrolment-signed", month=month)
    await case.forward(days=120)
    await case.until_stage("departing")
    await case.decide(commands.RecordWardOffice, "office-1")
    await case.forward(days=25)
    await case.decide(commands.RecordDeparture, "office-1", on=await case.day())
    await case.event("grades-ready")
    await case.decide(commands.ReleaseTranscript, "registrar-1", version=1)
    return await finish(case)


async def rejected(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.apply()
    await case.decide(commands.Reject, "office-1", version=1, reason="level")
    await case.forward(days=20)
    return await finish(case)


async def declined(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.accepted()
    await case.event("offer-answered", offer="place", answer="no")
    return await finish(case)


async def expired(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.decide(commands.ReturnNomination, "office-1", version=1, reason="data-wrong")
    await case.forward(days=20)
    return await finish(case)


async def withdrawn(institute: Institute) -> Mobility:
    """With everything taken that there is."""
    case = await institute.nominate()
    await case.in_term()
    await case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    await case.event("student-withdrew", reason="family")
    return await finish(case)


async def deferred(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.coming()
    await case.decide(commands.RecordCoeData, "office-1")
    await case.decide(commands.FileCoe, "office-1", batch="b1")
    await case.event("coe-result", batch="b1", result="denied", on=(await case.day()).isoformat())
    await case.decide(commands.ChooseAfterDenial, "head-1", choice="defer")
    return await finish(case)


async def coe_denied(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.coming()
    await case.decide(commands.RecordCoeData, "office-1")
    await case.decide(commands.FileCoe, "office-1", batch="b1")
    await case.event("coe-result", batch="b1", result="more-documents", on=(await case.day()).isoformat())
    await case.decide(commands.FileCoe, "office-1", batch="b1")
    await case.event("coe-result", batch="b1", result="denied", on=(await case.day()).isoformat())
    await case.decide(commands.ChooseAfterDenial, "head-1", choice="cancel")
    return await finish(case)


async def visa_refused(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.coming()
    await case.decide(commands.RecordCoeData, "office-1")
    await case.decide(commands.FileCoe, "office-1", batch="b1")
    today = (await case.day()).isoformat()
    await case.event("coe-result", batch="b1", result="issued", on=today)
    await case.event("visa-result", result="refused", on=today)
    await case.decide(commands.ChooseAfterDenial, "head-1", choice="cancel")
    return await finish(case)


async def no_show(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.ready()
    await case.forward(days=40)
    await case.decide(commands.DeclareNoShow, "head-1", contacts=BOTH)
    return await finish(case)


async def early_return(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.in_term()
    await case.decide(commands.ApplyScholarship, "office-1", what="nominate")
    await case.event("scholarship-result", result="granted", months=5)
    for month in await case.months():
        await case.event("enrolment-signed", month=month)
        await case.event("month-paid", month=month)
    await case.decide(commands.RecordEarlyReturn, "office-1", on=BEGINS)
    await case.until("closed_at IS NOT NULL AND state -> 'owes' = '[]'")
    await case.decide(commands.ReturnScholarship, "office-1")
    return await finish(case)


async def missing_for_good(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.in_term()
    await case.decide(commands.DeclareMissing, "head-1", contacts=BOTH)
    await case.forward(days=200)
    return await finish(case)


async def running_found(institute: Institute) -> Mobility:
    """Missing, found, and a month that nobody signed."""
    case = await institute.nominate()
    await case.in_term()
    await case.decide(commands.DeclareMissing, "head-1", contacts=BOTH)
    await case.decide(commands.RecordFound, "head-1")
    await case.forward(days=30)
    return case


async def running_with_what_cannot_be_given_back(institute: Institute) -> Mobility:
    """A place that is gone from the ledger: tried again, then a task; the rest is given back."""
    case = await institute.nominate()
    await case.coming()
    place = f"{case.handle.id}#quota"
    await institute.owner.execute("DELETE FROM iehe.places WHERE place = $1", place)
    await case.event("student-withdrew", reason="family")
    await case.until("state -> 'owes' -> 0 ->> 'tries' = '1'")
    await case.forward(days=1)
    await case.until("state -> 'tasks' ? 'undo-by-hand:quota'")
    return case


async def running_in_term(institute: Institute) -> Mobility:
    case = await institute.nominate()
    await case.in_term()
    await case.decide(
        commands.Extend, "office-1", last=LAST + timedelta(days=20), home_agrees=True, reason_id=None
    )
    return case


SCENARIOS: Final[dict[str, Callable[[Institute], Awaitable[Mobility]]]] = {
    scenario.__name__: scenario
    for scenario in (
        completed,
        rejected,
        declined,
        expired,
        withdrawn,
        deferred,
        coe_denied,
        visa_refused,
        no_show,
        early_return,
        missing_for_good,
        running_found,
        running_with_what_cannot_be_given_back,
        running_in_term,
    )
}


@pytest.mark.parametrize("name", missing(EXCHANGE.name, SCENARIOS))
async def test_record(name: str, institute: Institute) -> None:
    """Play a scenario that has no history yet and keep its."""
    case = await SCENARIOS[name](institute)
    keep(EXCHANGE.name, name, await case.handle.fetch_history())
