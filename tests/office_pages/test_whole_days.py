"""Days that end only with the case: what offices do until nothing is left, with the time of a case moved."""

import asyncio
from datetime import datetime, timedelta

import pytest

from spreadsheets.admission.sample_files import write_csv
from tests.office_pages.applications import applications, to_committee
from tests.office_pages.day import Person, at_stage, do, open_decision
from tests.office_pages.stack import Stack, complete, request_of, started
from tests.office_pages.stay import TODAY

pytestmark = pytest.mark.timeout(400)  # the stack starts in the first test


async def test_the_chair_decides_a_tie(en, tmp_path):
    """Two ballots are tied; the chair is asked for the casting vote, which is a yes or a no."""
    stack = en.stack
    (row,) = applications("tied", 1)
    number, case_id = row["application_no"], f"admission/{row['application_no']}"
    write_csv(tmp_path / "tied.csv", [row])
    await stack.do("office-1", "admission", "import", tmp_path / "tied.csv")
    await complete(stack, number)
    await stack.do("office-1", "admission", "confirm-eligibility", number, "--eligible")
    await to_committee(stack, number)
    choices = ("abstain", "admit", "reject", "admit", "reject")
    for _ in range(2):
        async with asyncio.TaskGroup() as members:
            for member, choice in enumerate(choices, 1):
                vote = ("admission", "cast-vote", number, choice, "--reason", "As the reviews say.")
                members.create_task(stack.do(f"committee-{member}", *vote))
    async with en.person("committee-1") as chair:
        await chair.follow(f"/cases/{case_id}?task=casting-vote")
        await open_decision(chair, case_id, "cast-vote")
        await chair.choose("choice", "admit")
        assert await chair.page.locator("main [name=choice][value=abstain]").count() == 0
        await chair.write("reason", "The statement convinces.")
        await chair.step("check", "do")
        await chair.sees(en.say.stage("admission-review", "ranked"))


async def test_a_lecture_is_held_and_reported(en):
    """After the day the office says who was there, the lecturer reports, the contact is erased in time."""
    stack = en.stack
    await stack.by_day("school-outreach")
    case_id = await started(stack, "connection-1", "outreach", request_of("D106"))
    by_office = ("check-request",), ("name-lecturers", "--lecturers", "lecturer-1")
    for name, *more in by_office:
        await stack.do("connection-1", "outreach", name, case_id, *more)
    await stack.do("lecturer-1", "outreach", "answer-lecture", case_id, "yes")
    await stack.do("connection-1", "outreach", "confirm-by-phone", case_id, "confirmed")
    await stack.do("connection-1", "outreach", "record-prepared", case_id)
    await stack.forward(case_id, days=91)
    await stack.until("SELECT true FROM iehe.tasks WHERE case_id = $1 AND kind = 'record-held'", case_id)
    async with en.person("connection-1") as office:
        await office.follow(f"/cases/{case_id}?task=record-held")
        await do(office, case_id, "record-held", held="yes", persons="38")
        await office.sees(en.say.stage("school-outreach", "held"))
    async with en.person("lecturer-1") as lecturer:
        await lecturer.follow(f"/cases/{case_id}?task=submit-report")
        await do(lecturer, case_id, "submit-report", remark="They asked a lot.")
        await lecturer.sees(en.say.stage("school-outreach", "reported"))
    await stack.forward(case_id, days=91)
    await at_stage(stack, case_id, "closed")
    async with en.person("connection-1") as office:
        await office.go(f"/cases/{case_id}?tab=facts")
        await office.sees("38")
        await office.sees_not("sample@school.example.jp")


async def test_who_is_on_duty(ja):
    """Nobody whom two tested channels do not reach; shifts are planned, moved, passed on, taken away."""
    stack, words = ja.stack, ja.words
    begins = datetime.combine(TODAY + timedelta(days=9), datetime.min.time().replace(hour=9))
    times = {
        "begins_at": f"{begins:%Y-%m-%dT%H:%M}",
        "ends_at": f"{begins + timedelta(hours=8):%Y-%m-%dT%H:%M}",
    }
    async with ja.person("support-head-1") as head:
        await plan_shift(head, "duty-1", times)
        await head.sees(words("確認済みの連絡手段", "two tested channels"))
        await reached(stack, "duty-1", "duty-2")
        await plan_shift(head, "duty-1", times)
        await head.sees(ja.say("Done"))
        await head.go("/boards/support/list-support-rota")
        await head.sees("duty-1")
        shift = await stack.until("SELECT max(shift) FROM iehe.support_rota WHERE staff_id = 'duty-1'")
        await head.follow(f"/boards/support/move-support-shift?shift={shift}")
        for name, hours in (("begins_at", 1), ("ends_at", 9)):
            await head.give(name, f"{begins + timedelta(hours=hours):%Y-%m-%dT%H:%M}")
        await head.step("check", "do")
        await head.sees(ja.say("Done"))
    async with ja.person("duty-1") as giver:
        await giver.go("/boards/support/list-support-rota")
        await giver.follow(f"/boards/support/offer-support-shift?shift={shift}")
        await giver.give("staff_id", "duty-2")
        await giver.step("check", "do")
        await giver.sees(ja.say("Done"))
    async with ja.person("duty-2") as taker:
        await taker.go("/boards/support/list-support-rota")
        await taker.follow(f"/boards/support/answer-support-shift?shift={shift}")
        await taker.give("said", "accepted")
        await taker.step("check", "do")
        await taker.sees(ja.say("Done"))
    async with ja.person("support-head-1") as head:
        await head.go("/boards/support/list-support-rota")
        await head.sees("duty-2")
        await head.follow(f"/boards/support/remove-support-shift?shift={shift}")
        await head.step("check", "do")
        await head.sees(ja.say("Done"))
        await head.go("/boards/support/list-support-rota")
        await head.sees_not("duty-2")


async def plan_shift(person: Person, staff_id: str, times: dict[str, str]) -> None:
    """From the boards to the form of a shift."""
    await person.go("/boards/support")
    await person.follow("/boards/support/plan-support-shift")
    for name, value in {**times, "place": "first", "staff_id": staff_id}.items():
        await person.give(name, value)
    await person.step("check", "do")


async def reached(stack: Stack, *staff: str) -> None:
    """Their mail and their pager have given back the codes that `iehe staff channel test` has sent."""
    async with stack.owner() as owner:
        await owner.execute(
            "INSERT INTO iehe.webhooks (name, url) VALUES ('pager', 'https://pager.example.ac.jp/')"
            " ON CONFLICT DO NOTHING"
        )
        await owner.execute(
            "INSERT INTO iehe.staff_channels (staff_id, channel, address, tested_at)"
            " SELECT each, channel, CASE channel WHEN 'mail' THEN email ELSE each END, now()"
            " FROM unnest($1::text[]) AS each JOIN iehe.staff ON staff_id = each,"
            " unnest(ARRAY['mail', 'webhook:pager']) AS channel ON CONFLICT DO NOTHING",
            staff,
        )
