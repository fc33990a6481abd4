"""Whole days of the offices, from the first page to the last, by keyboard alone and without scripts."""

import json
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest

from schemas.kernel.japan import TOKYO
from spreadsheets.admission.sample_files import write_csv
from tests.exchange.files import csv, student
from tests.office_pages.applications import Row, applications, reviewers_of, to_committee
from tests.office_pages.day import House, Person, at_stage, decide, open_decision, stage_of
from tests.office_pages.stack import Stack, complete

pytestmark = pytest.mark.timeout(180)  # the stack starts in the first test
PARTS = ("document-received", "fee-paid", "test-score-received")


@pytest.fixture(params=["ja", "en"])
def language(request) -> str:
    """In which a day is spent, with cases that only it has."""
    return str(request.param)


@pytest.fixture
def house(stack, chromium, language) -> House:
    return House(stack, chromium, language)


@pytest.fixture(scope="module")
def reviewed() -> dict[str, Row]:
    """By language the application that the office has brought to its reviewers."""
    return {}


@pytest.fixture
async def application(stack, language, reviewed, tmp_path) -> Row:
    """The one of the day before; whoever runs a later day alone finds another one at the same stage."""
    if language not in reviewed:
        (row,) = applications(f"{language} alone", 1)
        write_csv(tmp_path / "alone.csv", [row])
        await letters_wait(stack)
        await stack.do("office-1", "admission", "import", tmp_path / "alone.csv")
        await complete(stack, row["application_no"])
        await stack.do("office-1", "admission", "confirm-eligibility", row["application_no"], "--eligible")
        reviewed[language] = row
    return reviewed[language]


async def letters_wait(stack: Stack) -> None:
    """It is quiet for the next hours for every application that comes from now on."""
    now = datetime.now(TOKYO)
    quiet = {
        "quiet_from": f"{now - timedelta(hours=1):%H:%M}",
        "quiet_until": f"{now + timedelta(hours=9):%H:%M}",
    }
    async with stack.owner() as owner:
        body = json.loads(
            await owner.fetchval("SELECT body FROM iehe.policies WHERE process = 'admission-review'")
        )
        for route in body["routes"].values():
            route["notices"] |= quiet
        await owner.execute(
            "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
            " VALUES ('admission-review', 'days-1', '2026-04-02', $1, '', 'test') ON CONFLICT DO NOTHING",
            json.dumps(body),
        )


async def test_a_day_of_the_admissions_office(house, reviewed, tmp_path):
    """A file is put right and imported, one application comes to its reviewers, letters wait, others end."""
    stack = house.stack
    await letters_wait(stack)
    rows = applications(house.language, 4)
    cases = [f"admission/{row['application_no']}" for row in rows]
    crooked = [rows[0], {**rows[1], "family_kana": "bad"}, rows[2], {**rows[3], "birth_date": "R9.13.40"}]
    write_csv(tmp_path / "crooked.csv", crooked)
    write_csv(tmp_path / "right.csv", rows)
    async with house.person("office-1") as person:
        await import_files(house, person, tmp_path, cases)
        first = cases[0]
        await person.follow(f"/cases/{first}")
        for name in ("post-arrived", *PARTS):
            await enter_fact(person, first, name)
        await at_stage(stack, first, "eligibility")
        await hold_a_letter(house, person, first)
        await put_name_right(house, person, first, rows[0]["family_name"])
        await person.go("/")
        await person.follow(f"/cases/{first}?task=check-eligibility")
        await open_decision(person, first, "confirm-eligibility")
        await person.choose("eligible", "yes")
        await person.step("check")
        await person.sees(house.say("Nothing is decided yet."), first)
        await person.step("do-next")
        assert person.path.partition("&said=")[2] == "decided"
        assert first not in person.path
        await at_stage(stack, first, "review")
        await write_note(house, person, first)
        await person.search(rows[2]["family_kana"])
        await person.sees(cases[2])
        await end_several(house, person, cases[2:])
        await export_cases(house, person)
    assert await stage_of(stack, first) == "review"
    reviewed[house.language] = rows[0]


