"""A decision on its pages, from the question to what became of it, by plain forms."""

import asyncio
import re

import pytest

from cases.registry import PROCESSES
from tests.documents.desk import png
from tests.office_pages.browser import code_of
from tests.office_pages.institute import House, Person, house

__all__ = ["house"]

KEY = f"page-{'0' * 32}"
PROCESS = PROCESSES["admission-review"]
WORDS = "学籍簿の写しで確認した canary-words"
pytestmark = pytest.mark.timeout(120)


def do(case_id: str, name: str) -> str:
    return f"/cases/{case_id}/do/{name}"


async def asked(person: Person, case_id: str, name: str, **typed: str):
    """The check page of a decision, by the form of its question."""
    question = await person.get(do(case_id, name))
    assert question.status_code == 200, question.text
    return await person.press(question, "check", **typed)


@pytest.fixture
async def office(house: House) -> Person:
    return await house.at("office-1")


@pytest.fixture
async def eligible(house: House) -> str:
    """A case that waits for the office's word."""
    return await house.eligible()


async def test_question_check_done(house, office, eligible):
    """Nothing is decided before the button of the check; then the case has moved, and its page says so."""
    before = await house.steps(eligible)
    check = await asked(office, eligible, "confirm-eligibility", eligible="yes", reason=WORDS)
    assert (check.status_code, "Nothing is decided yet." in check.text) == (200, True)
    assert await house.steps(eligible) == before
    answer = await office.press(check, "do")
    assert answer.status_code == 303
    row = await house.row(eligible)
    assert row["stage"] == "review"
    assert answer.headers["location"] == f"/done/{eligible}/{row['version']}?said=decided"
    done = await office.get(answer.headers["location"])
    assert (done.status_code, "under review" in done.text.lower()) == (200, True)
    assert (await house.steps(eligible)).count("confirm-eligibility") == 1


async def test_the_same_form_again_is_the_first_answer(house, office, eligible):
    """Sent again it decides nothing, leads to the first answer, and says that it was done before."""
    check = await asked(office, eligible, "confirm-eligibility", eligible="yes")
    first, again = await office.press(check, "do"), await office.press(check, "do")
    assert (first.status_code, again.status_code) == (303, 303)
    place, _, said = again.headers["location"].partition("?")
    assert place.rpartition("/")[0] == first.headers["location"].rpartition("/")[0] == f"/done/{eligible}"
    assert said == "said=repeated"
    assert (await house.steps(eligible)).count("confirm-eligibility") == 1


async def test_the_same_form_twice_at_once_is_decided_once(house, office, eligible):
    """A double click, and more of them: each is led to the one decision, with its words kept once."""
    check = await asked(office, eligible, "confirm-eligibility", eligible="yes", reason=WORDS)
    answers = await asyncio.gather(*(office.press(check, "do") for _ in range(4)))
    assert {each.status_code for each in answers} == {303}
    assert all(each.headers["location"].startswith(f"/done/{eligible}/") for each in answers)
    assert (await house.steps(eligible)).count("confirm-eligibility") == 1
    kept = "SELECT count(*) FROM iehe.texts WHERE case_id = $1 AND author = 'office-1'"
    assert await house.owner.fetchval(kept, eligible) == 1


async def test_back_and_changed(house, office, eligible):
    """From the check back to the question with everything typed, and on with something else."""
    check = await asked(office, eligible, "confirm-eligibility", eligible="no", reason=WORDS)
    question = await office.press(check, "change")
    assert WORDS in question.text
    assert re.search(r'value="no"[^>]*checked', question.text)
    check = await office.press(question, "check", eligible="yes", reason=WORDS)
    assert (await office.press(check, "do")).status_code == 303
    assert (await house.row(eligible))["stage"] == "review"


