"""Whole stays of exchange students, on the pages: to the transcript, or to another end before it."""

import asyncio
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from office.pages import SAID
from tests.documents.desk import jpeg, png
from tests.office_pages.day import House, Person, at_stage, do, open_decision, tell
from tests.office_pages.stack import Stack
from tests.office_pages.stay import (
    BEGINS,
    LAST,
    SEED,
    TERM,
    TODAY,
    Stay,
    by_a_short_list,
    nominated,
    open_house,
)

pytestmark = pytest.mark.timeout(400)  # the stack starts in the first test, and a stay has eighty steps
FIRST_PLAN, SECOND_PLAN, THIRD_PLAN = "1" * 64, "2" * 64, "3" * 64


async def test_an_exchange_student_from_the_nomination_to_the_transcript(ja, tmp_path):
    """Every office does its part on the pages; at the end the case is completed and owes nothing."""
    stack = ja.stack
    await by_a_short_list(stack)
    await stack.by_day("dormitory-allocation")
    run = await open_house(stack)
    async with ja.person("exchange-1") as office:
        case_id = await nominate(ja, office)
        await put_right(office, case_id)
        await apply(ja, office, case_id, tmp_path)
        await screen(ja, office, case_id)
        await get_papers(ja, office, case_id, TODAY + timedelta(days=51))
        await move_in(ja, office, case_id, run, tmp_path)
        await arrive(ja, office, case_id)
        await look_after(ja, office, case_id)
        await settle(ja, office, case_id)
        await study(ja, office, case_id)
        await leave(ja, office, case_id)


async def test_nominations_that_do_not_become_a_stay(en):
    """Rejected, looked at again upon an objection, put on the list, given up."""
    stack = en.stack
    await by_a_short_list(stack)
    async with en.person("exchange-1") as office:
        case_id = await nominate(en, office)
        await do(office, case_id, "reject", version="1", reason="level")
        async with en.person("panel-1") as panel:
            await panel.go(f"/cases/{case_id}")
            await do(panel, case_id, "decide-appeal", filed=f"{TODAY}", result="upheld", reason="A slip.")
        await at_stage(stack, case_id, "nominated")
        await do(office, case_id, "waitlist", reason="faculty-full", reason_in_words="No seat in seminars.")
        await office.go(f"/cases/{case_id}?tab=words")
        await office.sees("No seat in seminars.")
        await office.go(f"/cases/{case_id}")
        await do(office, case_id, "withdraw", reason="studies")
        await office.sees(en.say.stage("exchange-onboarding", "withdrawn"))


async def test_stays_that_end_otherwise(en):
    """Put off to another term; given up; nobody came; gone home early, with money to pay back."""
    stack = en.stack
    await by_a_short_list(stack)
    async with asyncio.TaskGroup() as students:
        for end in (put_off, not_come, gone_early):
            students.create_task(end(en, stack))


async def put_off(house: House, stack: Stack) -> None:
    """The advisor's yes came by mail; a term later there is a case of its own. Another one gives up."""
    student = await nominated(stack)
    await student.screening()
    await student.do("exchange-1", "ask-advisor", "advisor-1")
    async with house.person("exchange-1") as office:
        await tell(office, student.case_id, "advisor-answered", answer="yes")
        await student.coming()
        await office.go(f"/cases/{student.case_id}")
        await do(office, student.case_id, "defer", reason="An operation.")
        await office.sees(house.say.stage("exchange-onboarding", "deferred"))
        later = str(
            await stack.until(
                "SELECT state ->> 'deferred_to' FROM iehe.cases WHERE case_id = $1", student.case_id
            )
        )
        await at_stage(stack, later, "nominated")
        another = await nominated(stack)
        await tell(office, another.case_id, "student-withdrew", reason="studies")
        await at_stage(stack, another.case_id, "withdrawn")