async def import_files(house: House, person: Person, folder: Path, cases: list[str]) -> None:
    """A crooked file is refused with its faults, the right one begins its cases."""
    words = house.words
    await person.go("/")
    await person.press("nav a[href='/boards/admission']")
    await person.follow("/admission/imports/new")
    await person.hand_in("file", folder / "crooked.csv")
    await person.press("main button.main")
    await person.sees(
        words("誤りが 2 件あります", "The file has 2 errors"),
        f"3 セイ (G) {words('エラー カタカナで入力してください', 'Error must be written in katakana')}",
        f"5 生年月日 (I) {words('エラー 存在する日付ではありません', 'Error not a date that exists')}",
    )
    await person.follow("/admission/imports/new")
    await person.hand_in("file", folder / "right.csv")
    await person.press("main button.main")
    await person.sees(house.say("What will happen"))
    await person.step("do")
    for case in cases:
        await person.awaits(f"main a[href='/cases/{case}']")


async def enter_fact(person: Person, case_id: str, name: str) -> None:
    """What another system did not send."""
    await person.follow(f"/cases/{case_id}/facts/{name}")
    if name == "document-received":
        await person.choose("item", "transcript")
    if name == "post-arrived":
        arrived = datetime.now(TOKYO) - timedelta(hours=2)
        await person.write_moment("happened_at", f"{arrived:%Y-%m-%dT%H:%M}")
    await person.step("check", "do")
    await person.go(f"/cases/{case_id}")


async def hold_a_letter(house: House, person: Person, case_id: str) -> None:
    """One that waits is held, gets words of the office, and is released."""
    words, added = house.words, house.words("添付の案内もご覧ください。", "See also the leaflet.")
    await person.press(f"main a[href='/cases/{case_id}?tab=messages']")
    await person.follow("/notices/")
    for act, button in (("hold", ""), ("change", "words"), ("release", "")):
        await person.choose("act", act)
        await person.write("reason", words("文面の確認のため", "To look at its words."))
        if button:
            await person.unfold("main form summary")
            await person.write(house.language, added)
        await person.press("main button.main")
        await person.sees(house.say("The change is made."))
    await person.sees(added, words("文面の確認のため", "To look at its words."))
    notice_id = person.path.removeprefix("/notices/").partition("?")[0]
    question = "SELECT state || coalesce(held_since::text, '') FROM iehe.notices WHERE notice_id = $1"
    assert await house.stack.until(question, notice_id) == "queued"


async def put_name_right(house: House, person: Person, case_id: str, name: str) -> None:
    """A family name that was mistyped."""
    await person.go(f"/cases/{case_id}")
    await open_decision(person, case_id, "correct-data")
    await person.press("main a[href$='record=applicant']")
    await person.write("family_name", f"{name}田")
    await person.write("reason", house.words("字の誤り", "Mistyped."))
    await person.step("check")
    await person.sees(f"{name}田")
    await person.step("do")
    await person.press(f"main a[href='/cases/{case_id}']")
    await person.press(f"main a[href='/cases/{case_id}?tab=facts']")
    await person.sees(f"{name}田")


async def write_note(house: House, person: Person, case_id: str) -> None:
    """A note that colleagues find."""
    note = house.words("電話で問合せあり", "Has asked by telephone.")
    await person.go(f"/cases/{case_id}?tab=words")
    await person.write("words", note)
    await person.press("form:has(#note-new) button.main")
    await person.sees(note)


async def end_several(house: House, person: Person, cases: list[str]) -> None:
    """Two applications are withdrawn together."""
    await person.press("nav a[href='/cases']")
    await person.choose("process", "admission-review")
    await person.press("main form.filters button")
    await person.choose("stage", "submitted")
    await person.press("main form.filters button")
    await person.tick("case", *cases)
    await person.press("main form[action='/bulk'] button")
    await person.press("main button[name=bulk_decision][value=withdraw]")
    await person.choose("reason", "entered-in-error")
    await person.step("check")
    await person.sees(*cases)
    await person.step("do")
    for case in cases:
        await at_stage(house.stack, case, "withdrawn")
    await person.awaits("main [data-done]")