async def test_a_stale_version_shows_what_changed_and_keeps_what_was_typed(house, office, eligible):
    """What others did in between is listed; what was typed stands there, and the next try counts."""
    check = await asked(office, eligible, "confirm-eligibility", eligible="yes", reason=WORDS)
    other = await house.at("head-1")
    taken = await asked(other, eligible, "complete-task")
    assert taken.status_code == 422  # it needs a task: what changes the case is a fact
    fact = await other.get(f"/cases/{eligible}/facts/document-received")
    sent = await other.press(
        await other.press(fact, "check", item="recommendation"), "do", item="recommendation"
    )
    assert sent.status_code == 303, sent.text
    version = (await house.row(eligible))["version"]
    stale = await office.press(check, "do")
    assert stale.status_code == 409
    assert "What has changed since you looked" in stale.text
    assert "head-1" in stale.text
    assert WORDS in stale.text
    assert f'name="case_version" value="{version}"' in stale.text
    assert "confirm-eligibility" not in await house.steps(eligible)
    check = await office.press(stale, "check", eligible="yes", reason=WORDS)
    assert (await office.press(check, "do")).status_code == 303
    assert (await house.row(eligible))["stage"] == "review"


async def test_a_fault_stands_at_its_field(office, eligible):
    """422, the summary leads to the field, and nothing else that was typed is lost."""
    answer = await asked(office, eligible, "confirm-eligibility", reason=WORDS)
    assert answer.status_code == 422
    assert '<a href="#f-eligible">' in answer.text
    assert "Error:" in answer.text.partition("</title>")[0]
    assert WORDS in answer.text


async def test_words_that_are_too_long_or_cannot_be_stored(office, eligible):
    """At their field, both at the check and at the button."""
    question = await office.get(do(eligible, "confirm-eligibility"))
    for words in ("あ" * 4001, "a\0b"):
        for step in ("check", "do"):
            answer = await office.press(question, step, eligible="yes", reason=words)
            assert (answer.status_code, '<a href="#f-reason">' in answer.text) == (422, True), step


async def test_a_refusal_of_the_rule_is_in_the_summary(house):
    """What the rule says, in words; the case stands where it stood, and nothing typed is lost."""
    case = await house.admissions.apply()
    reviewer = await house.at((await case.to_review())[0])
    check = await asked(reviewer, case.case_id, "accept-review", no_conflict="no")
    answer = await reviewer.press(check, "do")
    assert answer.status_code == 409
    assert re.search(r'id="summary".*?<li>[^<]+</li>', answer.text, re.DOTALL)
    assert re.search(r'value="no"[^>]*checked', answer.text)
    assert "accept-review" not in await house.steps(case.case_id)


async def test_a_draft_is_its_authors_alone(house, office, eligible):
    """It stands in the form when they come back, for nobody else, and sealed in the database."""
    question = await office.get(do(eligible, "confirm-eligibility"))
    kept = await office.press(question, "keep", eligible="no", reason=WORDS)
    assert (kept.status_code, kept.headers["location"]) == (303, f"/cases/{eligible}?said=kept")
    again = await office.get(do(eligible, "confirm-eligibility"))
    assert WORDS in again.text
    other = await (await house.at("head-1")).get(do(eligible, "confirm-eligibility"))
    assert (other.status_code, WORDS in other.text) == (200, False)
    rows = await house.owner.fetch("SELECT * FROM iehe.drafts WHERE case_id = $1", eligible)
    assert [row["staff_id"] for row in rows] == ["office-1"]
    assert WORDS.encode() not in bytes(rows[0]["sealed"])
    assert b"canary" not in bytes(rows[0]["sealed"])


async def test_a_draft_goes_with_the_decision(house, office, eligible):
    """Once it is decided nothing is kept of what was typed before."""
    question = await office.get(do(eligible, "confirm-eligibility"))
    await office.press(question, "keep", eligible="no", reason=WORDS)
    question = await office.get(do(eligible, "confirm-eligibility"))
    check = await office.press(question, "check", eligible="yes", reason=WORDS)
    assert (await office.press(check, "do")).status_code == 303
    assert await house.owner.fetchval("SELECT count(*) FROM iehe.drafts WHERE case_id = $1", eligible) == 0


async def test_a_draft_outlives_a_stale_version(house, office, eligible):
    """It is shown upon the new version with what changed since, and is still kept after the refusal."""
    question = await office.get(do(eligible, "confirm-eligibility"))
    await office.press(question, "keep", eligible="no", reason=WORDS)
    other = await house.at("head-1")
    fact = await other.get(f"/cases/{eligible}/facts/document-received")
    assert (await other.press(fact, "do", item="recommendation")).status_code == 303
    answer = await office.press(question, "do", eligible="yes", reason=WORDS)
    assert answer.status_code == 409
    again = await office.get(do(eligible, "confirm-eligibility"))
    assert WORDS in again.text
    assert "What has changed since you looked" in again.text