async def not_come(house: House, stack: Stack) -> None:
    """Another place to live was found, and nobody got off the plane: not before everybody was asked."""
    student = await nominated(stack)
    await advised(student)
    await student.coming()
    async with house.person("exchange-1") as office:
        await office.go(f"/cases/{student.case_id}")
        await do(office, student.case_id, "find-housing")
    await student.ready(datetime.combine(BEGINS, datetime.min.time().replace(hour=10)))
    await stack.forward(student.case_id, days=84)
    await stack.until(
        "SELECT true FROM iehe.tasks WHERE case_id = $1 AND kind = 'contact' AND closed_at IS NULL",
        student.case_id,
    )
    async with house.person("exchange-head-1") as head:
        await head.go("/")
        await head.follow(f"/cases/{student.case_id}?task=contact")
        await open_decision(head, student.case_id, "declare-no-show")
        await head.tick("contacts", "student")
        await head.step("check", "do")
        await head.sees(house.say("It was not done"))
        await head.tick("contacts", "partner")
        await head.write("reason", "Nobody has heard of them.")
        await head.step("check", "do")
        await head.sees(house.say.stage("exchange-onboarding", "no-show"))


async def gone_early(house: House, stack: Stack) -> None:
    """A month was paid that does not count: the office sees to it that it comes back."""
    student, month = await nominated(stack), f"{BEGINS:%Y-%m}"
    await advised(student)
    for what in ("interest", "nominate"):
        await student.do("exchange-1", "apply-scholarship", what)
    await student.do("exchange-1", "record-scholarship", "granted", "--months", 4)
    await student.coming()
    await student.do("exchange-1", "find-housing")
    await student.ready(datetime.combine(BEGINS, datetime.min.time().replace(hour=10)))
    await stack.forward(student.case_id, days=80)
    await student.in_term()
    await student.do("exchange-1", "record-signature", month)
    await student.tell("month-paid", f"month={month}")
    async with house.person("exchange-1") as office:
        await office.go(f"/cases/{student.case_id}")
        await do(office, student.case_id, "record-early-return", on=f"{BEGINS}")
        await stack.until(
            "SELECT true FROM iehe.tasks WHERE case_id = $1 AND kind = 'return-scholarship'", student.case_id
        )
        await office.go("/")
        await office.follow(f"/cases/{student.case_id}?task=return-scholarship")
        await do(office, student.case_id, "return-scholarship")
        await stack.until(
            "SELECT true FROM iehe.cases WHERE case_id = $1 AND state #>> '{tracks,scholarship}' = 'ended'",
            student.case_id,
        )


async def advised(student: Stay) -> None:
    """Before the coordinator, with an advisor."""
    await student.screening()
    await student.do("exchange-1", "ask-advisor", "advisor-1")
    await student.do("advisor-1", "consent", "yes")


async def nominate(house: House, person: Person) -> str:
    """A nomination that came by letter, typed by the office."""
    await person.press("nav a[href='/start']")
    await person.follow("/start/exchange")
    typed = {
        "term": TERM,
        "partner": "uni-a",
        "mobility": (number := f"W{uuid4().hex[:8]}"),
        "agreement": "a1",
        "faculty": "law",
        "student.family": "Sample",
        "student.born": "2004-02-13",
        "student.nationality": "DE",
        "student.number": "W-1",
        "student.mail": "whole@example.com",
        "first": f"{BEGINS}",
        "last": f"{LAST}",
        "months": "5",
    }
    for name, each in typed.items():
        await person.give(f"form.{name}", each)
    await person.give("number", f"{TERM}-{number.upper()}")
    await person.step("check", "do")
    link = person.page.locator("main a[href^='/cases/exchange/']")
    case_id = str(await link.get_attribute("href")).removeprefix("/cases/")
    await at_stage(house.stack, case_id, "nominated")
    return case_id