async def export_cases(house: House, person: Person) -> None:
    """The list as a file, on record."""
    await person.go("/cases?process=admission-review&state=all")
    await person.unfold("details.export summary")
    handed = await person.take("details.export button:not([formaction])")
    content = (await handed.path()).read_text(encoding="utf-8-sig")
    assert content.startswith(house.say("Case"))
    logged = "SELECT count(*) FROM iehe.administration_log WHERE actor = $1 AND act = 'export'"
    assert await house.stack.until(logged, person.staff_id)


async def test_a_day_of_a_reviewer(house, application):
    """A review is accepted, its scores are begun, found again and submitted, and the next one follows."""
    stack, say = house.stack, house.say
    number = application["application_no"]
    case_id = f"admission/{number}"
    personal = [application[each] for each in ("family_name", "given_name", "email", "phone")]
    reviewer = (await reviewers_of(stack, number))[0]
    async with house.person(reviewer) as person:
        await person.press("main a[href^='/?'][href*='due=later']")
        await person.follow(f"/cases/{case_id}?task=")
        await open_decision(person, case_id, "accept-review")
        await person.sees_not(*personal)
        await person.choose("no_conflict", "yes")
        await person.step("check", "do")
        await person.press(f"main a[href='/cases/{case_id}']")
        await open_decision(person, case_id, "submit-scores")
        await person.sees(house.words("志望理由", "Statement"))
        await person.sees_not(*personal)
        await person.write("points.academic", "８")
        await person.write("remark", house.words("よく準備されている。", "Well prepared."))
        await person.step("keep")
        await person.sees(say("The draft is kept."))
        await open_decision(person, case_id, "submit-scores")
        assert await person.page.locator("[name='points.academic']").input_value() == "８"
        await person.write("points.motivation", "11")
        await person.write("points.activities", "6")
        await person.step("check")
        await person.sees(say("It was not done"))
        await person.write("points.motivation", "7")
        await person.step("check", "do-next")
        assert person.path.endswith("said=decided")
        assert not person.path.startswith(f"/cases/{case_id}?")
    assert reviewer not in await reviewers_of(stack, number)


async def test_a_day_of_the_committee(house, application):
    """Members vote with reasons, the chair closes the ballot, the head decides and takes it back."""
    stack, say, words = house.stack, house.say, house.words
    number = application["application_no"]
    case_id = f"admission/{number}"
    await to_committee(stack, number)
    reason = words("審査の結果のとおり", "As the reviews say.")
    for member in ("committee-2", "committee-3", "committee-1"):
        async with house.person(member) as person:
            await person.follow(f"/cases/{case_id}?task=vote")
            await open_decision(person, case_id, "cast-vote")
            await person.choose("choice", "admit")
            await person.step("check")
            await person.sees(say("It was not done"))
            await person.write("reason", reason)
            if member != "committee-2":
                await person.step("check", "change")
            await person.step("check", "do")
            if member == "committee-1":
                await decide(person, case_id, "close-ballot")
    await at_stage(stack, case_id, "ranked")
    async with house.person("head-1") as person:
        await person.press("nav a[href='/overview']")
        await person.sees(say("Open cases by stage, and by whom they wait for"))
        await person.follow("/cases?")
        await person.press("nav a[href='/people']")
        await person.choose("role", "committee_member")
        await person.press("main form.filters button")
        await person.follow("/people/committee-4")
        await person.go("/")
        await person.follow(f"/cases/{case_id}?task=")
        await open_decision(person, case_id, "record-decision")
        await person.choose("decision", "offered")
        await person.step("check", "do")
        await person.sees(say.stage("admission-review", "offered"))
        await open_decision(person, case_id, "take-back")
        taken = await person.page.locator("[name=taken]").first.get_attribute("value")
        await person.choose("taken", str(taken))
        await person.write("reason", words("番号の取り違え", "Mixed up with another number."))
        await person.step("check", "do")
    assert await stage_of(stack, case_id) == "offered"
    answer, stage = words("confirm-take-back", "refuse-take-back"), words("ranked", "offered")
    async with house.person("office-2") as person:
        await person.follow(f"/cases/{case_id}?task=")
        await open_decision(person, case_id, answer)
        await person.write("reason", words("番号を確かめた", "The number was looked at again."))
        await person.step("check", "do")
        await person.sees(say.stage("admission-review", stage))
    await at_stage(stack, case_id, stage)


