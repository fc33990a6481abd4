"""Requests through the real servers, from their arrival to every ending of the table."""

import pytest

from embedded.mail import caught_mails
from gateway.problems import Problem
from schemas.outreach import commands
from schemas.outreach.stages import Stage
from tests.payloads import opened, payloads_in
from tests.workflows.outreach.test_requests import FORM


async def test_from_the_request_to_its_end(schools, mail) -> None:
    """Asked, accepted, confirmed, prepared, held, reported, closed; each letter to one reader."""
    request = await schools.ask()
    await request.to_confirmed()
    await request.decide(commands.RecordPrepared, "office-1")
    await request.forward(days=61)
    await request.until("state -> 'tasks' ? 'record-held'")
    await request.decide(commands.RecordHeld, "office-1", held=True, persons=38)
    await request.decide(commands.SubmitReport, "lecturer-1", remark_id=await request.text())
    await request.forward(days=92)
    assert await request.handle.result() == Stage.CLOSED
    assert await request.letters() == [
        "request-received>school",
        "lecture-request>lecturer-1",
        "please-confirm>school",
        *["date-settled>school", "lecture-settled>lecturer-1"] * 3,
        "survey>school",
    ]
    contact = await schools.owner.fetchval(
        "SELECT contact_email FROM iehe.outreach_requests WHERE case_id = $1", request.handle.id
    )
    assert contact is None
    caught = caught_mails(mail.folder)
    assert len(caught) == 10
    for each in caught:
        assert len(each.recipients) == len(each.message["To"].addresses) == 1
        assert each.message["Cc"] is None


async def test_declined(schools) -> None:
    """The school is told why; the case lasts until the contact is erased."""
    request = await schools.ask()
    receipt = await request.decide(commands.DeclineRequest, "office-1", reason="topic")
    assert (receipt.stage, receipt.outcome) == (Stage.DECLINED, Stage.DECLINED)
    await request.forward(days=92)
    assert await request.handle.result() == Stage.DECLINED
    assert await request.letters() == ["request-received>school", "request-declined>school"]


async def test_cancelled_by_the_school(schools) -> None:
    """The lecturer is free the moment it is written, and nobody is reminded."""
    request = await schools.ask()
    await request.to_confirmed()
    await request.event("school-cancelled")
    other = await schools.ask()
    await other.to_confirmed()
    await request.forward(days=92)
    assert await request.handle.result() == Stage.CANCELLED
    told = await request.letters()
    assert told[-2:] == ["lecture-released>lecturer-1", "request-cancelled>school"]


async def test_cancelled_because_nobody_came(schools) -> None:
    """No survey, no report."""
    request = await schools.ask()
    await request.to_confirmed()
    await request.forward(days=61)
    await request.decide(commands.RecordHeld, "office-1", held=False)
    await request.forward(days=92)
    assert await request.handle.result() == Stage.CANCELLED
    assert "survey>school" not in await request.letters()


async def test_silence_illness_and_a_closed_school(schools) -> None:
    """Who is silent has said no; who accepts late falls ill; the school closes: another date."""
    request = await schools.ask()
    await request.to_offering()
    await request.forward(days=11)
    await request.until("state -> 'asked' ->> 'lecturer-2' = 'asked'")
    await request.decide(commands.AnswerLecture, "lecturer-1", answer="yes")
    await request.decide(commands.ReleaseLecturer, "office-1", reason_id=await request.text())
    await request.until_stage(Stage.CHECKED)
    await request.decide(commands.NameLecturers, "office-1", lecturers=("lecturer-3",))
    day = request.dates[0].date().isoformat()
    await request.event("closure-announced", where="school", **{"from": day, "to": day})
    await request.until_stage(Stage.WAITING_DATE)
    moved = {"dates": [request.dates[1]], "reason": "school-closed", "school_agreed": True}
    await request.decide(commands.Reschedule, "office-1", **moved)
    await request.until_stage(Stage.CHECKED)


async def test_a_topic_that_is_not_of_the_year_is_refused_at_the_door(schools) -> None:
    """Nothing of it is stored, and the portal is told at once."""
    with pytest.raises(Problem) as refused:
        await schools.ask(topic="volcanoes")
    assert refused.value.status in (404, 409, 422)
    assert await schools.owner.fetchval("SELECT count(*) FROM iehe.events") == 0


async def test_nothing_personal_is_in_the_history(schools) -> None:
    """Temporal gets codes, counts and times; the contact and the school's words stay in the database."""
    request = await schools.ask()
    await request.to_confirmed()
    history = await request.handle.fetch_history()
    plain = await opened(history.events, schools.skipper.client.data_converter.payload_codec)
    said = " ".join(payload.data.decode() for event in plain for _, payload in payloads_in(event))
    for word in (
        FORM["school_name"],
        "花子",
        "sample@school",
        FORM["purpose"],
        FORM["place"],
        FORM["equipment"],
    ):
        assert word not in said
    assert "lecturer-1" in said


@pytest.mark.parametrize("end", ["cancelled", "closed"])
async def test_an_old_question_revives_nothing(schools, end) -> None:
    """An answer that comes after the end is refused and kept for a person."""
    request = await schools.ask()
    await request.to_offering()
    await request.event("school-cancelled")
    if end == "closed":
        await request.forward(days=92)
        assert await request.handle.result() == Stage.CANCELLED
        return
    await request.event("lecturer-answered", lecturer="lecturer-1", answer="yes")
    row = await request.until("state -> 'tasks' <> '{}'")
    assert row["stage"] == Stage.CANCELLED