async def test_a_draft_that_is_too_large_is_refused(house, office, eligible):
    """422 with what was typed, whatever stands in whatever field; nothing is kept."""
    question = await office.get(do(eligible, "confirm-eligibility"))
    answer = await office.press(question, "keep", reason="あ" * 15_000)
    assert (answer.status_code, "あ" * 15_000 in answer.text) == (422, True)
    assert await house.owner.fetchval("SELECT count(*) FROM iehe.drafts WHERE case_id = $1", eligible) == 0


async def test_a_draft_is_thrown_away(house, office, eligible):
    """By its button; the form is empty then."""
    question = await office.get(do(eligible, "confirm-eligibility"))
    await office.press(question, "keep", reason=WORDS)
    again = await office.get(do(eligible, "confirm-eligibility"))
    assert (await office.press(again, "drop")).status_code == 303
    assert WORDS not in (await office.get(do(eligible, "confirm-eligibility"))).text


async def test_on_to_the_next_task(house, office, eligible):
    """The other button leads to the first task that is left, and says that this one is done."""
    other = await house.eligible()
    check = await asked(office, eligible, "confirm-eligibility", eligible="yes")
    answer = await office.press(check, "do-next")
    assert answer.status_code == 303
    place = answer.headers["location"]
    assert place.startswith("/cases/")
    assert place.endswith("&said=decided")
    assert eligible not in place
    page = await office.get(place)
    assert (page.status_code, "Done. The case has taken it." in page.text) == (200, True)
    assert other in await _open_cases(house)


async def _open_cases(house: House) -> set[str]:
    rows = await house.owner.fetch("SELECT case_id FROM iehe.tasks WHERE closed_at IS NULL")
    return {row["case_id"] for row in rows}


async def test_from_case_to_case(house, office):
    """The next case of each page leads once through all that have open tasks; the previous one back again."""
    for _ in range(2):
        await house.eligible()
    rows = await house.owner.fetch(
        "SELECT DISTINCT ON (case_id) case_id, due_at, key FROM iehe.tasks"
        " WHERE closed_at IS NULL AND room = 'admission' ORDER BY case_id, due_at, key"
    )
    wanted = [row["case_id"] for row in sorted(rows, key=lambda row: (row["due_at"], row["case_id"]))]
    found, at = [], wanted[0]
    while at is not None:
        found.append(at)
        page = (await office.get(f"/cases/{at}")).text
        before = re.search(r'href="/cases/([^"]+)" rel="prev"', page)
        after = re.search(r'href="/cases/([^"]+)" rel="next"', page)
        assert (before[1] if before else None) == (found[-2] if len(found) > 1 else None)
        at = after[1] if after and len(found) <= len(wanted) else None
    assert found == wanted


async def test_words_are_sealed_and_nowhere_in_temporal(house, office, eligible):
    """In the database sealed, in the history only their id, and not even as plain payload."""
    check = await asked(office, eligible, "confirm-eligibility", eligible="yes", reason=WORDS)
    assert (await office.press(check, "do")).status_code == 303
    sealed = await house.owner.fetchval("SELECT sealed FROM iehe.texts WHERE case_id = $1", eligible)
    assert b"canary" not in bytes(sealed)
    told = (await office.get(f"/cases/{eligible}?tab=words")).text
    assert WORDS in told
    handle = house.client.get_workflow_handle(eligible)
    codec = house.client.data_converter.payload_codec
    assert codec is not None
    async for event in handle.fetch_history_events():
        raw = event.SerializeToString()
        assert b"canary-words" not in raw
        accepted = event.workflow_execution_update_accepted_event_attributes
        for payload in accepted.accepted_request.input.args.payloads:
            (opened,) = await codec.decode([payload])
            assert b"canary-words" not in opened.data


