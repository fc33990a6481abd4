"""Dates of a round that are moved for everybody, as after a disaster: told to all, each once."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from activities.kernel.scheduled import no_fault
from schemas.kernel.case import CompleteTask, EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.step import Decided, FactTold
from schemas.round import commands
from schemas.round.dates import MoveDates
from tests.round.bureau import ANN, CASE, CHECKER, CLOSES, ENROL_BY, HEAD, RELEASE, Bureau
from tests.round.test_rules import FOUR, refused
from workflows.round.process import ROUND

LATER = timedelta(days=7)


class Died(Exception):
    """The worker is gone."""


async def declared(
    bureau: Bureau, event: str = "one", area: str = "JP-17", since: str = "2027-02-20"
) -> None:
    """Another system says that there was a disaster."""
    said = {
        "specversion": "1.0",
        "id": event,
        "source": "/test",
        "type": event_type(ROUND.name, "disaster-declared"),
        "subject": CASE,
        "time": bureau.now.isoformat(),
        "data": {"area": area, "since": since, "until": "2027-02-27"},
    }
    await bureau.take(FactTold(event=EventEnvelope.model_validate(said)))


async def moved(bureau: Bureau, **dates: Any) -> None:
    await bureau.decide(MoveDates, HEAD, reason="disaster", **dates)


async def told(bureau: Bureau) -> list[dict[str, Any]]:
    """What applications are told, by its revisions."""
    rows = await bureau.owner.fetch(
        "SELECT data, revision FROM iehe.facts WHERE type LIKE '%.dates-moved' ORDER BY revision"
    )
    return [{**json.loads(row["data"]), "revision": row["revision"]} for row in rows]


async def due(bureau: Bureau, deadline: str) -> datetime:
    return (await bureau.state()).deadlines[deadline].due_at


async def test_a_disaster_is_one_task_of_the_head_however_often_it_is_told(bureau: Bureau) -> None:
    """Another area is another task; who sees that nothing has to move says so."""
    await bureau.fixed()
    await declared(bureau)
    await declared(bureau, "again")
    await declared(bureau, "elsewhere", area="JP-18")
    ours = {"move-dates:JP-17-2027-02-20", "move-dates:JP-18-2027-02-20"}
    assert await bureau.tasks() >= ours
    await bureau.decide(CompleteTask, HEAD, task="move-dates:JP-18-2027-02-20")
    await declared(bureau, "once-more", area="JP-18")
    assert await bureau.tasks() & ours == {"move-dates:JP-17-2027-02-20"}
    assert await told(bureau) == []


async def test_new_dates_are_told_to_all_by_one_fact_and_what_was_announced_stays(bureau: Bureau) -> None:
    """What counts to a moved date counts to the new one; the next move is the next revision of the fact."""
    await bureau.fixed()
    await declared(bureau)
    await moved(bureau, closes_at=CLOSES + LATER, exam_on=date(2027, 3, 1), release_at=RELEASE + LATER / 7)
    state = await bureau.state()
    assert (state.closes_at, state.exam_on) == (CLOSES + LATER, date(2027, 3, 1))
    assert await due(bureau, "applications") == CLOSES + LATER
    assert not [task for task in state.tasks if task.startswith("move-dates")]
    await bureau.goes_on(CLOSES + timedelta(minutes=1))
    assert (await bureau.state()).stage == "open"
    await bureau.goes_on(CLOSES + LATER + timedelta(minutes=1))
    assert (await bureau.state()).stage == "scoring"
    assert (await due(bureau, "exam-scores")).date() == date(2027, 3, 8)
    await moved(bureau, exam_on=date(2027, 3, 2))
    assert (await due(bureau, "exam-scores")).date() == date(2027, 3, 9)
    first, second = await told(bureau)
    assert (first["revision"], second["revision"]) == (1, 2)
    assert (first["move"], first["exam_on"]) == (1, "2027-03-01")
    # all that were ever moved are told together: who has missed the first hears of both
    assert (second["move"], second["exam_on"], second["release_at"]) == (2, "2027-03-02", first["release_at"])
    announced = await bureau.owner.fetchrow("SELECT closes_at, exam_on FROM iehe.round_rounds")
    assert tuple(announced) == (CLOSES, date(2027, 2, 25))
    rows = await bureau.owner.fetch(
        "SELECT move, moved_by, exam_on, enrol_by FROM iehe.round_moved_dates ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [
        (1, HEAD.id, date(2027, 3, 1), None),
        (2, HEAD.id, date(2027, 3, 2), None),
    ]


async def test_an_application_is_late_after_the_moved_close_and_never_sooner(bureau: Bureau) -> None:
    """Whatever admission's own period says; a close that was moved to an earlier day takes nothing away."""
    await bureau.fixed()
    closes = "SELECT iehe.admission_closes_at('2027-general', $1)"
    assert await bureau.office.fetchval(closes, CLOSES) == CLOSES
    await moved(bureau, closes_at=CLOSES + LATER)
    assert await bureau.office.fetchval(closes, CLOSES) == CLOSES + LATER
    await moved(bureau, closes_at=CLOSES - LATER)
    assert await bureau.office.fetchval(closes, CLOSES) == CLOSES


async def test_the_same_announcement_again_is_no_other_one_after_a_move(bureau: Bureau) -> None:
    """Who announces the round sends it twice."""
    await bureau.fixed()
    await moved(bureau, enrol_by=ENROL_BY + LATER)
    form = {"closes_at": CLOSES, "release_at": RELEASE, "enrol_by": ENROL_BY, "exam_on": "2027-02-25"}
    stored = json.dumps(form, default=str)
    await bureau.owner.execute("SELECT iehe.round_store('2027-GENERAL', $1::jsonb)", stored)