async def test_a_day_of_the_counselling_unit(house):
    """A referral is judged, given to a counsellor, becomes a crisis, and stays among those who help."""
    words = house.words
    number, told = words("S2026-7101", "S2026-7102"), words("授業に来ていません。", "Does not come to class.")
    note = words("来週また話す", "To talk again next week.")
    case_id = await refer(house, number, told)
    await at_stage(house.stack, case_id, "assigned")
    await counsel(house, case_id, note)
    await through_crisis(house, case_id)
    async with house.person("office-1") as person:
        assert await person.refused(f"/cases/{case_id}") == HTTPStatus.NOT_FOUND
        for page in ("/", "/cases?state=all", f"/search?q={number}", "/overview", "/places"):
            await person.go(page)
            await person.sees_not(case_id, told, note)


async def refer(house: House, number: str, told: str) -> str:
    """A referral at the desk, judged at once and given to a counsellor."""
    stack, say, words = house.stack, house.say, house.words
    async with house.person("triage-1") as person:
        await person.press("nav a[href='/start']")
        await person.follow("/start/support")
        await person.choose("form.way", "desk")
        await person.write("form.person", number)
        await person.write("form.words", told)
        await person.step("check")
        await person.sees(say("Nothing is stored yet."), told)
        await person.step("do")
        link = person.page.locator("main a[href^='/cases/support/']")
        case_id = str(await link.get_attribute("href")).removeprefix("/cases/")
        await at_stage(stack, case_id, "referred")
        await person.press("nav a[href='/boards/support']")
        await person.follow("/boards/support/list-support-queue")
        await person.follow(f"/cases/{case_id}")
        await open_decision(person, case_id, "triage")
        await person.sees(told)
        await person.choose("distress", "2")
        await person.choose("kind", "study")
        await person.write("distress_reason", words("眠れない", "Sleeps badly."))
        await person.step("check", "do")
        await person.sees(say.stage("support-case", "triaged"))
        await open_decision(person, case_id, "assign")
        await person.choose("unit", "counselling")
        await person.choose("owner", "counsellor-1")
        await person.step("check", "do")
    return case_id


async def counsel(house: House, case_id: str, note: str) -> None:
    """The counsellor reads how the clocks are counted, keeps a note, and says that somebody is in danger."""
    say, words = house.say, house.words
    async with house.person("counsellor-1") as person:
        await person.go(f"/cases/{case_id}")
        await person.sees(say("How it was counted"), words("初日不算入", "does not count"))
        await person.go(f"/cases/{case_id}?tab=words")
        await person.write("words", note)
        await person.press("form:has(#note-new) button.main")
        await person.sees(note)
        await person.go(f"/cases/{case_id}")
        await open_decision(person, case_id, "signal-danger")
        await person.write("reason", words("危険を示す言葉", "Spoke of danger."))
        await person.step("check", "do")