async def test_a_reviewer_sees_own_tasks_and_no_other_review(house):
    """Neither who else reviews, nor what they gave, before nor after the own submission; no other's task."""
    case = await house.admissions.apply()
    first, second, third = (await case.to_review())[:3]
    await case.score(second)
    me = await house.at(first)
    case_id = case.case_id
    tabs = [f"/cases/{case_id}?tab={tab}" for tab in ("facts", "documents")]
    for path in ("/", f"/cases/{case_id}", *tabs, do(case_id, "accept-review"), do(case_id, "submit-scores")):
        page = await me.get(path)
        assert page.status_code in (200, 404), page.status_code
        assert second not in page.text, path
        assert third not in page.text, path
    for tab in ("timeline", "messages", "words", "reads"):
        page = await me.get(f"/cases/{case.case_id}?tab={tab}")
        assert 'aria-current="page">Now' in page.text, tab
        assert second not in page.text


async def test_a_reviewer_is_not_told_whom_it_is_about(house):
    """Neither name, school, address nor date of birth is on any page that a reviewer of the case gets."""
    case = await house.admissions.apply()
    me = await house.at((await case.to_review())[0])
    row = case.row
    canaries = (row.given_name, row.given_kana, row.email, row.address, row.school_contact_email)
    pages = [f"/cases/{case.case_id}?tab={tab}" for tab in ("now", "facts", "documents", "messages", "words")]
    for path in ("/", "/cases?state=all", *pages, do(case.case_id, "accept-review")):
        page = await me.get(path)
        assert page.status_code == 200, path
        for canary in canaries:
            assert str(canary) not in page.text, (path, canary)


async def test_a_reviewers_way(house):
    """Accepts, scores each criterion, and the case has the points."""
    case = await house.admissions.apply()
    reviewer = await house.at((await case.to_review())[0])
    check = await asked(reviewer, case.case_id, "accept-review", no_conflict="yes")
    assert (await reviewer.press(check, "do")).status_code == 303
    points = {"points.academic": "8", "points.motivation": "７", "points.activities": "6"}
    check = await asked(reviewer, case.case_id, "submit-scores", remark=WORDS, **points)
    assert check.status_code == 200, check.text
    answer = await reviewer.press(check, "do")
    assert answer.status_code == 303, re.findall(r"<form method=.post.*?</form>", check.text, re.DOTALL)[-1]
    assert "submit-scores" in await house.steps(case.case_id)


async def test_who_loses_sight_by_deciding_is_answered_all_the_same(house):
    """Who declines a review sees the case no more: they land on their tasks and hear that it is done."""
    case = await house.admissions.apply()
    name = (await case.to_review())[0]
    reviewer = await house.at(name)
    check = await asked(reviewer, case.case_id, "decline-review", conflict="yes")
    answer = await reviewer.press(check, "do")
    assert answer.status_code == 303
    page = await reviewer.get(answer.headers["location"])
    assert page.status_code == 200, page.text
    assert "Done. The case has taken it." in page.text
    again = await reviewer.press(check, "do")
    assert again.status_code == 303
    assert "said=repeated" in again.headers["location"]