async def put_right(person: Person, case_id: str) -> None:
    """Given back, corrected by the home university, and taken."""
    await do(person, case_id, "return", reason="dates-wrong", reason_in_words="Ends before the term.")
    await tell(person, case_id, "mobility-changed", revision="2", fields="first")
    await do(person, case_id, "verify", version="2")


async def apply(house: House, person: Person, case_id: str, folder: Path) -> None:
    """Documents come, are accepted, sent back, handed in again, done without."""
    words = house.words
    file = folder / "document.png"
    file.write_bytes(png())
    for name in ("passport", "transcript", "photo"):
        await hand_in(house, person, case_id, name, file)
    await do(person, case_id, "accept-document", document="passport")
    await do(
        person,
        case_id,
        "reject-document",
        document="transcript",
        why="illegible",
        reason=words("不鮮明", "Blurred."),
    )
    await do(person, case_id, "revoke-document", document="photo", reason=words("別人", "Another person."))
    await do(person, case_id, "chase-documents")
    await send(person, case_id, "transcript", file)
    await person.sees(house.say(SAID["same"]))
    again = folder / "again.jpg"
    again.write_bytes(jpeg())
    for name in ("transcript", "photo"):
        await hand_in(house, person, case_id, name, again)
        await do(person, case_id, "accept-document", document=name)
    await do(person, case_id, "waive-document", document="language", reason=words("不要", "Not needed."))
    await tell(person, case_id, "letter-received", sha256="0" * 64)
    await tell(person, case_id, "application-submitted")
    await at_stage(house.stack, case_id, "screening")


async def screen(house: House, office: Person, case_id: str) -> None:
    """An advisor and the faculty agree, the home university changes something, the faculty agrees again."""
    await do(office, case_id, "ask-advisor", advisor="advisor-1")
    async with house.person("advisor-1") as advisor:
        await advisor.follow(f"/cases/{case_id}?task=consent")
        await do(advisor, case_id, "consent", answer="yes")
    await tell(office, case_id, "mobility-changed", revision="3", fields="months")
    await do(office, case_id, "acknowledge-change", version="3")
    async with house.person("coordinator-1") as coordinator:
        await coordinator.follow(f"/cases/{case_id}?task=validate")
        await do(coordinator, case_id, "validate", version="3")
    await do(office, case_id, "accept", version="3")
    await house.stack.forward(case_id, days=51)
    await house.stack.until(
        "SELECT true FROM iehe.cases WHERE case_id = $1 AND (state ->> 'released')::boolean", case_id
    )
    await do(office, case_id, "answer-offer", offer="place", answer="yes")
    await at_stage(house.stack, case_id, "pre-arrival")


async def get_papers(house: House, office: Person, case_id: str, today: date) -> None:
    """Certificate and visa: more documents, a denial, filed again, issued; refused nothing."""
    on = f"{today}"
    await do(office, case_id, "record-coe-data")
    await do(office, case_id, "file-coe", batch="b1")
    await do(office, case_id, "record-coe-result", result="more-documents", on=on)
    await do(office, case_id, "file-coe", batch="b1")
    await do(office, case_id, "record-coe-result", result="denied", on=on)
    async with house.person("exchange-head-1") as head:
        await head.follow(f"/cases/{case_id}?task=choose-after-denial")
        await do(head, case_id, "choose-after-denial", choice="refile")
    await tell(office, case_id, "coe-result", batch="b1", result="issued", on=on)
    await do(office, case_id, "record-visa-result", result="applied", on=on)
    await tell(office, case_id, "visa-result", result="granted", on=on)