async def through_crisis(house: House, case_id: str) -> None:
    """The head acknowledges the page, the student is reached, the crisis is stood down."""
    stack, words = house.stack, house.words
    async with house.person("support-head-1") as person:
        await person.press("nav a[href='/boards/support']")
        await person.follow("/boards/support/list-support-crises")
        await person.follow(f"/cases/{case_id}")
        await person.sees(words("緊急対応", "crisis"))
        await acknowledge(person, case_id, "page")
        await person.sees(words("受信確認", "acknowledged"))
    async with house.person("counsellor-1") as person:
        await person.go(f"/cases/{case_id}")
        await open_decision(person, case_id, "record-contact")
        await person.choose("channel", "phone")
        await person.choose("outcome", "reached")
        await person.step("check", "do")
    async with house.person("support-head-1") as person:
        await person.go(f"/cases/{case_id}")
        await open_decision(person, case_id, "stand-down")
        for name in await person.page.locator("main textarea").all():
            await person.write(str(await name.get_attribute("name")), words("安全を確認", "Safe again."))
        await person.step("check", "do")
        await person.go("/boards/support/list-support-crises")
        await person.sees_not(case_id)
    assert await stage_of(stack, case_id) == "in-contact"


async def acknowledge(person: Person, case_id: str, deadline: str) -> None:
    """Say that one looks after what a clock asks."""
    await open_decision(person, case_id, "acknowledge")
    await person.choose("deadline", deadline)
    await person.step("check", "do")
    await person.press(f"main a[href='/cases/{case_id}']")


async def test_a_day_of_the_auditor(house):
    """What was done is filtered and handed out, reads of a confidential case are seen, nothing is decided."""
    stack, say = house.stack, house.say
    confidential, open_case = stack.cases["support"], stack.cases["eligibility"]
    async with house.person("auditor-1") as person:
        await person.press("nav a[href='/audit']")
        await person.write("act", "add-member")
        await person.press("main form.filters button")
        await person.sees("support-head-1", "counselling/counsellor-1")
        await person.sees_not("bind-account")
        await person.unfold("details.export summary")
        await person.take("details.export button[formaction]")
        await person.go("/audit")
        await person.choose("what", "reads")
        await person.press("main form.filters button")
        await person.go(f"/cases/{confidential}")
        await person.sees_not("S2026-0042", "Has been absent for a week")
        await person.press(f"main a[href='/cases/{confidential}?tab=reads']")
        await person.sees(f"{person.staff_id} {say.choice('support', 'read', 'page')}")
        await person.go(f"/cases/{open_case}")
        await person.sees(say("Nothing is asked of your roles at this stage."))
        assert await person.page.locator("main a[href*='/do/'], main a[href*='/facts/']").count() == 0
        assert await person.refused(f"/cases/{open_case}/do/confirm-eligibility") == HTTPStatus.NOT_FOUND
        assert await person.refused("/start/exchange") == HTTPStatus.NOT_FOUND
    logged = "SELECT true FROM iehe.administration_log WHERE actor = 'auditor-1' AND subject = 'audit.xlsx'"
    assert await stack.until(logged)


async def test_a_day_of_the_outreach_office(house):
    """A school's request is taken at the desk, a lecturer answers, the school confirms, it is held."""
    stack, words = house.stack, house.words
    week = 30 if house.language == "ja" else 40
    first = datetime.now(TOKYO).replace(hour=14, minute=30) + timedelta(days=7 * week % 100 + 70)
    dates = [f"{first + timedelta(days=7 * each):%Y-%m-%dT%H:%M}" for each in range(3)]
    async with house.person("connection-1") as person:
        case_id = await take_request(house, person, dates)
        await decide(person, case_id, "check-request")
        await open_decision(person, case_id, "name-lecturers")
        await person.tick("lecturers", "lecturer-1")
        await person.step("check", "do")
    await at_stage(stack, case_id, "offering")
    async with house.person("lecturer-1") as person:
        await person.follow(f"/cases/{case_id}?task=")
        await open_decision(person, case_id, "answer-lecture")
        await person.sees(words("海面の上昇", "Rising seas"))
        await person.choose("answer", "yes")
        await person.step("check", "do")
    async with house.person("connection-1") as person:
        await person.go(f"/cases/{case_id}")
        await open_decision(person, case_id, "confirm-by-phone")
        await person.choose("result", "confirmed")
        await person.step("check", "do")
        await decide(person, case_id, "record-prepared")
        await open_decision(person, case_id, "record-held")
        await person.choose("held", "yes")
        await person.step("check", "do")
        await person.sees(house.say("It was not done"))  # nobody can say so before the day
    assert await stage_of(stack, case_id) == "prepared"