async def test_a_fact_is_entered(house, office, eligible):
    """Question, check, stored and taken; the same form again is one fact."""
    fact = await office.get(f"/cases/{eligible}/facts/document-received")
    check = await office.press(fact, "check", item="recommendation")
    steps = await house.steps(eligible)
    answers = [await office.press(check, "do") for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    assert len(await house.steps(eligible)) == len(steps) + 1


async def test_exceptional_acts_come_last_and_are_no_first_choice(house, office, eligible):
    """What the process calls exceptional is offered after what is ordinary at the stage."""
    case = await house.admissions.apply()
    await case.until_stage("completeness")
    for case_id in (case.case_id, eligible):
        page = await office.get(f"/cases/{case_id}")
        offered = page.text.partition('<ul class="acts">')[2].partition("</ul>")[0]
        acts = re.findall(r'<a class="(act[^"]*)" href="/cases/[^"]+/do/([a-z-]+)"', offered)
        exceptional = [name for _, name in acts if PROCESS.commands[name] in PROCESS.exceptional]
        assert "permit-late" in exceptional, offered or page.text
        assert [name for _, name in acts][-len(exceptional) :] == exceptional
        assert {how for how, name in acts if name in exceptional} == {"act other"}
    assert ("act", "confirm-eligibility") in acts


def test_what_is_exceptional_is_a_decision_of_its_process():
    """No act is called so that the process does not have."""
    assert {name for name, each in PROCESSES.items() if each.exceptional - each.decisions.keys()} == set()


async def test_a_fact_has_its_choices(office, eligible):
    """What the policy knows is chosen, by its words; what is none of it is refused where it stands."""
    path = f"/cases/{eligible}/facts/document-received"
    fact = await office.get(path)
    assert '<input type="radio" id="f-item-1" name="item"' in fact.text
    assert "letter of recommendation" in fact.text
    answer = await office.press(fact, "check", item="letter", reference="R-17")
    assert (answer.status_code, '<a href="#f-item">' in answer.text) == (422, True)
    assert 'value="R-17"' in answer.text
    answer = await office.press(fact, "check", item="recommendation", happened_at="2099-01-01T10:00")
    assert (answer.status_code, '<a href="#f-happened-at">' in answer.text) == (422, True)


async def test_what_the_rule_refuses_as_typed_is_told_before_the_check(house, office, eligible):
    """A missing reason that is needed, and points out of bounds: beside the field, with what was typed."""
    answer = await asked(office, eligible, "confirm-eligibility", eligible="no")
    assert (answer.status_code, '<a href="#f-reason">' in answer.text) == (422, True)
    assert re.search(r'name="eligible" value="no" checked', answer.text)
    case = await house.admissions.apply()
    name = (await case.to_review())[0]
    reviewer = await house.at(name)
    await reviewer.press(await asked(reviewer, case.case_id, "accept-review", no_conflict="yes"), "do")
    typed = {"points.academic": "99", "points.motivation": "7", "points.activities": "6"}
    answer = await asked(reviewer, case.case_id, "submit-scores", remark=WORDS, **typed)
    assert (answer.status_code, '<a href="#f-points">' in answer.text) == (422, True)
    assert 'name="points.academic" value="99"' in answer.text
    assert WORDS in answer.text
    assert "submit-scores" not in await house.steps(case.case_id)


async def test_a_fact_that_no_person_enters_is_not_there(office, eligible):
    """What cases tell each other, and what is no fact at all."""
    for name in ("nothing", "person-admitted", "a%00b"):
        answer = await office.get(f"/cases/{eligible}/facts/{name}")
        assert (answer.status_code, code_of(answer)) == (404, "no-such-fact"), name


async def test_a_new_case(house):
    """Asked, checked, started; the same form again is the same case."""
    person = await house.at("house-1")
    form = await person.get("/start/dormitory")
    typed = {
        "number": "EAST-27S",
        "form.first": "2027-04-01",
        "form.until": "2027-08-21",
        "form.collect_until": "2027-01-20T17:00",
        "form.kept_until": "2027-04-30",
        "form.seed": "kyoto-2028",
    }
    check = await person.press(form, "check", **typed)
    assert check.status_code == 200, check.text
    answers = [await person.press(check, "do") for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert all("dormitory/EAST-27S" in each.text for each in answers)
    rows = await house.owner.fetchval("SELECT count(*) FROM iehe.case_starts WHERE case_id LIKE '%/EAST-27S'")
    assert rows == 1


async def test_a_note_is_written_corrected_and_withdrawn(house, office, eligible):
    """Each version is readable to who sees the work, sealed in the database; sent twice it is one."""
    path = f"/cases/{eligible}/notes"
    page = await office.get(f"/cases/{eligible}?tab=words")
    key = re.search(r'name="key" value="([^"]+)"', page.text)[1]
    note = {"key": key, "words": WORDS}
    answers = [await office.post(path, note) for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    page = await office.get(f"/cases/{eligible}?tab=words")
    assert page.text.count(WORDS) == 2  # what it says, and in the form that corrects it
    note_id = re.search(r'name="note" value="([^"]+)"', page.text)[1]
    other = await house.at("head-1")
    mine = {"note": note_id, "version": "1", "act": "correct"}
    refused = await other.post(path, {**mine, "key": f"page-{'1' * 32}", "words": "other"})
    assert refused.status_code == 409
    assert (
        await office.post(path, {**mine, "key": f"page-{'2' * 32}", "words": "second"})
    ).status_code == 303
    stale = await office.post(path, {**mine, "key": f"page-{'3' * 32}", "words": "third"})
    assert stale.status_code == 409
    sealed = await house.owner.fetch("SELECT sealed FROM iehe.case_notes WHERE case_id = $1", eligible)
    assert len(sealed) == 2
    assert not any(b"canary" in bytes(row["sealed"]) for row in sealed)


async def test_a_notice_is_held_changed_and_released(house, office):
    """With the reason of each act, by who may; the letter shows the words of the office."""
    case_id = house.cases["admission"]
    await house.owner.execute(
        "INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind,"
        " recipient_id, facts, state, queued_at, held_until) SELECT 'waiting-1', case_id, 1, process,"
        " message, recipient_kind, recipient_id, facts, 'queued', now(), now() + interval '1 day'"
        " FROM iehe.notices WHERE case_id = $1 AND recipient_kind = 'applicant' LIMIT 1",
        case_id,
    )
    path = "/notices/waiting-1"
    held = await office.press(await office.get(path), "do", act="hold", reason=WORDS)
    assert (held.status_code, held.headers["location"]) == (303, f"{path}?said=changed")
    page = await office.get(path)
    assert "Held since" in page.text
    changed = await office.press(page, "do", act="change", reason=WORDS, ja="お知らせの前の言葉")
    assert changed.status_code == 303
    page = await office.get(path)
    assert "お知らせの前の言葉" in page.text
    stale = await office.press(page, "do", act="release", reason=WORDS, revision="1")
    assert stale.status_code == 409
    released = await office.press(page, "do", act="release", reason=WORDS)
    assert released.status_code == 303
    state = "SELECT held_since FROM iehe.notices WHERE notice_id = 'waiting-1'"
    assert await house.owner.fetchval(state) is None
    assert (await (await house.at("counsellor-1")).get(path)).status_code == 404


async def test_documents_are_kept_and_handed_out(house):
    """A file of the right kind is kept once, goes out as it came in, and is on the page."""
    person, case_id = await house.at("exchange-1"), house.cases["exchange"]
    file = png()
    path = f"/cases/{case_id}/documents/photo"
    for _ in range(2):
        answer = await person.post(path, files={"file": ("photo.png", file, "image/png")})
        assert answer.status_code == 303, answer.text
    page = await person.get(f"{path}/1")
    assert (page.status_code, page.content) == (200, file)
    assert page.headers["content-disposition"].startswith("attachment; ")
    assert (await person.get(f"{path}/2")).status_code == 404
    assert f"{path}/1" in (await person.get(f"/cases/{case_id}?tab=documents")).text
    other = await house.at("office-1")
    assert (await other.get(f"{path}/1")).status_code == 404


async def test_a_document_that_is_none(house):
    """Of another kind, empty, or no file at all: refused, nothing kept."""
    person, case_id = await house.at("exchange-1"), house.cases["exchange"]
    path = f"/cases/{case_id}/documents/passport"
    for content in (b"", b"#!/bin/sh\n"):
        answer = await person.post(path, files={"file": ("a.png", content, "image/png")})
        assert 400 <= answer.status_code < 500, answer.status_code
    assert (await person.post(path)).status_code in (400, 411, 413)
    kept = "SELECT count(*) FROM iehe.documents WHERE case_id = $1 AND name = 'passport'"
    assert await house.owner.fetchval(kept, case_id) == 0


async def test_the_glass_is_broken(house):
    """Who may opens a case that they do not see, for a reason; again with the same form it is opened once."""
    case_id = house.cases["support"]
    person = await house.at("officer-2")
    assert (await person.get(f"/cases/{case_id}")).status_code == 404
    form = await person.form("/break-glass")
    faulty = await person.post("/break-glass", {**form, "case": case_id, "reason": ""})
    assert faulty.status_code == 422
    for _ in range(2):
        answer = await person.post("/break-glass", {**form, "case": case_id, "reason": WORDS})
        assert answer.status_code == 200, answer.text
    opened = "SELECT count(*) FROM iehe.broken_glass WHERE case_id = $1 AND staff_id = 'officer-2'"
    assert await house.owner.fetchval(opened, case_id) == 1
    assert (await person.get(f"/cases/{case_id}")).status_code == 200
    other = await house.at("office-1")
    answer = await other.post("/break-glass", {"key": KEY, "case": case_id, "reason": WORDS})
    assert answer.status_code == 409
    assert (await other.get(f"/cases/{case_id}")).status_code == 404