async def move_in(house: House, office: Person, case_id: str, run: str, folder: Path) -> None:
    """The house takes over its beds, draws, a second person confirms, beds are offered; the student's yes."""
    stack, name = house.stack, run.partition("/")[2].partition("-")[0].lower()
    await tell(
        office,
        case_id,
        "dormitory-requested",
        house=name,
        types="single",
        first=f"{BEGINS}",
        until=f"{LAST + timedelta(days=1)}",
    )
    await stack.until("SELECT true FROM iehe.case_log WHERE case_id = $1 AND step = 'bed-requested'", run)
    await stack.forward(run, days=61)
    beds = folder / "beds.csv"
    beds.write_text(f"house,bed,room,kind\n{name},101-A,101,single\n", encoding="utf-8")
    async with house.person("house-1") as clerk:
        await clerk.press("nav a[href='/boards/dormitory']")
        await clerk.follow("/boards/dormitory/import-dormitory-beds")
        await clerk.hand_in("file", beds)
        await clerk.step("do")
        await clerk.sees(house.say("Done"))
        await clerk.go("/boards/dormitory")
        await do(clerk, run, "draw", seed=SEED)
    async with house.person("house-2") as second:
        await second.go("/")
        await second.follow(f"/cases/{run}?task=confirm")
        await do(second, run, "confirm-run")
        await do(second, run, "offer")
    offered = "SELECT true FROM iehe.cases WHERE case_id = $1 AND state #>> '{tracks,dormitory}' = $2"
    await stack.until(offered, case_id, "offered")
    await tell(office, case_id, "offer-answered", offer="bed", answer="yes")
    await stack.until(offered, case_id, "confirmed")


async def arrive(house: House, office: Person, case_id: str) -> None:
    """A slot, a delay of a day, the arrival, and the bed is lived in."""
    slot = datetime.combine(BEGINS, datetime.min.time().replace(hour=10))
    await do(office, case_id, "plan-arrival", slot=f"{slot:%Y-%m-%dT%H:%M}", port="nrt")
    await at_stage(house.stack, case_id, "ready")
    later = slot + timedelta(days=1)
    await tell(office, case_id, "arrival-delayed", slot=f"{later:%Y-%m-%dT%H:%M}", port="sdj")
    await tell(office, case_id, "arrival-planned", slot=f"{slot:%Y-%m-%dT%H:%M}", port="nrt")
    # past the morning after, when a timer fires: before one has, an update is checked against the time before
    await house.stack.forward(case_id, days=81)
    await do(office, case_id, "record-arrival", on=f"{BEGINS}")
    await tell(office, case_id, "checked-in", on=f"{BEGINS}")


async def look_after(house: House, office: Person, case_id: str) -> None:
    """A tutor, a scholarship, the agreement: commented, changed, signed by all three."""
    words = house.words
    await do(office, case_id, "assign-tutor", tutor="tutor-1")
    await do(office, case_id, "record-guidance")
    await do(office, case_id, "apply-scholarship", what="interest")
    await do(office, case_id, "apply-scholarship", what="nominate")
    await do(office, case_id, "record-scholarship", result="substitute")
    await tell(office, case_id, "scholarship-result", result="granted", months="4")
    async with house.person("coordinator-1") as coordinator:
        await tell(office, case_id, "agreement-proposed", sha256=FIRST_PLAN)
        await tell(office, case_id, "agreement-commented", version="1")
        await tell(office, case_id, "agreement-proposed", sha256=SECOND_PLAN)
        await tell(office, case_id, "agreement-signed", version="2", sha256=SECOND_PLAN)
        await coordinator.go("/")
        await coordinator.follow(f"/cases/{case_id}?task=sign-agreement")
        comment = words("単位数を確認", "Look at the credits.")
        await do(coordinator, case_id, "sign-agreement", approve="no", comment=comment)
        await tell(office, case_id, "agreement-proposed", sha256=THIRD_PLAN)
        await tell(office, case_id, "agreement-signed", version="3", sha256=THIRD_PLAN)
        await do(coordinator, case_id, "sign-agreement", approve="yes")