async def test_what_is_over_or_out_of_order_is_not_moved(bureau: Bureau) -> None:
    """Each fault is named, and nothing changes."""
    await bureau.judging(FOUR)
    before = (await bureau.state()).version
    by = {"reason": "disaster"}
    await refused(bureau, "dates-unchanged", MoveDates, HEAD, **by)
    await refused(bureau, "dates-unchanged", MoveDates, HEAD, **by, release_at=RELEASE)
    await refused(bureau, "date-over", MoveDates, HEAD, **by, closes_at=RELEASE)
    await refused(bureau, "date-past", MoveDates, HEAD, **by, release_at=bureau.now - LATER)
    wrong = await refused(bureau, "dates-disordered", MoveDates, HEAD, **by, release_at=ENROL_BY)
    assert wrong.params == {"earlier": "release_at", "later": "enrol_by"}
    await refused(bureau, "dates-disordered", MoveDates, HEAD, **by, make_up_on=RELEASE.date())
    await refused(bureau, "role-missing", MoveDates, CHECKER, **by, release_at=RELEASE + timedelta(days=1))
    assert ((await bureau.state()).version, await told(bureau)) == (before, [])


async def test_a_scheduled_hour_is_held_before_it_is_moved(bureau: Bureau) -> None:
    """Whoever reads the countdown sees one hour; enrolment can be moved meanwhile."""
    await bureau.judging(FOUR)
    await bureau.confirmed()
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=RELEASE)
    hour = RELEASE + timedelta(days=2)
    await refused(bureau, "release-scheduled", MoveDates, HEAD, reason="disaster", release_at=hour)
    await moved(bureau, enrol_by=ENROL_BY + LATER)
    await bureau.decide(commands.HoldRelease, HEAD, reason="disaster")
    await moved(bureau, release_at=hour)
    await bureau.decide(commands.ScheduleRelease, HEAD, hour=hour)
    await bureau.goes_on(RELEASE + timedelta(hours=1))
    assert await bureau.result("A0001") == []
    await bureau.goes_on(hour)
    assert await bureau.result("A0001") == ["admitted"]


async def test_no_list_is_confirmed_before_the_make_up_examination(bureau: Bureau) -> None:
    """Who could not come is absent in the first file; their scores make the lists anew."""
    await bureau.judging({**FOUR, "A0003": ("absent", 95)})
    await moved(bureau, make_up_on=date(2027, 3, 3))
    assert (await due(bureau, "make-up-scores")).date() == date(2027, 3, 10)
    await bureau.prepare("law")
    await bureau.judge("law")
    seen = await bureau.hash()
    await refused(bureau, "make-up-open", commands.ConfirmList, CHECKER, programme="law", hash=seen)
    early = {"task": "make-up-scores"}
    await refused(bureau, "make-up-to-come", CompleteTask, ANN, **early)
    await bureau.goes_on(datetime.fromisoformat("2027-03-05T09:00:00+09:00"))
    await bureau.scores({"A0003": (99, 95)})
    await bureau.decide(CompleteTask, ANN, **early)
    assert "make-up-scores" not in (await bureau.state()).deadlines
    await bureau.rank()
    await bureau.confirmed()
    assert (await bureau.listed())[0][:2] == ("A0003", "admitted")
    assert (await bureau.state()).stage == "confirmed"


@pytest.mark.parametrize("policy", [{"outputs": ["board", "letters"]}])
async def test_enrolment_is_moved_after_the_results_and_never_to_a_shorter_time(bureau: Bureau) -> None:
    """Letters say until when: they are put out anew, and compared again."""
    await bureau.judging(FOUR)
    await bureau.released()
    await bureau.compared()
    assert await bureau.tasks() == set()
    sooner = ENROL_BY - timedelta(days=1)
    await refused(bureau, "enrolment-shortened", MoveDates, HEAD, reason="disaster", enrol_by=sooner)
    before = await bureau.content("letters")
    await moved(bureau, enrol_by=ENROL_BY + LATER)
    assert await due(bureau, "enrolment") == ENROL_BY + LATER
    assert await bureau.tasks() == {"compare-output:letters"}
    assert await bureau.content("letters") != before
    await bureau.compared()
    assert await bureau.tasks() == set()


async def test_calls_begin_when_they_were_moved_to(bureau: Bureau) -> None:
    """And not at the hour of the policy."""
    await bureau.judging(FOUR)
    await bureau.released()
    calls = datetime.fromisoformat("2027-03-29T09:00:00+09:00")
    await moved(bureau, promote_from=calls)
    await bureau.goes_on(calls - timedelta(minutes=2))
    assert (await bureau.state()).stage == "enrolling"
    await bureau.goes_on(calls + timedelta(minutes=2))
    assert (await bureau.state()).stage == "supplementing"


async def test_whoever_dies_after_a_move_was_written_has_told_it_once(bureau: Bureau) -> None:
    """The command comes again, and is the one that was carried out."""

    async def die(point: str) -> None:
        if point == "written:move-dates":
            raise Died

    await bureau.fixed()
    made = MoveDates(command_id="move-1", actor=HEAD, reason="disaster", enrol_by=ENROL_BY + LATER)
    message = Decided(step=made.step, command=made.model_dump(mode="json"))
    bureau.fault = die
    with pytest.raises(Died):
        await bureau.take(message)
    bureau.fault = no_fault
    assert (await bureau.take(message)).refused is None
    assert [fact["move"] for fact in await told(bureau)] == [1]
    assert (await bureau.state()).moves == 1