async def take_request(house: House, person: Person, dates: list[str]) -> str:
    """A request that came by telephone; the case that it becomes."""
    words = house.words
    await person.press("nav a[href='/start']")
    await person.follow("/start/outreach")
    typed = {
        "school": "D105",
        "school_name": words("見本第二高等学校", "Sample Second High School"),
        "contact.name": words("見本 次郎", "Jiro Sample"),
        "contact.email": "second@school.example.jp",
    }
    for name, each in typed.items():
        await person.write(f"form.{name}", each)
    await person.choose("form.kind", "lecture")
    for name, each in {"topic": "sea-level", "purpose": words("探究", "Inquiry")}.items():
        await person.write(f"form.{name}", each)
    await person.choose("form.grade", "2")
    await person.write("form.persons", "４０")
    for number, each in enumerate(dates, 1):
        await person.write_moment(f"form.dates'][id$='-{number}", each)
    for name in ("place", "equipment"):
        await person.write(f"form.{name}", words("教室", "Classroom"))
    await person.choose("form.travel_cost", "school")
    await person.step("check")
    await person.sees(house.say("Nothing is stored yet."))
    await person.step("do")
    link = person.page.locator("main a[href^='/cases/outreach/']")
    case_id = str(await link.get_attribute("href")).removeprefix("/cases/")
    await at_stage(house.stack, case_id, "requested")
    return case_id


async def test_a_day_of_the_exchange_office(house, tmp_path):
    """Nominations are put right and taken, one is verified, its documents are judged, rooms are looked at."""
    stack, say, words = house.stack, house.say, house.words
    async with stack.owner() as owner:
        known = await owner.fetch("SELECT case_id FROM iehe.cases WHERE process = 'exchange-onboarding'")
    before = [row["case_id"] for row in known]
    begins = datetime.now(TOKYO).date() + timedelta(days=130)
    number = words(71, 72)
    right = student(
        int(number),
        family=words("Tanabe", "Turner"),
        term=f"{begins:%y}S",
        first=begins.isoformat(),
        last=(begins + timedelta(days=140)).isoformat(),
    )
    async with house.person("exchange-1") as person:
        await person.press("nav a[href='/boards/exchange']")
        await person.follow("/boards/exchange/import-exchange-nominations")
        await person.hand_in("file", csv(tmp_path / "crooked.csv", {**right, "born": "2004-02-31"}))
        await person.write("partner", "uni-a")
        await person.step("do")
        await person.sees("Birth date (C)")
        await person.hand_in("file", csv(tmp_path / "right.csv", right))
        await person.write("partner", "uni-a")
        await person.step("do")
        case_id = await stack.until(
            "SELECT case_id FROM iehe.cases WHERE process = 'exchange-onboarding'"
            " AND NOT case_id = ANY($1) ORDER BY case_id LIMIT 1",
            before,
        )
        await person.go("/boards/exchange/show-exchange-pipeline")
        await person.sees("uni-a", say.stage("exchange-onboarding", "nominated"))
        await person.go(f"/cases/{case_id}")
        await person.sees(words("チューター", "tutor"), words("宿舎", "dormitory"))
        await open_decision(person, case_id, "verify")
        await person.write("version", "1")
        await person.step("check", "do")
        await at_stage(stack, case_id, "applying")
        await person.go(f"/cases/{case_id}?tab=documents")
        await person.press("nav a[href='/places']")
        await person.follow("/places/exchange/")
    async with house.person("house-1") as person:
        await person.press("nav a[href='/boards/dormitory']")
        await person.follow("/boards/dormitory/")