async def settle(house: House, office: Person, case_id: str) -> None:
    """Every point of the checklist with its proof; the term begins by itself."""
    async with house.stack.owner() as owner:
        items = await owner.fetchval(
            "SELECT state -> 'asked_for' FROM iehe.cases WHERE case_id = $1", case_id
        )
    first, *rest = json.loads(items)
    await tell(
        office, case_id, "proof-received", item=first, on=f"{TODAY}"
    )  # a fact is tried by the clock on the wall
    for item in rest:
        await do(office, case_id, "record-proof", item=item, on=f"{BEGINS}")
    await at_stage(house.stack, case_id, "in-term")


async def study(house: House, office: Person, case_id: str) -> None:
    """Signatures and payments, absence and leave, longer and shorter, missing and found."""
    words, month = house.words, f"{BEGINS:%Y-%m}"
    await do(office, case_id, "record-signature", month=month)
    await tell(office, case_id, "month-paid", month=month)
    await tell(office, case_id, "absence-recorded", first=f"{BEGINS}")
    await tell(office, case_id, "absence-recorded", first=f"{BEGINS}", last=f"{BEGINS}", excused="yes")
    for leave in ("yes", "no"):
        await do(office, case_id, "grant-leave", leave=leave)
    async with house.person("panel-1") as panel:
        # a return that does not come about in the end
        await panel.go(f"/cases/{case_id}")
        await do(panel, case_id, "excuse", ground="disaster", reason=words("台風", "A typhoon."))
    for name, last in (("extend", LAST + timedelta(days=5)), ("shorten", LAST)):
        await do(office, case_id, name, last=f"{last}", home_agrees="yes")
    async with house.person("exchange-head-1") as head:
        asked = ("student", "partner", "family")
        await do(head, case_id, "declare-missing", contacts=asked, reason=words("連絡なし", "Not heard of."))
        await do(office, case_id, "report-immigration")
        await do(head, case_id, "record-found", reason=words("帰省", "Was with the family."))


async def leave(house: House, office: Person, case_id: str) -> None:
    """Room, debts, ward office, departure, grades, transcript: nothing is left to do."""
    stack = house.stack
    await stack.forward(case_id, days=115)
    await at_stage(stack, case_id, "departing")
    await tell(office, case_id, "enrolment-signed", month=f"{BEGINS + timedelta(days=40):%Y-%m}")
    await tell(office, case_id, "debts-changed", open="yes")
    await open_decision(office, case_id, "record-departure")
    await office.give("on", f"{BEGINS + timedelta(days=110)}")
    await office.step("check", "do")
    await office.sees(house.say("It was not done"))
    await do(office, case_id, "record-debts", open="no")
    await do(office, case_id, "record-ward-office")
    await tell(office, case_id, "checked-out", on=f"{BEGINS + timedelta(days=110)}")
    await do(office, case_id, "record-departure", on=f"{BEGINS + timedelta(days=110)}")
    await tell(office, case_id, "grades-ready")
    await do(office, case_id, "record-grades")
    async with house.person("registrar-1") as registrar:
        await registrar.follow(f"/cases/{case_id}?task=release-transcript")
        await do(registrar, case_id, "release-transcript", version="3")
    await at_stage(stack, case_id, "completed")


async def hand_in(house: House, person: Person, case_id: str, name: str, file: Path) -> None:
    """A file that the student has brought, until the case has taken it."""
    await send(person, case_id, name, file)
    await person.sees(house.say(SAID["sent"]))
    of = "SELECT state #>> ARRAY['documents', $2, 'state'] = 'received' FROM iehe.cases WHERE case_id = $1"
    await house.stack.until(of, case_id, name)
    await person.go(f"/cases/{case_id}")


async def send(person: Person, case_id: str, name: str, file: Path) -> None:
    """A file for one of the documents of a case."""
    await person.go(f"/cases/{case_id}?tab=documents")
    form = f"form[action$='/documents/{name}']"
    await (await person.reach(f"main {form} [name=file]")).set_input_files(file)
    await person.press(f"main {form} button")
